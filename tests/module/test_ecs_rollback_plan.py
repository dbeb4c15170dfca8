# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: what happens between a look and the act."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from tests.module import strategies
from tests.module.code_deploy import BlueGreen
from tests.module.external import External
from tests.module.services import BREAKER, CLUSTER, Run, Shop, arn
from tests.simulator import Simulator
from tests.world import PROFILE, REGION

BY_HAND = "by hand"


def look(shop: Shop, *services: str, **options: t.Any) -> list[dict[str, t.Any]]:
    """What check mode hands on."""
    return [item["plan"] for item in shop.rollback(*services, check_mode=True, **options).result["services"]]


def half_way(shop: Shop, **more: t.Any) -> None:
    """web:1 and web:2 are good, web:2 is marked bad, and web:3 is being deployed: back to web:1."""
    shop.releases(2, **more)
    shop.mark("web:2", "lastgood:bad", BY_HAND)
    shop.versions(1)
    shop.deploy("web:3", settle=20)


def refused(shop: Shop, run: Run, version: str) -> None:
    """Somebody has deployed this version: it stays, and nobody marks anything."""
    assert (run.outcome, run.failed, run.only["changed"]) == ("refused", True, False)
    # The record of what was to come is taken back.
    assert (run.writes in ([], ["TagResource", "UntagResource"]), shop.service_tags()) == (True, {})
    assert f"somebody deployed {version} (" in run.message
    assert run.finding("plan_changed")["severity"] == "block"
    assert (run.only["target"], run.only["left"], run.only["method"]) == (None, None, "none")
    assert [shop.tags(v) for v in ("web:1", "web:3", "web:4")] == [{}, {}, {}]
    assert shop.status("web:3") == shop.status("web:4") == "ACTIVE"


# -- somebody deploys


def test_what_a_look_hands_on(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(check_mode=True)
    record = shop.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"][0]
    plan = run.only["plan"]
    assert {key: value for key, value in plan.items() if key not in ("plan_id", "made")} == {
        "account": "123456789012",
        "region": REGION,
        "cluster": CLUSTER,
        "service": "web",
        "left": "web:3",
        "primary": shop.primary()["id"],
        "deployment": record["serviceDeploymentArn"].rpartition("/")[2],
        "target": "web:1",
        "pin_images": "auto",
        "digests": {},
        "tasks": None,
        "fast": False,
        "in_flight": "stop",
        "deregister": False,
        "force": [],
        "source": "last_good",
        "why": run.only["target_why"],
    }
    assert re.fullmatch("[0-9a-f]{12}", plan["plan_id"])
    assert next(iter(plan)) == "plan_id"
    assert run.only["plan_id"] == plan["plan_id"]
    made = datetime.strptime(plan["made"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    assert abs(made - shop.sim.now()) < 5
    assert run.lines == [f"[web] web:3 → web:1  last good: {run.only['target_why']}.  {left_out(run)}"]
    assert "plan" not in shop.rollback().only


def test_a_look_says_a_line_for_each_service(shop: Shop) -> None:
    shop.bad_release()
    shop.versions(1, "api")
    shop.create("api:1")
    run = shop.rollback("web", "api", check_mode=True, from_revision="web:3")
    assert [line.partition("  ")[0] for line in run.lines] == [
        "[web] web:3 → web:1",
        "[api] unchanged: api:1: it runs api:1, not web:3, so it does not need to move",
    ]
    shown = [item["plan"] for item in run.result["services"]]
    assert shop.rollback(check_mode=True, plan=shown).lines == []


def left_out(run: Run) -> str:
    """What is said of a version that was passed by."""
    name, _colon, why = run.finding("left_out")["message"].partition(": ")
    return f"{name} left out: {why}"


def test_a_pipeline_deploys_before_the_call(shop: Shop) -> None:
    shop.bad_release()
    shown = look(shop, deregister=True)
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback(plan=shown, reason="500s")
    refused(shop, run, "web:4")
    assert "since the look-up, which had shown web:3 → web:1" in run.message
    assert "(web:4 was registered by arn:aws:sts::123456789012:" in run.message
    assert run.message.endswith("web was not changed")
    assert shop.on() == "web:4"


@pytest.mark.parametrize("settle", [0, 30])
def test_a_pipeline_is_deploying(shop: Shop, settle: float) -> None:
    shop.bad_release()
    shown = look(shop, deregister=True)
    shop.versions(1)
    shop.deploy("web:4", settle=settle)
    refused(shop, shop.rollback(plan=shown, reason="500s"), "web:4")


@pytest.mark.parametrize("nth", [1, 2])
def test_a_pipeline_deploys_during_the_call(shop: Shop, nth: int) -> None:
    shop.bad_release()
    shop.versions(1)
    shown = look(shop, deregister=True)
    shop.meanwhile("DescribeServices", nth=nth, deploy="web:4")
    refused(shop, shop.rollback(plan=shown, reason="500s"), "web:4")


def test_a_pipeline_deploys_between_the_record_and_the_write(shop: Shop) -> None:
    """However quickly AWS has written the record."""
    shop.bad_release()
    shop.versions(1)
    shown = look(shop)
    shop.meanwhile("TagResource", when="after", deploy="web:4")
    run = shop.rollback(plan=shown, reason="500s")
    refused(shop, run, "web:4")
    assert (run.writes, shop.on()) == (["TagResource", "UntagResource"], "web:4")


def test_a_pipeline_deploys_after_the_configuration_was_recorded(shop: Shop) -> None:
    strategies.releases(shop, 3)
    before = strategies.configuration(shop)
    shop.versions(1)
    shown = look(shop, fast=True)
    shop.meanwhile("TagResource", nth=2, when="after", deploy="web:4")
    run = shop.rollback(plan=shown, reason="500s")
    assert (run.outcome, run.finding("plan_changed")["severity"]) == ("refused", "block")
    assert "UpdateService" not in run.writes
    strategies.settle(shop)
    assert (shop.on(), shop.tags("web:3"), strategies.configuration(shop)) == ("web:4", {}, before)


def test_a_pipeline_deploys_after_the_copy_was_registered(shop: Shop) -> None:
    shop.bad_release()
    shop.versions(1)
    shown = look(shop, pin_images="always")
    shop.meanwhile("RegisterTaskDefinition", when="after", deploy="web:4")
    run = shop.rollback(plan=shown, reason="500s")
    assert (run.outcome, run.failed, shop.on(), shop.service_tags()) == ("refused", True, "web:4", {})
    assert "UpdateService" not in run.writes
    assert run.finding("plan_changed")["severity"] == "block"
    # It stays, and the result says so.
    assert (run.only["changed"], run.finding("copy")["message"]) == (True, "web:5 was registered as a copy of web:1")


def test_the_bad_version_is_deployed_once_more(shop: Shop) -> None:
    """With other settings perhaps: it is for somebody to look at."""
    shop.bad_release()
    shown = look(shop)
    shop.deploy("web:3", forceNewDeployment=True)
    shop.versions(1)
    refused(shop, shop.rollback(plan=shown), "web:3")


def test_a_version_that_is_named_does_not_make_it_go_there(shop: Shop) -> None:
    shop.bad_release()
    shown = look(shop, revision="1")
    shop.versions(1)
    shop.deploy("web:4")
    refused(shop, shop.rollback(plan=shown), "web:4")


def shown_and_done(shop: Shop) -> tuple[list[str], Run]:
    """What a run asks of AWS until it writes, and how it ends."""
    look_ = shop.rollback(check_mode=True, deregister=True)
    shown = [item["plan"] for item in look_.result["services"]]
    run = shop.rollback(plan=shown, reason="500s")
    asked = look_.operations + run.operations
    return asked[: asked.index("UpdateService") + 1] if "UpdateService" in asked else asked, run


def test_a_pipeline_deploys_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each of the requests. Whatever it comes to: web:3 is left, and web:4 is neither marked nor taken away."""
    ends = set()
    asked: list[str] = [""]
    position = 0
    while position < len(asked):
        with Simulator(speed=2.0, profile=PROFILE) as sim:
            shop = Shop(sim, monkeypatch)
            shop.bad_release()
            shop.versions(1)
            if position == 0:
                asked = shown_and_done(shop)[0]
            else:
                operation = asked[position]
                # Counted over both calls, of which each forgets the log of the one before it.
                shop.meanwhile(operation, nth=asked[: position + 1].count(operation), deploy="web:4")
                run = shown_and_done(shop)[1]
                ends.add((operation == "UpdateService", run.outcome, shop.on()))
                assert (shop.tags("web:4"), shop.status("web:4")) == ({}, "ACTIVE"), (position, operation)
                assert shop.status("web:1") == "ACTIVE"
                if run.outcome == "refused":
                    # The record that announced it is taken back.
                    assert (set(run.writes) <= {"TagResource", "UntagResource"}, shop.service_tags()) == (True, {})
                    assert "somebody deployed web:4 (" in run.message
        position += 1
    # Between the last look and the write nobody can tell.
    assert ends == {(False, "refused", "web:4"), (True, "rolled_back", "web:1")}
    assert len(asked) > 15


# -- what was running goes its way


def test_nothing_happens(shop: Shop) -> None:
    shop.bad_release()
    shown = look(shop, deregister=True)
    run = shop.rollback(plan=shown, reason="500s")
    assert (run.outcome, shop.on(), shop.status("web:3")) == ("rolled_back", "web:1", "INACTIVE")
    assert shop.tags("web:3")["lastgood:bad"].endswith("500s")


def test_the_deployment_that_was_seen_finishes(shop: Shop) -> None:
    half_way(shop)
    shown = look(shop)
    shop.sim.advance(600)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "update_service", "web:1")
    assert "lastgood:bad" in shop.tags("web:3")


def test_the_deployment_that_was_seen_fails_and_stands(shop: Shop) -> None:
    shop.releases(1, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    shop.versions(1)
    shop.broken("web:2", "crash", after=0)
    shop.deploy("web:2", settle=20)
    shown = look(shop)
    shop.sim.advance(3600)
    assert shop.primary()["rolloutState"] == "FAILED"
    run = shop.rollback(plan=shown)
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")


@pytest.mark.parametrize(("seconds", "outcome", "method"), [(2, "rolled_back", "adopt"), (600, "unchanged", "none")])
def test_it_is_rolled_back_to_the_same_target(shop: Shop, seconds: float, outcome: str, method: str) -> None:
    shop.releases(1)
    shop.versions(1)
    shop.deploy("web:2", settle=20)
    shown = look(shop)
    running = shop.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"][0]
    shop.world.ecs.stop_service_deployment(serviceDeploymentArn=running["serviceDeploymentArn"])
    shop.sim.advance(seconds)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.only["method"], shop.on()) == (outcome, method, "web:1")
    assert {"UpdateService", "StopServiceDeployment"}.isdisjoint(run.writes)


@pytest.mark.parametrize(("seconds", "outcome", "method"), [(10, "rolled_back", "adopt"), (600, "unchanged", "none")])
def test_somebody_else_goes_back_to_the_same_target(shop: Shop, seconds: float, outcome: str, method: str) -> None:
    shop.bad_release()
    shown = look(shop)
    shop.deploy("web:1", settle=seconds)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.only["method"], shop.on()) == (outcome, method, "web:1")
    assert "UpdateService" not in run.writes


@pytest.mark.parametrize("named", [{}, {"revision": "1"}])
def test_ecs_goes_back_by_itself_but_not_that_far(shop: Shop, named: dict[str, str]) -> None:
    """Nobody has deployed, so it goes on to where it was shown to go; the reason was given for web:3."""
    half_way(shop, deploymentConfiguration=BREAKER)
    shown = look(shop, **named)
    shop.broken("web:3")
    running = shop.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"][0]
    shop.world.ecs.stop_service_deployment(serviceDeploymentArn=running["serviceDeploymentArn"])
    shop.sim.advance(600)
    assert shop.on() == "web:2"
    run = shop.rollback(plan=shown, reason="500s")
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert shop.tags("web:3")["lastgood:bad"].endswith("500s")
    assert shop.tags("web:2") == {"lastgood:bad": BY_HAND}


def test_another_run_gets_there_first_with_a_copy_of_the_target(shop: Shop) -> None:
    shop.bad_release()
    shown = look(shop, pin_images="always")
    assert shop.rollback(pin_images="always").outcome == "rolled_back"
    assert shop.on() == "web:4"
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.failed, run.writes) == ("unchanged", False, [])


# -- nothing was shown


def test_what_was_settled_stays_settled(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    shown = look(shop)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.failed, run.writes) == ("unchanged", False, [])
    assert "already rolled back from web:3 to web:1" in run.message


def test_somebody_deploys_to_what_was_settled(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    shown = look(shop)
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:4")
    assert "somebody deployed web:4 (" in run.message
    assert "since the look-up, which had found nothing to do" in run.message


def test_what_could_not_be_read_is_not_rolled_back(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.fail("ListServiceDeployments", "AccessDeniedException")
    shown = look(shop)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:3")
    assert "the plan shows no version for web to go back to" in run.message


def test_a_later_step_does_not_speak_for_those_before_it(shop: Shop) -> None:
    """Auto scaling may have been suspended in between."""
    shop.bad_release()
    shown = look(shop)
    assert shop.rollback(tasks=-1).result["msg"].endswith("Nothing was changed.")
    run = shop.rollback(plan=shown, wait_timeout=0)
    assert run.result["msg"].endswith("is not a number of seconds to wait. No service was changed.")
    shop.deny("DescribeServices")
    assert shop.rollback(plan=shown).message.endswith("web was not changed")


def test_a_service_may_go_by_its_arn(shop: Shop) -> None:
    shop.bad_release()
    service = shop.service()["serviceArn"]
    assert shop.rollback(plan=look(shop, service)).outcome == "rolled_back"


# -- what is read, and what a plan settles


def until_the_write(run: Run) -> Counter[str]:
    """What was asked of AWS up to the write."""
    return Counter(run.operations[: run.operations.index("UpdateService")])


def test_nothing_is_read_twice(shop: Shop) -> None:
    """The act reads who deployed last, and the two task definitions that it goes between."""
    shop.bad_release()
    shown = look(shop)
    assert until_the_write(shop.rollback(plan=shown)) <= Counter(
        DescribeServices=2,
        ListServiceDeployments=1,
        DescribeServiceDeployments=1,
        DescribeServiceRevisions=1,
        DescribeTaskDefinition=2,
        # The record of what comes next.
        TagResource=1,
    )


def test_after_a_minute_the_checks_are_made_again(shop: Shop) -> None:
    shop.bad_release()
    shown = look(shop)
    shop.sim.advance(61)
    asked = until_the_write(shop.rollback(plan=shown))
    assert (asked["ListTasks"], asked["GetTaskProtection"]) == (1, 1)


@pytest.mark.parametrize("seconds", [0, 61])
def test_the_target_was_marked_bad_since(shop: Shop, seconds: float) -> None:
    shop.bad_release()
    shown = look(shop)
    shop.sim.advance(seconds)
    shop.mark("web:1", "lastgood:bad", BY_HAND)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.writes, run.finding("plan_changed")["severity"]) == ("refused", [], "block")
    assert "web:1, which the look-up had shown, counts as bad now (marked bad: by hand)" in run.message


@pytest.mark.parametrize("seconds", [0, 61])
def test_the_images_that_were_shown_are_pinned(shop: Shop, seconds: float) -> None:
    shop.bad_release()
    shown = look(shop, pin_images="always")
    [plan] = shown
    assert list(plan["digests"]) == ["app"]
    shop.sim.advance(seconds)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.only["copy_of"], shop.on()) == ("rolled_back", arn("web:1"), "web:4")
    [registered] = run.sent("RegisterTaskDefinition")
    assert registered["containerDefinitions"][0]["image"] == f"registry/web@{plan['digests']['app']}"


def test_what_was_asked_for_is_done(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(plan=look(shop, tasks=3, deregister=True))
    assert (run.outcome, run.only["after"]["desired_count"], shop.status("web:3")) == ("rolled_back", 3, "INACTIVE")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"service": ["web"]}, "service"),
        ({"services": ["web"]}, "service"),
        ({"revision": "1", "steps_back": None}, "revision"),
        ({"tasks": 0}, "tasks"),
        ({"undo": False, "in_flight": "stop"}, "undo, in_flight"),
        ({"force": [], "fast": False, "deregister": False}, "force, fast, deregister"),
    ],
)
def test_a_plan_says_what_is_done(shop: Shop, more: dict[str, t.Any], named: str) -> None:
    shop.bad_release()
    run = shop.rollback(plan=look(shop), **more)
    said = f"plan: it says what is done, so it cannot be given with {named}. No service was changed."
    assert (run.result["msg"], run.operations) == (said, [])


def test_without_services_and_plans_there_is_nothing_to_do(shop: Shop) -> None:
    assert "service: no service is named" in shop.rollback(service=None).result["msg"]
    assert "plan: it is empty" in shop.rollback(plan=[]).result["msg"]


@pytest.mark.parametrize(
    ("edit", "options", "said"),
    [
        ({"target": "web:2"}, {}, "plan: that of web was changed since it was made"),
        ({}, {"region": "us-east-1"}, "plan: that of web is for Region eu-central-1, and this is us-east-1"),
        ({}, {"cluster": "dev"}, "plan: that of web is for cluster shop, and this is dev"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_before_anything_is_read(
    shop: Shop, edit: dict[str, str], options: dict[str, str], said: str
) -> None:
    shop.bad_release()
    [plan] = look(shop)
    run = shop.rollback(plan=[{**plan, **edit}], **options)
    assert said in run.result["msg"]
    assert run.operations == []


def test_a_plan_of_another_account_or_of_yesterday_is_refused(shop: Shop) -> None:
    shop.bad_release()
    [plan] = look(shop)
    other = bound.sealed({**plan, "account": "210987654321"})
    run = shop.rollback(plan=[other])
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the plan is for account 210987654321, and this is 123456789012" in run.message
    shop.sim.advance(120)
    assert shop.rollback(plan=[plan], plan_max_age=60).finding("plan_too_old")["severity"] == "block"
    shop.sim.advance(86400)
    run = shop.rollback(plan=[plan])
    assert (run.outcome, run.writes, run.finding("plan_too_old")["severity"]) == ("refused", [], "block")


def test_one_of_several_is_done_already(shop: Shop) -> None:
    shop.bad_release()
    shop.versions(2, "api")
    shop.create("api:1")
    shop.deploy("api:2")
    shown = look(shop, "web", "api")
    assert shop.rollback("web").outcome == "rolled_back"
    run = shop.rollback(plan=shown)
    assert run.outcomes == {"web": "unchanged", "api": "rolled_back"}
    assert [item["plan_id"] for item in run.result["services"]] == [plan["plan_id"] for plan in shown]


def test_a_plan_is_confirmed_in_check_mode(shop: Shop) -> None:
    """It stays the same, so that people find the id that they approved."""
    shop.bad_release()
    shown = look(shop)
    shop.sim.advance(600)
    run = shop.rollback(plan=shown, check_mode=True)
    assert (run.outcome, run.only["plan"], run.writes) == ("planned", shown[0], [])


def test_with_v_the_line_names_the_plan(shop: Shop) -> None:
    shop.bad_release()
    [plan] = look(shop)
    run = shop.rollback(plan=[plan], _ansible_verbosity=1)
    assert run.only["summary"].endswith(f" (plan {plan['plan_id']})")
    assert plan["plan_id"] not in shop.rollback(plan=look(shop)).only["summary"]


# -- the other controllers


@pytest.fixture
def codedeploy(shop: Shop) -> BlueGreen:
    return BlueGreen(shop)


@pytest.mark.parametrize("settle", [10, 60, 600])
def test_a_deployment_of_codedeploy_that_nobody_had_seen(shop: Shop, codedeploy: BlueGreen, settle: float) -> None:
    codedeploy.create(versions=4)
    codedeploy.deploy("web:2")
    codedeploy.deploy("web:3")
    shown = look(shop)
    newer = codedeploy.deploy("web:4", settle=settle)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"somebody deployed web:4 (deployment {newer}, " in run.message
    shop.sim.advance(600)
    assert codedeploy.sets()["PRIMARY"] == "web:4"


@pytest.mark.parametrize("seconds", [30, 600])
def test_a_deployment_of_codedeploy_that_goes_on(shop: Shop, codedeploy: BlueGreen, seconds: float) -> None:
    codedeploy.create()
    codedeploy.deploy("web:2")
    codedeploy.deploy("web:3", settle=10)
    shown = look(shop)
    assert shown[0]["target"] == "web:2"
    shop.sim.advance(seconds)
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.target, codedeploy.sets()["PRIMARY"]) == ("rolled_back", "web:2", "web:2")
    assert "lastgood:bad" in shop.tags("web:3")


def test_a_task_set_that_nobody_had_seen(shop: Shop) -> None:
    external = External(shop)
    external.released()
    shown = look(shop)
    external.promote(external.stand("web:3"))
    run = shop.rollback(plan=shown)
    assert (run.outcome, run.writes, external.sets()["web:3"]) == ("refused", [], ("PRIMARY", 100))
    assert "somebody deployed web:3 (" in run.message
