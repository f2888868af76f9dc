#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nbdcopy both ways, with compare: data, holes and data again, many connections and few, small requests and the largest.
# shellcheck source=tests/interop/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
need nbdcopy cmp

image=$scratch/image
# Exactly as long as the export, so that both directions can be compared whole.
truncate -s "$volume_bytes" "$image"
head -c 20M /dev/urandom | dd of="$image" bs=1M conv=notrunc status=none
head -c 7M /dev/urandom | dd of="$image" bs=1M seek=50 conv=notrunc status=none

round_trip() {
  step "nbdcopy $*"
  nbdcopy "$@" "$image" "$NBD_URI"
  rm -f "$scratch/back"
  nbdcopy "$@" "$NBD_URI" "$scratch/back"
  cmp "$image" "$scratch/back" || fail "what came back is something else"
}

round_trip --flush
# Other content each time, so that nothing passes because it was there already.
head -c 3M /dev/urandom | dd of="$image" bs=1M seek=1 conv=notrunc status=none
round_trip --connections=8 --requests=64
head -c 3M /dev/urandom | dd of="$image" bs=1M seek=13 conv=notrunc status=none
round_trip --connections=1 --requests=1 --request-size=$((32 * mib))
head -c 3M /dev/urandom | dd of="$image" bs=1M seek=52 conv=notrunc status=none
round_trip --request-size=4096 --allocated
head -c 3M /dev/urandom | dd of="$image" bs=1M seek=30 conv=notrunc status=none
round_trip --synchronous --no-extents
