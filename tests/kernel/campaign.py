# SPDX-License-Identifier: Apache-2.0
"""What the campaigns share: a folder for the guest with its plan and its disks, which is kept when something is wrong."""

import json
import os
import shutil
import sys
import tempfile

import guest

SKIPPED = 77
OPTIONS = ["--journal-mib", "64", "--ranks", "2", "--cores", "1"]


class Campaign:
    def __init__(self, programs, name):
        scratch = os.path.join(os.path.abspath(programs), "..", "test-images")
        os.makedirs(scratch, exist_ok=True)
        self._programs = os.path.abspath(programs)
        self._folder = tempfile.mkdtemp(prefix=name + "-", dir=os.path.realpath(scratch))

    def plan(self, options, **more):
        with open(os.path.join(self._folder, "plan.json"), "w", encoding="utf-8") as file:
            json.dump({"programs": self._programs, "options": OPTIONS + options, **more}, file)

    def disk(self, name, size):
        """A sparse file."""
        path = os.path.join(self._folder, name)
        with open(path, "wb") as file:
            file.truncate(size)
        return path

    def guest(self, program, disks, modules):
        """Runs the program of this folder in a guest; what it said."""
        return guest.run(self._folder, [os.path.join(guest.HERE, program), "/run/out"], disks, modules)

    def end(self):
        shutil.rmtree(self._folder)


def main(name, programs, run):
    """`run` gets the campaign; ends the program with its status."""
    if not guest.is_there():
        print("skipped: tools/install-packages kernel installs what this needs")
        sys.exit(SKIPPED)
    campaign = Campaign(programs, name)
    try:
        run(campaign)
    except guest.GuestError as error:
        print(error)
        sys.exit(1)
    campaign.end()
