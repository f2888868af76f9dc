#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a FlashCopy costs the host: the rate of 4 KiB random writes at depth 32 before an establish, and second by second
in the first minute after it, as a ratio. Once without and once with background copy."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time

from jobs import fill
from systems import Twintrack

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def writes_per_second(uri, seconds, folder):
    """One value per second of a run of fio."""
    prefix = os.path.join(folder, "iops")
    command = ["fio", "--name=job", "--ioengine=nbd", f"--uri={uri}", "--rw=randwrite", "--bs=4k", "--iodepth=32",
               "--norandommap", "--randrepeat=0", "--refill_buffers", "--time_based", f"--runtime={seconds}",
               f"--write_iops_log={prefix}", "--log_avg_msec=1000"]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    with open(prefix + "_iops.1.log", encoding="ascii") as file:
        return [int(line.split(",")[1]) for line in file]


def one_run(programs, folder, size_gib, mode, before_seconds, after_seconds):
    system = Twintrack(programs, folder, size_gib, "hardened").start()
    try:
        system.image.must("mkfbvol", "-extpool", "P0", "-cap", str(size_gib), "0200")
        fill(system.uri())
        times = {}

        def establish():
            time.sleep(before_seconds)
            begin = time.monotonic()
            system.image.must("mkflash", mode, "-persist", "0100:0200")
            times["command"] = time.monotonic() - begin

        thread = threading.Thread(target=establish)
        thread.start()
        rates = writes_per_second(system.uri(), before_seconds + after_seconds, folder)
        thread.join()
    finally:
        system.stop()
    # The second of the establish itself belongs to neither side.
    before, after = rates[2:before_seconds - 1], rates[before_seconds:before_seconds + after_seconds]
    return {"mode": mode, "before": statistics.median(before), "after": statistics.median(after),
            "ratio": statistics.mean(after) / statistics.mean(before),
            "worst_second": min(after) / statistics.mean(before), "mkflash_seconds": times["command"],
            "per_second": rates}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--size-gib", type=int, default=4)
    parser.add_argument("--before", type=int, default=20)
    parser.add_argument("--after", type=int, default=60)
    parser.add_argument("--folder", default=os.path.join(PROJECT, "build", "bench"))
    parser.add_argument("--out")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    runs = [one_run(arguments.programs, arguments.folder, arguments.size_gib, mode, arguments.before, arguments.after)
            for mode in ("-nocp", "-cp")]
    print("| establish | writes/s before | writes/s in the first minute after | ratio | worst second | mkflash command |")
    print("|---|---|---|---|---|---|")
    for run in runs:
        print(f"| {run['mode']} | {run['before']:.0f} | {run['after']:.0f} | {run['ratio']:.2f} | "
              f"{run['worst_second']:.2f} | {run['mkflash_seconds'] * 1000:.0f} ms |")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(runs, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
