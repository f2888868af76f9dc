#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nightly_batch.py PROGRAMS: the oldest use of FlashCopy, with a real PostgreSQL on real ext4 on two volumes.

A batch of two dependent steps runs while customers go on making transfers. Between the steps both volumes, data and
WAL, are copied by one command of a dscli script; the database is not stopped. Step two fails half way. The copies are
attached, PostgreSQL recovers on them, the books balance to the cent, and step two runs to its end from there.
Exit 77: this machine cannot do it, with the reason."""

import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from image import Image  # noqa: E402

import bank  # noqa: E402
import postgres  # noqa: E402
from attach import Attached, check_file_system, scratch_folder, why_not  # noqa: E402

SKIPPED = 77
START = time.monotonic()


def tell(text):
    print(f"{time.monotonic() - START:7.2f} s  {text}", flush=True)


def require(condition, what):
    if not condition:
        raise AssertionError(what)


def flash(image):
    """What cron does at 23:59."""
    begin = time.monotonic()
    dscli = image.endpoints["dscli"]
    done = subprocess.run([dscli["program"], "-cfg", dscli["profile"], "-script", os.path.join(HERE, "nightly.dscli")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=60)
    print(done.stdout, end="")
    require(done.returncode == 0, f"the dscli script ended with {done.returncode}")
    require(done.stdout.count("CMUC00137I") == 2, "two pairs are established")
    tell(f"FlashCopy of both volumes by the script in {time.monotonic() - begin:.2f} s, database not stopped")


def first_night(image, folder):
    """Until the failure of step two, on the original volumes."""
    with Attached(image.uri("0100"), folder, "data", make=True) as data, \
         Attached(image.uri("0200"), folder, "wal", make=True) as wal:
        server = postgres.Server(os.path.join(data.mount_point, "pg"), os.path.join(wal.mount_point, "wal"),
                                 os.path.join(folder, "socket"))
        server.create()
        server.start()
        try:
            server.sql(bank.SCHEMA)
            tell(f"PostgreSQL serves {bank.ACCOUNTS} accounts on volumes 0100 (data) and 0200 (WAL)")
            load = bank.Load(server, folder)
            try:
                night(image, server, load)
            finally:
                load.stop()
        finally:
            server.stop()


def night(image, server, load):
    time.sleep(3)
    bank.step_one(server)
    tell("batch step one done, under load")
    server.sql("insert into marks values ('before the copy')")
    flash(image)
    server.sql("insert into marks values ('after the copy')")
    try:
        bank.step_two(server, fail_at=bank.ACCOUNTS // 2)
    except bank.BatchFailure as failure:
        tell(f"batch step two failed half way: {failure}")
    else:
        raise AssertionError("step two was made to fail and did not")
    time.sleep(2)
    require(load.running(), "the transfers went on all the time")
    require(bank.audit(server) == [], f"the original's books: {bank.audit(server)}")
    tell(f"the original holds {server.sql('select count(*) from ledger')} ledger rows; half of the interest is paid")


def second_attempt(image, folder):
    """The batch from the copies."""
    with Attached(image.uri("0300"), folder, "data-copy") as data, \
         Attached(image.uri("0400"), folder, "wal-copy") as wal:
        server = postgres.Server(os.path.join(data.mount_point, "pg"), os.path.join(wal.mount_point, "wal"),
                                 os.path.join(folder, "socket-copy"))
        server.adopt_copy()
        server.start()
        try:
            require("automatic recovery in progress" in server.log(), "the copy is of a running database: it recovers")
            tell("PostgreSQL has recovered on the copies 0300 and 0400")
            require(server.sql("select name from marks") == "before the copy",
                    "what was committed before the copy is in it, what came after is not")
            require(bank.audit(server) == [], f"the copy's books: {bank.audit(server)}")
            require(server.sql("select max(step) from batch") == "1", "the copy is between the steps")
            require(server.sql("select count(*) from ledger where what = 'interest'") == "0", "no interest is paid yet")
            tell("the books of the copy balance to the cent, between step one and step two")
            bank.step_two(server)
            require(bank.interest_paid(server) == f"{bank.ACCOUNTS} true", "each account has its interest, once")
            require(bank.audit(server) == [], f"after the batch: {bank.audit(server)}")
            tell("the batch ran to its end from the copies; the books balance")
        finally:
            server.stop()
        server.call("pg_checksums", "--check", "-D", server.data)
        tell("pg_checksums finds every page of the copy whole")


def run(programs):
    folder = scratch_folder()
    try:
        with Image(programs, "nightly", ["--journal-mib", "128"]) as image:
            image.up()
            image.must("mkfbvol", "-extpool", "P1", "-cap", "1", "-name", "pg_#h", "0100", "0300")
            image.must("mkfbvol", "-extpool", "P0", "-cap", "1", "-name", "pg_#h", "0200", "0400")
            first_night(image, folder)
            second_attempt(image, folder)
            for volume in ("0100", "0200", "0300", "0400"):
                check_file_system(image.uri(volume), folder)
            tell("e2fsck has no complaint about any of the four file systems")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    reason = why_not() or (None if postgres.programs() else "PostgreSQL is not installed")
    if reason:
        print(f"SKIPPED: {reason}")
        return SKIPPED
    # A polite end unwinds the whole stack: servers stopped, file systems unmounted.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    run(sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
