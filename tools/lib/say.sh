# SPDX-License-Identifier: Apache-2.0
# How the scripts speak: steps with the time they took, failures with the end of their log. Sourced, never run.

# Debian's own Python, which has libnbd, whatever else is first in PATH.
python=/usr/bin/python3

seconds_since() {
  local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/}
  local milliseconds=$(((now - then) / 1000))
  printf '%d.%03d s' $((milliseconds / 1000)) $((milliseconds % 1000))
}

say() { printf '    %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# step TITLE COMMAND...: runs COMMAND with its output shown, and says how long it took.
step() {
  local title=$1 start=$EPOCHREALTIME
  shift
  printf '\n==> %s\n' "$title"
  "$@" || die "this step failed: $title"
  printf '    took %s\n' "$(seconds_since "$start")"
}

# quietly LOG COMMAND...: output goes to LOG; the end of it is shown when COMMAND fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 && return
  local status=$?
  printf -- '--- the end of %s\n' "$log" >&2
  tail -n 30 "$log" >&2
  return $status
}

# shown COMMAND...: prints the command as a user would type it, then runs it, its output indented.
shown() {
  printf '    $ %s\n' "$*"
  "$@" 2>&1 | sed 's/^/      /'
  return "${PIPESTATUS[0]}"
}
