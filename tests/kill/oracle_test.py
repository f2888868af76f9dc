#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle finds what it is there for: a lost write, a changed T0 image, a torn group."""

import unittest

from oracle import Mismatch, Moment, Volume, content, number


class FakeWriter:
    def __init__(self, writer_id):
        self.id, self.issued, self._count = writer_id, [], 0

    def first_open(self):
        return max(0, len(self.issued) - 1)

    def write(self, volume, first, answered=True, zero=False):
        self._count += 1
        value = number(self.id, self._count, zero)
        volume.issue(value, first, 1)
        self.issued.append((value, volume.name, first, 1))
        if answered:
            volume.acknowledge(value, first, 1)
        return value


class OracleTest(unittest.TestCase):
    def setUp(self):
        self.source, self.other = Volume("0100", 8), Volume("0101", 8)
        self.target, self.second = Volume("0200", 8), Volume("0201", 8)
        self.writer = FakeWriter(1)

    def show(self, volume, *values):
        volume.settle(0, b"".join(content(value, sector) for sector, value in enumerate(values)))

    def test_lost_write(self):
        old = self.writer.write(self.source, 0)
        self.writer.write(self.source, 0)
        with self.assertRaises(Mismatch):
            self.show(self.source, old)

    def test_unanswered_write_may_be_there_or_not_but_is_settled_once_seen(self):
        old = self.writer.write(self.source, 0)
        new = self.writer.write(self.source, 0, answered=False)
        self.show(self.source, new)
        with self.assertRaises(Mismatch):
            self.show(self.source, old)

    def test_lost_zeros(self):
        old = self.writer.write(self.source, 0)
        self.writer.write(self.source, 0, zero=True)
        with self.assertRaises(Mismatch):
            self.show(self.source, old)

    def test_torn_sector(self):
        value = self.writer.write(self.source, 0)
        torn = content(value, 0)[:256] + content(0, 0)[256:]
        with self.assertRaises(Mismatch):
            self.source.settle(0, torn)

    def test_right_content_in_the_wrong_place(self):
        value = self.writer.write(self.source, 0)
        with self.assertRaises(Mismatch):
            self.source.settle(0, content(value, 1))

    def test_copy_must_not_change_after_t0(self):
        old = self.writer.write(self.source, 0)
        moment = Moment([self.source], [self.writer])
        moment.close()
        moment.copy_to(self.source, self.target)
        new = self.writer.write(self.source, 0)
        with self.assertRaises(Mismatch):
            self.show(self.target, new)
        self.show(self.target, old)

    def test_write_under_way_at_t0_may_be_in_the_copy(self):
        moment = Moment([self.source], [self.writer])
        value = self.writer.write(self.source, 0)
        moment.close()
        moment.copy_to(self.source, self.target)
        self.show(self.target, value)

    def test_torn_group(self):
        self.writer.write(self.source, 7)
        moment = Moment([self.source, self.other], [self.writer])
        first = self.writer.write(self.source, 0)
        second = self.writer.write(self.other, 0)
        moment.close()
        pairs = [(self.source, self.target), (self.other, self.second)]
        for source, target in pairs:
            moment.copy_to(source, target)
        # The later write is in the copy and the earlier one is missing: no instant looked like that.
        self.source.value[0] = self.target.value[0] = number(9, 1)
        self.target.value[0] = number(9, 1)
        self.second.value[0] = second
        with self.assertRaises(Mismatch):
            moment.check_group(pairs, set())
        self.target.value[0] = first
        moment.check_group(pairs, set())

    def test_prefix_is_fine(self):
        self.writer.write(self.source, 7)
        moment = Moment([self.source, self.other], [self.writer])
        first = self.writer.write(self.source, 0)
        self.writer.write(self.other, 0)
        moment.close()
        pairs = [(self.source, self.target), (self.other, self.second)]
        for source, target in pairs:
            moment.copy_to(source, target)
        self.target.value[0] = first
        self.second.value[0] = number(9, 1)
        moment.check_group(pairs, set())


if __name__ == "__main__":
    unittest.main()
