# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codedeploy_redeploy carries out a plan that an earlier look has shown, in process against the simulator."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.modules import codedeploy_deployment_info
from tests.module.code_deploy import client
from tests.module.fleet import APPLICATION, AUTOMATIC, BUCKET, GROUP, Fleet, Run, key
from tests.module.run import run_module
from tests.module.services import Shop
from tests.simulator import Simulator
from tests.world import PROFILE, REGION

PROCESSES = ["AZRebalance", "ScheduledActions"]


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def shown(fleet: Fleet, **options: t.Any) -> dict[str, t.Any]:
    """The plan that a look hands on to the step that acts, as JSON leaves it."""
    look = fleet.redeploy(check_mode=True, **options)
    assert (look.failed, look.writes) == (False, []), look.message
    plan = json.loads(json.dumps(look.result["plan"]))
    assert plan["plan_id"] == look.result["plan_id"]
    assert len(json.dumps(plan)) <= 1024
    return dict(plan)


def refused(run: Run, fleet: Fleet, deployment: str) -> bool:
    """It was refused because of this deployment, and nothing was written."""
    [why] = run.findings("plan_changed")
    assert deployment in why
    assert why.rstrip(".") in run.message
    assert "prod was not changed" in run.message
    assert "Nothing was" not in run.message
    assert (run.failed, run.outcome, run.result["changed"]) == (True, "refused", False)
    # CodeDeploy refuses ours in the very moment of the write.
    assert set(run.writes) <= {"CreateDeployment"}
    return True


def test_what_was_shown_is_carried_out(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    plan = shown(fleet)
    assert (plan["deployment"], plan["target_deployment"]) == (bad, good)
    assert plan["target"]["s3Location"]["key"] == key(1)
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.target, run.result["target_source"]) == ("rolled_back", key(1), "last_good")
    assert (run.result["plan_id"], run.result["direction"]) == (plan["plan_id"], "back")
    assert run.result["target_why"] == plan["why"]
    again = fleet.redeploy(plan=plan)
    assert (again.outcome, again.writes) == ("unchanged", [])


def test_what_was_shown_is_not_shown_again(fleet: Fleet) -> None:
    fleet.bad_release()
    look = fleet.redeploy(check_mode=True)
    assert [key(1) in line for line in look.lines] == [True]
    assert fleet.redeploy(check_mode=True, plan=look.result["plan"]).lines == []


def test_only_a_look_hands_something_on(fleet: Fleet) -> None:
    fleet.bad_release()
    run = fleet.redeploy()
    assert ("plan" in run.result, run.result["plan_id"]) == (False, None)


@pytest.mark.parametrize("settle", [0, 300])
def test_what_somebody_deploys_in_between_is_left_alone(fleet: Fleet, settle: float) -> None:
    """Otherwise the group would go from the fix to the bad revision."""
    fleet.bad_release()
    plan = shown(fleet)
    fix = fleet.deploy(3, settle=settle, description="release 3 of the pipeline")
    run = fleet.redeploy(plan=plan)
    assert refused(run, fleet, fix)
    assert key(3) in run.message
    assert "release 3 of the pipeline" in run.message
    assert fleet.status(fix) == ("Succeeded" if settle else "Created")
    assert fleet.redeploy().target == key(2)


def test_a_pipeline_deploys_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each of the requests of both calls. What was not shown is not stopped, and nothing is deployed over it."""
    asked: list[str] = [""]
    ends = []
    position = 0
    while position < len(asked):
        with Simulator(speed=2.0, profile=PROFILE) as sim:
            fleet = Fleet(Shop(sim, monkeypatch), monkeypatch)
            fleet.bad_release()
            if position == 0:
                asked = [call["operation"] for run in look_and_act(fleet) for call in run.log]
                asked = asked[: asked.index("CreateDeployment") + 1]
            else:
                operation, revision = asked[position], fleet.bundle(3)
                # Counted over both calls, of which each forgets the log of the one before it.
                fleet.meanwhile(operation, nth=asked[: position + 1].count(operation), revision=revision)
                look, run = look_and_act(fleet)
                if key(3) in look.result["before"]["revision_name"]:
                    assert run.target == key(2)
                else:
                    assert refused(run, fleet, fleet.listed()[-1])
                    assert fleet.info(fleet.listed()[-1])["revision"] == revision
                ends.append(run.outcome)
        position += 1
    # The look saw what was there before its list. CodeDeploy itself refuses ours while theirs is running.
    assert ends == ["rolled_back", *["refused"] * (len(asked) - 2)]
    assert len(asked) > 8


def look_and_act(fleet: Fleet) -> tuple[Run, Run]:
    """Both calls."""
    look = fleet.redeploy(check_mode=True)
    return look, fleet.redeploy(plan=look.result["plan"])


def test_what_somebody_deployed_and_codedeploy_rolled_back_counts_too(fleet: Fleet) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    plan = shown(fleet)
    fleet.sim.bundle(key(3), "fail", "AfterInstall")
    fix = fleet.deploy(3, settle=600)
    assert fleet.info(fleet.listed()[-1])["creator"] == "codeDeployRollback"
    assert refused(fleet.redeploy(plan=plan), fleet, fix)


@pytest.mark.parametrize("behaviour", ["ok", "fail", "hang"])
def test_a_deployment_that_only_ended_in_between_is_not_a_change(fleet: Fleet, behaviour: str) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.sim.bundle(key(2), behaviour, "ValidateService")
    fleet.deploy(2, settle=5)
    plan = shown(fleet)
    fleet.sim.advance(600)
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.target, fleet.info(fleet.listed()[-1])["status"]) == ("rolled_back", key(1), "Succeeded")


@pytest.mark.parametrize(("settle", "outcome"), [(0, "rolled_back"), (900, "unchanged")])
def test_codedeploys_own_rollback_to_the_same_target_is_not_a_change(fleet: Fleet, settle: float, outcome: str) -> None:
    fleet.create(autoRollbackConfiguration=AUTOMATIC)
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2, settle=5)
    plan = shown(fleet, in_flight="wait")
    while len(fleet.listed()) < 3:
        fleet.sim.advance(5)
    fleet.sim.advance(settle)
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes) == (outcome, [])
    assert len(fleet.listed()) == 3


def test_a_list_that_lags_does_not_hide_what_was_shown(fleet: Fleet) -> None:
    """The look knew the newest deployment from the group. By now the group names CodeDeploy's rollback of it."""
    fleet.create(autoRollbackConfiguration=AUTOMATIC)
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    bad = fleet.deploy(2, settle=5)
    fleet.sim.late("ListDeployments", seconds=3600)
    plan = shown(fleet, in_flight="wait")
    assert plan["deployment"] == bad
    fleet.sim.advance(900)
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes) == ("unchanged", []), run.message


def test_another_run_that_went_to_the_same_target_is_not_a_change(fleet: Fleet) -> None:
    fleet.bad_release()
    plan = shown(fleet)
    assert fleet.redeploy(wait=False).outcome == "started"
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.method, run.writes) == ("rolled_back", "adopt", [])


def test_nothing_to_do_stays_nothing_to_do(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.redeploy()
    plan = shown(fleet)
    assert plan["target"] is None
    assert fleet.redeploy(plan=plan).outcome == "unchanged"
    fix = fleet.deploy(3)
    assert refused(fleet.redeploy(plan=plan), fleet, fix)


def test_an_object_that_was_replaced_in_between_is_not_deployed(fleet: Fleet) -> None:
    """A place without a version means what is there now: what was there when it was shown is deployed."""
    fleet.bad_release()
    wanted = f"s3://{BUCKET}/{key(4)}"
    before = fleet.bundle(4)["s3Location"]["version"]
    plan = shown(fleet, revision=wanted)
    assert fleet.bundle(4)["s3Location"]["version"] != before
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.result["target"]["s3Location"]["version"]) == ("rolled_back", before)


def test_an_object_that_is_gone_for_good_is_refused(fleet: Fleet) -> None:
    fleet.bad_release(versioned=False)
    wanted = f"s3://{BUCKET}/{key(1)}"
    plan = shown(fleet, revision=wanted)
    client("s3").put_object(Bucket=BUCKET, Key=key(1), Body=b"something else")
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "was replaced" in run.message


def test_nothing_is_deployed_without_what_codedeploy_was_to_suspend(fleet: Fleet) -> None:
    """The look could read the Auto Scaling groups, and left the rest to whoever suspends processes by itself."""
    fleet.scaling_group(desired=0)
    fleet.bad_release(autoScalingGroups=["web"])
    plan = shown(fleet, suspend_processes=PROCESSES)
    assert plan["suspended_by_codedeploy"] == PROCESSES
    fleet.sim.fail("DescribeAutoScalingGroups", code="AccessDeniedException")
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes) == ("refused", [])
    [why] = run.findings("plan_changed")
    assert "CodeDeploy was to suspend AZRebalance, ScheduledActions, and would not now" in why
    assert fleet.redeploy(plan=plan).outcome == "rolled_back"


@pytest.mark.parametrize("kind", ["throttle", "drop"])
def test_what_codedeploy_was_to_suspend_is_asked_for_again_and_again(fleet: Fleet, kind: str) -> None:
    """The answer decides whether anything is deployed, so one that is lost or throttled is not the last."""
    fleet.scaling_group(desired=0)
    fleet.bad_release(autoScalingGroups=["web"])
    plan = shown(fleet, suspend_processes=PROCESSES)
    more = {"code": "Throttling", "times": 3} if kind == "throttle" else {"kind": "drop", "times": 1}
    fleet.sim.fail("DescribeAutoScalingGroups", **more)
    assert fleet.redeploy(plan=plan).outcome == "rolled_back"


def test_what_is_followed_without_being_suspended_is_said(fleet: Fleet) -> None:
    fleet.scaling_group(desired=0)
    fleet.bad_release(autoScalingGroups=["web"])
    plan = shown(fleet, suspend_processes=PROCESSES)
    fleet.redeploy(wait=False)
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.method) == ("rolled_back", "adopt")
    assert run.findings("suspend_processes")[0].startswith("AZRebalance, ScheduledActions are not suspended")


# -- what is read


def operations(run: Run) -> list[str]:
    """Up to the write."""
    asked = [call["operation"] for call in run.log]
    return asked[: asked.index("CreateDeployment") + 1]


def test_nothing_is_read_twice_within_a_minute(fleet: Fleet) -> None:
    """What may have changed is: the deployments, and right before the write which of them is the newest."""
    fleet.create()
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2)
    few = ["BatchGetDeploymentGroups", "ListDeployments", "BatchGetDeployments", "BatchGetDeploymentGroups"]
    plan = shown(fleet, deployment_config="CodeDeployDefault.AllAtOnce")
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, operations(run)) == ("rolled_back", [*few, "CreateDeployment"])


def test_after_a_minute_the_checks_are_made_again(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2)
    plan = shown(fleet, deployment_config="CodeDeployDefault.AllAtOnce")
    fleet.sim.advance(61)
    run = fleet.redeploy(plan=plan)
    assert run.outcome == "rolled_back"
    assert {"HeadObject", "GetDeploymentConfig", "ListDeploymentTargets"} <= set(operations(run))
    assert run.result["content_warnings"] != []


def test_after_a_minute_a_bundle_that_is_gone_is_noticed(fleet: Fleet) -> None:
    fleet.bad_release()
    plan = shown(fleet)
    where = plan["target"]["s3Location"]
    fleet.sim.advance(61)
    fleet.s3.delete_object(Bucket=BUCKET, Key=where["key"], VersionId=where["version"])
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "is no longer there" in run.message


# -- what a plan says


def test_what_was_asked_for_is_done(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    options = {
        "deployment_id": good,
        "file_exists_behavior": "retain",
        "rollback_events": ["none"],
        "override_alarms": "true",
        "deployment_config": "CodeDeployDefault.AllAtOnce",
        "ignore_application_stop_failures": True,
        "update_outdated_instances_only": True,
        "require_pinned": True,
        "in_flight": "refuse",
        "guard_content": True,
        "force": ["again"],
    }
    look = fleet.redeploy(check_mode=True, **options)
    plan = look.result["plan"]
    made = plan.pop("made")
    assert made.endswith("Z")
    assert plan == {
        "plan_id": look.result["plan_id"],
        "account": "123456789012",
        "region": REGION,
        "application": APPLICATION,
        "deployment_group": GROUP,
        "left": look.result["before"]["revision_name"],
        "deployment": bad,
        "target": look.result["target"],
        "target_deployment": good,
        "direction": "back",
        "in_flight": "refuse",
        "file_exists_behavior": "retain",
        "rollback_events": [],
        "override_alarms": "true",
        "deployment_config": "CodeDeployDefault.AllAtOnce",
        "ignore_application_stop_failures": True,
        "update_outdated_instances_only": True,
        "require_pinned": True,
        "suspended_by_codedeploy": [],
        "guard_content": True,
        "force": ["again"],
        "source": "deployment_id",
        "why": look.result["target_why"],
    }
    run = fleet.redeploy(plan={**plan, "made": made})
    assert run.outcome == "rolled_back"
    direct = fleet.redeploy(**options)
    asked, named = run.params("CreateDeployment"), direct.params("CreateDeployment")
    assert {**asked, "description": ""} == {**named, "description": ""}


def test_what_was_forced_is_done_once(fleet: Fleet) -> None:
    """The group is on what is named already, and it is deployed again. The same plan does not do so twice."""
    _good, bad = fleet.bad_release()
    plan = shown(fleet, deployment_id=bad, force=["again"])
    assert fleet.redeploy(plan=plan).writes == ["CreateDeployment"]
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes) == ("unchanged", [])


def test_a_revision_that_is_too_long_for_a_plan(fleet: Fleet) -> None:
    """Of one that was deployed the deployment says which it is; any other one has to be given once more."""
    fleet.create()
    names = [f"{letter * 900}.zip" for letter in "ab"]
    written = [fleet.s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode()) for name in names]
    where = [
        {"bucket": BUCKET, "key": name, "bundleType": "zip", "version": one["VersionId"]}
        for name, one in zip(names, written, strict=True)
    ]
    fleet.deploy(1, revision={"revisionType": "S3", "s3Location": where[0]})
    fleet.deploy(2)
    plan = shown(fleet)
    assert bound.is_cut(plan["target"])
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.target) == ("rolled_back", names[0])
    named = f"s3://{BUCKET}/{names[1]}"
    plan = shown(fleet, revision=named)
    told = fleet.redeploy(plan=plan).result["msg"]
    assert told.startswith(
        "plan: revision is too long for it, and so it has only a fingerprint. Give revision as well."
    )
    wrong = fleet.redeploy(plan=plan, revision=f"s3://{BUCKET}/{key(1)}")
    assert (wrong.outcome, wrong.writes) == ("refused", [])
    run = fleet.redeploy(plan=plan, revision=named)
    assert (run.outcome, run.target) == ("rolled_back", names[1])


# -- what is not taken


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"application": APPLICATION, "deployment_group": GROUP}, "application, deployment_group"),
        ({"steps_back": 2}, "steps_back"),
        ({"in_flight": "stop", "force": []}, "force, in_flight"),
        ({"revision": f"s3://{BUCKET}/{key(1)}"}, "revision"),
        ({"guard_content": False}, "guard_content"),
    ],
)
def test_a_plan_says_what_is_done(fleet: Fleet, more: dict[str, t.Any], named: str) -> None:
    fleet.bad_release()
    run = fleet.redeploy(plan=shown(fleet), **more)
    said = f"plan: it says what is done, so it cannot be given with {named}. The deployment group was not changed."
    assert (run.result["msg"], run.log) == (said, [])


@pytest.mark.parametrize("missing", ["application", "deployment_group"])
def test_without_a_name_and_without_a_plan_there_is_nothing_to_do(fleet: Fleet, missing: str) -> None:
    run = fleet.redeploy(**{missing: ""})
    what = missing.replace("_", " ")
    assert run.result["msg"] == f"{missing}: no {what} is named. Give one, or plan. Nothing was changed."


@pytest.mark.parametrize(
    ("edit", "options", "said"),
    [
        ({"target_deployment": "d-X"}, {}, "plan: that of prod was changed since it was made: its plan_id is "),
        ({"more": 1}, {}, "plan: it is no plan. Give plan as a run in check mode returned it"),
        ({}, {"region": "us-east-1"}, "plan: that of prod is for Region eu-central-1, and this is us-east-1"),
        ({}, {"plan_max_age": 0}, "plan_max_age: 0 is not a number of seconds that a plan may be old"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_before_anything_is_read(
    fleet: Fleet, edit: dict[str, t.Any], options: dict[str, t.Any], said: str
) -> None:
    fleet.bad_release()
    run = fleet.redeploy(plan={**shown(fleet), **edit}, **options)
    assert run.result["msg"].startswith(said)
    assert run.log == []


def test_a_plan_of_another_account_or_of_yesterday_is_refused(fleet: Fleet) -> None:
    fleet.bad_release()
    plan = shown(fleet)
    run = fleet.redeploy(plan=bound.sealed({**plan, "account": "210987654321"}))
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the plan is for account 210987654321, and this is 123456789012" in run.message
    fleet.sim.advance(120)
    assert len(fleet.redeploy(plan=plan, plan_max_age=60).findings("plan_too_old")) == 1
    fleet.sim.advance(86400)
    run = fleet.redeploy(plan=plan)
    assert (run.outcome, run.writes, len(run.findings("plan_too_old"))) == ("refused", [], 1)


def test_it_does_not_become_too_old_while_we_wait(fleet: Fleet) -> None:
    """The deployment in the way takes longer than a plan may be old, and then the target is planned once more."""
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2, settle=5)
    plan = shown(fleet, in_flight="wait")
    run = fleet.redeploy(plan=plan, plan_max_age=5)
    assert (run.outcome, run.target, run.writes) == ("rolled_back", key(1), ["CreateDeployment"])
    assert run.result["timings"]["accepted"] > 5


def test_what_could_not_be_read_is_not_redeployed(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.fail("ListDeployments", code="AccessDeniedException", times=1)
    look = fleet.redeploy(check_mode=True)
    assert (look.outcome, look.result["plan"]["target"]) == ("refused", None)
    run = fleet.redeploy(plan=look.result["plan"])
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the plan shows no revision for prod to go back to: " in run.message


def test_a_plan_is_confirmed_in_check_mode(fleet: Fleet) -> None:
    """It stays the same, so that people find the id that they approved."""
    fleet.bad_release()
    plan = shown(fleet)
    fleet.sim.advance(600)
    run = fleet.redeploy(plan=plan, check_mode=True)
    assert (run.outcome, run.result["plan"], run.writes) == ("planned", plan, [])


def test_with_v_the_line_names_the_plan(fleet: Fleet) -> None:
    fleet.bad_release()
    plan = shown(fleet)
    run = fleet.redeploy(plan=plan, _ansible_verbosity=1)
    assert run.result["summary"].endswith(f" (plan {plan['plan_id']})")


def test_the_info_module_shows_the_same_plan(fleet: Fleet) -> None:
    fleet.bad_release()
    named = {"region": REGION, "application": APPLICATION, "deployment_group": GROUP}
    plan = run_module(codedeploy_deployment_info, **named)["plan"]
    assert {**shown(fleet), "made": "", "plan_id": ""} == {**plan, "made": "", "plan_id": ""}
    assert fleet.redeploy(plan=plan).outcome == "rolled_back"
