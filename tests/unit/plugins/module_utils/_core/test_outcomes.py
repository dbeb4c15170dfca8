# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import findings
from ansible_collections.lastgood.aws.plugins.module_utils._core import outcomes as core_outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core.outcomes import Line


def line(outcome: str, label: str = "web", ok: bool = False) -> Line:
    return Line(label, outcome, ok, f"{outcome}: so it is")


def test_every_outcome_has_its_place() -> None:
    assert set(t.get_args(findings.Outcome)) <= set(core_outcomes.WORST_FIRST)


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        (["rolled_back"], "rolled_back"),
        (["unchanged", "rolled_back", "unchanged"], "rolled_back"),
        (["rolled_back", "started"], "started"),
        (["refused", "not_attempted", "not_attempted"], "refused"),
        (["timeout", "lost_contact"], "lost_contact"),
        (["lost_contact", "superseded"], "superseded"),
        (["failed", "superseded", "rollback_failed"], "rollback_failed"),
        (["failed", "refused"], "failed"),
        # Check mode.
        (["planned", "unchanged"], "planned"),
        (["planned", "refused"], "refused"),
        # A word of a later version.
        (["rollback_failed", "exploded"], "exploded"),
        # Nothing came to a result.
        ([], "failed"),
    ],
)
def test_worst(outcomes: list[str], worst: str) -> None:
    assert core_outcomes.worst(outcomes) == worst


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([line("rolled_back", ok=True)], "[web] rolled_back: so it is"),
        ([line("rolled_back", ok=True), line("rolled_back", ok=True)], "2 services: 2 rolled_back"),
        (
            [line("rolled_back", ok=True), line("timeout", "api"), line("failed", "db"), line("timeout", "mail")],
            "4 services: 1 failed, 2 timeout, 1 rolled_back. [db] failed: so it is. [api], [mail] timeout: so it is",
        ),
        (
            [line("not_attempted", "api"), line("refused", "db"), line("unchanged", ok=True)],
            "3 services: 1 refused, 1 not_attempted, 1 unchanged. [db] refused: so it is",
        ),
        # Other modules have words of their own, of which only the module knows whether they are good.
        (
            [line("deployed", ok=True), line("rolled_back", "api")],
            "2 services: 1 rolled_back, 1 deployed. [api] rolled_back: so it is",
        ),
        (
            [line("failed", "api"), Line("db", "failed", False, "failed: no image.")],
            "2 services: 2 failed. [api] failed: so it is. [db] failed: no image.",
        ),
        # Nobody knows the culprit here, but the line names it.
        (
            [line("not_attempted", "api"), line("not_attempted", "db")],
            "2 services: 2 not_attempted. [api] not_attempted: so it is",
        ),
        ([], "0 services: "),
    ],
)
def test_tally(lines: list[Line], told: str) -> None:
    assert core_outcomes.tally(lines) == told


def test_tally_of_groups() -> None:
    both = [line("unchanged", ok=True), line("unchanged", "api", ok=True)]
    assert core_outcomes.tally(both, "deployment groups") == "2 deployment groups: 2 unchanged"


def test_counts_with_the_names_of_those_that_failed_by_themselves() -> None:
    lines = [line("not_attempted", "api"), line("failed", "db"), line("rolled_back", ok=True), line("failed", "mail")]
    assert core_outcomes.counted(lines) == "4 services: 2 failed, 1 not_attempted, 1 rolled_back"
    assert core_outcomes.counted(lines, named=True) == (
        "4 services: 2 failed (db, mail), 1 not_attempted, 1 rolled_back"
    )
