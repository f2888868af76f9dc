# SPDX-License-Identifier: Apache-2.0
"""A run of fio second by second: the rate and percentiles, out of its histograms of completion times."""

import os

from jobs import JOBS, run

PERCENTILES = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999}
# Of fio's histograms (stat.h): groups of 64 buckets, the width doubles from group to group.
BUCKET_BITS = 6


def nanoseconds(bucket):
    """The middle of a bucket of fio's histogram of completion times."""
    if bucket < 2 << BUCKET_BITS:
        return bucket
    shift = (bucket >> BUCKET_BITS) - 1
    base = 1 << (shift + BUCKET_BITS)
    return base + ((bucket & ((1 << BUCKET_BITS) - 1)) + 0.5) * (1 << shift)


def percentile_us(counts, part):
    wanted, seen = sum(counts) * part, 0
    for bucket, count in enumerate(counts):
        seen += count
        if count and seen >= wanted:
            return nanoseconds(bucket) / 1e3
    return 0.0


def seconds_of(target, folder, seconds, job="w4q32"):
    """One entry per second: writes, median, 99th and 99.9th percentile."""
    prefix = os.path.join(folder, "seconds")
    run([*target, *JOBS[job][1], "--norandommap", "--randrepeat=0", "--refill_buffers", "--time_based",
         f"--runtime={seconds}", f"--write_hist_log={prefix}", "--log_hist_msec=1000"])
    path = prefix + "_clat_hist.1.log"
    with open(path, encoding="ascii") as file:
        rows = [[int(word) for word in line.split(",")] for line in file]
    os.remove(path)
    return [{"writes": sum(row[3:]), **{key: percentile_us(row[3:], part) for key, part in PERCENTILES.items()}}
            for row in rows]
