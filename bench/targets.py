#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the number of copies of a source costs its writers: each track of a source with 0, 1 and 12 targets (mkflash
-nocp) is overwritten once, in random order, until all of it has left the journal. Time, and tracks written to targets."""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time

from jobs import fill
from systems import Twintrack

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
TRACK_KIB = 64
SETTLED_SECONDS = 3


def tracks_destaged(image, volumes):
    total = 0
    for volume in volumes:
        for line in image.must("showfbvol", "-metrics", volume).splitlines():
            words = line.split()
            if words and words[0] == "cachetrans":
                total += int(words[1])
    return total


def wait_until_destaged(image, volumes):
    """The time of the last change of the count."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < SETTLED_SECONDS:
        count = tracks_destaged(image, volumes)
        if count != last:
            last, since = count, time.monotonic()
        time.sleep(0.1)
    return since


def one_run(programs, folder, size_gib, target_count):
    system = Twintrack(programs, folder, size_gib, "hardened").start()
    targets = [f"02{number:02X}" for number in range(target_count)]
    try:
        for target in targets:
            system.image.must("mkfbvol", "-extpool", "P0", "-sam", "ese", "-cap", str(size_gib), target)
        fill(system.uri())
        wait_until_destaged(system.image, ["0100"])
        for target in targets:
            system.image.must("mkflash", "-nocp", f"0100:{target}")
        command = ["fio", "--name=job", "--ioengine=nbd", f"--uri={system.uri()}", "--rw=randwrite",
                   f"--bs={TRACK_KIB}k", "--iodepth=16", f"--size={size_gib}g", "--refill_buffers"]
        begin = time.monotonic()
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        written = time.monotonic()
        settled = wait_until_destaged(system.image, ["0100", *targets])
        return {"targets": target_count, "write_seconds": written - begin, "all_seconds": settled - begin,
                "target_tracks": tracks_destaged(system.image, targets), "tracks": (size_gib << 20) // TRACK_KIB}
    finally:
        system.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--size-gib", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--counts", type=int, nargs="+", default=[0, 1, 12])
    parser.add_argument("--folder", default=os.path.join(PROJECT, "build", "bench"))
    parser.add_argument("--out")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    runs = []
    for number in range(arguments.rounds):
        counts = arguments.counts[:]
        random.Random(number).shuffle(counts)
        for count in counts:
            runs.append({"round": number, **one_run(arguments.programs, arguments.folder, arguments.size_gib, count)})
            print(f"round {number + 1} of {arguments.rounds}, {count} targets: {runs[-1]['all_seconds']:.1f} s",
                  file=sys.stderr)
    base = {run["round"]: run for run in runs if run["targets"] == 1}
    print("| targets | seconds until all is destaged | ratio to one target (smallest, largest) | tracks written to "
          "targets for each track of the source |")
    print("|---|---|---|---|")
    for count in arguments.counts:
        mine = [run for run in runs if run["targets"] == count]
        ratios = [run["all_seconds"] / base[run["round"]]["all_seconds"] for run in mine if run["round"] in base] or [0]
        seconds = statistics.median(run["all_seconds"] for run in mine)
        tracks = statistics.median(run["target_tracks"] / run["tracks"] for run in mine)
        print(f"| {count} | {seconds:.1f} | {statistics.median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f}) | "
              f"{tracks:.2f} |")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(runs, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
