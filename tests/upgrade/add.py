#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""add.py PROGRAMS NAME [--control N]: stores an image as these programs make it, in images/.

It has what the program can do: copies of every kind, a restart behind it, and writes that were in the journal only when
it was killed. --control is the version of the control protocol that the program speaks, when it is an old one. A release
needs two, with and without checksums."""

import argparse
import os
import subprocess
import sys
import time

from stored import Model, rows_of, store  # first: it sets the path
from daemon import Daemon, DaemonError
from exerciser import Exerciser
from formats import versions

SECTORS = 262 * 128 + 13  # over the end of a stripe: two shards have a part; and a last track that is short
VOLUMES = {"standard": ["0100", "0101", "0103", "0200", "0201", "0202", "0300"], "ese": ["0102"]}
PLACES = [(0, 128), (131, 7), (255 * 128 + 100, 60), (262 * 128, 13), (40 * 128, 256)]


def writes(volumes, count, start):
    """A step of requests under way together; places move with `start`, so that a part of what was there stays."""
    io = []
    for volume in volumes:
        for index, (first, length) in enumerate(PLACES[:count]):
            moved = min(first + 3 * start, SECTORS - 1)
            io.append(["w", volume, moved, min(length, SECTORS - moved), 0, start << 20 | int(volume, 16) << 4 | index])
    return {"io": io}


def pair(source, target, **options):
    plain = {"background_copy": False, "persistent": True, "target_write_inhibit": False, "sequence_number": int(target, 16)}
    return {"do": {"op": "mkflash", "with": {"pairs": [{"source": source, "target": target}], **plain, **options}}}


def steps():
    everything = sum(VOLUMES.values(), [])
    yield writes(everything, 5, 1)
    yield {"end": "stop"}
    yield pair("0100", "0200")
    yield pair("0101", "0103", background_copy=True, recording=True)
    yield pair("0101", "0202", background_copy=True)
    yield writes(["0100", "0101"], 3, 2)
    yield pair("0100", "0201", recording=True)
    yield pair("0100", "0102")
    yield writes(["0100", "0201"], 4, 3)
    yield {"pause_s": 0.6}  # a part of it gets to its place
    yield {"do": {"op": "resyncflash", "with": {"pairs": [{"source": "0100", "target": "0201"}], "background_copy": False,
                                                "recording": True, "multiple_incremental": False, "persistent": True,
                                                "target_write_inhibit": False, "sequence_number": 7}}}
    yield {"do": {"op": "mkrangeflash", "with": {"pairs": [{"source": "0300", "target": "0300"}], "runs": ["0-1:100"],
                                                 "background_copy": False, "sequence_number": 1}}}
    yield writes(["0300"], 1, 4)
    yield {"io": [["w", "0300", 16 * 128, 24 * 128, 0, 4 << 20 | 1]]}
    yield {"do": {"op": "setflashrevertible", "with": {"pairs": [{"source": "0101", "target": "0103"}],
                                                       "target_write_inhibit": False, "sequence_number": 9}}}
    yield writes(["0100", "0200", "0102"], 5, 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("name", help="of the release, or of the commit")
    parser.add_argument("--control", type=int)
    parser.add_argument("--without-sums", action="store_true", help="an image that was not told to keep checksums")
    arguments = parser.parse_args()
    said = subprocess.run([os.path.join(arguments.programs, "twintrackd"), "--version"], capture_output=True, text=True, check=True)
    options = ["--journal-mib", "64", "--rank-gib", "1", "--cores", "2"]
    options += ["--media-sums", "as-is"] if arguments.without_sums else []
    with Daemon(arguments.programs, "upgrade", options, control_version=arguments.control) as daemon:
        daemon.up()
        for sam, names in VOLUMES.items():
            for name in names:
                daemon.make_volumes(f"P{int(name[1]) % 2}", [name], SECTORS, sam)
        exerciser = Exerciser(daemon, Model({name: SECTORS for name in sum(VOLUMES.values(), [])}))
        without = []
        for step in steps():
            try:
                exerciser.step(step)
            except DaemonError as error:
                if "do" not in step:
                    raise
                without.append(step["do"]["op"])
                print(f"without {step['do']['op']}: {error}"[:160])
        refused = [what for what in exerciser.done if "refused" in what]
        if refused:
            sys.exit(f"refused: {refused}")
        about = {"program": said.stdout.strip(), "flash": rows_of(daemon), "without": without}
        exerciser.host.close()
        time.sleep(0)
        daemon.kill()
        folder = os.path.join(daemon.dir, "image")
        about["versions"] = versions(folder)
        store(arguments.name, daemon.dir, exerciser.model, about)
        print({key: value for key, value in about.items() if key != "volumes"})


if __name__ == "__main__":
    main()
