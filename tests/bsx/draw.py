# SPDX-License-Identifier: Apache-2.0
"""Draws steps for exerciser.py. Places are few and at the edges, so that requests and copies meet: tracks beside the end
of a stripe (where the next shard begins), the first ones, the last one, which is short.

Themes take turns, because what one kind of copy needs another one forbids: many targets of one source, which share
tracks; pairs by themselves, which can be reversed and made revertible; streams to volumes without copies, which go to their
place at once, and more kills; anything."""

from model import TRACK

STRIPE = 256  # tracks
FUA, NO_HOLE = 1, 2
_KINDS = "rrrrrrwwwwwwwwwwzztf"
# Commands that end a copy are rarer than those that make one: chains and fans are to grow.
_COMMANDS = ["mkflash"] * 8 + ["resyncflash"] * 3 + ["reverseflash"] * 3 + ["rmflash"] * 2 + [
    "setflashrevertible", "settle", "settle", "initfbvol", "mkrangeflash", "mkrangeflash", "rmrangeflash"]


class Drawer:
    def __init__(self, random, exerciser, thin):
        self._random, self._exerciser, self._thin = random, exerciser, thin
        self._sectors = exerciser.model.sectors
        self._names = sorted(self._sectors)
        self._count = 0
        self._ranges = []
        self._theme, self._theme_ends = "any", 0

    def step(self):
        random = self._random
        self._count += 1
        step = {"n": self._count}
        if self._count > self._theme_ends:
            self._theme = random.choice(["any", "any", "fan", "pairs", "pairs", "streams"])
            self._theme_ends = self._count + random.randint(50, 200)
            pairs = [{"source": source, "target": target} for target, source in sorted(self._exerciser.pairs.items())]
            if pairs:
                return {**step, "do": {"op": "rmflash", "with": {"pairs": pairs}}}
        kind = random.random()
        if self._theme == "streams":
            kind = 0.2 + 0.1 * kind  # no commands, more of the rest
        elif kind < 0.2:
            return self._command(step)
        step["io"] = self._io(random.randint(1, 14), reads=self._names, writes=self._names)
        if kind < 0.203:
            step["end"] = "stop"
        elif kind < 0.207:
            # Whether a write that would be refused was answered so cannot be known then.
            able = [name for name in self._names if not self._exerciser.refuses_writes(name)]
            step["io"] = self._io(random.randint(0, 24), reads=self._names, writes=able)
            step["end"], step["after_s"] = "kill", random.choice([0, 0.001, 0.003])
        elif kind < 0.22:
            step["pause_s"] = random.choice([0.01, 0.05, 0.25])
        if random.random() < 0.03:
            step["check"] = random.sample(self._names, random.choice([1, 1, 1, len(self._names)]))
        return step

    # ---- requests ----

    def _io(self, count, reads, writes):
        drawn = []
        for index in range(count):
            kind = self._random.choice(_KINDS)
            names = reads if kind in "rf" else writes
            if not names:
                continue
            volume = self._random.choice(names)
            first, length = (0, 0) if kind == "f" else self._place(self._sectors[volume])
            flags = 0
            if kind in "wzt" and self._random.random() < 0.15:
                flags |= FUA
            if kind == "z" and self._random.random() < 0.5:
                flags |= NO_HOLE
            io = [kind, volume, first, length, flags]
            if kind == "w":
                io.append(self._count << 20 | self._names.index(volume) << 12 | index)
            if not any(_meet(io, other) for other in drawn):
                drawn.append(io)
        return drawn

    def _place(self, sectors):
        random = self._random
        tracks = (sectors + TRACK - 1) // TRACK
        kind = random.random()
        if kind < 0.3:
            track = random.randrange(STRIPE - 3, min(STRIPE + 3, tracks))
        elif kind < 0.5:
            track = random.randrange(3)
        elif kind < 0.7:
            track = tracks - 1 - random.randrange(3)
        else:
            track = random.randrange(tracks)
        kind = random.random()
        if kind < 0.35:  # pages
            first, count = track * TRACK + 8 * random.randrange(16), 8 * random.choice([1, 1, 2, 4, 20])
        elif kind < 0.7:  # not aligned
            first, count = track * TRACK + random.randrange(TRACK), random.choice([1, 1, 3, 7, 40, 129, 300])
        elif kind < (0.8 if self._theme == "streams" else 0.97):
            first, count = track * TRACK, TRACK * random.choice([1, 1, 1, 2, 3])
        else:  # a stream
            first, count = track * TRACK, TRACK * random.choice([16, 24])
        first = min(first, sectors - 1)
        return first, min(count, sectors - first)

    # ---- commands ----

    def _command(self, step):
        command = getattr(self, "_" + self._random.choice(_COMMANDS))()
        if command is None:
            command = self._mkflash()
        operation, arguments, no_reads, no_writes = command
        step["do"] = {"op": operation, "with": arguments}
        able = [name for name in self._names if not self._exerciser.refuses_writes(name)]
        count = self._random.choice([0, 0, 2, 8, 16])
        step["io"] = self._io(count, reads=[n for n in self._names if n not in no_reads],
                              writes=[n for n in able if n not in no_reads and n not in no_writes])
        if self._random.random() < 0.15:
            step["check"] = [self._random.choice(self._names)]
        return step

    def _options(self):
        random = self._random
        recording = random.random() < 0.6
        return {"background_copy": random.random() < 0.35, "recording": recording,
                "multiple_incremental": recording and random.random() < 0.7,
                "persistent": recording or random.random() < 0.4, "target_write_inhibit": False, "sequence_number": 0}

    def _pair(self, recording=False):
        """One that records, if any does and it is asked for: only those can be refreshed."""
        pairs = sorted(self._exerciser.pairs.items())
        if recording and self._random.random() < 0.9:
            pairs = [pair for pair in pairs if pair[0] in self._exerciser.recording] or pairs
        if not pairs:
            return None
        target, source = self._random.choice(pairs)
        return {"source": source, "target": target}

    def _mkflash(self):
        random = self._random
        largest = max(self._sectors.values())
        able = [name for name in self._names if self._sectors[name] < largest or random.random() < 0.1]
        sources = able[:1] if self._theme == "fan" else able
        free = [name for name in self._names if name not in self._exerciser.pairs]
        if random.random() < 0.15 or not free:
            free = self._names
        targets = random.sample(free, min(len(free), random.choice([1, 1, 1, 2, 3])))
        pairs = [{"source": random.choice(sources), "target": target} for target in targets]
        if self._theme == "pairs":
            half = len(self._names) // 2
            couples = self._random.sample(list(zip(self._names[:half], self._names[half:])), 2)
            pairs = [dict(zip(random.choice([["source", "target"], ["target", "source"]]), couple)) for couple in couples]
            targets = [pair["target"] for pair in pairs]
        pairs = [pair for pair in pairs if pair["source"] not in targets]
        if not pairs:
            return self._mkflash()
        options = self._options()
        options["target_write_inhibit"] = options["persistent"] and random.random() < 0.1
        quiet = [pair["target"] for pair in pairs] if options["target_write_inhibit"] else []
        return "mkflash", {"pairs": pairs, **options}, [], quiet

    def _resyncflash(self):
        pair = self._pair(recording=True)
        return pair and ("resyncflash", {"pairs": [pair], **self._options()}, [], [])

    def _reverseflash(self):
        pair = self._pair(recording=True)
        if not pair:
            return None
        options = self._options()
        options["background_copy"] = True
        options["fast"] = self._random.random() < 0.5
        if options["fast"]:
            options["recording"] = options["persistent"] = options["multiple_incremental"] = False
        return "reverseflash", {"pairs": [pair], **options}, [pair["target"]], []

    def _rmflash(self):
        pair = self._pair()
        if not pair:
            return None
        arguments = {"pairs": [pair]}
        if self._random.random() < 0.3 and pair["target"] not in self._exerciser.inhibited:
            arguments["copy_first"] = True
        return "rmflash", arguments, [pair["target"]], [pair["source"]]

    def _setflashrevertible(self):
        pair = self._pair(recording=True)
        if not pair or pair["target"] in self._exerciser.inhibited:
            return None
        arguments = {"pairs": [pair], "target_write_inhibit": False, "sequence_number": 0}
        return "setflashrevertible", arguments, [], [pair["source"], pair["target"]]

    def _settle(self):
        targets = sorted(self._exerciser.before)
        if not targets:
            return None
        source = self._exerciser.pairs[self._random.choice(targets)]
        operation = self._random.choice(["commitflash", "revertflash"])
        return operation, {"ids": [source]}, targets, [source]

    def _initfbvol(self):
        pairs = self._exerciser.pairs
        unused = [name for name in self._thin if name not in pairs and name not in pairs.values()]
        volume = self._random.choice(unused or self._thin)
        return "initfbvol", {"ids": [volume], "action": "releasespace"}, [volume], []

    def _mkrangeflash(self):
        random = self._random
        if self._theme == "pairs":  # what could be reversed could be so no longer
            return None
        source, target = random.choice(self._names), random.choice(self._names)
        whole = min(self._sectors[source], self._sectors[target]) // TRACK
        runs = []
        for _ in range(random.randint(1, 2)):
            count = random.randint(1, 6)
            first = random.choice([STRIPE - 3, 0, random.randrange(whole - count)])
            to = random.choice([STRIPE - 4, whole - count, random.randrange(whole - count)])
            runs.append(f"{first}-{first + count - 1}:{to}")
        arguments = {"pairs": [{"source": source, "target": target}], "runs": runs,
                     "background_copy": random.random() < 0.5, "sequence_number": 0}
        self._ranges.append((source, target))
        return "mkrangeflash", arguments, [target], [source]

    def _rmrangeflash(self):
        if not self._ranges:
            return None
        source, target = self._ranges.pop(self._random.randrange(len(self._ranges)))
        return "rmrangeflash", {"pairs": [{"source": source, "target": target}]}, [target], [source]


def _meet(one, other):
    if one[1] != other[1] or (one[0] in "rf" and other[0] in "rf"):
        return False
    return one[2] < other[2] + other[3] and other[2] < one[2] + one[3]
