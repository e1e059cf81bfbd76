# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-dumpcap captures from a running famez_fwd. As all DPDK programs that join another it needs
hugepages, which the test reserves and gives back."""

import collections
import subprocess

from program_lib import settings
from program_lib.stage import results

LEFT, RIGHT = "02:fa:3e:01:00:02", "02:fa:3e:02:00:02"  # the two famez_pingpong
PCAPNG = b"\x0a\x0d\x0d\x0a"  # what such a file begins with
COUNT = 1000
SIZE = 200


def dumpcap(stage, fwd, *options):
    command = fwd.program.command
    prefix = command[command.index("--file-prefix") + 1]
    environment = stage.environment(stock=True)
    # It has no option for a driver and knows only those of DPDK's own directory.
    others = environment.get("LD_PRELOAD", "")
    environment["LD_PRELOAD"] = f"{others} {settings.DRIVER}".strip()
    words = ["dpdk-dumpcap", f"--file-prefix={prefix}", "-i", "net_famez0", *options]
    return stage.run("dpdk-dumpcap", words, env=environment)


def shown_by_tshark(file):
    """How many frames are of whom, to whom, of what size."""
    fields = [word for name in ("eth.src", "eth.dst", "frame.len") for word in ("-e", name)]
    command = ["tshark", "-r", file, "-T", "fields", *fields]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return collections.Counter(tuple(line.split("\t")) for line in done.stdout.splitlines())


def test_dumpcap_captures(joined, hugepages):
    fwd = joined.forwarder("--mode", "switch", "--idle-us", "50", hugepages=hugepages)
    joined.end_of(1, "pong", "--idle-us", "50")
    ping = joined.end_of(0, "ping", "--rate", "1K", "--duration", "100", "--idle-us", "50",
                         "--size", SIZE)  # fmt: skip
    # In the middle: while the lanes are opened, a frame is captured each time the forwarder tries.
    fwd.wait_for(lambda now: now["ports"][0]["in"] > 100, 30)
    file = joined.stage.path("frames.pcapng")
    capture = dumpcap(joined.stage, fwd, "-c", str(COUNT), "-w", file)
    assert capture.wait(30) == 0
    with open(file, "rb") as pcapng:
        assert pcapng.read(4) == PCAPNG
    frames = shown_by_tshark(file)
    assert set(frames) == {(LEFT, RIGHT, str(SIZE)), (RIGHT, LEFT, str(SIZE))}
    # Both directions, and not quite as many of each: some may wait for a processor in a heap.
    assert frames.total() >= COUNT and min(frames.values()) > COUNT / 10
    # Nobody has felt it, and the forwarder goes on.
    assert ping.stop() == 0 and results(ping)[0]["lost"] == 0
    fwd.end()
