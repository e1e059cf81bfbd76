#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the Promela models of the lane, of sleeping and of references (doc/lane-lifecycle.md).

With all the rules a model must be clean, searched to the end; with a rule taken out (-DNO_...) Spin
must find out what it was for. Prints a table; exit code 1 when anything is otherwise, 77 (skipped)
when there is no Spin.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77
MEMORY_MB = 1800   # for each search
AT_ONCE = 2
HASH = "-w20"      # it grows by itself: filling the default's 128 MB takes longer than most searches
# Search depth: Spin says when it was too small, and that is then an error.
DEPTH = {"handshake": 10_000, "ring": 5_000_000, "grant": 10_000, "wake": 10_000,
         "reference": 10_000}

CLEAN = [
    ("handshake", "-DCLOSES=1 -DREVOKES=1"),
    ("handshake", "-DP_CRASHES=2"),
    ("handshake", "-DC_CRASHES=2"),
    ("handshake", "-DSCRIBBLES=1"),
    ("handshake", "-DSCRIBBLES=2 -DP_CRASHES=0"),
    ("handshake", "-DCLOSES=1 -DEPOCH_FIRST"),
    ("handshake", "-DCLOSES=1 -DEPOCH_LAST"),
    ("handshake", "-DCLOSES=1 -DASK_OVER"),
    ("handshake", "-DTSO"),
    ("handshake", "-DTSO -DCLOSES=1 -DP_CRASHES=0"),
    ("handshake", "-DTSO -DREVOKES=1 -DC_CRASHES=0"),
    ("handshake", "-DTSO -DSCRIBBLES=1 -DP_CRASHES=0"),
    ("ring", ""),
    ("ring", "-DSIZE=10 -DBURST=1"),
    ("ring", "-DTSO"),
    ("ring", "-DTSO -DNO_L6_RELEASE"),  # program order is enough where stores stay in order
    ("ring", "-DPSO -DDEPTH=3"),
    ("grant", ""),
    ("grant", "-DP_CRASHES=0 -DMESSAGES=2"),
    ("grant", "-DP_CRASHES=0 -DCLOSES=1"),
    ("grant", "-DC_CRASHES=0 -DTABLE_FIRST"),
    ("grant", "-DP_CRASHES=0 -DTSO"),
    ("grant", "-DC_CRASHES=0 -DMESSAGES=2"),
    ("wake", ""),
    ("wake", "-DTSO"),
    ("wake", "-DTSO -DTABLES=0 -DMESSAGES=2"),
    ("wake", "-DTSO -DTABLES=0 -DLATE"),
    ("wake", "-DTSO -DTABLES=0 -DLEAVE_WORD"),
    ("wake", "-DTSO -DTABLES=0 -DKEEP_WORD"),
    ("wake", "-DTABLES=0 -DCRASHES=1"),
    ("wake", "-DTSO -DTABLES=0 -DCRASHES=1 -DMESSAGES=0"),
    ("wake", "-DTSO -DTABLES=0 -DSTOPS=1"),
    ("wake", "-DTSO -DTABLES=0 -DHOSTILE=1"),
    ("wake", "-DTABLES=0 -DHOSTILE=2 -DSTOPS=1"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1"),
    ("reference", "-DS_CRASHES=1 -DNAKS=1 -DCLOSES=1"),
    ("reference", "-DS_CRASHES=1 -DREOPENS=1"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DCREDITS=1"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DSEEN_END"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DSTEP_OVER"),
    # As the code does it.
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DBESIDE"),
    ("reference", "-DS_CRASHES=1 -DNAKS=1 -DCLOSES=1 -DBESIDE"),
    ("reference", "-DS_CRASHES=1 -DREOPENS=1 -DBESIDE"),
    # Only credits that a new life of the sender did not skip can be old ones,
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DNO_Z1_COUNT"),
    # and they need not be skipped where the ring has room for them as well.
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DNO_Z4_READ -DCREDITS=4"),
]

# Every run comes to an end: there is no cycle at all.
FINITE = [
    ("handshake", ""),
    ("grant", "-DP_CRASHES=0 -DC_CRASHES=0 -DREVOKES=1"),
    ("wake", "-DTABLES=0"),
    ("wake", "-DTABLES=0 -DSTOPS=1 -DTIMER"),
    ("reference", "-DS_CRASHES=2"),
    ("reference", "-DR_CRASHES=2"),
    ("reference", "-DNAKS=1 -DCLOSES=1"),
]

# More of the same, with --deep: minutes.
DEEP = [
    ("handshake", "-DP_CRASHES=2 -DC_CRASHES=2"),
    ("handshake", "-DTSO -DSCRIBBLES=1"),
    ("handshake", "-DTSO -DREVOKES=1"),
    ("ring", "-DSIZE=10"),
    ("ring", "-DPSO"),
    ("grant", "-DC_CRASHES=0 -DTSO"),
    ("wake", "-DTSO -DCRASHES=1"),
    ("wake", "-DTSO -DTABLES=0 -DHOSTILE=2 -DCRASHES=1"),
    ("wake", "-DTSO -DMESSAGES=2 -DLATE"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DNAKS=1"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DCLOSES=1"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DNAKS=1 -DCLOSES=1"),
    ("reference", "-DS_CRASHES=1 -DREOPENS=1 -DNAKS=1 -DCLOSES=1"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DNAKS=1 -DSTEP_OVER"),
    ("reference", "-DS_CRASHES=1 -DR_CRASHES=1 -DSENDS=5"),
]

BROKEN = [
    ("handshake", "-DNO_L1"),
    ("handshake", "-DNO_L1_ANY"),
    ("handshake", "-DNO_L1_COPY"),
    ("handshake", "-DNO_NONCE -DCLOSES=1"),
    ("handshake", "-DNO_WATCH"),
    ("handshake", "-DNO_CLEAR"),
    ("handshake", "-DNO_L2A"),
    ("handshake", "-DNO_L2B -DREVOKES=1"),
    ("handshake", "-DNO_L2C"),
    ("handshake", "-DNO_L2_ORDER"),
    ("handshake", "-DNO_L2_HEADER"),
    ("handshake", "-DNO_L2_POSITION"),
    ("handshake", "-DNO_L2_FRESH"),
    ("handshake", "-DNO_L3 -DSCRIBBLES=1"),
    ("handshake", "-DNO_L3_ZERO -DSCRIBBLES=1"),
    ("handshake", "-DNO_L3_WAIT -DSCRIBBLES=1"),
    ("ring", "-DNO_L4"),
    ("ring", "-DNO_L5 -DSIZE=12 -DBURST=1"),
    ("ring", "-DMAX=5"),  # the limit of a record: half the ring less two units
    ("ring", "-DNO_ZERO"),
    ("ring", "-DNO_L6"),
    ("ring", "-DNO_L6_ZERO"),
    ("ring", "-DNO_L6_RELEASE -DPSO"),
    ("ring", "-DNO_L7"),
    ("ring", "-DNO_L7_LATE"),
    ("grant", "-DNO_G1_REVOKE -DP_CRASHES=0 -DC_CRASHES=0 -DREVOKES=1"),
    ("grant", "-DNO_G1_RESTART -DP_CRASHES=0"),
    ("grant", "-DNO_G1_CLEAR -DP_CRASHES=0 -DCLOSES=1"),
    ("grant", "-DNO_G1_CLOSED -DP_CRASHES=0"),
    ("grant", "-DNO_G1_ENDED -DC_CRASHES=0"),
    ("grant", "-DNO_G1_ZOMBIE -DC_CRASHES=0"),
    ("wake", "-DNO_S1_RECEIVER -DTSO"),
    ("wake", "-DNO_S1_SENDER -DTSO"),
    ("wake", "-DNO_S1_SERVER -DTSO -DTABLES=0 -DCRASHES=1 -DMESSAGES=0"),
    ("wake", "-DNO_S1_CAPABLE -DTSO -DLATE"),
    ("wake", "-DNO_S2_ORDER -DSTOPS=1"),
    ("wake", "-DNO_S2_ORDER -DCRASHES=1"),
    ("wake", "-DNO_S2_GENERATION"),
    ("wake", "-DNO_S2_COMPARE"),
    ("wake", "-DNO_S3_LANES -DTABLES=0"),
    ("wake", "-DNO_S3_REQUESTS"),
    ("wake", "-DNO_S3_TABLE"),
    ("wake", "-DNO_S4"),
    ("wake", "-DNO_S4_LATE"),
    ("wake", "-DNO_S5"),
    ("wake", "-DNO_S6_PORTS"),
    ("wake", "-DNO_S6_SERVER -DCRASHES=1"),
    ("wake", "-DNO_S6_ORDER -DCRASHES=1"),
    ("wake", "-DNO_S6_TIMER -DHOSTILE=1"),
    ("reference", "-DNO_Z1_COUNT -DS_CRASHES=1 -DNO_Z4_READ -DCREDITS=4"),
    ("reference", "-DNO_Z1_MOVES -DR_CRASHES=1"),
    ("reference", "-DNO_Z2_FINAL -DNAKS=1"),
    ("reference", "-DNO_Z2_ALL -DNAKS=1"),
    ("reference", "-DNO_Z2_BACK -DNAKS=1"),
    ("reference", "-DNO_Z2_LAST -DNAKS=1 -DCLOSES=2"),
    ("reference", "-DNO_Z2_CLOSE -DCLOSES=1"),
    ("reference", "-DNO_Z2_REST -DNAKS=1 -DCLOSES=1"),
    ("reference", "-DNO_Z2_CREDITS -DCLOSES=1"),
    ("reference", "-DNO_Z2_SURVIVE -DS_CRASHES=1"),
    ("reference", "-DNO_Z2_DROPPED"),
    ("reference", "-DNO_Z3_TAKEN -DS_CRASHES=1"),
    ("reference", "-DNO_Z3_ORDER -DR_CRASHES=1"),
    ("reference", "-DNO_Z3_CONTINUE -DR_CRASHES=1"),
    ("reference", "-DNO_Z3_START -DS_CRASHES=1 -DR_CRASHES=1"),
    ("reference", "-DNO_Z4_TABLE -DS_CRASHES=1"),
    ("reference", "-DNO_Z4_TABLE -DS_CRASHES=1 -DBESIDE"),
    ("reference", "-DNO_Z4_QUARANTINE -DS_CRASHES=1"),
    ("reference", "-DNO_Z4_ANSWER -DS_CRASHES=1"),
    ("reference", "-DNO_Z4_HELD -DS_CRASHES=1"),
    ("reference", "-DNO_Z4_HELD -DS_CRASHES=1 -DBESIDE"),
    ("reference", "-DNO_Z4_INLINE -DS_CRASHES=1"),
    ("reference", "-DNO_Z4_READ -DS_CRASHES=1"),
    ("reference", "-DNO_Z4_USE -DS_CRASHES=1 -DNO_Z4_READ -DCREDITS=4"),
    ("reference", "-DNO_Z4_CLEAR -DS_CRASHES=1"),
    ("reference", "-DNO_Z5_END -DR_CRASHES=1"),
    ("reference", "-DNO_Z5_READ -DR_CRASHES=1"),
    ("reference", "-DNO_Z5_HEARTBEAT"),
    ("reference", "-DNO_Z5_BUSY -DREOPENS=1"),
    ("reference", "-DNO_Z5_QUEUE -DS_CRASHES=1 -DREOPENS=1"),
    ("reference", "-DNO_Z6_LIMIT -DCREDITS=1"),
]


class Failed(Exception):
    """A tool did not do its part."""


def run(command, directory):
    """Output and CPU seconds of a command."""
    with subprocess.Popen(command, cwd=directory, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 and command[0] != "./pan":
        raise Failed(f"{' '.join(command)}:\n{said}")
    return said, used.ru_utime + used.ru_stime


def verify(model, flags, directory, optimise, search="-DSAFETY"):
    """What the verifier said, and CPU seconds for all of it."""
    _, generated = run(["spin", "-a", *flags.split(), str(HERE / f"{model}.pml")], directory)
    options = ["-w", *search.split(), f"-DMEMLIM={MEMORY_MB}"]
    _, compiled = run(["gcc", optimise, *options, "-o", "pan", "pan.c"], directory)
    # The ring must never stop; the others end in their own assertion that all went through.
    options = [] if model == "ring" else ["-E"]
    if search == "-DNP":
        options.append("-l")
    said, searched = run(["./pan", *options, HASH, f"-m{DEPTH[model]}"], directory)
    return said, generated + compiled + searched


def judge(said, must_be_clean):
    """States, a word of result, and whether it is as it must be."""
    found = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    if not found or not states:
        return "?", "did not finish", False
    errors = int(found[1])
    truncated = "max search depth too small" in said or "out of memory" in said or "MEMLIM" in said
    first = re.search(r"^pan:\d+: (.*)$", said, re.MULTILINE)
    if errors:
        what = "a deadlock" if "invalid end state" in first[1] else "an error"
        return states[1], f"finds {what}", not must_be_clean
    if truncated:
        return states[1], "SEARCH CUT SHORT", False
    return states[1], "clean", must_be_clean


def explain(rule):
    """Prints the shortest counterexample for each run that leaves out this rule."""
    for model, flags in BROKEN:
        if f"-D{rule}" not in flags.split():
            continue
        with tempfile.TemporaryDirectory(prefix="famez-model-") as directory:
            verify(model, flags, directory, "-O1", "-DSAFETY -DCOLLAPSE -DBFS")
            trails = [str(trail) for trail in Path(directory).glob("*.trail")]
            if not trails:
                raise Failed(f"{model} {flags}: no counterexample")
            said, _ = run(["spin", "-k", trails[0], "-p", *flags.split(),
                           str(HERE / f"{model}.pml")], directory)
            print(said)


def check_all(only, deep):
    """Runs everything, prints the table, returns True when all is as it must be."""
    good = True
    total = 0.0
    # A counterexample is found soon: there, compiling is what takes the time. And -O2 takes longer
    # to compile than what it saves over -O1.
    kinds = (
        ((DEEP, True, "-O1", "-DSAFETY -DCOLLAPSE", ""),) if deep else
        ((CLEAN, True, "-O1", "-DSAFETY", ""),
         (FINITE, True, "-O1", "-DNP", ", every run ends"),
         (BROKEN, False, "-O0", "-DSAFETY", ""))
    )
    jobs = [(model, flags, kind) for kind in kinds for model, flags in kind[0]
            if only is None or model == only]

    def check(job):
        model, flags, (_, must_be_clean, optimise, search, _) = job
        with tempfile.TemporaryDirectory(prefix="famez-model-") as directory:
            said, seconds = verify(model, flags, directory, optimise, search)
        return *judge(said, must_be_clean), seconds

    print(f"{'model':<10} {'with':<54} {'states':>10} {'CPU s':>6}  result", flush=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (model, flags, kind), (states, result, as_it_must, seconds) in zip(
                jobs, pool.map(check, jobs)):
            good = good and as_it_must
            total += seconds
            remark = kind[4] if as_it_must else "   <-- WRONG"
            print(f"{model:<10} {flags:<54} {states:>10} {seconds:>6.1f}  {result}{remark}",
                  flush=True)
    print(f"{total:.0f} s of CPU: {'all as it must be' if good else 'NOT as it must be'}")
    return good


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(DEPTH), help="just this model")
    parser.add_argument("--deep", action="store_true",
                        help="larger searches of the complete rules instead")
    parser.add_argument("--explain", metavar="RULE",
                        help="print the shortest counterexample without this rule (NO_L1, ...)")
    arguments = parser.parse_args()
    for tool in ("spin", "gcc"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is not installed (Debian: apt-get install {tool})")
            return SKIPPED
    try:
        if arguments.explain:
            explain(arguments.explain)
            return 0
        return 0 if check_all(arguments.only, arguments.deep) else 1
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
