# SPDX-License-Identifier: Apache-2.0
"""replay.py OUT: in a guest. Goes through the log: at each point the device is what a disk would show that lost power there. On a
snapshot of it the file system is mounted, the image started, and everything compared with what was answered until then."""

import glob
import os
import random
import sys

import nbd

import story
import write_log
from inside import call, map_device, plan_in, sectors_of
from daemon import Daemon, DaemonError  # inside sets the path

PLACE = "/tmp/replayed"


class Found(Daemon):
    """The image that a crash has left."""

    def __init__(self, plan, folder):
        super().__init__(plan["programs"], "scratch", plan["options"])
        self.dir = folder


class Snapshot:
    """What is written to it does not reach the device under it."""

    def __init__(self, sectors):
        self._table = f"0 {sectors} snapshot /dev/ubdc /dev/ubdd N 8"

    def __enter__(self):
        map_device("crashed", self._table)
        call("mount", "-t", "ext4", "/dev/mapper/crashed", PLACE)

    def __exit__(self, *_error):
        call("umount", PLACE)
        call("dmsetup", "remove", "crashed")


def compare(plan, events, answered):
    """None, or what is wrong."""
    folder = glob.glob(os.path.join(PLACE, "image-*"))[0]
    daemon = Found(plan, folder)
    try:
        daemon.up()
    except DaemonError as error:
        return str(error)
    try:
        state = story.State(events, answered)
        problem = state.settle({row["id"] for row in daemon.must("lsflash", select=["0000-FFFF"])})
        if problem:
            return problem
        for name in story.VOLUMES:
            handle = nbd.NBD()
            handle.connect_uri(daemon.uri(name))
            data = b"".join(handle.pread(1 << 20, at) for at in range(0, story.SECTORS * story.SECTOR, 1 << 20))
            handle.shutdown()
            wrong = state.differences(name, data)
            if wrong:
                return f"volume {name}: {len(wrong)} sectors are wrong, the first {wrong[:5]}"
        return None
    finally:
        daemon.kill()


class Walk:
    """From one durable entry to the next."""

    def __init__(self, plan):
        self.plan, self.events = plan, story.draw(plan["seed"], plan["events"])
        self.log, self.device = os.open("/dev/ubdb", os.O_RDONLY), os.open("/dev/ubdc", os.O_RDWR)
        self.entries = write_log.entries(self.log)
        begin = next(i for i, entry in enumerate(self.entries) if entry.mark == "begin")
        self.points = [i for i, entry in enumerate(self.entries) if i > begin and write_log.is_durable(entry)]
        self.snapshot = Snapshot(sectors_of("ubdc"))
        self.applied = 0
        self.checked = self.subsets = 0

    def answered_before(self, index):
        marks = [entry.mark for entry in self.entries[:index] if entry.mark and entry.mark.startswith("answered-")]
        return int(marks[-1].split("-")[1]) if marks else 0

    def advance(self, end):
        for entry in self.entries[self.applied:end]:
            write_log.apply(entry, self.log, self.device)
        self.applied = end

    def check(self, answered, where):
        os.fsync(self.device)
        with self.snapshot:
            problem = compare(self.plan, self.events, answered)
        if problem:
            raise SystemExit(f"{where}, {answered} of {len(self.events)} events answered: {problem}")
        self.checked += 1

    def visit(self, number, chance):
        """The device as of that point; then with some of what was written after it and before the next."""
        point = self.points[number]
        following = self.points[number + 1] if number + 1 < len(self.points) else len(self.entries)
        answered = self.answered_before(following)
        self.advance(point + 1)
        self.check(answered, f"entry {point}")
        loose = [entry for entry in self.entries[point + 1:following] if entry.length and entry.mark is None]
        if not loose:
            return
        some = [entry for entry in loose if chance.random() < 0.5]
        before = [os.pread(self.device, entry.length, entry.offset) for entry in some]
        for entry in some:
            write_log.apply(entry, self.log, self.device)
        self.check(answered, f"entry {point} and {len(some)} of {len(loose)} after it")
        self.subsets += 1
        for entry, data in reversed(list(zip(some, before))):
            os.pwrite(self.device, data, entry.offset)


def main(out):
    plan = plan_in(out)
    os.makedirs(PLACE)
    os.environ["TWINTRACK_TEST_FOLDER"] = "/tmp"
    walk = Walk(plan)
    chance = random.Random(plan["seed"])
    wanted = plan["points"] or len(walk.points)
    step = max(1, len(walk.points) / wanted)
    numbers = sorted({min(len(walk.points) - 1, int(i * step)) for i in range(min(wanted, len(walk.points)))} | {len(walk.points) - 1})
    for count, number in enumerate(numbers):
        walk.visit(number, chance)
        if count % 20 == 0:
            print(f"{count + 1} of {len(numbers)} points", flush=True)
    print(f"{len(walk.entries)} entries, {len(walk.points)} durable points; {walk.checked} states compared, {walk.subsets} of them "
          f"between two points", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
