# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done with a deployment group: the method, the request, and what stands against it."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import asg_processes, fitness, plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history, pinning
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Selection, choose
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import LifecycleEvent, Target
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import (
    group,
    made,
    rev,
    rollback,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.move.test_fitness import (
    ALIAS,
    lambda_file,
    location,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

ALL_EVENTS = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
GOOD_AND_BAD = [made(1, 1, file_exists_behavior="RETAIN"), made(2, 2)]


def planned(
    *deployments: Deployment, on: Group | None = None, selection: dict[str, t.Any] | None = None, **more: t.Any
) -> plan.Plan:
    """A plan; what is no member of Facts is one of Wish."""
    members = {"acceptance", "alarms", "bundle", "file", "targets", "findings", "suspension"} & set(more)
    facts = {name: more.pop(name) for name in members}
    now = more.pop("now", None)
    past = history.read(deployments, now=now)
    on = on or group()
    wish = plan.Wish(Selection(**(selection or {})), **more)
    return plan.make(wish, plan.Facts(on, past, **facts), choose(wish.selection, on, past))


def checks(made_: plan.Plan) -> dict[str, str]:
    """Severities by check."""
    return {finding.check: finding.severity for finding in made_.findings}


def message(made_: plan.Plan, check: str) -> str:
    return next(finding.message for finding in made_.findings if finding.check == check)


RUNNING = [
    status for status in (*enum("DeploymentStatus"), "SomethingNew") if status not in ("Succeeded", "Failed", "Stopped")
]


@pytest.mark.parametrize("status", RUNNING)
@pytest.mark.parametrize(
    ("in_flight", "verb", "method"),
    [("stop", "act", "codedeploy_stop"), ("wait", "wait", "none"), ("refuse", "refuse", "none")],
)
def test_a_bad_one_that_runs(status: str, in_flight: str, verb: str, method: str) -> None:
    found = planned(made(1, 1), made(2, 2, status), in_flight=in_flight)
    assert (found.verb, found.method) == (verb, method)
    assert found.running is not None
    assert found.running.id == "d-2"
    assert found.request is None
    assert (found.in_the_way is not None) is (verb == "wait")


@pytest.mark.parametrize(
    ("deployments", "verb", "method"),
    [
        (GOOD_AND_BAD, "act", "codedeploy_deployment"),
        ([made(1, 1), made(2, 2, "Failed")], "act", "codedeploy_deployment"),
        ([made(1, 1), made(2, 2, "Stopped")], "act", "codedeploy_deployment"),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1, "InProgress")], "act", "adopt"),
        ([made(1, 1), made(2, 2), made(3, 1, "InProgress")], "act", "adopt"),
        ([made(1, 1), made(2, 2, "Failed"), rollback(3, 2, 1)], "nothing", "none"),
        ([made(1, 1), made(2, 2), made(3, 1)], "nothing", "none"),
        ([made(1, 1)], "refuse", "none"),
        ([], "refuse", "none"),
        # Undoing the fix of something bad would land on the bad one.
        ([made(1, 1), made(2, 2), made(3, 1), made(4, 2), made(5, 3, "InProgress")], "act", "codedeploy_stop"),
    ],
)
def test_the_method(deployments: list[Deployment], verb: str, method: str) -> None:
    found = planned(*deployments)
    assert (found.verb, found.method) == (verb, method)
    assert (found.request is not None) is (method == "codedeploy_deployment")
    assert found.known_deployments == {d.id for d in deployments}


@pytest.mark.parametrize(
    "wanted",
    [
        {"selection": {"steps_back": 2}},
        {"selection": {"deployment_id": "d-1"}},
        {"file_exists_behavior": "overwrite"},
        {"rollback_events": ()},
        {"override_alarms": "true"},
        {"deployment_config": "CodeDeployDefault.AllAtOnce"},
        {"ignore_application_stop_failures": True},
        {"update_outdated_instances_only": True},
        {"alarms": fitness.Alarms(("errors",)), "on": group(alarms=("errors",))},
        {"bundle": pinning.Decision(rev(2), moved=True)},
    ],
)
def test_codedeploys_own_rollback_is_not_always_what_is_wanted(wanted: dict[str, t.Any]) -> None:
    past = [made(1, 1), made(2, 2), made(3, 3, "InProgress")]
    assert planned(*past).method == "codedeploy_stop"
    found = planned(*past, **wanted)
    assert (found.verb, found.method) == ("act", "codedeploy_deployment")
    assert found.in_the_way is not None
    assert found.in_the_way.id == "d-3"
    assert "is stopped first" in message(found, "in_flight")


def test_a_rollback_that_does_not_lead_to_the_target_is_waited_for_and_that_is_said() -> None:
    past = [made(1, 1), made(2, 2), made(3, 3, "Failed"), rollback(4, 3, 2, "InProgress")]
    found = planned(*past, selection={"deployment_id": "d-1"})
    assert found.method == "codedeploy_deployment"
    assert "is waited for first" in message(found, "in_flight")


def test_what_codedeploys_own_rollback_does_to_files_is_told_too() -> None:
    past = [made(1, 1, file_exists_behavior="RETAIN"), made(2, 2, "InProgress", file_exists_behavior="OVERWRITE")]
    stopped = planned(*past, targets={"d-2": [events(Install="InProgress")]})
    assert stopped.method == "codedeploy_stop"
    told = "d-2 had OVERWRITE and got to Install on 1 of 1 instance (i-1)"
    assert any(told in text for text in stopped.content_warnings)
    # One of our own would do the same.
    ours = planned(*past, targets={"d-2": [events(Install="InProgress")]}, override_alarms="true")
    assert ours.content_warnings == stopped.content_warnings


@pytest.mark.parametrize(
    ("status", "more", "rolls_back"),
    [
        ("InProgress", {"style": "IN_PLACE"}, False),
        ("InProgress", {"style": "BLUE_GREEN"}, True),
        ("Ready", {"style": "BLUE_GREEN"}, True),
        ("Created", {"style": "BLUE_GREEN"}, False),
        ("Queued", {"style": "BLUE_GREEN"}, False),
        ("InProgress", {"style": "BLUE_GREEN", "waits_for_termination": True}, False),
        ("InProgress", {"style": "BLUE_GREEN", "creator": "codeDeployRollback"}, False),
    ],
)
def test_how_a_deployment_that_is_in_the_way_is_stopped(status: str, more: dict[str, t.Any], rolls_back: bool) -> None:
    found = planned(made(1, 1), made(2, 2), made(3, 3, status, **more), selection={"deployment_id": "d-1"})
    assert found.stop_rolls_back is rolls_back


def test_a_rollback_that_may_be_coming_is_waited_for() -> None:
    failed = made(2, 2, "Failed", rollback_events=("DEPLOYMENT_FAILURE",))
    now = (failed.completed_at or failed.created_at) + timedelta(seconds=5)
    found = planned(made(1, 1), failed, now=now)
    assert found.verb == "wait"
    assert found.in_the_way == failed
    assert "about to roll it back" in found.reason


@pytest.mark.parametrize(
    ("wanted", "members"),
    [
        ({}, {"fileExistsBehavior": "RETAIN"}),
        ({"file_exists_behavior": "overwrite"}, {"fileExistsBehavior": "OVERWRITE"}),
        ({"file_exists_behavior": "disallow"}, {"fileExistsBehavior": "DISALLOW"}),
        (
            {"rollback_events": ()},
            {"fileExistsBehavior": "RETAIN", "autoRollbackConfiguration": {"enabled": False, "events": []}},
        ),
        (
            {"rollback_events": ("DEPLOYMENT_FAILURE",)},
            {
                "fileExistsBehavior": "RETAIN",
                "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
            },
        ),
        (
            {"deployment_config": "CodeDeployDefault.AllAtOnce"},
            {"fileExistsBehavior": "RETAIN", "deploymentConfigName": "CodeDeployDefault.AllAtOnce"},
        ),
        (
            {"ignore_application_stop_failures": True, "update_outdated_instances_only": True},
            {
                "fileExistsBehavior": "RETAIN",
                "ignoreApplicationStopFailures": True,
                "updateOutdatedInstancesOnly": True,
            },
        ),
    ],
)
def test_what_codedeploy_is_asked_for(wanted: dict[str, t.Any], members: dict[str, t.Any]) -> None:
    found = planned(*GOOD_AND_BAD, **wanted)
    assert found.request is not None
    assert found.request.parameters("why") == {"revision": rev(1), "description": "why", **members}


def test_what_was_pinned_is_what_is_asked_for() -> None:
    found = planned(*GOOD_AND_BAD, bundle=pinning.Decision(rev(8), (Finding("pinned", "info", "so"),)))
    assert found.request is not None
    assert found.request.members["revision"] == found.target == rev(8)
    assert checks(found)["pinned"] == "info"


@pytest.mark.parametrize(
    ("firing", "wanted", "override", "severity"),
    [
        ((), "auto", None, None),
        (("a",), "auto", {"enabled": True, "alarms": [{"name": "b"}]}, "warn"),
        (("a", "b"), "auto", {"enabled": False}, "warn"),
        ((), "false", None, None),
        ((), "true", {"enabled": False}, "warn"),
        (("a",), "true", {"enabled": False}, "warn"),
    ],
)
def test_alarms(firing: tuple[str, ...], wanted: str, override: dict[str, t.Any] | None, severity: str | None) -> None:
    found = planned(*GOOD_AND_BAD, on=group(alarms=("a", "b")), alarms=fitness.Alarms(firing), override_alarms=wanted)
    assert found.request is not None
    assert found.request.members.get("overrideAlarmConfiguration") == override
    assert found.request.overrides_alarms is (override is not None)
    assert checks(found).get("alarms") == severity


@pytest.mark.parametrize("past", [GOOD_AND_BAD, [made(1, 1), made(2, 2, "InProgress")]])
def test_a_firing_alarm_that_may_not_be_ignored_refuses_it(past: list[Deployment]) -> None:
    """Also if CodeDeploy would roll back what is running."""
    on = group(alarms=("a", "b"))
    found = planned(*past, on=on, alarms=fitness.Alarms(("a",)), override_alarms="false")
    assert (found.verb, found.method, checks(found)["alarms"]) == ("refuse", "none", "block")
    assert "override_alarms: auto" in found.reason
    quiet = planned(*past, on=on, override_alarms="false")
    assert (quiet.verb, "alarms" in checks(quiet)) == ("act", False)


@pytest.mark.parametrize("in_flight", ["stop", "wait"])
def test_what_would_not_be_accepted_is_refused(in_flight: str) -> None:
    past = [made(1, 1), made(2, 2, "InProgress")]
    blocks = (Finding("deployment_config", "block", "there is no Nope"),)
    found = planned(*past, acceptance=blocks, in_flight=in_flight)
    assert (found.verb, found.method, found.reason) == ("refuse", "none", "there is no Nope")
    unknown = (Finding("deployment_config", "unknown", "it is not known"),)
    found = planned(*past, acceptance=unknown, in_flight=in_flight)
    assert (found.verb, checks(found)["deployment_config"]) == ("act" if in_flight == "stop" else "wait", "unknown")


def test_alarms_that_stay_in_force_stay_as_they_are() -> None:
    on = group(alarms=("a", "b"), ignores_unreadable_alarms=True)
    found = planned(*GOOD_AND_BAD, on=on, alarms=fitness.Alarms(("a",)))
    assert found.request is not None
    assert found.request.members["overrideAlarmConfiguration"] == {
        "enabled": True,
        "alarms": [{"name": "b"}],
        "ignorePollAlarmFailure": True,
    }


def test_whether_alarms_fire_can_be_unknown() -> None:
    found = planned(*GOOD_AND_BAD, on=group(alarms=("a",)), alarms=fitness.Alarms(unknown="Denied."))
    assert checks(found)["alarms"] == "unknown"
    assert found.verb == "act"


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (group(), {}),
        (group(service_role=""), {"service_role": "block"}),
        (group(has_instance_tags=False), {"instances": "block"}),
        (group(has_instance_tags=False, auto_scaling_groups=("web",)), {}),
        (group(has_instance_tags=False, style="BLUE_GREEN"), {"instances": "warn", "blue_green": "info"}),
        (group(style="BLUE_GREEN"), {"blue_green": "info"}),
        (group(rollback_events=ALL_EVENTS), {"rollback_events": "warn"}),
        (group(platform="ECS", has_instance_tags=False), {"revision": "block"}),
    ],
)
def test_what_the_group_is_fit_for(on: Group, expected: dict[str, str]) -> None:
    found = planned(*GOOD_AND_BAD, on=on)
    assert checks(found) == expected
    assert found.verb == ("refuse" if "block" in expected.values() else "act")
    assert (found.request is None) is (found.verb == "refuse")


@pytest.mark.parametrize(
    ("code", "check"),
    [
        ("NO_INSTANCES", "instances"),
        ("IAM_ROLE_MISSING", "service_role"),
        ("IAM_ROLE_PERMISSIONS", "service_role"),
        ("AUTO_SCALING_IAM_ROLE_PERMISSIONS", "service_role"),
        ("HEALTH_CONSTRAINTS", ""),
    ],
)
def test_what_failed_the_last_one_fails_the_next_one(code: str, check: str) -> None:
    found = checks(planned(made(1, 1), made(2, 2, "Failed", error_code=code)))
    assert (check in found) if check else (found.keys() <= {"left_out"})


@pytest.mark.parametrize(("events", "warned"), [(None, True), ((), False), (("DEPLOYMENT_FAILURE",), True)])
def test_where_a_rollback_of_the_redeploy_would_go(events: tuple[str, ...] | None, warned: bool) -> None:
    found = planned(*GOOD_AND_BAD, on=group(rollback_events=ALL_EVENTS), rollback_events=events)
    assert ("rollback_events" in checks(found)) is warned
    # To what is the last success by itself there is nothing to warn of.
    back = planned(made(1, 1), made(2, 2, "Failed"), on=group(rollback_events=ALL_EVENTS), rollback_events=events)
    assert "rollback_events" not in checks(back)


def events(**statuses: str) -> Target:
    found = tuple(LifecycleEvent(name, status, script="bin/stop.sh") for name, status in statuses.items())
    return Target("i-1", "InstanceTarget", "Failed", events=found)


@pytest.mark.parametrize(
    ("target", "ignored", "severity", "words"),
    [
        (
            events(ApplicationStop="Failed"),
            False,
            "warn",
            "ApplicationStop (bin/stop.sh) failed on 1 of 1 targets in d-2",
        ),
        (events(ApplicationStop="Failed"), True, None, ""),
        (
            events(ApplicationStop="Succeeded", Install="Succeeded"),
            False,
            "info",
            "have installed github acct/app@2222222",
        ),
        (events(ApplicationStop="Succeeded", Install="Succeeded"), True, None, ""),
        (events(ApplicationStop="Succeeded", Install="Failed"), False, None, ""),
        (events(), False, None, ""),
    ],
)
def test_the_script_that_runs_first(target: Target, ignored: bool, severity: str | None, words: str) -> None:
    found = planned(
        made(1, 1), made(2, 2, "Failed"), targets={"d-2": [target]}, ignore_application_stop_failures=ignored
    )
    assert checks(found).get("application_stop") == severity
    assert not words or words in message(found, "application_stop")


def test_outdated_instances_only_is_warned_of() -> None:
    assert checks(planned(*GOOD_AND_BAD, update_outdated_instances_only=True))["outdated_only"] == "warn"


def test_other_creators_and_other_deployments_are_told() -> None:
    past = [
        *GOOD_AND_BAD,
        made(3, 3, creator="somethingNew"),
        made(4, 2, "InProgress", "autoscaling"),
        made(5, None, description="no revision"),
    ]
    found = planned(*past)
    assert checks(found) == {
        "unknown_creator": "warn",
        "group_busy": "warn",
        "unread_deployment": "block",
    }
    assert found.verb == "refuse"
    # What was named needs no history.
    assert planned(*past, selection={"deployment_id": "d-1"}).verb == "act"


def test_a_revision_that_nobody_deployed_is_warned_of() -> None:
    found = planned(*GOOD_AND_BAD, selection={"revision": rev(8)})
    assert checks(found) == {"never_deployed": "warn"}
    assert found.request is not None
    assert found.request.members["fileExistsBehavior"] == "DISALLOW"


def test_what_is_said_of_the_deployment_that_was_named() -> None:
    named = planned(made(1, 1, "Failed"), made(2, 2), selection={"deployment_id": "d-1"})
    assert checks(named) == {"not_good": "warn"}
    restart = planned(made(1, 1), made(2, None, mode="RESTART"), made(3, 3), selection={"deployment_id": "d-2"})
    assert checks(restart) == {"restart": "info"}


def test_files_matter_only_where_instances_stay() -> None:
    assert planned(*GOOD_AND_BAD).content_warnings
    assert planned(*GOOD_AND_BAD, on=group(style="BLUE_GREEN")).content_warnings == ()


def test_force_deploys_what_is_there() -> None:
    found = planned(*GOOD_AND_BAD, selection={"deployment_id": "d-2", "force": AGAIN})
    assert (found.verb, found.method) == ("act", "codedeploy_deployment")
    assert found.left is None


def test_findings_of_the_reading_stay() -> None:
    unknown = Finding("versions", "unknown", "not known")
    assert unknown in planned(*GOOD_AND_BAD, findings=(unknown,)).findings
    assert unknown in planned(made(1, 1), findings=(unknown,)).findings


def test_an_alias_that_is_there_already_needs_nothing() -> None:
    on = group(platform="Lambda", has_instance_tags=False)
    past = [made(1, location(lambda_file("1", "2"))), made(2, location(lambda_file("2", "3")))]
    there = fitness.File(lambda_file("1", "2"), alias=replace(ALIAS, version="2"))
    found = planned(*past, on=on, file=there)
    assert (found.verb, found.reason) == ("nothing", "alias live of pay is on version 2 already")
    moved = planned(*past, on=on, file=replace(there, alias=replace(ALIAS, version="3")))
    assert moved.request is not None
    assert set(moved.request.members) == {"revision"}


@pytest.mark.parametrize(
    ("suspended", "asked", "said"),
    [
        ({"web": []}, {"autoScalingGroupProcessesToSuspend": ["AZRebalance"]}, ""),
        ({"web": ["AZRebalance"]}, None, "CodeDeploy does not suspend AZRebalance"),
    ],
)
def test_what_codedeploy_suspends(
    suspended: dict[str, list[str]], asked: dict[str, list[str]] | None, said: str
) -> None:
    on = group(auto_scaling_groups=("web",))
    given = asg_processes.split(["AZRebalance"], on, suspended, known_to_botocore=True)
    found = planned(*GOOD_AND_BAD, on=on, suspension=given, suspend_processes=("AZRebalance",))
    assert found.request is not None
    assert found.request.members.get("ec2DeploymentOptions") == asked
    assert found.suspension == given
    assert ("suspend_processes" in checks(found)) is bool(said)
    assert not said or said in message(found, "suspend_processes")
    # Where ours is not deployed, nothing is suspended for it.
    running = [made(1, 1), made(2, 2, "InProgress")]
    assert planned(*running, on=on, suspension=given, suspend_processes=("AZRebalance",)).suspension is None
