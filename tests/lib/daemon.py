# SPDX-License-Identifier: Apache-2.0
"""The data process alone, without a console: started directly, commanded over its control socket. For tests that kill
it often or give many commands; image.py is the way of a user."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time


CONTROL_VERSION = 2
REPORTS = ("ThreadSanitizer:", "AddressSanitizer:", "LeakSanitizer:", "UndefinedBehaviorSanitizer:", "runtime error:")


class DaemonError(Exception):
    pass


class Disconnected(DaemonError):
    """The data process ended, or was not there."""


class Daemon:
    """Use it in a `with`: it is stopped and its folder removed at the end; kept when the test failed."""

    def __init__(self, programs, name, options=(), control_version=None):
        self._control_version = control_version or CONTROL_VERSION
        self._program = os.path.join(os.path.abspath(programs), "twintrackd")
        scratch = os.environ.get("TWINTRACK_TEST_FOLDER", os.path.join(os.path.abspath(programs), "..", "test-images"))
        os.makedirs(scratch, exist_ok=True)
        self.dir = tempfile.mkdtemp(prefix=name + "-", dir=os.path.abspath(scratch))
        # Sockets have short names, whatever the folder: their paths may have 107 bytes.
        self._sockets = tempfile.mkdtemp(prefix="twintrack-")
        self._options = list(options)
        self._process = self._log = None
        self._control = None

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _traceback):
        try:
            if self._process:
                self.stop()
        finally:
            shutil.rmtree(self._sockets, ignore_errors=True)
            if kind is None:
                shutil.rmtree(self.dir, ignore_errors=True)
            else:
                print(f"the image is kept in {self.dir}")
        return False

    def _start(self, ready):
        self._log = open(os.path.join(self.dir, "twintrackd.log"), "a", encoding="utf-8")
        self._process = subprocess.Popen(
            [self._program, "--dir", os.path.join(self.dir, "image"), "--nbd-tcp", "127.0.0.1:0", "--nbd-unix",
             os.path.join(self._sockets, "nbd"), "--control", os.path.join(self._sockets, "control"), "--ready-file",
             ready, *self._options], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def up(self):
        """Starts it and waits until it serves."""
        ready = os.path.join(self.dir, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        self._start(ready)
        deadline = time.monotonic() + 120
        while not os.path.exists(ready):
            if self._process.poll() is not None:
                raise DaemonError(f"twintrackd ended with {self._process.returncode} while starting\n{self.log()}")
            if time.monotonic() > deadline:
                raise DaemonError(f"twintrackd does not serve after 120 s\n{self.log()}")
            time.sleep(0.005)
        self._control = Control(os.path.join(self._sockets, "control"), self._control_version)

    def pid(self):
        return self._process.pid

    def tcp_port(self):
        with open(os.path.join(self.dir, "ready.json"), encoding="utf-8") as file:
            return int(json.load(file)["nbd"]["tcp"].rsplit(":", 1)[1])

    def log(self):
        with open(os.path.join(self.dir, "twintrackd.log"), encoding="utf-8") as file:
            return file.read()[-4000:]

    def _ended(self):
        self._process.wait(120)
        self._log.close()
        status, self._process, self._control = self._process.returncode, None, None
        self._require_no_report()
        return status

    def _require_no_report(self):
        """A program built with a sanitizer may go on after a report, and a killed one has no status that tells of it."""
        with open(os.path.join(self.dir, "twintrackd.log"), encoding="utf-8", errors="replace") as file:
            text = file.read()
        for mark in REPORTS:
            at = text.find(mark)
            if at >= 0:
                raise DaemonError(f"a sanitizer reports:\n{text[max(0, at - 200):at + 6000]}")

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        status = self._ended()
        if status:
            raise DaemonError(f"twintrackd ended with {status} when told to stop\n{self.log()}")

    def kill(self):
        """kill -9; a process that ended by itself before is a failure."""
        if self._process.poll() is not None:
            raise DaemonError(f"twintrackd ended by itself with {self._process.returncode}\n{self.log()}")
        self._process.kill()
        self._ended()

    def kill_while_starting(self, seconds):
        """Starts it and kills it in the middle of its recovery, or soon after."""
        self._start(os.path.join(self.dir, "never-read.json"))
        time.sleep(seconds)
        self.kill()

    def nbd_socket(self):
        return os.path.join(self._sockets, "nbd")

    def uri(self, volume):
        return f"nbd+unix:///{volume}?socket={self.nbd_socket()}"

    def call(self, operation, **arguments):
        """One operation of the catalogue: (results, rows). DaemonError with the number of the error when it was refused
        as a whole, Disconnected when there was no answer."""
        control = self._control
        if control is None:
            raise Disconnected(operation)
        answer = control.call(operation, arguments)
        if answer["status"]:
            raise DaemonError(f"{operation} {arguments}: error {answer['status']}")
        return answer["results"], answer["rows"]

    def must(self, operation, **arguments):
        results, rows = self.call(operation, **arguments)
        failed = [result for result in results if result["code"]]
        if failed:
            raise DaemonError(f"{operation} {str(arguments)[:300]}: {len(failed)} failed, the first {failed[:3]}")
        return rows

    def make_volumes(self, pool, names, blocks, sam="standard"):
        self.must("mkfbvol", extent_pool=pool, capacity_blocks=blocks, capacity_type="blocks", sam=sam, wait=True,
                  volumes=[{"id": name, "name": ""} for name in names])


class Control:
    """A connection to the control socket: frames of four bytes of length and JSON."""

    def __init__(self, path, version):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(300)
        self._socket.connect(path)
        self._count = 0
        self._send({"hello": "twintrack-control", "version": version, "program": "test"})
        greeting = self._receive()
        if greeting.get("refused"):
            raise DaemonError(f"the control socket refuses: {greeting['refused']}")

    def _send(self, message):
        data = json.dumps(message).encode()
        self._socket.sendall(struct.pack("<I", len(data)) + data)

    def _take(self, count):
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise Disconnected("the control socket was closed")
            data += more
        return data

    def _receive(self):
        (length,) = struct.unpack("<I", self._take(4))
        return json.loads(self._take(length))

    def call(self, operation, arguments):
        self._count += 1
        try:
            self._send({"id": self._count, "operation": operation, "user": "test", "scope": "*",
                        "arguments": arguments})
            return self._receive()
        except OSError as error:
            raise Disconnected(str(error)) from error
