# SPDX-License-Identifier: Apache-2.0
"""Reads what callgrind has written: the cost of each function itself, and of each call from one to another."""

import collections
import re

_NAME = re.compile(r"\((\d+)\)(?: (.*))?")
_RECURSION = re.compile(r"'\d+$")


class Profile:
    """Functions by name, recursion levels of one function together.

    own[f]: instructions of f itself. inclusive[(caller, f)], calls[(caller, f)]: of its calls from `caller`."""

    def __init__(self, path):
        self.own = collections.Counter()
        self.inclusive = collections.Counter()
        self.calls = collections.Counter()
        self._names = {}
        totals = None
        with open(path, encoding="utf-8", errors="replace") as file:
            totals = self._read(file)
        if totals != sum(self.own.values()):
            raise ValueError(f"{path}: its total is {totals}, its lines make {sum(self.own.values())}")

    def _name(self, text):
        """Names are written out once and then go by their number."""
        number, name = _NAME.fullmatch(text).groups()
        if name is not None:
            self._names[number] = _RECURSION.sub("", name)
        return self._names[number]

    def _read(self, lines):
        function, callee, count, totals = None, None, 0, 0
        is_call = False  # the next line of costs is of the call, not of the function itself
        for line in lines:
            line = line.rstrip("\n")
            key, equals, value = line.partition("=")
            if equals and key == "fn":
                function = self._name(value)
            elif equals and key == "cfn":
                callee = self._name(value)
            elif equals and key == "calls":
                count, is_call = int(value.split()[0]), True
            elif line.startswith("totals:"):
                totals = int(line.split()[1])
            elif line and line[0] in "0123456789+-*":
                fields = line.split()
                cost = int(fields[1]) if len(fields) > 1 else 0
                if is_call:
                    self.inclusive[function, callee] += cost
                    self.calls[function, callee] += count
                else:
                    self.own[function] += cost
                is_call = False
        return totals
