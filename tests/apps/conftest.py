# SPDX-License-Identifier: BSD-3-Clause
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from fwd_joined import Joined  # noqa: E402
from pingpong_pair import Pair  # noqa: E402
from program_lib.fixtures import hugepages, stage  # noqa: E402, F401


@pytest.fixture
def pair(stage):  # noqa: F811
    return Pair(stage)


@pytest.fixture
def joined(stage):  # noqa: F811
    return Joined(stage)
