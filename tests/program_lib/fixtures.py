# SPDX-License-Identifier: BSD-3-Clause
"""For the conftest.py of each folder of tests."""

import fcntl
import pathlib
import subprocess

import pytest

from program_lib.stage import Stage

PAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
NEEDED = 96


@pytest.fixture
def stage():
    """A Stage that is cleared whatever happens."""
    made = Stage()
    try:
        yield made
    finally:
        made.close()


def add_pages(number):
    """Of the machine; returns how many came. Others may do the same at the same time."""
    with open(PAGES, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = int(PAGES.read_text())
        PAGES.write_text(str(max(0, before + number)))
        return int(PAGES.read_text()) - before


@pytest.fixture
def hugepages(stage):
    """A hugetlbfs of our own, with pages for it."""
    directory = pathlib.Path(stage.path("huge"))
    directory.mkdir()
    try:
        got = add_pages(NEEDED)
    except OSError as error:
        pytest.skip(f"hugepages cannot be reserved: {error}")
    try:
        if got < NEEDED:
            pytest.skip(f"{NEEDED} hugepages of 2 MB cannot be reserved, only {got}")
        mount = ["mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", str(directory)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"hugetlbfs cannot be mounted: {done.stderr.strip()}")
        try:
            yield directory
        finally:
            for program in stage.programs:
                program.clean_up()
            subprocess.run(["umount", str(directory)], check=True)
    finally:
        add_pages(-got)
