# SPDX-License-Identifier: Apache-2.0
"""One reactor against two, with one and with four connections of a host. The load takes processors, too: on a small machine more
reactors take from it what they gain."""

import sys
import time

from figures import ratio, table
from jobs import JOBS, fill, fio
from systems import Twintrack

CORES = (1, 2)
CONNECTIONS = (1, 4)
JOB_NAMES = ("r4q32", "w4q32", "w64q8")


def measure(options):
    systems = {cores: Twintrack(options.programs, options.folder, options.size_gib, options.acknowledgement,
                                ["--cores", str(cores)]) for cores in CORES}
    started, cells = [], []
    try:
        for system in systems.values():
            started.append(system)
            system.start()
            fill(system.fio_target())
        for turn in range(options.rounds):
            for job in JOB_NAMES:
                for connections in CONNECTIONS:
                    for cores in CORES if turn % 2 else reversed(CORES):
                        extra = [f"--numjobs={connections}", "--group_reporting"]
                        one = fio(systems[cores].fio_target(), [*JOBS[job][1], *extra], options.seconds)
                        cells.append({"round": turn, "job": job, "connections": connections, "cores": cores, **one})
                        time.sleep(1)
            print(f"round {turn + 1} of {options.rounds} of one reactor against two", file=sys.stderr, flush=True)
    finally:
        for system in started:
            system.stop()
    return {"acknowledgement": options.acknowledgement, "cells": cells}


def rows(_data):
    return []


def details(data):
    def rates(job, connections, cores):
        return [cell["per_second"] for cell in data["cells"]
                if (cell["job"], cell["connections"], cell["cores"]) == (job, connections, cores)]
    lines = [[JOBS[job][0], connections, ratio(rates(job, connections, 2), rates(job, connections, 1)).text()]
             for job in JOB_NAMES for connections in CONNECTIONS]
    return table([f"job, {data['acknowledgement']}", "connections", "two reactors, of one"], lines)
