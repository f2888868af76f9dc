# SPDX-License-Identifier: Apache-2.0
"""The jobs, and how fio's nbd engine runs one."""

import json
import subprocess

# name: (what it is, options of fio)
JOBS = {
    "r4q1": ("4 KiB random read, depth 1", ["--rw=randread", "--bs=4k", "--iodepth=1"]),
    "r4q32": ("4 KiB random read, depth 32", ["--rw=randread", "--bs=4k", "--iodepth=32"]),
    "w4q1": ("4 KiB random write, depth 1", ["--rw=randwrite", "--bs=4k", "--iodepth=1"]),
    "w4q32": ("4 KiB random write, depth 32", ["--rw=randwrite", "--bs=4k", "--iodepth=32"]),
    "w4f": ("4 KiB random write, each with a flush", ["--rw=randwrite", "--bs=4k", "--iodepth=1", "--fsync=1"]),
    "sr1m": ("1 MiB sequential read, depth 4", ["--rw=read", "--bs=1m", "--iodepth=4"]),
    "sw1m": ("1 MiB sequential write, depth 4", ["--rw=write", "--bs=1m", "--iodepth=4"]),
}


def fio(uri, options, seconds):
    """Runs fio and returns operations per second, MB per second and the 50th and 99th percentile in microseconds."""
    command = ["fio", "--name=job", "--ioengine=nbd", f"--uri={uri}", "--output-format=json", "--norandommap",
               "--randrepeat=0", "--refill_buffers", "--time_based", f"--runtime={seconds}", *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=seconds + 300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    # fio prints notes of its engine before the JSON.
    job = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]
    side = job["read"] if job["read"]["total_ios"] else job["write"]
    percentile = side["clat_ns"]["percentile"]
    return {"per_second": side["iops"], "mb_per_second": side["bw_bytes"] / 1e6,
            "p50_us": percentile["50.000000"] / 1e3, "p99_us": percentile["99.000000"] / 1e3}


def fill(uri):
    """Writes the whole volume once, so that reads meet data."""
    fio_options = ["--rw=write", "--bs=1m", "--iodepth=4"]
    command = ["fio", "--name=fill", "--ioengine=nbd", f"--uri={uri}", "--refill_buffers", "--end_fsync=1", *fio_options]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
