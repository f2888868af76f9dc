# SPDX-License-Identifier: Apache-2.0
"""record.py OUT: in a guest. An image on an ext4 on a device whose every write is logged; the story is told to it, and each answer is
marked in the log."""

import json
import os
import subprocess
import sys

import nbd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from daemon import Daemon  # noqa: E402

import story  # noqa: E402

PLACE = "/tmp/logged"


def call(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def mark(text):
    call("dmsetup", "message", "logged", "0", "mark", text)


def tell(daemon, events):
    handles = {}
    for name in story.VOLUMES:
        handles[name] = nbd.NBD()
        handles[name].connect_uri(daemon.uri(name))
    for number, event in enumerate(events):
        if event["kind"] == "write":
            handles[event["volume"]].pwrite(story.bytes_of(event), event["first"] * story.SECTOR)
        elif event["kind"] == "copy":
            daemon.must("mkflash", pairs=[{"source": event["source"], "target": event["target"]}], persistent=True,
                        background_copy=event["background"], target_write_inhibit=False, sequence_number=0)
        else:
            daemon.must("rmflash", pairs=[{"source": event["source"], "target": event["target"]}])
        mark(f"answered-{number + 1}")


def main(out):
    with open(os.path.join(out, "plan.json"), encoding="utf-8") as file:
        plan = json.load(file)
    sectors = os.stat("/dev/ubda").st_size // 512 or int(open("/sys/block/ubda/size", encoding="ascii").read())
    call("dmsetup", "create", "logged", "--table", f"0 {sectors} log-writes /dev/ubda /dev/ubdb")
    call("dmsetup", "mknodes")
    call("mke2fs", "-q", "-t", "ext4", "-E", "nodiscard", "/dev/mapper/logged")
    os.makedirs(PLACE)
    call("mount", "-t", "ext4", "-o", "noinit_itable", "/dev/mapper/logged", PLACE)
    os.environ["TWINTRACK_TEST_FOLDER"] = PLACE
    daemon = Daemon(plan["programs"], "image", plan["options"])
    daemon.up()
    for pool, names in story.POOLS.items():
        daemon.make_volumes(pool, names, story.SECTORS)
    mark("begin")
    tell(daemon, story.draw(plan["seed"], plan["events"]))
    mark("end")
    daemon.kill()
    call("umount", PLACE)
    call("dmsetup", "remove", "logged")


if __name__ == "__main__":
    main(*sys.argv[1:])
