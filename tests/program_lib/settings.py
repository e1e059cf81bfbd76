# SPDX-License-Identifier: BSD-3-Clause
"""Where the programs are, and how patient to be.

FAMEZ_BUILD_DIR   the build directory whose programs are tested (meson sets it)
FAMEZ_TEST_SLOW   a factor for all time limits; 1, or 4 for a build with sanitizers, if not given
FAMEZ_TEST_LONG   1: the long versions of the tests that have one
"""

import functools
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FAMEZ_BUILD_DIR", TOP / "build"))
SERVER = BUILD / "server/famez_server"
PINGPONG = BUILD / "apps/famez_pingpong/famez_pingpong"
FWD = BUILD / "apps/famez_fwd/famez_fwd"
SCRIBBLER = BUILD / "tests/fault/scribbler"
DRIVER_DIR = BUILD / "drivers/famez_pmd"
DRIVER = DRIVER_DIR / "librte_net_famez.so"


@functools.cache
def sanitizer_libraries():
    """What must be loaded first by a stock program that loads our driver."""
    symbols = subprocess.run(
        ["nm", "-D", DRIVER], capture_output=True, text=True, check=True
    ).stdout
    if "__asan_init" not in symbols:
        return ""
    # libstdc++ too: what throws must be there when the sanitizer looks for it, at the very start.
    return " ".join(
        subprocess.run(
            ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libstdc++.so")
    )


@functools.cache
def slow():
    """The factor for time limits."""
    given = os.environ.get("FAMEZ_TEST_SLOW")
    return float(given) if given else (4.0 if sanitizer_libraries() else 1.0)


def long_version():
    return os.environ.get("FAMEZ_TEST_LONG") == "1"
