#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""image.py PROGRAMS: the plain interop scripts against a whole storage image, over a Unix socket and TCP."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from image import Image  # noqa: E402

SECTORS = 128 * 2048  # 128 MiB per volume


def main():
    with Image(sys.argv[1], "interop") as image:
        image.up()
        image.must("mkfbvol", "-extpool", "P0", "-type", "blocks", "-cap", str(SECTORS), "-name", "interop", "0200-0201")
        uris = [image.uri("0200"), f"nbd://{image.endpoints['nbd']['tcp']}/0201"]
        done = subprocess.run([os.path.join(HERE, "run_all"), "--uri", *uris], check=False)
    return done.returncode


sys.exit(main())
