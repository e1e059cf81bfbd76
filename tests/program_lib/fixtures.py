# SPDX-License-Identifier: BSD-3-Clause
"""For the conftest.py of each folder of tests."""

import pytest

from program_lib.stage import Stage


@pytest.fixture
def stage():
    """A Stage that is cleared whatever happens."""
    made = Stage()
    try:
        yield made
    finally:
        made.close()
