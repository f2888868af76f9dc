# SPDX-License-Identifier: Apache-2.0
"""What the number of volumes costs: the same load on images with 1, 64 and 4096 volumes, all of it on one of them or spread over
eight. Always eight connections of depth 4, over the same amount of data, so that only the volumes differ. And the memory that
volumes take, by number and by size."""

import sys
import time

from figures import Row, ratio, spread, table
from instant import LSS_VOLUMES, names
from jobs import JOBS, fill, fio_of_each
from systems import GIB_BLOCKS, Twintrack

COUNTS = (1, 64, 4096)
CONNECTIONS, DEPTH = 8, 4
JOB_NAMES = ("r4q32", "w4q32")
LARGE_TIB = 16
SETTLE_SECONDS = 1


class Image:
    """One volume of the full size, and thin ones beside it, an eighth each; eight of those, evenly chosen, hold data."""

    def __init__(self, options, count):
        self.count = count
        self.system = Twintrack(options.programs, options.folder, options.size_gib, options.acknowledgement)
        self._others = names(0x20, count - 1)
        self._blocks = options.size_gib * GIB_BLOCKS // CONNECTIONS
        self.spread_over = self._others[::max(1, len(self._others) // CONNECTIONS)][:CONNECTIONS]
        self.bytes_per_volume = None

    def start(self):
        self.system.start()
        before = self.system.resident_bytes()
        for at in range(0, len(self._others), LSS_VOLUMES):
            pool = f"P{at // LSS_VOLUMES % 2}"  # volumes of even LSSs are in even pools
            self.system.daemon.make_volumes(pool, self._others[at:at + LSS_VOLUMES], self._blocks, sam="ese")
        if self._others:
            self.bytes_per_volume = (self.system.resident_bytes() - before) / len(self._others)
        for volume in ("0100", *self.spread_over):
            fill(self.system.fio_target(volume))
        self.system.settle(["0100", *self.spread_over])

    def load(self, job, is_spread, seconds):
        volumes = self.spread_over if is_spread else ["0100"] * CONNECTIONS
        options = [*(option for option in JOBS[job][1] if not option.startswith("--iodepth")), f"--iodepth={DEPTH}"]
        used = self.system.cpu_seconds()
        one = fio_of_each([self.system.fio_target(volume) for volume in volumes], options, seconds)
        used = self.system.cpu_seconds() - used
        return {**one, "cpu_us": used / one["requests"] * 1e6}


def kinds(count):
    return (False, True) if count > CONNECTIONS else (False,)


def memory_of_large(options):
    """Bytes for each TiB of a thin volume that holds nothing."""
    system = Twintrack(options.programs, options.folder, 1, options.acknowledgement)
    try:
        system.start()
        before = system.resident_bytes()
        system.daemon.make_volumes("P0", ["0200"], LARGE_TIB * 1024 * GIB_BLOCKS, sam="ese")
        return (system.resident_bytes() - before) / LARGE_TIB
    finally:
        system.stop()


def measure(options):
    images, started, cells = [Image(options, count) for count in COUNTS], [], []
    try:
        for image in images:
            started.append(image)
            image.start()
        for turn in range(options.rounds):
            order = images[turn % len(images):] + images[:turn % len(images)]
            for job in JOB_NAMES:
                for image in order:
                    for is_spread in kinds(image.count):
                        one = image.load(job, is_spread, options.seconds)
                        cells.append({"round": turn, "job": job, "volumes": image.count, "spread": is_spread, **one})
                        time.sleep(SETTLE_SECONDS)
            print(f"round {turn + 1} of {options.rounds} of many volumes", file=sys.stderr, flush=True)
    finally:
        for image in started:
            image.system.stop()
    return {"acknowledgement": options.acknowledgement, "cells": cells, "bytes_per_tib": memory_of_large(options),
            "bytes_per_volume": {str(image.count): image.bytes_per_volume for image in images if image.bytes_per_volume}}


def of(data, job, count, is_spread, key):
    return [cell[key] for cell in data["cells"]
            if (cell["job"], cell["volumes"], cell["spread"]) == (job, count, is_spread)]


def where(count, is_spread):
    if count == 1:
        return "the only volume"
    return f"{CONNECTIONS} of {count} volumes" if is_spread else f"1 of {count} volumes"


def rows(data):
    """The goals are those of a request at depth 32: more volumes are no reason for more."""
    return [Row(6, f"processor time of the server, {JOBS[job][0]}, {where(count, is_spread)}",
                {f"twintrack {data['acknowledgement']}": spread(of(data, job, count, is_spread, "cpu_us"))}, {}, 10, 6, "us", True)
            for job in JOB_NAMES for count in COUNTS[1:] for is_spread in kinds(count)]


def details(data):
    lines = []
    for job in JOB_NAMES:
        for count in COUNTS:
            for is_spread in kinds(count):
                rates = of(data, job, count, is_spread, "per_second")
                cost = of(data, job, count, is_spread, "cpu_us")
                lines.append([JOBS[job][0], where(count, is_spread), f"{spread(rates).median:.0f}",
                              ratio(rates, of(data, job, COUNTS[0], False, "per_second")).text(),
                              spread(cost).text(1), ratio(cost, of(data, job, COUNTS[0], False, "cpu_us")).text(),
                              spread(of(data, job, count, is_spread, "p50_us")).text(0),
                              spread(of(data, job, count, is_spread, "p99_us")).text(0)])
    heading = [f"job, {data['acknowledgement']}, {CONNECTIONS} connections", "on", "requests per second", "of the only volume",
               "server, us per request", "of the only volume", "p50, us", "p99, us"]
    memory = ", ".join(f"{used / 1024:.1f} KiB with {count}" for count, used in data["bytes_per_volume"].items())
    return (table(heading, lines) + f"\n\nMemory of one more thin volume that holds nothing: {memory}; by size "
            f"{data['bytes_per_tib'] / 1024:.1f} KiB for each TiB.")
