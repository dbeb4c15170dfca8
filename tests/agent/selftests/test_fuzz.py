# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sample of the deployments that ``make fuzz-content`` runs, and the proof that it finds a wrong rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import instructions, prediction, removing
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree
from tests.agent.fuzz import compare
from tests.agent.fuzz.generate import Generator

SAMPLE = 100


def test_a_sample_ends_as_predicted() -> None:
    report = compare.run("sample", SAMPLE)
    assert report.differences == []
    # It is worth something: most of them come to an end, some fail, some are refused, and Windows is there, too.
    assert report.deployments == SAMPLE
    assert 10 < report.failed < SAMPLE - 30
    assert report.refused > 0
    assert report.on_windows > 10
    assert report.unpredictable + report.outside < 10


def test_a_seed_always_makes_the_same() -> None:
    assert Generator("a").scenario(5) == Generator("a").scenario(5) != Generator("b").scenario(5)


def retain_overwrites(patch: pytest.MonkeyPatch) -> None:
    class Wrong(instructions.Instructions):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            self._option = "OVERWRITE" if self._option == "RETAIN" else self._option

    patch.setattr("ansible_collections.lastgood.aws.plugins.module_utils._content.install.install.Instructions", Wrong)


def names_keep_their_blanks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cleanup, "_stripped", lambda line: line)


def directories_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(removing, "_directory", lambda _tree, _path: prediction.NOT_EMPTY)


def destinations_are_shortened(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(paths.Platform, "above", lambda self, path: self.parent(self.expand(path)))


def a_dangling_link_is_there(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tree, "stat", lambda self, path: self.lstat(path))


def permissions_have_no_patterns(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(appspec, "matches", lambda base, path, _permission: path.startswith(base + b"/"))


RULES = [
    retain_overwrites,
    names_keep_their_blanks,
    directories_stay,
    destinations_are_shortened,
    a_dangling_link_is_there,
    permissions_have_no_patterns,
]


@pytest.mark.parametrize("rule", RULES)
def test_a_wrong_rule_is_found(rule: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    rule(monkeypatch)
    assert compare.run("sample", SAMPLE, most=1).differences
