# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules run by a user who has exactly the policy of docs/policies/, or only the least statement of it.

The simulator evaluates the policy, with its conditions.
"""

from __future__ import annotations

import contextlib
import json
import typing as t
from collections.abc import Iterator

import boto3
import pytest
from moto import settings

from ansible_collections.lastgood.aws.plugins.modules import (
    codedeploy_auto_rollback,
    codedeploy_deployment_info,
    ecs_auto_rollback,
    ecs_revision_mark,
    rollback_notify,
)
from tests import granted
from tests.mailbox import Mailbox
from tests.module.code_deploy import BlueGreen
from tests.module.external import External
from tests.module.fleet import Fleet
from tests.module.run import ModuleFailed, run_module
from tests.module.services import CLUSTER, Shop
from tests.world import REGION

ROLE = "arn:aws:iam::123456789012:role/app"
LACKS = "needs the permission"
Policy = dict[str, t.Any]
Allowed = t.Callable[[Policy], contextlib.AbstractContextManager[None]]


@pytest.fixture
def allowed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Allowed:
    """`with allowed(policy):` modules may do what the policy says, and nothing else."""
    iam = boto3.client("iam", region_name=REGION)
    iam.create_user(UserName="on-call")

    @contextlib.contextmanager
    def user(policy: Policy) -> Iterator[None]:
        iam.put_user_policy(UserName="on-call", PolicyName="some", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="on-call")["AccessKey"]
        with monkeypatch.context() as patches:
            patches.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
            patches.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
            patches.delenv("AWS_SESSION_TOKEN", raising=False)
            patches.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
            yield
        iam.delete_access_key(UserName="on-call", AccessKeyId=key["AccessKeyId"])

    return user


def whole(name: str) -> Policy:
    """The policy as it is published."""
    policy: Policy = json.loads((granted.PROGRAM.parents[1] / "docs" / "policies" / f"{name}.json").read_text())
    return policy


def elsewhere(policy: Policy) -> Policy:
    """The same for another cluster."""
    text = json.dumps(policy)
    assert "cluster/*" in text
    return t.cast("Policy", json.loads(text.replace("cluster/*", "cluster/other")))


def release(shop: Shop) -> None:
    """web:1 is good, web:2 is bad. Both name a role, so deploying them passes it."""
    for version in (1, 2):
        shop.world.ecs.register_task_definition(
            family="web",
            taskRoleArn=ROLE,
            executionRoleArn=ROLE,
            containerDefinitions=[{"name": "app", "image": f"registry/web:{version}", "memory": 128}],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
        )
    shop.create("web:1")
    shop.deploy("web:2")


@pytest.mark.parametrize("name", ["ecs_rollback", "rollback"])
def test_a_rollback_under_its_whole_policy_lacks_nothing(shop: Shop, allowed: Allowed, name: str) -> None:
    boto3.client("iam", region_name=REGION).create_role(RoleName="app", AssumeRolePolicyDocument="{}")
    release(shop)
    with allowed(whole(name)):
        run = shop.rollback(deregister=True, reason="500s")
        assert (run.outcome, run.target, run.only["deregistered"]) == ("rolled_back", "web:1", run.only["left"])
    assert LACKS not in run.everything
    assert {finding["severity"] for finding in run.only["findings"]} <= {"info"}
    assert shop.tags("web:2")["lastgood:bad"].endswith("500s")
    assert "lastgood:rollback-done" in shop.service_tags()


def test_a_rollback_under_the_least_goes_back_and_says_what_it_lacks(shop: Shop, allowed: Allowed) -> None:
    release(shop)
    with allowed(granted.least("ecs_rollback")):
        run = shop.rollback(reason="500s")
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert f"{LACKS} ecs:TagResource" in run.everything
    assert shop.tags("web:2") == {}


def test_one_in_flight_under_the_least(shop: Shop, allowed: Allowed) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.broken("web:2")
    shop.deploy("web:2", settle=20)
    with allowed(granted.least("ecs_rollback")):
        run = shop.rollback()
    assert (run.outcome, run.only["method"]) == ("rolled_back", "stop_deployment")


def least_without(action: str) -> Policy:
    """The least policy of a rollback, but for one action. A statement has to have one."""
    policy = granted.least("ecs_rollback")
    for statement in policy["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action] or ["ecs:Nothing"]
    return policy


@pytest.mark.parametrize(
    "action", ["ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:DescribeServiceRevisions"]
)
def test_without_one_of_the_least_it_is_refused(shop: Shop, allowed: Allowed, action: str) -> None:
    release(shop)
    with allowed(least_without(action)):
        run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert f"{LACKS} {action}" in run.message


@pytest.mark.parametrize("action", ["ecs:UpdateService", "iam:PassRole"])
def test_without_one_that_the_write_needs_nothing_is_deployed(shop: Shop, allowed: Allowed, action: str) -> None:
    release(shop)
    with allowed(least_without(action)):
        run = shop.rollback()
    assert (run.outcome, shop.on()) == ("refused", "web:2")
    assert action in run.message


def test_a_policy_for_another_cluster_is_refused(shop: Shop, allowed: Allowed) -> None:
    release(shop)
    with allowed(elsewhere(whole("ecs_rollback"))):
        run = shop.rollback()
    assert (run.outcome, shop.on()) == ("refused", "web:2")
    assert f"{LACKS} ecs:DescribeServices" in run.message


def test_services_of_codedeploy_under_the_least(shop: Shop, allowed: Allowed) -> None:
    BlueGreen(shop).bad_release()
    with allowed(granted.least("ecs_rollback", "LeastCodeDeploy")):
        run = shop.rollback()
    assert run.outcome == "rolled_back", run.message


def test_task_sets_under_the_least(shop: Shop, allowed: Allowed) -> None:
    External(shop).released(old_scale=0)
    with allowed(granted.least("ecs_rollback", "LeastExternal")):
        run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_looking_under_the_least(shop: Shop, allowed: Allowed) -> None:
    release(shop)
    with allowed(granted.least("ecs_rollback_info")):
        assert shop.info().only["target"]["task_definition"].endswith("web:1")
    with allowed(granted.least("ecs_status_info")):
        looked = shop.look()
    assert [service["service"] for service in looked.result["services"]] == ["web"]


def test_a_deployment_under_the_least(shop: Shop, allowed: Allowed) -> None:
    release(shop)
    with allowed(granted.least("ecs_deploy")):
        assert shop.release(1).outcome == "deployed"
    shop.deploy("web:2", settle=0)
    with allowed(granted.least("ecs_deployment_wait")):
        assert shop.wait().outcome == "stable"


def test_a_deployment_that_goes_back_needs_one_statement_more(shop: Shop, allowed: Allowed) -> None:
    release(shop)
    shop.broken("web:1", behaviour="crash", after=5)
    with allowed(granted.least("ecs_deploy", "Least", "GoBack", "Reasons")):
        run = shop.release(1, rollback_events=["DEPLOYMENT_FAILURE"])
    assert (run.outcome, shop.on()) == ("rolled_back", "web:2")


def test_marks_under_the_least(shop: Shop, allowed: Allowed) -> None:
    shop.versions(2)
    given = {"region": REGION, "task_definition": ["web:2"], "mark": "bad"}
    with allowed(granted.least("ecs_revision_mark")):
        assert run_module(ecs_revision_mark, **given)["changed"]
        shop.later()
        with pytest.raises(ModuleFailed, match="ecs:UntagResource"):
            run_module(ecs_revision_mark, state="absent", **given)
    with allowed(whole("ecs_revision_mark")):
        assert run_module(ecs_revision_mark, state="absent", **given)["changed"]
    assert shop.tags("web:2") == {}


def test_protection_under_the_least(shop: Shop, allowed: Allowed) -> None:
    shop.versions(1)
    shop.create("web:1")
    with allowed(granted.least("ecs_auto_rollback")):
        result = run_module(
            ecs_auto_rollback, region=REGION, cluster=CLUSTER, service=["web"], circuit_breaker={"enable": True}
        )
    assert result["changed"]


def test_deployment_groups_under_the_least(shop: Shop, allowed: Allowed, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet(shop, monkeypatch)
    monkeypatch.setattr(codedeploy_deployment_info, "Clock", lambda: shop.clock)
    fleet.bad_release()
    named = {"region": REGION, "application": "web", "deployment_group": "prod"}
    with allowed(granted.least("codedeploy_deployment_info", "LeastRedeploy")):
        assert run_module(codedeploy_deployment_info, **named)["outcome"] == "planned"
    with allowed(granted.least("codedeploy_auto_rollback")):
        assert run_module(codedeploy_auto_rollback, enabled=True, **named)["changed"]
    with allowed(granted.least("codedeploy_redeploy", "LeastRedeploy")):
        assert fleet.redeploy().outcome == "rolled_back"


def test_telling_people_under_the_least(shop: Shop, allowed: Allowed) -> None:
    topic = Mailbox(shop.world).topic
    told = {"region": REGION, "results": [], "summary": "[web] rolled_back", "run_id": "run-1", "topic_arn": topic}
    with allowed(granted.least("rollback_notify")):
        assert run_module(rollback_notify, **told)["sent"]
    with allowed(granted.least("ecs_rollback")):
        assert not run_module(rollback_notify, **told)["sent"]
