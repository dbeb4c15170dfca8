# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import START


@pytest.mark.parametrize(
    ("selection", "names_one"),
    [
        (Selection(), False),
        (Selection(revision="41"), True),
        (Selection(as_of=START), True),
        # These always go back.
        (Selection(steps_back=3), False),
        (Selection(from_revision="43"), False),
        (Selection(fallback="previous_registered"), False),
    ],
)
def test_only_a_named_version_may_lie_ahead(selection: Selection, names_one: bool) -> None:
    assert selection.names_one is names_one


def test_without_anything_known_nothing_is_chosen() -> None:
    choice = Choice()
    assert (choice.source, choice.target, choice.settled, choice.problem) == ("none", None, None, None)
    assert choice.direction is None
    assert [choice.needs_more_history, choice.needs_registered, choice.unfinished] == [False] * 3
