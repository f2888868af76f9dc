# SPDX-License-Identifier: Apache-2.0
"""Rows 1 to 6: hosts read and write volumes, without any copy, against the file itself."""

import sys
import time

from figures import Row, ratio, spread
from jobs import JOBS, fill, fio
from systems import all_systems

JOB_NAMES = ("r4q1", "r4q32", "w4q1", "w4q32", "w4fs", "w64q8", "sr1m", "sw1m")
RAW, VOLATILE, HARDENED = "raw file", "twintrack volatile", "twintrack hardened"
PAUSE_SECONDS = 1.0  # a system with dirty data finishes its work before the next one is measured


def measure(options):
    """cells[job][system] = one measurement per round."""
    systems, started = all_systems(options.programs, options.folder, options.size_gib), []
    cells = {job: {system.name: [] for system in systems} for job in JOB_NAMES}
    try:
        for system in systems:
            started.append(system)
            system.start()
            fill(system.fio_target())
        for turn in range(options.rounds):
            order = systems[turn % len(systems):] + systems[:turn % len(systems)]
            for job in JOB_NAMES:
                for system in order:
                    cells[job][system.name].append(one_cell(system, job, options.seconds))
                    one = cells[job][system.name][-1]
                    print(f"round {turn + 1} of {options.rounds} {job:6} {system.name:20} {one['per_second']:10.0f}/s "
                          f"p99 {one['p99_us']:8.0f} us", file=sys.stderr, flush=True)
    finally:
        for system in started:
            system.stop()
    return {"cells": cells, "answers": {system.name: system.answer for system in systems}}


def one_cell(system, job, seconds):
    before = system.cpu_seconds()
    one = fio(system.fio_target(), JOBS[job][1], seconds)
    time.sleep(PAUSE_SECONDS)  # work that is put off counts as the job's
    if before is not None:
        one["cpu_us_per_request"] = (system.cpu_seconds() - before) * 1e6 / one["requests"]
    return one


def rows(data):
    cells = data["cells"]
    peers = [name for name in data["answers"] if name not in (RAW, VOLATILE, HARDENED)]

    def rates(job, name):
        return [cell["per_second"] for cell in cells[job][name]]

    def against_raw(number, measure_text, job, ours, beat, reach, raw_job=None):
        base = rates(raw_job or job, RAW)
        return Row(number, measure_text, {name: ratio(rates(job, name), base) for name in ours},
                   {name: ratio(rates(job, name), base) for name in peers}, beat, reach)

    def cpu(number, job, beat, reach):
        def of(name):
            return spread([cell["cpu_us_per_request"] for cell in cells[job][name]])
        return Row(number, f"processor time of the server, {JOBS[job][0]}", {name: of(name) for name in (VOLATILE, HARDENED)},
                   {name: of(name) for name in peers}, beat, reach, "us", True)

    nobody = against_raw(4, "every answer durable, 4 KiB random write, depth 32, against raw volatile", "w4q32",
                         [HARDENED], 0.30, 0.60)
    nobody.peers = {}
    return [
        against_raw(1, JOBS["r4q32"][0], "r4q32", [VOLATILE, HARDENED], 0.75, 0.90),
        against_raw(1, JOBS["w4q32"][0], "w4q32", [VOLATILE], 0.50, 0.80),
        against_raw(2, JOBS["r4q1"][0], "r4q1", [VOLATILE, HARDENED], 0.65, 0.80),
        against_raw(2, JOBS["w4q1"][0], "w4q1", [VOLATILE], 0.65, 0.80),
        against_raw(3, "durable 4 KiB write against write and fdatasync", "w4fs", [VOLATILE, HARDENED], 0.80, 1.0),
        nobody,
        against_raw(5, JOBS["sw1m"][0], "sw1m", [VOLATILE, HARDENED], 0.75, 0.90),
        against_raw(5, JOBS["w64q8"][0], "w64q8", [VOLATILE, HARDENED], 0.60, 0.80),
        against_raw(5, JOBS["sr1m"][0], "sr1m", [VOLATILE, HARDENED], None, None),
        cpu(6, "r4q32", 10, 6),
        cpu(6, "w4q32", 10, 6),
    ]
