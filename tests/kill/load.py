# SPDX-License-Identifier: Apache-2.0
"""Writers: each a thread with a connection per volume and sectors of its own, one write at a time."""

import threading

import nbd

import oracle

STRIPE_SECTORS = 40  # Not a divisor of a track, so that writers share tracks and requests cross them.


TRACK_SECTORS = 128


class Writer:
    def __init__(self, writer_id, writer_count, volumes, random):
        self.id = writer_id
        self.issued = []  # (number, volume name, first sector, sectors), in order
        self.open = False  # the last one of `issued` has no answer yet
        self._count = 0
        self._writer_count = writer_count
        self._volumes = volumes
        self._random = random
        self._thread = None
        self._stop = False
        self.failure = None

    def first_open(self):
        """Index in `issued` from which on writes may be without an answer."""
        return max(0, len(self.issued) - 1)

    def start(self, uri):
        self._stop, self.failure = False, None
        self._thread = threading.Thread(target=self._run, args=(uri,), daemon=True)
        self._thread.start()

    def join(self, stop=False):
        self._stop = stop
        self._thread.join()

    def _run(self, uri):
        try:
            handles = {}
            for volume in self._volumes:
                handles[volume.name] = nbd.NBD()
                handles[volume.name].connect_uri(uri(volume.name))
            while not self._stop:
                self._one(handles)
        except nbd.Error as error:
            self.failure = error  # Expected when the image was killed; the caller knows.

    def _one(self, handles):
        volume = self._random.choice(self._volumes)
        first, count = self._place(volume)
        kind = self._random.random()
        self._count += 1
        value = oracle.number(self.id, self._count, zero=kind < 0.12)
        volume.issue(value, first, count)
        self.issued.append((value, volume.name, first, count))
        handle, offset, length = handles[volume.name], first * oracle.SECTOR, count * oracle.SECTOR
        if kind < 0.06:
            handle.trim(length, offset)
        elif kind < 0.12:
            handle.zero(length, offset)
        else:
            flags = nbd.CMD_FLAG_FUA if kind < 0.3 else 0
            handle.pwrite(oracle.contents(value, first, count), offset, flags)
        volume.acknowledge(value, first, count)
        if kind > 0.97:
            handle.flush()

    def _place(self, volume):
        """A range inside one stripe of this writer; every fourth in a small hot area, where tracks are fought for."""
        stripes = volume.sectors // (STRIPE_SECTORS * self._writer_count)
        if self._random.random() < 0.25:
            stripes = max(1, stripes // 16)
        stripe = self._random.randrange(stripes) * self._writer_count + self.id % self._writer_count
        if self._random.random() < 0.5:
            first, count = 0, self._random.choice([8, 16, 40])
        else:
            first = self._random.randrange(STRIPE_SECTORS)
            count = self._random.randint(1, STRIPE_SECTORS - first)
        return stripe * STRIPE_SECTORS + first, count


class Streamer(Writer):
    """Whole tracks, several at a time, on a volume without copies: they go to their place at once. Now and then a small
    write on a part of them, which goes through the journal."""

    def _place(self, volume):
        tracks = volume.sectors // TRACK_SECTORS // self._writer_count
        first_track = self.id % self._writer_count * tracks
        count = self._random.choice([1, 4, 8, 16])
        first = (first_track + self._random.randrange(tracks - max(count, 3))) * TRACK_SECTORS
        if self._random.random() < 0.25:
            return first + self._random.randrange(TRACK_SECTORS), self._random.randint(1, 2 * TRACK_SECTORS - 1)
        return first, count * TRACK_SECTORS
