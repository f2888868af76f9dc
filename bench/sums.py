# SPDX-License-Identifier: Apache-2.0
"""What checksums of all data cost (`--media-sums keep` against an image without): writes and reads of everything, of a part
that is written again and again, streams, and first touches after an establish. Writes are sustained: a run ends when the last
track is on a disk. Take a `--size-gib` within what the pages of sums in
memory speak of (three times the memory of the machine, divided among the shards), and one beyond."""

import json
import sys
import time

from figures import ratio, spread, table
from jobs import fill, fio, on, run
from systems import GIB_BLOCKS, Twintrack

WITHOUT, WITH = "without", "with"
TARGET = "0200"
# name: (what it is, options of fio, requests of one run; None: for a time, and no write)
JOBS = {
    "w4": ("4 KiB random write of everything, depth 32", ["--rw=randwrite", "--bs=4k", "--iodepth=32"], 60_000),
    "hot4": ("4 KiB random write of 64 MiB, depth 32", ["--rw=randwrite", "--bs=4k", "--iodepth=32", "--size=64m"], 120_000),
    "w64": ("64 KiB random write of everything, depth 8", ["--rw=randwrite", "--bs=64k", "--iodepth=8"], 16_000),
    "sw1m": ("1 MiB sequential write, depth 4", ["--rw=write", "--bs=1m", "--iodepth=4"], 2_000),
    "touch": ("first touch of tracks everywhere after an establish, depth 32",
              ["--rw=randwrite", "--bs=4k", "--blockalign=64k", "--iodepth=32"], 16_000),
    "r4q1": ("4 KiB random read of everything, depth 1", ["--rw=randread", "--bs=4k", "--iodepth=1"], None),
    "r4q32": ("4 KiB random read of everything, depth 32", ["--rw=randread", "--bs=4k", "--iodepth=32"], None),
    "sr1m": ("1 MiB sequential read, depth 4", ["--rw=read", "--bs=1m", "--iodepth=4"], None),
}


def sustained(system, words, count):
    output = run([*on(system.fio_target(), words), "--norandommap", "--randrepeat=0", "--refill_buffers",
                  f"--number_ios={count}", "--output-format=json", "--percentile_list=50:99:99.9"])
    ended = time.monotonic()
    job = json.loads(output[output.index("{"):])["jobs"][0]["write"]
    took = job["runtime"] / 1e3 + max(0.0, system.settle(["0100", TARGET]) - ended)
    return {"requests": count, "per_second": count / took, "answered_per_second": job["iops"],
            "p99_us": job["clat_ns"]["percentile"]["99.000000"] / 1e3}


def cell(system, job, seconds):
    _text, words, count = JOBS[job]
    if job == "touch":
        system.establish([("0100", TARGET)])
    before = system.cpu_seconds()
    one = fio(system.fio_target(), words, seconds) if count is None else sustained(system, words, count)
    one["cpu_us_per_request"] = (system.cpu_seconds() - before) * 1e6 / one["requests"]
    if job == "touch":
        system.withdraw([("0100", TARGET)])
        system.settle(["0100", TARGET])
    return one


def measure(options):
    systems = {name: Twintrack(options.programs, options.folder, options.size_gib, options.acknowledgement,
                               options=("--media-sums", "keep" if name == WITH else "as-is")) for name in (WITHOUT, WITH)}
    started, cells = [], []
    try:
        for system in systems.values():
            started.append(system)
            system.start()
            system.daemon.make_volumes("P0", [TARGET], system.size_gib * GIB_BLOCKS, sam="ese")
            fill(system.fio_target())
            system.settle(["0100"])
        for turn in range(options.rounds):
            for job in JOBS:
                for name in (WITHOUT, WITH) if turn % 2 else (WITH, WITHOUT):
                    cells.append({"round": turn, "job": job, "system": name, **cell(systems[name], job, options.seconds)})
            print(f"round {turn + 1} of {options.rounds} of sums", file=sys.stderr, flush=True)
    finally:
        for system in started:
            system.stop()
    return {"acknowledgement": options.acknowledgement, "size_gib": options.size_gib, "cells": cells}


def rows(_data):
    return []


def details(data):
    def all_of(job, system, key):
        return [one[key] for one in data["cells"] if (one["job"], one["system"]) == (job, system)]

    def both(job, key, digits):
        return " to ".join(f"{spread(all_of(job, system, key)).median:.{digits}f}" for system in (WITHOUT, WITH))
    lines = [[text, f"{spread(all_of(job, WITHOUT, 'per_second')).median:.0f}",
              ratio(all_of(job, WITH, "per_second"), all_of(job, WITHOUT, "per_second")).text(),
              both(job, "p99_us", 0), both(job, "cpu_us_per_request", 1)] for job, (text, *_rest) in JOBS.items()]
    return table([f"checksums, {data['size_gib']} GiB, {data['acknowledgement']}", "a second, without", "with / without",
                  "p99, us", "server, us"], lines)
