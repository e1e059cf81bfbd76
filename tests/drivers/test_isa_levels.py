# SPDX-License-Identifier: BSD-3-Clause
"""The hot path is compiled once for each level of the instruction set. A function that the archives
of two levels define as a shared (weak) symbol would be linked in once: from the wrong one, on a CPU
that lacks the instructions, it kills the program."""

import subprocess

import pytest

from program_lib.settings import DRIVER_DIR

LEVELS = ["baseline", "v3", "v4"]
# Data without code: exceptions' tables, and what the sanitizers add.
HARMLESS = ("DW.ref.", "__odr_asan", "__asan_", "__ubsan_", ".L")


def symbols(level):
    if not (DRIVER_DIR / "libfamez_burst_v3.a").exists():
        pytest.skip("this build has one level only: it is not optimised, or not for x86-64")
    archive = DRIVER_DIR / f"libfamez_burst_{level}.a"
    text = subprocess.run(
        ["nm", "--defined-only", "-C", archive], capture_output=True, text=True, check=True
    ).stdout
    found = []
    for line in text.splitlines():
        parts = line.split(maxsplit=2)
        if len(parts) == 3 and len(parts[1]) == 1:
            found.append((parts[1], parts[2]))
    assert found, f"nm knows no symbol of {archive}"
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_no_level_defines_a_shared_symbol(level):
    shared = [name for kind, name in symbols(level)
              if kind in "WwVvu" and not name.startswith(HARMLESS)]
    assert not shared, shared


@pytest.mark.parametrize("level", LEVELS)
def test_all_that_a_level_shows_is_its_own(level):
    visible = [name for kind, name in symbols(level)
               if kind.isupper() and not name.startswith(HARMLESS)]
    assert visible == [f"famez::pmd::isa_{level}::functions"]
