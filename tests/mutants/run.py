#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plants each bug of mutants.toml in a copy of the tree and runs the tests that are to find it; exit 1 if one is not
found or does not fit the tree any more. The tree itself is never changed."""

import argparse
import os
import shlex
import subprocess
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIMIT_S = 300
SKIPPED = {".git", "build", "__pycache__", "twintrack-image", "dist", "results"}
HEAD = """# Planted bugs, and which test finds each

Each of these bugs was planted in a copy of the tree, alone, and the test beside it failed. This page is written by

    tests/mutants/run.py --markdown docs/mutants.md

and the list is in [tests/mutants](../tests/mutants/README.md). `mutants.fit` checks that each still fits the code;
`mutants.found` (label `long`) plants them all.

| bug | breaks | found by | seconds |
|---|---|---|---|
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def misfits(mutants):
    """One line per mutant whose text is not there exactly once."""
    for mutant in mutants:
        count = read(os.path.join(ROOT, mutant["file"])).count(mutant["old"])
        if count != 1:
            yield f"{mutant['name']}: its text occurs {count} times in {mutant['file']}"


def copy_tree(to):
    """Only what differs is written, so that little is built again; what is gone in the tree goes."""
    wanted = set()
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            source = os.path.join(folder, name)
            relative = os.path.relpath(source, ROOT)
            if name in SKIPPED or not os.path.isfile(source):
                continue
            wanted.add(relative)
            target = os.path.join(to, relative)
            with open(source, "rb") as file:
                data = file.read()
            if os.path.exists(target):
                with open(target, "rb") as file:
                    if file.read() == data:
                        continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(data)
            os.chmod(target, os.stat(source).st_mode)
    for folder, folders, names in os.walk(to):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, to) not in wanted:
                os.remove(path)


class Planter:
    def __init__(self, folder, jobs):
        self.tree = os.path.join(folder, "tree")
        self.build_folder = os.path.join(self.tree, "build", "dev")
        self.jobs = jobs
        copy_tree(self.tree)
        if not os.path.exists(os.path.join(self.build_folder, "build.ninja")):
            subprocess.run(["cmake", "--preset", "dev"], cwd=self.tree, check=True, stdout=subprocess.DEVNULL)

    def build(self, program):
        command = ["ninja", f"-j{self.jobs}", "-C", self.build_folder, program]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout[-2000:]

    def finds(self, level):
        """What the program said by its end; nothing if all was well with it."""
        words = shlex.split(level)
        command = [os.path.join(self.build_folder, "bin", words[0]), *words[1:]]
        if len(words) > 1 and words[1].endswith(".py"):
            command = ["/usr/bin/python3", "-B", os.path.join(self.tree, words[1]), *words[2:]]
        try:
            done = subprocess.run(command, cwd=self.tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return "does not end"
        if done.returncode < 0:
            return f"ends by signal {-done.returncode}"
        return "fails" if done.returncode else ""

    def plant(self, mutant):
        """(level that found it or empty, what happened)."""
        path = os.path.join(self.tree, mutant["file"])
        sound = read(path)
        write(path, sound.replace(mutant["old"], mutant["new"]))
        try:
            for level in mutant["levels"]:
                built, output = self.build(shlex.split(level)[0])
                if not built:
                    return "", f"cannot be built\n{output}"
                how = self.finds(level)
                if how:
                    return level, how
            return "", "SURVIVES"
        finally:
            write(path, sound)

    def check_sound(self, mutants):
        """Without a bug every level passes; otherwise it would find anything."""
        for level in dict.fromkeys(level for mutant in mutants for level in mutant["levels"]):
            built, output = self.build(shlex.split(level)[0])
            how = self.finds(level) if built else f"cannot be built\n{output}"
            if how:
                yield f"without a bug: {level}: {how}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="this one; may be repeated")
    parser.add_argument("--list", action="store_true", help="names and promises")
    parser.add_argument("--fit", action="store_true", help="only check that each bug still fits the tree")
    parser.add_argument("--sound", action="store_true", help="first check that all levels pass without a bug")
    parser.add_argument("--jobs", type=int, default=2, help="of ninja")
    parser.add_argument("--markdown", metavar="FILE", help="write the table")
    parser.add_argument("--folder", default=os.path.join(ROOT, "build", "mutants"), help="for the copy of the tree")
    options = parser.parse_args()
    mutants = tomllib.loads(read(os.path.join(HERE, "mutants.toml")))["mutant"]
    if options.only:
        mutants = [mutant for mutant in mutants if mutant["name"] in options.only]
    if options.list:
        for mutant in mutants:
            print(f"{mutant['name']:34} {mutant['promise']}")
        return 0
    problems = list(misfits(mutants))
    print("\n".join(problems) or f"{len(mutants)} planted bugs fit the tree")
    if options.fit or problems or not mutants:
        return 1 if problems or not mutants else 0

    planter = Planter(os.path.abspath(options.folder), options.jobs)
    if options.sound:
        problems += planter.check_sound(mutants)
        print("\n".join(problems) or "without a bug all levels pass", flush=True)
    rows = []
    for mutant in mutants:
        start = time.monotonic()
        level, how = planter.plant(mutant)
        seconds = time.monotonic() - start
        print(f"{mutant['name']:34} {seconds:5.0f} s  {how}: {level}" if level else f"{mutant['name']:34} {how}",
              flush=True)
        rows.append(f"| {mutant['name']} | {mutant['promise']} | `{level}` | {seconds:.0f} |\n")
        if not level:
            problems.append(mutant["name"])
    if options.markdown and not problems:
        write(os.path.abspath(options.markdown), HEAD + "".join(rows))
    print(f"{len(mutants)} planted bugs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
