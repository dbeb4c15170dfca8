# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback_info, in process, against the simulator: the plan, and why."""

from __future__ import annotations

import pytest

from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Run, Shop, arn, short


def verdicts(run: Run) -> dict[str, str]:
    """By version."""
    return {short(candidate["task_definition"]): candidate["verdict"] for candidate in run.only["candidates"]}


def test_the_plan_is_shown(shop: Shop) -> None:
    shop.bad_release()
    run = shop.info()
    plan = run.only
    assert (run.failed, run.result["changed"], run.writes) == (False, False, [])
    assert (plan["outcome"], plan["method"], plan["target_source"]) == ("planned", "update_service", "last_good")
    assert (plan["target"]["task_definition"], plan["target"]["status"]) == (arn("web:1"), "ACTIVE")
    assert (plan["current"]["task_definition"], plan["left"]) == (arn("web:3"), arn("web:3"))
    assert run.lines[0].startswith("[web] web:3 → web:1  last good: SUCCESSFUL at ")
    assert "web:2 left out: its deployment ended STOPPED" in run.lines[0]


def test_the_candidates_are_shown_newest_first_with_their_verdicts(shop: Shop) -> None:
    shop.bad_release()
    run = shop.info()
    assert list(verdicts(run).items()) == [("web:3", "good"), ("web:2", "unknown"), ("web:1", "good")]
    assert [candidate["current"] for candidate in run.only["candidates"]] == [True, False, False]


def test_the_verdicts_of_a_history_with_everything_in_it(shop: Shop) -> None:
    shop.releases(3, deploymentConfiguration=BREAKER)
    shop.versions(4)
    shop.broken("web:4", **NEVER_STARTS)
    shop.deploy("web:4")
    shop.deploy("web:5")
    shop.deploy("web:3")
    shop.deploy("web:6", settle=20)
    shop.deploy("web:7")
    shop.mark("web:2", "lastgood:bad", "leaks")
    assert verdicts(shop.info()) == {
        "web:1": "good",
        "web:2": "bad",
        "web:3": "good",
        "web:4": "bad",
        "web:5": "bad",
        "web:6": "unknown",
        "web:7": "good",
    }


@pytest.mark.parametrize("mark", ["lastgood:good", "lastgood:bad"])
@pytest.mark.parametrize("options", [{}, {"steps_back": 2}, {"fallback": "previous_registered"}])
def test_the_plan_is_what_ecs_rollback_does(shop: Shop, mark: str, options: dict[str, object]) -> None:
    shop.releases(4)
    shop.versions(1)
    shop.broken("web:5")
    shop.deploy("web:5", settle=60)
    shop.sim.image("registry/web:5", "ok")
    shop.deploy("web:4")
    shop.versions(1)
    shop.deploy("web:6")
    shop.mark("web:3", mark)
    shop.mark("web:5", mark)
    plan = shop.info(**options).only
    run = shop.rollback(**options)
    assert (run.outcome, run.only["target"]) == ("rolled_back", plan["target"])
    assert run.only["target_why"] == plan["target_why"]


def test_a_running_deployment_is_shown(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    plan = shop.info().only
    assert plan["in_flight"]["status"] == "IN_PROGRESS"
    assert (plan["in_flight"]["task_definition"], plan["in_flight"]["goes_back_to"]) == (arn("web:3"), [arn("web:2")])
    assert (plan["method"], plan["current"]["rollout_state"]) == ("stop_deployment", "IN_PROGRESS")


def test_a_service_that_was_rolled_back_is_shown_as_unchanged(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    plan = shop.info().only
    assert (plan["outcome"], plan["target"], plan["method"]) == ("unchanged", None, "none")
    assert plan["reason"].startswith("already rolled back from web:3 to web:1 at ")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"cluster": "nonesuch"}, "there is no cluster nonesuch"),
        ({"service": ["nonesuch"]}, "there is no service nonesuch in cluster shop"),
        ({"revision": "99"}, "there is no task definition web:99"),
        ({"steps_back": 7}, "steps_back: 7 reaches beyond the recorded history"),
        ({"as_of": "2020-01-01"}, "the service deployment history does not reach back"),
    ],
)
def test_what_cannot_be_rolled_back_is_shown_and_fails_nothing(
    shop: Shop, options: dict[str, object], reason: str
) -> None:
    shop.bad_release()
    run = shop.info(**options)
    assert (run.failed, run.outcome, run.writes) == (False, "refused", [])
    assert run.only["reason"].startswith(reason)
    assert run.lines[0].startswith(f"[{run.only['service']}] refused: ")


@pytest.mark.parametrize(
    "operation",
    [
        "DescribeServices",
        "ListServiceDeployments",
        "DescribeServiceDeployments",
        "DescribeServiceRevisions",
        "DescribeTaskDefinition",
    ],
)
@pytest.mark.parametrize("kind", ["error", "truncate", "empty"])
def test_what_cannot_be_read_is_shown_and_fails_nothing(shop: Shop, operation: str, kind: str) -> None:
    shop.bad_release()
    shop.sim.fail(operation, code="AccessDeniedException", kind=kind, after=True, times=None)
    run = shop.info()
    assert (run.failed, run.writes) == (False, [])
    assert run.outcome == ("planned" if operation == "DescribeServiceDeployments" else "refused")
    reason = f"ecs:{operation}" if kind == "error" else "so it was cut off on the way"
    assert reason in run.everything


def test_an_inactive_service_is_shown(shop: Shop) -> None:
    shop.releases(2)
    shop.world.ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    plan = shop.info().only
    assert (plan["outcome"], "service web is DRAINING" in plan["reason"]) == ("refused", True)


def test_several_services_are_read_together(shop: Shop) -> None:
    shop.versions(2)
    names = [f"s{n:02}" for n in range(12)]
    for name in names:
        shop.create("web:1", name=name, settle=0)
    shop.sim.advance(300)
    run = shop.info(*names, "nonesuch")
    assert [service["service"] for service in run.result["services"]] == [*names, "nonesuch"]
    assert [len(params["services"]) for params in run.sent("DescribeServices")] == [10, 3]
    assert run.result["api_calls"]["DescribeServices"] == 2


def test_options_that_cannot_be_meant_fail(shop: Shop) -> None:
    run = shop.info(revision="newest")
    assert (run.failed, run.operations) == (True, [])
    assert run.result["msg"].startswith("revision: 'newest' is neither a revision number (41)")
