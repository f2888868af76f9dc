# SPDX-License-Identifier: Apache-2.0
"""The protocol through libnbd, command by command. Started by protocol.sh with NBD_URI in the environment."""

import errno
import os
import random
import socket
import struct
import sys
import threading
import time
import urllib.parse

import nbd

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from wire import receive  # noqa: E402

URI = os.environ["NBD_URI"]
MIB = 1 << 20
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def connect(structured=True, contexts=True, strict=True):
    handle = nbd.NBD()
    handle.set_request_structured_replies(structured)
    if contexts:
        handle.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    if not strict:
        handle.set_strict_mode(0)
    handle.connect_uri(URI)
    return handle


def pattern(length, seed):
    return random.Random(seed).randbytes(length)


def fails_with(expected, function, *arguments):
    try:
        function(*arguments)
    except nbd.Error as error:
        assert error.errnum == expected, (error.errnum, error.string, errno.errorcode.get(expected))
        return
    raise AssertionError(f"should have failed with {errno.errorcode[expected]}")


def extents(handle, length, offset, flags=0):
    found = []

    def collect(context, at, entries, _error):
        assert context == nbd.CONTEXT_BASE_ALLOCATION and at == offset
        found.extend(zip(entries[::2], entries[1::2]))

    handle.block_status(length, offset, collect, flags)
    return found


@test
def read_and_write_of_every_size():
    for structured in (True, False):
        h = connect(structured, contexts=structured)
        assert h.get_structured_replies_negotiated() == structured
        for length in (512, 1024, 4096, 16384, 16896, 65536, 65536 + 512, MIB, 5 * MIB, 32 * MIB):
            data = pattern(length, length)
            h.pwrite(data, 512)
            assert h.pread(length, 512) == data, length
        h.shutdown()


@test
def structured_reads_come_in_chunks_that_fit():
    h = connect()
    h.zero(4 * MIB, 0, 0)
    data = pattern(512, 1)
    h.pwrite(data, 2 * MIB)
    seen = []

    def chunk(part, offset, status, _error):
        seen.append((offset, len(part), status))
        return 0

    whole = h.pread_structured(4 * MIB, 0, chunk)
    assert whole == bytes(2 * MIB) + data + bytes(2 * MIB - 512)
    at = 0
    for offset, length, status in sorted(seen):
        assert offset == at and status in (nbd.READ_DATA, nbd.READ_HOLE)
        at += length
    assert at == 4 * MIB
    seen.clear()
    assert h.pread_structured(4 * MIB, 0, chunk, nbd.CMD_FLAG_DF) == whole
    assert [(o, n) for o, n, _ in seen] == [(0, 4 * MIB)]
    h.shutdown()


@test
def fua_flush_and_cache():
    h = connect()
    data = pattern(4096, 2)
    h.pwrite(data, 8192, nbd.CMD_FLAG_FUA)
    h.zero(4096, 12288, nbd.CMD_FLAG_FUA | nbd.CMD_FLAG_NO_HOLE)
    h.trim(4096, 16384, nbd.CMD_FLAG_FUA)
    h.flush()
    h.cache(MIB, 0)
    assert h.pread(8192, 8192) == data + bytes(4096)
    h.shutdown()


@test
def zeroes_and_trim_touch_their_range_only():
    h = connect()
    data = bytearray(pattern(4 * MIB, 3))
    h.pwrite(data, 0)
    for offset, length, flags in ((512, 512, 0), (MIB - 512, 66048, nbd.CMD_FLAG_NO_HOLE), (2 * MIB, MIB, 0)):
        h.zero(length, offset, flags)
        data[offset:offset + length] = bytes(length)
        assert h.pread(4 * MIB, 0) == data
    h.trim(65536, 3 * MIB)
    assert h.pread(3 * MIB, 0) == data[:3 * MIB]
    assert h.pread(MIB - 65536, 3 * MIB + 65536) == data[3 * MIB + 65536:]
    h.shutdown()


@test
def block_status_is_never_wrong():
    h = connect()
    size = h.get_size()
    h.pwrite(pattern(MIB, 4), 8 * MIB)
    h.zero(MIB, 9 * MIB, 0)
    at = 0
    while at < size:
        length = min(size - at, 64 * MIB)
        found = extents(h, length, at)
        assert found
        for count, flags in found:
            assert count > 0 and flags in (0, 1, 2, 3)
            if flags & nbd.STATE_ZERO and at < 64 * MIB:
                step = min(count, 64 * MIB - at)
                for part in range(0, step, 16 * MIB):
                    n = min(16 * MIB, step - part)
                    assert h.pread(n, at + part) == bytes(n), (at, part)
            at += count
    data_runs = extents(h, MIB, 8 * MIB)
    assert data_runs[0][1] & nbd.STATE_ZERO == 0, data_runs
    one = extents(h, 4 * MIB, 8 * MIB, nbd.CMD_FLAG_REQ_ONE)
    assert len(one) == 1 and one[0][0] <= 4 * MIB
    h.shutdown()


@test
def errors_are_the_right_ones_and_the_connection_lives():
    h = connect(strict=False)
    size = h.get_size()
    fails_with(errno.EINVAL, h.pread, 512, size)
    fails_with(errno.EINVAL, h.pread, 1024, size - 512)
    fails_with(errno.EINVAL, h.pread, 512, 1)
    fails_with(errno.EINVAL, h.pread, 511, 0)
    fails_with(errno.EINVAL, h.pread, 512, (1 << 63) - 512)
    fails_with(errno.ENOSPC, h.pwrite, bytes(512), size)
    fails_with(errno.ENOSPC, h.zero, 1024, size - 512, 0)
    fails_with(errno.EINVAL, h.pwrite, bytes(512), 100)
    fails_with(errno.EINVAL, h.trim, 512, size)
    fails_with(errno.EINVAL, h.cache, 512, size)
    fails_with(errno.EINVAL, h.zero, 512, 0, nbd.CMD_FLAG_FAST_ZERO)
    fails_with(errno.EINVAL, extents, h, 512, size)
    data = pattern(4096, 5)
    h.pwrite(data, 0)
    assert h.pread(4096, 0) == data
    h.shutdown()


@test
def a_thousand_commands_in_flight():
    h = connect()
    blocks = 1000

    def finish(cookie):
        while not h.aio_command_completed(cookie):
            h.poll(-1)

    sources = [nbd.Buffer.from_bytearray(bytearray(pattern(4096, i))) for i in range(blocks)]
    for cookie in [h.aio_pwrite(source, i * 4096) for i, source in enumerate(sources)]:
        finish(cookie)
    order = list(range(blocks))
    random.Random(1).shuffle(order)
    reads = []
    for i in order:
        buffer = nbd.Buffer(4096)
        reads.append((i, buffer, h.aio_pread(buffer, i * 4096)))
    for i, buffer, cookie in reads:
        finish(cookie)
        assert buffer.to_bytearray() == pattern(4096, i), i
    h.shutdown()


@test
def eight_connections_see_one_volume():
    handles = [connect() for _ in range(8)]
    assert all(h.can_multi_conn() for h in handles)
    for i, h in enumerate(handles):
        h.pwrite(pattern(65536, 100 + i), i * 65536)
    handles[3].flush()
    for h in handles:
        for i in range(8):
            assert h.pread(65536, i * 65536) == pattern(65536, 100 + i)
    problems = []

    def hammer(index, h):
        try:
            generator = random.Random(index)
            base = (16 + index * 2) * MIB
            shadow = bytearray(h.pread(MIB, base))
            for _ in range(200):
                offset = generator.randrange(0, 2040) * 512
                length = min(MIB - offset, generator.choice((512, 4096, 20480, 131072)))
                if generator.random() < 0.5:
                    data = generator.randbytes(length)
                    h.pwrite(data, base + offset)
                    shadow[offset:offset + length] = data
                else:
                    assert h.pread(length, base + offset) == shadow[offset:offset + length]
            assert h.pread(MIB, base) == shadow
        except Exception as error:  # pylint: disable=broad-except
            problems.append((index, error))

    threads = [threading.Thread(target=hammer, args=(i, h)) for i, h in enumerate(handles)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems
    for h in handles:
        h.shutdown()


@test
def no_answer_waits_for_a_timer():
    # A reply whose parts are sent apart meets Nagle's algorithm and delayed acknowledgements: 40 ms each over TCP.
    h = connect()
    data = pattern(4096, 6)
    times = []
    for i in range(300):
        started = time.monotonic()
        h.pwrite(data, i * 4096)
        h.pread(4096, i * 4096)
        times.append(time.monotonic() - started)
    median = sorted(times)[len(times) // 2]
    assert median < 0.030, f"a write and a read take {median * 1000:.1f} ms"
    h.shutdown()


# From here on without libnbd: bytes that no decent client sends. After each the server must still serve.


def raw_socket():
    uri = urllib.parse.urlsplit(URI)
    if "unix" in uri.scheme:
        path = urllib.parse.parse_qs(uri.query)["socket"][0]
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
    else:
        connection = socket.create_connection((uri.hostname, uri.port or 10809))
    connection.settimeout(20)
    assert receive(connection, 18)[:8] == b"NBDMAGIC"
    return connection


def option(number, data=b""):
    return b"IHAVEOPT" + struct.pack(">II", number, len(data)) + data


def raw_transmission():
    connection = raw_socket()
    name = urllib.parse.urlsplit(URI).path[1:].encode()
    connection.sendall(struct.pack(">I", 3) + option(1, name))
    receive(connection, 10)
    return connection


def request(command, cookie, offset, length, flags=0):
    return struct.pack(">IHHQQI", 0x25609513, flags, command, cookie, offset, length)


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def still_serves():
    h = connect()
    h.pread(512, 0)
    h.shutdown()


@test
def garbage_in_the_handshake():
    for bad in (b"\xff" * 4, struct.pack(">I", 3) + b"x" * 16, struct.pack(">I", 3) + option(1, b"nothing")[:-7] + b"nothing"):
        connection = raw_socket()
        connection.sendall(bad)
        assert is_closed(connection)
        connection.close()
    connection = raw_socket()
    connection.sendall(struct.pack(">I", 3) + option(77, b"abc"))
    magic, number, kind, length = struct.unpack(">QIII", receive(connection, 20))
    assert (magic, number, kind) == (0x3E889045565A9, 77, 0x80000001)
    receive(connection, length)
    connection.sendall(option(2))
    assert struct.unpack(">QIII", receive(connection, 20))[2] == 1
    assert is_closed(connection)
    still_serves()


@test
def a_stream_out_of_step_is_closed():
    connection = raw_transmission()
    connection.sendall(b"\xee" * 28)
    assert is_closed(connection)
    still_serves()


@test
def unknown_commands_and_oversized_requests_are_answered():
    connection = raw_transmission()
    for command, length, flags, expected in ((99, 0, 0, 22), (0, 64 * MIB, 0, 75), (0, 512, 0x8000, 22), (3, 512, 0, 22),
                                             (7, 512, 0, 22), (0, 0, 0, 22)):
        connection.sendall(request(command, 5, 0, length, flags))
        assert struct.unpack(">IIQ", receive(connection, 16)) == (0x67446698, expected, 5), (command, length, flags)
    # A refused write is read to its end, and the next request is found.
    connection.sendall(request(1, 6, 0, 33 * MIB) + bytes(33 * MIB) + request(0, 7, 0, 512))
    assert struct.unpack(">IIQ", receive(connection, 16)) == (0x67446698, 75, 6)
    assert struct.unpack(">IIQ", receive(connection, 16)) == (0x67446698, 0, 7)
    receive(connection, 512)
    connection.close()
    connection = raw_transmission()
    connection.sendall(request(1, 6, 0, 0xFFFFFFFF))
    assert is_closed(connection)
    still_serves()


@test
def clients_that_vanish_in_the_middle():
    h = connect()
    before = pattern(MIB, 77)
    h.pwrite(before, MIB)
    for sent in (0, 1, 1000, 100_000, MIB - 1):
        connection = raw_transmission()
        connection.sendall(request(1, 1, MIB, MIB) + b"\x55" * sent)
        connection.close()
    for _ in range(50):
        connection = raw_transmission()
        connection.sendall(b"".join(request(0, i, i * 65536, 65536) for i in range(100)))
        connection.close()
    time.sleep(0.2)
    assert h.pread(MIB, MIB) == before, "a write that never arrived was carried out"
    h.shutdown()


@test
def disconnect_answers_what_is_in_flight():
    connection = raw_transmission()
    connection.sendall(b"".join(request(0, i, i * 4096, 4096) for i in range(64)) + request(2, 99, 0, 0))
    cookies = set()
    for _ in range(64):
        magic, error, cookie = struct.unpack(">IIQ", receive(connection, 16))
        assert (magic, error) == (0x67446698, 0)
        cookies.add(cookie)
        receive(connection, 4096)
    assert cookies == set(range(64))
    assert is_closed(connection)


@test
def two_hundred_short_visits():
    for _ in range(200):
        connection = raw_transmission()
        connection.sendall(request(0, 1, 0, 512))
        receive(connection, 16 + 512)
        connection.sendall(request(2, 2, 0, 0))
        assert is_closed(connection)
        connection.close()


def main():
    for function in TESTS:
        started = time.monotonic()
        function()
        print(f"  - {function.__name__.replace('_', ' ')} ({time.monotonic() - started:.1f} s)")


main()
