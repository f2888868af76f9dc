#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The units of packaging/systemd: systemd accepts them, they are confined, and the programs live within their filters.

systemd_test.py TWINTRACKD CONSOLE DSCLI
"""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

IMAGE, CONSOLE, DSCLI = sys.argv[1:4]
UNITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packaging/systemd")
PROGRAMS = {"twintrackd": IMAGE, "twintrack-console": CONSOLE}
MOST_EXPOSED = 15  # tenths, as systemd-analyze counts; 100 is a service without any bounds
SKIPPED = 77
WAIT_S = 30


def analyze(*words):
    done = subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def text_of(unit):
    with open(os.path.join(UNITS, f"{unit}.service"), encoding="utf-8") as file:
        return file.read()


def names_of(group, known={}):
    """System calls of a group of systemd, with those of the groups within."""
    if group not in known:
        names = set()
        for line in analyze("syscall-filter", group)[1].splitlines():
            word = line.strip()
            if word.startswith("@") and word != group:
                names |= names_of(word)
            elif re.fullmatch(r"[a-z_0-9]+", word):
                names.add(word)
        known[group] = names
    return known[group]


def allowed_by(unit):
    allowed = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", text_of(unit), re.M):
        names = set().union(*(names_of(group) for group in value.lstrip("~").split()))
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed


class Units(unittest.TestCase):
    def test_systemd_accepts_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit, program in PROGRAMS.items():
                path = os.path.join(folder, f"{unit}.service")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text_of(unit).replace(f"/usr/local/bin/{unit}", program))
            code, text = analyze("verify", *glob.glob(f"{folder}/*.service"))
        self.assertEqual((code, text), (0, ""))

    def test_they_are_confined(self):
        for unit in PROGRAMS:
            code, text = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}",
                                 os.path.join(UNITS, f"{unit}.service"))
            self.assertEqual(code, 0, text)
            print(text.strip().splitlines()[-1])

    def test_a_unit_without_bounds_would_be_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bare.service")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"[Service]\nExecStart={IMAGE}\n")
            self.assertNotEqual(analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", path)[0], 0)

    def test_the_user_is_the_one_of_the_units(self):
        with open(os.path.join(UNITS, "twintrack.sysusers"), encoding="utf-8") as file:
            user = re.search(r"^u (\S+) ", file.read(), re.M)[1]
        for unit in PROGRAMS:
            self.assertIn(f"\nUser={user}\n", text_of(unit))


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Filters(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="twintrack-systemd-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.running = []
        # With its child: a program whose tracer is killed goes on.
        self.addCleanup(lambda: [os.killpg(process.pid, signal.SIGKILL) for process in self.running])

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name, program, *words):
        ready = self.path(f"{name}.json")
        with open(self.path(f"{name}.log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen(["strace", "-f", "-qq", "-c", "-U", "name", "-o", self.path(f"{name}.calls"), "--",
                                        program, *words, "--ready-file", ready], stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        deadline = time.monotonic() + WAIT_S
        while not os.path.exists(ready) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        with open(self.path(f"{name}.log"), encoding="utf-8") as log:
            self.assertTrue(os.path.exists(ready), log.read())
        with open(ready, encoding="utf-8") as file:
            return process, json.load(file)

    def stop(self, process, name):
        """Names of the calls it made. The program is the child of strace."""
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as file:
            os.kill(int(file.read().split()[0]), signal.SIGTERM)
        self.assertEqual(process.wait(WAIT_S), 0)
        self.running.remove(process)
        with open(self.path(f"{name}.calls"), encoding="utf-8") as file:
            return {line.strip() for line in file if re.fullmatch(r"[a-z_0-9]+", line.strip())} - {"syscall", "total"}

    def check(self, unit, calls):
        self.assertIn("openat", calls)
        # SQLite gives a file that root makes the owner of the one beside it; units do not run as root.
        of_root = {"fchown"} if os.geteuid() == 0 else set()
        self.assertEqual(calls - allowed_by(unit) - of_root, set())

    def test_the_programs_make_only_calls_that_are_allowed(self):
        for backend in ("automatic", "posix"):
            with self.subTest(backend=backend):
                image, ready = self.start(f"image-{backend}", IMAGE, "--dir", self.path(backend), "--journal-mib", "64",
                                          "--rank-gib", "8", "--cores", "2", "--nbd-tcp", "127.0.0.1:0", "--control",
                                          self.path("control.sock"), "--io", backend)
                console, at = self.start(f"console-{backend}", CONSOLE, "--dir", self.path(f"console-{backend}"),
                                         "--listen", "127.0.0.1:0", "--image",
                                         f"{ready['storage_image']}={self.path('control.sock')}")
                profile = self.path("profile")
                with open(profile, "w", encoding="utf-8") as file:
                    file.write(f"hmc1: {at['url'].removeprefix('https://')}\nusername: admin\n"
                               f"passwordfile: {at['password_file']}\nca: {at['ca']}\ndevid: {ready['storage_image']}\n")
                for line in ("mkfbvol -extpool P1 -cap 1 0100-0101", "mkflash 0100:0101", "lsflash 0100", "lsuser"):
                    done = subprocess.run([DSCLI, "-cfg", profile, *line.split()], capture_output=True, text=True,
                                          timeout=WAIT_S, check=False)
                    self.assertEqual(done.returncode, 0, line + done.stdout + done.stderr)
                self.check("twintrack-console", self.stop(console, f"console-{backend}"))
                self.check("twintrackd", self.stop(image, f"image-{backend}"))

    def test_uring_is_allowed_to_the_image_only(self):
        self.assertLessEqual({"io_uring_setup", "io_uring_enter", "io_uring_register"}, allowed_by("twintrackd"))
        self.assertNotIn("io_uring_setup", allowed_by("twintrack-console"))
        for unit in PROGRAMS:
            self.assertFalse({"ptrace", "mount", "setuid", "init_module", "bpf"} & allowed_by(unit))


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not installed")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
