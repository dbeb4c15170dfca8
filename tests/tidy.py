# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest for runs of thousands of tests: ``-p tests.tidy`` spends less time on memory, nothing else.

What was imported and collected is no garbage; Python's collector would look at it again and again. And at the end the
process leaves a gigabyte to the kernel, instead of taking it apart object by object for ten seconds.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

from tests import ending

# New objects between two looks of the collector.
BETWEEN_COLLECTIONS = 200_000


def pytest_configure() -> None:
    # While tests are collected, nearly everything stays.
    gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(BETWEEN_COLLECTIONS, 10, 10)
    gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main() -> Generator[None, pytest.ExitCode | int | None, pytest.ExitCode | int | None]:
    """See :func:`.ending.end`."""
    code = yield
    if code is not None:
        ending.end(int(code))
    return code
