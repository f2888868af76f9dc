# SPDX-License-Identifier: Apache-2.0
"""An asynchronous mirror on one machine, over TCP without TLS: how long the initial copy of a full volume takes, and what hosts
keep of their rate while changes are sent. Ours is a Global Copy between two images; qemu's block layer mirrors over NBD to
another daemon, in the background mode that it calls so. Both halves share one disk."""

import os
import random
import socket
import sys
import time

from figures import Row, ratio, spread
from jobs import JOBS, fill, fio, run
from systems import GIB_BLOCKS, QemuStorageDaemon, Raw, Served, Twintrack

JOB = JOBS["w4q32"][1]
DAMPER = 0.05


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TwoImages:
    """Two data processes with a path from LSS 01 of the first to LSS 02 of the other."""

    def __init__(self, options, acknowledgement):
        self.name = f"twintrack {acknowledgement}"
        self.ports = [free_port(), free_port()]
        self.partners = f"{options.folder}/partners-{acknowledgement}"
        self.images = [Twintrack(options.programs, options.folder, options.size_gib, acknowledgement,
                                 ["--mirror-tcp", f"127.0.0.1:{port}", "--mirror-tls", "off", "--partners", self.partners])
                       for port in self.ports]

    def start(self):
        source, target = self.images
        with open(self.partners, "w", encoding="ascii"):
            pass
        source.start()
        target.daemon.up()
        target.daemon.make_volumes("P0", ["0200"], target.size_gib * GIB_BLOCKS)
        wwnns = [image.daemon.must("lssi")[0]["wwnn"] for image in self.images]
        with open(self.partners, "w", encoding="ascii") as file:
            for wwnn, port in zip(wwnns, self.ports):
                file.write(f"{wwnn} I0100 127.0.0.1:{port}\n")
        source.daemon.must("mkpprcpath", remote_wwnn=wwnns[1], source_lss="01", target_lss="02", consistency_group=False,
                           pairs=[{"source": "I0100", "target": "I0100"}])

    def fio_target(self):
        return self.images[0].fio_target()

    def pair(self):
        return self.images[0].daemon.must("lspprc", select=["0100"])[0]

    def mirror(self):
        """Seconds until everything is there, and durable."""
        begin = time.monotonic()
        self.images[0].daemon.must("mkpprc", pairs=[{"source": "0100", "target": "0200"}], type="gcp", mode="full",
                                   cascade=False, target_read=False, critical_mode=False, disable_auto_resync=False)
        return self.drained(begin)

    def drained(self, begin):
        while self.pair()["out_of_sync_tracks"]:
            time.sleep(DAMPER)
        return time.monotonic() - begin

    def stop(self):
        for image in self.images:
            image.stop()


class QemuPair:
    """The target's daemon serves a file over TCP; what it has answered is in the disk's cache until the last flush."""

    name = "qemu-storage-daemon"

    def __init__(self, options):
        self.port = free_port()
        self.source = QemuStorageDaemon(options.folder, options.size_gib)
        self.target = Served("qemu-mirror-target", "", options.folder, options.size_gib, [
            "qemu-storage-daemon", "--blockdev",
            "driver=file,node-name=there,filename={file},cache.direct=on,aio=io_uring", "--nbd-server",
            f"addr.type=inet,addr.host=127.0.0.1,addr.port={self.port},max-connections=4", "--export",
            "type=nbd,id=export,node-name=there,name=there,writable=on", "--chardev",
            "socket,id=monitor,path={socket},server=on,wait=off", "--monitor", "chardev=monitor"])

    def start(self):
        self.target.start()
        self.source.start()
        self.source.command("blockdev-add", **{"driver": "nbd", "node-name": "mirror", "export": "there", "server": {
            "type": "inet", "host": "127.0.0.1", "port": str(self.port)}})

    def fio_target(self):
        return self.source.fio_target()

    def mirror(self):
        begin = time.monotonic()
        self.source.command("blockdev-mirror", **{"job-id": "mirror", "device": "source", "target": "mirror",
                                                  "sync": "full", "copy-mode": "background"})
        return self.drained(begin)

    def drained(self, begin):
        while not self.source.command("query-block-jobs")[0]["ready"]:
            time.sleep(DAMPER)
        return time.monotonic() - begin

    def stop(self):
        self.source.stop()
        self.target.stop()


def systems(options):
    return [lambda: TwoImages(options, "volatile"), lambda: TwoImages(options, "hardened"), lambda: QemuPair(options)]


def one_run(options, make):
    system = make()
    try:
        system.start()
        fill(system.fio_target())
        alone = fio(system.fio_target(), JOB, options.seconds)
        copied = system.mirror()
        mirrored = fio(system.fio_target(), JOB, options.seconds)
        behind = system.drained(time.monotonic())
        return {"name": system.name, "alone": alone, "copy_seconds": copied, "mirrored": mirrored, "behind_seconds": behind}
    finally:
        system.stop()


def disk_seconds(options):
    """A file is read and another one written, whole: what the disk takes for a copy."""
    raw = Raw(options.folder, options.size_gib)
    try:
        raw.start()
        fill(raw.fio_target())
        begin = time.monotonic()
        run(["--ioengine=io_uring", "--direct=1", "--bs=1m", "--iodepth=4", f"--size={options.size_gib}g",
             "--name=read", "--rw=read", f"--filename={options.folder}/raw.img", "--name=write", "--rw=write",
             "--refill_buffers", "--end_fsync=1", f"--filename={options.folder}/copy.img"], name="global")
        return time.monotonic() - begin
    finally:
        raw.stop()
        if os.path.exists(f"{options.folder}/copy.img"):
            os.remove(f"{options.folder}/copy.img")


def measure(options):
    cells, disk = {}, []
    for turn in range(options.rounds):
        makers = systems(options)
        random.Random(turn).shuffle(makers)
        disk.append(disk_seconds(options))
        for make in makers:
            cell = one_run(options, make)
            cells.setdefault(cell["name"], []).append(cell)
            print(f"round {turn + 1} of {options.rounds}, {cell['name']}: copied in {cell['copy_seconds']:.1f} s (disk "
                  f"{disk[-1]:.1f} s), hosts keep {cell['mirrored']['per_second'] / cell['alone']['per_second']:.2f}",
                  file=sys.stderr, flush=True)
    return {"cells": cells, "disk": disk}


def rows(data):
    cells = data["cells"]
    names = [name for name in cells if name.startswith("twintrack")]
    qemu = "qemu-storage-daemon"

    def copy_rate(name):
        return ratio(data["disk"], [cell["copy_seconds"] for cell in cells[name]])

    def kept(name):
        return ratio([cell["mirrored"]["per_second"] for cell in cells[name]],
                     [cell["alone"]["per_second"] for cell in cells[name]])

    def behind(name):
        return spread([cell["behind_seconds"] for cell in cells[name]])
    return [
        Row(13, "initial copy, of what the disk takes to read and write as much", {n: copy_rate(n) for n in names},
            {qemu: copy_rate(qemu)}, 0.90, None, "of disk"),
        Row(13, "hosts while changes are sent, 4 KiB random write, depth 32", {n: kept(n) for n in names}, {qemu: kept(qemu)},
            0.90, 0.95, "of no mirror"),
        Row(13, "until the mirror is in step after that", {n: behind(n) for n in names}, {qemu: behind(qemu)}, None, None, "s"),
    ]
