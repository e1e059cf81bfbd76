# SPDX-License-Identifier: BSD-3-Clause
"""Commands in a guest, and the channels that they run on."""

import base64
import re
import selectors
import socket
import threading
import time
from typing import NamedTuple

from famez_guest.cache import GuestError

CONTROL = 0


class Result(NamedTuple):
    status: int
    output: str


class Job:
    """A command in a guest. Its status is None as long as it runs, and if the guest ended first."""

    def __init__(self, channel, command):
        self.channel = channel
        self.command = command
        self.data = bytearray()
        self.status = None
        self.ended = False

    def output(self):
        """Standard output and error so far."""
        return self.output_behind(0).decode(errors="replace")

    def output_behind(self, start):
        """The bytes of it from this place on."""
        with self.channel.changed:
            return bytes(self.data[start:])

    def running(self):
        return not self.ended

    def pause(self, seconds):
        """Until there is something new, or for this time."""
        with self.channel.changed:
            if not self.ended:
                self.channel.changed.wait(seconds)

    def wait(self, seconds=30):
        """The exit status (128 + N of a command that signal N killed); None if the guest ended or
        rebooted under it. Fails when it does not end in time; it then goes on running."""
        self.channel.wait_for(
            lambda: self.ended, seconds, lambda: f"'{self.command}' does not end:\n{self.output()}"
        )
        return self.status

    def expect(self, pattern, seconds=30, start=0):
        """The first match of a pattern in the output behind `start`; fails if it does not come."""
        expression = re.compile(pattern, re.MULTILINE)
        found = None

        def search():
            nonlocal found
            found = expression.search(self.output(), start)
            return found or self.ended

        def complaint():
            return f"'{self.command}' does not say {pattern!r}:\n{self.output()}"

        self.channel.wait_for(search, seconds, complaint)
        if not found:
            raise GuestError(f"{complaint()}\nIt has ended with status {self.status}")
        return found

    def type(self, text):
        """To the command's standard input, which start(..., stdin=True) gave it."""
        self.channel.socket.sendall(text.encode())

    def signal(self, number):
        """To the whole process group of the command."""
        self.channel.guest.send_signal(self, number)


class Channel:
    """One line to the guest's agent (files/worker), on which one command at a time runs."""

    def __init__(self, guest, number):
        self.guest = guest
        self.number = number
        self.socket, self.far_end = socket.socketpair()
        self.changed = threading.Condition()
        self.mark = re.compile(b"\0" + guest.secret.encode() + rb" (?:(hello)|end (\d+))\0")
        self.start_of_mark = b"\0" + guest.secret.encode()
        self.pending = bytearray()
        self.greetings = 0
        self.job = None
        self.closed = False

    def free(self):
        return self.greetings > 0 and self.job is None and not self.closed

    def begin(self, command, stdin):
        """Starts a command; the channel must be free."""
        job = Job(self, command)
        with self.changed:
            self.job = job
        text = base64.b64encode(command.encode()).decode() or "="
        how = "open" if stdin else "none"
        # The line before ends what an earlier command may have left unread of its input.
        request = f"\n{self.guest.secret} {how} {text}\n"
        try:
            self.socket.sendall(request.encode())
        except OSError:
            self.close()
        return job

    def feed(self, data):
        """What came from the guest."""
        with self.changed:
            self.pending += data
            while found := self.mark.search(self.pending):
                # Before anything is deleted: a match looks into the buffer.
                hello, status, length = *found.groups(), found.end() - found.start()
                self.deliver(found.start())
                del self.pending[:length]
                self.greetings += bool(hello)
                self.finish(int(status) if status else None)
            # The beginning of a mark may have come without its end.
            last = self.pending.rfind(b"\0")
            tail = bytes(self.pending[last : last + len(self.start_of_mark)])
            incomplete = last >= 0 and self.start_of_mark.startswith(tail)
            self.deliver(last if incomplete else len(self.pending))
            self.changed.notify_all()

    def deliver(self, count):
        if self.job:
            self.job.data += self.pending[:count]
        del self.pending[:count]

    def finish(self, status):
        if self.job:
            self.job.status = status
            self.job.ended = True
            self.job = None

    def close(self):
        with self.changed:
            self.closed = True
            self.finish(None)
            self.changed.notify_all()

    def wait_for(self, condition, seconds, complaint):
        limit = seconds * self.guest.patience
        deadline = time.monotonic() + limit
        with self.changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise GuestError(
                        f"{self.guest.name}: not within {limit:g} s: {complaint()}\n"
                        f"{self.guest.log()}"
                    )
                self.changed.wait(left)


class Pump(threading.Thread):
    """Brings what comes on all channels of a guest to them, until QEMU has gone."""

    def __init__(self, channels):
        super().__init__(daemon=True)
        self.channels = channels

    def run(self):
        with selectors.DefaultSelector() as selector:
            for channel in self.channels:
                selector.register(channel.socket, selectors.EVENT_READ, channel)
            while selector.get_map():
                for key, _ in selector.select():
                    try:
                        data = key.fileobj.recv(65536)
                    except OSError:
                        data = b""
                    if data:
                        key.data.feed(data)
                    else:
                        selector.unregister(key.fileobj)
                        key.data.close()
