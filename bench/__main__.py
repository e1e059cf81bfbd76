# SPDX-License-Identifier: BSD-3-Clause
"""Runs the comparisons. tools/bench makes ready what this needs."""

import argparse
import contextlib
import dataclasses
import os
import signal
import sys

import measure
import report
from contestants import FAMEZ, RIVALS
from machine import two_processors
from pairs import compare

CASES = [
    measure.throughput(64, "first"),
    measure.round_trip(64),
    measure.throughput(1518, "first"),
    measure.throughput(1518, "all"),
    measure.round_trip(1518),
    measure.throughput(512, "first"),
]
QUICK_CASES = CASES[:2]
QUICK_RIVALS = ["memif-zc"]


@dataclasses.dataclass
class Tools:
    """Programs of a build directory."""

    build: str

    def __post_init__(self):
        self.pingpong = self.program("apps/famez_pingpong/famez_pingpong")
        self.server = self.program("server/famez_server")
        self.cacheline = self.program("tests/perf/famez_cacheline")

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
        description="Compares net_famez with other links between two processes: alternating pairs,"
        " the round trip of a cache line beside each figure, medians and ratios. Figures taken"
        " while the machine did something else, or changed its pace, are thrown away.",
        epilog="Exit status: 0 if all was measured, whether or not targets are met; 1 if something"
        " was not; 2 for a wrong option.",
    )
    parser.add_argument("--quick", action="store_true",
                        help="three pairs of the two main cases with one rival: under three minutes")  # fmt: skip
    parser.add_argument("--pairs", type=int, metavar="N", help="good pairs of each comparison (5)")
    parser.add_argument("--seconds", type=float, default=2, metavar="S",
                        help="duration of a figure (2)")  # fmt: skip
    parser.add_argument("--rival", action="append", choices=[r.name for r in RIVALS],
                        help="compare with this one only; may be repeated")  # fmt: skip
    parser.add_argument("--case", action="append", choices=[c.name for c in CASES],
                        help="measure this only; may be repeated")  # fmt: skip
    parser.add_argument("--ring-size", metavar="SIZE",
                        help="of famez_server, for a fabric that is not the default one")  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="all figures and their conditions")
    parser.add_argument("--csv", metavar="FILE", help="a line a good pair")
    parser.add_argument("--build-dir", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if (options.pairs is not None and options.pairs < 1) or options.seconds <= 0:
        parser.error("--pairs and --seconds must be positive")
    return options


def chosen(all_of_them, names):
    return [one for one in all_of_them if names is None or one.name in names]


def run(options):
    bench = measure.Bench(Tools(options.build_dir), two_processors(), options.seconds,
                          options.ring_size)  # fmt: skip
    cases = chosen(QUICK_CASES if options.quick and not options.case else CASES, options.case)
    rivals = chosen(RIVALS, options.rival or (QUICK_RIVALS if options.quick else None))
    wanted = options.pairs or (3 if options.quick else 5)

    def take(who, case):
        return bench.sample(FAMEZ if who == "ours" else who, case)

    comparisons, complete = [], True
    for case in cases:
        for rival in rivals:
            try:
                comparisons.append(compare(case, rival, take, wanted, 3 * wanted, say))
                complete &= len(comparisons[-1].pairs) == wanted
            except measure.MeasureError as error:
                say(f"{error}; left out")
                complete = False
    return comparisons, complete


def say(text):
    with contextlib.suppress(BrokenPipeError):
        print(f"bench: {text}", file=sys.stderr, flush=True)


def write(comparisons, options):
    print(report.table(comparisons))
    targets = report.judgement(comparisons)
    if targets:
        print("\n" + targets)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(report.as_json(comparisons) + "\n")
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            report.write_csv(comparisons, file)


def main():
    # As Ctrl-C: what runs is ended on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = arguments()
        comparisons, complete = run(options)
        write(comparisons, options)
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, RuntimeError) as error:
        sys.exit(f"bench: {error}")
    sys.exit(0 if complete else 1)


main()
