# SPDX-License-Identifier: Apache-2.0
"""What may be on the volumes, kept outside the image.

Every write has a number of its own, and every sector it writes holds that number. Per sector the oracle knows the last
acknowledged number and the numbers that may be there instead because their write was not answered, or was under way
while T0 was drawn. Whatever is seen once is settled: from then on only that may be seen.

A sector belongs to one writer, and a writer issues a write only after the answer to the one before. So at T0 the writes
of one writer are a prefix: if a later one is in the copies of a group, all earlier ones are (dependent-write
consistency).
"""

import array
import struct

SECTOR = 512
ZERO = 1 << 63  # The number of a write of zeros has this bit: several numbers look alike on the volume.
_REPEAT = SECTOR // 16


def number(writer, count, zero=False):
    return (ZERO if zero else 0) | writer << 40 | count


def writer_of(value):
    return (value & ~ZERO) >> 40


def looks_zero(value):
    return value == 0 or bool(value & ZERO)


def content(value, sector):
    return b"\0" * SECTOR if looks_zero(value) else struct.pack("<QQ", value, sector) * _REPEAT


def contents(value, first, count):
    return b"".join(content(value, sector) for sector in range(first, first + count))


class Mismatch(Exception):
    pass


class Volume:
    def __init__(self, name, sectors):
        self.name = name
        self.sectors = sectors
        self.known = True  # False: after a withdraw, any mixture.
        self.value = array.array("Q", bytes(8 * sectors))
        self.maybe = {}  # sector -> numbers that may be there instead

    def issue(self, value, first, count):
        for sector in range(first, first + count):
            self.maybe[sector] = {*self.maybe.get(sector, ()), value}

    def acknowledge(self, value, first, count):
        for sector in range(first, first + count):
            self.maybe.pop(sector, None)
            self.value[sector] = value

    def settle(self, first, data):
        """Compares what was read with what may be there, and remembers what was seen."""
        for index in range(len(data) // SECTOR):
            sector = first + index
            seen = data[index * SECTOR:(index + 1) * SECTOR]
            expected = self.value[sector]
            if seen != content(expected, sector):
                found = [value for value in self.maybe.get(sector, ()) if seen == content(value, sector)]
                if not found:
                    raise Mismatch(self._describe(sector, seen))
                self.value[sector] = found[0]
            self.maybe.pop(sector, None)

    def _describe(self, sector, seen):
        start = struct.unpack("<QQ", seen[:16])
        whole = "all of it" if seen == seen[:16] * _REPEAT else "mixed content"
        return (f"volume {self.name} sector {sector} (track {sector // 128}): holds number {start[0]:#x} of sector "
                f"{start[1]}, {whole}; expected {self.value[sector]:#x} or one of "
                f"{[hex(value) for value in self.maybe.get(sector, ())]}")


class Moment:
    """The window in which T0 of one command was drawn: what each source held before, and what was under way."""

    def __init__(self, volumes, writers):
        self._writers = writers
        self._begin = [(writer, writer.first_open()) for writer in writers]
        self.base = {volume.name: volume.value[:] for volume in volumes}
        self.maybe = {volume.name: {s: set(v) for s, v in dict(volume.maybe).items()} for volume in volumes}
        self.window = {}

    def close(self):
        """No write issued from here on can be in the copy."""
        self.window = {writer.id: writer.issued[begin:] for writer, begin in self._begin}

    def copy_to(self, source, target):
        """Sets what may be on the target now that it is a copy of the source at this moment."""
        target.known = True
        target.value = self.base[source.name][:]
        target.maybe = {sector: set(values) for sector, values in self.maybe[source.name].items()}
        for writes in self.window.values():
            for value, volume, first, count in writes:
                if volume != source.name:
                    continue
                for sector in range(first, first + count):
                    if target.value[sector] != value:
                        target.maybe.setdefault(sector, set()).add(value)

    def check_group(self, pairs, overwritten):
        """Dependent writes: call it when all targets of the command have been settled. `pairs` are (source, target);
        `overwritten` the sectors of targets, as (name, sector), that a host has written since."""
        targets = {}
        for source, target in pairs:
            targets.setdefault(source.name, []).append(target)
        for writes in self.window.values():
            self._check_writer(writes, targets, overwritten)

    def _check_writer(self, writes, targets, overwritten):
        order = {value: index for index, (value, *_rest) in enumerate(writes)}
        places = [(index, target, sector) for index, (_value, volume, first, count) in enumerate(writes)
                  for target in targets.get(volume, ()) for sector in range(first, first + count)
                  if (target.name, sector) not in overwritten and not looks_zero(target.value[sector])]
        cut = max((order.get(target.value[sector], -1) for _index, target, sector in places), default=-1)
        for index, target, sector in places:
            if index < cut and order.get(target.value[sector], -1) < index:
                raise Mismatch(f"copies of {sorted(targets)} by one command: write {writes[cut][0]:#x} is in them, write "
                               f"{writes[index][0]:#x} it depended on is not: volume {target.name} sector {sector}")
