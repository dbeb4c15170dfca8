# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module autoscaling_suspend, in process, against the simulator."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator
from datetime import UTC, datetime
from unittest import mock

import boto3
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.modules import autoscaling_suspend
from tests.module import returned
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import SimulatedClock
from tests.simulator import Simulator
from tests.world import OBSERVER, PROFILE

DIMENSION = "ecs:service:DesiredCount"
TAG = "lastgood:scaling-suspended"
FLAGS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
NONE = (False, False, False)
ALL = (True, True, True)
SCHEDULED = (False, False, True)


class Prod:
    """A cluster prod whose services scale."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        # What the last run has suspended. The next one that puts back is told so, as the role does it.
        self.suspended_targets: list[dict[str, t.Any]] = []
        self.ecs = boto3.client("ecs", config=OBSERVER)
        self.scaling = boto3.client("application-autoscaling", config=OBSERVER)
        self.ecs.create_cluster(clusterName="prod")
        self.ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "registry/web:1", "memory": 128}]
        )

    def service(self, name: str, suspended: tuple[bool, bool, bool] | None = NONE, desired: int = 4) -> str:
        """A service, with a scalable target unless ``suspended`` is None. Returns the resource id."""
        resource = f"service/prod/{name}"
        self.ecs.create_service(cluster="prod", serviceName=name, taskDefinition="web", desiredCount=desired)
        if suspended is not None:
            self.scaling.register_scalable_target(
                **self._ids(resource), MinCapacity=2, MaxCapacity=10, Tags={"team": "shop"}
            )
            self.set(resource, suspended)
        return resource

    def set(self, resource: str, suspended: tuple[bool, bool, bool]) -> None:
        """What somebody does by hand."""
        state = dict(zip(FLAGS, suspended, strict=True))
        self.scaling.register_scalable_target(**self._ids(resource), SuspendedState=state)

    @staticmethod
    def _ids(resource: str) -> dict[str, str]:
        return {"ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension": DIMENSION}

    def _target(self, resource: str) -> dict[str, t.Any]:
        found = self.scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])
        (target,) = found["ScalableTargets"]
        return t.cast("dict[str, t.Any]", target)

    def arn(self, resource: str) -> str:
        """The ARN of a target."""
        return str(self._target(resource)["ScalableTargetARN"])

    def suspended(self, resource: str) -> tuple[bool, ...]:
        """The three flags."""
        state = self._target(resource)["SuspendedState"]
        return tuple(state[flag] for flag in FLAGS)

    def tags(self, resource: str) -> dict[str, str]:
        """The tags of a target."""
        arn = self._target(resource)["ScalableTargetARN"]
        return t.cast("dict[str, str]", self.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"])

    def tag(self, resource: str, value: str) -> None:
        """Put a record there, or what looks like one."""
        arn = self._target(resource)["ScalableTargetARN"]
        self.scaling.tag_resource(ResourceARN=arn, Tags={TAG: value})

    def desired(self, name: str) -> int:
        """The desired count of a service."""
        (service,) = self.ecs.describe_services(cluster="prod", services=[name])["services"]
        return int(service["desiredCount"])

    def run(self, state: str, *names: str, **more: t.Any) -> Result:
        """The module on services of the cluster, counting its calls alone."""
        self.sim.reset_calls()
        if state != "suspended":
            more.setdefault("suspended_targets", self.suspended_targets)
        self.suspended_targets = []
        result = run_module(autoscaling_suspend, state=state, service=list(names), **{"cluster": "prod", **more})
        self.suspended_targets = result["targets"] if state == "suspended" else []
        return result

    def later(self) -> None:
        """AWS has shown everything by now, and nobody gives the next command faster."""
        self.sim.advance(3)

    def fails(self, state: str, *names: str, **more: t.Any) -> Result:
        """The result of the module, which must fail."""
        with pytest.raises(ModuleFailed) as caught:
            self.run(state, *names, **more)
        return caught.value.result


@pytest.fixture
def prod(aws_environment: None, sleeps: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Prod]:
    with Simulator(profile=PROFILE) as sim:
        monkeypatch.setattr(autoscaling_suspend, "Clock", lambda: SimulatedClock(sim))
        yield Prod(sim)


def flags(picture: dict[str, t.Any]) -> tuple[bool, ...]:
    return tuple(
        picture[f"{name}_suspended"] for name in ("dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling")
    )


def test_suspend_and_restore(prod: Prod) -> None:
    web = prod.service("web", SCHEDULED)

    result = prod.run("suspended", "web", reason="500s since 13:52")
    assert result["changed"]
    assert (
        result["api_calls"]
        == prod.sim.calls()
        == {
            "DescribeScalableTargets": 1,
            "DescribeServices": 1,
            "ListTagsForResource": 1,
            "RegisterScalableTarget": 1,
            "TagResource": 1,
        }
    )
    (target,) = result["targets"]
    assert (target["resource_id"], target["outcome"]) == (web, "suspended")
    assert (flags(target["before"]), flags(target["after"])) == (SCHEDULED, ALL)
    assert (target["after"]["min_capacity"], target["after"]["max_capacity"]) == (2, 10)
    assert target["record"]["flags"] == ["dynamic_scaling_in", "dynamic_scaling_out"]
    assert target["record"]["reason"] == "500s since 13:52"
    assert prod.suspended(web) == ALL
    assert prod.tags(web)["team"] == "shop"
    assert prod.tags(web)[TAG].startswith("1 ours=in+out old=none new=in+out at=")

    prod.later()
    again = prod.run("suspended", "web")
    assert (again["changed"], again["targets"][0]["outcome"]) == (False, "unchanged")
    assert not {"RegisterScalableTarget", "TagResource"} & set(prod.sim.calls())
    assert again["targets"][0]["record"] == target["record"]

    result = prod.run("restored", "web")
    assert (result["changed"], result["targets"][0]["outcome"]) == (True, "restored")
    assert flags(result["targets"][0]["after"]) == SCHEDULED
    assert prod.suspended(web) == SCHEDULED
    assert prod.tags(web) == {"team": "shop"}

    prod.later()
    again = prod.run("restored", "web")
    assert (again["changed"], again["targets"][0]["outcome"]) == (False, "unchanged")
    assert result["warnings"] == again["warnings"] == []


def test_resume(prod: Prod) -> None:
    web = prod.service("web", SCHEDULED)
    prod.run("suspended", "web")
    prod.later()
    result = prod.run("resumed", "web", dynamic_scaling_in=False)
    assert result["targets"][0]["outcome"] == "resumed"
    assert prod.suspended(web) == (True, False, False)
    assert TAG in prod.tags(web)
    prod.later()
    prod.run("resumed", "web")
    assert prod.suspended(web) == NONE
    assert TAG not in prod.tags(web)
    prod.later()
    assert prod.run("resumed", "web")["changed"] is False


def test_the_options_choose_the_flags(prod: Prod) -> None:
    web = prod.service("web")
    prod.run("suspended", "web", dynamic_scaling_out=False, scheduled_scaling=False)
    assert prod.suspended(web) == (True, False, False)


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_check_mode_reads_only(prod: Prod, state: str) -> None:
    web = prod.service("web")
    if state != "suspended":
        prod.run("suspended", "web")
    before = (prod.suspended(web), prod.tags(web))
    result = prod.run(state, "web", check_mode=True, diff=True)
    assert (result["changed"], result["targets"][0]["outcome"]) == (True, "planned")
    assert all(operation.startswith(("Describe", "List")) for operation in prod.sim.calls())
    assert (prod.suspended(web), prod.tags(web)) == before
    real = prod.run(state, "web", diff=True)
    assert flags(real["targets"][0]["after"]) == flags(result["targets"][0]["after"])


def test_diff_shows_what_changes(prod: Prod) -> None:
    prod.service("web")
    prod.service("api", ALL)
    (diff,) = prod.run("suspended", "web", "api", diff=True)["diff"]
    assert diff["before_header"] == diff["after_header"] == "service/prod/web"
    assert (flags(diff["before"]), flags(diff["after"])) == (NONE, ALL)
    assert (diff["before"]["record"], len(diff["after"]["record"]["flags"])) == ({}, 3)
    assert "diff" not in prod.run("restored", "web")


def test_resource_ids_of_another_service(prod: Prod) -> None:
    table = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    prod.scaling.register_scalable_target(**table, MinCapacity=5, MaxCapacity=50)
    options = {
        "resource_id": ["table/orders"],
        "service_namespace": "dynamodb",
        "scalable_dimension": "dynamodb:table:WriteCapacityUnits",
    }
    result = run_module(autoscaling_suspend, state="suspended", **options)
    assert result["targets"][0]["outcome"] == "suspended"
    assert "DescribeServices" not in result["api_calls"]
    (target,) = prod.scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert all(target["SuspendedState"].values())
    again = run_module(autoscaling_suspend, state="restored", suspended_targets=result["targets"], **options)
    assert again["targets"][0]["outcome"] == "restored"


@pytest.mark.parametrize("check_mode", [True, False])
def test_capacity_that_the_write_moves_is_a_warning(prod: Prod, check_mode: bool) -> None:
    prod.service("web")
    prod.ecs.update_service(cluster="prod", service="web", desiredCount=12)
    result = prod.run("suspended", "web", check_mode=check_mode)
    assert result["warnings"] == [
        "service/prod/web: the service wants 12 tasks, outside the bounds 2..10 of its scalable target: with any "
        "change of the target AWS sets the desired count to 10"
    ]
    assert prod.desired("web") == (12 if check_mode else 10)


def test_a_service_without_a_scalable_target(prod: Prod) -> None:
    prod.service("web", None)
    result = prod.run("suspended", "web")
    assert (result["changed"], result["targets"][0]["outcome"]) == (False, "missing")
    assert len(result["warnings"]) == 1
    assert result["warnings"][0].startswith(
        "service/prod/web: there is no scalable target for ecs:service:DesiredCount"
    )
    assert prod.run("suspended", "web", missing="ignore")["warnings"] == []
    assert prod.fails("suspended", "web", missing="fail")["msg"].startswith("service/prod/web: there is no scalable")


def test_a_service_or_cluster_that_does_not_exist(prod: Prod) -> None:
    assert "there is no service by that name in cluster prod" in prod.fails("suspended", "ghost")["msg"]
    assert "there is no cluster prd in this account" in prod.fails("restored", "web", cluster="prd")["msg"]
    assert prod.run("restored", "ghost", missing="ignore")["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "suspended"}, "one of the following is required: service, resource_id, auto_scaling_group"),
        (
            {"state": "suspended", "service": ["a"], "resource_id": ["b"]},
            "mutually exclusive: service|resource_id|auto_scaling_group",
        ),
        ({"service": ["a"]}, "missing required arguments: state"),
        (
            {"state": "suspended", "service": [""]},
            "the list of services or resource ids is empty. Nothing was changed.",
        ),
    ],
)
def test_options_that_make_no_sense(prod: Prod, options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ModuleFailed) as caught:
        run_module(autoscaling_suspend, **options)
    assert message in caught.value.msg
    assert "DescribeScalableTargets" not in prod.sim.calls()


def test_a_record_of_a_killed_run_is_kept(prod: Prod) -> None:
    web = prod.service("web", ALL)
    prod.tag(web, "1 ours=in+out old=none new=in+out at=2026-11-22T14:02:11Z run=4f3a9c2e by=awx/4711 why=500s")
    assert prod.run("suspended", "web")["changed"] is False
    result = prod.run("restored", "web")
    assert prod.suspended(web) == SCHEDULED
    assert "run 4f3a9c2e of awx/4711 at 2026-11-22T14:02:11Z (500s)" in result["targets"][0]["reason"]


@pytest.mark.parametrize("missing", [KeyError("uid not found: 1000"), OSError("No username set in the environment")])
def test_a_container_whose_user_has_no_name(prod: Prod, monkeypatch: pytest.MonkeyPatch, missing: Exception) -> None:
    monkeypatch.setattr(autoscaling_suspend.getpass, "getuser", mock.Mock(side_effect=missing))
    prod.service("web")
    record = prod.run("suspended", "web")["targets"][0]["record"]
    assert record["by"].startswith(f"{os.getuid()}@")


def test_what_somebody_else_has_changed_is_left_alone(prod: Prod) -> None:
    web = prod.service("web")
    prod.run("suspended", "web")
    prod.set(web, SCHEDULED)
    result = prod.run("restored", "web")
    assert (result["changed"], result["targets"][0]["outcome"]) == (False, "left_alone")
    assert len(result["warnings"]) == 1
    assert prod.suspended(web) == SCHEDULED


def test_a_record_of_a_later_version_is_not_touched(prod: Prod) -> None:
    web = prod.service("web")
    prod.tag(web, "2 something else")
    result = prod.fails("suspended", "web")
    assert result["targets"][0]["outcome"] == "refused"
    assert "'2 something else'" in result["msg"]
    assert (prod.suspended(web), prod.tags(web)[TAG]) == (NONE, "2 something else")


def test_one_failure_does_not_hide_what_was_done_to_the_others(prod: Prod) -> None:
    web, api = prod.service("web"), prod.service("api")
    prod.sim.fail("RegisterScalableTarget", "AccessDeniedException", times=None, when={"ResourceId": api})
    result = prod.fails("suspended", "web", "api")
    assert result["changed"] is True
    assert [target["outcome"] for target in result["targets"]] == ["suspended", "failed"]
    assert result["msg"].endswith("Of 2 targets: 1 suspended, 1 failed")
    assert (prod.suspended(web), prod.suspended(api)) == (ALL, NONE)


DENIED = {
    "DescribeScalableTargets": ("application-autoscaling:DescribeScalableTargets", NONE),
    "ListTagsForResource": ("application-autoscaling:ListTagsForResource", NONE),
    "TagResource": ("application-autoscaling:TagResource", NONE),
    "RegisterScalableTarget": ("application-autoscaling:RegisterScalableTarget", NONE),
}


@pytest.mark.parametrize("operation", DENIED)
def test_denied_calls_change_nothing_and_name_the_permission(prod: Prod, operation: str) -> None:
    web = prod.service("web")
    prod.sim.fail(operation, "AccessDeniedException", times=None)
    result = prod.fails("suspended", "web")
    prod.sim.clear_failures()
    permission, suspended = DENIED[operation]
    assert f"needs the permission {permission}" in result["msg"]
    assert prod.suspended(web) == suspended
    assert result["api_calls"][operation] == 1


@pytest.mark.parametrize("state", ["restored", "resumed"])
@pytest.mark.parametrize("operation", ["DescribeScalableTargets", "RegisterScalableTarget"])
def test_what_cannot_be_put_back_is_said_to_stay_suspended(prod: Prod, operation: str, state: str) -> None:
    web = prod.service("web")
    prod.run("suspended", "web")
    prod.sim.fail(operation, "AccessDeniedException", times=None)
    result = prod.fails(state, "web")
    prod.sim.clear_failures()
    assert "Run it again once AWS allows it" in result["msg"]
    assert result["msg"].rstrip(".").endswith("until then what is suspended stays so")
    assert ("lastgood.aws.restore_scaling" in result["msg"]) is (state == "restored")
    assert "othing was changed" not in result["msg"]
    assert prod.suspended(web) == ALL


def test_denied_services_are_not_an_obstacle(prod: Prod) -> None:
    web = prod.service("web")
    prod.sim.fail("DescribeServices", "AccessDeniedException", times=None)
    (target,) = prod.run("suspended", "web")["targets"]
    assert prod.suspended(web) == ALL
    assert [finding["severity"] for finding in target["findings"]] == ["unknown"]


@pytest.mark.parametrize("code", ["ConcurrentUpdateException", "ThrottlingException"])
@pytest.mark.parametrize("operation", ["DescribeScalableTargets", "ListTagsForResource", "RegisterScalableTarget"])
def test_what_passes_is_tried_again(prod: Prod, operation: str, code: str) -> None:
    web = prod.service("web")
    prod.sim.fail(operation, code, times=2)
    assert prod.run("suspended", "web")["targets"][0]["outcome"] == "suspended"
    assert prod.suspended(web) == ALL


def test_endless_throttling_is_told(prod: Prod) -> None:
    prod.service("web")
    prod.sim.fail("TagResource", "ThrottlingException", times=None)
    result = prod.fails("suspended", "web")
    assert "AWS throttled this through all retries" in result["msg"]
    assert "no flag was changed" in result["msg"]


@pytest.mark.parametrize("kind", ["truncate", "empty"])
@pytest.mark.parametrize("operation", ["DescribeScalableTargets", "ListTagsForResource"])
def test_an_answer_that_was_cut_is_not_believed(prod: Prod, operation: str, kind: str) -> None:
    web = prod.service("web")
    prod.sim.fail(operation, kind=kind, times=None)
    result = prod.fails("suspended", "web")
    prod.sim.clear_failures()
    assert "was cut off on the way" in result["msg"]
    assert prod.suspended(web) == NONE


@pytest.mark.parametrize("after", [True, False])
def test_no_answer_to_the_write_is_not_treated_as_an_end(prod: Prod, after: bool) -> None:
    web = prod.service("web")
    prod.sim.fail("RegisterScalableTarget", kind="drop", times=None, after=after)
    result = prod.fails("suspended", "web")
    prod.sim.clear_failures()
    assert "Whether AWS has changed what is suspended is not known" in result["msg"]
    assert result["targets"][0]["after"] == {}
    prod.run("suspended", "web")
    assert prod.suspended(web) == ALL
    prod.run("restored", "web")
    assert (prod.suspended(web), prod.tags(web)) == (NONE, {"team": "shop"})


class Killed(BaseException):
    """kill -9, as far as one process can imitate it."""


def kill_before(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """Die right before the ``nth`` call to AWS from now on, which is right after the one before it."""
    call = Aws.call
    count = 0

    def dying(self: Aws, *args: t.Any, **params: t.Any) -> t.Any:
        nonlocal count
        count += 1
        if count == nth:
            raise Killed
        return call(self, *args, **params)

    monkeypatch.setattr(Aws, "call", dying)


@pytest.mark.parametrize("again", ["suspended", "restored"])
@pytest.mark.parametrize(
    ("state", "chosen", "calls"),
    [
        ("suspended", {}, 5),
        ("restored", {}, 6),
        ("restored", {"dynamic_scaling_in": False}, 5),
        ("resumed", {"scheduled_scaling": False}, 6),
    ],
)
def test_killed_at_any_call(
    prod: Prod, monkeypatch: pytest.MonkeyPatch, state: str, chosen: dict[str, bool], calls: int, again: str
) -> None:
    """Whatever is run next, in the end the flags are as they were in the beginning."""
    web = prod.service("web", SCHEDULED)
    for nth in range(1, calls + 2):
        if state != "suspended":
            prod.run("suspended", "web")
            prod.later()
        with monkeypatch.context() as patch:
            kill_before(patch, nth)
            try:
                prod.run(state, "web", **chosen)
                survived = True
            except Killed:
                survived = False
        prod.later()
        prod.run(again, "web")
        prod.later()
        prod.run("restored", "web")
        prod.later()
        assert (prod.suspended(web), prod.tags(web)) == (SCHEDULED, {"team": "shop"}), nth
        assert survived == (nth > calls)


def test_everything_in_a_cluster(prod: Prod) -> None:
    web, api, by_hand = prod.service("web"), prod.service("api", SCHEDULED), prod.service("by-hand", ALL)
    prod.run("suspended", "web", "api")
    prod.later()
    result = prod.run("restored", "*")
    assert {target["resource_id"] for target in result["targets"]} == {web, api}
    assert [prod.suspended(resource) for resource in (web, api, by_hand)] == [NONE, SCHEDULED, ALL]
    prod.later()
    assert prod.run("restored", "*")["targets"] == []


def test_everything_of_a_cluster_that_does_not_exist(prod: Prod) -> None:
    result = prod.fails("restored", "*", cluster="nonesuch")
    assert "there is no cluster nonesuch in this account and Region" in result["msg"]
    assert result["api_calls"]["DescribeClusters"] == 1


def test_fifty_targets_are_read_in_one_call(prod: Prod) -> None:
    names = [f"s{number}" for number in range(50)]
    for name in names:
        prod.service(name, desired=2)
    calls = prod.run("suspended", *names)["api_calls"]
    assert (calls["DescribeScalableTargets"], calls["DescribeServices"]) == (1, 5)


# -- answers that are late


@pytest.mark.parametrize("state", ["restored", "resumed"])
@pytest.mark.parametrize("told", [True, False])
def test_flags_that_are_read_late_are_set_all_the_same(prod: Prod, state: str, told: bool) -> None:
    """The record is young, so what it names is resumed whatever is read."""
    web = prod.service("web", SCHEDULED)
    prod.sim.late("DescribeScalableTargets", seconds=60)
    suspended = prod.run("suspended", "web")["targets"]
    prod.sim.advance(5)
    (target,) = prod.run(state, "web", suspended_targets=suspended if told else [])["targets"]
    assert target["outcome"] == state
    assert (prod.suspended(web), TAG in prod.tags(web)) == (SCHEDULED if state == "restored" else NONE, False)


def test_a_record_that_is_read_late_is_waited_for(prod: Prod) -> None:
    web = prod.service("web", SCHEDULED)
    prod.sim.late("ListTagsForResource", seconds=5)
    prod.run("suspended", "web")
    began = prod.sim.now()
    (target,) = prod.run("restored", "web")["targets"]
    assert (target["outcome"], 4 <= prod.sim.now() - began <= 7) == ("restored", True)
    assert (prod.suspended(web), prod.tags(web)) == (SCHEDULED, {"team": "shop"})


def test_a_record_that_is_gone_is_refused_while_something_is_suspended(prod: Prod) -> None:
    web = prod.service("web")
    prod.run("suspended", "web")
    prod.scaling.untag_resource(ResourceARN=prod.arn(web), TagKeys=[TAG])
    result = prod.fails("restored", "web")
    assert result["targets"][0]["outcome"] == "refused"
    assert "the record of what this play has suspended is gone" in result["msg"]
    assert "scale-in, scale-out, scheduled scaling is still suspended" in result["msg"]
    assert prod.suspended(web) == ALL


def test_somebody_else_has_put_it_back_meanwhile(prod: Prod) -> None:
    web = prod.service("web")
    suspended = prod.run("suspended", "web")["targets"]
    prod.later()
    prod.run("restored", "web", suspended_targets=[])
    prod.later()
    (target,) = prod.run("restored", "web", suspended_targets=suspended)["targets"]
    assert (target["outcome"], prod.suspended(web)) == ("unchanged", NONE)
    assert "somebody else has put it back" in target["reason"]


def test_what_could_not_be_recorded_is_resumed_whatever_is_read(prod: Prod) -> None:
    web = prod.service("web")
    prod.sim.late("DescribeScalableTargets", seconds=60)
    prod.sim.fail("TagResource", "AccessDeniedException", times=None)
    prod.run("suspended", "web", journal="best_effort")
    prod.run("resumed", "web")
    assert prod.suspended(web) == NONE


def test_the_time_in_a_record_is_that_of_aws(prod: Prod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a record of a machine that is minutes off would never be young."""
    prod.service("web")
    monkeypatch.setattr(SimulatedClock, "machine", lambda self: datetime(2020, 1, 1, tzinfo=UTC))
    at = datetime.fromisoformat(prod.run("suspended", "web")["targets"][0]["record"]["at"])
    assert abs(at.timestamp() - prod.sim.now()) < 10


# -- an outage while it is put back


@pytest.mark.parametrize("kind", ["drop", "truncate", "error"])
@pytest.mark.parametrize(
    "begins", ["DescribeScalableTargets", "ListTagsForResource", "RegisterScalableTarget", "UntagResource"]
)
@pytest.mark.parametrize("state", ["restored", "resumed"])
def test_an_outage_is_outlasted(prod: Prod, state: str, begins: str, kind: str) -> None:
    web, api = prod.service("web"), prod.service("api", SCHEDULED)
    prod.run("suspended", "web", "api")
    prod.sim.on(begins, _gone(kind, 200), "before")
    began = prod.sim.now()
    result = prod.run(state, "web", "api")
    assert prod.sim.now() - began >= 200
    assert [target["outcome"] for target in result["targets"]] == [state, state]
    assert (prod.suspended(web), prod.suspended(api)) == (NONE, SCHEDULED if state == "restored" else NONE)
    assert (TAG in prod.tags(web), TAG in prod.tags(api)) == (False, False)


def _gone(kind: str, seconds: float | None) -> dict[str, t.Any]:
    return {
        "control": "fail",
        "params": {"operation": "*", "kind": kind, "times": None, "seconds": seconds, "after": kind == "truncate"},
    }


@pytest.mark.parametrize(("begins", "first"), [("DescribeScalableTargets", None), ("RegisterScalableTarget", "failed")])
def test_an_outage_that_is_too_long_takes_its_time_once(prod: Prod, begins: str, first: str | None) -> None:
    names = ("web", "api", "cron")
    resources = [prod.service(name) for name in names]
    prod.run("suspended", *names)
    prod.sim.on(begins, _gone("drop", None), "before")
    began = prod.sim.now()
    result = prod.fails("restored", *names)
    prod.sim.clear_failures()
    assert 300 <= prod.sim.now() - began <= 310
    assert (
        "No answer came from AWS: check the network and the endpoint, then run the same command again" in result["msg"]
    )
    assert [target["outcome"] for target in result.get("targets", [])] == ([first] * 3 if first else [])
    # Nothing is lost: the record is still there.
    prod.run("restored", *names)
    assert {prod.suspended(resource) for resource in resources} == {NONE}


def test_a_write_that_fails_while_others_work_takes_its_time_once(prod: Prod) -> None:
    names = ("web", "api", "cron")
    for name in names:
        prod.service(name)
    prod.run("suspended", *names)
    prod.sim.fail("RegisterScalableTarget", code="InternalServiceException", times=None)
    began = prod.sim.now()
    assert [target["outcome"] for target in prod.fails("restored", *names)["targets"]] == ["failed"] * 3
    assert 300 <= prod.sim.now() - began <= 310


def test_credentials_that_have_expired_end_it_at_once(prod: Prod) -> None:
    prod.service("web")
    prod.run("suspended", "web")
    prod.later()
    prod.sim.on("RegisterScalableTarget", {"control": "fail", "params": _expired()}, "before")
    began = prod.sim.now()
    result = prod.fails("restored", "web")
    assert (prod.sim.now() - began, result["targets"][0]["outcome"]) == (0, "failed")
    assert "have expired: renew them and run the same command again" in result["msg"]


def _expired() -> dict[str, t.Any]:
    return {"operation": "*", "code": "ExpiredTokenException", "times": None}


@pytest.mark.parametrize("operation", ["DescribeScalableTargets", "ListTagsForResource", "RegisterScalableTarget"])
def test_what_takes_connections_and_never_answers_holds_a_rollback_up_for_seconds(prod: Prod, operation: str) -> None:
    """The simulator's clock moves on by what a client waits."""
    prod.service("web")
    prod.sim.fail(operation, kind="hang", times=None)
    began = prod.sim.now()
    assert "No answer came from AWS" in prod.fails("suspended", "web")["msg"]
    assert prod.sim.now() - began <= 15


def test_nothing_is_suspended_late(prod: Prod) -> None:
    """Whoever wants to roll back does not wait for minutes before anything happens."""
    web = prod.service("web")
    prod.sim.fail("*", kind="drop", times=None)
    began = prod.sim.now()
    prod.fails("suspended", "web")
    prod.sim.clear_failures()
    assert (prod.sim.now() - began, prod.suspended(web)) == (0, NONE)


def test_a_contact_timeout_that_is_none(prod: Prod) -> None:
    result = prod.fails("restored", "web", contact_timeout=-1)
    assert result["msg"] == "contact_timeout: -1 is not a number of seconds to go on asking. Nothing was changed."


def test_everything_that_is_returned_is_documented(prod: Prod) -> None:
    prod.service("web")
    prod.ecs.update_service(cluster="prod", service="web", desiredCount=12)
    returned.check(autoscaling_suspend, prod.run("suspended", "web", reason="500s"), never="Auto Scaling group")
