# SPDX-License-Identifier: Apache-2.0
"""record.py OUT: in a guest. An image on an ext4 on a device whose every write is logged; the story is told to it, and each answer is
marked in the log."""

import sys

import nbd

import story
from inside import call, images_on, map_device, plan_in, sectors_of
from daemon import Daemon  # inside sets the path

PLACE = "/tmp/logged"


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
    plan = plan_in(out)
    map_device("logged", f"0 {sectors_of('ubda')} log-writes /dev/ubda /dev/ubdb")
    images_on("/dev/mapper/logged", PLACE, "noinit_itable")  # nothing that the kernel writes in its own time
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
