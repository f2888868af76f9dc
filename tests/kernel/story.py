# SPDX-License-Identifier: Apache-2.0
"""What a host and an administrator do, one after the other, and what must be on the volumes after so much of it was answered."""

import array
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kill"))
from oracle import SECTOR, content, contents  # noqa: E402

SECTORS = 4 * 2048
POOLS = {"P1": ["0100", "0102", "0301"], "P0": ["0200", "0400"]}
VOLUMES = sorted(name for names in POOLS.values() for name in names)
UNKNOWN = (1 << 64) - 1


def draw(seed, count):
    """Events as dictionaries: write, copy, withdraw."""
    chance, events, pairs = random.Random(seed), [], {}
    while len(events) < count:
        kind = chance.random()
        free = [name for name in VOLUMES if name not in pairs and name not in pairs.values()]
        sources = [name for name in VOLUMES if name not in pairs]
        if kind < 0.06 and free and len(sources) > 1:
            target = chance.choice(free)
            pairs[target] = chance.choice([name for name in sources if name != target])
            events.append({"kind": "copy", "source": pairs[target], "target": target, "background": chance.random() < 0.5})
        elif kind < 0.10 and pairs:
            target = chance.choice(sorted(pairs))
            events.append({"kind": "withdraw", "source": pairs.pop(target), "target": target})
        else:
            sectors = chance.choice([1, 8, 8, 8, 64, 128, 512, 1024])
            first = chance.randrange(SECTORS - sectors)
            if sectors >= 128 and chance.random() < 0.7:
                first -= first % 128  # whole tracks
            events.append({"kind": "write", "volume": chance.choice(VOLUMES), "value": len(events) + 1, "first": first,
                           "count": sectors})
    return events


class State:
    """After the first `answered` events; the next one may have happened, or a part of it."""

    def __init__(self, events, answered):
        self.values = {name: array.array("Q", bytes(8 * SECTORS)) for name in VOLUMES}
        self.pairs = set()
        for event in events[:answered]:
            self._take(event)
        self._next = events[answered] if answered < len(events) else None

    def _take(self, event):
        if event["kind"] == "write":
            end = event["first"] + event["count"]
            self.values[event["volume"]][event["first"]:end] = array.array("Q", [event["value"]] * event["count"])
            return
        pair = f"{event['source']}:{event['target']}"
        if event["kind"] == "copy":
            self.pairs.add(pair)
            self.values[event["target"]] = self.values[event["source"]][:]
        else:
            self.pairs.remove(pair)
            self.values[event["target"]] = array.array("Q", [UNKNOWN]) * SECTORS

    def settle(self, listed):
        """Which of the two is there, by the relationships that are listed; a problem, or None."""
        if listed != self.pairs and self._next and self._next["kind"] != "write":
            self._take(self._next)
            self._next = None
        if listed != self.pairs:
            return f"relationships {sorted(listed)} instead of {sorted(self.pairs)}"
        return None

    def differences(self, name, data):
        """Sectors that hold what they may not; `data` is the whole volume."""
        event = self._next
        if event and (event["kind"] != "write" or event["volume"] != name):
            event = None
        wrong = []
        for sector, value in enumerate(self.values[name]):
            seen = data[sector * SECTOR:(sector + 1) * SECTOR]
            if value == UNKNOWN or seen == content(value, sector):
                continue
            if event and 0 <= sector - event["first"] < event["count"] and seen == content(event["value"], sector):
                continue
            wrong.append(sector)
        return wrong


def bytes_of(event):
    return contents(event["value"], event["first"], event["count"])
