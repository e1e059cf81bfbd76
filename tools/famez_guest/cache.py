# SPDX-License-Identifier: BSD-3-Clause
"""Directories that are made once and kept."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import sys
import tempfile

PARTIAL = ".partial-"


class GuestError(Exception):
    """What is wrong and what to do, in one line; a log may follow."""


def say(text):
    print(f"famez_guest: {text}", file=sys.stderr, flush=True)


def end_on_signals():
    """For a program: SIGTERM and SIGHUP clean up as Ctrl-C does."""

    def end(number, _frame):
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def directory():
    """Where everything is kept."""
    own = os.environ.get("FAMEZ_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(own or pathlib.Path(base) / "famez") / "guest"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GuestError(
            f"cannot make {path}: {error.strerror}; name a cache that you may write: FAMEZ_CACHE"
        ) from None
    return path


@contextlib.contextmanager
def locked(path):
    """Of several that want to make the same, one does and the others wait for it."""
    with open(path / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever was killed at work held this lock: what it left is nobody's.
        for left in path.glob(PARTIAL + "*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def cached(name, make):
    """The directory `name` of the cache. If it is not there, make(DIRECTORY) fills one, which gets
    the name when it is complete, so that an interrupt leaves nothing by half."""
    path = directory()
    wanted = path / name
    if wanted.is_dir():
        return wanted
    with locked(path):
        if not wanted.is_dir():
            with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=path) as partial:
                result = pathlib.Path(partial) / "result"
                result.mkdir()
                make(result)
                result.rename(wanted)
    return wanted
