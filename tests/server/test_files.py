# SPDX-License-Identifier: BSD-3-Clause
"""The socket, the mailbox file, options, beginning and end."""

import fcntl
import grp
import os
import signal
import socket
import stat
import subprocess
import time
from contextlib import ExitStack

import pytest

from fabric import SERVER, Peer, Server, run, wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_cleanly(tmp_path, number):
    with Server(tmp_path) as server, Peer(server, 16) as peer:
        assert server.stop(number) == 0
        assert not os.path.exists(server.path)
        assert peer.socket.recv(8) == b""
        assert sorted(os.listdir(tmp_path)) == ["log"]


def test_the_line_at_the_start(tmp_path):
    with Server(tmp_path, "--ports", 20, "--region-size", "256M", "--lanes", 2) as server:
        lines = server.log().splitlines()
        assert lines == [
            "famez_server: region 256 MiB, 20 ports, 2 lanes a pair, 23 vectors a port, socket "
            + server.path
        ]


def test_verbose_says_who_comes_and_goes(tmp_path):
    with Server(tmp_path, "-v") as server:
        with Peer(server, 16):
            pass
        wait_until(lambda: "port 1 ends" in server.log())
        assert f"port 1 is attached (process {os.getpid()})" in server.log()


def test_a_dead_servers_socket_is_replaced(tmp_path):
    with Server(tmp_path) as server:
        server.process.kill()
        server.process.wait()
        assert stat.S_ISSOCK(os.stat(server.path).st_mode)
        with Server(tmp_path) as successor, Peer(successor, 16) as peer:
            assert peer.id == 1
        server.process.returncode = 0


def test_a_living_servers_socket_is_refused(tmp_path):
    with Server(tmp_path) as server, Peer(server, 16) as peer:
        result = run("--socketpath", server.path)
        assert result.returncode == 1
        assert len(result.stderr.splitlines()) == 1
        assert "a server is already there" in result.stderr
        # and it was not even touched by the question
        peer.expect([])
        with Peer(server, 16) as other:
            assert other.id == 2


def test_a_socket_without_listener_that_somebody_holds_is_refused(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        bound.bind(path)
        result = run("--socketpath", path)
        assert result.returncode == 1 and "already there" in result.stderr


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    result = run("--socketpath", path)
    assert result.returncode == 1 and "no socket" in result.stderr
    assert path.read_text() == "data"
    assert run("--socketpath", tmp_path / "none" / "socket").returncode == 1
    assert "1 to 107 bytes" in run("--socketpath", "x" * 200).stderr


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_started_at_once_one_wins(tmp_path, stale):
    path = str(tmp_path / "socket")
    if stale:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left_behind:
            left_behind.bind(path)
    # The directory's lock holds them back until all are there.
    directory = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    with ExitStack() as stack:
        servers = []
        for _ in range(6):
            server = subprocess.Popen(
                [SERVER, "--socketpath", path], stderr=subprocess.PIPE, text=True
            )
            stack.callback(server.communicate)
            stack.callback(server.kill)
            servers.append(server)
        time.sleep(0.5)
        assert all(server.poll() is None for server in servers)
        assert os.path.exists(path) == stale
        os.close(directory)
        wait_until(lambda: sum(server.poll() is None for server in servers) == 1, 20)
        (winner,) = [server for server in servers if server.poll() is None]
        wait_until(lambda: os.path.exists(path))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(path)
            assert client.recv(8) == bytes(8)
        winner.terminate()
        assert sorted(server.wait(20) for server in servers) == [0, 1, 1, 1, 1, 1]
        losers = [server for server in servers if server is not winner]
        assert all("already there" in server.stderr.read() for server in losers)
    assert not os.path.exists(path)


def test_rights_of_the_socket(tmp_path):
    before = os.umask(0)
    try:
        with Server(tmp_path) as server:
            assert stat.S_IMODE(os.stat(server.path).st_mode) == 0o600
        os.umask(0o777)
        with Server(tmp_path, "--socket-mode", "0660", "--socket-group", os.getegid()) as server:
            status = os.stat(server.path)
            assert stat.S_IMODE(status.st_mode) == 0o660
            assert status.st_gid == os.getegid()
    finally:
        os.umask(before)


def test_the_sockets_group(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("takes root to give a file away")
    group = grp.getgrgid(1)
    with Server(tmp_path, "--socket-mode", "660", "--socket-group", group.gr_name) as server:
        assert os.stat(server.path).st_gid == 1


def test_a_mailbox_file(tmp_path):
    name = f"famez-test-{os.getpid()}"
    path = "/dev/shm/" + name
    try:
        with Server(tmp_path, "--mailbox", name, "--region-size", "64M", "-n", 4) as server:
            assert os.stat(path).st_size == 64 << 20
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            with Peer(server, 6) as peer:
                assert os.fstat(peer.region).st_ino == os.stat(path).st_ino
            other = run("--mailbox", name, "--socketpath", tmp_path / "other")
            assert other.returncode == 1 and "a server has it" in other.stderr
            # A port that lives on after its server was killed keeps its region, whole.
            survivor = Peer(server, 6)
            server.process.kill()
            server.process.wait()
            with Server(tmp_path, "--mailbox", name, "--region-size", "64M", "-n", 4) as successor:
                assert os.fstat(survivor.region).st_size == 64 << 20
                with Peer(successor, 6) as peer:
                    assert os.fstat(peer.region).st_ino != os.fstat(survivor.region).st_ino
            survivor.close()
            server.process.returncode = 0
        assert not os.path.exists(path)
        with open(path, "wb") as other_program:
            other_program.write(b"something else" * 100)
        result = run("--mailbox", name, "--socketpath", tmp_path / "other")
        assert result.returncode == 1 and "not a fabric's" in result.stderr
        assert os.path.getsize(path) == 1400
    finally:
        if os.path.exists(path):
            os.unlink(path)


@pytest.mark.parametrize(
    "args, part",
    [
        (["--ports", "0"], "--ports"),
        (["--ports", "62", "--region-size", "16M"], "region"),
        (["--region-size", "100M"], "power of two"),
        (["--vectors", "x"], "--vectors"),
        (["--socket-mode", "999"], "octal"),
        (["--socket-group", "no-such-group"], "no group"),
        (["--mailbox", "../x"], "/dev/shm"),
        (["--recycle", "--norecycle"], "excludes"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage(args, part):
    result = run(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("famez_server: ") and part in result.stderr


def test_help_and_version():
    for option in ("-h", "--help"):
        result = run(option)
        assert result.returncode == 0 and result.stderr == ""
        assert "--socketpath" in result.stdout and "/tmp/ivshmsg_socket" in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 100
    assert run("--version").stdout.startswith("famez_server 0.")


def test_descriptor_limits(tmp_path):
    with Server(tmp_path, "--ports", 62) as server:
        assert "warning" not in server.log() and "1 vector a port" in server.log()
    with Server(tmp_path, "--ports", 62, "--vectors", 16) as server:
        assert "limit of at least 1072" in server.log()
        limits = f"/proc/{server.process.pid}/limits"
        with open(limits, encoding="ascii") as lines:
            soft, hard = next(line for line in lines if "open files" in line).split()[3:5]
        assert soft == hard
    few = Server(tmp_path, limit=(256, 256))
    assert few.spawn().wait(20) == 1
    assert "the limit is 256" in few.log().splitlines()[-1]
