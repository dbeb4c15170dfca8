# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import progress


@pytest.fixture(autouse=True)
def as_before() -> t.Iterator[None]:
    sink, parent = progress._sink, progress._parent
    yield
    progress._sink, progress._parent = sink, parent


def test_a_process_of_its_own_has_nobody_to_tell(capfd: pytest.CaptureFixture[str]) -> None:
    """What a module prints besides its result would spoil the result."""
    progress.say("nobody hears this")
    assert capfd.readouterr() == ("", "")


def test_lines_go_to_the_sink_that_was_installed_last() -> None:
    first: list[str] = []
    second: list[str] = []
    progress.install(first.append, os.getppid())
    progress.say("one")
    progress.install(second.append, os.getppid())
    progress.say("two")
    assert (first, second) == (["one"], ["two"])


def test_an_orphan_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    progress.install(print, os.getppid())
    assert not progress.orphaned()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert progress.orphaned()


def test_a_parent_that_died_before_we_looked_is_missed_too() -> None:
    progress.install(print, os.getppid() + 1)
    assert progress.orphaned()
