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
from daemon import Daemon, DaemonError, Disconnected  # noqa: E402

import oracle  # noqa: E402
from copies import Copies  # noqa: E402
from load import Streamer, Writer  # noqa: E402

SECTORS = 16 * 2048  # 16 MiB per volume
SOURCES = ["0100", "0101", "0200", "0201"]
TARGETS = ["0300", "0301", "0302", "0400", "0401", "0402"]
STREAMED = "0500"  # without copies
WRITERS = 6
STREAMERS = 2


def make_volumes(daemon):
    """A volume's LSS and its pool have the same parity."""
    daemon.make_volumes("P1", ["0100", "0101", "0300", "0301", "0302"], SECTORS)
    daemon.make_volumes("P0", ["0200", "0201", "0400", "0401", "0402"], SECTORS)


    daemon.make_volumes("P1", [STREAMED], SECTORS)


def verify(daemon, volumes):
    """Reads every volume whole and settles what is there."""
    chunk = 2048
    for volume in volumes:
        if not volume.known:
            continue
        handle = nbd.NBD()
        handle.connect_uri(daemon.uri(volume.name))
        for first in range(0, volume.sectors, chunk):
            volume.settle(first, bytes(handle.pread(chunk * oracle.SECTOR, first * oracle.SECTOR)))
        handle.shutdown()


def one_round(daemon, writers, copies, chance):
    """Load and commands until the kill; returns how many seconds it lasted."""
    for writer in writers:
        writer.start(daemon.uri)
    end = time.monotonic() + chance.uniform(0.1, 3.0)
    killed = threading.Event()
    failures = []

    def killer():
        time.sleep(max(0.0, end - time.monotonic()))
        killed.set()
        try:
            daemon.kill()
        except DaemonError as error:
            failures.append(error)

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        while not killed.is_set():
            copies.step()
    except (Disconnected, nbd.Error) as error:
        if not killed.is_set():
            failures.append(error)
    finally:
        thread.join()
        for writer in writers:
            writer.join(stop=True)
    if failures:
        raise failures[0]
    if chance.random() < 0.3:
        daemon.kill_while_starting(chance.uniform(0.0, 0.25))


def run(arguments):
    chance = random.Random(arguments.seed)
    options = ["--journal-mib", "64", "--cores", str(chance.choice([1, 2, 3])), "--io", arguments.io]
    options += ["--media-sums", "keep" if arguments.seed % 2 == 0 else "as-is"]
    with Daemon(arguments.programs, "kill", options) as daemon:
        daemon.up()
        make_volumes(daemon)
        sources = [oracle.Volume(name, SECTORS) for name in SOURCES]
        targets = [oracle.Volume(name, SECTORS) for name in TARGETS]
        writers = [Writer(i, WRITERS, sources, random.Random(chance.random())) for i in range(WRITERS)]
        copies = Copies(daemon, sources, targets, writers, random.Random(chance.random()))
        streamed = oracle.Volume(STREAMED, SECTORS)
        streamers = [Streamer(WRITERS + i, STREAMERS, [streamed], random.Random(chance.random()))
                     for i in range(STREAMERS)]
        load = [*writers, *streamers]
        writes = 0
        for turn in range(1, arguments.kills + 1):
            one_round(daemon, load, copies, chance)
            start = time.monotonic()
            daemon.up()
            back = time.monotonic() - start
            copies.after_restart()
            verify(daemon, [*sources, *targets, streamed])
            copies.check_groups()
            writes += sum(len(writer.issued) for writer in load)
            print(f"kill {turn}: serves again after {back:.2f} s; {writes} writes, {copies.commands} commands so far, "
                  f"{len(copies.established)} relationships", flush=True)
            for writer in load:
                writer.issued.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="folder with twintrackd")
    parser.add_argument("--kills", type=int, default=int(os.environ.get("TWINTRACK_KILLS", "20")))
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("TWINTRACK_SEED", str(random.SystemRandom().randrange(1 << 32)))))
    parser.add_argument("--io", default="automatic", choices=["automatic", "uring", "posix"])
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.kills} kills", flush=True)
    try:
        run(arguments)
    except oracle.Mismatch as error:
        print(f"FAILED: {error}\nagain: tests/kill/kill.py PROGRAMS --seed {arguments.seed} --io {arguments.io}")
        return 1
    print("no acknowledged write lost, no T0 image changed, no relationship half there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
