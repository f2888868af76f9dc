# SPDX-License-Identifier: Apache-2.0
"""Images of former releases: a compressed folder, and what it holds, sector by sector."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "bsx")]
from model import SECTOR, Model, content, origin  # noqa: E402

FOLDER = os.path.join(HERE, "images")
ROW = ("id", "sequence_number", "persistent", "background_copy", "recording", "revertible", "state")


def names():
    return sorted(name[:-len(".json")] for name in os.listdir(FOLDER) if name.endswith(".json"))


def rows_of(daemon):
    """What of a relationship must be the same in every release; keys that the program knows."""
    rows = daemon.must("lsflash", select=["0000-FFFF"])
    return [{key: row[key] for key in ROW if key in row} for row in sorted(rows, key=lambda row: row["id"])]


def runs_of(data):
    """[first sector, sectors, number of the write, sector that it was written to], zeros left out."""
    runs = []
    for at in range(0, len(data), SECTOR):
        sector = bytes(data[at:at + SECTOR])
        if not any(sector):
            continue
        number, place = origin(sector)
        last = runs[-1] if runs else [0, 0, 0, 0]
        if last[2] == number and last[0] + last[1] == at // SECTOR and last[3] + last[1] == place:
            last[1] += 1
        else:
            runs.append([at // SECTOR, 1, number, place])
    return runs


def store(name, folder, model, about):
    os.makedirs(FOLDER, exist_ok=True)
    subprocess.run(["tar", "--sparse", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-C", folder,
                    "-cf", os.path.join(FOLDER, name + ".tar"), "image"], check=True)
    subprocess.run(["xz", "-9", "--force", os.path.join(FOLDER, name + ".tar")], check=True)
    about["volumes"] = {volume: {"sectors": model.sectors[volume], "runs": runs_of(data)}
                        for volume, data in model.volumes.items()}
    with open(os.path.join(FOLDER, name + ".json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(about) + "\n")


def unpack(name, folder):
    """Into `folder`/image; the model of what is on it, and what else is known."""
    subprocess.run(["tar", "--sparse", "-C", folder, "-xJf", os.path.join(FOLDER, name + ".tar.xz")], check=True)
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as file:
        about = json.load(file)
    model = Model({volume: known["sectors"] for volume, known in about["volumes"].items()})
    for volume, known in about["volumes"].items():
        for first, count, number, place in known["runs"]:
            model.put(volume, first, content(number, place, count))
    return model, about
