#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle of the power losses can fail, and the reader of the log reads what log-writes writes."""

import os
import struct
import tempfile
import unittest

import story
import write_log
from oracle import SECTOR, content, contents

EVENTS = [{"kind": "write", "volume": "0100", "value": 1, "first": 0, "count": 8},
          {"kind": "copy", "source": "0100", "target": "0200", "background": False},
          {"kind": "write", "volume": "0100", "value": 3, "first": 4, "count": 8},
          {"kind": "withdraw", "source": "0100", "target": "0200"}]
PAIR = {"0100:0200"}


def volume(*runs):
    """Zeros, with (value, first, count) on them."""
    data = bytearray(story.SECTORS * SECTOR)
    for value, first, count in runs:
        data[first * SECTOR:(first + count) * SECTOR] = contents(value, first, count)
    return bytes(data)


class Story(unittest.TestCase):
    def test_an_answered_write_must_be_there(self):
        state = story.State(EVENTS, 1)
        self.assertEqual(state.differences("0100", volume((1, 0, 8))), [])
        self.assertEqual(state.differences("0100", volume((1, 0, 7))), [7])

    def test_an_unanswered_one_may_be_there_in_part(self):
        state = story.State(EVENTS, 2)
        self.assertEqual(state.differences("0100", volume((1, 0, 8), (3, 5, 2))), [])
        self.assertEqual(state.differences("0100", volume((1, 0, 8), (3, 3, 2))), [3])

    def test_a_target_shows_its_instant(self):
        state = story.State(EVENTS, 3)
        self.assertIsNone(state.settle(PAIR))
        self.assertEqual(state.differences("0200", volume((1, 0, 8))), [])
        self.assertEqual(state.differences("0200", volume((1, 0, 8), (3, 4, 8))), list(range(4, 12)))

    def test_relationships_are_what_was_answered_or_is_under_way(self):
        self.assertIsNotNone(story.State(EVENTS, 3).settle({"0100:0301"}))
        self.assertIsNone(story.State(EVENTS, 3).settle(set()), "the withdraw is under way")
        self.assertIsNotNone(story.State(EVENTS, 2).settle(set()))
        self.assertIsNone(story.State(EVENTS, 1).settle(PAIR))

    def test_content_after_a_withdraw_is_not_known(self):
        state = story.State(EVENTS, 4)
        self.assertEqual(state.differences("0200", os.urandom(story.SECTORS * SECTOR)), [])

    def test_a_seed_draws_the_same_story(self):
        self.assertEqual(story.draw(7, 200), story.draw(7, 200))
        self.assertEqual({event["kind"] for event in story.draw(7, 400)}, {"write", "copy", "withdraw"})


class Log(unittest.TestCase):
    def log_of(self, *parts):
        file = tempfile.TemporaryFile()
        file.write(b"".join(part.ljust(-(-len(part) // 512) * 512, b"\0") for part in parts))
        file.flush()
        return file

    def test_entries(self):
        mark = struct.pack("<QQQQ", 0, 0, write_log.MARK, 5) + b"begin"
        write = struct.pack("<QQQQ", 16, 1, 0, 0)
        flush = struct.pack("<QQQQ", 0, 0, write_log.FLUSH, 0)
        head = struct.pack("<QQQI", write_log.MAGIC, 1, 3, 512)
        with self.log_of(head, mark, write, content(9, 16), flush) as file, tempfile.TemporaryFile() as device:
            found = write_log.entries(file.fileno())
            self.assertEqual([entry.mark for entry in found], ["begin", None, None])
            self.assertEqual([write_log.is_durable(entry) for entry in found], [False, False, True])
            for entry in found:
                write_log.apply(entry, file.fileno(), device.fileno())
            self.assertEqual(os.pread(device.fileno(), 512, 16 * 512), content(9, 16))

    def test_something_else(self):
        with self.log_of(b"not a log") as file, self.assertRaises(write_log.LogError):
            write_log.entries(file.fileno())


if __name__ == "__main__":
    unittest.main()
