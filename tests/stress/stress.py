#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""stress.py asan|tsan [--minutes N] [--seed S]: the data process under sanitizers, with real threads, disks and kills.

Builds twintrackd with the preset and runs the kill test and the block exerciser on it in turns, each with a new seed, until
the time is over. Both fail on a report of a sanitizer, also when the process was killed."""

import argparse
import os
import random
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SYMBOLIZER = "/usr/bin/llvm-symbolizer"
SANITIZERS = {
    "asan": {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
             "UBSAN_OPTIONS": "print_stacktrace=1"},
    "tsan": {"TSAN_OPTIONS": f"suppressions={HERE}/tsan.supp:second_deadlock_stack=1:history_size=4"},
}
KILLS, REQUESTS = 10, 6000  # of one turn: about half a minute each


def build(preset, jobs):
    folder = os.path.join(ROOT, "build", preset)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["ninja", f"-j{jobs}", "-C", folder, "twintrackd"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"twintrackd cannot be built\n{done.stdout[-3000:]}")
    return os.path.join(folder, "bin")


def with_symbolizer(options):
    if not os.path.exists(SYMBOLIZER):
        return dict(options)
    return {name: f"{value}:external_symbolizer_path={SYMBOLIZER}" for name, value in options.items()}


def turn(command, environment):
    """Its output; the whole of it is shown when it failed."""
    done = subprocess.run(["/usr/bin/python3", "-B", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env=environment)
    if done.returncode:
        print(done.stdout)
        print("FAILED:", " ".join(command), flush=True)
        return None
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=sorted(SANITIZERS))
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("TWINTRACK_STRESS_MINUTES", "1")))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30), help="of the first turn")
    parser.add_argument("--jobs", type=int, default=2, help="of ninja")
    arguments = parser.parse_args()
    programs = build(arguments.preset, arguments.jobs)
    environment = {**os.environ, **with_symbolizer(SANITIZERS[arguments.preset])}
    kill = [os.path.join(ROOT, "tests/kill/kill.py"), programs, "--kills", str(KILLS)]
    bsx = [os.path.join(ROOT, "tests/bsx/bsx.py"), programs, "--ops", str(REQUESTS), "--memory"]
    kills = writes = commands = requests = 0
    begin, seed = time.monotonic(), arguments.seed
    print(f"{arguments.preset}: first seed {seed}", flush=True)
    while time.monotonic() - begin < 60 * arguments.minutes:
        killed = turn([*kill, "--seed", str(seed)], environment)
        exercised = turn([*bsx, "--seeds", str(seed)], environment) if killed else None
        if not exercised:
            return 1
        counted = re.findall(r"; (\d+) writes, (\d+) commands", killed)[-1]
        writes, commands, kills = writes + int(counted[0]), commands + int(counted[1]), kills + KILLS
        done = re.search(r"(\d+) requests, (\d+) commands and restarts", exercised)
        requests, commands = requests + int(done[1]), commands + int(done[2])
        kills += int((re.search(r"(\d+) kill", exercised) or [0, 0])[1])
        seed += 1
        print(f"  {(time.monotonic() - begin) / 60:.1f} minutes: {kills} kills, {writes} writes, {requests} requests, "
              f"{commands} commands", flush=True)
    print(f"{arguments.preset}: no report, every byte as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
