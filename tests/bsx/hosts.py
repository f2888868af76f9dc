# SPDX-License-Identifier: Apache-2.0
"""A host with a connection to each volume and many requests under way on all of them at once: NBD by hand, as a
library would answer one request at a time."""

import os
import selectors
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from wire import receive  # noqa: E402

SECTOR = 512
READ, WRITE, FLUSH, TRIM, ZEROES = 0, 1, 3, 4, 6
FUA, NO_HOLE = 1, 2
_REQUEST = struct.Struct(">IHHQQI")
_REPLY = struct.Struct(">IIQ")
_SILENCE_S = 60


class Gone(Exception):
    """The image closed the connection."""


class Request:
    def __init__(self, volume, command, first=0, count=0, payload=b"", flags=0):
        self.volume, self.command, self.flags = volume, command, flags
        self.first, self.count, self.payload = first, count, payload
        self.answered = False
        self.error = 0
        self.data = b""  # of a read
        self.written = self.before = b""  # of the others, for the one who compares


class Host:
    def __init__(self, socket_path):
        self._path = socket_path
        self._links = {}
        self._selector = selectors.DefaultSelector()

    def run(self, requests, meanwhile=None):
        """Sends all of them, calls `meanwhile` when all are under way, returns when all are answered. Gone when the image
        went away before; what was answered is marked in the requests."""
        for request in requests:
            self._link(request.volume).add(request)
        busy = {self._links[request.volume] for request in requests}
        for link in busy:
            link.send()
        if meanwhile:
            meanwhile()
        while any(link.waiting for link in busy):
            events = self._selector.select(_SILENCE_S)
            if not events:
                raise AssertionError(f"no answer for {_SILENCE_S} s")
            for key, event in events:
                if event & selectors.EVENT_WRITE:
                    key.data.send()
                if event & selectors.EVENT_READ:
                    key.data.receive()

    def close(self):
        for link in self._links.values():
            link.close()
        self._links.clear()

    def _link(self, volume):
        link = self._links.get(volume)
        if link and link.read_only and not link.waiting:
            link.close()  # An export stays what it was announced as: whoever wants to write now must enter again.
            link = None
        if not link:
            link = self._links[volume] = _Link(self._path, volume, self._selector)
        return link


class _Link:
    def __init__(self, path, volume, selector):
        self.waiting = {}  # cookie -> request
        self.read_only = False
        self._selector = selector
        self._count = 0
        self._out = bytearray()
        self._in = bytearray()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(30)
        self._socket.connect(path)
        self._enter(volume.encode())
        self._socket.setblocking(False)
        selector.register(self._socket, selectors.EVENT_READ, self)

    def _enter(self, name):
        receive(self._socket, 18)
        data = struct.pack(">I", len(name)) + name + struct.pack(">H", 0)
        self._socket.sendall(struct.pack(">I8sII", 3, b"IHAVEOPT", 7, len(data)) + data)
        while True:
            _magic, _option, kind, length = struct.unpack(">QIII", receive(self._socket, 20))
            information = receive(self._socket, length)
            if kind == 3 and information[:2] == b"\0\0":
                self.read_only = bool(struct.unpack_from(">H", information, 10)[0] & 2)
            if kind == 1:
                return
            if kind & 0x80000000:
                raise AssertionError(f"volume {name} is refused: {kind:#x}")

    def close(self):
        self._selector.unregister(self._socket)
        self._socket.close()

    def add(self, request):
        self._count += 1
        self.waiting[self._count] = request
        self._out += _REQUEST.pack(0x25609513, request.flags, request.command, self._count, request.first * SECTOR,
                                   request.count * SECTOR)
        self._out += request.payload

    def send(self):
        try:
            while self._out:
                del self._out[:self._socket.send(self._out)]
        except BlockingIOError:
            pass
        except OSError as error:
            raise Gone(str(error)) from error
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
        self._selector.modify(self._socket, wanted, self)

    def receive(self):
        try:
            data = self._socket.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("closed")
        self._in += data
        while len(self._in) >= _REPLY.size:
            magic, error, cookie = _REPLY.unpack_from(self._in)
            if magic != 0x67446698 or cookie not in self.waiting:
                raise AssertionError(f"no reply: {bytes(self._in[:16]).hex()}")
            request = self.waiting[cookie]
            size = _REPLY.size + (request.count * SECTOR if request.command == READ and not error else 0)
            if len(self._in) < size:
                return
            request.answered, request.error, request.data = True, error, bytes(self._in[_REPLY.size:size])
            del self.waiting[cookie]
            del self._in[:size]
