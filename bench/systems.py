# SPDX-License-Identifier: Apache-2.0
"""The systems that are measured. Each serves one file or volume of the same size; `answer` says what a write that was
answered, and not yet flushed, is worth."""

import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "lib"))
from daemon import Daemon  # noqa: E402

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
GIB_BLOCKS = 1 << 21


def cpu_seconds_of(pid):
    """User and system time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_bytes_of(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def allocated_file(path, size):
    with open(path, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)


class Raw:
    """The file itself, without a server in between: what the machine gives."""

    name, answer = "raw file", "in the disk's cache"

    def __init__(self, folder, size_gib):
        self._file, self._size = os.path.join(folder, "raw.img"), size_gib << 30

    def start(self):
        allocated_file(self._file, self._size)

    def fio_target(self):
        return ["--ioengine=io_uring", "--direct=1", f"--filename={self._file}"]

    def cpu_seconds(self):
        return None

    def stop(self):
        if os.path.exists(self._file):
            os.remove(self._file)


class Twintrack:
    """One image with the source 0100 in it. Commands go to the data process, as the console sends them. Without a read cache: the
    others are measured with what their disk gives; where it is wanted, `cache_mib` says how much, None what the program does itself."""

    def __init__(self, programs, folder, size_gib, acknowledgement, options=(), cache_mib=0):
        os.environ["TWINTRACK_TEST_FOLDER"] = folder
        self.name = f"twintrack {acknowledgement}"
        self.answer = "durable" if acknowledgement == "hardened" else "in memory, in order"
        self.size_gib = size_gib
        cache = [] if cache_mib is None else ["--read-cache-mib", str(cache_mib)]
        self.daemon = Daemon(programs, "bench", ["--ack", acknowledgement, *cache, *options])

    def start(self):
        self.daemon.up()
        self.daemon.make_volumes("P1", ["0100"], self.size_gib * GIB_BLOCKS)

    def fio_target(self, volume="0100"):
        return ["--ioengine=nbd", f"--uri={self.daemon.uri(volume)}"]

    def cpu_seconds(self):
        return cpu_seconds_of(self.daemon.pid())

    def resident_bytes(self):
        return resident_bytes_of(self.daemon.pid())

    def stop(self):
        self.daemon.__exit__(None, None, None)

    def establish(self, pairs, copy=False, persistent=True):
        """Seconds that the command took."""
        pairs = [{"source": source, "target": target} for source, target in pairs]
        begin = time.monotonic()
        self.daemon.must("mkflash", pairs=pairs, background_copy=copy, persistent=persistent,
                         target_write_inhibit=False, sequence_number=0)
        return time.monotonic() - begin

    def withdraw(self, pairs):
        self.daemon.must("rmflash", pairs=[{"source": source, "target": target} for source, target in pairs])

    def tracks_destaged(self, volumes):
        """How many tracks of each volume were brought to the disks, copies for targets included."""
        return {volume: self.daemon.must("showfbvol", id=volume, metrics=True)[0]["cachetrans"] for volume in volumes}

    def settle(self, volumes, quiet_seconds=1.5):
        """Waits until nothing comes to the disks any more; the time when the last track did."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < quiet_seconds:
            count = self.tracks_destaged(volumes)
            if count != last:
                last, since = count, time.monotonic()
            time.sleep(0.02)
        return since


class Served:
    """A foreign server on one preallocated file."""

    def __init__(self, name, answer, folder, size_gib, command):
        self.name, self.answer = name, answer
        stem = os.path.join(folder, name.replace(" ", "-"))
        self.file, self._socket, self._size, self._command = stem + ".img", stem + ".sock", size_gib << 30, command
        self._process = None

    def start(self):
        allocated_file(self.file, self._size)
        command = [word.format(file=self.file, socket=self._socket) for word in self._command]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for _attempt in range(200):
            if os.path.exists(self._socket):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not serve")

    def fio_target(self):
        return ["--ioengine=nbd", f"--uri=nbd+unix:///?socket={self._socket}"]

    def cpu_seconds(self):
        return cpu_seconds_of(self._process.pid)

    def stop(self):
        self._process.terminate()
        self._process.wait()
        for path in (self.file, self._socket):
            if os.path.exists(path):
                os.remove(path)


class QemuStorageDaemon(Served):
    """qemu's block layer as a server; its point-in-time copies are block jobs, commanded over QMP."""

    def __init__(self, folder, size_gib, name="qemu-storage-daemon"):
        self._monitor_path = os.path.join(folder, name + ".qmp")
        self._target = os.path.join(folder, name + "-target.img")
        super().__init__(name, "in the disk's cache", folder, size_gib, [
            "qemu-storage-daemon", "--blockdev",
            "driver=file,node-name=source,filename={file},cache.direct=on,aio=io_uring,discard=unmap",
            "--nbd-server", "addr.type=unix,addr.path={socket},max-connections=16", "--export",
            "type=nbd,id=export,node-name=source,name=,writable=on", "--chardev",
            f"socket,id=monitor,path={self._monitor_path},server=on,wait=off", "--monitor", "chardev=monitor"])
        self._monitor = None

    def start(self):
        super().start()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._monitor_path)
        self._monitor = connection.makefile("rw", encoding="utf-8")
        self._monitor.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self._monitor.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._monitor.flush()
        while True:
            answer = json.loads(self._monitor.readline())
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def establish(self, copy=False):
        """A backup job onto a fresh file: none copies what is about to be overwritten, full everything. Seconds of the
        command, the file made before."""
        allocated_file(self._target, self._size)
        self.command("blockdev-add", **{"driver": "file", "node-name": "target", "filename": self._target,
                                        "aio": "io_uring", "cache": {"direct": True}})
        begin = time.monotonic()
        self.command("blockdev-backup", **{"job-id": "copy", "device": "source", "target": "target",
                                           "sync": "full" if copy else "none"})
        return time.monotonic() - begin

    def copying(self):
        return bool(self.command("query-jobs"))

    def withdraw(self):
        if self.copying():
            self.command("job-cancel", id="copy")
        while self.copying():
            time.sleep(0.02)
        self.command("blockdev-del", **{"node-name": "target"})
        os.remove(self._target)

    def stop(self):
        super().stop()
        for path in (self._monitor_path, self._target):
            if os.path.exists(path):
                os.remove(path)


def all_systems(programs, folder, size_gib):
    return [
        Raw(folder, size_gib),
        Twintrack(programs, folder, size_gib, "volatile"),
        Twintrack(programs, folder, size_gib, "hardened"),
        QemuStorageDaemon(folder, size_gib),
        Served("qemu-nbd native", "in the disk's cache", folder, size_gib,
               ["qemu-nbd", "-f", "raw", "-t", "-e", "16", "--cache=none", "--aio=native", "-k", "{socket}", "{file}"]),
        Served("nbdkit file", "in the page cache", folder, size_gib,
               ["nbdkit", "-f", "-U", "{socket}", "file", "{file}"]),
    ]
