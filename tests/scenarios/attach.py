# SPDX-License-Identifier: Apache-2.0
"""A volume as a mounted ext4: NBD, shown as a file by nbdfuse, through a loop device. And all of it away again."""

import glob
import os
import shutil
import subprocess
import tempfile
import time

PREFIX = "twintrack-scenario-"


class AttachError(Exception):
    pass


def why_not():
    """The reason why this machine cannot attach volumes; None when it can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no usable /dev/fuse"
    if not os.path.exists("/dev/loop-control"):
        return "there are no loop devices"
    for program in ("nbdfuse", "fusermount3", "losetup", "mke2fs"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


def _call(*command, check=True):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if check and done.returncode:
        raise AttachError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def _until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AttachError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def scratch_folder():
    """A folder for mount points that any user can reach; leftovers of runs that were killed are taken away first."""
    for old in glob.glob(os.path.join(tempfile.gettempdir(), PREFIX + "*")):
        pid = old.rsplit("-", 2)[1]
        if not os.path.exists(f"/proc/{pid}"):
            _remove_leftovers(old)
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
    os.chmod(folder, 0o755)
    return folder


def _remove_leftovers(folder):
    with open("/proc/self/mounts", encoding="utf-8") as file:
        points = [line.split()[1] for line in file]
    for point in reversed([p for p in points if p.startswith(folder + "/")]):
        if point.endswith(".volume"):
            for line in _call("losetup", "-j", point, check=False).splitlines():
                _call("losetup", "-d", line.split(":")[0], check=False)
            _call("fusermount3", "-u", "-z", point, check=False)
        else:
            _call("umount", "-l", point, check=False)
    shutil.rmtree(folder, ignore_errors=True)


class Attached:
    """A mounted volume; use it in a `with`. `make` puts a fresh ext4 on it first."""

    def __init__(self, uri, folder, name, make=False):
        self._uri, self._make = uri, make
        self._file = os.path.join(folder, name + ".volume")
        self.mount_point = os.path.join(folder, name)
        self._process = self._loop = None
        self._mounted = False

    def __enter__(self):
        try:
            self._attach()
        except BaseException:
            self.detach()
            raise
        return self

    def __exit__(self, *_exception):
        self.detach()
        return False

    def _attach(self):
        with open(self._file, "w", encoding="ascii"):
            pass
        self._process = subprocess.Popen(["nbdfuse", self._file, self._uri], stdin=subprocess.DEVNULL)
        _until(lambda: os.path.ismount(self._file) or self._process.poll() is not None, 30, "nbdfuse shows the volume")
        if self._process.poll() is not None:
            raise AttachError(f"nbdfuse ended with {self._process.returncode}")
        if self._make:
            _call("mke2fs", "-q", "-F", "-t", "ext4", self._file)
        self._loop = _call("losetup", "--find", "--show", self._file).strip()
        os.makedirs(self.mount_point, exist_ok=True)
        _call("mount", "-t", "ext4", self._loop, self.mount_point)
        self._mounted = True

    def detach(self):
        """Undoes what was done, in reverse; a step that is not possible does not keep the others from being done."""
        if self._mounted:
            self._retry("umount", self.mount_point) or _call("umount", "-l", self.mount_point, check=False)
            self._mounted = False
        if self._loop:
            self._retry("losetup", "-d", self._loop)
            self._loop = None
        if self._process:
            self._retry("fusermount3", "-u", self._file) or _call("fusermount3", "-u", "-z", self._file, check=False)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    @staticmethod
    def _retry(*command):
        for _attempt in range(50):
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return True
            time.sleep(0.1)
        return False


def check_file_system(uri, folder):
    """e2fsck reads the volume as it is and has no complaint."""
    path = os.path.join(folder, "fsck.img")
    try:
        _call("nbdcopy", uri, path)
        _call("e2fsck", "-fn", path)
    finally:
        if os.path.exists(path):
            os.remove(path)
