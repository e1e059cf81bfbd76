# SPDX-License-Identifier: BSD-3-Clause
"""REST: what it serves, and that whoever asks cannot hold up the fabric."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest

from fabric import Peer, Server, readable, run
from old_peer import OldPeer

VECTORS = 16


class Rest:
    def __init__(self, server):
        self.port = int(re.search(r", REST \S+:(\d+), socket ", server.log()).group(1))
        self.host = "[::1]" if "REST [::1]" in server.log() else "127.0.0.1"

    def open(self, path, method="GET"):
        url = f"http://{self.host}:{self.port}{path}"
        return urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20)

    def text(self, path):
        with self.open(path) as answer:
            return answer.read().decode()

    def json(self, path):
        with self.open(path) as answer:
            assert answer.headers["Content-Type"] == "application/json"
            return json.load(answer)

    def error(self, path, method="GET"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.open(path, method)
        return caught.value.code, json.load(caught.value)["error"], caught.value.headers


def start(tmp_path, *options, at="127.0.0.1:0"):
    return Server(tmp_path, "--rest", at, *options)


def test_the_system_in_the_originals_shape(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        rest = Rest(server)
        switch = {"ivshmsg_id": 15, "id": "Z-switch", "cclass": "FabricSwitch"}
        switch.update({"hardware": "switch", "group": "port_15"})
        empty = {"nClients": 14, "server_ivshmsg_id": 15, "nodes": [switch], "links": []}
        assert rest.json("/system") == empty
        stack.enter_context(OldPeer(server, VECTORS, cclass="Debugger"))
        stack.enter_context(OldPeer(server, VECTORS, name='a"b\\', cclass="FAME-Z Adapter"))
        stack.enter_context(Peer(server, VECTORS))  # nobody knows who that is
        system = rest.json("/system")
        assert [node["ivshmsg_id"] for node in system["nodes"]] == [1, 2, 15]
        assert [node["id"] for node in system["nodes"]] == ["z01", 'a"b\\', "Z-switch"]
        assert [node["hardware"] for node in system["nodes"]] == ["debugger", "adapter", "switch"]
        assert [link["source"] for link in system["links"]] == ["z01", 'a"b\\']
        assert {link["target"] for link in system["links"]} == {"Z-switch"}


def test_ports_and_lanes(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS), Peer(server, VECTORS):
        rest = Rest(server)
        assert rest.json("/")["paths"] == ["/", "/system", "/ports", "/lanes", "/metrics"]
        ports = rest.json("/ports")
        assert (ports["limit"], ports["attached"]) == (14, 2)
        first, second = ports["ports"]
        assert (first["id"], first["node"], first["state"]) == (1, "z01", "attached")
        assert (second["id"], second["node"]) == (2, "")
        assert first["counters"]["tx_messages"] == 0 and len(first["counters"]) == 29
        assert rest.json("/lanes") == {"lanes": []}
        assert rest.json("/lanes?port=2") == {"lanes": []}


def test_metrics_as_prometheus_wants_them(tmp_path):
    with start(tmp_path) as server, OldPeer(server, VECTORS, name='q"\\'):
        text = Rest(server).text("/metrics")
        assert 'famez_port_tx_messages_total{port="1",node="q\\"\\\\"} 0' in text
        assert "\nfamez_ports_attached 1\n" in text
        if shutil.which("promtool") is None:
            pytest.skip("promtool is not installed (package prometheus)")
        check = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                               capture_output=True, check=False, timeout=20)
        assert check.returncode == 0 and check.stderr + check.stdout == "", check.stderr


def test_what_there_is_not(tmp_path):
    with start(tmp_path) as server:
        rest = Rest(server)
        assert rest.error("/nothing")[:1] == (404,)
        assert rest.error("/system/")[:1] == (404,)
        assert rest.error("/lanes?port=x")[:1] == (400,)
        assert rest.error("/lanes?port=-1")[:1] == (400,)
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            code, _, headers = rest.error("/system", method)
            assert code == 405 and headers["Allow"] == "GET, HEAD"
            assert "Access-Control-Allow-Origin" not in headers
        with rest.open("/system", "HEAD") as answer:
            assert answer.status == 200 and answer.read() == b""


def test_at_an_address_of_ipv6(tmp_path):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
    with start(tmp_path, at="[::1]:0") as server:
        assert Rest(server).json("/system")["nClients"] == 14


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        at = f"127.0.0.1:{other.getsockname()[1]}"
        refused = run("-S", tmp_path / "socket", "--rest", at)
        assert refused.returncode == 1 and refused.stdout == ""
        assert refused.stderr.startswith("famez_server: HTTP cannot be served at " + at)
        assert not (tmp_path / "socket").exists()


def test_the_defaults_port_may_be_taken(tmp_path):
    with ExitStack() as stack:
        one = tmp_path / "one"
        two = tmp_path / "two"
        servers = []
        for directory in (one, two):
            directory.mkdir()
            server = Server(directory)
            server.args = server.args[:-2]  # without --rest off
            servers.append(stack.enter_context(server))
        assert "; going on without" in servers[1].log() and ", REST " not in servers[1].log()
        with Peer(servers[1], VECTORS):
            pass


def test_a_stock_server_has_it_when_asked(tmp_path):
    with start(tmp_path, "--stock") as server, Peer(server, 1):
        rest = Rest(server)
        assert [port["id"] for port in rest.json("/ports")["ports"]] == [0]
        nothing = {"nClients": None, "server_ivshmsg_id": None, "nodes": [], "links": []}
        assert rest.json("/system") == nothing
        assert "famez_ports_attached 1" in rest.text("/metrics")


def test_clients_that_dawdle_hold_up_nobody(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        rest = Rest(server)
        baseline = server.descriptors()
        for i in range(12):  # as many as are let in
            client = stack.enter_context(socket.create_connection(("127.0.0.1", rest.port)))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * i)
        begin = time.monotonic()
        with OldPeer(server, VECTORS) as peer:
            for _ in range(5):
                assert peer.ask("ping") == "pong"
        assert time.monotonic() - begin < 5
        server.wait_for_descriptors(baseline + 12)
        late = stack.enter_context(socket.create_connection(("127.0.0.1", rest.port)))
        assert not readable(late, 0.1)
        stack.close()
        assert rest.json("/system")["nClients"] == 14
        server.wait_for_descriptors(baseline + 1)


def test_answers_that_are_not_read(tmp_path):
    with start(tmp_path) as server, ExitStack() as stack:
        rest = Rest(server)
        for _ in range(14):
            stack.enter_context(Peer(server, VECTORS))
        client = stack.enter_context(socket.create_connection(("127.0.0.1", rest.port)))
        client.setblocking(False)
        request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        with pytest.raises(BlockingIOError):
            for _ in range(200):
                client.sendall(request * 1000)
        assert rest.json("/ports")["attached"] == 14
