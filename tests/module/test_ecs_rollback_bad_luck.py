# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: AWS refuses, throttles, mumbles, and others interfere."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from tests.module.services import CLUSTER, Run, Shop, short

# What the refusal of an operation leads to, and whether the service was moved.
REFUSED = ("refused", "web:3")
GOES_ON = ("rolled_back", "web:1")
DENIED = {
    "DescribeServices": REFUSED,
    "ListServiceDeployments": REFUSED,
    "DescribeServiceDeployments": GOES_ON,
    "DescribeServiceRevisions": REFUSED,
    "DescribeTaskDefinition": REFUSED,
    "UpdateService": REFUSED,
    "TagResource": GOES_ON,
    "DeregisterTaskDefinition": GOES_ON,
    "ListTasks": GOES_ON,
    "ListClusters": GOES_ON,
    "ListServices": GOES_ON,
}
# Only asked for in another story than the usual one; each has a test of its refusal there.
SELDOM = {
    "ContinueServiceDeployment",
    "CreateTaskSet",
    "DeleteTaskSet",
    "DescribeTasks",
    "ListTaskDefinitions",
    "RegisterTaskDefinition",
    "StopServiceDeployment",
    "UntagResource",
    "UpdateServicePrimaryTaskSet",
    "UpdateTaskSet",
}
# The record that announces a rollback, and its end if none comes of it.
TAKEN_BACK = ["TagResource", "UntagResource"]
READS = ("DescribeServices", "ListServiceDeployments", "DescribeServiceRevisions", "DescribeTaskDefinition")


def half_way(shop: Shop) -> None:
    """web:2 is good, and web:3 is being deployed."""
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)


def later(shop: Shop, operation: str, after: str, **fault: t.Any) -> None:
    """From the moment when an operation was answered, another one fails."""
    params = {"operation": operation, "times": None, **fault}
    shop.sim.on(after, {"control": "fail", "params": params}, "after")


def says_nothing_was_written(run: Run) -> bool:
    """It does, and that is true."""
    return run.message.endswith("Nothing was written") and run.result["changed"] is False


# -- denied


def test_every_operation_that_is_ever_called_has_a_test_of_its_refusal() -> None:
    called = re.findall(r'"ecs",\s+"([a-z_]+)"', Path(api.__file__).read_text(encoding="utf-8"))
    names = {"".join(word.title() for word in name.split("_")) for name in called}
    assert len(names) > 10
    assert names == set(DENIED) | SELDOM


@pytest.mark.parametrize(("operation", "end"), DENIED.items())
def test_access_denied(shop: Shop, operation: str, end: tuple[str, str]) -> None:
    shop.bad_release()
    shop.deny(operation)
    run = shop.rollback(deregister=True)
    shop.sim.clear_failures()
    assert ((run.outcome, shop.on()), operation in run.operations) == (end, True)
    assert f"The identity in use needs the permission ecs:{operation}" in run.everything
    assert "AccessDeniedException" in run.everything
    if end == REFUSED:
        assert (run.failed, says_nothing_was_written(run)) == (True, True)
        assert f"ecs:{operation}" in run.message
        assert set(run.moves) <= {operation}
        assert shop.service_tags() == {}
    elif operation != "DescribeServiceDeployments":
        assert (shop.status("web:3"), run.only["deregistered"]) == (
            ("INACTIVE", run.only["left"]) if operation == "TagResource" else ("ACTIVE", None)
        )


def test_access_denied_to_stop_a_deployment(shop: Shop) -> None:
    half_way(shop)
    shop.deny("StopServiceDeployment")
    run = shop.rollback()
    assert (run.outcome, run.moves, shop.on()) == ("refused", ["StopServiceDeployment"], "web:3")
    assert "The identity in use needs the permission ecs:StopServiceDeployment" in run.message
    assert says_nothing_was_written(run)


def test_access_denied_to_list_the_family(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:2")
    shop.deny("ListTaskDefinitions")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert "needs the permission ecs:ListTaskDefinitions" in run.message


def test_access_denied_to_describe_tasks(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1")
    shop.deny("DescribeTasks")
    run = shop.rollback(wait_timeout=300)
    assert (run.outcome, run.only["diagnosis"]["stopped_tasks"]) == ("timeout", [])
    assert "needs the permission ecs:DescribeTasks" in run.only["diagnosis"]["unknown"][0]


def test_access_denied_to_look_again_just_before_the_write(shop: Shop) -> None:
    shop.bad_release()
    later(shop, "DescribeServices", after="DescribeTaskDefinition", code="AccessDeniedException")
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, run.writes, shop.on(), shop.service_tags()) == ("refused", TAKEN_BACK, "web:3", {})
    assert "the last look before the write failed" in run.message


def test_access_denied_while_watching(shop: Shop) -> None:
    shop.bad_release()
    later(shop, "DescribeServices", after="UpdateService", code="AccessDeniedException")
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, run.failed, run.result["changed"], shop.on()) == ("lost_contact", True, True, "web:1")
    assert "AWS has accepted the deployment of web:1 (ecs-svc/" in run.message
    assert "needs the permission ecs:DescribeServices" in run.message
    assert run.message.endswith("Nothing was undone. The same command goes on watching it")
    assert len(run.sent("DescribeServices")) == 3


def test_credentials_that_have_expired(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.fail("DescribeServices", code="ExpiredTokenException", times=None)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "have expired: renew them and run the same command again" in run.message


# -- contact lost while watching


def outage(shop: Shop, seconds: float | None, kind: str = "drop", code: str = "ServerException", nth: int = 5) -> None:
    """From the n-th look on nothing answers for so long. The n-th is well after the write."""
    params = {"operation": "*", "kind": kind, "code": code, "times": None, "seconds": seconds}
    shop.sim.on("DescribeServices", {"control": "fail", "params": params}, "before", nth)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("drop", ""),
        ("truncate", ""),
        ("empty", ""),
        ("error", "ServerException"),
        ("error", "ServiceUnavailableException"),
        ("error", "InternalFailure"),
        ("error", "ThrottlingException"),
    ],
)
def test_an_outage_in_the_middle_of_the_wait_is_outlasted(shop: Shop, kind: str, code: str) -> None:
    shop.bad_release()
    outage(shop, 60, kind, code)
    run = shop.rollback()
    assert (run.outcome, shop.on(), run.result["warnings"]) == ("rolled_back", "web:1", [])
    assert any("no contact with AWS for " in line for line in run.lines)
    assert shop.tags("web:3")["lastgood:bad"]


def test_an_outage_of_minutes_is_outlasted(shop: Shop) -> None:
    shop.bad_release()
    outage(shop, 280)
    assert shop.rollback().outcome == "rolled_back"


@pytest.mark.parametrize("contact_timeout", [60, None])
def test_an_outage_that_is_too_long(shop: Shop, contact_timeout: int | None) -> None:
    shop.bad_release()
    outage(shop, None)
    run = shop.rollback(contact_timeout=contact_timeout)
    shop.sim.clear_failures()
    seconds = contact_timeout or 300
    assert (run.outcome, run.failed, run.result["changed"]) == ("lost_contact", True, True)
    assert run.message.startswith("[web] lost_contact: AWS has accepted the deployment of web:1 (ecs-svc/")
    lost = re.search(r"contact was lost for (\d+) s", run.message)
    assert lost is not None
    assert seconds <= int(lost[1]) <= seconds + 30
    assert "It was last seen at " in run.message
    # What it says is true.
    again = shop.rollback()
    assert (again.outcome, again.only["method"], "UpdateService" in again.writes) == ("rolled_back", "adopt", False)


def test_waiting_goes_past_its_time_for_no_outage(shop: Shop) -> None:
    shop.bad_release()
    outage(shop, None)
    began = shop.sim.now()
    run = shop.rollback(wait_timeout=60)
    assert run.outcome == "lost_contact"
    assert shop.sim.now() - began <= 60 + 30


def test_without_patience_the_first_look_that_fails_is_the_last(shop: Shop) -> None:
    shop.bad_release()
    outage(shop, 60)
    assert shop.rollback(contact_timeout=0).outcome == "lost_contact"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ExpiredTokenException", "have expired: renew them and run the same command again"),
        ("UnrecognizedClientException", "AWS does not know the access key"),
        ("InvalidSignatureException", "The secret access key does not belong to the access key"),
    ],
)
def test_credentials_that_expire_in_the_middle_of_the_wait(shop: Shop, code: str, advice: str) -> None:
    shop.bad_release()
    outage(shop, None, "error", code)
    began = shop.sim.now()
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, run.failed, run.result["changed"]) == ("lost_contact", True, True)
    assert "AWS has accepted the deployment of web:1" in run.message
    assert advice in run.message
    assert shop.sim.now() - began < 30
    assert len(run.sent("DescribeServices")) == 5


def test_a_contact_timeout_that_is_none(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(contact_timeout=-1)
    assert (run.failed, run.operations) == (True, [])
    assert run.result["msg"] == "contact_timeout: -1 is not a number of seconds to go on asking. Nothing was changed."


# -- throttled


@pytest.mark.parametrize("operation", ["DescribeServices", "ListServiceDeployments", "UpdateService"])
def test_throttled_once(shop: Shop, operation: str) -> None:
    shop.bad_release()
    shop.sim.fail(operation, code="ThrottlingException")
    run = shop.rollback()
    assert (run.outcome, shop.on(), run.result["warnings"]) == ("rolled_back", "web:1", [])
    assert run.result["api_calls"][operation] == len(run.sent(operation))


def test_throttled_for_as_long_as_it_tries(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", code="ThrottlingException", times=None)
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, shop.on(), set(run.moves)) == ("refused", "web:3", {"UpdateService"})
    assert "AWS throttled this through all retries: run the same command again in a minute" in run.message
    assert says_nothing_was_written(run)


def test_throttled_while_watching_for_as_long_as_it_tries(shop: Shop) -> None:
    shop.bad_release()
    later(shop, "DescribeServices", after="UpdateService", code="ThrottlingException")
    run = shop.rollback()
    assert (run.outcome, run.result["changed"]) == ("lost_contact", True)
    assert "AWS throttled this through all retries" in run.message


def test_the_quotas_of_a_busy_account_slow_it_down_but_no_more(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.quotas(scale=0.05)
    assert shop.rollback().outcome == "rolled_back"


@pytest.mark.parametrize("code", ["ServerException", "InternalServerError", "ServiceUnavailableException"])
def test_an_error_of_the_server_is_tried_again(shop: Shop, code: str) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", code=code)
    run = shop.rollback()
    assert (run.outcome, len(run.sent("UpdateService"))) == ("rolled_back", 2)


# -- answers that are cut or lost


@pytest.mark.parametrize("kind", ["truncate", "empty"])
@pytest.mark.parametrize("operation", READS)
def test_an_answer_to_a_read_that_was_cut_proves_nothing(shop: Shop, operation: str, kind: str) -> None:
    shop.bad_release()
    shop.sim.fail(operation, kind=kind, after=True, times=None)
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:3")
    assert "so it was cut off on the way" in run.message
    assert "run the same command again" in run.message


@pytest.mark.parametrize("kind", ["truncate", "empty"])
def test_details_of_the_history_that_were_cut_are_done_without(shop: Shop, kind: str) -> None:
    shop.bad_release()
    shop.sim.fail("DescribeServiceDeployments", kind=kind, after=True, times=None)
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert "so it was cut off on the way" in run.finding("history")["message"]


@pytest.mark.parametrize("kind", ["truncate", "empty"])
@pytest.mark.parametrize("operation", ["ListClusters", "ListServices", "ListTasks"])
def test_what_uses_a_revision_is_not_known_from_an_answer_that_was_cut(shop: Shop, operation: str, kind: str) -> None:
    shop.bad_release()
    shop.sim.fail(operation, kind=kind, after=True, times=None)
    run = shop.rollback(deregister=True)
    assert (run.outcome, shop.status("web:3")) == ("rolled_back", "ACTIVE")
    assert "so it was cut off on the way" in run.finding("deregister")["message"]


@pytest.mark.parametrize("kind", ["truncate", "empty"])
def test_a_look_that_was_cut_is_made_up_for_by_the_next(shop: Shop, kind: str) -> None:
    shop.bad_release()
    later(shop, "DescribeServices", after="UpdateService", kind=kind, times=2)
    assert shop.rollback().outcome == "rolled_back"


@pytest.mark.parametrize("kind", ["truncate", "empty", "drop"])
def test_the_answer_to_the_write_is_lost_after_it_was_applied(shop: Shop, kind: str) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", kind=kind, after=True, times=None)
    run = shop.rollback()
    assert (run.outcome, run.result["changed"], shop.on()) == ("rolled_back", True, "web:1")
    assert shop.history()[:2] == [("web:1", "SUCCESSFUL"), ("web:3", "SUCCESSFUL")]
    assert "stands there and is treated as ours" in run.finding("answer_lost")["message"]
    assert shop.tags("web:3")["lastgood:bad"]


@pytest.mark.parametrize("kind", ["truncate", "empty", "drop"])
def test_the_answer_to_the_write_is_lost_and_it_was_not_applied(shop: Shop, kind: str) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", kind=kind, times=None)
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("lost_contact", "web:3")
    assert "Nothing was written" not in run.everything
    assert "whether AWS applied it is not known" in run.message
    assert "Run the same command again" in run.message


def test_the_answer_to_the_write_is_lost_and_nobody_can_tell_whether_it_was_applied(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", kind="drop", after=True, times=None)
    denied = {"operation": "DescribeServices", "code": "AccessDeniedException", "times": None}
    shop.sim.on("UpdateService", {"control": "fail", "params": denied})
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, run.result["changed"], shop.on()) == ("lost_contact", True, "web:1")
    assert "Nothing was written" not in run.everything
    assert "whether AWS applied it is not known" in run.message
    assert "Run the same command again" in run.message


@pytest.mark.parametrize("applied", [True, False])
def test_an_outage_that_begins_with_the_write(shop: Shop, applied: bool) -> None:
    """It is asked until AWS answers, and then it is seen whether the write was applied."""
    shop.bad_release()
    shop.sim.fail("UpdateService", kind="drop", after=applied, times=None)
    gone = {"operation": "*", "kind": "drop", "times": None, "seconds": 120}
    shop.sim.on("UpdateService", {"control": "fail", "params": gone}, "after" if applied else "before")
    run = shop.rollback()
    shop.sim.clear_failures()
    assert run.result["changed"]
    assert (run.outcome, shop.on()) == (("rolled_back", "web:1") if applied else ("lost_contact", "web:3"))
    assert shop.rollback().outcome == ("unchanged" if applied else "rolled_back")


def test_one_lost_connection_is_tried_again(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.fail("UpdateService", kind="drop", after=True)
    run = shop.rollback()
    assert (run.outcome, len(run.sent("UpdateService"))) == ("rolled_back", 2)
    assert shop.history()[:2] == [("web:1", "SUCCESSFUL"), ("web:3", "SUCCESSFUL")]


def test_the_answer_to_a_native_stop_is_lost_and_nobody_can_tell_whether_it_was_applied(shop: Shop) -> None:
    half_way(shop)
    shop.sim.fail("StopServiceDeployment", kind="drop", after=True, times=None)
    denied = {"operation": "DescribeServiceDeployments", "code": "AccessDeniedException", "times": None}
    shop.sim.on("StopServiceDeployment", {"control": "fail", "params": denied})
    run = shop.rollback()
    assert (run.outcome, run.result["changed"]) == ("lost_contact", True)
    assert "the answer to StopServiceDeployment was lost" in run.message
    assert "whether AWS applied it is not known" in run.message


@pytest.mark.parametrize("kind", ["truncate", "empty", "drop"])
def test_the_answer_to_a_native_stop_is_lost_after_it_was_applied(shop: Shop, kind: str) -> None:
    half_way(shop)
    shop.sim.fail("StopServiceDeployment", kind=kind, after=True, times=None)
    run = shop.rollback()
    assert (run.outcome, run.result["changed"], shop.on()) == ("rolled_back", True, "web:2")
    assert (run.only["method"], shop.history()[0]) == ("stop_deployment", ("web:3", "ROLLBACK_SUCCESSFUL"))


def test_the_answer_to_a_native_stop_is_lost_and_it_was_not_applied(shop: Shop) -> None:
    half_way(shop)
    shop.sim.fail("StopServiceDeployment", kind="drop", times=None)
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("lost_contact", "web:3")
    assert "Nothing was written" not in run.everything
    assert "whether AWS applied it is not known" in run.message
    assert "Run the same command again" in run.message


# -- somebody else


def test_somebody_deploys_between_the_plan_and_the_write(shop: Shop) -> None:
    shop.bad_release()
    shop.versions(1)
    shop.meanwhile("DescribeServices", nth=2, deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("refused", TAKEN_BACK, "web:4")
    assert "somebody deployed web:4 while this rollback from web:3 was being prepared" in run.message
    assert "run the same command again to roll that back" in run.message


def test_somebody_rolls_back_between_the_plan_and_the_write(shop: Shop) -> None:
    shop.bad_release()
    shop.meanwhile("DescribeServices", nth=2, deploy="web:1")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:1")
    assert "UpdateService" not in run.writes


def test_somebody_deploys_the_bad_version_again_between_the_plan_and_the_write(shop: Shop) -> None:
    shop.bad_release()
    params = {"cluster": CLUSTER, "service": "web", "forceNewDeployment": True}
    shop.sim.on("DescribeServices", {"operation": "UpdateService", "params": params}, "before", 2)
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")


def test_somebody_deploys_in_the_very_moment_of_the_write(shop: Shop) -> None:
    shop.bad_release()
    shop.versions(1)
    shop.meanwhile("UpdateService", deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")
    finding = run.finding("superseded_another")
    assert (finding["severity"], "to web:4 began between the last look and the write" in finding["message"]) == (
        "warn",
        True,
    )


def test_the_deployment_ends_before_it_is_asked_to_stop(shop: Shop) -> None:
    half_way(shop)
    shop.meanwhile("StopServiceDeployment", advance=600)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:2",
        "web:2",
    )
    assert run.moves == ["StopServiceDeployment", "UpdateService"]


def test_the_deployment_ends_before_it_stops(shop: Shop) -> None:
    half_way(shop)
    shop.sim.timings(stop_requested=600)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:2",
        "web:2",
    )
    assert shop.history()[:2] == [("web:2", "SUCCESSFUL"), ("web:3", "SUCCESSFUL")]


@pytest.mark.parametrize("late", [0.0, 60.0], ids=["", "tags are late"])
def test_the_deployment_fails_by_itself_before_it_is_asked_to_stop(shop: Shop, late: float) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    shop.releases(2, deploymentConfiguration=breaker)
    shop.versions(1)
    shop.broken("web:3", "crash", after=0)
    shop.deploy("web:3", settle=20)
    if late:
        # They go on showing the record of this run, which it takes back.
        shop.sim.late("ecs:Tags", seconds=late)
    shop.meanwhile("StopServiceDeployment", advance=600)
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("unchanged", "web:2")
    assert "ECS itself rolled it back from web:3 to web:2" in run.message


def test_somebody_deploys_over_our_rollback(shop: Shop) -> None:
    shop.bad_release()
    shop.versions(1)
    shop.meanwhile("DescribeServices", nth=6, deploy="web:4")
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.failed, run.result["changed"], shop.on()) == ("superseded", True, True, "web:4")
    assert "somebody else deployed web:4 (ecs-svc/" in run.message
    assert "Nothing else of web was changed" in run.message
    assert run.message.endswith("run the same command again to roll that back")
    assert [name for name in run.writes if name != "TagResource"] == ["UpdateService"]
    assert (shop.tags("web:3"), shop.status("web:3")) == ({}, "ACTIVE")


def test_somebody_deploys_over_a_native_rollback(shop: Shop) -> None:
    half_way(shop)
    shop.versions(1)
    shop.meanwhile("DescribeServices", nth=6, deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, run.failed, shop.on()) == ("superseded", True, "web:4")
    assert "somebody else deployed web:4 (ecs-svc/" in run.message


def test_somebody_deploys_the_same_version_over_a_native_rollback(shop: Shop) -> None:
    half_way(shop)
    params = {"cluster": CLUSTER, "service": "web", "taskDefinition": "web:2", "forceNewDeployment": True}
    shop.sim.on("DescribeServices", {"operation": "UpdateService", "params": params}, "before", 4)
    run = shop.rollback()
    assert (run.outcome, run.failed, shop.on()) == ("superseded", True, "web:2")
    assert "over it, which is the same version" in run.message
    assert run.message.endswith("Run the same command again to see it through")
    again = shop.rollback()
    assert (again.outcome, again.failed, shop.on()) == ("rolled_back", False, "web:2")


def test_somebody_deploys_over_a_rollback_that_we_adopted(shop: Shop) -> None:
    shop.releases(3)
    shop.versions(1)
    shop.deploy("web:2", settle=5)
    shop.meanwhile("DescribeServices", nth=6, deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("superseded", "adopt", "web:4")


def test_another_run_is_faster_by_a_moment(shop: Shop) -> None:
    """Our record has taken the place of that run's, which says the same, and stays: that run may be killed."""
    shop.bad_release()
    shop.meanwhile("TagResource", when="after", deploy="web:1")
    run = shop.rollback(reason="500s")
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:1")
    assert {"UpdateService", "UntagResource"}.isdisjoint(run.writes)
    assert set(shop.service_tags()) == {"lastgood:rollback", "lastgood:rollback-done"}
    assert shop.tags("web:3")["lastgood:bad"].endswith("500s")


def test_two_people_roll_back_at_the_same_moment(shop: Shop) -> None:
    shop.bad_release()
    shop.meanwhile("UpdateService", deploy="web:1")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert [version for version, _status in shop.history()].count("web:1") == 2


def test_the_target_is_deregistered_between_the_plan_and_the_write(shop: Shop) -> None:
    shop.bad_release()
    deed = {"operation": "DeregisterTaskDefinition", "params": {"taskDefinition": "web:1"}}
    shop.sim.on("UpdateService", deed)
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("refused", "web:3")
    assert "TaskDefinition is inactive" in run.message
    assert says_nothing_was_written(run)


def test_the_service_is_deleted_between_the_plan_and_the_write(shop: Shop) -> None:
    shop.bad_release()
    deed = {"operation": "DeleteService", "params": {"cluster": CLUSTER, "service": "web", "force": True}}
    shop.sim.on("DescribeServices", deed, "before", 2)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", TAKEN_BACK)
    assert "service web is DRAINING" in run.message


def test_after_each_look_before_the_write_somebody_deploys_the_same_again(shop: Shop) -> None:
    shop.bad_release()
    params = {"cluster": CLUSTER, "service": "web", "forceNewDeployment": True}
    for nth in (2, 4, 6):
        shop.sim.on("DescribeServices", {"operation": "UpdateService", "params": params}, "before", nth)
    run = shop.rollback()
    assert (run.outcome, run.writes, short(shop.primary()["taskDefinition"])) == ("refused", 3 * TAKEN_BACK, "web:3")
    assert "the service changed under the plan 3 times" in run.message
