# SPDX-License-Identifier: BSD-3-Clause
"""A server as FAME-Z's was, byte by byte: the ivshmem protocol, a region file of a few KiB that
holds a mailbox and nothing else, in both slot layouts, and a managing switch's part of the link
protocol. Nothing of the fabric's code."""

import os
import select
import socket
import struct
import threading

SLOT = 512
TEXT = 128
WORD = struct.Struct("<Q")
CLASSES = {"with-class": 32, "without-class": None}
COUNTERS = {"with-class": "!EZT=", "without-class": "!FZT="}
# buflen, peer_id, last_responder, SID, CID
WORDS = {"with-class": (64, 72, 80, 88, 96), "without-class": (32, 40, 48, 56, 64)}


class OriginalServer:
    """`cut`: how the greeting comes: "whole" 8-byte messages, "fragmented" into bytes, or
    "coalesced" as far as descriptors let it."""

    def __init__(self, path, dialect="with-class", cut="whole", clients=3, manages=True):
        self.dialect, self.cut, self.clients, self.manages = dialect, cut, clients, manages
        self.buflen, self.peer_id, self.last, self.sid, self.cid = WORDS[dialect]
        self.server_id = clients + 1
        self.received = []  # (from, text), in order
        self.tags = 0
        self.hops = 0
        self.sockets = {}
        self.make_mailbox()
        # By id, then by vector.
        self.bells = {
            port: [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(clients + 2)]
            for port in range(1, clients + 2)
        }
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.end_read, self.end_write = os.pipe()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def make_mailbox(self):
        self.region = os.memfd_create("mailbox")  # not sealed: the original's was a plain file
        size = (self.clients + 2) * SLOT
        os.ftruncate(self.region, size)
        events = self.clients + 2
        self.write(0, struct.pack("<5Q", SLOT, TEXT, self.clients, events, self.server_id))
        for port in range(1, self.server_id + 1):
            self.set_word(port, self.peer_id, port)
        self.write(self.server_id * SLOT, b"Z-switch")
        if CLASSES[self.dialect] is not None:
            self.write(self.server_id * SLOT + CLASSES[self.dialect], b"FabricSwitch")

    # ---- slots ----

    def write(self, offset, data):
        os.pwrite(self.region, data, offset)

    def word(self, slot, offset):
        return WORD.unpack(os.pread(self.region, 8, slot * SLOT + offset))[0]

    def set_word(self, slot, offset, value):
        self.write(slot * SLOT + offset, WORD.pack(value))

    def text(self, slot, offset):
        return os.pread(self.region, 32, slot * SLOT + offset).split(b"\0")[0].decode()

    # ---- the socket ----

    def say(self, client, value, fd=None):
        data = struct.pack("<q", value)
        pieces = [data[i : i + 1] for i in range(8)] if self.cut == "fragmented" else [data]
        for i, piece in enumerate(pieces):
            fds = [fd] if fd is not None and i == 0 else []
            socket.send_fds(client, [piece], fds)

    def greet(self, client, port):
        if self.cut == "coalesced":
            client.sendall(struct.pack("<qq", 0, port))
        else:
            self.say(client, 0)
            self.say(client, port)
        self.say(client, -1, self.region)
        for other in [*self.sockets, self.server_id, port]:
            for bell in self.bells[other]:
                self.say(client, other, bell)

    def admit(self):
        client, _ = self.listener.accept()
        free = [port for port in range(1, self.server_id) if port not in self.sockets]
        if not free:
            client.close()
            return
        port = free[0]
        for other in self.sockets.values():
            for bell in self.bells[port]:
                self.say(other, port, bell)
        self.greet(client, port)
        self.sockets[port] = client

    # ---- the loop ----

    def serve(self):
        own = self.bells[self.server_id]
        while True:
            sockets = {client: port for port, client in self.sockets.items()}
            # Ends before newcomers, who then get the same ids.
            ready, _, _ = select.select([self.end_read, *sockets, *own, self.listener], [], [])
            for what in ready:
                if what == self.end_read:
                    return
                if what is self.listener:
                    self.admit()
                elif what in sockets:
                    self.sockets.pop(sockets[what]).close()
                    self.write(sockets[what] * SLOT, bytes(SLOT))
                    self.set_word(sockets[what], self.peer_id, sockets[what])
                else:
                    os.eventfd_read(what)
                    self.take(own.index(what))

    def take(self, sender):
        length = self.word(sender, self.buflen)
        if length == 0:
            return
        message = os.pread(self.region, length, sender * SLOT + TEXT).decode()
        self.set_word(sender, self.buflen, 0)
        self.received.append((sender, message))
        text, _, hops = message.partition(COUNTERS[self.dialect])
        self.hops = int(hops or 0)
        answer = self.answer(sender, text)
        if answer:
            self.post(sender, answer + (f"{COUNTERS[self.dialect]}{self.hops + 1}" if hops else ""))

    def answer(self, sender, text):
        if text == "ping":
            return "pong"
        if text == "Link CTL Peer-Attribute":
            return f"Link CTL ACK cclass=FabricSwitch,CID0={self.server_id * 100},SID0=27"
        if text.startswith("Link RFC ") and self.manages:
            self.tags += 1
            return (
                f"CTL-Write Space=0,PFMSID=27,PFMCID={self.server_id * 100},"
                f"SID=27,CID={sender * 100},Tag={self.tags}"
            )
        if text.startswith("Standalone Acknowledgment "):
            return "Link CTL Peer-Attribute"
        return None

    def post(self, to, text):
        """As the original: nothing says whom it is for but the doorbell."""
        self.write(self.server_id * SLOT + TEXT, text.encode())
        self.set_word(self.server_id, self.buflen, len(text))
        os.eventfd_write(self.bells[to][self.server_id], 1)

    def close(self):
        os.write(self.end_write, b"x")
        self.thread.join(10)
        for each in [self.listener, *self.sockets.values()]:
            each.close()
        for bells in self.bells.values():
            for bell in bells:
                os.close(bell)
        for fd in (self.end_read, self.end_write, self.region):
            os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
