# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages and NUMA nodes."""

import mmap
import os
from contextlib import contextmanager

import pytest

from fabric import Peer, Server, run

HUGE = "/sys/kernel/mm/hugepages/hugepages-2048kB/"


def number(path):
    with open(path, encoding="ascii") as file:
        return int(file.read())


@contextmanager
def hugepages(count):
    """That many free ones; the machine gets its old number back."""
    if os.geteuid() != 0:
        pytest.skip("takes root to reserve hugepages")
    try:
        before = number(HUGE + "nr_hugepages")
        with open(HUGE + "nr_hugepages", "w", encoding="ascii") as file:
            file.write(str(before - number(HUGE + "free_hugepages") + count))
    except OSError as error:
        pytest.skip(f"hugepages cannot be reserved here: {error}")
    try:
        if number(HUGE + "free_hugepages") != count:
            pytest.skip(f"{count} hugepages cannot be had: others use or have them")
        yield
    finally:
        with open(HUGE + "nr_hugepages", "w", encoding="ascii") as file:
            file.write(str(before))


def test_hugepages_are_taken_whole_or_not_at_all(tmp_path):
    args = ["--hugepages", "2M", "--region-size", "32M"]
    with hugepages(15):
        result = run("-S", tmp_path / "socket", *args)
        assert result.returncode == 1
        assert "needs 16 hugepages of 2 MiB, and this machine has 15 free" in result.stderr
        assert number(HUGE + "free_hugepages") == 15 and not os.listdir(tmp_path)
    with hugepages(16), Server(tmp_path, *args, "--silent") as server:
        assert "region 32 MiB in hugepages, 14 ports" in server.log()
        assert number(HUGE + "free_hugepages") == 0
        with Peer(server, 16) as peer, mmap.mmap(peer.region, 32 << 20) as region:
            region[(32 << 20) - 1] = 1
        server.stop()
        assert number(HUGE + "free_hugepages") == 16


def test_hugepages_of_sizes_that_are_not_there(tmp_path):
    path = tmp_path / "socket"
    result = run("-S", path, "--hugepages", "64M")
    assert result.returncode == 1 and "no hugepages of 64 MiB" in result.stderr
    result = run("-S", path, "--stock", "-l", "64K", "--hugepages")
    assert result.returncode == 1 and "give a larger --region-size" in result.stderr


def test_a_numa_node(tmp_path):
    result = run("-S", tmp_path / "socket", "--numa-node", "1023")
    assert result.returncode == 1
    if "no NUMA" in result.stderr:
        pytest.skip(result.stderr.strip())
    assert "there is no such node" in result.stderr
    node = result.stderr.strip().rsplit(" ", 1)[1]
    with Server(tmp_path, "--numa-node", node) as server:
        assert f"region 1 GiB on NUMA node {node}, 14 ports" in server.log()
        # The kernel's own account of it: the policy and the pages of the region's mapping.
        with open(f"/proc/{server.process.pid}/numa_maps", encoding="ascii") as maps:
            (region,) = [line for line in maps if "memfd:famez" in line]
        assert f"bind:{node}" in region.split()
        pages = [word for word in region.split() if word.startswith("N")]
        assert len(pages) == 1 and pages[0].startswith(f"N{node}=")


def test_hugepages_of_a_numa_node(tmp_path):
    args = ["--hugepages", "2M", "--region-size", "32M", "--numa-node", "0", "--stock"]
    if not os.path.exists("/sys/devices/system/node/node0"):
        pytest.skip("there is no NUMA node 0")
    with hugepages(16), Server(tmp_path, *args) as server:
        assert "region 32 MiB in hugepages on NUMA node 0, as QEMU" in server.log()
