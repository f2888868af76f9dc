#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TLS with libnbd (GnuTLS) and QEMU. Besides NBD_URI (the plain form), TLS_MODE says how the server runs (allowed or
# required) and TLS_FILES is the folder make_tls_files.sh made; TLS_KINDS says what the server was given: "x509",
# "x509-verified" (client certificates demanded), "psk", or several of them.
set -euo pipefail
PATH=/usr/sbin:/usr/bin:/sbin:/bin
: "${NBD_URI:?}" "${TLS_MODE:?}" "${TLS_FILES:?}" "${TLS_KINDS:?}"
exec python3 -B "$(dirname "$0")/tls.py"
