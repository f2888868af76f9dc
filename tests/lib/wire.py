# SPDX-License-Identifier: Apache-2.0
"""Bytes of a socket, for tests that speak a protocol by hand."""


def receive(connection, length):
    """Exactly so many; ConnectionError when the other side closes before."""
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise ConnectionError(f"closed after {len(data)} of {length} bytes")
        data += part
    return data
