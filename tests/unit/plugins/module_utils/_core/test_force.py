# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import force
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption


@pytest.mark.parametrize(
    ("given", "words"),
    [
        # as core hands a list on, of a list, of true and false, of a text, of a survey's answer
        (["again"], {"again"}),
        (["again", "marked"], {"again", "marked"}),
        (["again", " marked"], {"again", "marked"}),
        (["again marked", ""], {"again", "marked"}),
        (["Barrier"], {"barrier"}),
        (["True"], force.EVERYTHING),
        (["yes"], force.EVERYTHING),
        (["1"], force.EVERYTHING),
        (["False"], set()),
        (["no"], set()),
        ([], set()),
        ([""], set()),
        # as variables of a role have it
        (True, force.EVERYTHING),
        ("true", force.EVERYTHING),
        ("again,marked", {"again", "marked"}),
        (" family , stack ", {"family", "stack"}),
        (False, set()),
        (None, set()),
        ("", set()),
    ],
)
def test_what_is_turned_off(given: object, words: set[str]) -> None:
    assert force.parse(given) == words


@pytest.mark.parametrize(
    ("given", "word"), [(["agian"], "agian"), ("again,barier", "barier"), (["again", "true"], "true"), (2, "2")]
)
def test_an_unknown_word_is_refused_by_name(given: object, word: str) -> None:
    with pytest.raises(BadOption) as refused:
        force.parse(given, "rollback_force")
    assert str(refused.value) == (
        f"rollback_force: there is no guard '{word}'. Give any of again, marked, barrier, family and stack"
    )


@pytest.mark.parametrize("guards", [force.ROLLBACK, force.DEPLOY, force.REDEPLOY])
def test_a_bare_true_is_warned_of_with_all_that_it_turned_off(guards: force.Guards) -> None:
    assert guards.keys() <= force.EVERYTHING
    (note,) = force.notes(["True"], guards)
    assert note.startswith("force: true turned off every guard: ")
    assert all(f"{word} ({what})" in note for word, what in guards.items())


@pytest.mark.parametrize(
    ("given", "guards", "notes"),
    [
        (["again", "barrier", "stack"], force.ROLLBACK, []),
        (["marked"], force.DEPLOY, []),
        (["again"], force.REDEPLOY, []),
        ([], force.ROLLBACK, []),
        (["False"], force.ROLLBACK, []),
        (
            ["stack", "again", "barrier"],
            force.REDEPLOY,
            ["force: barrier, stack turned nothing off, since only again is guarded here"],
        ),
        (
            ["marked"],
            force.ROLLBACK,
            ["force: marked turned nothing off, since only again, family, barrier, stack is guarded here"],
        ),
    ],
)
def test_a_word_that_guards_nothing_is_warned_of(given: list[str], guards: force.Guards, notes: list[str]) -> None:
    assert force.notes(given, guards) == notes
