# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_status_info, in process, against the simulator: could the services be rolled back now?

None of these looks writes anything: the fixture sees to that.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from ansible_collections.lastgood.aws.plugins.module_utils._status import permissions
from ansible_collections.lastgood.aws.plugins.modules import autoscaling_suspend
from tests.ecr import LATEST, Ecr
from tests.module.code_deploy import BlueGreen
from tests.module.external import BALANCER, External
from tests.module.run import run_module
from tests.module.services import ACCOUNT, CLUSTER, Run, Shop, arn
from tests.module.surroundings import ROLE, SSM, Wire, service_with_everything
from tests.world import REGION

WEB = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/web"
BY_ACTION = {permission.action: permission for permission in permissions.TABLE}
READS = ("BatchGet", "Describe", "Get", "List", "Simulate")
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
USER = f"arn:aws:iam::{ACCOUNT}:user/on-call"


class Looks:
    """Looks at the services of a shop, by a user with policies, unless it is nobody whom IAM knows."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._key: dict[str, str] = {}

    def as_user(self, *statements: dict[str, t.Any]) -> None:
        """From now on by the user ``on-call``, who has these permissions."""
        iam = self.shop.world.client("iam")
        iam.create_user(UserName="on-call")
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName="on-call", PolicyName="some", PolicyDocument=document)
        key = iam.create_access_key(UserName="on-call")["AccessKey"]
        self._key = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}

    def __call__(self, *services: str, **options: t.Any) -> Run:
        run = self.shop.look(*services, **self._key, **options)
        assert [name for name in run.writes if name != "SimulatePrincipalPolicy"] == []
        assert (run.failed, run.result["changed"]) == (False, False)
        return run


@pytest.fixture
def look(shop: Shop) -> Looks:
    """Looks at its services."""
    return Looks(shop)


@pytest.fixture
def allowed(look: Looks) -> Looks:
    """The same by a user who may do everything."""
    look.as_user(EVERYTHING)
    return look


def lacking(run: Run) -> dict[str, tuple[str, str]]:
    """State and weight of what the only service lacks, by permission."""
    return {one["permission"]: (one["state"], one["weight"]) for one in run.only["permissions"]}


def named(run: Run) -> dict[str, str]:
    """By service."""
    return {service["service"]: service["readiness"] for service in run.result["services"]}


def half_done(run: Run) -> dict[str, str]:
    """What is half done on the only service, in words."""
    return {one["what"]: one["message"] for one in run.only["unfinished"]}


# -- what it says of a service


def test_a_service_that_could_go_back(shop: Shop, allowed: Looks) -> None:
    ecr = Ecr(shop.world)
    ecr.push("good")
    for version in (1, 2):
        shop.world.register("web", LATEST, environment=[{"name": "RELEASE", "value": str(version)}])
    shop.create("web:1")
    shop.deploy("web:2")
    run = allowed()
    web = run.only
    assert (web["readiness"], web["findings"], web["permissions"], web["unfinished"]) == ("ready", [], [], [])
    assert (web["outcome"], web["method"], web["target_source"], run.target) == (
        "planned",
        "update_service",
        "last_good",
        "web:1",
    )
    assert (web["running"]["task_definition"], web["running"]["running_count"]) == (arn("web:2"), 2)
    assert web["running"]["since"] == shop.primary()["createdAt"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert run.result["identity"] == USER
    assert run.lines == [web["summary"]]
    assert run.result["summary"] == f"[web] ready: web:2 → web:1  last good: {web['target_why']}"
    assert len(json.dumps(web)) < 1500


@pytest.mark.parametrize("fallback", ["fail", "previous_registered"])
def test_it_says_what_a_rollback_does(shop: Shop, look: Looks, fallback: str) -> None:
    shop.bad_release()
    seen = look(fallback=fallback).only
    plan = shop.rollback(fallback=fallback, check_mode=True).only
    assert {name: seen[name] for name in ("method", "target", "target_source", "target_why", "direction")} == {
        name: plan[name] for name in ("method", "target", "target_source", "target_why", "direction")
    }
    assert [f for f in seen["findings"] if f["check"] != "permissions"] == plan["findings"]
    assert shop.rollback(fallback=fallback).target == "web:1"


def test_all_services_of_a_cluster_with_the_worst_first(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.versions(1, "one")
    shop.create("one:1")
    run = allowed()
    assert named(run) == {"one": "not_ready", "web": "ready_with_warnings"}
    assert next(iter(named(run))) == "one"
    assert run.result["summary"] == "2 services: 1 not ready (one); 1 ready, with warnings"
    assert "holds no good version besides one:1" in run.result["services"][0]["reason"]
    assert named(allowed("web")) == {"web": "ready_with_warnings"}
    assert named(allowed(cluster=None, clusters=["*"])) == named(run)


def test_more_than_ten_services_are_checked_as_thoroughly(shop: Shop, allowed: Looks) -> None:
    shop.versions(2)
    for number in range(11):
        shop.create("web:1", desired=1, name=f"s{number:02}", settle=0)
    shop.sim.advance(300)
    for number in range(11):
        shop.deploy("web:2", settle=0, name=f"s{number:02}")
    shop.sim.advance(600)
    run = allowed()
    assert set(named(run).values()) == {"ready_with_warnings"}
    assert len(named(run)) == 11
    assert "checks_skipped" not in run.everything
    assert len(run.sent("GetTaskProtection")) == 11
    # One for each kind of resource and ten services; what they share is asked once.
    assert len(run.sent("SimulatePrincipalPolicy")) == 6


def test_a_service_that_was_rolled_back_is_ready(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.rollback()
    shop.later()
    web = allowed().only
    assert (web["readiness"], web["outcome"], web["unfinished"]) == ("ready", "unchanged", [])
    assert web["reason"].startswith(
        "web:1: a rollback would change nothing: already rolled back from web:3 to web:1 at "
    )


def test_a_running_deployment(shop: Shop, allowed: Looks) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    shop.sim.deny("ecs:StopServiceDeployment")
    run = allowed()
    assert (run.only["method"], run.only["in_flight"]["status"]) == ("stop_deployment", "IN_PROGRESS")
    assert (run.only["readiness"], lacking(run)) == (
        "not_ready",
        {"ecs:StopServiceDeployment": ("missing", "required")},
    )
    refused = shop.rollback()
    assert (refused.outcome, shop.on()) == ("refused", "web:3")


def test_what_is_not_there(shop: Shop, look: Looks) -> None:
    run = look("nosuch")
    assert (run.only["account"], run.only["running"], run.only["readiness"]) == (None, None, "not_ready")
    assert run.only["reason"].startswith("there is no service nosuch in cluster shop")
    assert look(cluster="nosuch").result["problems"] == [
        "There is no cluster nosuch. Check its name, the Region and the account."
    ]
    empty = look()
    assert (empty.result["services"], empty.result["problems"]) == ([], ["Cluster shop has no services."])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"cluster": ["a", "b"], "service": ["web"]}, "service: services can be named in a single cluster only"),
        ({"service": [""]}, "service: there is an empty name"),
    ],
)
def test_options_that_cannot_be_meant(shop: Shop, options: dict[str, t.Any], why: str) -> None:
    run = shop.look(**options)
    assert (run.failed, run.operations) == (True, [])
    assert run.result["msg"].startswith(why)


# -- what would stop it


def test_everything_that_would_stop_it(shop: Shop, allowed: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    service_with_everything(shop, Wire(monkeypatch))
    before = allowed()
    assert (before.outcome, [f for f in before.only["findings"] if f["severity"] in ("block", "unknown")]) == (
        "planned",
        [],
    ), before.only["reason"]
    world = shop.world
    world.client("secretsmanager").delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    world.client("ssm").delete_parameter(Name="/shop/key")
    world.client("iam").delete_role(RoleName="web")
    world.client("logs").delete_log_group(logGroupName="/shop/web")
    world.alarm(state="ALARM")
    world.ecs.update_service(cluster=CLUSTER, service="web", desiredCount=7)
    shop.sim.advance(600)
    run = allowed()
    found = {f["check"]: f["severity"] for f in run.only["findings"] if f["severity"] != "info"}
    assert {
        "target_secret": "block",
        "target_parameter": "block",
        "target_role": "block",
        "target_log_group": "block",
        "alarms": "warn",
        "capacity": "warn",
    }.items() <= found.items()
    assert (run.only["readiness"], run.outcome) == ("not_ready", "refused")
    for gone in ("secret:db", f"{SSM}/shop/key", "IAM role web (the task role)"):
        assert gone in run.only["reason"]
    refused = shop.rollback()
    assert (refused.outcome, refused.only["reason"]) == ("refused", run.only["reason"].partition(": ")[2])


def test_an_image_that_is_gone(shop: Shop, allowed: Looks) -> None:
    ecr = Ecr(shop.world)
    good = ecr.push("good")
    shop.world.register("web", LATEST)
    shop.create("web:1")
    ecr.push("bad")
    shop.world.register("web", LATEST, environment=[{"name": "RELEASE", "value": "2"}])
    shop.deploy("web:2")
    ecr.delete(imageDigest=good)
    run = allowed()
    assert (run.only["readiness"], run.finding("image_gone")["severity"]) == ("not_ready", "block")
    assert "is not in the registry any more" in run.only["reason"]


def test_a_grace_period_that_is_shorter_than_the_start(shop: Shop, allowed: Looks) -> None:
    shop.versions(2, portMappings=[{"containerPort": 80}], healthCheck={"command": ["x"], "startPeriod": 120})
    shop.create("web:1", loadBalancers=[BALANCER], healthCheckGracePeriodSeconds=60)
    shop.deploy("web:2")
    run = allowed()
    assert (run.outcome, run.only["readiness"]) == ("planned", "ready_with_warnings")
    message = run.finding("grace_period")["message"]
    assert message.startswith("the containers of web:1 are allowed 120 s to start (startPeriod), and the health check ")
    assert "grace period of web is 60 s" in message
    assert shop.rollback(check_mode=True).finding("grace_period") == run.finding("grace_period")


# -- permissions


def test_without_the_history(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.sim.deny("ecs:ListServiceDeployments")
    run = allowed()
    assert (run.only["readiness"], run.only["running"]["task_definition"]) == ("not_ready", arn("web:3"))
    assert lacking(run) == {"ecs:ListServiceDeployments": ("missing", "required")}
    [one] = run.only["permissions"]
    assert one["resources"] == [WEB]
    assert one["cost"].startswith("there is no history: a rollback is refused, unless it names a revision")
    assert f"needs the permission ecs:ListServiceDeployments on {WEB}" in run.only["reason"]
    # With the fallback the rollback is made all the same.
    by_number = allowed(fallback="previous_registered")
    assert (by_number.only["readiness"], by_number.target) == ("ready_with_warnings", "web:2")


def test_what_only_a_write_would_show(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    for action in ("ecs:UpdateService", "ecs:TagResource", "ecs:DeregisterTaskDefinition"):
        shop.sim.deny(action)
    run = allowed()
    assert run.only["readiness"] == "not_ready"
    assert run.only["reason"] == "the permission ecs:UpdateService is missing: AWS refuses the rollback"
    # On all resources IAM cannot say for certain, and it is only an option.
    assert lacking(run) == {"ecs:UpdateService": ("missing", "required"), "ecs:TagResource": ("missing", "lesser")}
    [tags] = [one for one in run.only["permissions"] if one["permission"] == "ecs:TagResource"]
    assert tags["resources"] == [WEB, arn("web:3")]
    assert shop.rollback().outcome == "refused"
    assert shop.on() == "web:3"


def test_the_policy_of_the_page_is_enough(shop: Shop, look: Looks) -> None:
    """With a condition that many policies have."""
    shop.world.client("iam").create_role(RoleName="app", AssumeRolePolicyDocument="{}")
    shop.world.ecs.register_task_definition(
        family="web",
        taskRoleArn=f"{ROLE}/app",
        containerDefinitions=[{"name": "app", "image": "registry/web:1", "memory": 128}],
    )
    shop.versions(1)
    shop.create("web:1")
    shop.deploy("web:2")
    to_ecs = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    actions = ["ecs:*", "application-autoscaling:Describe*", "iam:GetRole"]
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": f"{ROLE}/app", "Condition": to_ecs}
    look.as_user({"Effect": "Allow", "Action": actions, "Resource": "*"}, passes)
    run = look()
    assert (run.target, lacking(run)) == ("web:1", {})
    asked = [action for params in run.sent("SimulatePrincipalPolicy") for action in params["ActionNames"]]
    assert "iam:PassRole" in asked


def test_a_role_that_may_not_be_passed(shop: Shop, look: Looks) -> None:
    shop.world.ecs.register_task_definition(
        family="web",
        executionRoleArn=f"{ROLE}/pull",
        containerDefinitions=[{"name": "app", "image": "registry/web:1", "memory": 128}],
    )
    shop.versions(1)
    shop.create("web:1")
    shop.deploy("web:2")
    shop.world.client("iam").create_role(RoleName="pull", AssumeRolePolicyDocument="{}")
    look.as_user({"Effect": "Allow", "NotAction": "iam:PassRole", "Resource": "*"})
    run = look()
    assert (run.only["readiness"], lacking(run)) == ("not_ready", {"iam:PassRole": ("missing", "required")})
    assert run.only["permissions"][0]["resources"] == [f"{ROLE}/pull"]


@pytest.mark.parametrize(("cluster", "lacks"), [("shop", False), ("other", True)])
def test_a_policy_for_one_cluster(shop: Shop, look: Looks, cluster: str, lacks: bool) -> None:
    shop.releases(2)
    here = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{cluster}"}}
    look.as_user(
        {"Effect": "Allow", "NotAction": "ecs:UpdateService", "Resource": "*"},
        {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*", "Condition": here},
    )
    assert lacking(look()) == ({"ecs:UpdateService": ("missing", "required")} if lacks else {})


def test_what_depends_on_the_request_is_not_known(shop: Shop, look: Looks) -> None:
    shop.releases(2)
    from_here = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    look.as_user(
        {"Effect": "Allow", "NotAction": "ecs:UpdateService", "Resource": "*"},
        {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*", "Condition": from_here},
    )
    run = look()
    assert (run.only["readiness"], lacking(run)) == (
        "ready_with_warnings",
        {"ecs:UpdateService": ("unknown", "required")},
    )


def test_if_iam_may_not_be_asked_that_is_said(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.sim.deny("iam:SimulatePrincipalPolicy")
    run = allowed()
    finding = run.finding("permissions")
    assert (finding["severity"], run.only["readiness"]) == ("unknown", "ready_with_warnings")
    assert finding["message"].startswith("what the identity may write is not known. Failed to ask IAM what ")
    assert "needs the permission iam:SimulatePrincipalPolicy" in finding["message"]
    assert lacking(run) == {"iam:SimulatePrincipalPolicy": ("missing", "option")}
    assert len(run.sent("SimulatePrincipalPolicy")) == 1


def test_with_read_only_access_all_can_be_seen(shop: Shop, look: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    service_with_everything(shop, Wire(monkeypatch))
    # moto has a copy of AWS's own policies.
    look.as_user(*json.loads(aws_managed_policies_data)["ReadOnlyAccess"]["Document"]["Statement"])
    run = look()
    assert (run.target, run.only["readiness"]) == ("web:1", "not_ready")
    assert {one for one, (_state, weight) in lacking(run).items() if weight != "option"} == {
        "ecs:UpdateService",
        "ecs:StopServiceDeployment",
        "ecs:ContinueServiceDeployment",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:RegisterTaskDefinition",
        "iam:PassRole",
    }
    # moto enforces policies under other names than AWS, so what this look has read is asked of IAM.
    reads = [action for action in BY_ACTION if action.partition(":")[2].startswith(READS)]
    answer = shop.world.client("iam").simulate_principal_policy(PolicySourceArn=USER, ActionNames=reads)
    assert {result["EvalDecision"] for result in answer["EvaluationResults"]} == {"allowed"}
    assert {*reads} >= {f"ecs:{name}" for name in run.operations if name.startswith("DescribeService")}


def test_a_denial_is_told_of_the_service_that_it_is_about(shop: Shop, allowed: Looks) -> None:
    shop.releases(2)
    shop.create("web:1", name="api")
    shop.deploy("web:2", name="api")
    shop.sim.deny("ecs:ListServiceDeployments", "api")
    run = allowed()
    lacks = {s["service"]: [one["permission"] for one in s["permissions"]] for s in run.result["services"]}
    assert lacks == {"api": ["ecs:ListServiceDeployments"], "web": []}


def test_a_service_without_a_plan_shows_what_runs(shop: Shop, allowed: Looks) -> None:
    shop.releases(2)
    shop.sim.deny("ecs:DescribeTaskDefinition")
    run = allowed()
    assert (run.only["account"], run.only["readiness"]) == (ACCOUNT, "not_ready")
    assert run.only["running"]["task_definition"] == arn("web:2")
    assert lacking(run) == {"ecs:DescribeTaskDefinition": ("missing", "required")}


def test_services_that_codedeploy_deploys(shop: Shop, allowed: Looks) -> None:
    blue_green = BlueGreen(shop)
    blue_green.bad_release()
    for action in ("codedeploy:CreateDeployment", "codedeploy:StopDeployment", "ecs:UpdateService"):
        shop.sim.deny(action)
    run = allowed()
    assert (run.only["method"], run.only["readiness"]) == ("codedeploy_deployment", "not_ready")
    group = f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:shop/web"
    lacks = {one["permission"]: one["resources"] for one in run.only["permissions"]}
    assert lacks == {"codedeploy:CreateDeployment": [group], "codedeploy:StopDeployment": [group]}


def test_services_with_the_controller_external(shop: Shop, allowed: Looks) -> None:
    External(shop).released()
    shop.sim.deny("ecs:UpdateServicePrimaryTaskSet")
    run = allowed()
    assert (run.only["method"], run.only["readiness"]) == ("primary_task_set", "not_ready")
    assert lacking(run) == {"ecs:UpdateServicePrimaryTaskSet": ("missing", "required")}


# -- what is half done


def test_a_rollback_that_was_killed(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.killed(at_sleep=2)
    shop.sim.advance(600)
    run = allowed()
    assert run.only["readiness"] == "ready_with_warnings"
    assert list(half_done(run)) == ["rollback"]
    assert half_done(run)["rollback"].startswith("a rollback from web:3 to web:1 was begun at ")
    # The same rollback finishes it.
    assert shop.rollback().outcome in ("rolled_back", "unchanged")
    shop.later()
    assert half_done(allowed()) == {}


def test_what_could_not_be_done_at_the_end(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.sim.deny("ecs:DeregisterTaskDefinition")
    shop.rollback(deregister=True)
    shop.later()
    run = allowed()
    assert list(half_done(run)) == ["deregistration"]
    assert "web:3 is not deregistered yet" in half_done(run)["deregistration"]


def test_scaling_that_is_still_suspended(shop: Shop, allowed: Looks) -> None:
    shop.bad_release()
    shop.world.make_scalable(CLUSTER, "web", 1, 5)
    given = {"cluster": CLUSTER, "services": ["web"], "region": REGION}
    run_module(autoscaling_suspend, state="suspended", reason="500s", **given)
    shop.later()
    run = allowed()
    assert list(half_done(run)) == ["auto_scaling"]
    assert "ansible-playbook lastgood.aws.restore_scaling" in half_done(run)["auto_scaling"]
    run_module(autoscaling_suspend, state="restored", **given)
    shop.later()
    assert half_done(allowed()) == {}
    shop.world.make_scalable(CLUSTER, "web", 1, 5, scale_in=True)
    run = allowed()
    assert (half_done(run), run.finding("auto_scaling")["severity"]) == ({}, "info")


def test_what_is_not_to_be_reached_costs_seconds(shop: Shop, allowed: Looks) -> None:
    """The simulator's clock moves on by what a client waits. Neither is asked again, for however many services."""
    names = ["web", *(f"web-{number}" for number in range(11))]
    shop.versions(2)
    for name in names:
        shop.create("web:1", name=name)
        shop.deploy("web:2", name=name)
    silent = ("sts:GetCallerIdentity", "application-autoscaling:DescribeScalableTargets")
    for operation in silent:
        shop.sim.fail(operation, kind="hang", times=None)
    began = shop.sim.now()
    run = allowed(*names)
    assert shop.sim.now() - began <= 15
    assert [len(run.sent(operation.partition(":")[2])) for operation in silent] == [1, 1]
    for service in run.result["services"]:
        unknown = {f["check"] for f in service["findings"] if f["severity"] == "unknown"}
        assert {"permissions", "auto_scaling"} <= unknown


@pytest.mark.parametrize("action", ["DescribeScalableTargets", "ListTagsForResource"])
def test_scaling_that_cannot_be_read(shop: Shop, allowed: Looks, action: str) -> None:
    shop.bad_release()
    shop.world.make_scalable(CLUSTER, "web", 1, 5)
    shop.sim.deny(f"application-autoscaling:{action}")
    run = allowed()
    assert run.finding("auto_scaling")["severity"] == "unknown"
    assert lacking(run)[f"application-autoscaling:{action}"][0] == "missing"
