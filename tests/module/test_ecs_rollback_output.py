# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: check mode, diff, the shape of results, and secrets."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.modules import ecs_rollback, ecs_rollback_info
from tests.module.services import BREAKER, NEVER_STARTS, Run, Shop, arn
from tests.world import ACCESS_KEY, SECRET_KEY

SECRETS = ("hunter2-old", "hunter2-new", "splunk-0123456789", "a-key-in-ssm")
OTHER_NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-99999999"], "securityGroups": ["sg-99999999"]}}


def container(password: str) -> dict[str, t.Any]:
    """A container with things in it that nobody should read in a log."""
    return {
        "environment": [{"name": "DB_PASSWORD", "value": password}, {"name": "SHOP", "value": "hunter2-old"}],
        "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "splunk-0123456789"}},
        "secrets": [{"name": "API_KEY", "valueFrom": "arn:aws:ssm:eu-central-1:123456789012:parameter/api-key"}],
    }


def with_secrets(shop: Shop) -> None:
    """web:1 is good, web:2 is bad, and both have passwords in them."""
    shop.world.client("ssm").put_parameter(Name="api-key", Value=SECRETS[3], Type="String")
    shop.versions(1, **container("hunter2-old"))
    shop.versions(1, **container("hunter2-new"))
    shop.create("web:1")
    shop.deploy("web:2")


def documented(module: t.Any, check_mode: bool = False) -> dict[str, t.Any]:
    """What RETURN says of one service."""
    contains = yaml.safe_load(module.RETURN)["services"]["contains"]
    return {name: item for name, item in contains.items() if check_mode or item["returned"] != "in check mode"}


# -- check mode


def test_check_mode_plans_and_writes_nothing(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.failed, run.result["changed"], run.writes) == ("planned", False, True, [])
    assert (run.target, run.only["method"], shop.on()) == ("web:1", "update_service", "web:3")
    assert run.message == "[web] planned: web:3 → web:1 by update_service; nothing was written"


def test_check_mode_of_a_native_stop(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.only["method"], run.writes) == ("planned", "stop_deployment", [])
    assert shop.history()[0] == ("web:3", "IN_PROGRESS")


def test_check_mode_of_a_rollback_that_is_running_changes_nothing(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2", settle=5)
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.only["method"], run.result["changed"]) == ("planned", "adopt", False)


def test_check_mode_with_deregister_deregisters_nothing(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(check_mode=True, deregister=True)
    assert (run.writes, run.only["deregistered"], shop.status("web:3")) == ([], None, "ACTIVE")


def test_check_mode_of_what_is_refused_is_refused(shop: Shop) -> None:
    run = shop.rollback("nonesuch", check_mode=True)
    assert (run.outcome, run.failed) == ("refused", True)


def test_check_mode_of_what_is_unchanged_is_unchanged(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.result["changed"]) == ("unchanged", False)


def test_check_mode_does_what_the_real_run_does_after_it(shop: Shop) -> None:
    shop.bad_release()
    planned, real = shop.rollback(check_mode=True).only, shop.rollback().only
    same = ("target", "target_source", "target_why", "method", "left", "before")
    assert {name: planned[name] for name in same} == {name: real[name] for name in same}


# -- diff


def test_the_diff_is_between_what_is_left_and_the_target(shop: Shop) -> None:
    shop.bad_release()
    [diff] = shop.rollback(check_mode=True, diff=True).result["diff"]
    assert (diff["before_header"], diff["after_header"]) == ("web: web:3", "web: web:1")
    assert json.loads(diff["before"])["containerDefinitions"][0]["image"] == "registry/web:3"
    assert json.loads(diff["after"])["containerDefinitions"][0]["image"] == "registry/web:1"


def test_the_diff_holds_no_bookkeeping(shop: Shop) -> None:
    shop.releases(2)
    [diff] = shop.rollback(check_mode=True, diff=True).result["diff"]
    assert not {"taskDefinitionArn", "revision", "status", "registeredAt"} & set(json.loads(diff["before"]))


def test_the_diff_names_what_is_not_reverted(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", networkConfiguration=OTHER_NETWORK)
    [diff] = shop.rollback(check_mode=True, diff=True).result["diff"]
    assert diff["after"].endswith("# NOT reverted by a rollback of the task definition: networkConfiguration\n")


def test_the_diff_says_which_hidden_values_differ(shop: Shop) -> None:
    with_secrets(shop)
    [diff] = shop.rollback(check_mode=True, diff=True).result["diff"]
    assert json.loads(diff["after"])["containerDefinitions"][0]["environment"] == {
        "DB_PASSWORD": "(another value, not shown)",
        "SHOP": "(value not shown)",
    }


def test_a_version_that_cannot_be_read_does_not_break_the_diff(shop: Shop) -> None:
    shop.releases(2)
    shop.sim.fail(
        "DescribeTaskDefinition", code="AccessDeniedException", times=None, when={"taskDefinition": arn("web:2")}
    )
    [diff] = shop.rollback(check_mode=True, diff=True).result["diff"]
    assert diff["before"] == "(it cannot be read)\n"


def test_there_is_no_diff_of_what_does_not_move(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    assert shop.rollback(diff=True).result["diff"] == []


def test_without_diff_there_is_none(shop: Shop) -> None:
    shop.bad_release()
    assert "diff" not in shop.rollback().result


# -- secrets


def secrets_in(run: Run) -> list[str]:
    """The secrets that can be read in what leaves the module, or in what Ansible would show of its parameters."""
    shown = json.dumps(run.result) + run.everything
    return [secret for secret in (*SECRETS, SECRET_KEY) if secret in shown]


@pytest.mark.parametrize("check_mode", [True, False])
def test_no_secret_leaves_the_module(shop: Shop, check_mode: bool) -> None:
    with_secrets(shop)
    run = shop.rollback(check_mode=check_mode, diff=True, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    assert run.outcome in ("planned", "rolled_back")
    assert ("DB_PASSWORD" in run.everything, secrets_in(run)) == (True, [])


def test_no_secret_leaves_the_module_when_it_fails(shop: Shop) -> None:
    with_secrets(shop)
    shop.broken("web:1", **NEVER_STARTS)
    run = shop.rollback(diff=True)
    assert (run.outcome, secrets_in(run)) == ("failed", [])


def test_no_secret_leaves_the_info_module(shop: Shop) -> None:
    with_secrets(shop)
    assert secrets_in(shop.info()) == []


# -- the result


def test_a_whole_result(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.image("registry/web:1", digest="sha256:" + "1" * 64)
    run = shop.rollback()
    service, primary = run.only, shop.primary()
    assert service["before"]["task_definition"] == arn("web:3")
    assert service["after"] == {
        "task_definition": arn("web:1"),
        "service_revision": shop.service()["currentServiceRevisions"][0]["arn"],
        "deployment_id": primary["id"],
        "image_digests": {"app": "sha256:" + "1" * 64},
        "desired_count": 2,
        "running_count": 2,
    }
    assert (service["target"]["task_definition"], service["left"]) == (arn("web:1"), arn("web:3"))
    assert (service["service"], service["cluster"]) == ("web", "shop")


@pytest.mark.parametrize(
    "options",
    [{}, {"check_mode": True}, {"wait": False}, {"deregister": True}, {"steps_back": 9}, {"wait_timeout": 5}],
)
def test_a_result_has_what_its_documentation_says_and_nothing_else(shop: Shop, options: dict[str, t.Any]) -> None:
    shop.bad_release()
    run = shop.rollback(**options)
    described = documented(ecs_rollback, options.get("check_mode", False))
    assert set(run.only) == set(described)
    for part in ("before", "after"):
        assert set(run.only[part]) == set(described["before"]["contains"])
    if run.only["target"] is not None:
        assert set(run.only["target"]) == set(described["target"]["contains"])
    top = set(yaml.safe_load(ecs_rollback.RETURN))
    assert top <= set(run.result)


def test_a_refusal_has_the_same_members(shop: Shop) -> None:
    assert set(shop.rollback("nonesuch").only) == set(documented(ecs_rollback))


@pytest.mark.parametrize("names", [["web"], ["nonesuch"]])
def test_the_info_has_what_its_documentation_says_and_nothing_else(shop: Shop, names: list[str]) -> None:
    shop.bad_release()
    service = shop.info(*names).only
    described = documented(ecs_rollback_info)
    assert set(service) == set(described)
    for part in ("current", "target"):
        if service[part] is not None:
            assert set(service[part]) == set(described[part]["contains"])
    for candidate in service["candidates"]:
        assert set(candidate) == set(described["candidates"]["contains"])


def test_the_outcomes_are_those_that_are_documented(shop: Shop) -> None:
    shop.bad_release()
    words = " ".join(documented(ecs_rollback)["outcome"]["description"])
    shop.versions(1)
    seen = {shop.rollback(check_mode=True).outcome, shop.rollback().outcome, shop.rollback().outcome}
    seen |= {shop.rollback("nonesuch").outcome}
    assert {outcome for outcome in seen if f"V({outcome})" not in words} == set()


def test_what_the_circuit_breaker_says_is_in_the_diagnosis(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.broken("web:1", **NEVER_STARTS)
    diagnosis = shop.rollback().only["diagnosis"]
    assert set(diagnosis) == set(documented(ecs_rollback)["diagnosis"]["contains"])
    assert any("circuit breaker" in str(part) or "tasks failed to start" in str(part) for part in diagnosis.values())
