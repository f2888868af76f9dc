#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""endpoints.json: where everything of one running image can be reached, for programs.

  endpoints.py write DIR --daemon READY --console READY --bin DIR   writes DIR/endpoints.json, dscli.profile
  endpoints.py get DIR KEY.KEY                                                  prints one value
  endpoints.py alive DIR PROGRAM                                                prints the pid if the program runs
"""

import argparse
import json
import os
import sys
from urllib.parse import urlsplit


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_atomically(path, text, mode=0o644):
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def write_profile(path, console, storage_image):
    """All that `dscli -cfg PATH` needs. The password itself stays in its own file."""
    url = urlsplit(console["url"])
    lines = [
        "# Written by ./run up for this image; dscli -cfg with this file needs nothing else.",
        f"hmc1: {url.hostname}:{url.port}",
        f"username: {console['user']}",
        f"passwordfile: {console['password_file']}",
        f"ca: {console['ca']}",
        f"devid: {storage_image}",
    ]
    write_atomically(path, "\n".join(lines) + "\n", 0o600)


def write(arguments):
    daemon, console = read_json(arguments.daemon), read_json(arguments.console)
    folder = os.path.abspath(arguments.dir)
    profile = os.path.join(folder, "dscli.profile")
    write_profile(profile, console, daemon["storage_image"])
    endpoints = {
        "version": daemon["version"],
        "storage_image": daemon["storage_image"],
        "pids": {"twintrackd": daemon["pid"], "twintrack-console": console["pid"]},
        "nbd": {"unix": daemon["nbd"]["unix"], "tcp": daemon["nbd"]["tcp"]},
        "console": {key: console[key] for key in ("url", "ca", "user", "password_file")},
        "dscli": {"program": os.path.join(os.path.abspath(arguments.bin), "dscli"), "profile": profile},
    }
    write_atomically(os.path.join(folder, "endpoints.json"), json.dumps(endpoints, indent=2) + "\n")


def get(arguments):
    value = read_json(os.path.join(arguments.dir, "endpoints.json"))
    for key in arguments.key.split("."):
        value = value[key]
    print(value if isinstance(value, (str, int)) else json.dumps(value))


def alive(arguments):
    """A pid counts only while it is still our program: numbers are used again."""
    try:
        pid = read_json(os.path.join(arguments.dir, "run", arguments.program + ".json"))["pid"]
        program = os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except (OSError, ValueError, KeyError):
        return 1
    if program != arguments.program:
        return 1
    print(pid)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("write")
    one.set_defaults(work=write)
    one.add_argument("dir")
    for name in ("--daemon", "--console", "--bin"):
        one.add_argument(name, required=True)
    one = commands.add_parser("get")
    one.set_defaults(work=get)
    one.add_argument("dir")
    one.add_argument("key")
    one = commands.add_parser("alive")
    one.set_defaults(work=alive)
    one.add_argument("dir")
    one.add_argument("program")
    arguments = parser.parse_args()
    try:
        return arguments.work(arguments) or 0
    except (OSError, ValueError, KeyError) as error:
        print(f"endpoints: {error!r}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
