# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What deployments prove about revisions, and which revision is chosen for it."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import ROLLBACK_CREATOR, Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Choice, Selection, choose
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.writes import description
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import (
    at,
    group,
    made,
    rev,
    rollback,
    s3,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

OURS = description("500s", "a", "b", "0123abcd")
SOME = {"Succeeded": 2, "Failed": 1}
FORWARD = description(None, "", "b", "0123abcd")
NAMES = {revisions.key(rev(n)): n for n in range(1, 9)}


def verdicts(*deployments: Deployment) -> dict[int, str]:
    return {NAMES[c.key]: c.verdict for c in history.read(deployments).candidates()}


def chosen(*deployments: Deployment, **selection: t.Any) -> Choice:
    return choose(Selection(**selection), group(), history.read(deployments))


def number(choice: Choice) -> int | None:
    return NAMES.get(choice.key)


def test_every_creator_has_its_place() -> None:
    assert set(enum("DeploymentCreator")) | {""} == history.WANTED | history.PARTIAL | {ROLLBACK_CREATOR}


@pytest.mark.parametrize("creator", enum("DeploymentCreator"))
@pytest.mark.parametrize("status", enum("DeploymentStatus"))
def test_what_each_creator_and_status_proves(creator: str, status: str) -> None:
    found = verdicts(made(1, 1), made(2, 2, status, creator)).get(2)
    if creator in ("autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate"):
        assert found is None
    elif status == "Succeeded":
        assert found == "good"
    elif status == "Failed":
        assert found == "bad"
    else:
        assert found == "unknown"


@pytest.mark.parametrize("status", enum("DeploymentStatus"))
def test_an_unknown_creator_proves_nothing_good(status: str) -> None:
    past = history.read([made(1, 1), made(2, 2, status, "somethingNew")])
    assert {NAMES[c.key]: c.verdict for c in past.candidates()} == {1: "good", 2: "unknown"}
    assert [d.id for d in past.unknown_creators] == ["d-2"]
    assert past.running is None
    assert [d.id for d in past.alongside] == (["d-2"] if status not in ("Succeeded", "Failed", "Stopped") else [])


def test_an_unknown_status_is_still_running() -> None:
    past = history.read([made(1, 1), made(2, 2, "SomethingNew")])
    assert past.running is not None
    assert past.running.id == "d-2"


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        # A rollback proves what it undoes bad, and its own revision good.
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1)], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2, "Stopped"), rollback(3, 2, 1)], {1: "good", 2: "bad"}),
        ([made(2, 2, "Stopped"), rollback(3, 2, 1)], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "Failed")], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "Stopped")], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "InProgress")], {1: "good", 2: "bad"}),
        # It tells which one it undoes, or that one tells of it, or nobody does.
        (
            [made(1, 1), made(2, 2, "Failed", rollback_deployment="d-3"), made(3, 1, creator=ROLLBACK_CREATOR)],
            {1: "good", 2: "bad"},
        ),
        ([made(1, 1), made(2, 2, "Failed"), made(3, 1, creator=ROLLBACK_CREATOR)], {1: "good", 2: "bad"}),
        # The same revision on both sides: something else failed.
        ([made(1, 1), made(2, 1, "Failed"), rollback(3, 2, 1)], {1: "good"}),
        # Left for an older one, whoever returned, and however that ended.
        ([made(1, 1), made(2, 2), made(3, 1)], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2), made(3, 1, "Failed")], {1: "bad", 2: "bad"}),
        ([made(1, 1), made(2, 2), made(3, 1, "Failed", error_code="NO_INSTANCES")], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2), made(3, 1, "Stopped")], {1: "good", 2: "bad"}),
        ([made(1, 1), made(2, 2), made(3, 1, "Failed"), rollback(4, 3, 2)], {1: "bad", 2: "bad"}),
        # The latest evidence counts.
        ([made(1, 1), made(2, 2), made(3, 1), made(4, 2)], {1: "good", 2: "good"}),
        ([made(1, 1), made(2, 2, "Failed"), made(3, 2)], {1: "good", 2: "good"}),
        ([made(1, 1), made(2, 1, "Failed")], {1: "bad"}),
        ([made(1, 1), made(2, 1, "Failed"), made(3, 1)], {1: "good"}),
        # What had succeeded before is not bad because it failed later for a cause outside of it.
        ([made(1, 1), made(2, 1, "Failed", error_code="THROTTLED")], {1: "good"}),
        ([made(1, 1, "Failed", error_code="THROTTLED")], {1: "bad"}),
        ([made(1, 1), made(2, 1, "Stopped")], {1: "good"}),
        # Deployments to single instances say nothing.
        ([made(1, 1), made(2, 2), made(3, 1, creator="autoscaling")], {1: "good", 2: "good"}),
        ([made(1, 1), made(2, 1, "Failed", "CodeDeployAutoUpdate")], {1: "good"}),
        # A restart is of what was deployed last with success.
        ([made(1, 1), made(2, 2, "Failed"), made(3, None, mode="RESTART")], {1: "good", 2: "bad"}),
        ([made(3, None, mode="RESTART")], {}),
        ([made(1, None)], {}),
        ([], {}),
    ],
)
def test_verdicts(deployments: list[Deployment], expected: dict[int, str]) -> None:
    assert verdicts(*deployments) == expected
    # ListDeployments promises no order.
    assert verdicts(*reversed(deployments)) == expected


@pytest.mark.parametrize(
    ("deployments", "target", "settled_by"),
    [
        # The newest good one that differs from what is there.
        ([made(1, 1), made(2, 2)], 1, ""),
        ([made(1, 1), made(2, 2), made(3, 3)], 2, ""),
        ([made(1, 1), made(2, 2, "Failed"), made(3, 3)], 1, ""),
        ([made(1, 1), made(2, 2), made(3, 2)], 1, ""),
        ([made(1, 1), made(2, 2), made(3, None, mode="RESTART")], 1, ""),
        # A deployment that failed, was stopped, or still runs is what is left.
        ([made(1, 1), made(2, 2, "Failed")], 1, ""),
        ([made(1, 1), made(2, 2, "Stopped")], 1, ""),
        ([made(1, 1), made(2, 2, "InProgress")], 1, ""),
        ([made(1, 1), made(2, 2, "Baking")], 1, ""),
        ([made(1, 1), made(2, 2, "Ready")], 1, ""),
        ([made(1, 1), made(2, 2, "SomethingNew")], 1, ""),
        # The one that runs after a bad one is left for what was good before both.
        ([made(1, 1), made(2, 2), made(3, 1), made(4, 3, "InProgress")], 1, ""),
        # CodeDeploy's own rollback did it, also where that names what it undoes only on one side.
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1)], None, "d-3"),
        (
            [made(1, 1), made(2, 2, "Failed", rollback_deployment="d-3"), made(3, 1, creator=ROLLBACK_CREATOR)],
            None,
            "d-3",
        ),
        ([made(1, 1), made(2, 1, "Failed"), rollback(3, 2, 1)], None, "d-3"),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1), made(4, 1, creator="autoscaling")], None, "d-3"),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1), made(4, 1)], None, "d-4"),
        # What it rolled back to does not show: it is what was deployed last with success.
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, None)], None, "d-3"),
        ([made(2, 2, "Failed"), made(3, 3), made(4, 4, "Failed"), rollback(5, 4, None)], None, "d-5"),
        # It could not.
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "Failed")], 1, ""),
        # Somebody unknown deployed once more what is there.
        ([made(1, 1), made(2, 2), made(3, 3), made(4, 2), made(5, 2, creator="somethingNew")], None, "d-4"),
        ([made(1, 1), made(2, 2), made(3, 3, "Failed"), rollback(4, 3, 2), made(5, 2, creator="new")], None, "d-4"),
        # Somebody returned it, or we did.
        ([made(1, 1), made(2, 2), made(3, 1)], None, "d-3"),
        ([made(1, 1), made(2, 2), made(3, 1, description=OURS)], None, "d-3"),
        # Too old to be on record under its name, but we know what we did.
        ([made(2, 2), made(3, 1, description=OURS)], None, "d-3"),
        ([made(2, 2), made(3, 1, description=FORWARD)], 2, ""),
        ([made(2, 2), made(3, 1)], 2, ""),
        # The return did not get there for a cause outside of the revision, and is tried again.
        ([made(1, 1), made(2, 2), made(3, 1, "Failed", error_code="NO_INSTANCES")], 1, ""),
        (
            [
                made(1, 1),
                made(2, 2),
                made(3, 1, "Failed", error_code="NO_INSTANCES"),
                made(4, 1, "Failed", error_code="IAM_ROLE_MISSING"),
            ],
            1,
            "",
        ),
        # It failed, and nothing says that it was not the revision: then the one before is taken.
        ([made(1, 1), made(2, 2), made(3, 3), made(4, 2, "Failed")], 1, ""),
        ([made(1, 1), made(2, 2), made(3, 1, "Failed"), made(4, 1)], None, "d-4"),
        ([made(1, 1), made(2, 2), made(3, 1, "Stopped")], 1, ""),
        # It succeeded, but not everywhere: what is half done is done once more, to the same revision.
        ([made(1, 1), made(2, 2), made(3, 1, counts=SOME)], 1, ""),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, counts=SOME)], 1, ""),
        ([made(1, 1), made(2, 2), made(3, 1, counts=SOME), made(4, 1)], None, "d-4"),
        ([made(1, 1), made(2, 2), made(3, 1, counts=SOME), made(4, 1, "Failed", error_code="THROTTLED")], 1, ""),
        # CodeDeploy undid it.
        ([made(1, 1), made(2, 2), made(3, 1, "Failed", error_code="NO_INSTANCES"), rollback(4, 3, 2)], 1, ""),
        # After a return something newer was deployed: from that it goes back to where the return went.
        ([made(1, 1), made(2, 2), made(3, 1), made(4, 3)], 1, ""),
        # The same revision, again without success: the latest evidence counts, unless its cause lies outside.
        ([made(1, 1), made(2, 2), made(3, 2, "Failed")], 1, ""),
        ([made(1, 1), made(2, 2), made(3, 2, "Failed", error_code="IAM_ROLE_PERMISSIONS")], 2, ""),
    ],
)
def test_the_last_good_one(deployments: list[Deployment], target: int | None, settled_by: str) -> None:
    choice = chosen(*deployments)
    assert number(choice) == target
    assert choice.settled_by == settled_by
    assert (choice.settled is not None) is bool(settled_by)
    assert choice.problem is None


def test_twice_is_once() -> None:
    past = [made(1, 1), made(2, 2), made(3, 3)]
    first = chosen(*past)
    assert number(first) == 2
    again = chosen(*past, made(4, 2, description=OURS))
    assert again.settled is not None
    assert "already taken back from github acct/app@3333333 to github acct/app@2222222" in again.settled
    assert "by this tool (d-4)" in again.settled
    assert number(chosen(*past, made(4, 2, description=OURS), force=AGAIN)) == 1


def test_two_steps_back_twice_are_two() -> None:
    past = [made(1, 1), made(2, 2), made(3, 3)]
    first = chosen(*past, steps_back=2)
    assert (number(first), first.source) == (1, "steps_back")
    for status in ("InProgress", "Succeeded", "Failed", "Stopped"):
        failed = {"error_code": "NO_INSTANCES"} if status == "Failed" else {}
        again = chosen(*past, made(4, 1, status, description=OURS, **failed), steps_back=2)
        if status == "Succeeded":
            assert again.settled is not None
            assert again.settled_by == "d-4"
        elif status == "InProgress":
            assert (number(again), again.source) == (1, "running_rollback")
        else:
            assert number(again) == 1
    # After CodeDeploy's own rollback too.
    assert number(chosen(*past, made(4, 4, "Failed"), rollback(5, 4, 3), steps_back=2)) == 2


def test_steps_beyond_the_record() -> None:
    choice = chosen(made(1, 1), made(2, 2), steps_back=2)
    assert choice.problem is not None
    assert (
        "reaches beyond the record: good revisions besides github acct/app@2222222: github acct/app@1111111"
        in choice.problem
    )
    assert choice.needs_more_history


@pytest.mark.parametrize(
    ("deployments", "words"),
    [
        ([], "nothing was ever deployed to the group"),
        ([made(1, 1, creator="autoscaling")], "nothing was ever deployed to the group"),
        ([made(1, 1)], "every one on record was of github acct/app@1111111"),
        ([made(1, 1), made(2, 1)], "every one on record was of github acct/app@1111111"),
        ([made(1, 1, "Failed")], "there is no earlier successful deployment to go back to"),
        (
            [made(1, 1, "Failed"), made(2, 2)],
            "github acct/app@1111111: its deployment failed at 2026-11-20T13:10:00Z",
        ),
        ([made(1, 1, "Stopped"), made(2, 2)], "it ever became healthy"),
        ([made(1, 1, creator="somethingNew"), made(2, 2)], "deployed by somethingNew, which is not known here"),
    ],
)
def test_no_earlier_successful_deployment(deployments: list[Deployment], words: str) -> None:
    choice = chosen(*deployments)
    assert choice.problem is not None
    assert "no earlier successful deployment" in choice.problem
    assert words in choice.problem
    assert choice.needs_more_history
    assert choice.target is None


@pytest.mark.parametrize(
    ("deployments", "wanted", "target", "words"),
    [
        ([made(1, 1), made(2, 2)], "d-1", 1, "which is Succeeded"),
        ([made(1, 1, "Failed"), made(2, 2)], "d-1", 1, "which is Failed"),
        ([made(1, 1), made(2, 2)], "d-2", None, "is on github acct/app@2222222 already (d-2)"),
        ([made(1, 1), made(2, 2), made(3, 1)], "d-1", None, "already (d-3)"),
        ([made(1, 1), made(2, 2, "Failed")], "d-1", 1, "which is Succeeded"),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1)], "d-1", None, "already (d-3)"),
        ([made(1, 1), made(2, 2), made(3, 1, "InProgress")], "d-1", 1, "a deployment to it is running"),
        ([made(1, 1), made(2, None, mode="RESTART"), made(3, 3)], "d-2", 1, "which is Succeeded"),
        ([made(1, 1), made(2, None)], "d-2", None, "does not say which revision"),
        ([made(1, 1)], "d-9", None, "there is no deployment d-9"),
    ],
)
def test_a_deployment_that_was_named(
    deployments: list[Deployment], wanted: str, target: int | None, words: str
) -> None:
    choice = chosen(*deployments, deployment_id=wanted)
    assert number(choice) == target
    assert words in (choice.settled or choice.problem or choice.why)
    if target is not None:
        assert choice.source == "deployment_id"
        assert choice.good is not None
        assert choice.good.id == wanted


def test_a_deployment_that_is_too_old_or_of_another_group() -> None:
    past = history.read([made(2, 2), made(3, 3)])
    old = made(1, 1)
    assert number(choose(Selection(deployment_id="d-1"), group(), past, old)) == 1
    other = choose(Selection(deployment_id="d-1"), replace(group(), name="test"), past, old)
    assert other.problem is not None
    assert "d-1 is a deployment of deployment group prod of application app, not of test of app" in other.problem


def test_a_group_of_the_same_name_in_another_application_is_another_group() -> None:
    past = history.read([made(2, 2), made(3, 3)])
    other = choose(Selection(deployment_id="d-1"), group(), past, replace(made(1, 1), application="billing"))
    assert other.target is None
    assert other.problem is not None
    assert "d-1 is a deployment of deployment group prod of application billing, not of prod of app" in other.problem


@pytest.mark.parametrize(
    ("commit", "target", "words"),
    [
        ("1" * 40, 1, "you named it"),
        ("1" * 7, 1, "you named it"),
        ("8" * 40, 8, "you named it"),
        ("2" * 7, None, "the group is on github acct/app@2222222 already (d-2)"),
        ("8" * 7, None, "Give all 40 digits"),
    ],
)
def test_a_revision_that_was_named(commit: str, target: int | None, words: str) -> None:
    wanted = {"revisionType": "GitHub", "gitHubLocation": {"repository": "Acct/App", "commitId": commit}}
    choice = chosen(made(1, 1), made(2, 2), revision=wanted)
    assert number(choice) == target
    assert words in (choice.settled or choice.problem or choice.why)
    if target == 1:
        assert choice.good is not None
        assert choice.good.id == "d-1"


def test_an_ambiguous_commit() -> None:
    close = {"revisionType": "GitHub", "gitHubLocation": {"repository": "acct/app", "commitId": "1" * 39 + "2"}}
    wanted = {"revisionType": "GitHub", "gitHubLocation": {"repository": "acct/app", "commitId": "1" * 7}}
    choice = chosen(made(1, 1), made(2, close), made(3, 3), revision=wanted)
    assert choice.problem is not None
    assert "could be any of" in choice.problem


@pytest.mark.parametrize(
    ("wanted", "target", "words"),
    [
        # One version of it was deployed: that is meant.
        (s3("one.zip"), s3("one.zip", "v1"), "you named it"),
        (s3("two.zip"), None, "could be any of s3://releases/two.zip (version v2), s3://releases/two.zip (version v1)"),
        (s3("two.zip", "v1"), s3("two.zip", "v1"), "you named it"),
        # What was deployed as it was written is meant, whatever else was.
        (s3("three.zip"), s3("three.zip"), "you named it"),
        (s3("four.zip"), s3("four.zip"), "you named it"),
    ],
)
def test_a_place_without_a_version(wanted: dict[str, t.Any], target: dict[str, t.Any] | None, words: str) -> None:
    past = [
        made(1, s3("one.zip", "v1")),
        made(2, s3("two.zip", "v1")),
        made(3, s3("two.zip", "v2")),
        made(4, s3("three.zip")),
        made(5, s3("three.zip", "v1")),
        made(6, rev(1)),
    ]
    choice = chosen(*past, revision=wanted)
    assert choice.target == target
    assert words in (choice.problem or choice.why)


@pytest.mark.parametrize(
    ("minutes", "target", "words"),
    [
        (60, None, "do not reach back"),
        (70, 1, "since 2026-11-20T13:10:00Z"),
        (129, 1, "on the group at"),
        (130, 2, "on the group at"),
        (200, 2, "on the group at"),
        # While the third one was being deployed, and after it had failed, the second was the last success.
        (300, None, "the group is on github acct/app@2222222 already (d-4)"),
    ],
)
def test_what_was_there_at_a_time(minutes: float, target: int | None, words: str) -> None:
    past = [made(1, 1), made(2, 2), made(3, 3, "Failed"), rollback(4, 3, 2)]
    choice = chosen(*past, as_of=at(minutes))
    if minutes in (130, 200):
        # It is there again.
        assert choice.settled is not None
        return
    assert number(choice) == target
    assert words in (choice.settled or choice.problem or choice.why)


@pytest.mark.parametrize("selection", [{"deployment_id": "d-1"}, {"revision": rev(1)}, {"steps_back": 2}])
def test_what_was_named_is_there_only_where_no_target_failed(selection: dict[str, t.Any]) -> None:
    past = [made(0, 1), made(1, 1), made(2, 2), made(3, 3)]
    assert chosen(*past, made(4, 1), **selection).settled is not None
    choice = chosen(*past, made(4, 1, counts=SOME), **selection)
    assert number(choice) == 1
    assert "1 of 3 targets failed" in choice.why


def test_an_etag_alone_is_the_version_that_has_it() -> None:
    """Pipelines tell the version, people who redeploy by hand the ETag: that is a return, and nothing new."""
    good, bad = s3("app.zip", "v1", '"abc"'), s3("app.zip", "v2", "def")
    choice = chosen(made(1, good), made(2, bad), made(3, s3("app.zip", etag="ABC")))
    assert choice.settled is not None
    assert choice.settled_by == "d-3"
    # Another object is another one, whatever its content.
    other = chosen(made(1, s3("old.zip", "v1", "abc")), made(2, bad), made(3, s3("app.zip", etag="abc")))
    assert other.target == bad


def test_force_goes_where_it_is_already() -> None:
    choice = chosen(made(1, 1), made(2, 2), deployment_id="d-2", force=AGAIN)
    assert number(choice) == 2
    assert choice.left is None


@pytest.mark.parametrize(
    ("running", "target"),
    [
        (rollback(3, 2, 1, "InProgress"), 1),
        (rollback(3, 2, 1, "Created"), 1),
        (rollback(3, 2, 1, "SomethingNew"), 1),
    ],
)
def test_a_rollback_that_runs(running: Deployment, target: int) -> None:
    choice = chosen(made(1, 1), made(2, 2, "Stopped"), running)
    assert (number(choice), choice.source) == (target, "running_rollback")
    assert "CodeDeploy's own rollback from github acct/app@2222222 is running already (d-3)" in choice.why
    assert choice.left == rev(2)


def test_somebodys_return_that_runs() -> None:
    choice = chosen(made(1, 1), made(2, 2), made(3, 1, "InProgress"))
    assert (number(choice), choice.source) == (1, "running_rollback")
    assert "a deployment that goes back from github acct/app@2222222 is running already (d-3)" in choice.why


@pytest.mark.parametrize(("seconds", "due"), [(1, True), (59, True), (61, False)])
def test_codedeploy_can_be_about_to_roll_back(seconds: float, due: bool) -> None:
    failed = made(2, 2, "Failed", rollback_events=("DEPLOYMENT_FAILURE",))
    now = (failed.completed_at or failed.created_at) + timedelta(seconds=seconds)
    assert (history.read([made(1, 1), failed], now=now).due is not None) is due
    assert history.read([made(1, 1), failed]).due is None


def test_what_was_passed_by_is_told() -> None:
    choice = chosen(made(1, 1), made(2, 2, "Failed", error_code="HEALTH_CONSTRAINTS", error="Too many."), made(3, 3))
    assert choice.left == rev(3)
    assert choice.why == "Succeeded at 2026-11-20T13:10:00Z"
    assert choice.left_out == (
        "github acct/app@2222222: its deployment failed at 2026-11-20T14:10:00Z (HEALTH_CONSTRAINTS: Too many)",
    )


def test_a_success_with_failures_says_so() -> None:
    found = history.read([made(1, 1, counts={"Succeeded": 3, "Failed": 1})]).candidates()[0]
    assert found.why == "Succeeded at 2026-11-20T13:10:00Z, though 1 of 4 targets failed"


def test_a_candidate_for_results() -> None:
    found = history.read([made(1, s3("app.zip", "v1"), file_exists_behavior="RETAIN")]).candidates()[0]
    assert found.as_dict() == {
        "revision": s3("app.zip", "v1"),
        "revision_name": "s3://releases/app.zip (version v1)",
        "verdict": "good",
        "why": "Succeeded at 2026-11-20T13:10:00Z",
        "last_used": "2026-11-20T13:10:00Z",
        "deployment_id": "d-1",
        "file_exists_behavior": "RETAIN",
        "past": [
            {
                "at": "2026-11-20T13:10:00Z",
                "what": "Succeeded at 2026-11-20T13:10:00Z",
                "verdict": "good",
                "deployment_id": "d-1",
            }
        ],
    }


# -- direction


@pytest.mark.parametrize(
    ("deployments", "selection", "direction"),
    [
        ([made(1, 1), made(2, 2)], {}, "back"),
        ([made(1, 1), made(2, 2), made(3, 3)], {"steps_back": 2}, "back"),
        ([made(1, 1), made(2, 2)], {"revision": rev(1)}, "back"),
        ([made(1, 1), made(2, 2), made(3, 1)], {"revision": rev(2)}, "forward"),
        ([made(1, 1), made(2, 2), made(3, 1)], {"deployment_id": "d-2"}, "forward"),
        ([made(1, 1), made(2, 2), made(3, 1)], {"as_of": at(135)}, "forward"),
        # nothing moves
        ([made(1, 1), made(2, 2), made(3, 1)], {}, "same"),
        ([made(1, 1), made(2, 2)], {"revision": rev(2)}, "same"),
        ([made(1, 1), made(2, 2)], {"revision": rev(2), "force": AGAIN}, "same"),
        # the group never deployed it
        ([made(1, 1), made(2, 2)], {"revision": rev(3)}, "unknown"),
        ([], {"revision": rev(3)}, "unknown"),
        # no target
        ([made(1, 1)], {}, None),
        # what is being deployed counts as what is there
        ([made(1, 1), made(2, 2), made(3, 3, "InProgress")], {}, "back"),
        ([made(1, 1), made(2, 2), made(3, 3, "InProgress")], {"revision": rev(3)}, "same"),
        # a return that runs: from what it leaves, unless that is to stay
        ([made(1, 1), made(2, 2), made(3, 1, "InProgress")], {}, "back"),
        ([made(1, 1), made(2, 2), made(3, 1, "InProgress")], {"revision": rev(2)}, "forward"),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "InProgress")], {"revision": rev(2)}, "forward"),
    ],
)
def test_the_direction(deployments: list[Deployment], selection: dict[str, t.Any], direction: str | None) -> None:
    assert chosen(*deployments, **selection).direction == direction


def test_what_is_not_on_record_may_be_older_than_what_was_read() -> None:
    past = [made(1, 1), made(2, 2)]
    assert chosen(*past, revision=rev(3)).needs_more_history
    assert not chosen(*past, revision=rev(1)).needs_more_history
    old = made(9, 3)
    assert choose(Selection(deployment_id=old.id), group(), history.read(past), old).needs_more_history
    assert not choose(Selection(deployment_id="d-1"), group(), history.read(past)).needs_more_history


def test_after_a_move_that_does_not_go_back_the_next_one_begins_from_there() -> None:
    past = [made(1, 1), made(2, 2), made(3, 1, description=OURS)]
    for forward in (made(4, 2, description=FORWARD), made(4, 3, description=FORWARD)):
        assert number(chosen(*past, forward)) == 1
        assert verdicts(*past, forward)[1] == "good"
