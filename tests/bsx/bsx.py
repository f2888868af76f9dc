#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bsx.py PROGRAMS [--seeds A:B] [--ops N] [--memory] [--replay LOG]: a block exerciser, as fsx is one for files.

Random requests on several volumes at once, with FlashCopy of every kind, restarts and kill -9 among them, against a
model in memory that knows every byte. When a byte differs it prints where, what was expected and found, and the last
steps that touched the place; the log repeats the run, and lines may be taken out of it."""

import argparse
import collections
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from daemon import Daemon, DaemonError  # noqa: E402
from draw import STRIPE, Drawer  # noqa: E402
from exerciser import Exerciser, Wrong  # noqa: E402
from model import TRACK, Mismatch, Model, origin  # noqa: E402

SECTORS = (STRIPE + 6) * TRACK + 13  # two shards, and a last track that is short
LARGER = SECTORS + 3 * TRACK
THICK, THIN, LARGE = ["0100", "0101", "0200"], ["0102", "0201"], ["0103"]
SHOWN_STEPS = 14
# Without these a run has not tried what it is for.
EXPECTED = ["mkflash", "resyncflash", "reverseflash", "rmflash", "setflashrevertible", "mkrangeflash", "initfbvol"]


def make_volumes(daemon):
    """A volume's LSS and its pool have the same parity."""
    for sam, names, sectors in [("standard", THICK, SECTORS), ("ese", THIN, SECTORS), ("standard", LARGE, LARGER)]:
        for pool in ("P0", "P1"):
            here = [name for name in names if int(name[1]) % 2 == int(pool[1])]
            if here:
                daemon.make_volumes(pool, here, sectors, sam)
    return {**{name: SECTORS for name in THICK + THIN}, **{name: LARGER for name in LARGE}}


def described(sector):
    known = origin(sector)
    if not any(sector):
        return "zeros"
    return f"write {known[0] >> 20}/{known[0] & 0xFFF} of sector {known[1]}" if known else "no write as a whole"


def touches(step, volume, sector):
    """Requests at the place, and commands and ends that concern the volume."""
    what = [io for io in step.get("io", ()) if io[1] == volume and io[2] <= sector < io[2] + io[3]]
    if step.get("end") or volume in json.dumps(step.get("do", "")):
        what.append({key: step[key] for key in ("do", "end") if key in step})
    return what


def report(error, steps):
    print(f"FAILED: {error}")
    if not isinstance(error, Mismatch):
        return
    print(f"volume {error.volume}, sector {error.sector} (byte {error.sector * 512}, track {error.sector // TRACK}): "
          f"expected {described(error.expected)}, found {described(error.found)}")
    print(f"  expected {error.expected[:32].hex()}\n  found    {error.found[:32].hex()}")
    # What was there before a copy came from elsewhere: the same sector of all volumes.
    lines = collections.deque(maxlen=SHOWN_STEPS)
    for step in steps:
        for volume in THICK + THIN + LARGE:
            lines.extend(f"  step {step['n']}: {json.dumps(what)}" for what in touches(step, volume, error.sector)
                         if volume == error.volume or isinstance(what, list))
    print("the last that touched it, on this volume and at the same place of others:")
    print("\n".join(lines))


def steps_of(arguments, seed, exerciser):
    if arguments.replay:
        with open(arguments.replay, encoding="utf-8") as file:
            for line in file.readlines()[1:]:
                yield json.loads(line)
        return
    drawer = Drawer(random.Random(seed), exerciser, THIN)
    while exerciser.requests < arguments.ops:
        yield drawer.step()
    yield {"n": -1, "pause_s": 0.3, "check": THICK + THIN + LARGE}


def exercise(arguments, seed, daemon, log):
    """What was done: requests, commands by name, seconds."""
    daemon.up()
    exerciser = Exerciser(daemon, Model(make_volumes(daemon)))
    steps = []
    begin = time.monotonic()
    try:
        for step in steps_of(arguments, seed, exerciser):
            steps.append(step)
            log.write(json.dumps(step) + "\n")
            exerciser.step(step)
    except (Mismatch, Wrong, AssertionError) as error:
        report(error, steps)
        raise
    seconds = time.monotonic() - begin
    exerciser.host.close()
    print(f"  {exerciser.requests} requests, {sum(exerciser.done.values())} commands and restarts, {seconds:.1f} s: "
          "every byte as expected", flush=True)
    return exerciser.requests, collections.Counter(exerciser.done), seconds


def options_of(arguments, seed):
    """Drawn with the seed too; the first line of a log has them."""
    if arguments.replay:
        with open(arguments.replay, encoding="utf-8") as file:
            return json.loads(file.readline())["options"]
    chance = random.Random(seed + 1)
    cores = chance.choice([1, 2, 2, 3])
    backend = chance.choice(["automatic", "automatic", "posix"])
    options = ["--journal-mib", str(32 * cores), "--rank-gib", "4", "--cores", str(cores), "--io", arguments.io or backend]
    return [*options, "--media-sums", "keep" if seed % 3 == 0 else "as-is"]


def one_seed(arguments, seed):
    options = options_of(arguments, seed)
    print(f"replay {arguments.replay}" if arguments.replay else f"seed {seed}", " ".join(options), flush=True)
    path = arguments.log
    try:
        with Daemon(arguments.programs, "bsx", options) as daemon:
            path = path or os.path.join(daemon.dir, "steps.log")
            with open(path, "w", encoding="utf-8") as log:
                log.write(json.dumps({"seed": seed, "options": options}) + "\n")
                return exercise(arguments, seed, daemon, log)
    except (Mismatch, Wrong, AssertionError, DaemonError) as error:
        if isinstance(error, DaemonError):
            print(f"FAILED: {error}")
        print(f"again: tests/bsx/bsx.py PROGRAMS --seeds {seed} --ops {arguments.ops}, or --replay {path}")
        return None


def seeds_of(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last or first) + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="folder with twintrackd")
    parser.add_argument("--seeds", type=seeds_of, metavar="A[:B]", help="without it TWINTRACK_BSX_SEEDS, or any one")
    parser.add_argument("--default-seeds", type=seeds_of, metavar="A:B", help="unless TWINTRACK_BSX_SEEDS is set")
    parser.add_argument("--ops", type=int, default=5000, help="requests of each seed")
    parser.add_argument("--io", choices=["automatic", "uring", "posix"])
    parser.add_argument("--memory", action="store_true", help="images in /dev/shm: more in the same time")
    parser.add_argument("--replay", metavar="LOG")
    parser.add_argument("--log", metavar="FILE", help="kept; otherwise it is kept only when something is wrong")
    arguments = parser.parse_args()
    if arguments.memory:
        os.environ["TWINTRACK_TEST_FOLDER"] = "/dev/shm/twintrack-bsx"
    given = os.environ.get("TWINTRACK_BSX_SEEDS")
    seeds = arguments.seeds or (seeds_of(given) if given else arguments.default_seeds)
    seeds = [0] if arguments.replay else seeds or [random.SystemRandom().randrange(1 << 32)]
    requests, done, seconds = 0, collections.Counter(), 0.0
    for seed in seeds:
        result = one_seed(arguments, seed)
        if result is None:
            return 1
        requests, done, seconds = requests + result[0], done + result[1], seconds + result[2]
    accepted = {what: times for what, times in sorted(done.items()) if "refused" not in what}
    print(f"{requests} requests in {seconds:.1f} s, {requests / seconds:.0f} a second; done: "
          + ", ".join(f"{times} {what}" for what, times in accepted.items()) + "; refused: "
          + ", ".join(f"{times} {what}" for what, times in sorted(done.items()) if what not in accepted))
    missing = [what for what in EXPECTED if what not in accepted]
    if missing and not arguments.replay and requests >= 20000:
        print(f"FAILED: never accepted: {missing}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
