# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options that choose a deployment group and a revision ask for."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Wish
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import options
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import at, s3


def params(**given: t.Any) -> dict[str, t.Any]:
    """What ansible-core makes of these options."""
    return {**{name: spec.get("default") for name, spec in options.SELECTION_SPEC.items()}, **given}


def test_nothing_given_is_the_last_good_one() -> None:
    assert options.wish(params()) == Wish(Selection())


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_text_is_unset(empty: str) -> None:
    given = {"deployment_id": empty, "revision": empty, "as_of": empty, "deployment_config": empty}
    assert options.wish(params(**given)) == Wish(Selection())
    assert options.wish(params(revision={})) == Wish(Selection())


@pytest.mark.parametrize(
    ("given", "selection"),
    [
        ({"deployment_id": " d-1 "}, Selection(deployment_id="d-1")),
        ({"revision": " s3://releases/app.zip?versionId=v1"}, Selection(revision=s3("app.zip", "v1"))),
        ({"revision": s3("app.zip", "v1")}, Selection(revision=s3("app.zip", "v1"))),
        ({"as_of": "2026-11-20T12:05:00Z"}, Selection(as_of=at(5))),
        ({"as_of": "2026-11-20T13:05:00+0100"}, Selection(as_of=at(5))),
        ({"as_of": "2026-11-20 12:05:00"}, Selection(as_of=at(5))),
        ({"steps_back": 2, "force": ["again"]}, Selection(steps_back=2, force=AGAIN)),
    ],
)
def test_what_is_selected(given: dict[str, t.Any], selection: Selection) -> None:
    assert options.wish(params(**given)).selection == selection


def test_how_long_ago_it_was_is_known_once_there_is_a_clock() -> None:
    wish = options.wish(params(as_of="-90m"))
    assert wish.selection.as_of is None
    dated = wish.dated(at(90))
    assert dated.selection == Selection(as_of=at(0))
    assert dated.dated(at(500)) == dated


@pytest.mark.parametrize(
    ("given", "events"),
    [
        (None, None),
        ([], ()),
        (["none"], ()),
        (["deployment_failure"], ("DEPLOYMENT_FAILURE",)),
        (["DEPLOYMENT_FAILURE", "DEPLOYMENT_FAILURE"], ("DEPLOYMENT_FAILURE",)),
    ],
)
def test_rollback_events(given: list[str] | None, events: tuple[str, ...] | None) -> None:
    assert options.wish(params(rollback_events=given)).rollback_events == events


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"revision": "web.zip"}, "revision 'web.zip' is not understood"),
        ({"as_of": "noon"}, "as_of: 'noon' is not a time"),
        ({"steps_back": 0}, "steps_back: 0 is not a number of steps"),
        (
            {"rollback_events": ["NONE", "DEPLOYMENT_FAILURE"]},
            "rollback_events: 'NONE' is not one of CodeDeploy's events",
        ),
    ],
)
def test_what_cannot_be_meant(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(options.BadOption) as caught:
        options.wish(params(**given))
    assert words in str(caught.value)


def test_all_else_is_passed_on() -> None:
    given: dict[str, t.Any] = {
        "in_flight": "wait",
        "file_exists_behavior": "retain",
        "override_alarms": "false",
        "deployment_config": " CodeDeployDefault.AllAtOnce ",
        "ignore_application_stop_failures": True,
        "update_outdated_instances_only": True,
        "require_pinned": True,
    }
    expected = {**given, "deployment_config": "CodeDeployDefault.AllAtOnce"}
    assert options.wish(params(**given)) == Wish(Selection(), **expected)
