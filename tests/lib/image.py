# SPDX-License-Identifier: Apache-2.0
"""One storage image for a test: started with ./run up, known by its endpoints.json, commanded with dscli."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COMMAND_TIMEOUT = 300


class ImageError(Exception):
    pass


class Image:
    """Use it in a `with`: the image is stopped and its folder removed at the end, kept when the test failed."""

    def __init__(self, programs, name, options=(), prefix=()):
        """`prefix`: words before each command, such as those that enter a network namespace."""
        self.programs = os.path.abspath(programs)
        self.prefix = list(prefix)
        scratch = os.environ.get("TWINTRACK_TEST_FOLDER", os.path.join(self.programs, "..", "test-images"))
        os.makedirs(scratch, exist_ok=True)
        self.dir = tempfile.mkdtemp(prefix=name + "-", dir=os.path.abspath(scratch))
        self.options = list(options)
        self.endpoints = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _traceback):
        try:
            self.run("stop", "--dir", self.dir)
        except ImageError as error:
            print(error)
            self._kill_all()
        if kind is None:
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            print(f"the image is kept in {self.dir}")
        return False

    def run(self, *arguments):
        """./run with the programs under test."""
        done = subprocess.run([*self.prefix, os.path.join(PROJECT, "run"), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=COMMAND_TIMEOUT, env={**os.environ, "TWINTRACK_BIN": self.programs})
        if done.returncode:
            raise ImageError(f"./run {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def up(self):
        self.run("up", "--dir", self.dir, *self.options)
        with open(os.path.join(self.dir, "endpoints.json"), encoding="utf-8") as file:
            self.endpoints = json.load(file)

    def stop(self):
        self.run("stop", "--dir", self.dir)

    def daemon_pid(self):
        return self.endpoints["pids"]["twintrackd"]

    def kill(self):
        """kill -9 of the data process; returns when it is gone."""
        pid = self.daemon_pid()
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while os.path.exists(f"/proc/{pid}") and not _is_zombie(pid):
            if time.monotonic() > deadline:
                raise ImageError(f"pid {pid} is still there 60 s after kill -9")
            time.sleep(0.005)

    def _kill_all(self):
        for pid in self.endpoints.get("pids", {}).values():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def uri(self, volume):
        return f"nbd+unix:///{volume}?socket={self.endpoints['nbd']['unix']}"

    def dscli(self, *arguments):
        """Runs one command; returns (exit code, output, errors)."""
        dscli = self.endpoints["dscli"]
        done = subprocess.run([*self.prefix, dscli["program"], "-cfg", dscli["profile"], *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=COMMAND_TIMEOUT)
        return done.returncode, done.stdout, done.stderr

    def must(self, *arguments):
        status, output, errors = self.dscli(*arguments)
        if status:
            raise ImageError(f"dscli {' '.join(arguments)}: exit {status}\n{output}{errors}")
        return output

    def rows(self, *arguments):
        """The rows of a list command as lists of cells; none when nothing was found."""
        command, *rest = arguments
        output = self.must(command, "-fmt", "delim", "-hdr", "off", "-bnr", "off", *rest)
        return [line.split(",") for line in output.splitlines() if line and not line.startswith("CMU")]


def _is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
