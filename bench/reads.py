# SPDX-License-Identifier: Apache-2.0
"""Reads of clean data with and without the read cache: a hot part that fits, a volume that does not, skewed reads, streams, and a
scan beside a hot part. Another program can stand in for "without" (`--before FOLDER`): one that knows no read cache."""

import subprocess
import sys
import time

from figures import ratio, spread, table
from jobs import fill, fio, timed
from systems import GIB_BLOCKS, Twintrack

SCANNED = "0101"
WITHOUT, WITH = "without", "with"
HOT = ["--rw=randread", "--bs=4k", "--size=64m"]
SCAN = ["--rw=read", "--bs=256k", "--iodepth=2"]
# name: (what it is, options of fio)
JOBS = {
    "hot1": ("4 KiB random read of 64 MiB, depth 1", [*HOT, "--iodepth=1"]),
    "hot32": ("the same, depth 32", [*HOT, "--iodepth=32"]),
    "wide1": ("4 KiB random read of everything, depth 1", ["--rw=randread", "--bs=4k", "--iodepth=1"]),
    "wide32": ("the same, depth 32", ["--rw=randread", "--bs=4k", "--iodepth=32"]),
    "zipf1": ("4 KiB skewed read (zipf 1.1), depth 1",
              ["--rw=randread", "--bs=4k", "--iodepth=1", "--random_distribution=zipf:1.1"]),
    "seq4": ("4 KiB sequential read, depth 1", ["--rw=read", "--bs=4k", "--iodepth=1"]),
    "seq64": ("64 KiB sequential read, depth 1", ["--rw=read", "--bs=64k", "--iodepth=1"]),
    "seq1m": ("1 MiB sequential read, depth 4", ["--rw=read", "--bs=1m", "--iodepth=4"]),
}


def reads_of(system):
    row = system.daemon.must("showfbvol", id="0100", metrics=True)[0]
    return row["normrdrqts"] + row["seqreadreqs"], row["normrdhits"] + row["seqreadhits"]


def measure(options):
    without = Twintrack(options.before or options.programs, options.folder, options.size_gib, options.acknowledgement,
                        cache_mib=None if options.before else 0)
    cached = Twintrack(options.programs, options.folder, options.size_gib, options.acknowledgement,
                       cache_mib=options.cache_mib)
    systems, started, cells = {WITHOUT: without, WITH: cached}, [], []
    try:
        for system in systems.values():
            started.append(system)
            system.start()
            fill(system.fio_target())
            system.settle(["0100"])
        for turn in range(options.rounds):
            for job, (_text, words) in JOBS.items():
                for name in (WITHOUT, WITH) if turn % 2 else (WITH, WITHOUT):
                    system = systems[name]
                    before = system.cpu_seconds()
                    one = fio(system.fio_target(), words, options.seconds)
                    one["cpu_us_per_request"] = (system.cpu_seconds() - before) * 1e6 / one["requests"]
                    cells.append({"round": turn, "job": job, "system": name, **one})
            print(f"round {turn + 1} of {options.rounds} of reads", file=sys.stderr, flush=True)
        scan = beside_a_scan(cached, options.seconds)
    finally:
        for system in started:
            system.stop()
    return {"acknowledgement": options.acknowledgement, "cache_mib": options.cache_mib, "cells": cells, "scan": scan}


def beside_a_scan(system, seconds):
    """How many reads of a hot part were hits: before, during and after a scan of another volume."""
    system.daemon.make_volumes("P1", [SCANNED], system.size_gib * GIB_BLOCKS)
    fill(system.fio_target(SCANNED))
    system.settle([SCANNED])

    def hits():
        before = reads_of(system)
        fio(system.fio_target(), JOBS["hot1"][1], seconds)
        requests, found = (after - first for after, first in zip(reads_of(system), before))
        return found / requests
    fio(system.fio_target(), JOBS["hot32"][1], 2 * seconds)
    first = hits()
    words = ["fio", "--name=scan", *system.fio_target(SCANNED), *SCAN, *timed(seconds + 2)]
    scan = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(1)
    during = hits()
    scan.wait()
    return {"before": first, "during": during, "after": hits()}


def rows(_data):
    return []


def details(data):
    def all_of(job, system, key):
        return [cell[key] for cell in data["cells"] if (cell["job"], cell["system"]) == (job, system)]
    lines = [[text, f"{spread(all_of(job, WITHOUT, 'per_second')).median:.0f}",
              ratio(all_of(job, WITH, "per_second"), all_of(job, WITHOUT, "per_second")).text(),
              " to ".join(f"{spread(all_of(job, system, 'p99_us')).median:.0f}" for system in (WITHOUT, WITH)),
              " to ".join(f"{spread(all_of(job, system, 'cpu_us_per_request')).median:.1f}" for system in (WITHOUT, WITH))]
             for job, (text, _words) in JOBS.items()]
    scan = ", ".join(f"{when} {100 * part:.1f} %" for when, part in data["scan"].items())
    return (table([f"reads, cache of {data['cache_mib']} MiB", "a second, without", "with / without", "p99, us", "server, us"],
                  lines) + f"\n\nReads of the hot part that found their data, around a scan of another volume: {scan}.")
