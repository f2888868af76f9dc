#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nbdinfo: what the server says of itself and of the export.
# shellcheck source=tests/interop/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
need python3

step "every ability is announced"
nbdinfo --json "$NBD_URI" > "$scratch/info.json"
python3 - "$scratch/info.json" "$volume_bytes" << 'END'
import json, sys
info = json.load(open(sys.argv[1]))
export = info["exports"][0]
expected = {
    "export-size": int(sys.argv[2]), "is_read_only": False, "can_cache": True, "can_df": True, "can_flush": True,
    "can_fua": True, "can_multi_conn": True, "can_trim": True, "can_zero": True, "block_size_minimum": 512,
    "block_size_preferred": 4096, "block_size_maximum": 32 << 20,
}
assert info["protocol"] == "newstyle-fixed", info["protocol"]
assert info["structured"] is True, info
assert "base:allocation" in export["contexts"], export
for key, value in expected.items():
    assert export[key] == value, (key, export[key], value)
END

step "the list names the export"
name=$(sed -E 's,^[a-z+]+://[^/]*/([^?]*).*,\1,' <<< "$NBD_URI")
nbdinfo --list "$NBD_URI" > "$scratch/list"
grep -q "^export=\"$name\":" "$scratch/list" || fail "--list does not name $name: $(cat "$scratch/list")"
must_fail 'No such file or directory for export: EEEE' nbdinfo "${NBD_URI/$name/EEEE}"

step "the map covers the export exactly once"
nbdinfo --map "$NBD_URI" > "$scratch/map"
awk -v size="$volume_bytes" '
  $1 != at { print "gap at " at; bad = 1 }
  { at += $2 }
  END { if (at != size) { print "ends at " at; bad = 1 } exit bad }' "$scratch/map" || fail "see above"
nbdinfo --map --totals "$NBD_URI" > /dev/null
