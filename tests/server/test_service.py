# SPDX-License-Identifier: BSD-3-Clause
"""In the background, with a log file, and as systemd starts it."""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from fabric import SERVER, Peer, Server, connect, read_message, run, wait_until

UNITS = os.environ.get("UNITS", "server")


def pid_of(path):
    """The process that listens there."""
    with connect(path) as client:
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(credentials[:4], "little")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def test_a_daemon(tmp_path):
    # The default REST port is one for the whole machine: a server that has it would make a second line.
    result = run("-D", "-S", "socket", "-L", "log", "--region-size", "64M", "--rest", "off",
                 cwd=tmp_path)
    # It serves by now, and whoever started it can go.
    path = str(tmp_path / "socket")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    pid = pid_of(path)
    try:
        with connect(path) as client:
            assert read_message(client) == (0, None)
        assert os.getsid(pid) not in (os.getsid(0), pid)
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        streams = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)}
        assert streams == {"/dev/null"}
        (line,) = lines_of(tmp_path / "log")
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d famez_server: region 64 MiB, ", line)
        assert os.stat(tmp_path / "log").st_mode & 0o137 == 0
        # A second one cannot be, and says so to whoever starts it.
        result = run("--daemon", "-S", path)
        assert result.returncode == 1 and "a server is already there" in result.stderr
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not alive(pid))
    assert sorted(os.listdir(tmp_path)) == ["log"]


@pytest.mark.parametrize("args", [["-L", "none/log"], ["--numa-node", "1023"]])
def test_a_daemon_that_cannot_start(tmp_path, args):
    result = run("-D", "-S", "socket", *args, cwd=tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == []


def test_an_interrupted_start_leaves_no_daemon(tmp_path):
    directory = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)  # the server waits for it
        with subprocess.Popen([SERVER, "-D", "-S", tmp_path / "socket"]) as starter:
            time.sleep(0.5)
            starter.send_signal(signal.SIGINT)
            assert starter.wait(10) == -signal.SIGINT
    finally:
        os.close(directory)
    time.sleep(0.3)
    wait_until(lambda: os.listdir(tmp_path) == [])


def test_the_log_file_is_opened_anew_on_sighup(tmp_path):
    log = tmp_path / "messages"
    log.write_text("kept\n")
    with Server(tmp_path, "-v", "--logfile", log) as server:
        wait_until(lambda: len(lines_of(log)) == 2)
        assert lines_of(log)[0] == "kept" and server.log() == ""
        log.rename(tmp_path / "messages.1")
        server.process.send_signal(signal.SIGHUP)
        wait_until(log.exists)
        with Peer(server, 16):
            wait_until(lambda: len(lines_of(log)) == 1)
            assert "port 1 is attached" in lines_of(log)[0]
        assert len(lines_of(tmp_path / "messages.1")) == 2
        # Where no new one can be made the old one goes on.
        log.unlink()
        log.mkdir()
        server.process.send_signal(signal.SIGHUP)
        with Peer(server, 16) as peer:
            assert peer.id == 1


ACTIVATE = """
import os, sys
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(sys.argv[1].count(",")))
for to, fd in enumerate(sys.argv[1].split(",")[:-1], 3):
    os.dup2(int(fd), to)
os.execv(sys.argv[2], sys.argv[2:])
"""


def activate(listeners, *args):
    """What systemd does: descriptors from 3 on, and two variables that name the process."""
    high = [fcntl.fcntl(listener, fcntl.F_DUPFD, 100) for listener in listeners]
    try:
        numbers = "".join(f"{fd}," for fd in high)
        return subprocess.Popen(
            [sys.executable, "-c", ACTIVATE, numbers, SERVER, *map(str, args)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=high,
        )
    finally:
        for fd in high:
            os.close(fd)


def listener_at(path, kind=socket.SOCK_STREAM):
    listener = socket.socket(socket.AF_UNIX, kind)
    listener.bind(str(path))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return listener


def test_socket_activation(tmp_path):
    path = str(tmp_path / "passed")
    with listener_at(path) as listener:
        for _ in range(2):  # it serves the next one as well
            early = connect(path)
            server = activate([listener], "-S", tmp_path / "own")
            try:
                assert read_message(early) == (0, None)
                assert not os.path.exists(tmp_path / "own")
                second = connect(path)
                assert [read_message(second)[0] for _ in range(2)] == [0, 2]
                second.close()
            finally:
                server.terminate()
                errors = server.communicate(timeout=20)[1]
                early.close()
            assert server.returncode == 0
            assert errors.endswith(f"socket {path}\n")
            assert os.path.exists(path)


def test_what_is_passed_must_be_one_stream_socket(tmp_path):
    first = listener_at(tmp_path / "first")
    second = listener_at(tmp_path / "second")
    datagrams = listener_at(tmp_path / "datagrams", socket.SOCK_DGRAM)
    with first, second, datagrams:
        for passed, part in [([first, second], "2 sockets"), ([datagrams], "no listening UNIX")]:
            server = activate(passed)
            errors = server.communicate(timeout=20)[1]
            assert server.returncode == 1 and part in errors
            assert len(errors.splitlines()) == 1


def test_what_systemd_is_told(tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(10)
        server = Server(tmp_path)
        server.process = server.spawn({"NOTIFY_SOCKET": path})
        assert notify.recv(4096) == b"READY=1\nSTATUS=0 of 14 ports attached"
        with Peer(server, 16):
            assert notify.recv(4096) == b"STATUS=1 of 14 ports attached"
        server.stop()
        news = notify.recv(4096)
        assert news == b"STOPPING=1" or notify.recv(4096) == b"STOPPING=1"


def test_the_units(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    with open(os.path.join(UNITS, "famez_server.service.in"), encoding="utf-8") as template:
        unit = template.read()
    (tmp_path / "famez_server.service").write_text(
        unit.replace("@bindir@/famez_server", os.path.abspath(SERVER)), encoding="utf-8"
    )
    shutil.copy(os.path.join(UNITS, "famez_server.socket"), tmp_path)
    units = [str(tmp_path / "famez_server.service"), str(tmp_path / "famez_server.socket")]
    verify = [analyze, "verify", "--man=no", *units]
    result = subprocess.run(verify, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    # Hardened well: exposure, from 0.0 (best) to 10.0.
    security = [analyze, "security", "--offline=true", "--no-pager", "--threshold=20", units[0]]
    result = subprocess.run(security, capture_output=True, text=True, timeout=30, check=False)
    if "unrecognized option" in result.stderr:
        pytest.skip("this systemd-analyze does not know --offline")
    assert result.returncode == 0, result.stdout
