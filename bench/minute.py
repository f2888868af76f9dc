# SPDX-License-Identifier: Apache-2.0
"""The minute after an establish, second by second: the rate and the percentiles of 4 KiB random writes at depth 32, with 1, 4
and 12 targets, with and without background copy. A table, and a picture of it."""

import statistics
import sys
import threading
import time

from figures import table
from jobs import fill
from seconds import seconds_of
from systems import GIB_BLOCKS, Twintrack
from timeline import timeline

CASES = ((1, False), (4, False), (12, False), (1, True), (4, True), (12, True))
BEFORE_SECONDS, AFTER_SECONDS = 20, 60
def one_run(options, target_count, copy):
    system = Twintrack(options.programs, options.folder, options.size_gib, options.acknowledgement)
    targets = [f"02{number:02X}" for number in range(target_count)]
    try:
        system.start()
        system.daemon.make_volumes("P0", targets, options.size_gib * GIB_BLOCKS, sam="ese")
        fill(system.fio_target())
        system.settle(["0100"])

        def establish():
            time.sleep(BEFORE_SECONDS)
            system.establish([("0100", target) for target in targets], copy)

        thread = threading.Thread(target=establish)
        thread.start()
        seconds = seconds_of(system.fio_target(), options.folder, BEFORE_SECONDS + AFTER_SECONDS)
        thread.join()
    finally:
        system.stop()
    return seconds


def measure(options):
    runs = []
    for count, copy in CASES:
        seconds = one_run(options, count, copy)
        runs.append({"targets": count, "copy": copy, "seconds": seconds})
        print(f"{count} targets, {'copy' if copy else 'no copy'}: measured", file=sys.stderr, flush=True)
    return {"acknowledgement": options.acknowledgement, "runs": runs}


def halves(one):
    # The second of the establish itself belongs to neither side.
    return one["seconds"][2:BEFORE_SECONDS - 1], one["seconds"][BEFORE_SECONDS + 1:]


def rows(_data):
    return []


def kind(one):
    return "copy" if one["copy"] else "no copy"


def picture(data, facts):
    cases = [{"title": f"{one['targets']} target{'s' if one['targets'] > 1 else ''}, {kind(one)}", "seconds": one["seconds"]}
             for one in data["runs"]]
    heading = f"4 KiB random writes at depth 32, {data['acknowledgement']}, before and after an establish (line)"
    return timeline(cases, BEFORE_SECONDS, heading, facts)


def details(data):
    lines = []
    for one in data["runs"]:
        before, after = halves(one)
        own = statistics.mean(second["writes"] for second in before)
        lines.append([one["targets"], kind(one), f"{own:.0f}",
                      f"{statistics.mean(second['writes'] for second in after) / own:.2f}",
                      f"{min(second['writes'] for second in after) / own:.2f}",
                      f"{statistics.median(second['p50_us'] for second in before) / 1e3:.1f}",
                      f"{statistics.median(second['p50_us'] for second in after) / 1e3:.1f}",
                      f"{statistics.median(second['p99_us'] for second in before) / 1e3:.1f}",
                      f"{statistics.median(second['p99_us'] for second in after) / 1e3:.1f}",
                      f"{max(second['p999_us'] for second in after) / 1e3:.1f}"])
    return table(["targets", "background", "writes per second before", "minute after, of that", "worst second, of that",
                  "p50 before, ms", "p50 after, ms", "p99 before, ms", "p99 after, ms", "worst p99.9 after, ms"], lines)
