#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Small NBD clients on libnbd, for what the stock tools do not do:

  volume_io.py apply URI OLD NEW    writes the 4 KiB blocks of file NEW that differ from file OLD, then flushes;
                                    says "writing" when it begins
  volume_io.py compare URI FILE     is the volume FILE, followed by zeros? exit 1 and the first difference if not
"""

import os
import sys

import nbd

BLOCK = 4096
CHUNK = 1 << 20


def connect(uri):
    handle = nbd.NBD()
    handle.connect_uri(uri)
    return handle


def next_data(file, offset):
    """The first chunk at or after offset where a sparse file may hold something."""
    try:
        return os.lseek(file.fileno(), offset, os.SEEK_DATA) // CHUNK * CHUNK
    except OSError:
        return os.fstat(file.fileno()).st_size


def differing_runs(old, new):
    """(offset, data) for each run of 4 KiB blocks that differ, no run longer than CHUNK."""
    offset = 0
    while True:
        offset = max(offset, min(next_data(old, offset), next_data(new, offset)))
        old.seek(offset)
        new.seek(offset)
        before, after = old.read(CHUNK), new.read(CHUNK)
        if not after:
            return
        if before != after:
            start = None
            for at in range(0, len(after) + BLOCK, BLOCK):
                same = before[at:at + BLOCK] == after[at:at + BLOCK]
                if not same and start is None:
                    start = at
                elif same and start is not None:
                    yield offset + start, after[start:at]
                    start = None
        offset += len(after)


def apply(uri, old_path, new_path):
    handle = connect(uri)
    runs = written = 0
    with open(old_path, "rb") as old, open(new_path, "rb") as new:
        for offset, data in differing_runs(old, new):
            if runs == 0:
                print("writing", flush=True)
            handle.pwrite(data, offset)
            runs, written = runs + 1, written + len(data)
    handle.flush()
    handle.shutdown()
    print(f"wrote {runs} runs, {written // 1024} KiB")
    return 0


def compare(uri, path):
    handle = connect(uri)
    size = handle.get_size()
    with open(path, "rb") as file:
        for offset in range(0, size, CHUNK):
            length = min(CHUNK, size - offset)
            expected = file.read(length).ljust(length, b"\0")
            found = handle.pread(length, offset)
            if found != expected:
                at = next(i for i in range(length) if found[i] != expected[i])
                print(f"differs at byte {offset + at} (track {(offset + at) // 65536})")
                return 1
    handle.shutdown()
    print(f"equal, {size >> 20} MiB compared")
    return 0


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "apply":
        return apply(*sys.argv[2:])
    if len(sys.argv) == 4 and sys.argv[1] == "compare":
        return compare(*sys.argv[2:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main())
    except nbd.Error as error:
        print(f"volume_io: {error}", file=sys.stderr)
        sys.exit(3)
