# SPDX-License-Identifier: BSD-3-Clause
"""A FAME-Z client byte by byte, as the original's Python ones were: it attaches as QEMU does, maps
the region, posts in its own slot, and rings the vector of its own id. No code of the fabric."""

import mmap
import os
import select
import struct
import time

from fabric import Peer
from program_lib.words import Words

SLOT = 512
TEXT = 128


class Dialect:
    """Where the words of a slot are."""

    def __init__(self, name, cclass, buflen, peer_id, last, sid, cid, counter):
        self.name, self.cclass, self.counter = name, cclass, counter
        self.buflen, self.peer_id, self.last, self.sid, self.cid = buflen, peer_id, last, sid, cid


WITH_CLASS = Dialect("with-class", 32, 64, 72, 80, 88, 96, "!EZT=")
WITHOUT_CLASS = Dialect("without-class", None, 32, 40, 48, 56, 64, "!FZT=")


class OldPeer(Peer):
    def __init__(self, server, vectors, dialect=WITH_CLASS, name=None, cclass="Debugger"):
        super().__init__(server, vectors)
        self.dialect = dialect
        self.area = mmap.mmap(self.region, 1 << 20)
        self.words = Words(self.area)
        self.slot_bytes, self.buf_offset, self.clients, self.events, self.server_id = (
            struct.unpack_from("<5Q", self.area, 0)
        )
        self.write_text(self.id, 0, name if name is not None else f"z{self.id:02d}")
        if dialect.cclass is not None:
            self.write_text(self.id, dialect.cclass, cclass)

    def close(self):
        if getattr(self, "area", None) is not None:
            self.words.release()
            self.area.close()
            self.area = None
        super().close()

    # ---- slots ----

    def word(self, slot, offset):
        return self.words[slot * SLOT + offset]

    def set_word(self, slot, offset, value):
        self.words[slot * SLOT + offset] = value

    def write_text(self, slot, offset, text):
        struct.pack_into("32s", self.area, slot * SLOT + offset, text.encode())

    def text(self, slot, offset):
        raw = struct.unpack_from("32s", self.area, slot * SLOT + offset)[0]
        return raw.split(b"\0")[0].decode(errors="replace")

    def name_of(self, slot):
        return self.text(slot, 0)

    # ---- mail ----

    def post(self, text, to=None):
        """Without waiting for anything."""
        to = self.server_id if to is None else to
        data = text.encode() if isinstance(text, str) else text
        assert len(data) < 384
        start = self.id * SLOT + TEXT
        self.area[start : start + len(data)] = data
        self.set_word(self.id, self.dialect.buflen, len(data))
        self.ring(to, self.id)

    def taken(self, seconds=10):
        deadline = time.monotonic() + seconds
        while self.word(self.id, self.dialect.buflen) != 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True

    def send(self, text, to=None):
        assert self.taken(), "our last message was not taken"
        self.post(text, to)
        assert self.taken(), f"not taken: {text}"

    def rings(self, seconds):
        """Vectors that have rung, in time."""
        poll = select.poll()
        own = self.eventfds[self.id]
        for fd in own[1:]:
            poll.register(fd, select.POLLIN)
        rung = [own.index(fd) for fd, _ in poll.poll(seconds * 1000)]
        for vector in rung:
            os.read(own[vector], 8)
        return rung

    def receive(self, seconds=10):
        """(from, text) of the next message, which is then acknowledged; None after that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for sender in self.rings(left):
                length = self.word(sender, self.dialect.buflen)
                if length == 0:
                    continue
                start = sender * SLOT + TEXT
                text = self.area[start : start + length].decode()
                self.set_word(sender, self.dialect.buflen, 0)
                return sender, text
        return None

    def ask(self, text):
        """The server's answer."""
        self.send(text)
        answer = self.receive()
        assert answer is not None and answer[0] == self.server_id, answer
        return answer[1]
