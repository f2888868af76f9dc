#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qemu-io: patterns with every kind of write, and the errors a guest would see.
# shellcheck source=tests/interop/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
need qemu-io

io() {
  local arguments=() command
  for command in "$@"; do arguments+=(-c "$command"); done
  qemu-io -f raw "${arguments[@]}" "$NBD_URI" > "$scratch/out" 2>&1 || fail "$*: $(cat "$scratch/out")"
  # Older versions print a failure and still end with 0.
  if grep -Eqi 'fail|error|verification' "$scratch/out"; then fail "$*: $(cat "$scratch/out")"; fi
}

step "patterns at the edges of blocks and tracks"
io 'write -P 0xa1 0 512' 'write -P 0xa2 512 64k' 'write -P 0xa3 1M 3M' 'read -P 0xa1 0 512' 'read -P 0xa2 512 64k' \
   'read -P 0xa3 1M 3M'
io 'read -P 0xa2 65024 1024' 'read -P 0xa3 4194304 0' 'read -P 0xa3 4193792 512'

step "force unit access, flush"
io 'write -f -P 0xb1 8M 128k' flush 'read -P 0xb1 8M 128k'

step "zeroes with and without a hole"
io 'write -P 0xc1 16M 1M' 'write -z 16M 256k' 'read -P 0 16M 256k' 'read -P 0xc1 16640k 768k'
io 'write -z -u 16640k 64k' 'read -P 0 16640k 64k' 'read -P 0xc1 16704k 64k'
io 'write -z -f 16704k 1k' 'read -P 0 16704k 1k' 'read -P 0xc1 16705k 1k'

step "discard leaves its neighbours alone"
io 'write -P 0xd1 20M 1M' 'discard 20544k 128k' 'read -P 0xd1 20M 64k' 'read -P 0xd1 20672k 832k'

step "many writes in flight"
commands=()
for i in $(seq 0 63); do commands+=("aio_write -P $((i + 1)) $((24 * 1024 + i * 12))k 12k"); done
commands+=(aio_flush)
for i in $(seq 0 63); do commands+=("read -P $((i + 1)) $((24 * 1024 + i * 12))k 12k"); done
io "${commands[@]}"

step "beyond the end"
must_fail 'i/o error|invalid|no space|too large|past the end|fail' \
  bash -c "qemu-io -f raw -c 'read $volume_bytes 512' '$NBD_URI' 2>&1 | grep -v '^read 512' ; exit 1"
