#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fio over libnbd: random reads and writes of mixed sizes with verification, one connection and eight at once.
# shellcheck source=tests/interop/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
need fio

fio --enghelp=nbd > /dev/null 2>&1 || { echo "SKIP: this fio has no nbd engine"; exit 77; }

run_fio() {
  step "fio $*"
  (cd "$scratch" && fio --ioengine=nbd --uri="$NBD_URI" --group_reporting --verify_fatal=1 --verify_backlog=256 \
    --randseed=7 "$@" > "$scratch/fio.log" 2>&1) || fail "$(cat "$scratch/fio.log")"
  grep -q 'err= 0' "$scratch/fio.log" || fail "$(cat "$scratch/fio.log")"
}

run_fio --name=mixed --rw=randrw --bsrange=512-256k --bs_unaligned=0 --blockalign=512 --size=32M --iodepth=32 \
  --verify=crc32c
run_fio --name=small --rw=randwrite --bs=4k --size=24M --iodepth=64 --verify=crc32c
run_fio --name=large --rw=write --bs=4M --size=64M --iodepth=4 --verify=crc32c
run_fio --name=eight --numjobs=8 --rw=randwrite --bs=16k --size=8M --offset_increment=8M --iodepth=16 --verify=crc32c
run_fio --name=trims --rw=trimwrite --bs=64k --size=16M --iodepth=8 --verify=0
