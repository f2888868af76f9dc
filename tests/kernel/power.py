#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""power.py PROGRAMS [--events N] [--points N] [--seed S]: power losses on a real file system and a real block layer.

A Linux kernel in a process of its own runs an image on ext4 on a device that logs every write and every flush. Afterwards the log is
replayed to its durable points, and to states between them, and each time the image must start and hold what was answered."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

import guest

DISK_BYTES = 3 << 30
LOG_BYTES = 8 << 30
SKIPPED = 77
OPTIONS = ["--journal-mib", "64", "--ranks", "2", "--rank-gib", "1", "--cores", "1"]


def sparse(path, size):
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def run(arguments, folder):
    options = OPTIONS + (["--media-sums", "keep"] if arguments.seed % 2 == 0 else [])
    plan = {"programs": os.path.abspath(arguments.programs), "seed": arguments.seed, "events": arguments.events,
            "points": arguments.points, "options": options}
    with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as file:
        json.dump(plan, file)
    device, log, copy, loose = (sparse(os.path.join(folder, name), size) for name, size in
                                (("device", DISK_BYTES), ("writes", LOG_BYTES), ("replayed", DISK_BYTES), ("snapshot", DISK_BYTES)))
    begin = time.monotonic()
    guest.run(folder, [os.path.join(guest.HERE, "record.py"), "/run/out"], [device, log], ["dm-log-writes"])
    print(f"seed {arguments.seed}: {arguments.events} events recorded in {time.monotonic() - begin:.0f} s", flush=True)
    begin = time.monotonic()
    said = guest.run(folder, [os.path.join(guest.HERE, "replay.py"), "/run/out"], [device, log, copy, loose], ["dm-snapshot"])
    print(f"{said.splitlines()[-2]}, in {time.monotonic() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs")
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--points", type=int, default=0, help="how many of the durable points; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not guest.is_there():
        print("skipped: tools/install-packages kernel installs what this needs")
        return SKIPPED
    scratch = os.path.join(os.path.abspath(arguments.programs), "..", "test-images")
    os.makedirs(scratch, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="power-", dir=os.path.realpath(scratch))
    try:
        run(arguments, folder)
    except guest.GuestError as error:
        print(f"{error}\neverything is kept in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
