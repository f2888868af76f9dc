# SPDX-License-Identifier: Apache-2.0
"""Row 10: hosts write while a whole volume is copied in background, and how long the copy then takes."""

import sys
import threading
import time

from figures import Row, ratio, spread
from jobs import JOBS, fill, fio
from systems import GIB_BLOCKS, QemuStorageDaemon, Twintrack

TARGET = "0200"
POLL_SECONDS = 0.05
LONGEST_COPY_SECONDS = 300


class Ours:
    def __init__(self, options, acknowledgement):
        self.system = Twintrack(options.programs, options.folder, options.size_gib, acknowledgement)
        self.name = self.system.name

    def start(self):
        self.system.start()
        self.system.daemon.make_volumes("P0", [TARGET], self.system.size_gib * GIB_BLOCKS)

    def copy(self):
        self.system.establish([("0100", TARGET)], copy=True, persistent=False)

    def copying(self):
        return bool(self.system.daemon.must("lsflash", select=["0000-FFFF"]))

    def end(self):
        if self.copying():
            self.system.withdraw([("0100", TARGET)])


class Qemu:
    def __init__(self, options):
        self.system = QemuStorageDaemon(options.folder, options.size_gib)
        self.name = self.system.name

    def start(self):
        self.system.start()

    def copy(self):
        self.system.establish(copy=True)

    def copying(self):
        return self.system.copying()

    def end(self):
        self.system.withdraw()


def copy_seconds(subject):
    begin = time.monotonic()
    subject.copy()
    while subject.copying() and time.monotonic() - begin < LONGEST_COPY_SECONDS:
        time.sleep(POLL_SECONDS)
    took = time.monotonic() - begin
    subject.end()
    return took


def one_round(subject, seconds):
    idle = copy_seconds(subject)
    time.sleep(1)
    alone = fio(subject.system.fio_target(), JOBS["w4q32"][1], seconds)
    time.sleep(2)
    took = []
    thread = threading.Thread(target=lambda: took.append(copy_seconds(subject)))
    thread.start()
    beside = fio(subject.system.fio_target(), JOBS["w4q32"][1], seconds)
    thread.join()
    time.sleep(2)
    # A copy that outlasts the load went on alone: at its idle speed.
    loaded = min(took[0], seconds)
    part = 1 - max(0.0, took[0] - seconds) / idle if took[0] > seconds else 1.0
    return {"idle_copy_seconds": idle, "copy_seconds": took[0], "copy_speed": max(part, 0.0) * idle / loaded,
            "alone": alone, "beside": beside}


def measure(options):
    subjects, started = [Ours(options, "volatile"), Ours(options, "hardened"), Qemu(options)], []
    cells = {subject.name: [] for subject in subjects}
    try:
        for subject in subjects:
            started.append(subject)
            subject.start()
            fill(subject.system.fio_target())
        for turn in range(options.rounds):
            for subject in subjects[turn % len(subjects):] + subjects[:turn % len(subjects)]:
                one = one_round(subject, options.load_seconds)
                cells[subject.name].append(one)
                print(f"round {turn + 1} of {options.rounds} {subject.name:20} copy alone {one['idle_copy_seconds']:.1f} s, "
                      f"beside hosts {one['copy_seconds']:.1f} s; hosts {one['alone']['per_second']:.0f}/s alone, "
                      f"{one['beside']['per_second']:.0f}/s beside it", file=sys.stderr, flush=True)
    finally:
        for subject in started:
            subject.system.stop()
    return {"cells": cells}


def rows(data):
    def host(name):
        return ratio([c["beside"]["per_second"] for c in data["cells"][name]],
                     [c["alone"]["per_second"] for c in data["cells"][name]])

    def speed(name):
        return spread([c["copy_speed"] for c in data["cells"][name]])

    def slowest(name):
        return spread([c["beside"]["p99_us"] / 1e3 for c in data["cells"][name]])

    ours, qemu = ("twintrack volatile", "twintrack hardened"), "qemu-storage-daemon"
    return [
        Row(10, "hosts while a copy runs, 4 KiB random write, depth 32", {n: host(n) for n in ours}, {qemu: host(qemu)},
            0.60, 0.80, "of own"),
        Row(10, "99th percentile of their writes", {n: slowest(n) for n in ours}, {qemu: slowest(qemu)}, 10, None, "ms",
            True),
        Row(10, "copy speed beside hosts", {n: speed(n) for n in ours}, {qemu: speed(qemu)}, 0.40, 0.60, "of idle"),
    ]
