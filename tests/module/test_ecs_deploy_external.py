# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploying a revision to services with the controller EXTERNAL, and waiting for their task sets."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import write
from tests.module.code_deploy import EVENTS, BlueGreen
from tests.module.external import BALANCER, External
from tests.module.services import NEVER_STARTS, Shop, short

FAILURE, ON_ALARM, ON_REQUEST = ([event] for event in EVENTS)


@pytest.fixture
def external(shop: Shop) -> External:
    """web:1 is PRIMARY."""
    made = External(shop)
    made.promote(made.stand("web:1", loadBalancers=[BALANCER]))
    return made


def alarm(shop: Shop, state: str) -> None:
    BlueGreen(shop).alarm(state)


# -- it comes up


def test_a_task_set_is_brought_up_and_takes_over(shop: Shop, external: External) -> None:
    run = shop.release(2, rollback_events=FAILURE)
    assert (run.failed, run.outcome, run.only["changed"]) == (False, "deployed", True), run.message
    assert external.sets() == {"web:1": ("ACTIVE", 100), "web:2": ("PRIMARY", 100)}
    assert run.writes == ["CreateTaskSet", "UpdateServicePrimaryTaskSet"]
    [sent] = run.sent("CreateTaskSet")
    assert (sent["loadBalancers"], sent["launchType"]) == ([BALANCER], "FARGATE")
    assert (
        "is left as it is, for whoever deploys web to scale down or delete" in run.finding("task_set_left")["message"]
    )
    assert any("create_task_set accepted, task set ecs-svc/" in line for line in run.lines)
    again = shop.release(2, rollback_events=FAILURE)
    assert (again.failed, again.outcome, again.writes) == (False, "unchanged", [])


def test_a_task_set_that_stands_already_is_taken(shop: Shop, external: External) -> None:
    standing = external.stand("web:2")
    run = shop.release(2)
    assert (run.outcome, run.only["deployment_id"], run.writes) == (
        "deployed",
        standing,
        ["UpdateServicePrimaryTaskSet"],
    )


def test_a_primary_task_set_that_is_not_steady_yet_is_followed(shop: Shop, external: External) -> None:
    external.promote(external.stand("web:2", settle=2))
    run = shop.release(2)
    assert (run.outcome, run.only["changed"], run.writes) == ("deployed", False, []), run.message


def test_check_mode_writes_nothing(shop: Shop, external: External) -> None:
    run = shop.release(2, rollback_events=FAILURE, check_mode=True, diff=True)
    assert (run.outcome, run.result["changed"], run.writes) == ("planned", True, [])


# -- it fails


def test_what_does_not_come_up_is_deleted_and_what_is_primary_stays(shop: Shop, external: External) -> None:
    shop.broken("web:2", **NEVER_STARTS)
    run = shop.release(2, rollback_events=FAILURE, reason="release 7")
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_FAILURE"), run.message
    assert (short(run.only["rolled_back_to"]), run.only["rolled_back_by"]) == ("web:1", "lastgood")
    assert "Essential container in task exited" in run.message
    assert "was deleted, and the service is still on web:1 (DEPLOYMENT_FAILURE), which is verified" in run.message
    shop.sim.advance(120)
    assert external.sets() == {"web:1": ("PRIMARY", 100)}
    assert run.writes == ["CreateTaskSet", "DeleteTaskSet", "TagResource", "TagResource"]
    assert "release 7" in shop.tags("web:2")["lastgood:bad"]
    again = shop.release(2, rollback_events=FAILURE)
    assert (again.outcome, again.writes) == ("refused", [])
    assert "web:2 is known to be bad" in again.message


def test_what_does_not_come_up_and_may_not_be_deleted(shop: Shop, external: External) -> None:
    shop.broken("web:2", **NEVER_STARTS)
    shop.deny("DeleteTaskSet")
    run = shop.release(2, rollback_events=FAILURE)
    assert (run.failed, external.sets()["web:1"][0], external.sets()["web:2"][0]) == (True, "PRIMARY", "ACTIVE")
    assert "ecs:DeleteTaskSet" in run.everything
    assert "was deleted" not in run.message


def test_a_second_attempt_creates_another_task_set(shop: Shop, external: External) -> None:
    shop.broken("web:2", **NEVER_STARTS)
    first = shop.release(2, rollback_events=FAILURE).sent("CreateTaskSet")[0]["clientToken"]
    shop.sim.advance(120)
    second = shop.release(2, rollback_events=FAILURE, force=["marked"]).sent("CreateTaskSet")[0]["clientToken"]
    assert first != second


def test_without_the_event_it_stays(shop: Shop, external: External) -> None:
    shop.broken("web:2", **NEVER_STARTS)
    run = shop.release(2)
    assert (run.failed, run.outcome, run.writes) == (True, "failed", ["CreateTaskSet"])
    assert "It is not rolled back: rollback_events lacks DEPLOYMENT_FAILURE" in run.message
    assert external.sets() == {"web:1": ("PRIMARY", 100), "web:2": ("ACTIVE", 100)}


def test_one_that_stood_before_is_not_deleted(shop: Shop, external: External) -> None:
    shop.broken("web:2", **NEVER_STARTS)
    standing = external.stand("web:2")
    run = shop.release(2, rollback_events=FAILURE)
    assert (run.failed, run.outcome) == (True, "rolled_back")
    assert f"Its task set {standing} stood before this run, and is left" in run.message
    assert "DeleteTaskSet" not in run.writes


def test_what_gets_nowhere_is_deleted_when_the_time_is_up(shop: Shop, external: External) -> None:
    shop.sim.image("registry/web:2", behaviour="slow")
    run = shop.release(2, rollback_events=FAILURE, wait_timeout=60)
    assert (run.failed, run.outcome) == (True, "rolled_back"), run.message
    assert "still going after 60 s" in run.message
    assert "Nothing was undone" not in run.message


def test_somebody_deletes_it(shop: Shop, external: External) -> None:
    def delete(line: str) -> None:
        standing = [s["id"] for s in shop.service()["taskSets"] if s["status"] == "ACTIVE"]
        if "0/2 on web:2" in line and standing:
            external.ecs.delete_task_set(cluster="shop", service="web", taskSet=standing[0], force=True)

    shop.on_line(delete)
    run = shop.release(2, rollback_events=ON_REQUEST)
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_STOP_ON_REQUEST")
    assert "was deleted by somebody, and the service is still on web:1" in run.message


def test_an_alarm_that_the_run_watches(shop: Shop, external: External) -> None:
    alarm(shop, "OK")
    shop.on_line(lambda line: alarm(shop, "ALARM") if "0/2 on web:2" in line else None)
    run = shop.release(2, rollback_events=ON_ALARM, alarms=["errors"])
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_STOP_ON_ALARM"), (
        run.message
    )
    assert "errors went into ALARM" in run.message
    shop.sim.advance(120)
    assert external.sets() == {"web:1": ("PRIMARY", 100)}


def test_an_alarm_that_rings_when_it_has_taken_over(
    shop: Shop, external: External, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm(shop, "OK")
    promote = write.promote

    def ring(*given: t.Any) -> t.Any:
        done = promote(*given)
        alarm(shop, "ALARM")
        return done

    monkeypatch.setattr(write, "promote", ring)
    run = shop.release(2, rollback_events=ON_ALARM, alarms=["errors"])
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_STOP_ON_ALARM"), (
        run.message
    )
    assert external.sets()["web:1"] == ("PRIMARY", 100)
    writes = [name for name in run.writes if name.endswith("TaskSet")]
    assert writes == ["CreateTaskSet", "UpdateServicePrimaryTaskSet", "UpdateServicePrimaryTaskSet"]


def test_somebody_makes_another_one_primary(shop: Shop, external: External) -> None:
    other = external.stand("web:3")
    shop.on_line(lambda line: external.promote(other) if "0/2 on web:2" in line else None)
    run = shop.release(2, rollback_events=FAILURE)
    assert (run.failed, run.outcome) == (True, "superseded"), run.message
    assert external.sets()["web:3"] == ("PRIMARY", 100)


# -- what is refused


@pytest.mark.parametrize(
    ("state", "alarms", "message"),
    [
        ("OK", [], "has none of its own. Give alarms"),
        ("OK", ["nosuch"], "there is no alarm nosuch in this account and Region"),
        ("ALARM", ["errors"], "errors is in ALARM now, so that the deployment would be stopped at once"),
    ],
)
def test_alarms_that_cannot_be_watched(
    shop: Shop, external: External, state: str, alarms: list[str], message: str
) -> None:
    alarm(shop, state)
    run = shop.release(2, rollback_events=ON_ALARM, alarms=alarms)
    assert (run.outcome, run.writes) == ("refused", [])
    assert message in run.message


def test_alarms_that_hang_hold_up_nothing(shop: Shop, external: External) -> None:
    """The simulator's clock moves on by what a client waits."""
    alarm(shop, "OK")
    heard: list[int] = []

    def hang(line: str) -> None:
        if "0/2 on web:2" in line and not heard:
            heard.append(len(shop.sim.log()))
            shop.sim.fail("DescribeAlarms", kind="hang", times=None)

    shop.on_line(hang)
    began = shop.sim.now()
    run = shop.release(2, rollback_events=ON_ALARM, alarms=["errors"])
    assert (heard != [], run.outcome) == (True, "deployed"), run.message
    assert "the alarms could not be watched. " in run.finding("alarms")["message"]
    assert [entry["operation"] for entry in shop.sim.log()[heard[0] :]].count("DescribeAlarms") == 1
    assert shop.sim.now() - began <= 60


def test_alarms_that_may_not_be_read(shop: Shop, external: External) -> None:
    alarm(shop, "OK")
    shop.deny("DescribeAlarms")
    run = shop.release(2, rollback_events=ON_ALARM, alarms=["errors"])
    assert (run.outcome, run.writes) == ("refused", [])
    assert "this run would have to watch the alarms errors, and cannot: " in run.message


def test_another_one_that_is_brought_up(shop: Shop, external: External) -> None:
    external.stand("web:3", settle=2)
    refused = shop.release(2, in_flight="refuse")
    assert (refused.outcome, refused.writes) == ("refused", [])
    run = shop.release(2)
    assert (run.outcome, run.finding("in_flight")["severity"]) == ("deployed", "warn")


def test_a_denied_write(shop: Shop, external: External) -> None:
    shop.deny("CreateTaskSet")
    run = shop.release(2, rollback_events=FAILURE)
    assert (run.failed, run.outcome, run.only["changed"]) == (True, "refused", False)


# -- waiting


def test_the_primary_task_set_is_waited_for_until_it_is_steady(shop: Shop, external: External) -> None:
    new = external.stand("web:2", settle=2)
    external.promote(new)
    run = shop.wait()
    assert (run.failed, run.outcome, run.only["deployment_id"]) == (False, "stable", new), run.message
    assert "the task set of web:2 is PRIMARY, and in a steady state" in run.only["reason"]
    assert run.only["timings"]["ended"] > 10


def test_one_that_is_named_is_waited_for_until_somebody_makes_it_primary(shop: Shop, external: External) -> None:
    new = external.stand("web:2")
    late = shop.wait(deployment=new, wait_timeout=30)
    assert (late.failed, late.outcome, late.writes) == (True, "timeout", [])
    assert external.sets()["web:2"] == ("ACTIVE", 100)
    external.promote(new)
    assert shop.wait(deployment=new).outcome == "stable"


def test_one_that_fails(shop: Shop, external: External) -> None:
    shop.broken("web:2", **NEVER_STARTS)
    external.promote(external.stand("web:2", settle=2))
    run = shop.wait()
    assert (run.failed, run.outcome) == (True, "failed")
    assert "Essential container in task exited" in run.message


def test_another_one_that_becomes_primary_meanwhile(shop: Shop, external: External) -> None:
    new, other = external.stand("web:2", settle=2), external.stand("web:3", settle=2)
    external.promote(new)
    shop.on_line(lambda line: external.promote(other) if "on web:2" in line else None)
    run = shop.wait()
    assert (run.failed, run.outcome) == (True, "superseded"), run.message


def test_one_that_there_is_not(shop: Shop, external: External) -> None:
    run = shop.wait(deployment="ecs-svc/1")
    assert (run.failed, run.outcome) == (True, "refused")
    assert "there is no task set ecs-svc/1 of web" in run.message
