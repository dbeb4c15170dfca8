# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a deployment group: what stands in it, that it fits, and what carrying it out asks for."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import plan, shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.asg_processes import Suspension
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.shown import Place, Shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history, pinning
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Choice, Selection, choose
from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, EVERYTHING
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import group, made, rev, s3

NOW = datetime(2026, 11, 29, 18, 34, 46, tzinfo=UTC)
PLACE = Place("eu-central-1", "app", "prod", NOW)
BLANK = Shown("123456789012", "eu-central-1", "app", "prod", made="2026-11-29T18:34:46Z")
GOOD_AND_BAD = [made(1, 1), made(2, 2)]
SHOWN = replace(
    BLANK,
    left="github acct/app@2222222",
    deployment="d-2",
    target=rev(1),
    target_deployment="d-1",
    direction="back",
    source="last_good",
    why="Succeeded at 2026-11-20T13:10:00Z",
)
CONTENT = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0\nResources: []\n"}}


def planned(
    deployments: t.Sequence[Deployment], bundle: pinning.Decision | None = None, **selection: t.Any
) -> plan.Plan:
    wish, past = plan.Wish(Selection(**selection)), history.read(deployments)
    return plan.make(wish, plan.Facts(group(), past, bundle=bundle), choose(wish.selection, group(), past))


def of(planned_: plan.Plan | plan.Refusal, place: Place = PLACE, **wish: t.Any) -> Shown:
    return shown.of(planned_, plan.Wish(Selection(), **wish), place)


# -- what stands in it


def test_what_a_look_shows() -> None:
    assert of(planned(GOOD_AND_BAD)) == SHOWN
    # Single instances, too: everything that comes after it is newer.
    partial = made(3, 2, creator="autoscaling")
    assert of(planned([*GOOD_AND_BAD, partial])).deployment == "d-3"
    named = of(planned([], revision=rev(1)))
    assert (named.deployment, named.target, named.target_deployment, named.source) == ("", rev(1), "", "revision")


def test_what_a_look_shows_if_there_is_nothing_to_do() -> None:
    settled = planned([made(1, 1), made(2, 2), made(3, 1)])
    unchanged = replace(BLANK, deployment="d-3", target_deployment="d-3", source="unchanged", why=settled.reason)
    assert of(settled) == unchanged
    refused = planned([made(1, 1)])
    assert of(refused) == replace(BLANK, deployment="d-1", why=refused.reason)
    unread = plan.Refusal("prod", "it is denied", ())
    assert of(unread) == replace(BLANK, account=None, why="it is denied")


def test_an_object_is_tied_to_its_version() -> None:
    tied = pinning.Decision(s3("app.zip", "v5"))
    assert of(planned([], tied, revision=s3("app.zip"))).target == s3("app.zip", "v5")


def test_what_codedeploy_was_to_suspend_stands_in_it() -> None:
    given = replace(planned(GOOD_AND_BAD), suspension=Suspension(("AZRebalance",)))
    assert of(given).suspended_by_codedeploy == ["AZRebalance"]


OPTIONS: dict[str, t.Any] = {
    "in_flight": "wait",
    "file_exists_behavior": "retain",
    "rollback_events": (),
    "override_alarms": "false",
    "deployment_config": "OneAtATime",
    "ignore_application_stop_failures": True,
    "update_outdated_instances_only": True,
    "require_pinned": True,
}


def test_what_was_asked_for_stands_in_it() -> None:
    wish = plan.Wish(Selection(steps_back=3, force=EVERYTHING), **OPTIONS)
    found = shown.of(planned(GOOD_AND_BAD), wish, Place("eu-central-1", "app", "prod", NOW, guard_content=True))
    assert {name: getattr(found, name) for name in OPTIONS} == {**OPTIONS, "rollback_events": []}
    # The other guards turn nothing off here.
    assert (found.guard_content, found.force) == (True, ["again"])
    again = found.wish()
    assert {name: getattr(again, name) for name in OPTIONS} == OPTIONS
    assert again.selection == Selection(deployment_id="d-1", force=AGAIN)
    assert (again.shown_at, again.shown, again.newest) == (NOW, rev(1), "d-2")


# -- what it asks for


@pytest.mark.parametrize(
    ("was", "selection"),
    [
        (SHOWN, Selection(deployment_id="d-1")),
        # What was named may be another version than the one that is on record for this deployment.
        (replace(SHOWN, source="revision"), Selection(revision=rev(1))),
        (replace(SHOWN, target_deployment=""), Selection(revision=rev(1))),
        (replace(BLANK, source="unchanged", why="it is fine"), Selection(given=Choice(settled="it is fine"))),
        (
            replace(BLANK, source="unchanged", why="it is fine", target_deployment="d-1"),
            Selection(given=Choice(settled="it is fine", settled_by="d-1")),
        ),
        (
            replace(BLANK, why="it is gone"),
            Selection(given=Choice(problem="the plan shows no revision for prod to go back to: it is gone")),
        ),
    ],
)
def test_how_the_target_is_chosen(was: Shown, selection: Selection) -> None:
    assert was.wish().selection == selection


def test_only_what_was_left_to_codedeploy_is_asked_of_it() -> None:
    assert replace(SHOWN, suspended_by_codedeploy=["AZRebalance"]).wish().suspend_processes == ("AZRebalance",)


# -- it fits, and arrives as it was


def longest(target: t.Any) -> Shown:
    """All names have as many characters as CodeDeploy allows, and nothing is as it is by default."""
    return Shown(
        "123456789012",
        "ap-southeast-7",
        "a" * 100,
        "g" * 100,
        left="s3://" + "l" * 1000,
        deployment="d-ABCDEFGHI",
        target=target,
        target_deployment="d-ABCDEFGHI",
        direction="unknown",
        in_flight="refuse",
        file_exists_behavior="overwrite",
        rollback_events=["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
        override_alarms="false",
        deployment_config="c" * 100,
        ignore_application_stop_failures=True,
        update_outdated_instances_only=True,
        require_pinned=True,
        suspended_by_codedeploy=["Terminate", "AZRebalance", "InstanceRefresh", "ScheduledActions"],
        guard_content=True,
        force=["again"],
        source="running_rollback",
        why="why " * 500,
        made="2026-11-29T18:34:46Z",
    )


@pytest.mark.parametrize("target", [s3("k" * 1024, "v" * 1024, "e" * 32), rev(1), CONTENT, None])
def test_it_is_at_most_1_kb_with_the_longest_names(target: t.Any) -> None:
    found = shown._fitting(longest(target))
    item = json.dumps(found.as_dict())
    assert len(item.encode()) <= 1024
    assert shown.read(json.loads(item), "ap-southeast-7") == found
    assert (found.application, found.deployment_group) == ("a" * 100, "g" * 100)


def test_words_are_cut_first_and_then_what_can_be_given_beside_it() -> None:
    wordy = shown._fitting(replace(SHOWN, why="why " * 500))
    assert (wordy.target, wordy.left, wordy.why.endswith("...")) == (rev(1), SHOWN.left, True)
    assert wordy.lacks == ()
    long = shown._fitting(replace(longest(s3("k" * 1024)), source="revision"))
    assert (long.lacks, long.why) == (("revision", "deployment_config"), "")
    # The deployment says which revision it is.
    assert shown._fitting(longest(s3("k" * 1024))).lacks == ("deployment_config",)


def test_what_would_not_arrive_as_it_is_has_a_fingerprint() -> None:
    """Every result is cleaned, so that an AppSpec file with several lines would be another one afterwards."""
    found = shown._fitting(replace(SHOWN, target=CONTENT, source="revision", why="one\ntwo", left="\x1b[1mleft"))
    assert (found.why, found.left, found.lacks) == ("one two", "left", ("revision",))
    assert found.is_target(CONTENT)
    assert not found.is_target(rev(1))
    odd = shown._fitting(replace(SHOWN, target=s3("a\tb.zip")))
    assert bound.is_cut(str(odd.target))
    assert odd.is_target(s3("a\tb.zip"))
    assert shown._fitting(replace(SHOWN, target=s3("a~b.zip"))).target == s3("a~b.zip")


def test_what_is_lacking_has_to_be_given() -> None:
    lacking = replace(
        SHOWN, target=shown._cut(CONTENT), target_deployment="", source="revision", deployment_config=bound.cut("Mine")
    )
    found = lacking.wish(CONTENT, "Mine")
    assert (found.selection.revision, found.deployment_config, found.shown) == (CONTENT, "Mine", None)
    for given, message in {
        ("", "Mine"): "plan: revision is too long for it, and so it has only a fingerprint. Give revision as well",
        ("x", ""): "plan: deployment_config is too long for it, and so it has only a fingerprint. Give",
        ("x", "Other"): "plan: it was made for another deployment_config than the one that is given",
    }.items():
        with pytest.raises(BadOption, match=message):
            lacking.wish(CONTENT if given[0] else None, given[1])


def test_it_comes_back_through_the_option() -> None:
    assert shown.read(SHOWN.as_dict(), "eu-central-1") == SHOWN
    for edit in ({"target": rev(2)}, {"more": 1}):
        with pytest.raises(BadOption):
            shown.read({**SHOWN.as_dict(), **edit}, "eu-central-1")
    with pytest.raises(BadOption, match="plan: that of prod is for Region eu-central-1, and this is us-east-1"):
        shown.read(SHOWN.as_dict(), "us-east-1")


@pytest.mark.parametrize(
    ("target", "revision", "same"),
    [
        (s3("app.zip", "v5"), s3("app.zip", "v5", "abc"), True),
        (s3("app.zip"), s3("app.zip", "v5"), True),
        (s3("app.zip", "v5"), s3("app.zip"), False),
        (s3("app.zip", "v5"), s3("app.zip", "v6"), False),
        (shown._cut(s3("app.zip", "v5")), s3("app.zip", "v5", "abc"), True),
        (shown._cut(s3("app.zip", "v5")), s3("app.zip", "v6"), False),
        (None, rev(1), False),
    ],
)
def test_what_is_the_target(target: t.Any, revision: t.Any, same: bool) -> None:
    assert replace(SHOWN, target=target).is_target(revision) is same
