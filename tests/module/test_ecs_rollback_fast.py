# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: one deployment without bake time, steps and pauses."""

from __future__ import annotations

import base64
import random
import typing as t

import pytest

from tests.module.services import BREAKER, NEVER_STARTS, Run, Shop
from tests.module.strategies import (
    BLUE_GREEN,
    CANARY,
    FUNCTION,
    LINEAR,
    STRATEGIES,
    answer,
    begin,
    configuration,
    function,
    parked,
    pause,
    record,
    releases,
    until,
)

RECORD = "lastgood:configuration-1"


def records(shop: Shop) -> list[str]:
    """The tags that remember a configuration."""
    return [key for key in shop.service_tags() if key.startswith("lastgood:configuration")]


def changes(run: Run) -> list[dict[str, t.Any] | None]:
    """The deployment configuration that each UpdateService sent."""
    return [request.get("deploymentConfiguration") for request in run.sent("UpdateService")]


HOOKS = {"none": [], "pause": [pause()], "function": [function()], "both": [pause("POST_SCALE_UP"), function()]}


@pytest.mark.parametrize("hooks", HOOKS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_takes_a_minute_and_everything_is_as_it_was(shop: Shop, strategy: str, hooks: str) -> None:
    releases(shop, 3, **STRATEGIES[strategy], lifecycleHooks=HOOKS[hooks])
    before = configuration(shop)
    run = shop.rollback(fast=True)
    assert (run.outcome, run.only["method"], run.target, shop.running()) == (
        "rolled_back",
        "update_service",
        "web:2",
        {"web:2": 2},
    )
    assert run.only["timings"]["stable"] < 60
    assert (configuration(shop), records(shop)) == (before, [])
    assert run.writes == ["TagResource", "TagResource", "UpdateService", "UpdateService", "UntagResource"] + (
        ["TagResource"] * 2
    )


@pytest.mark.parametrize(
    ("configured", "sent"),
    [
        (BLUE_GREEN, {"bakeTimeInMinutes": 0}),
        (LINEAR, {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}),
        (CANARY, {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}),
    ],
    ids=lambda value: value.get("strategy"),
)
def test_what_is_changed_for_the_one_deployment(
    shop: Shop, configured: dict[str, t.Any], sent: dict[str, t.Any]
) -> None:
    releases(shop, 3, **configured, lifecycleHooks=[pause(), function()])
    first, last = changes(shop.rollback(fast=True))
    assert first is not None
    assert first.pop("lifecycleHooks") == [function()]
    assert first == sent
    assert last is not None
    assert {key: value for key, value in last.items() if key != "lifecycleHooks"} == {
        key: value for key, value in configured.items() if key in sent or key.endswith("Configuration")
    }
    assert [hook["targetType"] for hook in last["lifecycleHooks"]] == ["PAUSE", "AWS_LAMBDA"]


def test_functions_are_still_asked(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause(), function()])
    before = configuration(shop)
    shop.sim.hook(FUNCTION, "fail")
    run = shop.rollback(fast=True)
    assert (run.outcome, "returned FAILED status" in run.message) == ("failed", True)
    assert (configuration(shop), records(shop)) == (before, [])


@pytest.mark.parametrize(
    "configured",
    [{"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}, {"strategy": "ROLLING", **BREAKER}],
    ids=lambda c: c["strategy"],
)
def test_if_there_is_nothing_to_skip_nothing_is_changed(shop: Shop, configured: dict[str, t.Any]) -> None:
    shop.releases(3, deploymentConfiguration=configured)
    before = configuration(shop)
    run = shop.rollback(fast=True)
    assert (run.outcome, changes(run), configuration(shop)) == ("rolled_back", [None], before)
    assert run.findings("fast") == []


def test_a_deployment_in_flight_goes_back_natively_all_the_same(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    run = shop.rollback(fast=True)
    assert (run.outcome, run.only["method"], run.sent("UpdateService"), records(shop)) == (
        "rolled_back",
        "stop_deployment",
        [],
        [],
    )


def test_without_fast_the_whole_strategy_is_walked(shop: Shop) -> None:
    releases(shop, 3)
    run = shop.rollback()
    assert changes(run) == [None]
    assert run.only["timings"]["stable"] > 300


def test_fast_and_not_waiting_contradict_each_other(shop: Shop) -> None:
    releases(shop, 3)
    run = shop.rollback(fast=True, wait=False)
    assert (run.failed, run.operations) == (True, [])
    assert "fast and wait: false contradict each other" in run.message


# -- put back, however it ends


@pytest.mark.parametrize("breaker", [{}, BREAKER], ids=["no circuit breaker", "circuit breaker"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_put_back_when_the_target_fails(shop: Shop, strategy: str, breaker: dict[str, t.Any]) -> None:
    releases(shop, 3, **STRATEGIES[strategy], **breaker, lifecycleHooks=[pause()])
    before = configuration(shop)
    shop.broken("web:2", **NEVER_STARTS)
    run = shop.rollback(fast=True)
    assert (run.outcome, run.failed) == ("failed", True)
    assert (configuration(shop), records(shop)) == (before, [])
    assert run.finding("configuration")["message"] == "the deployment configuration is as it was before"


def test_put_back_when_somebody_deploys_over_it(shop: Shop) -> None:
    releases(shop, 3)
    before = configuration(shop)
    shop.versions(1)
    shop.meanwhile("DescribeServiceDeployments", nth=8, deploy="web:4")
    run = shop.rollback(fast=True)
    assert (run.outcome, configuration(shop), records(shop)) == ("superseded", before, [])


def test_put_back_when_it_is_serving(shop: Shop) -> None:
    releases(shop, 3)
    before = configuration(shop)
    run = shop.rollback(fast=True, wait_until="serving")
    assert (run.outcome, configuration(shop), records(shop)) == ("rolled_back", before, [])


def test_put_back_when_the_write_is_denied(shop: Shop) -> None:
    releases(shop, 3)
    before = configuration(shop)
    shop.sim.fail("UpdateService", "AccessDeniedException", times=None)
    run = shop.rollback(fast=True)
    assert (run.outcome, configuration(shop), records(shop)) == ("refused", before, [])
    assert run.only["changed"] is False
    # It was never changed, so nothing had to be written to put it back.
    assert run.writes == ["TagResource", "TagResource", "UpdateService", "UntagResource", "UntagResource"]
    assert shop.service_tags() == {}


@pytest.mark.parametrize("flips", [False, True])
def test_put_back_before_aws_shows_what_was_changed(shop: Shop, flips: bool) -> None:
    """What this run has written counts, whatever is read."""
    releases(shop, 3)
    before = configuration(shop)
    shop.sim.late("ecs:Tags", seconds=600, flips=flips)
    shop.sim.fail("UpdateService", "AccessDeniedException")
    denied = shop.rollback(fast=True)
    assert (denied.outcome, configuration(shop), shop.service_tags()) == ("refused", before, {})
    done = shop.rollback(fast=True)
    assert (done.outcome, configuration(shop), records(shop)) == ("rolled_back", before, [])


def test_not_put_back_while_it_may_still_run(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    before = configuration(shop)
    run = shop.rollback(fast=True, wait_timeout=10)
    assert (run.outcome, records(shop)) == ("timeout", [RECORD])
    assert (
        "is not yet what it was, since a deployment is running. Run the same command again"
        in (run.finding("configuration")["message"])
    )
    again = shop.rollback(fast=True)
    assert (again.outcome, again.only["method"], parked(shop)) == ("rolled_back", "adopt", None)
    assert (configuration(shop), records(shop)) == (before, [])


def test_not_put_back_while_nobody_knows_whether_it_still_runs(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    before = configuration(shop)
    gone = {"operation": "*", "kind": "drop", "times": None}
    shop.sim.on("DescribeServices", {"control": "fail", "params": gone}, "before", 6)
    run = shop.rollback(fast=True, contact_timeout=30)
    shop.sim.clear_failures()
    assert (run.outcome, records(shop)) == ("lost_contact", [RECORD])
    assert "the deployment configuration is not yet what it was" in run.finding("configuration")["message"]
    assert shop.rollback(fast=True).outcome == "rolled_back"
    assert (configuration(shop), records(shop)) == (before, [])


# -- killed


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("after", [0.0, 600.0], ids=["at once", "when the deployment has ended"])
@pytest.mark.parametrize("at_sleep", [1, 4, 12])
def test_put_back_after_it_was_killed(shop: Shop, at_sleep: int, after: float, fast: bool) -> None:
    releases(shop, 3, **LINEAR, lifecycleHooks=[pause(), function()])
    before = configuration(shop)
    shop.killed(at_sleep=at_sleep, fast=True)
    assert configuration(shop) != before
    shop.sim.advance(after)
    run = shop.rollback(fast=fast)
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "adopt", {"web:2": 2})
    assert (configuration(shop), records(shop)) == (before, [])
    assert [version for version, _status in shop.history()][:2] == ["web:2", "web:3"]


@pytest.mark.parametrize("point", [("update_service", 1), ("untag_resource", 1), ("describe_service_revisions", 1)])
def test_put_back_after_it_was_killed_while_it_was_putting_back(shop: Shop, point: tuple[str, int]) -> None:
    releases(shop, 3, **CANARY, lifecycleHooks=[pause()])
    before = configuration(shop)
    shop.killed(before=point, fast=True)
    run = shop.rollback(fast=True)
    assert (run.outcome, shop.running(), configuration(shop), records(shop)) == (
        "rolled_back",
        {"web:2": 2},
        before,
        [],
    )


def test_put_back_by_a_run_that_has_nothing_else_to_do(shop: Shop) -> None:
    releases(shop, 3)
    before = configuration(shop)
    shop.killed(at_sleep=3, fast=True, mark=False)
    shop.sim.advance(600)
    run = shop.rollback(mark=False)
    assert (run.outcome, run.result["changed"], run.writes) == ("unchanged", True, ["UpdateService", "UntagResource"])
    assert (configuration(shop), records(shop)) == (before, [])


def test_killed_twice(shop: Shop) -> None:
    releases(shop, 3, **LINEAR)
    before = configuration(shop)
    shop.killed(at_sleep=2, fast=True)
    shop.killed(at_sleep=2, fast=True)
    assert shop.rollback(fast=True).outcome == "rolled_back"
    assert (configuration(shop), records(shop)) == (before, [])


def test_killed_and_then_somebody_deployed(shop: Shop) -> None:
    releases(shop, 3, **LINEAR)
    before = configuration(shop)
    shop.killed(at_sleep=3, fast=True)
    shop.sim.advance(600)
    shop.versions(1)
    shop.deploy("web:4", settle=600)
    run = shop.rollback(fast=True)
    assert (run.outcome, shop.on()) == ("rolled_back", "web:2")
    # What is put back is the service's own, not what the first run had left.
    assert (configuration(shop), records(shop)) == (before, [])


def test_in_check_mode_nothing_is_put_back(shop: Shop) -> None:
    releases(shop, 3)
    shop.killed(at_sleep=3, fast=True, mark=False)
    shop.sim.advance(600)
    changed = configuration(shop)
    run = shop.rollback(check_mode=True, mark=False)
    assert (run.outcome, run.writes, configuration(shop), records(shop)) == ("unchanged", [], changed, [RECORD])


def test_in_check_mode_nothing_is_recorded(shop: Shop) -> None:
    releases(shop, 3)
    run = shop.rollback(check_mode=True, fast=True)
    assert (run.outcome, run.writes, records(shop)) == ("planned", [], [])


def test_not_put_back_under_the_deployment_of_somebody_else(shop: Shop) -> None:
    releases(shop, 3)
    shop.killed(at_sleep=3, fast=True)
    shop.sim.advance(600)
    shop.versions(1)
    shop.deploy("web:4", settle=5)
    run = shop.rollback(in_flight="refuse")
    assert (run.outcome, run.writes, records(shop)) == ("refused", [], [RECORD])
    assert "is not yet what it was" in run.finding("configuration")["message"]


# -- what cannot be recorded or put back


def test_without_the_permission_to_tag_the_whole_strategy_is_walked(shop: Shop) -> None:
    releases(shop, 3)
    before = configuration(shop)
    shop.deny("TagResource")
    run = shop.rollback(fast=True)
    assert (run.outcome, changes(run), configuration(shop)) == ("rolled_back", [None], before)
    assert run.only["timings"]["stable"] > 300
    message = run.finding("fast")["message"]
    assert message.startswith("fast was not used, since it could not be undone after a crash")
    assert "ecs:TagResource" in message
    assert any("fast was not used" in warning for warning in run.result["warnings"])


def test_without_the_permission_to_tag_the_pause_hooks_are_answered(shop: Shop) -> None:
    """There is no record by which the hooks could be put back, so they stay, and fast still waits for nobody."""
    releases(shop, 3, lifecycleHooks=[pause(), pause("POST_PRODUCTION_TRAFFIC_SHIFT")])
    shop.deny("TagResource")
    run = shop.rollback(fast=True)
    assert (run.outcome, changes(run), shop.running()) == ("rolled_back", [None], {"web:2": 2})
    assert {request["action"] for request in run.sent("ContinueServiceDeployment")} == {"CONTINUE"}
    not_used, *answered = (finding["message"] for finding in run.findings("fast"))
    assert "When the deployment waits at POST_TEST_TRAFFIC_SHIFT and POST_PRODUCTION_TRAFFIC_SHIFT, a run" in not_used
    assert answered == 2 * ["a PAUSE hook was answered with CONTINUE, since fast was asked for"]
    assert "waits for a person" not in run.everything


def test_a_deployment_that_waits_at_a_hook_already_is_answered_too(shop: Shop) -> None:
    """Without fast it waits for a person."""
    releases(shop, 3, lifecycleHooks=[pause()])
    shop.deny("TagResource")
    assert shop.rollback(fast=True, wait_timeout=10).outcome == "timeout"
    shop.sim.clear_failures()
    until(shop, "POST_TEST_TRAFFIC_SHIFT")
    waiting = shop.rollback(wait_timeout=30)
    assert (waiting.outcome, "ContinueServiceDeployment" in waiting.operations) == ("timeout", False)
    assert "waits for a person at " in waiting.message
    run = shop.rollback(fast=True)
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "adopt", {"web:2": 2})
    assert len(run.sent("ContinueServiceDeployment")) == 1


def test_a_hook_that_this_run_may_not_answer_is_for_a_person(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    shop.deny("TagResource", "ContinueServiceDeployment")
    run = shop.rollback(fast=True, wait_timeout=900)
    assert (run.outcome, len(run.sent("ContinueServiceDeployment"))) == ("timeout", 1)
    message = run.findings("fast")[-1]["message"]
    assert "this run may not answer it" in message
    assert "ecs:ContinueServiceDeployment" in message
    assert message.endswith(". A person has to (aws ecs continue-service-deployment)")
    assert "waits for a person at " in run.message


def test_a_hook_whose_answer_is_throttled_is_answered_again(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    shop.deny("TagResource")
    shop.sim.fail("ContinueServiceDeployment", code="ThrottlingException", times=8)
    assert (shop.rollback(fast=True).outcome, shop.running()) == ("rolled_back", {"web:2": 2})


def test_a_person_answers_at_the_same_moment(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    shop.deny("TagResource")
    assert shop.rollback(fast=True, wait_timeout=10).outcome == "timeout"
    until(shop, "POST_TEST_TRAFFIC_SHIFT")
    shop.sim.on("ContinueServiceDeployment", answer(shop, "CONTINUE"))
    run = shop.rollback(fast=True)
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:2": 2})


def test_a_configuration_that_is_too_large_for_tags(shop: Shop) -> None:
    # So much that it cannot be made smaller.
    noise = base64.b64encode(random.Random(1).randbytes(3000)).decode()
    hooks = [pause(minutes=1, action="CONTINUE"), {**function(), "hookDetails": {"noise": noise}}]
    releases(shop, 3, lifecycleHooks=hooks)
    run = shop.rollback(fast=True)
    assert (run.outcome, changes(run), records(shop)) == ("rolled_back", [None], [])
    assert "too large for the tags" in run.findings("fast")[0]["message"]


def test_without_the_permission_to_remove_the_tags(shop: Shop) -> None:
    releases(shop, 3)
    before = configuration(shop)
    shop.deny("UntagResource")
    run = shop.rollback(fast=True)
    assert (run.outcome, configuration(shop), records(shop)) == ("rolled_back", before, [RECORD])
    message = run.finding("configuration")["message"]
    assert "the deployment configuration is as it was before" in message
    assert f"remove the tags {RECORD}" in message
    assert "ecs:UntagResource" in message


def test_when_it_cannot_be_put_back_the_next_run_does_it(shop: Shop) -> None:
    releases(shop, 3, **LINEAR)
    before = configuration(shop)
    shop.sim.fail(
        "UpdateService", "InvalidParameterException", "not now", when={"deploymentConfiguration.strategy": "LINEAR"}
    )
    run = shop.rollback(fast=True)
    assert (run.outcome, records(shop)) == ("rolled_back", [RECORD])
    message = run.finding("configuration")["message"]
    assert "is not yet what it was" in message
    assert "not now" in message
    again = shop.rollback()
    assert (again.outcome, again.result["changed"], again.writes) == (
        "unchanged",
        True,
        ["UpdateService", "UntagResource"],
    )
    assert (configuration(shop), records(shop)) == (before, [])


def test_a_record_that_somebody_spoiled_is_left_alone(shop: Shop) -> None:
    releases(shop, 3)
    shop.killed(at_sleep=3, fast=True)
    shop.sim.advance(600)
    changed = configuration(shop)
    arn = shop.service()["serviceArn"]
    shop.world.ecs.tag_resource(resourceArn=arn, tags=[{"key": RECORD, "value": "spoiled"}])
    run = shop.rollback()
    assert (run.outcome, configuration(shop), records(shop)) == ("rolled_back", changed, [RECORD])
    assert "cannot be read" in run.finding("configuration")["message"]
    assert "the deployment configuration was left as it is" in run.finding("configuration")["message"]


def test_a_circuit_breaker_stays_all_the_time(shop: Shop) -> None:
    releases(shop, 3, **BREAKER)
    shop.killed(at_sleep=3, fast=True)
    assert record(shop)["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"] is True


def test_a_botocore_that_does_not_show_strategies_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    releases(shop, 3)
    monkeypatch.setattr("botocore.__version__", "1.43.10")
    run = shop.rollback(fast=True)
    assert (run.failed, run.operations) == (True, [])
    assert "botocore>=1.43.11" in run.message
    assert shop.rollback(check_mode=True).outcome == "planned"
