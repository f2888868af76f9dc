# SPDX-License-Identifier: Apache-2.0
"""What the number of copies of a source costs its writers: each track of a source with 0, 1 and 12 targets is overwritten
once, in random order, until all of it is on the disks. Time, and tracks written to targets."""

import random
import sys
import time

from figures import ratio, spread, table
from jobs import fill, run
from systems import GIB_BLOCKS, Twintrack

COUNTS = (0, 1, 12)
TRACKS_PER_GIB = 16384


def one_run(options, target_count):
    system = Twintrack(options.programs, options.folder, options.size_gib, "hardened")
    targets = [f"02{number:02X}" for number in range(target_count)]
    try:
        system.start()
        if targets:
            system.daemon.make_volumes("P0", targets, options.size_gib * GIB_BLOCKS, sam="ese")
        fill(system.fio_target())
        system.settle(["0100"])
        if targets:
            system.establish([("0100", target) for target in targets])
        begin = time.monotonic()
        run([*system.fio_target(), "--rw=randwrite", "--bs=64k", "--iodepth=16", f"--size={options.size_gib}g",
             "--refill_buffers"])
        took = system.settle(["0100", *targets]) - begin
        copied = sum(system.tracks_destaged(targets).values()) if targets else 0
        return {"seconds": took, "copies_per_track": copied / (options.size_gib * TRACKS_PER_GIB)}
    finally:
        system.stop()


def measure(options):
    cells = {str(count): [] for count in COUNTS}
    for turn in range(options.rounds):
        counts = list(COUNTS)
        random.Random(turn).shuffle(counts)
        for count in counts:
            cells[str(count)].append(one_run(options, count))
            print(f"round {turn + 1} of {options.rounds}, {count} targets: {cells[str(count)][-1]['seconds']:.1f} s",
                  file=sys.stderr, flush=True)
    return {"cells": cells}


def rows(_data):
    return []


def details(data):
    def of(count, key):
        return [cell[key] for cell in data["cells"][count]]
    lines = [[count, ratio(of(count, "seconds"), of("1", "seconds")).text(), f"{spread(of(count, 'copies_per_track')).median:.2f}"]
             for count in data["cells"]]
    return table(["targets", "time, of one target", "tracks written to targets for each track of the source"], lines)
