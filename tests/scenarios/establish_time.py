#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""establish_time.py PROGRAMS: what an establish costs does not depend on the size of the volume, and a group of 256
pairs made by one command under load is one instant. Nor does a restart depend on sizes.

Times are measured at the control socket, around the whole command. The machine may be busy with other tests, so the
limits are held against the best of many rounds, and sizes are compared in turn."""

import os
import random
import statistics
import sys
import time

import nbd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "kill")]
import oracle  # noqa: E402
from daemon import Daemon  # noqa: E402
from load import Writer  # noqa: E402

GIB_BLOCKS = 1 << 21
SMALL, LARGE = GIB_BLOCKS, 16 * 1024 * GIB_BLOCKS
ROUNDS = 30
GROUP, GROUP_SECTORS = 256, 2 * 2048  # 256 volumes of 2 MiB
WRITERS = 4


def milliseconds(seconds):
    return f"{seconds * 1000:.2f} ms"


def establish(daemon, pairs):
    """Seconds that the command took."""
    begin = time.monotonic()
    daemon.must("mkflash", pairs=[{"source": source, "target": target} for source, target in pairs],
                background_copy=False, persistent=True, target_write_inhibit=False, sequence_number=0)
    return time.monotonic() - begin


def withdraw(daemon, pairs):
    daemon.must("rmflash", pairs=[{"source": source, "target": target} for source, target in pairs])


def write_some(daemon, volume):
    """Dirty data at both ends of the volume, so that an establish meets some."""
    handle = nbd.NBD()
    handle.connect_uri(daemon.uri(volume))
    size = handle.get_size()
    for index in range(32):
        handle.pwrite(os.urandom(4096), index * 65536)
        handle.pwrite(os.urandom(4096), size - (index + 1) * 65536)
    handle.shutdown()


def sizes(daemon):
    daemon.make_volumes("P1", ["0100", "0101"], SMALL, sam="ese")
    daemon.make_volumes("P1", ["0300", "0301"], LARGE, sam="ese")
    small, large = [], []
    for _round in range(ROUNDS):
        for times, pair in ((small, ("0100", "0101")), (large, ("0300", "0301"))):
            write_some(daemon, pair[0])
            times.append(establish(daemon, [pair]))
            withdraw(daemon, [pair])
    for name, times in (("1 GiB", small), ("16 TiB", large)):
        print(f"establish of {name}: best {milliseconds(min(times))}, median {milliseconds(statistics.median(times))}")
    if min(large) > 0.010:
        raise AssertionError(f"an establish of 16 TiB takes {milliseconds(min(large))} at best, more than 10 ms")
    difference = min(large) - min(small)
    if difference > 0.003:
        raise AssertionError(f"an establish of 16 TiB takes {milliseconds(difference)} more than one of 1 GiB, at best")


def restart(daemon):
    """A relationship of 16 TiB is there, a kill, and the image is back at once."""
    establish(daemon, [("0300", "0301"), ("0100", "0101")])
    write_some(daemon, "0300")
    daemon.kill()
    begin = time.monotonic()
    daemon.up()
    took = time.monotonic() - begin
    print(f"serves again {took:.2f} s after a kill, with 32 TiB of volumes and a relationship of 16 TiB")
    if took > 5:
        raise AssertionError("a restart depends on the size of volumes")


def group(daemon):
    """One command with 256 pairs, while writers make dependent writes all over the sources."""
    names = [f"10{number:02X}" for number in range(GROUP)]
    targets = [f"12{number:02X}" for number in range(GROUP)]
    daemon.make_volumes("P0", names, GROUP_SECTORS, sam="ese")
    daemon.make_volumes("P0", targets, GROUP_SECTORS, sam="ese")
    sources = [oracle.Volume(name, GROUP_SECTORS) for name in names]
    copies = [oracle.Volume(name, GROUP_SECTORS) for name in targets]
    pairs = list(zip(names, targets))
    written = sources[::16]  # A connection per volume and writer: some of them have to stand for all.
    writers = [Writer(number, WRITERS, written, random.Random(number)) for number in range(WRITERS)]
    times = []
    for writer in writers:
        writer.start(daemon.uri)
    try:
        for round_number in range(5):
            time.sleep(0.3)
            moment = oracle.Moment(written, writers)
            times.append(establish(daemon, pairs))
            moment.close()
            if round_number < 4:
                withdraw(daemon, pairs)
    finally:
        for writer in writers:
            writer.join(stop=True)
    if any(writer.failure for writer in writers):
        raise AssertionError(f"writers failed: {[str(writer.failure) for writer in writers]}")
    check_group(daemon, moment, [(s, c) for s, c in zip(sources, copies) if s in written])
    print(f"establish of {GROUP} pairs under load: best {milliseconds(min(times))}, median "
          f"{milliseconds(statistics.median(times))}; the copies are one instant "
          f"({sum(len(writer.issued) for writer in writers)} writes)")
    if min(times) > 0.100:
        raise AssertionError(f"a group of {GROUP} pairs takes {milliseconds(min(times))} at best, more than 100 ms")


def check_group(daemon, moment, pairs):
    for source, target in pairs:
        moment.copy_to(source, target)
        handle = nbd.NBD()
        handle.connect_uri(daemon.uri(target.name))
        target.settle(0, bytes(handle.pread(target.sectors * oracle.SECTOR, 0)))
        handle.shutdown()
    moment.check_group(pairs, set())


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with Daemon(sys.argv[1], "establish", ["--journal-mib", "128", "--cores", "2"]) as daemon:
        daemon.up()
        sizes(daemon)
        restart(daemon)
        group(daemon)
    return 0


if __name__ == "__main__":
    sys.exit(main())
