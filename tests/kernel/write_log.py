# SPDX-License-Identifier: Apache-2.0
"""The log of the device mapper target log-writes (Linux, Documentation/admin-guide/device-mapper/log-writes.rst): everything that
was written to a device, in an order in which a disk with a volatile cache could have kept it, with flushes and marks."""

import os
import struct
from collections import namedtuple

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
_SUPER = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")

# `at`: where its data begins in the log; `mark`: its text, or None. Offset and length are in bytes.
Entry = namedtuple("Entry", "offset length flags at mark")


class LogError(Exception):
    pass


def entries(file):
    """All of them, in order; `file` is a descriptor of the log."""
    magic, version, count, sector = _SUPER.unpack(os.pread(file, _SUPER.size, 0))
    if magic != MAGIC or version != 1:
        raise LogError("this is no log of log-writes")
    found, at = [], sector
    for _number in range(count):
        head = os.pread(file, sector, at)
        first, sectors, flags, text_bytes = _ENTRY.unpack_from(head)
        at += sector
        mark = head[_ENTRY.size:_ENTRY.size + text_bytes].rstrip(b"\0").decode() if flags & MARK else None
        found.append(Entry(first * sector, sectors * sector, flags, at, mark))
        if not flags & (DISCARD | MARK):
            at += sectors * sector
    return found


def apply(entry, log, device):
    if entry.flags & DISCARD:
        raise LogError("a discard: what a device shows afterwards is not defined")
    if entry.length and entry.mark is None:
        os.pwrite(device, os.pread(log, entry.length, entry.at), entry.offset)


def is_durable(entry):
    """Everything before it is on the disk, or it is itself."""
    return bool(entry.flags & (FLUSH | FUA))
