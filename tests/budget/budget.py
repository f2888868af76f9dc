#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""budget.py PROGRAMS: what each kind of request costs, in instructions of the engine, against budgets.json; exit 1 if one
costs more than is allowed. PROGRAMS is the folder of request_costs, of the preset `dev` if budgets are compared.
TWINTRACK_UPDATE_BUDGETS=1 writes the budgets anew."""

import argparse
import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from attribution import HEADINGS, attribute  # noqa: E402
from callgrind import Profile  # noqa: E402

BUDGETS = os.path.join(HERE, "budgets.json")
SKIPPED = 77
GROWTH = 0.05
NO_DEARER = ("write-4k-4096-volumes", "write-4k-64-volumes")  # the first than the second
KEPT_SHARE = 0.005  # functions with less of the whole have no line of their own
SHOWN = 12
# The plainest copies, so that a count does not depend on the processor; and nothing of the caller's environment.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX512VL,-AVX512F,-ERMS,-FSRM,-SSSE3,"
                                 "-AVX_Fast_Unaligned_Load,-Fast_Unaligned_Copy"}


class Costs:
    """Of one kind: instructions for each request, by (function, heading)."""

    def __init__(self, by_function):
        self.by_function = by_function
        self.total = sum(by_function.values())
        self.by_heading = collections.Counter()
        for (_function, heading), cost in by_function.items():
            self.by_heading[heading] += cost

    def lines(self):
        """What the budget keeps: the functions that matter."""
        least = self.total * KEPT_SHARE
        kept = {f"{function} ({heading})": round(cost, 1) for (function, heading), cost in self.by_function.items()
                if cost >= least}
        return dict(sorted(kept.items()))

    def record(self):
        headings = {heading: round(self.by_heading[heading]) for heading in HEADINGS if self.by_heading[heading]}
        return {"instructions": round(self.total), "by_heading": headings, "functions": self.lines()}


class Lab:
    """Runs the program under callgrind. Valgrind 3.19 cannot read clang-19's debug information and needs none."""

    def __init__(self, programs, folder):
        self.folder = folder
        self.program = os.path.join(folder, "request_costs")
        subprocess.run(["objcopy", "--strip-debug", os.path.join(programs, "request_costs"), self.program], check=True)

    def kinds(self):
        done = subprocess.run([self.program, "--list"], check=True, capture_output=True, text=True)
        return dict(line.split("\t") for line in done.stdout.splitlines())

    def measure(self, kind):
        out = os.path.join(self.folder, kind)
        command = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}",
                   self.program, kind]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd="/")
        if done.returncode != 0 or not os.path.exists(out + ".1"):
            raise RuntimeError(f"{kind}: nothing was counted\n{done.stderr}")
        requests = int(done.stdout)
        costs = attribute(Profile(out + ".1"))
        return Costs({key: cost / requests for key, cost in costs.items()})

    def measure_all(self, kinds):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from zip(kinds, pool.map(self.measure, kinds))


def grown(costs, budget):
    """The functions that grew most."""
    before, now = budget["functions"], costs.lines()
    changes = {name: now.get(name, 0) - before.get(name, 0) for name in before.keys() | now.keys()}
    for name, change in sorted(changes.items(), key=lambda item: -item[1])[:SHOWN]:
        if change >= 1:
            yield f"    {change:+9.0f}  {name}"


def judge(kind, costs, budget):
    """Prints a line or more; False if it costs too much."""
    if budget is None:
        print(f"{kind:22} {costs.total:9.0f}  has no budget")
        return False
    allowed = budget["instructions"]
    change = costs.total / allowed - 1
    print(f"{kind:22} {costs.total:9.0f}  budget {allowed:9}  {change:+7.2%}")
    if change > GROWTH:
        print(f"  costs more than {GROWTH:.0%} above its budget; what grew:")
        print("\n".join(grown(costs, budget)), flush=True)
        return False
    if change < -GROWTH:
        print("  is far below its budget: lower it, so that the gain is kept")
    return True


def table(rows):
    yield "| for each | all | " + " | ".join(HEADINGS) + " |\n"
    yield "|---|" + "--:|" * (len(HEADINGS) + 1) + "\n"
    for what, costs in rows:
        cells = [f"{costs.by_heading[heading]:.0f}" for heading in HEADINGS]
        yield f"| {what} | **{costs.total:.0f}** | " + " | ".join(cells) + " |\n"


def write_markdown(path, rows):
    """Replaces the table of the document, or prints it."""
    text = "".join(table(rows))
    if path == "-":
        print(text, end="")
        return
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    inside = [i for i, line in enumerate(lines) if line.startswith("|")]
    lines[inside[0]:inside[-1] + 1] = [text]
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="folder of request_costs")
    parser.add_argument("--only", action="append", metavar="KIND", help="this one; may be repeated")
    parser.add_argument("--markdown", metavar="FILE", help="no budgets: put the table into this document, - prints it")
    parser.add_argument("--functions", action="store_true", help="no budgets: print what each function costs")
    options = parser.parse_args()
    for tool in ("valgrind", "objcopy"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is not installed (tools/install-packages test)")
            return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.programs, folder)
        kinds = {kind: what for kind, what in lab.kinds().items() if not options.only or kind in options.only}
        measured = lab.measure_all(kinds)
        if options.markdown:
            write_markdown(options.markdown, [(kinds[kind], costs) for kind, costs in measured])
            return 0
        if options.functions:
            for kind, costs in measured:
                print(f"{kind}: {costs.total:.0f}")
                for name, cost in sorted(costs.lines().items(), key=lambda item: -item[1]):
                    print(f"  {cost:9.1f}  {name}")
            return 0
        return compare(measured)


def compare(measured):
    budgets = {}
    if os.path.exists(BUDGETS):
        with open(BUDGETS, encoding="utf-8") as file:
            budgets = json.load(file)
    update = os.environ.get("TWINTRACK_UPDATE_BUDGETS") == "1"
    good = True
    totals = {}
    for kind, costs in measured:
        good = judge(kind, costs, budgets.get(kind)) and good
        totals[kind] = costs.total
        if update:
            budgets[kind] = costs.record()
    if update:
        with open(BUDGETS, "w", encoding="utf-8") as file:
            json.dump(budgets, file, indent=1)
            file.write("\n")
        print("the budgets are written: read the difference, it must be what you meant")
        return 0
    many, few = (totals.get(kind, 0) for kind in NO_DEARER)
    if few and many > few * (1 + GROWTH):
        print(f"{NO_DEARER[0]} costs {many:.0f}, {NO_DEARER[1]} {few:.0f}: the number of volumes must not matter")
        return 1
    if not good:
        print("If the cost is worth it: TWINTRACK_UPDATE_BUDGETS=1 with the same command, and say why in the commit.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
