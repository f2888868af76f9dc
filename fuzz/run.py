#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzes every target for an equal share of a time, and says what that came to.

    fuzz/run.py [--minutes M] [--jobs N] [TARGET...]

Builds the preset fuzz. What is new stays in build/fuzz/new/TARGET and is where the next run goes on; what broke a target
is in build/fuzz/found. Totals of all runs of this tree are kept in build/fuzz/totals.json; --totals prints them alone.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build" / "fuzz"
TOTALS = BUILD / "totals.json"


def targets() -> list[str]:
    return sorted(path.name.removesuffix("_fuzz.cpp") for path in (PROJECT / "fuzz").glob("*_fuzz.cpp"))


def build(names: list[str]) -> None:
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    programs = [f"fuzz_{name}" for name in names]
    subprocess.run(["ninja", "-j2", "-C", str(BUILD), *programs], check=True, stdout=subprocess.DEVNULL)


def fuzz(name: str, seconds: int) -> dict:
    new, found = BUILD / "new" / name, BUILD / "found"
    new.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    command = [str(BUILD / "bin" / f"fuzz_{name}"), f"-max_total_time={seconds}", "-print_final_stats=1", "-timeout=10",
               "-rss_limit_mb=2048", f"-artifact_prefix={found}/{name}-", str(new), str(PROJECT / "fuzz/corpus" / name)]
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    executions = re.search(r"stat::number_of_executed_units:\s+(\d+)", done.stdout)
    covered = re.findall(r"cov: (\d+)", done.stdout)
    return {"name": name, "seconds": time.monotonic() - begin, "executions": int(executions[1]) if executions else 0,
            "covered": int(covered[-1]) if covered else 0, "failed": done.returncode != 0, "output": done.stdout}


def add_to_totals(result: dict) -> None:
    totals = json.loads(TOTALS.read_text()) if TOTALS.exists() else {}
    entry = totals.setdefault(result["name"], {"executions": 0, "seconds": 0.0, "findings": 0})
    entry["executions"] += result["executions"]
    entry["seconds"] += result["seconds"]
    entry["findings"] += int(result["failed"])
    entry["covered"] = result["covered"] or entry.get("covered", 0)
    TOTALS.write_text(json.dumps(totals, indent=1, sort_keys=True))


def print_totals() -> None:
    totals = json.loads(TOTALS.read_text()) if TOTALS.exists() else {}
    print("| target | executions | hours | edges | stops |\n|---|---:|---:|---:|---:|")
    for name, entry in sorted(totals.items()):
        print(f"| `{name}` | {entry['executions']:,} | {entry['seconds'] / 3600:.2f} | {entry['covered']:,} | "
              f"{entry['findings']} |")
    executions = sum(entry["executions"] for entry in totals.values())
    hours = sum(entry["seconds"] for entry in totals.values()) / 3600
    print(f"| all | {executions:,} | {hours:.2f} | | {sum(entry['findings'] for entry in totals.values())} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("TWINTRACK_FUZZ_MINUTES", 10)),
                        help="for all targets together (TWINTRACK_FUZZ_MINUTES, or 10)")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time (1)")
    parser.add_argument("--totals", action="store_true")
    parser.add_argument("target", nargs="*")
    options = parser.parse_args()
    if options.totals:
        print_totals()
        return 0
    names = options.target or targets()
    build(names)
    seconds = max(1, round(options.minutes * 60 * options.jobs / len(names)))
    failed = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda name: fuzz(name, seconds), names):
            add_to_totals(result)
            failed = failed or result["failed"]
            print(f"{result['name']}: {result['executions']:,} executions in {result['seconds']:.0f} s, "
                  f"{result['covered']:,} edges{', FAILED' if result['failed'] else ''}", flush=True)
            if result["failed"]:
                print(result["output"][-6000:])
    print_totals()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
