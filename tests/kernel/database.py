# SPDX-License-Identifier: Apache-2.0
"""database.py OUT: in a guest. PostgreSQL with its data on ext4 and its log on xfs, each on a volume that the kernel's NBD client
attached; transfers all the time. Copies of both volumes by one command start as a database of their own; the data process is
killed; each time the books balance and every transaction that was answered before is there."""

import os
import random
import subprocess
import sys
import threading
import time

from inside import images_on, plan_in
import bank  # inside sets the path
import postgres
from daemon import Daemon
from mounted import Mount

PAIRS = [("0100", "0102"), ("0101", "0103")]
BLOCKS = 512 << 11


class Marks(threading.Thread):
    """One client that commits number after number and remembers which were answered."""

    MOST = 100000

    def __init__(self, server, first):
        super().__init__()
        self.answered, self.first = [], first
        script = os.path.join(server.socket_folder, "marks.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.writelines(f"insert into marks values ('{number}') returning name;\n" for number in range(first, first + self.MOST))
        self._client = server.popen("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", script,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self):
        for line in self._client.stdout:
            self.answered.append(int(line))

    def wait_for(self, count):
        """A comparison with fewer would prove little."""
        while len(self.answered) < count:
            if self._client.poll() is not None:
                raise SystemExit(f"the client ended after {len(self.answered)} transactions")
            time.sleep(0.1)

    def end(self):
        """The number that none of its transactions has."""
        self._client.kill()
        self._client.wait()
        self.join()
        return self.first + self.MOST


def require_whole(server, answered, what):
    there = set(server.sql("select name from marks").split())
    lost = [number for number in answered if str(number) not in there]
    problems = bank.audit(server)
    if lost or problems:
        raise SystemExit(f"{what}: {len(lost)} answered transactions are lost, the first {lost[:5]}; {problems}")


class Site:
    """Data and log on a pair of volumes."""

    def __init__(self, daemon, volumes, devices, name):
        data, log = (Mount(daemon, volume, device, kind, f"/tmp/{name}-{kind}")
                     for volume, device, kind in zip(volumes, devices, ("ext4", "xfs")))
        self.mounts = [data, log]
        self.server = postgres.Server(os.path.join(data.place, "pg"), os.path.join(log.place, "wal"), f"/tmp/{name}-socket")

    def attach(self, make=False):
        for mount in self.mounts:
            mount.attach()
            if make:
                mount.make()
            mount.mount()
            os.chmod(mount.place, 0o755)

    def detach(self):
        for mount in self.mounts:
            mount.unmount()
            mount.detach()


def compare_copies(daemon, site, marks):
    answered = list(marks.answered)
    daemon.must("mkflash", pairs=[{"source": source, "target": target} for source, target in PAIRS], persistent=True,
                background_copy=False, target_write_inhibit=False, sequence_number=0)
    copy = Site(daemon, [target for _source, target in PAIRS], ("/dev/nbd2", "/dev/nbd3"), "copy")
    copy.attach()
    copy.server.adopt_copy()
    copy.server.start()
    require_whole(copy.server, answered, "the copies")
    copy.server.stop()
    copy.detach()
    daemon.must("rmflash", pairs=[{"source": source, "target": target} for source, target in PAIRS])
    return len(answered)


def end_servers():
    """Their disk is gone: no way to stop them but this, and what they hold open must be closed."""
    for _attempt in range(300):
        if subprocess.run(["pkill", "-9", "-u", "postgres"], check=False).returncode:
            return
        time.sleep(0.1)
    raise SystemExit("the database does not end")


def one_round(daemon, site, first, chance):
    load, marks = bank.Load(site.server, site.server.socket_folder), Marks(site.server, first)
    marks.start()
    time.sleep(chance.uniform(0.5, 2.0))
    marks.wait_for(20)
    copied = compare_copies(daemon, site, marks)
    time.sleep(chance.uniform(0.2, 2.0))
    daemon.kill()
    following = marks.end()
    load.stop()
    end_servers()
    site.detach()
    daemon.up()
    site.attach()
    site.server.start()
    require_whole(site.server, marks.answered, "after the kill")
    print(f"{copied} transactions in the copies, {len(marks.answered)} there after the kill", flush=True)
    return following


def main(out):
    plan = plan_in(out)
    images_on("/dev/ubda", "/tmp/disk")
    chance = random.Random(plan["seed"])
    with Daemon(plan["programs"], "image", plan["options"]) as daemon:
        daemon.up()
        daemon.make_volumes("P1", [volume for pair in PAIRS for volume in pair], BLOCKS)
        site = Site(daemon, [source for source, _target in PAIRS], ("/dev/nbd0", "/dev/nbd1"), "site")
        site.attach(make=True)
        site.server.create()
        site.server.start()
        site.server.sql(bank.SCHEMA)
        number = 0
        for _turn in range(plan["rounds"]):
            number = one_round(daemon, site, number, chance)
        site.server.stop()
        site.detach()


if __name__ == "__main__":
    main(*sys.argv[1:])
