# SPDX-License-Identifier: Apache-2.0
"""Row 7: what an establish, a withdraw and a restart take by size of the volumes and by number of the relationships, and the
memory they need. Times are taken around the whole command at the socket that the management console uses."""

import random
import sys
import time

from figures import Row, spread, table
from systems import GIB_BLOCKS, QemuStorageDaemon, Twintrack

SIZES_GIB = {"1 GiB": 1, "64 GiB": 64, "1 TiB": 1024, "16 TiB": 16384}
COUNTS = (1, 16, 256, 4096)
PAIR_GIB = 1
LSS_VOLUMES = 256
WEAR_WRITES = 200


def names(first_lss, count):
    return [f"{first_lss + number // LSS_VOLUMES:02X}{number % LSS_VOLUMES:02X}" for number in range(count)]


def wear(system, volume, size_gib):
    """Data all over the volume, so that the next establish meets a worn one."""
    import nbd  # pylint: disable=import-outside-toplevel
    handle = nbd.NBD()
    handle.connect_uri(system.daemon.uri(volume))
    for _count in range(WEAR_WRITES):
        handle.pwrite(random.randbytes(4096), random.randrange(size_gib * 16384) * 65536)
    handle.shutdown()


def make_volumes(system):
    volumes = {}
    for number, (name, gib) in enumerate(SIZES_GIB.items()):
        volumes[name] = (f"{2 * number + 2:02X}00", f"{2 * number + 2:02X}01")
        system.daemon.make_volumes("P0", volumes[name], gib * GIB_BLOCKS, sam="ese")
    return volumes


def by_size(system, volumes, rounds):
    cells = {name: {"fresh": [], "worn": [], "withdraw": []} for name in SIZES_GIB}
    for turn in range(rounds):
        for name, gib in SIZES_GIB.items():
            if turn:
                wear(system, volumes[name][0], gib)
            cells[name]["worn" if turn else "fresh"].append(system.establish([volumes[name]]) * 1e3)
            begin = time.monotonic()
            system.withdraw([volumes[name]])
            cells[name]["withdraw"].append((time.monotonic() - begin) * 1e3)
    return cells


def by_count(system, rounds):
    most = max(COUNTS)
    sources, targets = names(0x20, most), names(0x60, most)
    for volumes in (sources, targets):
        for at in range(0, most, LSS_VOLUMES):
            pool = f"P{at // LSS_VOLUMES % 2}"  # volumes of even LSSs are in even pools
            system.daemon.make_volumes(pool, volumes[at:at + LSS_VOLUMES], PAIR_GIB * GIB_BLOCKS, sam="ese")
    before = system.resident_bytes()  # before anything was freed that could be used again
    system.establish(list(zip(sources, targets)))
    memory = (system.resident_bytes() - before) / most
    system.withdraw(list(zip(sources, targets)))
    cells = {count: {"establish": [], "withdraw": []} for count in COUNTS}
    for _turn in range(rounds):
        for count in COUNTS:
            pairs = list(zip(sources[:count], targets[:count]))
            cells[count]["establish"].append(system.establish(pairs) * 1e3)
            begin = time.monotonic()
            system.withdraw(pairs)
            cells[count]["withdraw"].append((time.monotonic() - begin) * 1e3)
    system.establish(list(zip(sources, targets)))
    system.daemon.kill()
    begin = time.monotonic()
    system.daemon.up()
    return cells, memory, time.monotonic() - begin


def memory_by_size(system, volumes):
    """Bytes of one relationship of the largest size, per TiB."""
    largest = max(SIZES_GIB, key=SIZES_GIB.get)
    before = system.resident_bytes()
    system.establish([volumes[largest]])
    used = (system.resident_bytes() - before) / (SIZES_GIB[largest] / 1024)
    system.withdraw([volumes[largest]])
    return used


def qemu(options):
    system, times = QemuStorageDaemon(options.folder, options.size_gib), []
    try:
        system.start()
        for _turn in range(options.rounds):
            times.append(system.establish() * 1e3)
            system.withdraw()
    finally:
        system.stop()
    return times


def measure(options):
    rounds = max(options.rounds, 5)
    system = Twintrack(options.programs, options.folder, 1, "hardened")
    try:
        system.start()
        volumes = make_volumes(system)
        per_tib = memory_by_size(system, volumes)
        sizes = by_size(system, volumes, rounds)
        counts, per_relationship, restart = by_count(system, rounds)
    finally:
        system.stop()
    print("establish measured", file=sys.stderr)
    return {"sizes": sizes, "counts": {str(count): cell for count, cell in counts.items()}, "qemu": qemu(options),
            "bytes_per_tib": per_tib, "bytes_per_relationship": per_relationship, "restart_seconds": restart}


def rows(data):
    peer = {"qemu blockdev-backup": spread(data["qemu"])}
    made = [Row(7, f"establish of {name}, {age}", {"hardened": spread(cell[age])}, peer, 1.0, 0.5, "ms", True)
            for name, cell in data["sizes"].items() for age in ("fresh", "worn")]
    group = data["counts"]["256"]["establish"]
    return [*made, Row(7, "establish of 256 pairs by one command", {"hardened": spread(group)}, {}, 5.0, None, "ms", True)]


def details(data):
    lines = [[f"1 of {name}", spread(cell["fresh"] + cell["worn"]).text(1), spread(cell["withdraw"]).text(1)]
             for name, cell in data["sizes"].items()]
    lines += [[f"{count} of {PAIR_GIB} GiB", spread(cell["establish"]).text(1), spread(cell["withdraw"]).text(1)]
              for count, cell in data["counts"].items()]
    return (table(["relationships", "establish, ms", "withdraw, ms"], lines) +
            f"\n\nA restart after kill -9 with {max(COUNTS)} relationships took {data['restart_seconds']:.2f} s. A relationship "
            f"of 1 GiB takes {data['bytes_per_relationship'] / 1024:.1f} KiB of memory, one of 16 TiB "
            f"{data['bytes_per_tib'] / 1024:.1f} KiB per TiB.")
