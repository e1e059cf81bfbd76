# SPDX-License-Identifier: BSD-3-Clause
"""One figure: two famez_pingpongs at the ends of a contestant's link, on a processor each."""

import contextlib
import dataclasses
import json
import subprocess
import tempfile
import time

from contestants import Fabric
from machine import Watch


@dataclasses.dataclass(frozen=True)
class Case:
    """What is measured of a link."""

    name: str
    title: str
    roles: tuple  # of the receiver, of the sender
    size: int
    figure: str  # key of famez_pingpong's JSON
    unit: str
    more_is_better: bool
    receiver_options: tuple = ()


def throughput(size, touch):
    what = "every byte read" if touch == "all" else "first line read"
    return Case(f"tx-{size}-{touch}", f"{size} B one way, {what}", ("rx", "tx"), size,
                "rate_mmsg_per_s", "M/s", True, ("--touch", touch))  # fmt: skip


def round_trip(size):
    return Case(f"rtt-{size}", f"{size} B round trip, p50", ("pong", "ping"), size,
                "rtt_ns_p50", "ns", False)  # fmt: skip


@dataclasses.dataclass
class Sample:
    value: float
    conditions: object
    result: dict  # all that famez_pingpong said

    def faults(self):
        return self.conditions.faults()


class MeasureError(Exception):
    pass


class Bench:
    """Programs, processors, and for how long."""

    # Both ends have their say at the start; then this is how long they may take beyond --duration.
    SPARE_SECONDS = 20

    def __init__(self, tools, processors, seconds, ring_size=None):
        self.tools = tools
        self.server = [tools.server, *(["--ring-size", ring_size] if ring_size else [])]
        self.processors = processors
        self.seconds = seconds

    def sample(self, contestant, case):
        cacheline = [self.tools.cacheline, *map(str, self.processors)]
        with tempfile.TemporaryDirectory(prefix="famez-bench.") as directory:
            with contextlib.ExitStack() as stack:
                if contestant.server:
                    stack.enter_context(Fabric(self.server, directory))
                with Watch(cacheline) as watch:
                    result = self.run(contestant, case, directory)
        return Sample(result[case.figure], watch.conditions, result)

    def run(self, contestant, case, directory):
        options = [("--quiet", *case.receiver_options),
                   ("--quiet", "--json", "--size", case.size, "--duration", self.seconds)]  # fmt: skip
        ends = []
        try:
            for i, eal in enumerate(contestant.ends(directory)):
                ends.append(self.start(i, eal, case.roles[i], options[i], directory))
                # The first makes the sockets, and has the fabric's lower id.
                if i == 0:
                    self.wait_until_up(ends[0], contestant)
            said = ends[1].communicate(timeout=self.seconds + self.SPARE_SECONDS)
            errors = [said[1], ends[0].communicate(timeout=self.SPARE_SECONDS)[1]]
        except subprocess.TimeoutExpired:
            raise MeasureError(f"{contestant.name}, {case.title}: no end is in sight") from None
        finally:
            for end in ends:
                end.kill()
                end.communicate()
        if any(end.returncode != 0 for end in ends):
            text = "".join(errors).strip().splitlines()[-3:]
            raise MeasureError(f"{contestant.name}, {case.title}: " + "; ".join(text))
        return json.loads(said[0].splitlines()[-1])

    def start(self, number, eal, role, options, directory):
        command = [
            self.tools.pingpong, "-l", self.processors[number], "--in-memory", "--no-pci",
            "--no-telemetry", "-m", 256, "--log-level=lib.eal:error",
            "--file-prefix", f"bench{number}", *eal, "--", role, *options,
        ]  # fmt: skip
        return subprocess.Popen(
            [str(word) for word in command],
            env=self.tools.environment(directory), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    @staticmethod
    def wait_until_up(end, contestant):
        # Long enough for EAL and a driver; who comes too early waits for the link anyway.
        time.sleep(0.7)
        if end.poll() is not None:
            text = end.communicate()[1].strip().splitlines()[-3:]
            raise MeasureError(f"{contestant.name}: " + "; ".join(text))
