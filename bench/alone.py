# SPDX-License-Identifier: BSD-3-Clause
"""Contestants for what net_famez promises of itself: company, a stopped receiver, sleep, mail."""

import dataclasses
import os
import time

from contestants import WAKES_PER_SECOND, Contestant, eal_command, famez, pingpong_words
from surroundings import Background, Fabric, crowd

IDLE_PORTS = 62
STOPPABLE = 3


@dataclasses.dataclass(frozen=True)
class Company(Contestant):
    """Two busy ports of a fabric, beside idle ones that have a lane to each. No link (peer=):
    a fabric port polls all its lanes."""

    name: str
    about: str
    idle: int

    @property
    def ids(self):
        return self.idle + 1, self.idle + 2

    def surroundings(self, site):
        fabric = Fabric(site.tools, site.directory, ["--ports", IDLE_PORTS + 2, *site.ring()])
        company = [crowd(site.tools, fabric.path, self.idle, self.ids)] if self.idle else []
        return [fabric, *company]

    def ends(self, case, site):
        receiver, sender = pingpong_words(case, site.seconds)
        port = famez("").format(dir=site.directory).split()
        return [
            eal_command(site, site.tools.pingpong, 0, [*port, "--", *receiver]),
            eal_command(site, site.tools.pingpong, 1,
                        [*port, "--", *sender, "--peer", self.ids[0]]),
        ]  # fmt: skip


class Stopped(Contestant):
    """A sender, and three receivers in one process: one of them is no longer polled."""

    name = "net_famez"
    about = ""
    head_start = 0

    def surroundings(self, site):
        ids = range(2, STOPPABLE + 2)
        port = famez("").format(dir=site.directory).split()
        sender = eal_command(site, site.tools.stopped, 1, [*port, "--", "send", *ids])
        fabric = Fabric(site.tools, site.directory, site.ring())
        return [fabric, FirstOfAll(sender, site.tools.environment(site.directory))]

    def ends(self, _case, site):
        driver, _ = famez("").split(" --vdev")
        ports = [f"--vdev=net_famez{i},socket={site.directory}/fabric" for i in range(STOPPABLE)]
        return [eal_command(site, site.tools.stopped, 0,
                            [*driver.split(), *ports, "--", "receive", site.seconds])]  # fmt: skip


class FirstOfAll(Background):
    """It is to have the lowest id."""

    def __enter__(self):
        super().__enter__()
        time.sleep(Contestant.head_start)
        return self


class BareWake(Contestant):
    name = "eventfd"
    about = "the floor: a bare eventfd and epoll_wait, answered by a cache line"
    head_start = 0

    def missing(self, tools):
        return None if os.access(self.path(tools), os.X_OK) else "it was not built"

    def path(self, tools):
        return os.path.join(tools.build, "bench/rivals/famez_bare_wake")

    def ends(self, _case, site):
        return [[self.path(site.tools), *site.processors, WAKES_PER_SECOND, site.seconds]]


class Mail(Contestant):
    """famez_client to famez_client: numbered messages, counted by the receiver."""

    name = "famez_client"
    about = ""
    head_start = 0.4
    statuses = (0, 1)  # 1: some were lost
    MESSAGES_PER_SECOND = 50_000

    def surroundings(self, site):
        return [Fabric(site.tools, site.directory, site.ring())]

    def ends(self, case, site):
        count = round(self.MESSAGES_PER_SECOND * site.seconds)
        client = [site.tools.client, "-S", os.path.join(site.directory, "fabric"), "--json"]
        words = [
            ["--name", "sink", "listen", "--verify", "--quiet", "-n", count,
             "--seconds", 10 * site.seconds],
            ["flood", "sink", "-n", count, "-s", case.size],
        ]  # fmt: skip
        return [["taskset", "-c", processor, *client, *own]
                for processor, own in zip(site.processors, words)]  # fmt: skip


NO_COMPANY = Company("alone", "the same two ports, without company", 0)
CROWDED = Company("net_famez", "", IDLE_PORTS)
STOPPED = Stopped()
BARE_WAKE = BareWake()
MAIL = Mail()
