#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qemu-img: info, convert both ways, compare, map.
# shellcheck source=tests/interop/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
need qemu-img

image=$scratch/image
truncate -s "$volume_bytes" "$image"
head -c 24M /dev/urandom | dd of="$image" bs=1M seek=2 conv=notrunc status=none

step "info"
qemu-img info -f raw "$NBD_URI" | grep -q "virtual size: .*($volume_bytes bytes)" || fail "wrong size"

step "convert to the server and compare"
qemu-img convert -n -f raw -O raw "$image" "$NBD_URI"
qemu-img compare -f raw -F raw "$image" "$NBD_URI"

step "convert out of order with many requests"
head -c 5M /dev/urandom | dd of="$image" bs=1M seek=9 conv=notrunc status=none
qemu-img convert -n -W -m 16 -t none -f raw -O raw "$image" "$NBD_URI"
qemu-img compare -f raw -F raw "$image" "$NBD_URI"

step "convert from the server"
qemu-img convert -f raw -O qcow2 "$NBD_URI" "$scratch/back.qcow2"
qemu-img compare -f raw -F qcow2 "$image" "$scratch/back.qcow2"

step "compare notices one changed byte"
printf 'x' | dd of="$image" bs=1 seek=$((40 * mib)) conv=notrunc status=none
must_fail 'mismatch' qemu-img compare -f raw -F raw "$image" "$NBD_URI"

step "map"
qemu-img map -f raw --output=json "$NBD_URI" | grep -q '"data": true' || fail "no data in the map"
