# SPDX-License-Identifier: BSD-3-Clause
"""The stage of one test: a directory of its own, a server, DPDK programs, and a clean end."""

import itertools
import json
import os
import shutil
import signal
import tempfile
import time

from program_lib import settings
from program_lib.processes import Program, wait_until
from program_lib.region import Region


class Stage:
    def __init__(self):
        # Short: paths of sockets may not be long.
        self.directory = tempfile.mkdtemp(prefix="famez-test-")
        self.programs = []
        self.regions = []
        self.names = itertools.count()
        self.cpus = sorted(os.sched_getaffinity(0))
        self.turns = itertools.cycle(self.cpus)

    def path(self, name):
        return os.path.join(self.directory, name)

    @property
    def socket(self):
        return self.path("socket")

    def run(self, name, command, **how):
        program = Program(name, command, **how)
        self.programs.append(program)
        return program

    def server(self, *options):
        server = self.run("famez_server", [settings.SERVER, "-S", self.socket, *options])
        server.expect_note(r"^famez_server: region ")
        server.descriptors = lambda: len(os.listdir(f"/proc/{server.pid}/fd"))
        return server

    def region(self, server):
        region = Region(server.pid)
        self.regions.append(region)
        return region

    # ---- programs on DPDK ----

    def environment(self, stock):
        """`stock`: a program that knows nothing of the sanitizers that our driver may need."""
        environment = {
            "LD_LIBRARY_PATH": str(settings.DRIVER_DIR),
            # Where EAL makes its directory: nothing is left in /var/run, even by kill -9.
            "RUNTIME_DIRECTORY": self.directory,
        }
        if stock and settings.sanitizer_libraries():
            environment["LD_PRELOAD"] = settings.sanitizer_libraries()
            environment["ASAN_OPTIONS"] = "detect_leaks=0"
        return environment

    def eal(self, name, ports, lcores, hugepages=None):
        """EAL's options. Without hugepages, so that any machine will do and tests that run at the
        same time need not share them; with those of a directory for who has secondaries."""
        options = ["--no-pci", "--file-prefix", name]
        if hugepages:
            options += ["-m", "64", "--huge-dir", str(hugepages)]
            # A secondary must find the same addresses free. EAL's own choice is AddressSanitizer's,
            # and what the kernel gives it then is other programs' place for libraries.
            options += ["--base-virtaddr=0x200000000000"]
        else:
            options += ["--no-huge", "-m", "128"]
        options += ["--lcores", ",".join(f"{i}@{cpu}" for i, cpu in enumerate(lcores))]
        options += ["-d", settings.DRIVER.name]
        for i, arguments in enumerate(ports):
            options += ["--vdev", f"net_famez{i}{self.devargs(arguments)}"]
        return options

    def devargs(self, arguments):
        """`arguments`: what stands beside the socket; or all, when a socket is among them."""
        if "socket=" in arguments:
            return "," + arguments
        return f",socket={self.socket}" + ("," + arguments if arguments else "")

    def testpmd(self, ports, *options, started=True, vdevs=(), events=False):
        """Stock testpmd at its prompt, forwarding. `ports`: the devargs of each port; `vdevs`:
        ports of other drivers behind those; `events`: it tells of links, in the middle of whatever
        else it prints."""
        name = f"testpmd{next(self.names)}"
        cpu = next(self.turns)
        others = [word for vdev in vdevs for word in ("--vdev", vdev)]
        eal = [*self.eal(name, ports, [cpu, cpu]), *others]
        command = ["dpdk-testpmd", *eal, "--", "--interactive"]
        # Without the check testpmd waits seconds for the link of a peer that is still to come.
        # Locked memory is touched memory: it would fill the whole sparse region, a second a start.
        command += ["--no-mlockall", "--total-num-mbufs=16384", "--no-flush-rx"]
        command += ["--disable-link-check", *options]
        command += [] if events else ["--mask-event=intr_lsc"]
        program = self.run(name, command, env=self.environment(stock=True), terminal=True)
        if started:
            program.expect(r"testpmd> ", 20)
        return program

    def pingpong(self, devargs, *options):
        """famez_pingpong with one port; `devargs` as for testpmd. Who sends and who receives have
        processors of their own, where there are two."""
        name = f"{options[0]}{next(self.names)}"
        cpu = self.cpus[-1 if options[0] in ("tx", "ping") else 0]
        command = [settings.PINGPONG, *self.eal(name, [devargs], [cpu]), "--"]
        return self.run(name, [*command, *options], env=self.environment(stock=False))

    # ---- the end ----

    def close(self):
        """Ends what still runs and tells of programs that ended as none may."""
        for program in reversed(self.programs):
            # A server has things to remove.
            program.clean_up(gently=program.name == "famez_server")
        for region in self.regions:
            region.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        for program in self.programs:
            program.show()
        crashes = [crash for crash in (p.crash() for p in self.programs) if crash]
        assert not crashes, "; ".join(crashes)


def results(program):
    """The JSON objects that famez_pingpong has printed, one a line."""
    return [json.loads(line) for line in program.out.text.splitlines() if line.startswith("{")]


def kill_server(server):
    server.signal(signal.SIGKILL)
    server.wait()


def settle_counters():
    """Waits until the owners have mirrored their counters into the table again, whatever stood
    there."""
    time.sleep(0.3 * settings.slow())


def wait_for_state(region, port, state, seconds=10):
    wait_until(lambda: region.state(port) == state, seconds, f"port {port} {state}")
