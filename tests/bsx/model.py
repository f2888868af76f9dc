# SPDX-License-Identifier: Apache-2.0
"""What every volume holds, byte by byte, in the most naive way: a copy is an assignment.

A write that is under way at the same time as a command may be in the copy or not; a write that was not answered may be
on the volume or not. Such sectors have several candidates. They are read at once, and what is seen counts from then on:
between two steps the model knows every byte."""

import array
import struct

SECTOR = 512
TRACK = 128  # sectors
_WORDS = SECTOR // 16


_PLACES = array.array("Q")  # each sector's number, as often as it stands in the sector


def content(number, first, count):
    """Sectors that say which write they come from and where they belong."""
    for sector in range(len(_PLACES) // _WORDS, first + count):
        _PLACES.extend((sector,) * _WORDS)
    words = array.array("Q", (number,)) * (count * _WORDS * 2)
    words[1::2] = _PLACES[first * _WORDS:(first + count) * _WORDS]
    return words.tobytes()


def origin(sector):
    """(number, place) that a sector says it has, None when it is of no write."""
    number, place = struct.unpack_from("<QQ", sector)
    return (number, place) if sector == sector[:16] * _WORDS and (number or place) else None


class Mismatch(Exception):
    def __init__(self, volume, sector, expected, found, what):
        super().__init__(what)
        self.volume, self.sector, self.expected, self.found = volume, sector, expected, found


class Model:
    def __init__(self, sectors):
        self.volumes = {name: bytearray(count * SECTOR) for name, count in sectors.items()}
        self.sectors = dict(sectors)

    def slice(self, volume, first, count):
        return self.volumes[volume][first * SECTOR:(first + count) * SECTOR]

    def put(self, volume, first, data):
        self.volumes[volume][first * SECTOR:first * SECTOR + len(data)] = data

    def copy(self, source, target):
        """A target that is longer keeps the rest."""
        data, old = self.volumes[source], self.volumes[target]
        self.volumes[target] = data[:len(old)] + old[len(data):]

    def check(self, volume, first, data, what):
        expected = self.slice(volume, first, len(data) // SECTOR)
        if data != expected:
            sector = first_difference(expected, data)
            raise Mismatch(volume, first + sector, bytes(expected[sector * SECTOR:][:SECTOR]),
                           data[sector * SECTOR:][:SECTOR], what)

    def settle(self, volume, first, data, candidates, what):
        """Each sector is as in one of the candidates (each as long as `data`), and so it is from now on."""
        for at in range(0, len(data), SECTOR):
            seen = data[at:at + SECTOR]
            if all(seen != candidate[at:at + SECTOR] for candidate in candidates):
                raise Mismatch(volume, first + at // SECTOR, bytes(candidates[-1][at:at + SECTOR]), seen, what)
        self.put(volume, first, data)

    def adopt(self, volume, data, most_tracks, allowed=None):
        """Tracks whose content is open after a command: at most so many differ, and only those of `allowed`."""
        old = self.volumes[volume]
        size = TRACK * SECTOR
        differing = [at for at in range(0, len(data), size) if data[at:at + size] != old[at:at + size]]
        wrong = [at for at in differing if allowed is not None and at // size not in allowed]
        if wrong or len(differing) > most_tracks:
            at = (wrong or differing)[0]
            sector = first_difference(old[at:at + size], data[at:at + size])
            raise Mismatch(volume, at // SECTOR + sector, bytes(old[at + sector * SECTOR:][:SECTOR]),
                           data[at + sector * SECTOR:][:SECTOR],
                           f"{len(differing)} tracks changed, where {most_tracks} were not copied")
        self.volumes[volume] = bytearray(data)
        return len(differing)


def first_difference(one, other):
    """Index of the sector."""
    for at in range(0, max(len(one), len(other)), SECTOR):
        if one[at:at + SECTOR] != other[at:at + SECTOR]:
            return at // SECTOR
    raise AssertionError("they are equal")
