# SPDX-License-Identifier: BSD-3-Clause
"""A secondary process reads the statistics of a port: DPDK's own dpdk-proc-info. This needs
hugepages, which the test reserves and gives back."""

import re

from program_lib import settings
from program_lib.processes import wait_until
from program_lib.testpmd import command, end, statistics, stop_sending, wait_for_packets


def primary(stage, directory, devargs, *options):
    name = f"primary{next(stage.names)}"
    cpu = next(stage.turns)
    eal = stage.eal(name, [devargs], [cpu, cpu], directory)
    words = ["dpdk-testpmd", *eal, "--", "--interactive", "--no-mlockall",
             "--total-num-mbufs=4096", "--no-flush-rx", "--disable-link-check",
             *options]  # fmt: skip
    program = stage.run(name, words, env=stage.environment(stock=True), terminal=True)
    program.expect(r"testpmd> ", 20)
    return program


def proc_info(stage, program, directory, *options):
    prefix = program.command[program.command.index("--file-prefix") + 1]
    command = ["dpdk-proc-info", "--no-pci", "--file-prefix", prefix, "-d", settings.DRIVER.name,
               "--huge-dir", str(directory), "--", "-p", "1", *options]
    looker = stage.run("dpdk-proc-info", command, env=stage.environment(stock=True))
    assert looker.wait(20) == 0
    return looker.out.text


def test_proc_info_shows_what_the_primary_shows(stage, hugepages):
    stage.server()
    rx = stage.testpmd(["peer=2"], "--forward-mode=rxonly", "--auto-start")
    tx = primary(stage, hugepages, "peer=1", "--forward-mode=txonly", "--auto-start")
    wait_for_packets(rx, 1000)
    stop_sending(tx)
    shown = statistics(tx)
    text = proc_info(stage, tx, hugepages, "--stats")
    assert int(re.search(r"TX-packets: +(\d+)", text).group(1)) == shown["TX-packets"] > 0
    told = dict(re.findall(r"^(\w+): (\d+)", proc_info(stage, tx, hugepages, "--xstats"), re.M))
    for name in ("tx_good_packets", "tx_q0_packets", "tx_lanes_opened", "tx_full"):
        assert int(told[name]) == shown[name], name
    # A name has an id (that is what is shown), and an id has the value.
    text = proc_info(stage, tx, hugepages, "--xstats-name", "tx_lanes_opened")
    ident = re.search(r"^tx_lanes_opened: (\d+)", text, re.M).group(1)
    text = proc_info(stage, tx, hugepages, "--xstats-ids", ident)
    assert re.search(rf"^tx_lanes_opened: {shown['tx_lanes_opened']}$", text, re.M)
    proc_info(stage, tx, hugepages, "--xstats-reset")
    assert statistics(tx)["tx_q0_packets"] == 0
    assert "net_famez" in proc_info(stage, tx, hugepages, "--show-port")
    # The primary goes on as if nobody had looked.
    command(tx, "start")
    wait_until(lambda: statistics(tx)["TX-packets"] > 1000, 20, "packets go")
    end(tx)
    end(rx)
