#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# libnbd command by command, and raw bytes no decent client would send.
# shellcheck source=tests/interop/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
need python3
python3 -c 'import nbd' 2> /dev/null || { echo "SKIP: python3-libnbd is not installed"; exit 77; }
python3 -B "$(dirname "$0")/protocol.py"
