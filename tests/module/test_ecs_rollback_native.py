# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: the strategies BLUE_GREEN, LINEAR and CANARY."""

from __future__ import annotations

import typing as t

import pytest
from botocore.client import ClientCreator

from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop
from tests.module.strategies import (
    BLUE_GREEN,
    CANARY,
    FUNCTION,
    LINEAR,
    STRATEGIES,
    answer,
    begin,
    function,
    parked,
    pause,
    record,
    releases,
    settle,
    stage,
    until,
    until_parked,
)

RECORD = "TagResource"
MARKS = ["TagResource", "TagResource"]


def revisions(shop: Shop) -> set[str]:
    """The service revisions that the deployments of the service were for."""
    listed = shop.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]
    return {item["targetServiceRevisionArn"] for item in listed}


def weight(shop: Shop) -> float:
    """The share of the traffic on the target of the newest service deployment."""
    return float(record(shop)["targetServiceRevision"]["requestedProductionTrafficWeight"])


# -- in flight


IN_FLIGHT = [
    *(("BLUE_GREEN", stage) for stage in ("SCALE_UP", "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME")),
    *((strategy, stage) for strategy in ("LINEAR", "CANARY") for stage in ("SCALE_UP", "BAKE_TIME")),
]


@pytest.mark.parametrize(("strategy", "at"), IN_FLIGHT, ids=lambda value: value)
def test_in_flight_it_goes_back_without_a_new_deployment(shop: Shop, strategy: str, at: str) -> None:
    begin(shop, **STRATEGIES[strategy])
    good = next(d["id"] for d in shop.service()["deployments"] if d["status"] == "ACTIVE")
    until(shop, at)
    before = revisions(shop)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "stop_deployment", "web:2")
    assert run.writes == [RECORD, "StopServiceDeployment", *MARKS]
    assert run.sent("StopServiceDeployment")[0]["stopType"] == "ROLLBACK"
    assert (revisions(shop), shop.primary()["id"]) == (before, good)
    assert shop.history()[0] == ("web:3", "ROLLBACK_SUCCESSFUL")
    assert (shop.running(), weight(shop)) == ({"web:2": 2}, 0.0)
    assert "lastgood:bad" in shop.tags("web:3")


@pytest.mark.parametrize(("strategy", "share"), [("LINEAR", 50.0), ("CANARY", 5.0)])
def test_in_the_midst_of_the_steps_it_goes_back_without_a_new_deployment(
    shop: Shop, strategy: str, share: float
) -> None:
    begin(shop, **STRATEGIES[strategy])
    while weight(shop) < share:
        shop.sim.advance(5)
    assert stage(shop).endswith("PRODUCTION_TRAFFIC_SHIFT")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.writes) == (
        "rolled_back",
        "stop_deployment",
        [RECORD, "StopServiceDeployment", *MARKS],
    )
    assert (shop.on(), shop.running(), weight(shop)) == ("web:2", {"web:2": 2}, 0.0)


def test_while_it_goes_back_the_progress_tells_how_much_traffic_is_back(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    lines = [line for line in shop.rollback().lines if "of the traffic" in line]
    assert "BAKE_TIME, 0 % of the traffic on web:2" in lines[0]
    assert any("PRODUCTION_TRAFFIC_SHIFT, 100 % of the traffic on web:2" in line for line in lines)
    assert "CLEAN_UP, 100 % of the traffic on web:2" in lines[-1]


def test_it_is_serving_as_soon_as_the_traffic_is_back(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    run = shop.rollback(wait_until="serving")
    assert (run.outcome, "stable" in run.only["timings"]) == ("rolled_back", False)
    # web:3 is still running, but nobody is sent there.
    assert (shop.running(), weight(shop), stage(shop)) == ({"web:2": 2, "web:3": 2}, 0.0, "TEST_TRAFFIC_SHIFT")


def test_it_is_stable_when_the_bad_tasks_are_gone_too(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    timings = shop.rollback(wait_until="stable").only["timings"]
    assert timings["serving"] < timings["stable"]
    assert shop.running() == {"web:2": 2}


def test_after_it_went_back_the_same_command_changes_nothing(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    shop.rollback()
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "already rolled back from web:3 to web:2" in run.message


def test_a_half_done_fix_is_superseded(shop: Shop) -> None:
    begin(shop)
    shop.mark("web:2", "lastgood:bad")
    until(shop, "BAKE_TIME")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:1",
        "web:1",
    )
    assert shop.history()[:2] == [("web:1", "SUCCESSFUL"), ("web:3", "STOPPED")]


# -- parked at a hook


@pytest.mark.parametrize("at", ["PRE_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"])
def test_at_a_pause_hook_it_goes_back_by_an_explicit_answer(shop: Shop, at: str) -> None:
    begin(shop, lifecycleHooks=[pause(at)])
    hook = until_parked(shop)
    before = revisions(shop)
    arn = record(shop)["serviceDeploymentArn"]
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.writes) == (
        "rolled_back",
        "continue_rollback",
        [RECORD, "ContinueServiceDeployment", *MARKS],
    )
    assert run.sent("ContinueServiceDeployment") == [
        {"serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": "ROLLBACK"}
    ]
    assert shop.history()[0] == ("web:3", "ROLLBACK_SUCCESSFUL")
    assert (revisions(shop), shop.running(), weight(shop)) == (before, {"web:2": 2}, 0.0)


@pytest.mark.parametrize("strategy", ["LINEAR", "CANARY"])
def test_at_a_pause_hook_of_a_stepwise_deployment(shop: Shop, strategy: str) -> None:
    begin(shop, **STRATEGIES[strategy], lifecycleHooks=[pause("POST_SCALE_UP")])
    until_parked(shop)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "continue_rollback", {"web:2": 2})


def test_at_two_hooks_at_once_one_answer_is_enough(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause(), pause()])
    until_parked(shop)
    run = shop.rollback()
    assert (run.outcome, len(run.sent("ContinueServiceDeployment"))) == ("rolled_back", 1)


def test_at_a_hook_that_asks_a_function_it_is_stopped(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[function()])
    shop.sim.hook(FUNCTION, "hang")
    until(shop, "POST_TEST_TRAFFIC_SHIFT")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "stop_deployment", {"web:2": 2})


def test_in_flight_refuse_answers_no_hook(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    run = shop.rollback(in_flight="refuse")
    assert (run.outcome, run.writes) == ("refused", [])
    assert parked(shop)


def test_in_flight_supersede_answers_no_hook_either(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause("PRE_SCALE_UP")])
    until_parked(shop)
    run = shop.rollback(in_flight="supersede", wait_timeout=30)
    assert (run.outcome, run.only["method"], run.sent("ContinueServiceDeployment")) == ("timeout", "update_service", [])


# -- finished


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_finished_it_walks_the_strategy_again(shop: Shop, strategy: str) -> None:
    releases(shop, 3, **STRATEGIES[strategy])
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "update_service", "web:2")
    [request] = run.sent("UpdateService")
    assert set(request) == {"cluster", "service", "taskDefinition"}
    assert shop.history()[0] == ("web:2", "SUCCESSFUL")
    assert (shop.running(), weight(shop)) == ({"web:2": 2}, 100.0)


WALKS = {
    "BLUE_GREEN": ["SCALE_UP, 0 %", "BAKE_TIME, 100 %", "CLEAN_UP, 100 %"],
    "LINEAR": [f"PRODUCTION_TRAFFIC_SHIFT, {share} %" for share in (25, 50, 75, 100)],
    "CANARY": ["PRODUCTION_TRAFFIC_SHIFT, 5 %", "BAKE_TIME, 100 %"],
}


@pytest.mark.parametrize("strategy", WALKS)
def test_the_progress_shows_stage_and_weights(shop: Shop, strategy: str) -> None:
    releases(shop, 3, **STRATEGIES[strategy])
    lines = shop.rollback().lines
    places = [
        next(number for number, line in enumerate(lines) if f"{step} of the traffic on web:2" in line)
        for step in WALKS[strategy]
    ]
    assert places == sorted(places)


def test_serving_is_when_the_traffic_has_shifted_and_stable_after_the_bake_time(shop: Shop) -> None:
    releases(shop, 3)
    run = shop.rollback(wait_until="serving")
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:2": 2, "web:3": 2})
    assert stage(shop) in ("POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME")
    assert run.only["timings"]["serving"] < 60


def test_stable_is_after_the_bake_time(shop: Shop) -> None:
    releases(shop, 3)
    run = shop.rollback(wait_until="stable")
    timings = run.only["timings"]
    # Ten minutes at twice the speed.
    assert timings["stable"] - timings["serving"] > 300
    assert shop.running() == {"web:2": 2}


def test_during_the_bake_time_of_ours_the_next_run_adopts_it(shop: Shop) -> None:
    releases(shop, 3)
    shop.rollback(wait_until="serving", mark=False)
    run = shop.rollback(mark=False)
    assert (run.outcome, run.only["method"], run.writes) == ("rolled_back", "adopt", [])
    assert shop.history()[0] == ("web:2", "SUCCESSFUL")


def test_our_own_deployment_at_a_pause_hook_says_so_and_answers_it_not(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    run = shop.rollback(wait_timeout=60)
    hook = until_parked(shop)
    assert (run.outcome, run.failed, run.sent("ContinueServiceDeployment")) == ("timeout", True, [])
    place = "POST_TEST_TRAFFIC_SHIFT, 0 % of the traffic on web:2"
    waits = f"{place}, waits for a person at POST_TEST_TRAFFIC_SHIFT (hook {hook['hookId']}) until"
    assert any(waits in line for line in run.lines)
    assert waits in run.message
    assert "then ROLLBACK" in run.message
    assert "Run the same command again to go on watching it" in run.message


def test_our_own_deployment_at_a_pause_hook_goes_on_when_it_is_answered(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    shop.rollback(wait_timeout=60)
    shop.sim.on("DescribeServices", answer(shop, "CONTINUE"), nth=5)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "adopt", {"web:2": 2})
    assert "lastgood:bad" in shop.tags("web:3")


# -- ECS, or somebody, undoes ours


def test_somebody_refuses_ours_at_its_hook(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[pause()])
    shop.rollback(wait_timeout=60)
    shop.sim.on("DescribeServices", answer(shop, "ROLLBACK"), nth=5)
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("failed", "web:3")
    assert "Rollback of the pause hook" in run.message
    assert "web runs " in run.message
    assert "web:3 with 2 of 2" in run.message


def test_the_circuit_breaker_undoes_ours(shop: Shop) -> None:
    releases(shop, 3, **BREAKER)
    shop.broken("web:2", **NEVER_STARTS)
    run = shop.rollback()
    assert (run.outcome, run.failed) == ("failed", True)
    assert "web runs " in run.message
    assert "web:3 with 2 of 2" in run.message
    assert "lastgood:bad" not in shop.tags("web:3")


def test_an_alarm_undoes_ours_while_it_bakes(shop: Shop) -> None:
    alarms = {"alarmNames": ["errors"], "enable": True, "rollback": True}
    shop.world.alarm()
    releases(shop, 3, alarms=alarms)
    shop.rollback(wait_until="serving", mark=False)
    shop.world.alarm(state="ALARM")
    run = shop.rollback(mark=False)
    assert (run.outcome, run.failed) == ("failed", True)
    assert "alarm" in run.message
    shop.sim.advance(300)
    assert shop.on() == "web:3"


def test_a_function_that_fails_undoes_ours(shop: Shop) -> None:
    releases(shop, 3, lifecycleHooks=[function()])
    shop.sim.hook(FUNCTION, "fail")
    run = shop.rollback()
    assert (run.outcome, run.failed) == ("failed", True)
    assert f"Lifecycle hook target {FUNCTION} returned FAILED status" in run.message


def test_somebody_deploys_over_ours(shop: Shop) -> None:
    releases(shop, 3)
    shop.versions(1)
    shop.meanwhile("DescribeServiceDeployments", nth=8, deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, run.failed) == ("superseded", True)
    assert "somebody else deployed web:4" in run.message


# -- already rolled back


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_already_rolled_back_natively(shop: Shop, strategy: str) -> None:
    begin(shop, **STRATEGIES[strategy])
    until(shop, "BAKE_TIME")
    shop.world.ecs.stop_service_deployment(serviceDeploymentArn=record(shop)["serviceDeploymentArn"])
    settle(shop)
    shop.sim.advance(120)
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("unchanged", [], "web:2")
    assert "ECS itself rolled it back from web:3 to web:2" in run.message


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_native_rollback_that_is_running_is_adopted(shop: Shop, strategy: str) -> None:
    begin(shop, **STRATEGIES[strategy])
    until(shop, "BAKE_TIME")
    shop.world.ecs.stop_service_deployment(serviceDeploymentArn=record(shop)["serviceDeploymentArn"])
    run = shop.rollback()
    assert (run.outcome, run.only["method"], set(run.writes)) == ("rolled_back", "adopt", {"TagResource"})
    assert shop.running() == {"web:2": 2}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_command_after_a_rollback_of_a_finished_deployment(shop: Shop, strategy: str) -> None:
    releases(shop, 3, **STRATEGIES[strategy])
    shop.rollback(fast=True)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])


# -- races


def stop(shop: Shop) -> dict[str, t.Any]:
    """Somebody stops the newest deployment."""
    arn = record(shop)["serviceDeploymentArn"]
    return {"operation": "StopServiceDeployment", "params": {"serviceDeploymentArn": arn, "stopType": "ROLLBACK"}}


def test_it_finished_before_the_stop_came(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    shop.meanwhile("StopServiceDeployment", advance=600)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "update_service", "web:2")
    assert run.moves == ["StopServiceDeployment", "UpdateService"]
    assert shop.history()[:2] == [("web:2", "SUCCESSFUL"), ("web:3", "SUCCESSFUL")]


def test_it_was_stopped_by_somebody_before_the_stop_came(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    shop.sim.on("StopServiceDeployment", stop(shop))
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "stop_deployment", {"web:2": 2})


def test_somebody_let_it_go_on_before_our_answer_came(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    shop.sim.on("ContinueServiceDeployment", answer(shop, "CONTINUE"))
    run = shop.rollback()
    assert (run.outcome, run.only["method"]) == ("rolled_back", "stop_deployment")
    # The record of the plan that came to nothing is taken back.
    taken_back = "UntagResource"
    first, second = [RECORD, "ContinueServiceDeployment", taken_back], [RECORD, "StopServiceDeployment"]
    assert run.writes == [*first, *second, *MARKS]
    assert (shop.on(), shop.running()) == ("web:2", {"web:2": 2})


def test_somebody_let_it_go_on_and_it_finished_before_our_answer_came(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause("POST_PRODUCTION_TRAFFIC_SHIFT")], bakeTimeInMinutes=0)
    until_parked(shop)
    shop.sim.on("ContinueServiceDeployment", answer(shop, "CONTINUE"))
    shop.meanwhile("ContinueServiceDeployment", advance=600)
    run = shop.rollback(fast=True)
    assert (run.outcome, run.only["method"]) == ("rolled_back", "update_service")
    assert (shop.on(), shop.running()) == ("web:2", {"web:2": 2})


def test_somebody_rolled_it_back_before_our_answer_came(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    shop.sim.on("ContinueServiceDeployment", answer(shop, "ROLLBACK"))
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "adopt", {"web:2": 2})
    assert shop.history()[0] == ("web:3", "ROLLBACK_SUCCESSFUL")


def test_an_answer_that_ecs_does_not_take_is_followed_by_a_stop(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    shop.sim.fail("ContinueServiceDeployment", "InvalidParameterException", "not like this", times=None)
    run = shop.rollback()
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:2": 2})
    writes = [name for name in run.writes if name != "TagResource"]
    assert writes == ["ContinueServiceDeployment", "StopServiceDeployment"]
    assert "not like this" in run.finding("other_way")["message"]


def test_neither_an_answer_nor_a_stop_is_taken(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    for operation in ("ContinueServiceDeployment", "StopServiceDeployment"):
        shop.sim.fail(operation, "InvalidParameterException", f"no {operation} here", times=None)
    run = shop.rollback()
    assert run.outcome == "refused"
    assert "no ContinueServiceDeployment here" in run.message


def test_it_reached_the_hook_after_the_plan_was_made(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until(shop, "TEST_TRAFFIC_SHIFT")
    shop.meanwhile("StopServiceDeployment", advance=30)
    run = shop.rollback()
    assert (run.outcome, shop.on(), shop.running()) == ("rolled_back", "web:2", {"web:2": 2})


@pytest.mark.parametrize("late", [0.0, 60.0], ids=["", "tags are late"])
def test_it_was_rolled_back_by_ecs_between_plan_and_write(shop: Shop, late: float) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    if late:
        shop.sim.late("ecs:Tags", seconds=late)
    # Between the plan and the last look before the write.
    shop.sim.on("DescribeServices", stop(shop), nth=2)
    shop.meanwhile("DescribeServices", nth=2, advance=120)
    run = shop.rollback()
    assert (run.outcome, shop.on(), shop.running()) == ("unchanged", "web:2", {"web:2": 2})
    # The record that announced it is taken back, and AWS may go on showing it.
    assert (run.writes, shop.service_tags()) == (["TagResource", "UntagResource"], {})


def test_somebody_deploys_between_plan_and_write(shop: Shop) -> None:
    begin(shop)
    shop.versions(1)
    until(shop, "BAKE_TIME")
    shop.meanwhile("DescribeServices", nth=2, deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", ["TagResource", "UntagResource"])
    assert "somebody deployed web:4" in run.message


# -- two runs at once


class Twin:
    """A second run of ours that starts in the midst of the first one."""

    def __init__(self, shop: Shop, line: str, **options: t.Any) -> None:
        self.result: t.Any = None
        self._shop, self._line, self._options = shop, line, options
        shop.on_line(self._hear)

    def _hear(self, line: str) -> None:
        if self._line in line and self.result is None:
            self.result = ()
            self.result = self._shop.rollback(**self._options)


@pytest.mark.parametrize("at", ["SCALE_UP", "BAKE_TIME"])
def test_two_runs_at_once_of_a_deployment_in_flight(shop: Shop, at: str) -> None:
    begin(shop)
    until(shop, at)
    twin = Twin(shop, "ECS stops the running deployment")
    first = shop.rollback()
    assert (first.outcome, first.only["method"]) == ("rolled_back", "stop_deployment")
    assert (twin.result.outcome, twin.result.only["method"]) == ("rolled_back", "adopt")
    assert len(shop.history()) == 3
    assert shop.running() == {"web:2": 2}


@pytest.mark.parametrize("late", [0.0, 2.0], ids=["", "tags are late"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_runs_at_once_of_a_finished_deployment(shop: Shop, strategy: str, late: float) -> None:
    releases(shop, 3, **STRATEGIES[strategy])
    if late:
        shop.sim.late("ecs:Tags", seconds=late)
    twin = Twin(shop, "update_service accepted", fast=True)
    first = shop.rollback(fast=True)
    assert (first.outcome, first.only["method"]) == ("rolled_back", "update_service")
    assert (twin.result.outcome, twin.result.only["method"]) == ("rolled_back", "adopt")
    assert [version for version, _status in shop.history()] == ["web:2", "web:3", "web:2", "web:1"]
    shop.later()
    assert shop.rollback().outcome == "unchanged"


def test_two_runs_at_once_at_a_hook(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    twin = Twin(shop, "ECS goes back from the hook")
    first = shop.rollback()
    assert (first.outcome, first.only["method"]) == ("rolled_back", "continue_rollback")
    assert (twin.result.outcome, twin.result.only["method"], shop.running()) == (
        "rolled_back",
        "adopt",
        {"web:2": 2},
    )


def test_a_run_that_starts_while_the_other_watches_the_steps_adopts_them(shop: Shop) -> None:
    releases(shop, 3, **CANARY)
    twin = Twin(shop, "PRODUCTION_TRAFFIC_SHIFT, 5 %")
    first = shop.rollback()
    assert (first.outcome, twin.result.outcome, twin.result.only["method"]) == ("rolled_back", "rolled_back", "adopt")
    assert "UpdateService" not in twin.result.writes


# -- what AWS or botocore cannot do


def test_botocore_is_too_old_to_answer_a_hook(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    forget(monkeypatch, "continue_service_deployment")
    run = shop.rollback()
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:2": 2})
    assert [name for name in run.writes if name != "TagResource"] == ["StopServiceDeployment"]
    assert "does not know ContinueServiceDeployment" in run.finding("other_way")["message"]


def forget(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Let botocore be one that came before this operation."""
    whole = ClientCreator._create_methods

    def without(self: t.Any, *args: t.Any) -> t.Any:
        methods = whole(self, *args)
        methods.pop(method, None)
        return methods

    monkeypatch.setattr(ClientCreator, "_create_methods", without)


def test_ecs_does_not_support_it_for_this_service(shop: Shop) -> None:
    begin(shop)
    operation = "StopServiceDeployment"
    until(shop, "POST_TEST_TRAFFIC_SHIFT")
    shop.sim.fail(operation, "UnsupportedFeatureException", "Not for this service.", times=None)
    run = shop.rollback()
    assert (run.outcome, run.moves) == ("refused", [operation])
    assert "UnsupportedFeatureException (Not for this service)" in run.message
    assert "in_flight: supersede" in run.message


def test_without_the_permission_to_stop_it_says_what_to_ask_for(shop: Shop) -> None:
    begin(shop)
    until(shop, "BAKE_TIME")
    shop.deny("StopServiceDeployment")
    run = shop.rollback()
    assert (run.outcome, "ecs:StopServiceDeployment" in run.message) == ("refused", True)


def test_without_the_history_it_is_watched_by_its_counts(shop: Shop) -> None:
    releases(shop, 3)
    shop.deny("ListServiceDeployments")
    run = shop.rollback(revision="2")
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:2": 2})
    assert run.only["timings"]["stable"] > 300


def test_a_plan_says_how_it_would_go_back(shop: Shop) -> None:
    begin(shop, lifecycleHooks=[pause()])
    until_parked(shop)
    assert shop.info().only["method"] == "continue_rollback"
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.only["method"], run.writes) == ("planned", "continue_rollback", [])


@pytest.mark.parametrize("configured", [BLUE_GREEN, LINEAR, CANARY], ids=lambda c: c["strategy"])
def test_tasks_are_set_after_ecs_went_back(shop: Shop, configured: dict[str, t.Any]) -> None:
    begin(shop, **configured)
    until(shop, "BAKE_TIME")
    run = shop.rollback(tasks=3)
    assert (run.outcome, run.sent("UpdateService")) == (
        "rolled_back",
        [{"cluster": shop.service()["clusterArn"], "service": "web", "desiredCount": 3}],
    )


def test_a_rolling_deployment_that_waits_at_a_pause_hook_says_so(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.deploy("web:2")
    shop.world.ecs.update_service(
        cluster=CLUSTER, service="web", deploymentConfiguration={"lifecycleHooks": [pause("POST_SCALE_UP")]}
    )
    run = shop.rollback(wait_timeout=120)
    assert run.outcome == "timeout"
    assert "waits for a person at its hook" in run.message
    assert "then ROLLBACK" in run.message
