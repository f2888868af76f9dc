# SPDX-License-Identifier: Apache-2.0
"""The jobs, and how fio runs one against a server or a file."""

import json
import subprocess

FIRST_TOUCH = ["--rw=randwrite", "--bs=4k", "--blockalign=64k"]

# name: (what it is, options of fio)
JOBS = {
    "r4q1": ("4 KiB random read, depth 1", ["--rw=randread", "--bs=4k", "--iodepth=1"]),
    "r4q32": ("4 KiB random read, depth 32", ["--rw=randread", "--bs=4k", "--iodepth=32"]),
    "w4q1": ("4 KiB random write, depth 1", ["--rw=randwrite", "--bs=4k", "--iodepth=1"]),
    "w4q32": ("4 KiB random write, depth 32", ["--rw=randwrite", "--bs=4k", "--iodepth=32"]),
    "w4fs": ("4 KiB random write and flush, each", ["--rw=randwrite", "--bs=4k", "--iodepth=1", "--fsync=1"]),
    "w64q8": ("64 KiB random write, depth 8", ["--rw=randwrite", "--bs=64k", "--iodepth=8"]),
    "sr1m": ("1 MiB sequential read, depth 4", ["--rw=read", "--bs=1m", "--iodepth=4"]),
    "sw1m": ("1 MiB sequential write, depth 4", ["--rw=write", "--bs=1m", "--iodepth=4"]),
    "ftq1": ("first touch of tracks, depth 1", [*FIRST_TOUCH, "--iodepth=1"]),
    "ftq32": ("first touch of tracks, depth 32", [*FIRST_TOUCH, "--iodepth=32"]),
}


class FioError(RuntimeError):
    pass


def on(target, options):
    """The options for that target: on a file a flush is fdatasync, which NBD's flush is like."""
    return [*target, *("--fdatasync=1" if "--ioengine=io_uring" in target and option == "--fsync=1" else option
                       for option in options)]


def run(options, name="job"):
    done = subprocess.run(["fio", f"--name={name}", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=900)
    if done.returncode:
        raise FioError(f"fio {' '.join(options)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def fio(target, options, seconds):
    """Runs fio and returns requests and MB per second, percentiles in microseconds and the count of requests."""
    return figures_of(run([*on(target, options), *timed(seconds)]))


def fio_of_each(targets, options, seconds):
    """Likewise, all of the targets at the same time, each over a connection of its own; figures of all together."""
    jobs = [word for number, target in enumerate(targets) for word in (f"--name=job{number}", *target)]
    return figures_of(run([*options, *timed(seconds), "--group_reporting", *jobs], name="global"))


def timed(seconds):
    return ["--output-format=json", "--norandommap", "--randrepeat=0", "--refill_buffers", "--time_based",
            f"--runtime={seconds}", "--percentile_list=50:99:99.9"]


def figures_of(output):
    # fio prints notes of its engine before the JSON.
    job = json.loads(output[output.index("{"):])["jobs"][0]
    side = job["read"] if job["read"]["total_ios"] else job["write"]
    percentile = side["clat_ns"]["percentile"]
    return {"per_second": side["iops"], "mb_per_second": side["bw_bytes"] / 1e6, "requests": side["total_ios"],
            "p50_us": percentile["50.000000"] / 1e3, "p99_us": percentile["99.000000"] / 1e3,
            "p999_us": percentile["99.900000"] / 1e3}


def fill(target):
    """Writes the whole volume once, so that reads meet data."""
    run([*target, "--rw=write", "--bs=1m", "--iodepth=4", "--refill_buffers", "--end_fsync=1"])
