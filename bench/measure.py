# SPDX-License-Identifier: BSD-3-Clause
"""One figure: the two ends of a contestant, on a processor each."""

import contextlib
import dataclasses
import os
import subprocess
import tempfile
import time

from contestants import Site
from machine import Watch
from surroundings import BackgroundError


@dataclasses.dataclass
class Sample:
    value: float
    conditions: object
    ends: list  # all that they said, the receiver first

    def faults(self):
        return self.conditions.faults()


class MeasureError(Exception):
    pass


@dataclasses.dataclass
class Bench:
    """Programs, processors, and for how long."""

    tools: object
    processors: tuple
    seconds: float
    ring_size: str | None = None
    accept_noise: bool = False

    # Both ends have their say at the start; then this is how long they may take beyond --seconds.
    SPARE_SECONDS = 25
    # Memory of two processes is a file there, gone with its directory.
    PLACE = "/dev/shm" if os.path.isdir("/dev/shm") else None

    def sample(self, contestant, case):
        cacheline = [self.tools.cacheline, *map(str, self.processors)]
        with tempfile.TemporaryDirectory(prefix="famez-bench.", dir=self.PLACE) as directory:
            site = Site(self.tools, self.processors, max(self.seconds, case.least_seconds),
                        directory, self.ring_size)  # fmt: skip
            # What runs beside the ends is ours too, and has ended when the watch does.
            with Watch(cacheline) as watch:
                with contextlib.ExitStack() as stack:
                    try:
                        for one in contestant.surroundings(site):
                            stack.enter_context(one)
                    except BackgroundError as error:
                        raise MeasureError(f"{contestant.name}: {error}") from None
                    ends = self.run(contestant, case, site)
        watch.conditions.accepted = self.accept_noise
        watch.conditions.most_switches = case.most_switches
        try:
            return Sample(float(case.figure(ends)), watch.conditions, ends)
        except (KeyError, TypeError, ValueError) as error:
            raise MeasureError(f"{contestant.name}, {case.title}: no figure ({error})") from None

    def run(self, contestant, case, site):
        """What the ends said."""
        running, texts = [], []
        try:
            for command in contestant.ends(case, site):
                running.append(self.start(command, contestant, site))
                if len(running) == 1 and contestant.head_start:
                    self.wait_until_up(running[0], contestant)
            # The sender ends first.
            for end in reversed(running):
                texts.insert(0, end.communicate(timeout=4 * site.seconds + self.SPARE_SECONDS))
        except subprocess.TimeoutExpired:
            raise MeasureError(f"{contestant.name}, {case.title}: no end is in sight") from None
        finally:
            for end in running:
                end.kill()
                end.communicate()
            contestant.clean([end.pid for end in running])
        if any(end.returncode not in contestant.statuses for end in running):
            complaints = "; ".join(last_lines(errors) for _, errors in texts if errors.strip())
            raise MeasureError(f"{contestant.name}, {case.title}: {complaints or 'it failed'}")
        return [contestant.parse(output) for output, _ in texts]

    def start(self, command, contestant, site):
        return subprocess.Popen(
            [str(word) for word in command],
            env=self.tools.environment(site.directory) | contestant.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    @staticmethod
    def wait_until_up(end, contestant):
        # Long enough for EAL and a driver; who comes too early waits for the link anyway.
        time.sleep(contestant.head_start)
        if end.poll() is not None:
            raise MeasureError(f"{contestant.name}: {last_lines(end.communicate()[1])}")


def last_lines(text):
    return "; ".join(text.strip().splitlines()[-3:])

