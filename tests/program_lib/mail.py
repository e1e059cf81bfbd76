# SPDX-License-Identifier: BSD-3-Clause
"""A mail client of FAME-Z's kind, as doc/region-layout.md and the ivshmem protocol say: it attaches
to the server's socket, posts into its own slot, and takes mail out of the slot of whoever rings."""

import mmap
import os
import select
import socket
import struct
import time

from program_lib.settings import slow
from program_lib.words import Words

SLOT = 512
BUF = 128
NAME, CLASS = 0, 32
BUFLEN, LAST_RESPONDER, SID, CID = 64, 80, 88, 96
REGION = -1


class MailPeer:
    """`says_whom`: mark who a message is for, as FAME-Z's kernel driver did and its Python did
    not."""

    def __init__(self, path, name=None, says_whom=False):
        self.says_whom = says_whom
        self.bells = {}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.settimeout(10)
            self.socket.connect(path)
            self.attach()
        except BaseException:
            self.socket.close()
            raise
        self.name = name or f"z{self.id:02}"
        self.write_text(NAME, self.name)
        self.write_text(CLASS, "Debugger")

    def attach(self):
        assert self.read_message() == (0, None)
        self.id, _ = self.read_message()
        value, region = self.read_message()
        assert value == REGION
        self.bytes = mmap.mmap(region, os.fstat(region).st_size)
        os.close(region)
        self.words = Words(self.bytes)
        self.ports = self.words[16]
        self.server = self.words[32]
        # Its own bells come last, and nothing says which of them is the last.
        while self.id not in self.bells:
            self.take_news(*self.read_message())
        self.catch_up(0.05)

    # ---- the socket ----

    def read_message(self):
        data, fds, _, _ = socket.recv_fds(self.socket, 8, 1)
        assert len(data) == 8, "the server has gone"
        return struct.unpack("<q", data)[0], fds[0] if fds else None

    def take_news(self, value, fd):
        if fd is None:
            for bell in self.bells.pop(value, []):
                os.close(bell)
        else:
            self.bells.setdefault(value, []).append(fd)

    def catch_up(self, seconds=0.0):
        """What the server has told since."""
        while select.select([self.socket], [], [], seconds)[0]:
            self.take_news(*self.read_message())

    # ---- slots ----

    def word(self, slot, offset):
        return self.words[slot * SLOT + offset]

    def set_word(self, slot, offset, value):
        self.words[slot * SLOT + offset] = value

    def write_text(self, offset, text):
        start = self.id * SLOT + offset
        self.bytes[start : start + 32] = text.encode().ljust(32, b"\0")

    def text(self, slot, offset):
        start = slot * SLOT + offset
        return self.bytes[start : start + 32].split(b"\0")[0].decode()

    def party(self, slot):
        """Node name, class, CID and SID of whoever is there."""
        return (self.text(slot, NAME), self.text(slot, CLASS), self.word(slot, CID),
                self.word(slot, SID))  # fmt: skip

    # ---- mail ----

    def free(self):
        """What we posted last has been taken."""
        return self.word(self.id, BUFLEN) == 0

    def post(self, to, message, wait=5.0):
        """Waits until the message before is taken, posts, and rings."""
        deadline = time.monotonic() + wait * slow()
        while not self.free():
            assert time.monotonic() < deadline, f"nobody took the last message of {self.name}"
            time.sleep(0.0005)
        self.catch_up()
        data = message.encode() if isinstance(message, str) else message
        start = self.id * SLOT + BUF
        self.bytes[start : start + len(data)] = data
        self.set_word(self.id, LAST_RESPONDER, to if self.says_whom else 0)
        self.set_word(self.id, BUFLEN, len(data))
        bells = self.bells[to]
        if self.id < len(bells):
            os.write(bells[self.id], struct.pack("<Q", 1))

    def take(self, wait=5.0):
        """The next message, as (who sent it, its bytes); None if none comes in time."""
        deadline = time.monotonic() + wait * slow()
        while True:
            self.catch_up()
            mine = self.bells[self.id]
            left = max(0.0, deadline - time.monotonic())
            rung, _, _ = select.select([*mine, self.socket], [], [], left)
            for sender, bell in enumerate(mine):
                if bell not in rung:
                    continue
                os.read(bell, 8)
                if sender and (message := self.take_from(sender)) is not None:
                    return sender, message
            if left == 0:
                return None

    def take_from(self, sender):
        length = self.word(sender, BUFLEN)
        if length == 0 or self.word(sender, LAST_RESPONDER) not in (0, self.id):
            return None
        start = sender * SLOT + BUF
        message = self.bytes[start : start + length]
        self.set_word(sender, BUFLEN, 0)
        return message

    def ask(self, to, message, wait=5.0):
        """Sends, and the text of the answer."""
        self.post(to, message)
        answer = self.take(wait)
        assert answer is not None, f"no answer to {message!r}"
        assert answer[0] == to, answer
        return answer[1].decode()

    def close(self):
        self.socket.close()
        for bells in self.bells.values():
            for bell in bells:
                os.close(bell)
        self.bells = {}
        self.words.release()
        self.bytes.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
