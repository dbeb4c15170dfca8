# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest, ``-p tests.brisk``: botocore and moto work out once what is the same for all tests.

For tests without a conftest.py that could say so: those of the simulator, a project of its own, import nothing of ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests import reading


@pytest.fixture(autouse=True, scope="session")
def brisk() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(reading.once())
        stack.enter_context(reading.in_process())
        yield
