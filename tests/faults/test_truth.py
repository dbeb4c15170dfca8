# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each sentence that would be a lie is found to be one, and a true one is not."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from tests.faults.truth import Claim, State, Story, Wanted, as_far_as_known, not_put_right, wrongs

THEIRS = frozenset({"scheduled_scaling"})
BEFORE = State(
    on="web:3",
    moves=("web:1", "web:3"),
    running={"web:3": 2},
    bad={},
    inactive=frozenset(),
    configuration="ROLLING",
    suspended=THEIRS,
    scaling_record="",
    record={},
    desired=2,
)
AFTER = replace(
    BEFORE,
    on="web:1",
    moves=("web:1", "web:3", "web:1"),
    running={"web:1": 2},
    bad={"web:3": "500s"},
    inactive=frozenset({"web:3"}),
)
STORY = Story("web:1", "web:3", frozenset({"web:1"}), theirs=THEIRS, configuration="ROLLING")
DONE = Claim(
    outcome="rolled_back",
    changed=True,
    target="web:1",
    marked=True,
    deregistered="web:3",
    still_suspended=frozenset(),
    warned=frozenset(),
    failed=False,
    steps_failed=frozenset(),
    text="[web] rolled_back: web:3 → web:1",
)
REFUSED = replace(
    DONE,
    outcome="refused",
    changed=False,
    marked=False,
    deregistered="",
    failed=True,
    steps_failed=frozenset({"done"}),
    text="[web] refused: no. Nothing was written",
)
LOST = replace(REFUSED, outcome="lost_contact", changed=True, text="whether AWS applied it is not known")


def test_the_truth_is_not_wrong() -> None:
    assert wrongs(BEFORE, AFTER, DONE, STORY) == []
    assert wrongs(BEFORE, BEFORE, REFUSED, STORY) == []
    assert wrongs(BEFORE, BEFORE, LOST, STORY) == []
    assert wrongs(BEFORE, replace(AFTER, bad={}, inactive=frozenset()), LOST, STORY) == []


@pytest.mark.parametrize(
    ("after", "claim", "found"),
    [
        (BEFORE, DONE, "it says rolled_back, but web:3 is PRIMARY"),
        (replace(AFTER, on="web:0"), DONE, "it went to web:0, which is neither web:3 nor web:1"),
        (replace(AFTER, running={"web:1": 2, "web:3": 1}), DONE, "it says rolled_back, but web:1 is PRIMARY"),
        (AFTER, REFUSED, "it says refused, but what is deployed has changed"),
        (AFTER, REFUSED, "it says that nothing was changed, but"),
        (AFTER, REFUSED, "it says 'Nothing was written', but"),
        (AFTER, replace(REFUSED, outcome="not_attempted"), "it says not_attempted, but what is deployed has changed"),
        (BEFORE, replace(DONE, outcome="unchanged"), "it says unchanged of a service on web:3"),
        (BEFORE, replace(REFUSED, changed=True), "it says that something was changed, but nothing was"),
        (BEFORE, replace(LOST, text="AWS has accepted the deployment"), "accepted a deployment, but there is none"),
        (replace(AFTER, bad={}), DONE, "it says that web:3 is marked bad, but it is not"),
        (replace(AFTER, bad={}), replace(DONE, marked=False), "web:3 is not marked bad, and nothing says so"),
        (replace(AFTER, bad={**AFTER.bad, "web:1": "?"}), DONE, "web:1 is marked bad"),
        (replace(AFTER, inactive=frozenset()), DONE, "it says that web:3 is deregistered, but it is not"),
        (AFTER, replace(DONE, deregistered=""), "web:3 is deregistered, and it does not say so"),
        (replace(AFTER, inactive=frozenset({"web:2", "web:3"})), DONE, "web:2, web:3 is deregistered"),
        (replace(AFTER, configuration="BLUE_GREEN"), DONE, "the deployment configuration is left as BLUE_GREEN"),
        (replace(AFTER, suspended=frozenset()), DONE, "auto scaling that somebody had suspended was resumed"),
        (replace(AFTER, suspended=THEIRS | {"in"}), DONE, "auto scaling is still suspended, and it does not say so"),
        (replace(AFTER, suspended=THEIRS | {"in"}), DONE, "auto scaling is still suspended, and the run ended well"),
        (AFTER, replace(DONE, still_suspended=frozenset({"in"})), "is still suspended, but it is not"),
        (AFTER, replace(DONE, failed=True), "the play fails with rolled_back"),
        (BEFORE, replace(REFUSED, failed=False), "the play succeeds with refused"),
        (AFTER, replace(DONE, text="Traceback (most recent call last)"), "a stack trace is shown"),
    ],
)
def test_a_lie_is_found(after: State, claim: Claim, found: str) -> None:
    assert any(found in wrong for wrong in wrongs(BEFORE, after, claim, STORY))


def test_what_is_said_is_no_lie() -> None:
    """A mark that is missing, a configuration that is left, and auto scaling that stays suspended, each with a word."""
    unmarked = replace(DONE, marked=False, warned=frozenset({"mark"}))
    assert wrongs(BEFORE, replace(AFTER, bad={}), unmarked, STORY) == []
    told = replace(DONE, warned=frozenset({"configuration_restored"}))
    assert wrongs(BEFORE, replace(AFTER, configuration="BLUE_GREEN"), told, STORY) == []
    left = replace(DONE, still_suspended=frozenset({"in"}), failed=True, steps_failed=frozenset({"restored"}))
    assert wrongs(BEFORE, replace(AFTER, suspended=THEIRS | {"in"}), left, STORY) == []


def test_what_passes_is_outlasted() -> None:
    story = replace(STORY, passes=True)
    assert wrongs(BEFORE, AFTER, DONE, story) == []
    assert wrongs(BEFORE, BEFORE, LOST, story) == ["something that passes was not outlasted: lost_contact"]


WANTED = Wanted(AFTER, reason="500s", moves=3)


def test_the_next_run_has_put_it_right() -> None:
    assert not_put_right(WANTED, AFTER, replace(DONE, outcome="unchanged")) == []


@pytest.mark.parametrize(
    ("after", "claim", "found"),
    [
        (AFTER, LOST, "the next run ended as lost_contact and failed"),
        (replace(AFTER, on="web:0", running={"web:0": 2}), DONE, "web:0 is PRIMARY after the next run"),
        (replace(AFTER, suspended=THEIRS | {"in"}), DONE, "auto scaling after the next run: ['in'"),
        (replace(AFTER, scaling_record="1 ours=in"), DONE, "auto scaling after the next run"),
        (replace(AFTER, configuration="BLUE_GREEN"), DONE, "the configuration after the next run is BLUE_GREEN"),
        (replace(AFTER, record={"lastgood:configuration-1": "x"}), DONE, "the record of the configuration is still"),
        (replace(AFTER, desired=3), DONE, "3 tasks are wanted after the next run, not 2"),
        (replace(AFTER, bad={}), DONE, "marked bad after the next run: [], not ['web:3']"),
        (replace(AFTER, bad={"web:3": "left"}), DONE, "the reason is lost"),
        (replace(AFTER, inactive=frozenset()), DONE, "deregistered after the next run: [], not ['web:3']"),
        (replace(AFTER, moves=(*AFTER.moves, "web:1")), DONE, "it was deployed more than once"),
    ],
)
def test_what_the_next_run_has_not_put_right(after: State, claim: Claim, found: str) -> None:
    assert any(found in wrong for wrong in not_put_right(WANTED, after, claim))


REFUSED_BOTH = replace(
    DONE,
    marked=False,
    warned=frozenset({"mark", "service_tags"}),
    text="web:3 was not marked bad. Denied. Nothing else tells the next run. Mark it with ecs_revision_mark",
)


@pytest.mark.parametrize(
    ("said", "stands", "then", "right"),
    [
        (REFUSED_BOTH, False, DONE, True),
        (REFUSED_BOTH, True, REFUSED, True),
        # Nothing stands beside it that could be about to take over.
        (REFUSED_BOTH, False, REFUSED, False),
        # It did not say what comes of it.
        (replace(REFUSED_BOTH, text="web:3 was not marked bad. Denied"), False, DONE, False),
        (replace(REFUSED_BOTH, warned=frozenset({"mark"})), False, DONE, False),
        (None, False, DONE, False),
    ],
)
def test_what_could_not_be_written_down_cannot_be_known(
    said: Claim | None, stands: bool, then: Claim, right: bool
) -> None:
    wanted = as_far_as_known(WANTED, said, stands)
    assert (not_put_right(wanted, replace(AFTER, bad={}), then) == []) is right
    # Where it is, and what else it was to do, is judged all the same.
    assert not_put_right(wanted, replace(AFTER, bad={}, on="web:0"), then)
    assert not_put_right(wanted, replace(AFTER, bad={"web:1": "500s"}), then)


def test_after_somebody_elses_deployment_less_is_wanted() -> None:
    wanted: t.Any = replace(WANTED, all_of_it=False)
    assert not_put_right(wanted, replace(AFTER, bad={}, inactive=frozenset()), DONE) == []
