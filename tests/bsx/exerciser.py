# SPDX-License-Identifier: Apache-2.0
"""Carries out steps against an image and its model.

A step is a dictionary that a line of JSON can hold, drawn by draw.py or read from a log:

  io     requests that are under way together: [kind, volume, first sector, sectors, flags] with kind r, w, z, t, f; a
         write has its number behind that. No request of a step meets a write of it.
  do     one command of the catalogue with its arguments, given while the requests are under way
  end    "stop": the image is stopped and started again; "kill": kill -9 while the requests are under way
  pause_s, check   what is done afterwards: nothing for a while; these volumes are read whole
"""

import time

import hosts
from model import SECTOR, TRACK, Mismatch, content

_COMMANDS = {"r": hosts.READ, "w": hosts.WRITE, "z": hosts.ZEROES, "t": hosts.TRIM, "f": hosts.FLUSH}
_CHUNK = 8192  # sectors
_NO_SUCH_RELATIONSHIP = 201


class Wrong(Exception):
    """An answer that is wrong, whatever the content."""


class Exerciser:
    def __init__(self, daemon, model):
        self.daemon, self.model = daemon, model
        self.host = hosts.Host(daemon.nbd_socket())
        self.done = {}  # what was accepted: operation -> times
        self.requests = 0
        self.pairs = {}  # target -> source
        self.recording = set()  # targets
        self.before = {}  # target of a revertible pair -> what it held
        self.inhibited = set()  # targets that hosts may not write

    def refuses_writes(self, volume):
        return volume in self.inhibited or any(volume in (target, self.pairs.get(target)) for target in self.before)

    def step(self, step):
        requests = [_request(io) for io in step.get("io", ())]
        self.requests += len(requests)
        command = step.get("do")
        refused = {request.volume for request in requests if self.refuses_writes(request.volume)}
        if step.get("end") == "kill":
            self._kill(requests, step)
        else:
            answer, uncopied = None, 0
            if command:
                uncopied = self._uncopied(command)
                results = []
                self.host.run(requests, lambda: results.append(self.daemon.call(command["op"], **command["with"])[0]))
                answer = results[0]
            else:
                self.host.run(requests)
            self._take_requests(requests, refused)
            if command:
                self._take_command(command, answer, requests, uncopied)
        self._check_reads([request for request in requests if request.command == hosts.READ and request.answered],
                          self._changed)
        if step.get("end") == "stop":
            self.host.close()
            self.daemon.stop()
            self.daemon.up()
            self._count("restart")
        time.sleep(step.get("pause_s", 0))
        for volume in step.get("check", ()):
            self.model.check(volume, 0, self.read_all(volume), "all is read")

    # ---- requests ----

    def _take_requests(self, requests, refused):
        """Into the model, which so far is as before the step; what it held there stays in `request.before`."""
        self._changed = {}  # volume -> what it held before the command, for reads that overtook it
        for request in requests:
            if request.command in (hosts.READ, hosts.FLUSH):
                expected = 0
            else:
                expected = 1 if request.volume in refused else 0
                request.before = self.model.slice(request.volume, request.first, request.count)
                if not request.error:
                    self.model.put(request.volume, request.first, request.written)
            if request.error != expected:
                raise Wrong(f"{_text(request)} is answered with error {request.error} instead of {expected}")

    def _check_reads(self, reads, changed):
        for request in reads:
            if request.volume in changed:
                candidates = [changed[request.volume][request.first * SECTOR:(request.first + request.count) * SECTOR],
                              self.model.slice(request.volume, request.first, request.count)]
                # What was written to the source at the same time may have been seen already.
                candidates += self._under_way(request)
                _one_of(request, candidates)
            else:
                self.model.check(request.volume, request.first, request.data, "a host reads")

    def _under_way(self, read):
        """The new content of the read's place with each state of the writes that met the command."""
        for state in self._states:
            yield state[read.first * SECTOR:(read.first + read.count) * SECTOR]

    def read(self, volume, first, count):
        requests = [hosts.Request(volume, hosts.READ, at, min(_CHUNK, first + count - at))
                    for at in range(first, first + count, _CHUNK)]
        self.host.run(requests)
        for request in requests:
            if request.error:
                raise Wrong(f"{_text(request)} is answered with error {request.error}")
        return b"".join(request.data for request in requests)

    def read_all(self, volume):
        return self.read(volume, 0, self.model.sectors[volume])

    def _settle(self, volume, request, candidates, what):
        data = self.read(volume, request.first, request.count)
        self.model.settle(volume, request.first, data, candidates, what)

    # ---- the end of the process ----

    def _kill(self, requests, step):
        self._changed = {}
        try:
            self.host.run(requests, lambda: (time.sleep(step["after_s"]), self.daemon.kill()))
        except hosts.Gone:
            pass
        self.host.close()
        self.daemon.up()
        self._count("kill")
        for request in requests:
            if request.command in (hosts.READ, hosts.FLUSH) or request.error:
                continue
            before = self.model.slice(request.volume, request.first, request.count)
            if request.answered:
                self.model.put(request.volume, request.first, request.written)
            else:
                self._settle(request.volume, request, [before, request.written], "a write without an answer at kill -9")

    # ---- commands ----

    def _count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def _uncopied(self, command):
        """Tracks that rmflash, reverseflash and rmrangeflash leave open at most."""
        if command["op"] in ("rmflash", "reverseflash"):
            rows = self.daemon.must("lsflash", select=["0000-FFFF"])
        elif command["op"] == "rmrangeflash":
            rows = self.daemon.must("lsrangeflash", select=["0000-FFFF"])
        else:
            return {}
        return {(row["source"], row["target"]): row["out_of_sync_tracks"] for row in rows}

    def _take_command(self, command, results, requests, uncopied):
        self._states = []
        writes = [request for request in requests if request.command not in (hosts.READ, hosts.FLUSH) and not request.error]
        operation, arguments = command["op"], command["with"]
        take = getattr(self, "_take_" + operation, None)
        objects = arguments.get("pairs") or arguments.get("ids")
        if len(results) != len(objects):
            raise Wrong(f"{operation}: {len(results)} results for {len(objects)} objects")
        for name, result in zip(objects, results):
            if result["code"]:
                self._count(f"{operation} refused {result['code']}")
                if result["code"] == _NO_SUCH_RELATIONSHIP and operation != "rmrangeflash":
                    self._ended_by_itself(name["source"], name["target"])
                continue
            self._count(operation)
            if take and isinstance(name, dict):
                take(name["source"], name["target"], arguments, writes, uncopied)
            elif take:
                take(name)

    def _forget(self, target):
        self.pairs.pop(target, None)
        self.before.pop(target, None)
        self.inhibited.discard(target)
        self.recording.discard(target)

    def _ended_by_itself(self, source, target):
        """The target keeps what it shows."""
        if self.pairs.get(target) == source:
            if target in self.inhibited or target in self.before:
                raise Wrong(f"{source}:{target} is gone, which nobody has removed")
            self._forget(target)

    def _assign(self, source, target, writes):
        """`target` becomes what `source` was at some moment of this step."""
        model = self.model
        self._changed[target] = model.volumes[target]
        model.copy(source, target)
        met = [w for w in writes if w.volume in (source, target) and w.first < model.sectors[target]]
        if not met:
            return
        old, new = bytearray(model.volumes[target]), model.volumes[target]
        for write in met:
            if write.volume == source:
                old[write.first * SECTOR:(write.first + write.count) * SECTOR] = write.before
        del old[len(new):]
        own = bytearray(self._changed[target])  # with the writes to the target of this step
        self._states += [old, bytes(new), own]
        for write in met:
            count = min(write.count, model.sectors[target] - write.first)
            part = slice(write.first * SECTOR, (write.first + count) * SECTOR)
            candidates = [old[part], bytes(new[part])]
            here = hosts.Request(target, hosts.READ, write.first, count)
            if any(w.volume == target and w.first < write.first + count and write.first < w.first + w.count for w in met):
                candidates.append(own[part])
            self._settle(target, here, candidates, f"{source}:{target} was made while {_text(write)} was under way")

    def _take_mkflash(self, source, target, arguments, writes, _uncopied):
        self._assign(source, target, writes)
        self._note(source, target, arguments)

    def _note(self, source, target, arguments):
        self.pairs[target] = source
        for names, key in [(self.inhibited, "target_write_inhibit"), (self.recording, "recording")]:
            names.discard(target)
            if arguments.get(key):
                names.add(target)

    def _take_resyncflash(self, source, target, arguments, writes, _uncopied):
        self._assign(source, target, writes)
        self._note(source, target, arguments)

    def _take_setflashrevertible(self, source, target, _arguments, writes, _uncopied):
        self.before[target] = self.model.volumes[target][:]
        self._assign(source, target, writes)

    def _take_reverseflash(self, source, target, arguments, writes, uncopied):
        self._assign(target, source, writes)
        self._forget(target)
        self._note(target, source, arguments)
        self.model.adopt(target, self.read_all(target), uncopied.get((source, target), 0))

    def _take_rmflash(self, source, target, arguments, _writes, uncopied):
        if arguments.get("copy_first"):
            return  # it goes when all is copied, and shows the same
        self._forget(target)
        self.model.adopt(target, self.read_all(target), uncopied.get((source, target), 0))

    def _take_commitflash(self, source):
        for target in [t for t in self.before if self.pairs.get(t) == source]:
            del self.before[target]

    def _take_revertflash(self, source):
        for target in [t for t in self.before if self.pairs.get(t) == source]:
            self.model.volumes[target] = self.before.pop(target)

    def _take_initfbvol(self, volume):
        self.model.volumes[volume] = bytearray(len(self.model.volumes[volume]))

    def _take_mkrangeflash(self, source, target, arguments, _writes, _uncopied):
        model = self.model
        image = bytes(model.volumes[source])
        self._changed.setdefault(target, bytes(model.volumes[target]))
        for run in arguments["runs"]:
            tracks, to = run.split(":")
            first, last = (int(number) for number in tracks.split("-"))
            model.put(target, int(to) * TRACK, image[first * TRACK * SECTOR:(last + 1) * TRACK * SECTOR])

    def _take_rmrangeflash(self, source, target, _arguments, _writes, uncopied):
        self.model.adopt(target, self.read_all(target), uncopied.get((source, target), 0))


def _request(io):
    kind, volume, first, count, flags = io[:5]
    request = hosts.Request(volume, _COMMANDS[kind], first, count, flags=flags)
    if kind == "w":
        request.payload = content(io[5], first, count)
    request.written = request.payload or bytes(count * SECTOR)
    return request


def _one_of(read, candidates):
    for at in range(0, len(read.data), SECTOR):
        seen = read.data[at:at + SECTOR]
        if all(seen != candidate[at:at + SECTOR] for candidate in candidates):
            raise Mismatch(read.volume, read.first + at // SECTOR, bytes(candidates[1][at:at + SECTOR]), seen,
                           "a host reads while a command is carried out")


def _text(request):
    name = next(kind for kind, command in _COMMANDS.items() if command == request.command)
    return f"{name} {request.volume} {request.first}+{request.count}"
