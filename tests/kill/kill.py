#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill.py PROGRAMS [--kills N] [--seed S]: kill -9 at random under load, again and again, on one image.

After each restart: no acknowledged write is lost, no T0 image has changed, no relationship is there by half, the copies
of one command are consistent for dependent writes. The seed decides what is written, copied and when the kill comes;
threads and disks do the rest, so a seed repeats a run as far as the machine allows."""

import argparse
import os
import random
import sys
import threading
import time

import nbd

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from image import Image, ImageError  # noqa: E402

import oracle  # noqa: E402
from copies import Copies  # noqa: E402
from load import Writer  # noqa: E402

SECTORS = 16 * 2048  # 16 MiB per volume
SOURCES = ["0100", "0101", "0200", "0201"]
TARGETS = ["0300", "0301", "0302", "0400", "0401", "0402"]
WRITERS = 6
OPTIONS = ["--journal-mib", "64", "--cores", "2"]


def make_volumes(image):
    for pool, names in (("P1", ["0100-0101", "0300-0302"]), ("P0", ["0200-0201", "0400-0402"])):
        image.must("mkfbvol", "-extpool", pool, "-type", "blocks", "-cap", str(SECTORS), "-name", "kill_#h", *names)


def verify(image, volumes):
    """Reads every volume whole and settles what is there."""
    chunk = 2048
    for volume in volumes:
        if not volume.known:
            continue
        handle = nbd.NBD()
        handle.connect_uri(image.uri(volume.name))
        for first in range(0, volume.sectors, chunk):
            volume.settle(first, bytes(handle.pread(chunk * oracle.SECTOR, first * oracle.SECTOR)))
        handle.shutdown()


def one_round(image, writers, copies, chance):
    """Load and commands until the kill; returns how many seconds it lasted."""
    for writer in writers:
        writer.start(image.uri)
    end = time.monotonic() + chance.uniform(0.1, 3.0)
    killed = False

    def killer():
        nonlocal killed
        delay = end - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        killed = True
        image.kill()

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        while not killed:
            try:
                copies.step(lambda: not killed)
            except ImageError:
                if not killed:
                    raise
    finally:
        thread.join()
        for writer in writers:
            writer.join(stop=True)
    if chance.random() < 0.3:
        image.kill_while_starting(chance.uniform(0.0, 0.25))


def run(arguments):
    chance = random.Random(arguments.seed)
    with Image(arguments.programs, "kill", OPTIONS) as image:
        image.up()
        make_volumes(image)
        sources = [oracle.Volume(name, SECTORS) for name in SOURCES]
        targets = [oracle.Volume(name, SECTORS) for name in TARGETS]
        writers = [Writer(i, WRITERS, sources, random.Random(chance.random())) for i in range(WRITERS)]
        copies = Copies(image, sources, targets, writers, random.Random(chance.random()))
        writes = 0
        for turn in range(1, arguments.kills + 1):
            one_round(image, writers, copies, chance)
            start = time.monotonic()
            image.up()
            back = time.monotonic() - start
            copies.after_restart()
            verify(image, [*sources, *targets])
            copies.check_groups()
            writes += sum(len(writer.issued) for writer in writers)
            print(f"kill {turn}: serves again after {back:.2f} s; {writes} writes, {copies.commands} commands so far, "
                  f"{len(copies.established)} relationships", flush=True)
            for writer in writers:
                writer.issued.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="folder with twintrackd, twintrack-console and dscli")
    parser.add_argument("--kills", type=int, default=int(os.environ.get("TWINTRACK_KILLS", "20")))
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("TWINTRACK_SEED", str(random.SystemRandom().randrange(1 << 32)))))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.kills} kills", flush=True)
    try:
        run(arguments)
    except oracle.Mismatch as error:
        print(f"FAILED: {error}\nagain: TWINTRACK_SEED={arguments.seed} tests/kill/kill.py PROGRAMS")
        return 1
    print("no acknowledged write lost, no T0 image changed, no relationship half there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
