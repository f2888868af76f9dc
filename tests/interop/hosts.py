#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""hosts.py PROGRAMS: who sees which volumes of a storage image, asked by nbdinfo and libnbd over TLS with certificates
and pre-shared keys, by address, and over the Unix socket."""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from image import Image  # noqa: E402

try:
    import nbd
except ImportError:
    print("SKIP: python3-libnbd is not installed")
    sys.exit(77)

ALL = ["0200", "0201", "0202", "0203"]


def step(text):
    print("  -", text, flush=True)


class Hosts:
    def __init__(self, image, files):
        self.image = image
        self.files = files
        self.tcp = image.endpoints["nbd"]["tcp"]
        self.unix = image.endpoints["nbd"]["unix"]

    def uri(self, way, name=""):
        files = self.files
        return {
            "certificate": f"nbds://{self.tcp}/{name}?tls-certificates={files}/client&tls-verify-peer=false",
            "psk": f"nbds://alice@{self.tcp}/{name}?tls-psk-file={files}/keys.psk",
            "other psk": f"nbds://bob@{self.tcp}/{name}?tls-psk-file={files}/keys.psk",
            "address": f"nbd://{self.tcp}/{name}",
            "unix": f"nbd+unix:///{name}?socket={self.unix}",
        }[way]

    def listed(self, way):
        """Names that nbdinfo --list prints."""
        done = subprocess.run(["nbdinfo", "--list", "--json", self.uri(way)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
        if done.returncode:
            raise AssertionError(f"nbdinfo over {way}: {done.stderr}")
        return [line.split('"')[3] for line in done.stdout.splitlines() if '"export-name"' in line]

    def expect(self, way, names):
        found = self.listed(way)
        assert found == names, f"over {way}: listed {found}, expected {names}"
        for name in ALL:
            handle = self.handle()
            try:
                handle.connect_uri(self.uri(way, name))
                let_in = True
            except nbd.Error as error:
                assert "no such export" in error.string or "unknown" in error.string.lower() or error.errno == "ENOENT", error
                let_in = False
            assert let_in == (name in names), f"over {way}: {name} {'let in' if let_in else 'refused'}"
        step(f"{way}: {' '.join(names) or 'nothing'}")

    @staticmethod
    def handle():
        handle = nbd.NBD()
        handle.set_uri_allow_local_file(True)
        return handle

    def attached(self, way, name):
        handle = self.handle()
        handle.connect_uri(self.uri(way, name))
        handle.pread(4096, 0)
        return handle


def reads(handle):
    try:
        handle.pread(4096, 0)
        return "ok"
    except nbd.Error as error:
        return error.errno


def check(image, hosts):
    image.must("mkfbvol", "-extpool", "P0", "-type", "blocks", "-cap", "8192", "0200-0203")
    step("a new image is open")
    for way in ("certificate", "psk", "address", "unix"):
        hosts.expect(way, ALL)

    image.must("rmhostconnect", "-quiet", "0000")
    step("without the open host connection it is closed")
    for way in ("certificate", "psk", "address", "unix"):
        hosts.expect(way, [])
    unknown = [row[6] for row in image.rows("lshostconnect", "-unknown", "-l")]
    assert sorted(unknown) == sorted(["tls:host1", "psk:alice", "addr:127.0.0.1", f"unix:{os.getuid()}"]), unknown

    for number, (identity, volumes) in enumerate([("tls:Host1", "0200-0201"), ("psk:alice", "0201"),
                                                  ("addr:127.0.0.0/8", "0202"), (f"unix:{os.getuid()}", "0203")]):
        image.must("mkvolgrp", "-volume", volumes, f"group{number}")
        image.must("mkhostconnect", "-identity", identity, "-volgrp", f"V{number}", f"host{number}")
    step("each host sees its volumes")
    hosts.expect("certificate", ["0200", "0201"])
    hosts.expect("psk", ["0201"])
    hosts.expect("other psk", ["0202"])
    hosts.expect("address", ["0202"])
    hosts.expect("unix", ["0203"])
    assert not image.rows("lshostconnect", "-unknown")

    sessions = {way: hosts.attached(way, name) for way, name in
                [("certificate", "0200"), ("psk", "0201"), ("address", "0202"), ("unix", "0203")]}
    logins = {row[4]: (row[2], row[8], row[9]) for row in image.rows("lshostconnect", "-login", "-l")}
    assert logins == {"host0": ("I0001", "0200", "Enabled"), "host1": ("I0001", "0201", "Enabled"),
                      "host2": ("I0001", "0202", "Enabled"), "host3": ("I0000", "0203", "Enabled")}, logins
    step("lshostconnect -login names every session")

    image.must("chvolgrp", "-action", "remove", "-volume", "0201", "V1")
    image.must("rmhostconnect", "-quiet", "0002")
    assert reads(sessions["certificate"]) == "ok"
    assert reads(sessions["psk"]) == "EPERM"
    assert reads(sessions["address"]) == "EPERM"
    assert reads(sessions["unix"]) == "ok"
    step("a mapping that is taken away refuses I/O of sessions that had it, and only of them")

    image.must("chvolgrp", "-action", "add", "-volume", "0201", "V1")
    assert reads(sessions["psk"]) == "ok"
    status, _, errors = image.dscli("setioport", "-topo", "off", "I0001")
    assert status == 4 and "CMUN90506E" in errors, errors
    image.must("setioport", "-topo", "off", "-force", "I0001")
    assert reads(sessions["certificate"]) != "ok"
    try:
        hosts.attached("address", "0202")
        raise AssertionError("a closed port let somebody in")
    except nbd.Error as error:
        assert error.errno == "ECONNREFUSED", error
    assert reads(sessions["unix"]) == "ok"
    step("a closed port refuses connections")

    image.stop()
    image.up()
    states = {row[0]: row[2] for row in image.rows("lsioport")}
    assert states == {"I0000": "Online", "I0001": "Offline"}, states
    hosts.unix = image.endpoints["nbd"]["unix"]
    hosts.expect("unix", ["0203"])
    image.must("setioport", "-topo", "scsi-fcp", "I0001")
    hosts.tcp = next(line.split()[1] for line in image.must("showioport", "I0001").splitlines()
                     if line.startswith("Address"))
    hosts.expect("psk", ["0201"])
    step("all of it is there after a restart")


def main():
    programs = sys.argv[1]
    files = os.path.join(os.path.abspath(programs), "..", "test-images", f"host-keys-{os.getpid()}")
    made = subprocess.run([os.path.join(HERE, "make_tls_files.sh"), files], check=False)
    if made.returncode:
        return made.returncode
    for ours, theirs in (("server.pem", "server-cert.pem"), ("server.key", "server-key.pem"), ("ca.pem", "ca-cert.pem")):
        os.makedirs(os.path.join(files, "image"), exist_ok=True)
        shutil.copy(os.path.join(files, ours), os.path.join(files, "image", theirs))
    options = ["--tls", "allowed", "--tls-certs", os.path.join(files, "image"), "--tls-psk",
               os.path.join(files, "keys.psk")]
    with Image(programs, "hosts", options) as image:
        image.up()
        check(image, Hosts(image, files))
    shutil.rmtree(files)
    return 0


sys.exit(main())
