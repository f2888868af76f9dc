# SPDX-License-Identifier: Apache-2.0
"""What the programs in a guest share: the plan they were given, commands that must succeed, a disk for an image."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("lib", "scenarios"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))


def call(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout.decode(errors='replace')[-2000:]}")


def plan_in(out):
    with open(os.path.join(out, "plan.json"), encoding="utf-8") as file:
        return json.load(file)


def sectors_of(device):
    with open(f"/sys/block/{device}/size", encoding="ascii") as file:
        return int(file.read())


def map_device(name, table):
    call("dmsetup", "create", name, "--table", table)
    call("dmsetup", "mknodes")


def images_on(device, place, options="defaults"):
    """A new ext4, where images are made from now on."""
    call("mke2fs", "-q", "-t", "ext4", "-E", "nodiscard", device)
    os.makedirs(place)
    call("mount", "-t", "ext4", "-o", options, device, place)
    os.environ["TWINTRACK_TEST_FOLDER"] = place
