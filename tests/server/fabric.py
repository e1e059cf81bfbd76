# SPDX-License-Identifier: BSD-3-Clause
"""A famez_server under test, and bare ivshmem clients that see each message as it comes."""

import ctypes
import errno
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time

SERVER = os.environ.get("FAMEZ_SERVER", "famez_server")
QUIET = 0.3  # seconds without a message that count as silence

# A full fabric of clients in one process takes thousands of descriptors.
_HARD_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (_HARD_LIMIT, _HARD_LIMIT))


class Server:
    """famez_server, from READY=1 to its end."""

    def __init__(self, directory, *args, limit=None, user=None):
        self.directory = str(directory)
        self.path = os.path.join(self.directory, "socket")
        self.log_path = os.path.join(self.directory, "log")
        self.args = [SERVER, "--socketpath", self.path, *map(str, args)]
        if "--rest" not in args:
            self.args += ["--rest", "off"]  # the default's port is one for the whole machine
        self.limit = limit
        self.user = user
        self.process = None

    def __enter__(self):
        notify_path = os.path.join(self.directory, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(notify_path)
            os.chmod(notify_path, 0o777)
            notify.settimeout(0.05)
            self.process = self.spawn({"NOTIFY_SOCKET": notify_path})
            deadline = time.monotonic() + 20
            while True:
                try:
                    assert notify.recv(4096).startswith(b"READY=1")
                    break
                except TimeoutError:
                    assert self.process.poll() is None, self.log()
                    assert time.monotonic() < deadline, self.log()
        os.unlink(notify_path)
        return self

    def spawn(self, environment=None):
        def prepare():
            # Whoever runs the tests in the background may ignore it, and so would the server.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            if self.limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, self.limit)

        options = {"preexec_fn": prepare}
        if self.user is not None:
            options.update(user=self.user, group=self.user, extra_groups=[])
        with open(self.log_path, "ab") as log:
            return subprocess.Popen(
                self.args,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                **options,
            )

    def __exit__(self, kind, *_):
        if self.process.poll() is not None:
            assert kind is not None or self.process.returncode == 0, self.log()
            return
        code = self.stop()
        assert kind is not None or code == 0, self.log()
        assert "runtime error" not in self.log() and "Sanitizer" not in self.log(), self.log()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def descriptors(self):
        # Only while it sleeps: to tell systemd how it is it has a socket open for a moment.
        directory = f"/proc/{self.process.pid}"
        while True:
            count = len(os.listdir(directory + "/fd"))
            with open(directory + "/stat", encoding="ascii") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "S":
                    return count

    def wait_for_descriptors(self, count, seconds=10):
        # Fewer are as well: a baseline can have met one that the server was about to close.
        wait_until(lambda: self.descriptors() <= count, seconds)

    def connect(self):
        return connect(self.path)


def run(*args, **options):
    """The server with these arguments, to its end."""
    command = [SERVER, *map(str, args)]
    options = {"capture_output": True, "text": True, "timeout": 20, "check": False, **options}
    return subprocess.run(command, **options)


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(10)
    client.connect(path)
    return client


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def readable(client, seconds):
    poll = select.poll()  # select() knows no descriptor beyond 1023
    poll.register(client, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def read_message(client):
    """One message: its value and its descriptor or None; None at the end."""
    data, fds, flags, _ = socket.recv_fds(client, 8, 4)
    if not data:
        return None
    assert len(data) == 8 and len(fds) <= 1 and not flags & socket.MSG_CTRUNC
    return struct.unpack("<q", data)[0], fds[0] if fds else None


class Peer:
    """A client that has taken its whole greeting.

    keep=False counts eventfds but closes them: for crowds.
    """

    def __init__(self, server, vectors, keep=True):
        self.socket = server.connect()
        self.keep = keep
        self.eventfds = {}
        self.told = []  # the values, in order
        self.region = None
        try:
            version = read_message(self.socket)
            assert version == (0, None), version
            self.id, none = read_message(self.socket)
            assert none is None
            value, self.region = read_message(self.socket)
            assert value == -1 and self.region is not None
            while len(self.eventfds.get(self.id, [])) < vectors:
                self.take_in(read_message(self.socket))
        except BaseException:
            self.close()
            raise

    def take_in(self, message):
        assert message is not None, "the server has gone"
        value, fd = message
        self.told.append(value)
        if fd is None:
            for old in self.eventfds.pop(value, []):
                if self.keep:
                    os.close(old)
        else:
            if not self.keep:
                os.close(fd)
            self.eventfds.setdefault(value, []).append(fd)

    def hear(self, count):
        """The next (value, has a descriptor), as many as that, however long the server takes."""
        said = []
        for _ in range(count):
            message = read_message(self.socket)
            self.take_in(message)
            said.append((message[0], message[1] is not None))
        return said

    def expect(self, said, quiet=QUIET):
        """Exactly these are said, and then nothing."""
        assert self.hear(len(said)) == said
        assert not readable(self.socket, quiet)

    def silent(self):
        """Nothing to be read now: neither bytes nor an end."""
        return not readable(self.socket, 0)

    def ring(self, peer, vector):
        os.write(self.eventfds[peer][vector], struct.pack("<Q", 1))

    def rung(self, vector):
        try:
            return struct.unpack("<Q", os.read(self.eventfds[self.id][vector], 8))[0]
        except BlockingIOError:
            return 0

    def close(self):
        self.socket.close()
        fds = [fd for group in self.eventfds.values() for fd in group if self.keep]
        for fd in fds + ([self.region] if self.region is not None else []):
            os.close(fd)
        self.eventfds, self.region = {}, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def same_file(first, second):
    """Whether two descriptors are one open file: kcmp(2); None where the kernel has it not."""
    kcmp_number = {"x86_64": 312, "aarch64": 272}.get(os.uname().machine)
    if kcmp_number is None:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.getpid()
    result = libc.syscall(kcmp_number, pid, pid, 0, first, second)
    if result < 0 and ctypes.get_errno() in (errno.ENOSYS, errno.EPERM):
        return None
    return result == 0
