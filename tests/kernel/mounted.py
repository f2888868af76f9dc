# SPDX-License-Identifier: Apache-2.0
"""mounted.py OUT: in a guest. The kernel's NBD client is the host: a file system on a volume, files written and synced, copies of the
volume mounted beside it while the writer goes on, kill -9 of the data process in between. Every file that was synced must be there."""

import hashlib
import os
import random
import sys
import threading
import time

from inside import call, images_on, plan_in
from daemon import Daemon  # inside sets the path

SOURCE, COPY = "0100", "0102"
BLOCKS = 320 << 11  # 320 MiB: the least that mkfs.xfs takes is 300
CHECK = {"ext4": ["e2fsck", "-f", "-n"], "xfs": ["xfs_repair", "-n"]}
MAKE = {"ext4": ["mke2fs", "-q", "-t", "ext4", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
OPTIONS = {"ext4": "noatime", "xfs": "noatime,nouuid"}


def content(name):
    block = hashlib.sha256(name.encode()).digest()
    return block * (64 + int.from_bytes(block[:2], "big") % 4096)


class Mount:
    """A volume as a block device of the kernel, and the file system on it."""

    def __init__(self, daemon, volume, device, kind, place):
        self._daemon, self._volume, self._device, self._kind, self.place = daemon, volume, device, kind, place
        os.makedirs(place, exist_ok=True)

    def attach(self):
        call("nbd-client", "-unix", self._daemon.nbd_socket(), "-name", self._volume, "-timeout", "10", self._device)

    def make(self):
        call(*MAKE[self._kind], self._device)

    def mount(self):
        call("mount", "-t", self._kind, "-o", OPTIONS[self._kind], self._device, self.place)

    def unmount(self):
        call("umount", self.place)

    def check(self):
        call(*CHECK[self._kind], self._device)

    def detach(self):
        call("nbd-client", "-d", self._device)


class Writer(threading.Thread):
    """Writes file after file, each synced with its folder, until it fails or is told to stop. `synced`: those that must be there."""

    def __init__(self, place, first, chance):
        super().__init__()
        self._place, self._number, self._chance = place, first, chance
        self.synced, self.removed, self.problem = [], set(), None
        self._ended = threading.Event()

    def run(self):
        try:
            while not self._ended.is_set():
                self._one(f"file-{self._number:06d}")
                self._number += 1
        except OSError as error:
            self.problem = error

    def _one(self, name):
        if len(self.synced) > 40:
            old = self.synced.pop(self._chance.randrange(len(self.synced)))
            self.removed.add(old)
            os.unlink(os.path.join(self._place, old))
        with open(os.path.join(self._place, name), "wb") as file:
            file.write(content(name))
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._place, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.synced.append(name)

    def end(self):
        self._ended.set()
        self.join()
        return self._number + 1


def verify(place, wanted):
    for name in wanted:
        path = os.path.join(place, name)
        if not os.path.exists(path):
            raise SystemExit(f"{path} was synced and is not there")
        with open(path, "rb") as file:
            if file.read() != content(name):
                raise SystemExit(f"{path} is not what was written")


def copy_and_compare(daemon, copy, writer, persistent):
    """While the writer goes on: what it had synced before the command is in the copy, unless it is being removed."""
    before = list(writer.synced)
    daemon.must("mkflash", pairs=[{"source": SOURCE, "target": COPY}], persistent=persistent, background_copy=not persistent,
                target_write_inhibit=False, sequence_number=0)
    removed = set(writer.removed)
    copy.attach()
    copy.mount()  # replays the log of the file system: the copy is what a power loss at that instant would have left
    verify(copy.place, [name for name in before if name not in removed])
    count = len(os.listdir(copy.place))
    copy.unmount()
    copy.check()
    copy.detach()
    return count


def one_round(daemon, source, copy, first, chance):
    """Load, one or two copies meanwhile, kill -9, restart; the number of the next file."""
    writer = Writer(source.place, first, chance)
    writer.start()
    compared = 0
    for _turn in range(chance.randint(1, 2)):
        time.sleep(chance.uniform(0.2, 1.0))
        compared += copy_and_compare(daemon, copy, writer, True)
        daemon.must("rmflash", pairs=[{"source": SOURCE, "target": COPY}])
    time.sleep(chance.uniform(0.1, 0.8))
    if writer.problem:
        raise SystemExit(f"a write failed although nobody was killed: {writer.problem}")
    daemon.kill()
    source.detach()  # requests under way end with errors
    following = writer.end()
    source.unmount()
    daemon.up()
    source.attach()
    source.mount()
    verify(source.place, writer.synced)
    source.unmount()
    source.check()
    source.mount()
    print(f"{following - first} files, {compared} in copies, {len(writer.synced)} synced and there after the kill", flush=True)
    for name in os.listdir(source.place):
        if name.startswith("file-"):
            os.unlink(os.path.join(source.place, name))
    return following


def one_kind(daemon, kind, rounds, chance):
    source = Mount(daemon, SOURCE, "/dev/nbd0", kind, "/tmp/source")
    copy = Mount(daemon, COPY, "/dev/nbd1", kind, "/tmp/copy")
    source.attach()
    source.make()
    source.mount()
    first = 1
    for _turn in range(rounds):
        first = one_round(daemon, source, copy, first, chance)
    source.unmount()
    source.detach()


def main(out):
    plan = plan_in(out)
    images_on("/dev/ubda", "/tmp/disk")
    chance = random.Random(plan["seed"])
    with Daemon(plan["programs"], "image", plan["options"]) as daemon:
        daemon.up()
        daemon.make_volumes("P1", [SOURCE, COPY], BLOCKS)
        for kind in ("ext4", "xfs"):
            print(kind, flush=True)
            one_kind(daemon, kind, plan["rounds"], chance)


if __name__ == "__main__":
    main(*sys.argv[1:])
