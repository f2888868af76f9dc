#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ten times what an image can do, and hosts that do not behave, against a real process: a host that keeps to the
protocol is served, memory stays bounded, and afterwards everything is as before.

overload.py PROGRAMS [--seconds N]
"""

import argparse
import contextlib
import multiprocessing
import os
import statistics
import sys
import time

import nbd

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack import attack, capacity  # noqa: E402
from daemon import Daemon  # noqa: E402

OVERLOAD = 10
SECTORS = 1 << 17  # 64 MiB
# Journal of 64 MiB, 512 connections of less than 128 KiB, the program, and half of the buffers that there are.
MOST_MEMORY_MIB = 64 + 64 + 96 + 284
LONGEST_WAIT_S = 3
RECOVERY_S = 20
SLOWER = 2


def require(condition, text):
    if not condition:
        raise AssertionError(text)


class Host:
    """One that behaves: writes, reads back, on a connection it has, and now and then on a new one."""

    def __init__(self, port, volume):
        self._uri = f"nbd://127.0.0.1:{port}/{volume}"
        self._kept = self._connect()
        self._count = 0

    def _connect(self):
        handle = nbd.NBD()
        handle.connect_uri(self._uri)
        return handle

    def _one(self, handle):
        self._count += 1
        length = (4096, 65536, 262144)[self._count % 3]
        offset = self._count * 65536 % (32 << 20)
        data = self._count.to_bytes(8, "big") * (length // 8)
        handle.pwrite(data, offset)
        require(handle.pread(length, offset) == data, f"write {self._count} is not what is read")

    def work(self, seconds):
        """Seconds that each step took: of the kept connection, of new ones."""
        kept, fresh = [], []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begin = time.monotonic()
            self._one(self._kept)
            kept.append(time.monotonic() - begin)
            if len(kept) % 8 == 0:
                begin = time.monotonic()
                handle = self._connect()
                self._one(handle)
                handle.shutdown()
                fresh.append(time.monotonic() - begin)
        return kept, fresh


def memory_mib(pid, name="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith(name + ":"))


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def shown(times):
    if not times:
        return "none"
    times = sorted(times)
    return (f"{len(times)} steps, median {1000 * statistics.median(times):.1f} ms, "
            f"99 % {1000 * times[len(times) * 99 // 100]:.0f} ms, longest {1000 * times[-1]:.0f} ms")


def run(daemon, programs, seconds, only):
    port = daemon.tcp_port()
    host = new_host(daemon)
    before, _ = host.work(2)
    files = open_files(daemon.pid())
    limit = capacity(port, "0101", 3)
    print(f"alone: {shown(before)}; capacity {limit:,.0f} writes of 4 KiB per second; {memory_mib(daemon.pid())} MiB")

    results = multiprocessing.Queue()
    attacker = multiprocessing.Process(target=attack, args=(port, "0101", OVERLOAD * limit, seconds, results, only), daemon=True)
    attacker.start()
    time.sleep(2)
    kept, fresh = host.work(seconds - 3)
    report = results.get(timeout=60 + seconds)
    attacker.join(30)
    print(f"under attack: offered {report['offered']:,.0f}, answered {report['answered']:,.0f} per second")
    for name, (made, refused, thrown_out) in report["crowds"].items():
        print(f"  {name}: {made} connections, {refused} refused, {thrown_out} thrown out")
    print(f"  a host with a connection: {shown(kept)}\n  with new ones: {shown(fresh)}")
    most = memory_mib(daemon.pid(), "VmHWM")
    print(f"  most memory {most} MiB, of {MOST_MEMORY_MIB} allowed")
    require(only or report["offered"] >= 0.9 * OVERLOAD * limit, "the attacker offered too little")
    refused = report["crowds"].get("too many of one address", [0, 1])[1]
    require(refused > 0, "an address got more connections than it may have")
    require(kept and fresh, "a host that behaves got nothing done")
    require(max(kept + fresh) < LONGEST_WAIT_S, f"a step took {max(kept + fresh):.1f} s")
    require(most < MOST_MEMORY_MIB, f"{most} MiB of memory")

    deadline = time.monotonic() + RECOVERY_S
    while open_files(daemon.pid()) > files and time.monotonic() < deadline:
        time.sleep(0.1)
    require(open_files(daemon.pid()) <= files, f"{open_files(daemon.pid())} open files, {files} before")
    host.work(1)
    with started(programs) as fresh_image:
        compare(host, new_host(fresh_image), deadline)


def compare(host, other, deadline):
    """Beside an image that nobody attacked, in turns: the disk of this machine has other users, and days of its own."""
    while True:
        after, reference = [], []
        for _ in range(4):
            reference += other.work(0.25)[0]
            after += host.work(0.25)[0]
        slower = statistics.median(after) / statistics.median(reference)
        print(f"afterwards: {shown(after)}\n  an image that was not attacked: {shown(reference)}")
        if slower < SLOWER:
            return
        require(time.monotonic() < deadline, f"steps take {slower:.1f} times as long as without an attack")


@contextlib.contextmanager
def started(programs):
    with Daemon(programs, "overload", ["--journal-mib", "64", "--rank-gib", "8", "--cores", "1"]) as daemon:
        daemon.up()
        yield daemon


def new_host(daemon):
    daemon.make_volumes("P1", ["0100", "0101"], SECTORS)
    return Host(daemon.tcp_port(), "0100")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", help="one part of the attack")
    options = parser.parse_args()
    with started(options.programs) as daemon:
        run(daemon, options.programs, options.seconds, options.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
