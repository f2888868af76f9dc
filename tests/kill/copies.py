# SPDX-License-Identifier: Apache-2.0
"""FlashCopies at random while the writers run: groups in one command, withdraws, host writes to targets."""

import time

import nbd

import oracle

# (background copy, persistent)
MODES = [(False, False), (False, True), (True, True), (True, False)]


class Copies:
    def __init__(self, daemon, sources, targets, writers, random):
        self._daemon = daemon
        self._sources, self._targets, self._writers, self._random = sources, targets, writers, random
        self._by_name = {volume.name: volume for volume in [*sources, *targets]}
        self.established = {}  # target name -> (source name, must_stay): acknowledged, not withdrawn
        self.groups = []  # (moment, pairs): T0 images whose group check is still to be done
        self.overwritten = set()
        self.unanswered = None  # (moment, pairs, must_stay): an establish without an answer
        self.withdrawing = []  # pairs of a withdraw without an answer
        self.commands = 0
        self._count = 0

    def step(self):
        """One command. Disconnected, or an error of NBD, when the data process is gone."""
        time.sleep(self._random.choice([0, 0, 0.01, 0.1]))
        self.commands += 1
        kind = self._random.random()
        if kind < 0.5 or not self.established:
            self._establish()
        elif kind < 0.75:
            self._withdraw(self._random.choice(sorted(self.established)))
        else:
            self._write_target(self._random.choice(sorted(self.established)))

    def _establish(self):
        free = [target for target in self._targets if target.name not in self.established]
        if not free:
            return self._withdraw(self._random.choice(sorted(self.established)))
        count = self._random.randint(1, min(3, len(free)))
        targets = self._random.sample(free, count)
        pairs = [(self._random.choice(self._sources), target) for target in targets]
        background_copy, persistent = self._random.choice(MODES)
        for _source, target in pairs:
            # Whatever happens from here on, what was known of an earlier copy on this target ends.
            self._forget_groups(target.name)
        moment = oracle.Moment([source for source, _target in pairs], self._writers)
        self.unanswered = (moment, pairs, persistent)
        results, _rows = self._daemon.call(
            "mkflash", pairs=[{"source": source.name, "target": target.name} for source, target in pairs],
            background_copy=background_copy, persistent=persistent, target_write_inhibit=False, sequence_number=0)
        moment.close()
        failed = [result for result in results if result["code"]]
        if failed:
            raise oracle.Mismatch(f"mkflash: {failed}")
        self._take(moment, pairs, persistent)
        self.unanswered = None

    def _take(self, moment, pairs, must_stay):
        for source, target in pairs:
            moment.copy_to(source, target)
            self.established[target.name] = (source.name, must_stay)
            self.overwritten = {place for place in self.overwritten if place[0] != target.name}
        self.groups.append((moment, pairs))

    def _forget_groups(self, target):
        self.groups = [group for group in self.groups if all(pair[1].name != target for pair in group[1])]

    def _withdraw(self, target):
        source, must_stay = self.established[target]
        self._forget_groups(target)
        self.withdrawing = [(source, target)]
        results, _rows = self._daemon.call("rmflash", pairs=[{"source": source, "target": target}])
        if not results[0]["code"]:
            self._withdrawn(target)
        elif must_stay or f"{source}:{target}" in self._listed():
            raise oracle.Mismatch(f"rmflash {source}:{target}: {results}")
        else:
            del self.established[target]  # It had ended by itself: the target stays a complete copy.
        self.withdrawing = []

    def _withdrawn(self, target):
        self.established.pop(target, None)
        self._by_name[target].known = False

    def _listed(self):
        return {row["id"] for row in self._daemon.must("lsflash", select=["0000-FFFF"])}

    def _write_target(self, target):
        volume = self._by_name[target]
        self._count += 1
        value = oracle.number(1000, self._count)
        count = self._random.choice([1, 8, 100, 128, 256])
        first = self._random.randrange(volume.sectors - count)
        handle = nbd.NBD()
        handle.connect_uri(self._daemon.uri(target))
        volume.issue(value, first, count)
        self.overwritten |= {(target, sector) for sector in range(first, first + count)}
        handle.pwrite(oracle.contents(value, first, count), first * oracle.SECTOR)
        volume.acknowledge(value, first, count)
        handle.shutdown()

    def after_restart(self):
        """Relationships are whole: every acknowledged one is there or has ended; an unanswered one of several pairs is
        there for all of them or for none."""
        listed = self._listed()
        self._resolve_unanswered(listed)
        for source, target in self.withdrawing:
            # Either outcome is right; the T0 image counts only if the relationship is still there.
            if f"{source}:{target}" not in listed:
                self._withdrawn(target)
        self.withdrawing = []
        for target, (source, must_stay) in sorted(self.established.items()):
            if must_stay and f"{source}:{target}" not in listed:
                raise oracle.Mismatch(f"persistent relationship {source}:{target} is gone")
        known = {f"{source}:{target}" for target, (source, _stay) in self.established.items()}
        if listed - known:
            raise oracle.Mismatch(f"relationships nobody made: {sorted(listed - known)}")
        for target in [t for t, (source, _stay) in self.established.items() if f"{source}:{t}" not in listed]:
            del self.established[target]  # Ended by itself: the target stays a complete copy and is free again.

    def _resolve_unanswered(self, listed):
        if self.unanswered is None:
            return
        moment, pairs, must_stay = self.unanswered
        moment.close()
        there = [f"{source.name}:{target.name}" in listed for source, target in pairs]
        if must_stay and any(there) and not all(there):
            raise oracle.Mismatch(f"half of a group is there: {[(s.name, t.name) for s, t in pairs]} {there}")
        if any(there):
            self._take(moment, pairs, must_stay)
        elif not must_stay:
            # It may have been made, copied and ended: then the targets are copies, else they are what they were.
            for _source, target in pairs:
                target.known = False
        self.unanswered = None

    def check_groups(self):
        """Call when every target was read and settled."""
        for moment, pairs in self.groups:
            moment.check_group(pairs, self.overwritten)
        self.groups = []
