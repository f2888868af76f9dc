#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Twintrack and what a user would take instead, in turn, and writes the report: a table of ratios, everything measured
as JSON, and a picture."""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys

import background
import cores
import instant
import minute
import mirrors
import pressure
import reads
import served
import sums
import targets
import touch
import volumes
from figures import report
from picture import picture

PROJECT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
PARTS = {"served": served, "instant": instant, "touch": touch, "background": background, "targets": targets,
         "minute": minute, "cores": cores, "volumes": volumes, "reads": reads,
         "pressure": pressure, "sums": sums, "mirrors": mirrors}
USUAL = ("served", "instant", "touch", "background")
PEERS = ("fio", "qemu-utils", "qemu-system-common", "nbdkit")


def version_of(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout or "not installed"


def processor():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def file_system(folder):
    done = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", folder], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


def facts_of(options):
    revision = subprocess.run(["git", "-C", PROJECT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True,
                              check=False).stdout.strip()
    return {"date": datetime.date.today().isoformat(), "revision": revision, "processor": processor(),
            "cores": os.cpu_count(), "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
            "kernel": platform.release(), "file_system": file_system(options.folder),
            "versions": {package: version_of(package) for package in PEERS}, "rounds": options.rounds,
            "seconds": options.seconds, "size_gib": options.size_gib}


def sentence(facts, with_rounds=True):
    return (f"{facts['date']}, {facts['cores']} x {facts['processor']}, {facts['memory_gib']} GiB, kernel {facts['kernel']}, "
            f"{facts['file_system']}" + (f", {facts['rounds']} rounds" if with_rounds else ""))


def draw(data, rows, path):
    """The rows, and what parts draw themselves: to `path` if that is all, otherwise beside it."""
    stem = os.path.splitext(path)[0]
    pictures = {path: picture(rows, sentence(data["facts"]))} if rows else {}
    for name, part in PARTS.items():
        if name in data["parts"] and hasattr(part, "picture"):
            to = f"{stem}-{name}.svg" if pictures else path
            pictures[to] = part.picture(data["parts"][name], sentence(data["facts"], with_rounds=False))
    for name, text in pictures.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)


def show(data, options):
    rows = [row for name, part in PARTS.items() if name in data["parts"] for row in part.rows(data["parts"][name])]
    print(sentence(data["facts"]) + "\n")
    if rows:
        print(report(rows) + "\n")
    for name, part in PARTS.items():
        if name in data["parts"] and hasattr(part, "details"):
            print(part.details(data["parts"][name]) + "\n")
    if options.picture:
        draw(data, rows, options.picture)


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; usually {', '.join(USUAL)}")
    parser.add_argument("--programs", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of one measurement of a job")
    parser.add_argument("--load-seconds", type=int, default=10, help="of hosts' load beside a background copy, and of pressure")
    parser.add_argument("--size-gib", type=int, default=4)
    parser.add_argument("--acknowledgement", choices=["hardened", "volatile"], default="hardened",
                        help="of minute, cores, volumes, reads and sums")
    parser.add_argument("--cache-mib", type=int, default=256, help="of reads: the read cache")
    parser.add_argument("--before", metavar="FOLDER", help="of reads and pressure: other programs, to compare with")
    parser.add_argument("--folder", default=os.path.join(PROJECT, "build", "bench"))
    parser.add_argument("--out", help="everything measured goes to this file, as JSON")
    parser.add_argument("--picture", help="the rows go to this file, as SVG; or what a part without rows draws")
    parser.add_argument("--show", metavar="FILE", help="measure nothing, report what is in this JSON file")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    if options.show:
        with open(options.show, encoding="utf-8") as file:
            show(json.load(file), options)
        return 0
    os.makedirs(options.folder, exist_ok=True)
    data = {"facts": facts_of(options), "parts": {}}
    for name in options.parts or USUAL:
        data["parts"][name] = PARTS[name].measure(options)
        if options.out:  # after each part: a long run that is stopped has not been for nothing
            with open(options.out, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
    show(data, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
