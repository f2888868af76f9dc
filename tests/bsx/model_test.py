#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The model finds what it is there for: a byte that is not what was written, a copy that moved, too many open tracks."""

import unittest

from model import SECTOR, TRACK, Mismatch, Model, content, origin


class ModelTest(unittest.TestCase):
    def setUp(self):
        self.model = Model({"0100": 3 * TRACK, "0101": 3 * TRACK, "0102": 4 * TRACK})
        self.model.put("0100", 0, content(7, 0, 3 * TRACK))

    def test_content_tells_where_it_comes_from(self):
        self.assertEqual(origin(content(7, 5, 3)[SECTOR:2 * SECTOR]), (7, 6))
        self.assertIsNone(origin(bytes(SECTOR)))
        self.assertIsNone(origin(content(7, 5, 1)[:256] + content(8, 5, 1)[256:]))

    def test_a_wrong_byte_is_found_with_its_sector(self):
        data = bytearray(content(7, 100, 4))
        data[2 * SECTOR + 5] ^= 1
        with self.assertRaises(Mismatch) as found:
            self.model.check("0100", 100, bytes(data), "")
        self.assertEqual(found.exception.sector, 102)

    def test_the_right_content_in_the_wrong_place_is_found(self):
        with self.assertRaises(Mismatch):
            self.model.check("0100", 100, content(7, 101, 4), "")

    def test_a_copy_does_not_follow_its_source_and_keeps_the_rest_of_a_larger_target(self):
        self.model.put("0102", 3 * TRACK, content(8, 3 * TRACK, TRACK))
        self.model.copy("0100", "0102")
        self.model.put("0100", 0, content(9, 0, 1))
        self.model.check("0102", 0, content(7, 0, 3 * TRACK) + content(8, 3 * TRACK, TRACK), "")
        with self.assertRaises(Mismatch):
            self.model.check("0102", 0, content(9, 0, 1), "")

    def test_what_was_seen_of_several_candidates_counts_from_then_on(self):
        old, new = content(7, 0, 2), content(9, 0, 2)
        seen = old[:SECTOR] + new[SECTOR:]
        self.model.settle("0100", 0, seen, [old, new], "")
        self.model.check("0100", 0, seen, "")
        with self.assertRaises(Mismatch):
            self.model.settle("0100", 0, content(8, 0, 2), [old, new], "")

    def test_only_so_many_tracks_may_be_open(self):
        data = bytearray(self.model.volumes["0100"])
        data[5] ^= 1
        data[TRACK * SECTOR] ^= 1
        with self.assertRaises(Mismatch):
            self.model.adopt("0100", bytes(data), 1)
        self.assertEqual(self.model.adopt("0100", bytes(data), 2), 2)
        self.model.check("0100", 0, bytes(data), "")


if __name__ == "__main__":
    unittest.main()
