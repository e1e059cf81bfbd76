# SPDX-License-Identifier: BSD-3-Clause
"""Child processes that cannot outlive or hang a test."""

import contextlib
import ctypes
import os
import re
import select
import signal
import subprocess
import threading
import time
import tty

from program_lib.settings import slow

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)

# What a sanitizer says when it has found something.
REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")


def die_with_parent():
    """In the child, before its program: even a test that is killed leaves nothing behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Output:
    """One stream of a process, collected by a thread as it comes."""

    def __init__(self, fd):
        self.fd = fd
        self.text = ""
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # a terminal whose other side was closed
                data = b""
            with self.changed:
                if data:
                    self.text += data.decode(errors="replace")
                else:
                    self.ended = True
                self.changed.notify_all()
            if not data:
                os.close(self.fd)
                return

    def wait_for(self, pattern, seconds, start=0):
        """The first match behind `start`, or None when it does not come in time."""
        deadline = time.monotonic() + seconds
        expression = re.compile(pattern, re.MULTILINE)
        with self.changed:
            while True:
                found = expression.search(self.text, start)
                left = deadline - time.monotonic()
                if found or self.ended or left <= 0:
                    return found
                self.changed.wait(left)


class Program:
    """A running program. `terminal`: give it a terminal to print to, as stdio keeps the output to a
    pipe back until it is long."""

    def __init__(self, name, command, env=None, terminal=False):
        self.name = name
        self.command = [str(part) for part in command]
        self.expected_signals = {0}
        read_end, write_end = self.open_terminal() if terminal else os.pipe()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=write_end,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, **(env or {})},
            preexec_fn=die_with_parent,
        )
        os.close(write_end)
        self.out = Output(read_end)
        self.err = Output(os.dup(self.process.stderr.fileno()))
        self.process.stderr.close()

    @staticmethod
    def open_terminal():
        """Both sides of a raw terminal: what is written comes out as it is."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        return ours, theirs

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def type(self, line):
        """A line on its standard input."""
        os.write(self.process.stdin.fileno(), (line + "\n").encode())

    def expect(self, pattern, seconds=10, start=0, stream=None):
        """Waits for a pattern on standard output (or `stream`); fails when it does not come."""
        stream = stream or self.out
        found = stream.wait_for(pattern, seconds * slow(), start)
        assert found, f"{self.name} does not say {pattern!r} in {seconds * slow():g} s"
        return found

    def expect_note(self, pattern, seconds=10, start=0):
        """The same for standard error."""
        return self.expect(pattern, seconds, start, self.err)

    def signal(self, number):
        self.expected_signals.add(number)
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait(10)

    def wait(self, seconds=20):
        """Its exit status; fails when it does not end in time."""
        limit = seconds * slow()
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end in {limit:g} s") from None
        for stream in (self.out, self.err):
            stream.thread.join(5)
        return status

    def stop(self, seconds=20):
        """Ctrl-C, and its exit status."""
        self.signal(signal.SIGINT)
        return self.wait(seconds)

    def clean_up(self, gently=False):
        """However the test ended."""
        if self.running() and gently:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5 * slow())
        if self.running():
            self.signal(signal.SIGKILL)
            self.process.wait()
        self.process.stdin.close()
        for stream in (self.out, self.err):
            stream.thread.join(5)

    def crash(self):
        """Why this end, if there was one, was none that a program may have; or None."""
        status = self.process.poll()
        if status is not None and status < 0 and -status not in self.expected_signals:
            return f"{self.name} was ended by {signal.Signals(-status).name}"
        report = REPORT.search(self.err.text) or REPORT.search(self.out.text)
        return f"{self.name}: {report.group()}" if report else None

    def show(self):
        """For the record of a test that failed."""
        print(f"==== {self.name} ({self.pid}): {' '.join(self.command)}")
        print(f"---- status {self.process.poll()}; standard output:\n{self.out.text[-6000:]}")
        print(f"---- standard error:\n{self.err.text[-6000:]}")


def wait_until(condition, seconds, what):
    """Asks again and again; fails, with what was waited for, when it stays false."""
    deadline = time.monotonic() + seconds * slow()
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds * slow():g} s"
        select.select([], [], [], 0.02)
