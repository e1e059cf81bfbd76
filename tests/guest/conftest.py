# SPDX-License-Identifier: BSD-3-Clause
import pathlib
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tools")]

from famez_guest.image import make_image  # noqa: E402
from famez_guest.machine import why_not  # noqa: E402
from program_lib import settings  # noqa: E402
from vm import World  # noqa: E402


def pytest_collection_modifyitems(items):
    reason = why_not()
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """What guests boot: the programs of the build directory, and stock testpmd."""
    path = tmp_path_factory.mktemp("image") / "guest.cpio"
    programs = ["dpdk-testpmd", str(settings.BUILD / "tests/guest/bridge_probe")]
    return make_image(path, build_dir=settings.BUILD, programs=programs)


@pytest.fixture(scope="module")
def world(image):
    """One for all tests of a file: a boot costs seconds."""
    with World(image) as made:
        yield made


@pytest.fixture
def own_world(image):
    with World(image) as made:
        yield made
