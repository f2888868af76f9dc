# SPDX-License-Identifier: Apache-2.0
"""A Linux kernel of its own as a process: Debian's user-mode-linux, which needs neither privileges nor virtualisation. It sees the
file system of this machine, read only, and as disks the files that it is given."""

import glob
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = "/usr/bin/linux.uml"
MODULES = "/usr/lib/uml/modules"
MEMORY_MIB = 1536


class GuestError(Exception):
    pass


def is_there():
    return os.path.exists(KERNEL)


def modules_root(folder):
    """modprobe wants lib/modules/VERSION under a root."""
    root = os.path.join(folder, "modules")
    place = os.path.join(root, "lib", "modules")
    os.makedirs(place, exist_ok=True)
    for version in glob.glob(os.path.join(MODULES, "*")):
        link = os.path.join(place, os.path.basename(version))
        if not os.path.islink(link):
            os.symlink(version, link)
    return root


def run(folder, command, disks, modules=(), seconds=3600):
    """Runs `python3 COMMAND...` as root in a guest whose /run/out is `folder` and whose disks are the files, in their order as
    /dev/ubda, /dev/ubdb, ... GuestError with what it said if that did not end well."""
    words = [KERNEL, "rootfstype=hostfs", "rootflags=/", "ro", f"mem={MEMORY_MIB}M", "quiet", "con0=null,fd:1", "con=null", "ssl=null",
             f"init={HERE}/init.sh", f"GUEST_OUT={folder}", f"GUEST_ROOT={modules_root(folder)}",
             f"GUEST_MODULES={','.join(modules)}", f"GUEST_COMMAND={','.join(command)}"]
    words += [f"ubd{number}={path}" for number, path in enumerate(disks)]
    log = os.path.join(folder, "log")
    if os.path.exists(log):
        os.remove(log)
    with open(os.path.join(folder, "console"), "w", encoding="utf-8") as console:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                                   env={**os.environ, "TMPDIR": folder})
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise GuestError(f"not ready after {seconds} s; everything is kept in {folder}") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
    said = ""
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as file:
            said = file.read()
    if not said.endswith("exit status 0\n"):
        raise GuestError(f"{' '.join(command)} failed in the guest:\n{said[-4000:]}\neverything is kept in {folder}")
    return said
