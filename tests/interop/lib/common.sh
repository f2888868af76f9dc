# SPDX-License-Identifier: Apache-2.0
# Sourced by every interop script. NBD_URI names an export whose content may be overwritten.
# Exit codes: 0 passed, 77 skipped with the reason printed, anything else failed.

set -euo pipefail
# The distribution's own tools: nbdsh and the libnbd module belong to its Python.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

: "${NBD_URI:?NBD_URI must name the export to test, e.g. nbd+unix:///0100?socket=/run/image.sock}"

need() {
  local tool
  for tool in "$@"; do
    if ! command -v "$tool" > /dev/null; then
      echo "SKIP: $tool is not installed"
      exit 77
    fi
  done
}

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# must_fail PATTERN COMMAND...: the command fails and says why.
must_fail() {
  local pattern=$1 output
  shift
  if output=$("$@" 2>&1); then fail "'$*' should have failed but printed: $output"; fi
  grep -Eqi -- "$pattern" <<< "$output" || fail "'$*' failed with '$output', not with '$pattern'"
}

step() { echo "  - $*"; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/twintrack-interop-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

need nbdinfo
volume_bytes=$(nbdinfo --size "$NBD_URI") || fail "cannot reach $NBD_URI"
mib=$((1024 * 1024))
((volume_bytes >= 64 * mib && volume_bytes <= 4096 * mib)) ||
  fail "the export has $volume_bytes bytes; these scripts want 64 MiB to 4 GiB"
