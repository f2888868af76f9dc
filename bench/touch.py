# SPDX-License-Identifier: Apache-2.0
"""Rows 8, 9 and 11: what the first write to each track costs after a FlashCopy without background copy, against the same
system without a copy. At once: a second of writes, which the journal takes. Sustained: a quarter of the tracks is
touched, and the time ends when all of it is on the disks, copies included."""

import json
import sys
import time

from figures import Row, ratio
from jobs import JOBS, fill, fio, run
from systems import GIB_BLOCKS, QemuStorageDaemon, Raw, Twintrack

BURST_SECONDS = 1
TARGETS = [f"02{number:02X}" for number in range(12)]
TOUCHES_PER_GIB = 4096  # of 16384 tracks
NOTHING, ONE, TWELVE = "no copy", "1 target", "12 targets"


class Ours:
    def __init__(self, options, acknowledgement):
        self.system = Twintrack(options.programs, options.folder, options.size_gib, acknowledgement)
        self.name, self.states = self.system.name, (NOTHING, ONE, TWELVE)

    def start(self):
        self.system.start()
        self.system.daemon.make_volumes("P0", TARGETS, self.system.size_gib * GIB_BLOCKS, sam="ese")

    def prepare(self, state):
        self.pairs = [("0100", target) for target in TARGETS[:{NOTHING: 0, ONE: 1, TWELVE: 12}[state]]]
        if self.pairs:
            self.system.establish(self.pairs)

    def settle(self):
        return self.system.settle(["0100", *TARGETS])

    def clean(self):
        if self.pairs:
            self.system.withdraw(self.pairs)
        self.settle()


class Qemu:
    def __init__(self, options):
        self.system = QemuStorageDaemon(options.folder, options.size_gib)
        self.name, self.states = self.system.name, (NOTHING, ONE)

    def start(self):
        self.system.start()

    def prepare(self, state):
        self.copied = state == ONE
        if self.copied:
            self.system.establish()

    def settle(self):
        return time.monotonic()

    def clean(self):
        if self.copied:
            self.system.withdraw()


class Plain:
    def __init__(self, options):
        self.system = Raw(options.folder, options.size_gib)
        self.name, self.states = self.system.name, (NOTHING,)

    def start(self):
        self.system.start()

    def prepare(self, _state):
        pass

    def settle(self):
        return time.monotonic()

    def clean(self):
        pass


def sustained(subject, touches):
    """From the first write until the last track is on a disk; the start of fio itself is not counted."""
    output = run([*subject.system.fio_target(), *JOBS["ftq32"][1], "--norandommap", "--randrepeat=0", "--refill_buffers",
                  f"--number_ios={touches}", "--output-format=json"])
    ended = time.monotonic()
    writing = json.loads(output[output.index("{"):])["jobs"][0]["write"]["runtime"] / 1e3
    return touches / (writing + max(0.0, subject.settle() - ended))


def measure(options):
    subjects, started, cells = [Plain(options), Ours(options, "volatile"), Ours(options, "hardened"), Qemu(options)], [], []
    try:
        for subject in subjects:
            started.append(subject)
            subject.start()
            fill(subject.system.fio_target())
            subject.settle()
        for turn in range(options.rounds):
            order = subjects[turn % len(subjects):] + subjects[:turn % len(subjects)]
            for subject in order:
                for state in subject.states:
                    cells += [{"round": turn, "system": subject.name, "state": state, **cell}
                              for cell in cells_of(subject, state, options)]
                    print(f"round {turn + 1} of {options.rounds} {subject.name:20} {state:10} " +
                          " ".join(f"{c['job']} {c['per_second']:.0f}/s" for c in cells[-3:]), file=sys.stderr, flush=True)
    finally:
        for subject in started:
            subject.system.stop()
    return {"cells": cells}


def cells_of(subject, state, options):
    for job in ("ftq32", "ftq1", "sustained"):
        subject.prepare(state)
        if job == "sustained":
            yield {"job": job, "per_second": sustained(subject, options.size_gib * TOUCHES_PER_GIB)}
        else:
            yield {"job": job, **fio(subject.system.fio_target(), JOBS[job][1], BURST_SECONDS)}
        subject.clean()


def rows(data):
    def rates(system, state, job):
        return [c["per_second"] for c in data["cells"] if (c["system"], c["state"], c["job"]) == (system, state, job)]

    def own(system, state, job, base=NOTHING):
        return ratio(rates(system, state, job), rates(system, base, job))

    ours, qemu, raw = ("twintrack volatile", "twintrack hardened"), "qemu-storage-daemon", "raw file"

    def against_own(number, text, job, beat, reach, peer_job=None):
        return Row(number, text, {name: own(name, ONE, job) for name in ours},
                   {qemu: own(qemu, ONE, peer_job or job)}, beat, reach, "of own")

    def against_raw(number, text, job, beat, reach, raw_job):
        base = rates(raw, NOTHING, raw_job)
        return Row(number, text, {name: ratio(rates(name, ONE, job), base) for name in ours},
                   {qemu: ratio(rates(qemu, ONE, job), base)}, beat, reach, "of raw")

    return [
        against_own(8, "first touch, depth 32, at once", "ftq32", 0.90, None),
        against_own(8, "first touch, depth 32, sustained", "sustained", 0.40, 0.60),
        against_raw(8, "first touch, depth 32, sustained", "sustained", 0.25, 0.40, "ftq32"),
        against_own(9, "first touch, depth 1", "ftq1", 0.80, 0.95),
        Row(11, "first touch with 12 targets, at once", {name: own(name, TWELVE, "ftq32", ONE) for name in ours}, {}, 0.5,
            0.9, "of one target"),
        Row(11, "first touch with 12 targets, sustained", {name: own(name, TWELVE, "sustained", ONE) for name in ours}, {},
            0.5, 0.9, "of one target"),
    ]
