#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pairs.py PROGRAMS [SECONDS]: a Global Copy between two images under a host that writes all the time, by DS CLI alone.
Either image is killed again and again; then the site of the source is lost, the other one takes over, and home it goes
again. Every write that was answered is where it belongs each time, and nothing is copied whole."""

import random
import sys
import threading
import time

sys.path.insert(1, "/usr/lib/python3/dist-packages")
import nbd  # noqa: E402

from pair import Partner, certificates, scratch_folder  # noqa: E402

START = time.monotonic()
TRACK = 65536
BLOCK = 4096
MIB = 1 << 20
VOLUME_MIB = 64


def tell(text):
    print(f"{time.monotonic() - START:7.2f} s  {text}", flush=True)


def require(condition, what):
    if not condition:
        raise AssertionError(what)


class Writer(threading.Thread):
    """Writes blocks at random places, one after the other, and knows what each holds: what was answered, or, of the
    one that was under way when its image died, either."""

    def __init__(self, uri, content, seed):
        super().__init__(daemon=True)
        self.uri = uri
        self.content = content
        self.unsure = {}
        self.random = random.Random(seed)
        self.ending = False
        self.written = 0

    def run(self):
        while not self.ending:
            host = nbd.NBD()
            try:
                host.connect_uri(self.uri)
                while not self.ending:
                    self._write(host)
            except nbd.Error:
                time.sleep(0.05)

    def _write(self, host):
        block = self.random.randrange(VOLUME_MIB * MIB // BLOCK)
        data = self.random.randbytes(16) * (BLOCK // 16)
        before = self.unsure.pop(block, []) + [self.content.get(block, bytes(BLOCK))]
        self.unsure[block] = before + [data]
        host.pwrite(data, block * BLOCK)
        self.content[block] = data
        del self.unsure[block]
        self.written += 1

    def end(self):
        self.ending = True
        self.join()
        return self.written


def check(uri, content, unsure, what):
    host = nbd.NBD()
    host.connect_uri(uri)
    for at in range(0, VOLUME_MIB * MIB, MIB):
        found = host.pread(MIB, at)
        for offset in range(0, MIB, BLOCK):
            block = (at + offset) // BLOCK
            seen = found[offset:offset + BLOCK]
            if block in unsure:
                require(any(seen == one for one in unsure[block]), f"{what}: block {block} is nothing that was written")
                content[block] = seen
            else:
                require(seen == content.get(block, bytes(BLOCK)), f"{what}: block {block} is not what was answered")
    unsure.clear()
    host.shutdown()


def column(image, volume, heading):
    rows = image.must("lspprc", "-l", "-fmt", "delim", "-bnr", "off", volume).splitlines()
    return rows[2].split(",")[rows[0].split(",").index(heading)]


def wait_in_step(image, volume, seconds=120):
    begin = time.monotonic()
    while column(image, volume, "Out Of Sync Tracks") != "0":
        require(time.monotonic() - begin < seconds, f"the pair is {column(image, volume, 'State')}, not in step")
        time.sleep(0.1)
    return time.monotonic() - begin


def make_paths(here, there, source_lss, target_lss):
    here.must("mkpprcpath", "-remotewwnn", there.wwnn, "-srclss", source_lss, "-tgtlss", target_lss, "I0100:I0100",
              "I0101:I0101")


def killed_again_and_again(here, there, content, seconds):
    writer = Writer(here.uri("1000"), content, 1)
    writer.start()
    deadline = time.monotonic() + seconds
    kills = 0
    while time.monotonic() < deadline:
        time.sleep(random.Random(kills).uniform(0.2, 1.5))
        victim = (there, here)[kills % 2]
        victim.kill()
        victim.up()
        kills += 1
    written = writer.end()
    took = wait_in_step(here, "1000")
    tell(f"{kills} kills under {written} writes; in step {took:.1f} s after the last write")
    return writer


def takes_over(here, there, content, unsure):
    """The site of the source is lost in the middle of everything, after a moment without writes: a Global Copy holds
    what was written before that moment."""
    here.kill()
    failed = there.must("failoverpprc", "-type", "gcp", "2000:1000")
    require("CMUC00196I" in failed, failed)
    check(there.uri("2000"), content, unsure, "after the failover")
    writer = Writer(there.uri("2000"), content, 2)
    writer.start()
    time.sleep(2)
    tell(f"the other site has taken over: {writer.end()} writes")
    return writer


def comes_home(here, there, content, unsure):
    here.up()
    there.wait_for("20", ["Success", "Success"])
    writer = Writer(there.uri("2000"), content, 3)
    writer.unsure = unsure
    writer.start()
    there.must("failbackpprc", "-type", "gcp", "2000:1000")
    time.sleep(1)
    writer.end()
    back = int(column(there, "2000", "Out Of Sync Tracks"))
    took = wait_in_step(there, "2000")
    tell(f"failed back; {back} of {VOLUME_MIB * MIB // TRACK} tracks were left after a second, and {took:.1f} s later none")
    here.must("failoverpprc", "-type", "gcp", "1000:2000")
    check(here.uri("1000"), content, writer.unsure, "home again")
    here.must("failbackpprc", "-type", "gcp", "1000:2000")
    wait_in_step(here, "1000")
    require(column(here, "1000", "State") == "Copy Pending", "home, and mirrored")
    require(column(there, "2000", "State") == "Target Copy Pending", "the target again")


def main(programs, seconds):
    with scratch_folder(programs) as folder:
        certificates(folder, "a", "b")
        partners = f"{folder}/partners"
        with Partner(programs, "pair-a", f"{folder}/a", partners) as here, \
                Partner(programs, "pair-b", f"{folder}/b", partners) as there:
            for image in (here, there):
                image.up()
                image.announce()
            here.must("mkfbvol", "-extpool", "P0", "-cap", str(VOLUME_MIB * MIB // 512), "-type", "blocks", "1000")
            there.must("mkfbvol", "-extpool", "P0", "-cap", str(VOLUME_MIB * MIB // 512), "-type", "blocks", "2000")
            make_paths(here, there, "10", "20")
            make_paths(there, here, "20", "10")
            begin = time.monotonic()
            here.must("mkpprc", "-type", "gcp", "-wait", "1000:2000")
            tell(f"an empty volume was mirrored in {time.monotonic() - begin:.1f} s")
            try:
                host = nbd.NBD()
                host.connect_uri(there.uri("2000"))
                host.pread(BLOCK, 0)
                raise AssertionError("a host read the target")
            except nbd.Error as error:
                require(error.errnum == 1, f"a host at the target gets {error}")
            content = {}
            writer = killed_again_and_again(here, there, content, seconds)
            check(here.uri("1000"), content, writer.unsure, "at the source")
            wait_in_step(here, "1000")
            writer = takes_over(here, there, content, writer.unsure)
            comes_home(here, there, content, writer.unsure)
            here.must("rmpprc", "-quiet", "1000:2000")
            check(there.uri("2000"), content, {}, "the former target")
    tell("every write is where it belongs")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 12)
