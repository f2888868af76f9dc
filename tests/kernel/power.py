#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""power.py PROGRAMS [--events N] [--points N] [--seed S]: power losses on a real file system and a real block layer.

A Linux kernel in a process of its own runs an image on ext4 on a device that logs every write and every flush. Afterwards the log is
replayed to its durable points, and to states between them, and each time the image must start and hold what was answered. Even
seeds keep checksums of media."""

import argparse
import time

import campaign

DISK_BYTES = 3 << 30
LOG_BYTES = 8 << 30


def run(arguments, place):
    sums = ["--media-sums", "keep" if arguments.seed % 2 == 0 else "as-is"]
    place.plan(["--rank-gib", "1", *sums], seed=arguments.seed, events=arguments.events, points=arguments.points)
    sizes = {"device": DISK_BYTES, "writes": LOG_BYTES, "replayed": DISK_BYTES, "snapshot": DISK_BYTES}
    disks = [place.disk(name, size) for name, size in sizes.items()]
    begin = time.monotonic()
    place.guest("record.py", disks[:2], ["dm-log-writes"])
    print(f"seed {arguments.seed}: {arguments.events} events recorded in {time.monotonic() - begin:.0f} s", flush=True)
    begin = time.monotonic()
    said = place.guest("replay.py", disks, ["dm-snapshot"])
    print(f"{said.splitlines()[-2]}, in {time.monotonic() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs")
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--points", type=int, default=0, help="how many of the durable points; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    campaign.main("power", arguments.programs, lambda place: run(arguments, place))


if __name__ == "__main__":
    main()
