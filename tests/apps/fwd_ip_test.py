# SPDX-License-Identifier: BSD-3-Clause
"""Ordinary IP over the fabric: two network namespaces, each with a tap that a famez_fwd serves."""

import json
import shutil
import subprocess

import pytest

from fwd_stage import NUMBERS, private_network
from program_lib import settings
from program_lib.processes import wait_until


@pytest.fixture(scope="module", autouse=True)
def network():
    private_network()


class Host:
    """A network namespace whose only way out is a tap of famez_fwd, a link of the fabric behind it."""

    def __init__(self, stage, number):
        self.address = f"10.99.0.{number}"
        name = f"fwd{next(NUMBERS)}"
        eal = stage.eal(name, [f"peer={3 - number}"], [stage.cpus[(number - 1) % len(stage.cpus)]])
        words = ["unshare", "--net", settings.FWD, *eal, "--vdev=net_tap0,iface=famez0"]
        words += ["--", "--mode", "io", "--idle-us", "50", "--json", "--interval", "0.2"]
        self.stage = stage
        self.fwd = stage.run(name, words, env=stage.environment(stock=False))
        self.fwd.expect(r'"kind":"interval"', 20)
        self.do("ip", "addr", "add", f"{self.address}/24", "dev", "famez0")
        self.do("ip", "link", "set", "famez0", "up")
        self.do("ip", "link", "set", "lo", "up")

    def do(self, *command):
        inside = ["nsenter", "--net", "--target", str(self.fwd.pid), *command]
        done = subprocess.run(inside, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def listens(self, port):
        """Whether somebody does there at this TCP port."""
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
                   for family in ("tcp", "tcp6")
                   for line in self.do("cat", f"/proc/{self.fwd.pid}/net/{family}").splitlines())

    def end(self):
        assert self.fwd.stop() == 0
        summary = json.loads(self.fwd.out.text.splitlines()[-1])
        assert summary["in"] + summary["copies"] == summary["out"] + summary["dropped"]
        return summary


def test_ping_and_iperf_between_namespaces(stage):
    for tool in ("ping", "iperf3", "unshare", "nsenter"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool}")
    stage.server()
    hosts = [Host(stage, 1), Host(stage, 2)]
    wait_until(lambda: '"link":"down"' not in hosts[0].fwd.out.text[-2000:], 10, "links")
    out = hosts[0].do("ping", "-c", "10", "-i", "0.05", "-w", "10", hosts[1].address)
    assert "10 received" in out, out
    hosts[1].do("iperf3", "--server", "--one-off", "--daemon", "--pidfile", stage.path("iperf"))
    # It goes to the background first.
    wait_until(lambda: hosts[1].listens(5201), 10, "iperf3's server")
    report = json.loads(hosts[0].do("iperf3", "--client", hosts[1].address, "--time", "3", "--json"))
    rate = report["end"]["sum_received"]["bits_per_second"]
    print(f"iperf3 between two namespaces: {rate / 1e9:.2f} Gbit/s")
    assert rate > 1e6
    for host in hosts:
        assert host.end()["dropped"] == 0
