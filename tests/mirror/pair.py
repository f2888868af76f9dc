# SPDX-License-Identifier: Apache-2.0
"""Images that know each other: certificates, two ports each, and the file that says where they are."""

import os
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from image import PROJECT, Image  # noqa: E402


def certificates(folder, *images):
    subprocess.run([os.path.join(PROJECT, "tools", "mirror-certs"), folder, *images], check=True,
                   stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Partner(Image):
    """An image with ports I0100 and I0101 for others."""

    def __init__(self, programs, name, certs, partners, ports=None, prefix=()):
        self.ports = ports or {"I0100": f"127.0.0.1:{free_port()}", "I0101": f"127.0.0.1:{free_port()}"}
        options = ["--cores", "1", "--mirror-certs", certs, "--partners", partners]
        for port in self.ports.values():
            options += ["--mirror-tcp", port]
        super().__init__(programs, name, options, prefix)
        self.partners = partners

    @property
    def wwnn(self):
        return self.must("lssi", "-fmt", "delim", "-hdr", "off", "-bnr", "off").split(",")[4]

    def log(self):
        with open(os.path.join(self.dir, "log", "twintrackd.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def announce(self):
        """Others find it from now on."""
        with open(self.partners, "a", encoding="ascii") as file:
            for port, address in self.ports.items():
                file.write(f"{self.wwnn} {port} {address}\n")

    def states(self, lss):
        """State and reason of each path of an LSS."""
        return [(row[2], row[7]) for row in self.rows("lspprcpath", "-l", lss)]

    def wait_for(self, lss, states, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            seen = [state for state, _ in self.states(lss)]
            if seen == states:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"paths of {lss} are {self.states(lss)} and not {states}")
            time.sleep(0.1)


def scratch_folder(programs):
    parent = os.environ.get("TWINTRACK_TEST_FOLDER", os.path.join(os.path.abspath(programs), "..", "test-images"))
    os.makedirs(parent, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="mirror-", dir=os.path.abspath(parent))
