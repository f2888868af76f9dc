# SPDX-License-Identifier: Apache-2.0
"""Versions in the files of an image: what they are, and what they would be in a later release."""

import os
import struct

SUPERBLOCK = [0, 65536, 131072, 196608]  # in meta.0
RANK = [0, 524288]  # in rank.0
PAGE = 4096


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def _file(folder, prefix):
    return os.path.join(folder, min(name for name in os.listdir(folder) if name.startswith(prefix)))


def _page(path, at):
    with open(path, "rb") as file:
        file.seek(at)
        return bytearray(file.read(PAGE))


def _replace(path, at, page):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(page)


def _tail(folder):
    return struct.unpack_from("<Q", _page(_file(folder, "meta"), 0), 80)[0]


def versions(folder):
    """Of the slot at the journal's tail, the superblock and the first rank."""
    slot = _page(_file(folder, "journal"), _tail(folder))
    return {"ring": struct.unpack_from("<H", slot, 4)[0],
            "checkpoint": struct.unpack_from("<I", _page(_file(folder, "meta"), 0), 8)[0],
            "rank": struct.unpack_from("<I", _page(_file(folder, "rank"), 0), 8)[0]}


def make_newer(folder, which):
    """As a later release would have written it: only the version differs, checksums are right."""
    if which == "ring":
        path, at = _file(folder, "journal"), _tail(folder)
        page = _page(path, at)
        struct.pack_into("<H", page, 4, struct.unpack_from("<H", page, 4)[0] + 1)
        struct.pack_into("<I", page, 52, 0)
        struct.pack_into("<I", page, 52, crc32c(page))
        _replace(path, at, page)
        return
    path, places = (_file(folder, "meta"), SUPERBLOCK) if which == "checkpoint" else (_file(folder, "rank"), RANK)
    for at in places:
        page = _page(path, at)
        struct.pack_into("<I", page, 8, struct.unpack_from("<I", page, 8)[0] + 1)
        struct.pack_into("<I", page, 12, 0)
        summed = page if which == "rank" else page[:12] + page[20:]
        struct.pack_into("<I", page, 12, crc32c(summed))
        _replace(path, at, page)
