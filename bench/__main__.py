# SPDX-License-Identifier: BSD-3-Clause
"""Runs the comparisons. tools/bench makes ready what this needs."""

import argparse
import contextlib
import dataclasses
import math
import os
import signal
import sys
import time

import cases
import measure
import plots
import report
from machine import two_processors
from pairs import Comparison, Series


# --quick is under three minutes, however often it has to try, but for the last pair.
QUICK_SECONDS = 150


@dataclasses.dataclass
class Tools:
    """Programs of a build directory."""

    build: str

    def __post_init__(self):
        self.pingpong = self.program("apps/famez_pingpong/famez_pingpong")
        self.server = self.program("server/famez_server")
        self.client = self.program("apps/famez_client/famez_client")
        self.cacheline = self.program("tests/perf/famez_cacheline")
        self.crowd = self.program("tests/perf/famez_crowd")
        self.stopped = self.program("tests/perf/famez_stopped")

    def program(self, path):
        full = os.path.join(self.build, path)
        if not os.access(full, os.X_OK):
            sys.exit(f"bench: {full} is not there: run tools/bench, which builds it")
        return full

    def environment(self, directory):
        # The driver is found by its bare name; EAL makes a directory where RUNTIME_DIRECTORY says.
        return dict(os.environ, LD_LIBRARY_PATH=os.path.join(self.build, "drivers/famez_pmd"),
                    RUNTIME_DIRECTORY=directory)  # fmt: skip


def arguments():
    parser = argparse.ArgumentParser(
        prog="tools/bench",
        description="Compares net_famez with other links between two processes, and lib/fabric's"
        " messages with other libraries': alternating pairs, the round trip of a cache line beside"
        " each figure, medians and ratios. Figures taken while the machine did something else, or"
        " changed its pace, are thrown away. Ctrl-C ends with what was found so far.",
        epilog="Exit status: 0 if all was measured, whether or not targets are met; 1 if something"
        " was not; 2 for a wrong option.",
    )
    option = parser.add_argument
    option("--quick", action="store_true",
           help="three pairs of the main cases, a rival each: under three minutes")  # fmt: skip
    option("--list", action="store_true", help="show all cases and rivals, and end")
    option("--pairs", type=int, metavar="N", help="good pairs of each comparison (5)")
    option("--seconds", type=float, default=2, metavar="S", help="duration of a figure (2)")
    option("--rival", action="append", choices=[rival.name for rival in cases.all_rivals()],
           metavar="NAME", help="compare with this one only; may be repeated")  # fmt: skip
    option("--case", action="append", choices=[case.name for case in cases.ALL], metavar="NAME",
           help="measure this only; may be repeated")  # fmt: skip
    option("--ring-size", metavar="SIZE",
           help="of famez_server, for a fabric that is not the usual one")  # fmt: skip
    option("--json", metavar="FILE", help="all figures and their conditions")
    option("--csv", metavar="FILE", help="a line a good pair")
    option("--plots", metavar="DIR", help="SVG pictures, by gnuplot")
    option("--accept-noise", action="store_true",
           help="throw nothing away: for trying the bench; figures mean nothing")  # fmt: skip
    option("--build-dir", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if (options.pairs is not None and options.pairs < 1) or options.seconds <= 0:
        parser.error("--pairs and --seconds must be positive")
    if options.build_dir is None and not options.list:
        parser.error("--build-dir is missing: run tools/bench")
    return options


def plan(options):
    """What is to be found, in this order."""
    findings = []
    for case in cases.ALL:
        if options.case and case.name not in options.case:
            continue
        wanted = options.rival
        if options.quick and not options.case and not options.rival:
            if case.name not in cases.QUICK:
                continue
            wanted = cases.QUICK[case.name]
        rivals = [rival for rival in case.rivals if wanted is None or rival.name in wanted]
        findings += [Comparison(case, rival) for rival in rivals]
        if not case.rivals and (options.case or not options.rival):
            findings.append(Series(case))
    return findings


class Run:
    """Findings as they come, so that an interruption leaves what there is."""

    def __init__(self, options):
        processors = two_processors()
        if processors[0] == processors[1]:
            sys.exit("bench: two processors are needed, and this process may use only one")
        self.tools = Tools(options.build_dir)
        self.bench = measure.Bench(self.tools, processors, options.seconds, options.ring_size,
                                   options.accept_noise)  # fmt: skip
        self.wanted = options.pairs or (3 if options.quick else 5)
        self.tries = 3 * self.wanted
        self.most_seconds = QUICK_SECONDS if options.quick else None
        self.planned = plan(options)
        self.findings = []
        self.left_out = []
        self.complete = True

    def all(self):
        """Of a limited time each finding has its share, and what those before it left."""
        start = time.monotonic()
        for number, finding in enumerate(self.planned):
            rest = ""
            if number:
                minutes = (time.monotonic() - start) / number * (len(self.planned) - number) / 60
                rest = f", about {minutes:.0f} minutes left"
            name = finding.rival.name if isinstance(finding, Comparison) else "by itself"
            say(f"{number + 1} of {len(self.planned)}: {finding.case.name}, {name}{rest}")
            share = (number + 1) / len(self.planned)
            self.one(finding, start + self.most_seconds * share if self.most_seconds else math.inf)

    def one(self, finding, end):
        rival = getattr(finding, "rival", None)
        reason = rival.missing(self.tools) if rival else None
        if reason:
            self.leave_out(f"{rival.name}: {reason}")
            return
        self.findings.append(finding)
        try:
            finding.measure(self.bench.sample, self.wanted, self.tries, say,
                            lambda: time.monotonic() < end)  # fmt: skip
            self.complete &= len(finding.ours()) == self.wanted
        except measure.MeasureError as error:
            if not finding.ours():
                self.findings.remove(finding)
            self.leave_out(str(error))

    def leave_out(self, reason):
        self.complete = False
        if reason not in self.left_out:
            self.left_out.append(reason)
            say(f"left out: {reason}")


def say(text):
    with contextlib.suppress(BrokenPipeError):
        print(f"bench: {text}", file=sys.stderr, flush=True)


def show_list():
    print("cases:")
    for case in cases.ALL:
        rivals = " ".join(rival.name for rival in case.rivals) or "by itself"
        print(f"  {case.name:20}{case.title:46}{case.unit:5}{case.ours.name}: {rivals}")
    print("rivals:")
    for rival in cases.all_rivals():
        print(f"  {rival.name:20}{rival.about}")


def write(run, options):
    # An interruption leaves one that was only begun.
    findings = [finding for finding in run.findings if finding.tried()]
    parts = [report.table(findings), report.judgement(findings),
             "\n".join(f"left out: {reason}" for reason in run.left_out)]  # fmt: skip
    print("\n\n".join(part for part in parts if part), flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(report.as_json(findings, run.left_out) + "\n")
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            report.write_csv(findings, file)
    if options.plots:
        for name in plots.write(findings, options.plots):
            say(f"{name} is written")


def main():
    # As Ctrl-C: what runs is ended on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupted = False
    try:
        options = arguments()
        if options.list:
            show_list()
            return
        run = Run(options)
        try:
            run.all()
        except KeyboardInterrupt:
            interrupted = True
            say("interrupted: this is what was found so far")
        write(run, options)
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, RuntimeError) as error:
        sys.exit(f"bench: {error}")
    sys.exit(130 if interrupted else 0 if run.complete else 1)


main()
