#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hosts.py PROGRAMS mounted|database [--rounds N] [--seed S]: the NBD client of a Linux kernel as the host. Volumes hold file systems or a
database that are written all the time; copies of them are used meanwhile, the data process is killed, and nothing that was
synced or committed may be missing."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

import guest
from power import SKIPPED, sparse

DISK_BYTES = 6 << 30
OPTIONS = ["--journal-mib", "64", "--ranks", "2", "--rank-gib", "3", "--cores", "1"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs")
    parser.add_argument("story", choices=["mounted", "database"])
    parser.add_argument("--rounds", type=int, default=5, help="kills, of each file system")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not guest.is_there():
        print("skipped: tools/install-packages kernel installs what this needs")
        return SKIPPED
    scratch = os.path.join(os.path.abspath(arguments.programs), "..", "test-images")
    os.makedirs(scratch, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=arguments.story + "-", dir=os.path.realpath(scratch))
    plan = {"programs": os.path.abspath(arguments.programs), "seed": arguments.seed, "rounds": arguments.rounds, "options": OPTIONS}
    with open(os.path.join(folder, "plan.json"), "w", encoding="utf-8") as file:
        json.dump(plan, file)
    begin = time.monotonic()
    try:
        said = guest.run(folder, [os.path.join(guest.HERE, arguments.story + ".py"), "/run/out"], [sparse(os.path.join(folder, "disk"), DISK_BYTES)],
                         ["nbd", "xfs"])
    except guest.GuestError as error:
        print(f"{error}\neverything is kept in {folder}")
        return 1
    print(f"{said}seed {arguments.seed}: {time.monotonic() - begin:.0f} s")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
