#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hosts.py PROGRAMS mounted|database [--rounds N] [--seed S]: the NBD client of a Linux kernel as the host. Volumes hold file systems or a
database that are written all the time; copies of them are used meanwhile, the data process is killed, and nothing that was
synced or committed may be missing."""

import argparse
import time

import campaign

DISK_BYTES = 6 << 30


def run(arguments, place):
    place.plan(["--rank-gib", "3"], seed=arguments.seed, rounds=arguments.rounds)
    begin = time.monotonic()
    said = place.guest(arguments.story + ".py", [place.disk("disk", DISK_BYTES)], ["nbd", "xfs"])
    print(f"{said}seed {arguments.seed}: {time.monotonic() - begin:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs")
    parser.add_argument("story", choices=["mounted", "database"])
    parser.add_argument("--rounds", type=int, default=5, help="kills, of each file system")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    campaign.main(arguments.story, arguments.programs, lambda place: run(arguments, place))


if __name__ == "__main__":
    main()
