#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""networks.py PROGRAMS: two images, each in a network of its own, with two cables between them. One cable is cut and
mended, then both, then one by one: paths say so, those over the other cable go on, and all come back by themselves.
Exit 77: this machine cannot do it, with the reason."""

import os
import subprocess
import sys
import time

from pair import Partner, certificates, scratch_folder

SKIPPED = 77
START = time.monotonic()
UP, DOWN = "Success", "Failed"


def tell(text):
    print(f"{time.monotonic() - START:7.2f} s  {text}", flush=True)


def ip(*words):
    done = subprocess.run(["ip", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stdout.strip()}")


class Networks:
    """Two namespaces with two cables: 10.231.1.0/24 and 10.231.2.0/24."""

    def __init__(self):
        self.names = [f"twintrack-{os.getpid()}-{site}" for site in "ab"]

    def __enter__(self):
        try:
            for name in self.names:
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
                # What comes over the one cable from an address of the other is dropped, as separate networks would.
                ip("netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter")
            for cable in (1, 2):
                ip("-n", self.names[0], "link", "add", f"c{cable}", "type", "veth", "peer", "name", f"c{cable}", "netns",
                   self.names[1])
                for end, name in enumerate(self.names, start=1):
                    ip("-n", name, "addr", "add", f"10.231.{cable}.{end}/24", "dev", f"c{cable}")
                    ip("-n", name, "link", "set", f"c{cable}", "up")
        except OSError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return False

    def cable(self, number, up):
        """Packets vanish without a word when it is cut, as they do when an excavator has been there."""
        ip("-n", self.names[1], "link", "set", f"c{number}", "up" if up else "down")

    def enter(self, site):
        return ["ip", "netns", "exec", self.names[site]]


def partner(programs, networks, site, certs, partners):
    ports = {f"I010{cable - 1}": f"10.231.{cable}.{site + 1}:10900" for cable in (1, 2)}
    name = "ab"[site]
    return Partner(programs, f"net-{name}", os.path.join(certs, name), partners, ports, networks.enter(site))


def story(here, there, networks):
    reachable = [(row[0], row[1]) for row in here.rows("lsavailpprcport", "-remotewwnn", there.wwnn, "10:20")]
    # A connection leaves from the address of its port, and the networks are separate.
    if reachable != [("I0100", "I0100"), ("I0101", "I0101")]:
        raise AssertionError(f"reachable: {reachable}")
    here.must("mkpprcpath", "-remotewwnn", there.wwnn, "-srclss", "10", "-tgtlss", "20", "I0100:I0100", "I0101:I0101")
    there.must("mkpprcpath", "-remotewwnn", here.wwnn, "-srclss", "20", "-tgtlss", "10", "I0100:I0100", "I0101:I0101")
    for cut in ((1,), (2,), (1, 2), (2, 1)):
        for cable in cut:
            networks.cable(cable, up=False)
        states = [DOWN if 1 in cut else UP, DOWN if 2 in cut else UP]
        begin = time.monotonic()
        here.wait_for("10", states, seconds=15)
        there.wait_for("20", states, seconds=15)
        tell(f"cut {cut}: both images know after {time.monotonic() - begin:.1f} s")
        if len(cut) == 2:
            begin = time.monotonic()
            code, _, errors = here.dscli("mkpprcpath", "-remotewwnn", there.wwnn, "-srclss", "11", "-tgtlss", "20",
                                         "I0100:I0100")
            if code != 4 or "CMUN90402E" not in errors:
                raise AssertionError(f"a path over a cable that is cut: {code} {errors}")
            tell(f"a new path over a cable that is cut is refused after {time.monotonic() - begin:.1f} s")
        for cable in cut:
            networks.cable(cable, up=True)
        begin = time.monotonic()
        here.wait_for("10", [UP, UP])
        there.wait_for("20", [UP, UP])
        tell(f"mended: all paths are back after {time.monotonic() - begin:.1f} s")
    networks.cable(1, up=False)
    begin = time.monotonic()
    here.run("stop", "--dir", here.dir)
    tell(f"stopped beside a cable that is cut in {time.monotonic() - begin:.1f} s")
    here.up()
    here.wait_for("10", [DOWN, UP], seconds=15)
    networks.cable(1, up=True)
    here.wait_for("10", [UP, UP])


def main(programs):
    try:
        with scratch_folder(programs) as folder, Networks() as networks:
            certs, partners = os.path.join(folder, "certs"), os.path.join(folder, "partners")
            certificates(certs, "a", "b")
            with partner(programs, networks, 0, certs, partners) as here, \
                 partner(programs, networks, 1, certs, partners) as there:
                for image in (here, there):
                    image.up()
                    image.announce()
                story(here, there, networks)
    except OSError as error:
        if "ip " not in str(error) and "'ip'" not in str(error):
            raise
        print(f"SKIP: {error}")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
