# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that one job shows, somebody approves, and a later job carries out, exactly or not at all."""

from __future__ import annotations

import json
import typing as t

from tests.e2e.conftest import Rollback
from tests.e2e.fleet import Fleet
from tests.e2e.stage import CLUSTER, Stage


def shown(rollback: Rollback, **variables: object) -> dict[str, t.Any]:
    """What a run with --check publishes."""
    done = rollback("--check", **variables)
    assert done.rc == 0
    plan: dict[str, t.Any] = done.published["rollback_plan"]
    return plan


def by_plan(rollback: Rollback, plan: t.Any, **variables: object) -> t.Any:
    """A later job. AWX hands over artifacts as they are, and text from a survey."""
    return rollback(**{"services": "", "cluster": "", "approved_plan": plan, **variables})


def test_somebody_deploys_after_the_approval(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    plan = shown(rollback, deregister="true")
    [item] = plan.values()
    assert item["plan"]["plan_id"] == item["plan_id"]
    assert len(json.dumps(item["plan"])) <= 1024
    stage.deploy("web", 4)
    stage.control.reset_calls()
    done = by_plan(rollback, json.dumps(plan), services="web", cluster=CLUSTER)
    assert (done.rc, done.outcomes, len(done.messages)) == (2, {"web": "refused"}, 1)
    assert "somebody deployed web:4 (deployment ecs-svc/" in done.messages[0]
    assert len(done.findings("plan_changed")) == 1
    assert stage.writes() == []
    assert stage.on() == "web:4"
    # The same for what does not fit the plan, before anything is read.
    stage.control.reset_calls()
    other = by_plan(rollback, plan, cluster="dev")
    assert (other.rc, stage.control.log()) == (2, [])
    assert "is for cluster shop, and rollback_cluster is dev" in other.messages[0]


def test_the_bad_deployment_merely_finishes(stage: Stage, rollback: Rollback) -> None:
    """It is carried out although the way is another one by then."""
    stage.good_service("web")
    stage.world.register("web", "registry/web:2")
    stage.world.deploy(CLUSTER, "web", "web:2")
    plan = shown(rollback, deregister="true", tasks="3")
    [item] = plan.values()
    assert (item["method"], item["plan"]["target"]) == ("stop_deployment", "web:1")
    stage.pass_time(600)
    assert stage.on() == "web:2"
    done = by_plan(rollback, plan)
    assert (done.rc, done.outcomes) == (0, {"web": "rolled_back"})
    web = done.of()
    assert (web["method"], web["plan_id"], web["after"]["desired_count"]) == ("update_service", item["plan_id"], 3)
    assert (stage.runs(), stage.status("web:2")) == ({"web:1": 3}, "INACTIVE")
    # Once more, and a day later.
    assert by_plan(rollback, plan).outcomes == {"web": "unchanged"}
    stage.control.advance(86400)
    stage.control.reset_calls()
    late = by_plan(rollback, plan)
    assert (late.rc, late.outcomes, stage.writes()) == (2, {"web": "refused"}, [])
    assert "rollback_plan_max_age is 86400 s" in late.messages[0]


def test_nothing_is_read_twice(stage: Stage, rollback: Rollback) -> None:
    """Up to the write, by the look-up and the step that acts together."""
    stage.story()
    stage.control.reset_calls()
    assert rollback().outcomes == {"web": "rolled_back"}
    operations = [call["operation"] for call in stage.control.log()]
    before = operations[: operations.index("UpdateService")]
    most = {
        "DescribeServices": 3,
        "ListServiceDeployments": 2,
        "DescribeServiceDeployments": 2,
        "DescribeServiceRevisions": 2,
        "DescribeTaskDefinition": 5,
        "ListTasks": 1,
        "GetTaskProtection": 1,
        # The record of what comes next.
        "TagResource": 1,
    }
    assert {name: before.count(name) for name in before if before.count(name) > most.get(name, 0)} == {}


def test_a_deployment_group(stage: Stage, redeploy: Rollback) -> None:
    """Somebody deploys after the approval. The next plan is approved, and carried out as it was shown, once."""
    fleet = Fleet(stage)
    good, bad = fleet.story()
    stage.control.reset_calls()
    [item] = shown(redeploy).values()
    assert (item["plan"]["target_deployment"], item["plan"]["deployment"]) == (good, bad)
    assert (item["plan"]["plan_id"], len(json.dumps(item["plan"])) <= 1024) == (item["plan_id"], True)
    theirs = fleet.deploy(3)
    stage.control.reset_calls()
    nothing = {"application": "", "deployment_group": ""}
    done = redeploy(**nothing, approved_plan=json.dumps({"any": item}))
    assert (done.rc, done.outcomes, stage.writes(), len(done.messages)) == (2, {"prod": "refused"}, [], 1), done.stdout
    [why] = done.findings("plan_changed", "prod")
    assert why.startswith("somebody deployed s3://bundles/web-3.zip")
    assert theirs in why
    assert fleet.on() == "web-3.zip"

    plan = shown(redeploy, file_exists_behavior="overwrite", deployment_config="CodeDeployDefault.AllAtOnce")
    stage.control.reset_calls()
    # What does not fit the plan, before anything is read.
    other = redeploy(application="shop", deployment_group="", approved_plan=plan)
    assert (other.rc, stage.control.log()) == (2, [])
    assert "is for application web, and rollback_application is shop" in other.messages[0]
    done = redeploy(**nothing, approved_plan=plan, deployment_config="CodeDeployDefault.AllAtOnce")
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-2.zip"), done.stdout
    [item] = plan.values()
    made = fleet.deployment(done.of("prod")["deployment_id"])
    assert (done.of("prod")["plan_id"], made["fileExistsBehavior"]) == (item["plan_id"], "OVERWRITE")
    assert made["deploymentConfigName"] == "CodeDeployDefault.AllAtOnce"
    assert redeploy(**nothing, approved_plan=plan).outcomes == {"prod": "unchanged"}
