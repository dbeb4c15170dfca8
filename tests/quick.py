# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest for tests that know nothing of this repository, or not of each other: ``-p tests.quick``.

It does :func:`.reading.once` and :func:`.reading.in_process`.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests import reading


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """While tests run, nothing of botocore and moto is read or worked out twice."""
    with reading.once(), reading.in_process():
        return (yield)
