# SPDX-License-Identifier: Apache-2.0
"""Whose instructions they are. Each function is of the engine, of the simulator and the test, or of a library; what a
library does is done for its callers: an engine's function pays for its own copies and allocations, and the simulator's
are nobody's."""

import collections
import re

OUTSIDE = "outside"
PARTS = ("nbd", "router", "shard", "journal", "cache", "flashcopy", "destage")
SERVICES = ("runtime", "checksums", "copies", "allocation")
HEADINGS = PARTS + SERVICES

_OUTSIDE_SPACES = {"sim", "simulation", "budget", "host_testing"}
_SPACES = {"nbd": "nbd", "tls": "nbd", "journal": "journal", "cache": "cache", "flashcopy": "flashcopy",
           "volume": "flashcopy", "media": "destage", "image": "shard"}
_CLASSES = {"Router": "router", "Batch": "destage", "Destager": "destage", "Copier": "destage", "Pacer": "destage",
            "Keeper": "destage"}
_OPERATOR = re.compile(r"operator(<=>|<<|>>|<=|>=|->|<|>|\(\))")
_COPIES = re.compile(r"_*(mem(cpy|move|set|cmp|pcpy)|bcmp)(_|$)")
_ALLOCATION = re.compile(r"(_?_?(libc_)?(malloc|free|calloc|realloc|memalign|posix_memalign|aligned_alloc)|_int_\w+"
                         r"|(unlink_chunk|sysmalloc|systrim|tcache_\w+|malloc_consolidate).*)")
_ROUNDS = 40  # calls between libraries are not nested deeper


def short_name(name):
    """Without arguments, template arguments, return type and the parts a coroutine was cut into."""
    text = name.split("@")[0].replace("(anonymous namespace)", "anonymous")
    if text.startswith("operator "):
        return "operator " + text.split("(")[0].split()[1]
    text = _OPERATOR.sub("operator_", text)
    depth, out = 0, []
    for char in text:
        depth += (char == "<") - (char == ">")
        if depth == 0 and char != ">":
            out.append(char)
    return "".join(out).split("(")[0].strip().split(" ")[-1]


def _pieces(short):
    return [piece for piece in short.split("::") if piece != "anonymous"]


def part_of(short):
    """Which part of the engine; OUTSIDE; or nothing for a library, base and runtime included."""
    pieces = _pieces(short)
    if pieces[0] == "main":
        return OUTSIDE
    if pieces[0] != "tt" or len(pieces) < 3:
        return None
    if pieces[1] in _OUTSIDE_SPACES:
        return OUTSIDE
    return _CLASSES.get(pieces[2]) or _SPACES.get(pieces[1])


def service_of(short):
    """The heading of what a library does; nothing: it counts as its caller's own work."""
    pieces = _pieces(short)
    if pieces[:2] == ["tt", "rt"]:
        return "runtime"
    if pieces[0] == "tt" and ("crc32c" in short or pieces[-1] in ("by_instruction", "by_table")):
        return "checksums"
    if _COPIES.match(short):
        return "copies"
    if short.startswith(("operator new", "operator delete")) or _ALLOCATION.fullmatch(short):
        return "allocation"
    return None


def _is_root(name, short):
    """What an event resumes belongs to nobody who happens to do the resuming."""
    return ".resume" in name and short.startswith("tt::rt::")


class _Owners:
    """For each function of a library the share of each owner, a function of the engine or OUTSIDE."""

    def __init__(self, profile, shorts, parts):
        self.parts = parts
        self.shorts = shorts
        callers = collections.defaultdict(list)
        callees = collections.defaultdict(list)
        for caller, callee in profile.calls:
            callers[callee].append(caller)
            callees[caller].append(callee)
        self.libraries = [f for f in shorts if parts[f] is None]
        leaving = self._leaving(callees)
        self.shares = {f: {} for f in self.libraries}
        weights = {}
        for f in self.libraries:
            # The cost of a call says how much was done for whom, unless it contains work of others.
            edges = profile.calls if f in leaving else profile.inclusive
            weights[f] = [(caller, edges[caller, f]) for caller in callers[f] if caller != f]
        for _ in range(_ROUNDS):
            self.shares = {f: self._mix(weights[f]) for f in self.libraries}

    def _leaving(self, callees):
        """Libraries' functions that call back into the project."""
        leaving = set()
        grown = True
        while grown:
            grown = False
            for f in self.libraries:
                if f not in leaving and any(self.parts[c] is not None or c in leaving for c in callees[f]):
                    leaving.add(f)
                    grown = True
        return leaving

    def of(self, function):
        if self.parts[function] is not None:
            return {self.shorts[function] if self.parts[function] != OUTSIDE else OUTSIDE: 1.0}
        return self.shares[function]

    def _mix(self, weights):
        mixed = collections.Counter()
        for caller, weight in weights:
            for owner, share in self.of(caller).items():
                mixed[owner] += weight * share
        total = sum(mixed.values())
        return {owner: amount / total for owner, amount in mixed.items()} if total else {}


def attribute(profile):
    """Counter of instructions by (function of the engine, heading)."""
    names = set(profile.own) | {name for edge in profile.calls for name in edge}
    shorts = {name: short_name(name) for name in names}
    parts = {name: part_of(short) for name, short in shorts.items()}
    for name, short in shorts.items():
        if _is_root(name, short):
            parts[name] = "runtime"
    owners = _Owners(profile, shorts, parts)
    costs = collections.Counter()
    for function, own in profile.own.items():
        service = service_of(shorts[function]) if parts[function] is None else None
        for owner, share in owners.of(function).items():
            if owner == OUTSIDE or not own:
                continue
            heading = service or part_of(owner) or "runtime"
            costs[owner, heading] += own * share
    return costs
