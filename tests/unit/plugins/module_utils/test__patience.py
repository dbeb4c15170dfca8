# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils import _progress
from ansible_collections.lastgood.aws.plugins.module_utils._patience import Orphaned, Patience
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeClock


def test_a_pause_is_as_long_as_it_should_be_and_reminds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "orphaned", lambda: False)
    clock, reminded = FakeClock(), []
    began = clock.monotonic()
    patience = Patience(clock, lambda: reminded.append(clock.monotonic() - began))
    patience.pause(12)
    assert clock.monotonic() - began == pytest.approx(12)
    assert reminded == []
    patience.told()
    patience.pause(60)
    assert len(reminded) == 2
    assert reminded[0] <= 12 + 30
    assert reminded[1] - reminded[0] <= 30


def test_nobody_waits_for_a_play_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = iter([False, True])
    monkeypatch.setattr(_progress, "orphaned", lambda: next(gone))
    clock = FakeClock()
    began = clock.monotonic()
    with pytest.raises(Orphaned):
        Patience(clock, lambda: None).pause(100)
    assert clock.monotonic() - began == pytest.approx(5)
