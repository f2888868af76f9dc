#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""upgrade.py PROGRAMS: today's program opens the images of former releases with every byte and every relationship, and
refuses those of later ones."""

import os
import sys

from stored import SECTOR, names, rows_of, unpack  # first: it sets the path
from daemon import Daemon, DaemonError
from exerciser import Exerciser
from formats import make_newer, versions

REFUSAL = "version_not_supported"


def require(condition, text):
    if not condition:
        raise AssertionError(text)


def known(rows, keys):
    return [{key: row[key] for key in keys} for row in rows]


def opens(programs, name):
    with Daemon(programs, "upgrade") as daemon:
        model, about = unpack(name, daemon.dir)
        require(versions(os.path.join(daemon.dir, "image")) == about["versions"], "the stored versions are others")
        daemon.up()
        exerciser = Exerciser(daemon, model)
        for what in ("opened", "restarted", "written and restarted"):
            rows = rows_of(daemon)
            require(known(rows, about["flash"][0]) == about["flash"], f"{name}, {what}: {rows} instead of {about['flash']}")
            for volume in model.volumes:
                model.check(volume, 0, exerciser.read_all(volume), f"{name}, {what}")
            step = {"end": "stop"}
            if what == "restarted":
                exerciser.step({"pause_s": 0.5})
                revertible = {side for row in rows if row.get("revertible") for side in row["id"].split(":")}
                step["io"] = [["w", volume, 50, 300, 0, 77 << 20 | index] for index, volume in enumerate(sorted(model.volumes))
                              if volume not in revertible]
            exerciser.step(step)
        exerciser.host.close()
    size = sum(len(data) for data in model.volumes.values()) // SECTOR
    print(f"{name}: versions {about['versions']}, {size} sectors and {len(about['flash'])} relationships as they were",
          flush=True)
    return about["versions"]


def refuses(programs, name, which):
    class Refused(Daemon):
        def __exit__(self, *_exception):
            self._process = None
            return super().__exit__(None, None, None)

    with Refused(programs, "upgrade") as daemon:
        unpack(name, daemon.dir)
        make_newer(os.path.join(daemon.dir, "image"), which)
        try:
            daemon.up()
        except DaemonError as error:
            require(REFUSAL in str(error), f"{which}: another message than {REFUSAL}: {error}")
            said = next(line for line in str(error).splitlines() if REFUSAL in line)
            print(f"a later {which}: {said}", flush=True)
            return
        daemon.stop()
        raise AssertionError(f"{which} of a later release was opened")


def find_present(programs, stored, options):
    """The index of one with the versions of today; whoever changes a version stores an image of it."""
    with Daemon(programs, "upgrade", ["--journal-mib", "64", "--rank-gib", "1", *options]) as daemon:
        daemon.up()
        daemon.make_volumes("P1", ["0100"], 2048)
        daemon.kill()
        present = versions(os.path.join(daemon.dir, "image"))
    require(present in stored, f"no image with {present}: tests/upgrade/add.py PROGRAMS NAME")
    return stored.index(present)


def main():
    programs = sys.argv[1]
    stored = [opens(programs, name) for name in names()]
    without = find_present(programs, stored, ["--media-sums", "as-is"])
    present = find_present(programs, stored, [])
    require(present == find_present(programs, stored, ["--media-sums", "keep"]), "a new image keeps no checksums")
    require(present != without, "a new image keeps checksums although it is told not to")
    newest = names()[present]
    for which in ("ring", "checkpoint", "rank"):
        refuses(programs, newest, which)
    return 0


if __name__ == "__main__":
    sys.exit(main())
