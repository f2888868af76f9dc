# SPDX-License-Identifier: Apache-2.0
"""The systems that are measured. Each serves one file or volume of the same size on a Unix socket; `answer` says what
a write that was answered, and not yet flushed, is worth."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "lib"))
from image import Image  # noqa: E402


class Twintrack:
    def __init__(self, programs, folder, size_gib, acknowledgement):
        os.environ["TWINTRACK_TEST_FOLDER"] = folder
        self.name = f"twintrack {acknowledgement}"
        self.answer = "durable" if acknowledgement == "hardened" else "in memory, in order"
        self._size_gib = size_gib
        self.image = Image(programs, "bench", ["--ack", acknowledgement])

    def start(self):
        self.image.up()
        self.image.must("mkfbvol", "-extpool", "P1", "-cap", str(self._size_gib), "0100")
        return self

    def uri(self):
        return self.image.uri("0100")

    def stop(self):
        self.image.__exit__(None, None, None)


class Served:
    """A foreign server on one preallocated file."""

    def __init__(self, name, answer, folder, size_gib, command):
        self.name, self.answer = name, answer
        stem = os.path.join(folder, name.replace(" ", "-"))
        self._file, self._socket, self._size, self._command = stem + ".img", stem + ".sock", size_gib << 30, command
        self._process = None

    def start(self):
        with open(self._file, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, self._size)
        command = [word.format(file=self._file, socket=self._socket) for word in self._command]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for _attempt in range(200):
            if os.path.exists(self._socket):
                return self
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not serve")

    def uri(self):
        return f"nbd+unix:///?socket={self._socket}"

    def stop(self):
        self._process.terminate()
        self._process.wait()
        for path in (self._file, self._socket):
            if os.path.exists(path):
                os.remove(path)


def all_systems(programs, folder, size_gib):
    def qemu(aio):
        return Served(f"qemu-nbd {aio}", "in the disk's cache", folder, size_gib,
                      ["qemu-nbd", "-f", "raw", "-t", "-e", "16", "--cache=none", f"--aio={aio}", "-k", "{socket}",
                       "{file}"])

    return [
        Twintrack(programs, folder, size_gib, "hardened"),
        Twintrack(programs, folder, size_gib, "volatile"),
        qemu("io_uring"),
        qemu("native"),
        Served("nbdkit file", "in the page cache", folder, size_gib,
               ["nbdkit", "-f", "-U", "{socket}", "file", "{file}"]),
    ]
