# SPDX-License-Identifier: Apache-2.0
"""Hosts that write for longer than the journal has room, second by second: what the destager manages is what they get, and the
question is how they wait for it. A table and a picture; with `--before` also of other programs, in turn."""

import statistics
import sys

from figures import table
from jobs import JOBS, fill
from seconds import seconds_of
from systems import QemuStorageDaemon, Raw, Twintrack
from timeline import timeline

WRITES = ("w4q32", "w64q8", "sw1m")
SETTLED_FROM = 3  # seconds: a journal of 256 MiB is full by then


def systems(options):
    for answers in ("volatile", "hardened"):
        yield f"twintrack {answers}", lambda answers=answers: Twintrack(options.programs, options.folder, options.size_gib, answers)
        if options.before:
            yield f"before, {answers}", lambda answers=answers: Twintrack(options.before, options.folder, options.size_gib, answers)
    yield "raw file", lambda: Raw(options.folder, options.size_gib)
    yield "qemu-storage-daemon", lambda: QemuStorageDaemon(options.folder, options.size_gib)


def one_run(options, make, job):
    system = make()
    try:
        system.start()
        fill(system.fio_target())
        if isinstance(system, Twintrack):
            system.settle(["0100"])
        return seconds_of(system.fio_target(), options.folder, options.load_seconds, job)
    finally:
        system.stop()


def measure(options):
    runs = []
    for job in WRITES:
        for name, make in systems(options):
            runs.append({"job": job, "system": name, "seconds": one_run(options, make, job)})
            print(f"{JOBS[job][0]}, {name}: measured", file=sys.stderr, flush=True)
    return {"runs": runs}


def rows(_data):
    return []


def picture(data, facts):
    cases = [{"title": f"{one['job']}, {one['system']}", "seconds": one["seconds"]} for one in data["runs"]
             if one["system"].startswith(("twintrack", "before"))]
    return timeline(cases, 0, "Writes for longer than the journal has room", facts)


def details(data):
    lines = []
    for one in data["runs"]:
        settled = one["seconds"][SETTLED_FROM:]
        lines.append([JOBS[one["job"]][0], one["system"], one["seconds"][0]["writes"],
                      f"{statistics.mean(second['writes'] for second in settled):.0f}",
                      f"{min(second['writes'] for second in settled)}",
                      *(f"{statistics.median(second[key] for second in settled) / 1e3:.1f}" for key in ("p50_us", "p99_us")),
                      *(f"{max(second[key] for second in settled) / 1e3:.1f}" for key in ("p99_us", "p999_us"))])
    return table(["job", "system", "first second", "a second, settled", "slowest second", "p50, ms", "p99, ms", "worst p99, ms",
                  "worst p99.9, ms"], lines)
