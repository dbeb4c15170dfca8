# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that more than one module has."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import options


@pytest.mark.parametrize("count", [0, -1])
def test_no_jobs_at_all_share_nothing(count: int) -> None:
    assert options.slices(1) == 1
    with pytest.raises(options.BadOption, match=r"slices: -?\d is not a number of jobs"):
        options.slices(count)
