# SPDX-License-Identifier: Apache-2.0
"""Hosts that do not behave, all in one process: an open loop of writes, queues whose replies nobody reads, payload that
never comes, handshakes that stand still, and more connections than an address may have."""

import os
import selectors
import socket
import struct
import time

from wire import receive

PAYLOAD = 4096
QUEUE = 128
BATCH = b"".join(struct.pack(">IHHQQI", 0x25609513, 0, 1, number, number * PAYLOAD, PAYLOAD) + bytes([number]) * PAYLOAD
                 for number in range(QUEUE))
READS = b"".join(struct.pack(">IHHQQI", 0x25609513, 0, 0, number, number * 65536, 65536) for number in range(QUEUE))
UNFINISHED_WRITE = struct.pack(">IHHQQI", 0x25609513, 0, 1, 1, 0, 32 << 20) + b"x"
CLIENT_FLAGS = struct.pack(">I", 3)


def connect(port, source, receive_bytes=None):
    sock = socket.socket()
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.settimeout(10)
    sock.bind((source, 0))
    sock.connect(("127.0.0.1", port))
    return sock


def enter(sock, volume):
    """The handshake, up to simple replies."""
    receive(sock, 18)
    name = volume.encode()
    data = struct.pack(">I", len(name)) + name + struct.pack(">H", 0)
    sock.sendall(CLIENT_FLAGS + struct.pack(">8sII", b"IHAVEOPT", 7, len(data)) + data)
    while True:
        _magic, _option, kind, length = struct.unpack(">QIII", receive(sock, 20))
        receive(sock, length)
        if kind == 1:
            return sock
        if kind & 0x80000000:
            raise OSError(f"refused: {kind:#x}")


class OpenLoop:
    """Writes of 4 KiB, offered at a rate whatever is answered: what a socket does not take at once is lost work."""

    def __init__(self, port, volume, source, connections):
        self.offered = self.answered = 0
        self._begin = time.monotonic()
        self._selector = selectors.DefaultSelector()
        self._left = {}
        self._sockets = []
        for _ in range(connections):
            sock = enter(connect(port, source), volume)
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ)
            self._sockets.append(sock)

    def step(self, per_second=None):
        """Without a rate as much as is answered: the capacity."""
        batches = 1
        if per_second is not None:
            due = (time.monotonic() - self._begin) * per_second - self.offered
            batches = max(0, int(due / QUEUE / len(self._sockets)))
        for sock in self._sockets if batches else ():
            self._offer(sock, batches)
        for key, _ in self._selector.select(0.005):
            self._drain(key.fileobj)

    def _offer(self, sock, batches):
        self.offered += batches * QUEUE
        for _ in range(batches):
            left = self._left.get(sock) or memoryview(BATCH)
            try:
                self._left[sock] = left[sock.send(left):]
            except BlockingIOError:
                self._left[sock] = left
                return  # the rest of it is lost

    def _drain(self, sock):
        try:
            self.answered += len(sock.recv(1 << 20)) / 16
        except BlockingIOError:
            pass

    def restart(self):
        self.offered = self.answered = 0
        self._begin = time.monotonic()


class Crowd:
    """Connections that are made, say one thing, and then stay; who is thrown out comes again."""

    def __init__(self, port, source, count, say, receive_bytes=None):
        self._arguments = (port, source, receive_bytes)
        self._count, self._say = count, say
        self._sockets = set()
        self.made = self.refused = self.thrown_out = 0

    def step(self, most=20):
        for _ in range(min(most, self._count - len(self._sockets))):
            sock = None
            try:
                sock = connect(*self._arguments)
                self._say(sock)
                sock.setblocking(False)
                self._sockets.add(sock)
                self.made += 1
            except OSError:
                self.refused += 1
                if sock is not None:
                    sock.close()
                break  # again at the next step
        for sock in list(self._sockets):
            if self._is_gone(sock):
                self.thrown_out += 1
                self._sockets.remove(sock)
                sock.close()

    @staticmethod
    def _is_gone(sock):
        """Without reading what was answered."""
        tcp_established = 1
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != tcp_established


def say_nothing(sock):
    sock.sendall(CLIENT_FLAGS[:2])


def idle(volume):
    return lambda sock: enter(sock, volume)


def ask_and_not_read(volume):
    def say(sock):
        enter(sock, volume)
        sock.sendall(READS)
    return say


def promise_payload(volume):
    def say(sock):
        enter(sock, volume)
        sock.sendall(UNFINISHED_WRITE)
    return say


def capacity(port, volume, seconds):
    loop = OpenLoop(port, volume, "127.0.0.6", 8)
    end = time.monotonic() + seconds
    loop.restart()
    while time.monotonic() < end:
        loop.step()
    return loop.answered / seconds


def attack(port, volume, per_second, seconds, results, only=None):
    """Runs as a process of its own. It yields to the image: the scheduler of this machine is not what is tested."""
    os.nice(5)
    crowds = {
        "half-open handshakes": Crowd(port, "127.0.0.2", 300, say_nothing),
        "too many of one address": Crowd(port, "127.0.0.3", 300, idle(volume)),
        "replies not read": Crowd(port, "127.0.0.4", 96, ask_and_not_read(volume), receive_bytes=4096),
        "payload that does not come": Crowd(port, "127.0.0.5", 12, promise_payload(volume)),
    }
    crowds = {name: crowd for name, crowd in crowds.items() if only in (None, name)}
    loop = OpenLoop(port, volume, "127.0.0.6", 32 if only in (None, "open loop") else 1)
    per_second = per_second if only in (None, "open loop") else 1
    end = time.monotonic() + seconds
    loop.restart()
    while time.monotonic() < end:
        loop.step(per_second)
        for crowd in crowds.values():
            crowd.step()
    report = {name: [crowd.made, crowd.refused, crowd.thrown_out] for name, crowd in crowds.items()}
    results.put({"crowds": report, "offered": loop.offered / seconds, "answered": loop.answered / seconds})
