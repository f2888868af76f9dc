#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures all systems in turn: A B C, B C A, C A B ... Prints medians with their spread, and the ratios of Twintrack to
each peer, taken within a round and then their median."""

import argparse
import datetime
import json
import os
import platform
import statistics
import sys

from jobs import JOBS, fill, fio
from systems import all_systems

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def measure(systems, rounds, seconds, jobs):
    """results[job][system] = one measurement per round."""
    results = {job: {system.name: [] for system in systems} for job in jobs}
    for turn in range(rounds):
        order = systems[turn % len(systems):] + systems[:turn % len(systems)]
        for job in jobs:
            for system in order:
                one = fio(system.uri(), JOBS[job][1], seconds)
                results[job][system.name].append(one)
                print(f"round {turn + 1} {job:6} {system.name:20} {one['per_second']:10.0f}/s "
                      f"p99 {one['p99_us']:8.0f} us", file=sys.stderr, flush=True)
    return results


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def report(results, systems):
    names = [system.name for system in systems]
    parts = ["### Operations per second: median (min..max)\n"]
    rows = [[JOBS[job][0], *(spread([one["per_second"] for one in results[job][name]], 0) for name in names)]
            for job in results]
    parts.append(table(["job", *names], rows))
    parts.append("\n### 99th percentile in microseconds: median (min..max)\n")
    rows = [[JOBS[job][0], *(spread([one["p99_us"] for one in results[job][name]], 0) for name in names)]
            for job in results]
    parts.append(table(["job", *names], rows))
    peers = [name for name in names if not name.startswith("twintrack")]
    for own in (name for name in names if name.startswith("twintrack")):
        parts.append(f"\n### {own}: ratio of operations per second to each peer, median of the rounds (min..max)\n")
        rows = []
        for job, by_system in results.items():
            ratios = [[mine["per_second"] / other["per_second"] for mine, other in zip(by_system[own], by_system[peer])]
                      for peer in peers]
            rows.append([JOBS[job][0], *(spread(values) for values in ratios)])
        parts.append(table(["job", *peers], rows))
    parts.append("\n### What an answer to a write means\n")
    parts.append(table(["system", "an answered write, before a flush, is"], [[s.name, s.answer] for s in systems]))
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--size-gib", type=int, default=4)
    parser.add_argument("--folder", default=os.path.join(PROJECT, "build", "bench"))
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--out", help="also writes everything measured to this file, as JSON")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    systems, started = all_systems(arguments.programs, arguments.folder, arguments.size_gib), []
    try:
        for system in systems:
            system.start()
            started.append(system)
            fill(system.uri())
        results = measure(systems, arguments.rounds, arguments.seconds, arguments.jobs.split(","))
    finally:
        for system in started:
            system.stop()
    print(report(results, systems))
    if arguments.out:
        facts = {"date": datetime.date.today().isoformat(), "kernel": platform.release(), "cores": os.cpu_count(),
                 "rounds": arguments.rounds, "seconds": arguments.seconds, "size_gib": arguments.size_gib}
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump({"facts": facts, "results": results}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
