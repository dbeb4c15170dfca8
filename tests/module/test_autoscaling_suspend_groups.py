# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module autoscaling_suspend on EC2 Auto Scaling groups, in process, against the simulator."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import boto3
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.modules import autoscaling_suspend
from lastgood_simulator.autoscaling import PROCESSES, suspend_by_aws
from tests.module import returned
from tests.module.conftest import REGION
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import SimulatedClock
from tests.simulator import Simulator
from tests.world import OBSERVER, PROFILE

TAG = "lastgood:scaling-suspended"
DEFAULT = {"AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy"}
WRITES = {"SuspendProcesses", "ResumeProcesses", "CreateOrUpdateTags", "DeleteTags"}


class Fleet:
    """Auto Scaling groups of an account."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        # What the last run has suspended. The next one that puts back is told so, as the role does it.
        self.suspended_targets: list[dict[str, t.Any]] = []
        self.scaling = boto3.client("autoscaling", config=OBSERVER)
        self.scaling.create_launch_configuration(
            LaunchConfigurationName="any", ImageId="ami-12c6146b", InstanceType="t3.micro"
        )

    def group(self, name: str, *suspended: str) -> str:
        """A group without instances, with these processes suspended by hand."""
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=1,
            LaunchConfigurationName="any",
            AvailabilityZones=["us-east-1a"],
            Tags=[{"Key": "team", "Value": "shop", "PropagateAtLaunch": True}],
        )
        if suspended:
            self.by_hand("suspend", name, *suspended)
        return name

    def by_hand(self, verb: t.Literal["suspend", "resume"], name: str, *processes: str) -> None:
        """What somebody does with the AWS CLI."""
        call = getattr(self.scaling, f"{verb}_processes")
        call(AutoScalingGroupName=name, ScalingProcesses=list(processes))

    def _read(self, name: str) -> dict[str, t.Any]:
        found = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        (group,) = found["AutoScalingGroups"]
        return t.cast("dict[str, t.Any]", group)

    def suspended(self, name: str) -> set[str]:
        """The processes that are suspended, whoever did it."""
        return {process["ProcessName"] for process in self._read(name)["SuspendedProcesses"]}

    def tags(self, name: str) -> dict[str, tuple[str, bool]]:
        """Value, and whether instances get it, by key."""
        return {tag["Key"]: (tag["Value"], tag["PropagateAtLaunch"]) for tag in self._read(name)["Tags"]}

    def tag(self, name: str, value: str) -> None:
        """Put a record there, or what looks like one."""
        key = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": TAG}
        self.scaling.create_or_update_tags(Tags=[{**key, "Value": value, "PropagateAtLaunch": False}])

    def run(self, state: str, *names: str, **more: t.Any) -> Result:
        """The module on these groups, counting its calls alone."""
        self.sim.reset_calls()
        if state != "suspended":
            more.setdefault("suspended_targets", self.suspended_targets)
        self.suspended_targets = []
        result = run_module(autoscaling_suspend, state=state, auto_scaling_group=list(names), **more)
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
def fleet(aws_environment: None, sleeps: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    with Simulator(profile=PROFILE) as sim:
        monkeypatch.setattr(autoscaling_suspend, "Clock", lambda: SimulatedClock(sim))
        yield Fleet(sim)


@pytest.mark.parametrize("begins", ["DescribeAutoScalingGroups", "ResumeProcesses", "DescribeTags", "DeleteTags"])
def test_an_outage_is_outlasted_while_it_is_put_back(fleet: Fleet, begins: str) -> None:
    web = fleet.group("web", "HealthCheck")
    fleet.run("suspended", web)
    gone = {"operation": "*", "kind": "drop", "times": None, "seconds": 200}
    fleet.sim.on(begins, {"control": "fail", "params": gone}, "before")
    began = fleet.sim.now()
    result = fleet.run("restored", web)
    assert (result["targets"][0]["outcome"], fleet.suspended(web)) == ("restored", {"HealthCheck"})
    assert fleet.sim.now() - began >= 200
    assert TAG not in fleet.tags(web)


def test_suspend_and_restore(fleet: Fleet) -> None:
    web = fleet.group("web", "AZRebalance", "HealthCheck")

    result = fleet.run("suspended", web, reason="redeploy of d-4KAMTWJPI")
    assert result["changed"]
    assert (
        result["api_calls"]
        == fleet.sim.calls()
        == {"CreateOrUpdateTags": 1, "DescribeAutoScalingGroups": 1, "SuspendProcesses": 1}
    )
    (target,) = result["targets"]
    assert (target["resource_id"], target["outcome"]) == (web, "suspended")
    assert target["reason"] == "AlarmNotification, ReplaceUnhealthy, ScheduledActions suspended"
    assert target["before"] == {"suspended_processes": ["AZRebalance", "HealthCheck"]}
    assert set(target["after"]["suspended_processes"]) == fleet.suspended(web) == DEFAULT | {"HealthCheck"}
    assert target["record"]["processes"] == ["AlarmNotification", "ReplaceUnhealthy", "ScheduledActions"]
    assert target["record"]["reason"] == "redeploy of d-4KAMTWJPI"
    value, reaches_instances = fleet.tags(web)[TAG]
    assert value.startswith("1 ours=ala+rep+sch old=none new=ala+rep+sch at=")
    assert not reaches_instances

    fleet.later()
    again = fleet.run("suspended", web)
    assert (again["changed"], again["targets"][0]["outcome"]) == (False, "unchanged")
    assert fleet.sim.calls() == {"DescribeAutoScalingGroups": 1}

    fleet.later()
    result = fleet.run("restored", web)
    assert fleet.sim.calls() == {
        "DeleteTags": 1,
        "DescribeAutoScalingGroups": 1,
        "DescribeTags": 1,
        "ResumeProcesses": 1,
    }
    assert (result["changed"], result["targets"][0]["outcome"]) == (True, "restored")
    assert fleet.suspended(web) == {"AZRebalance", "HealthCheck"}
    assert fleet.tags(web) == {"team": ("shop", True)}

    fleet.later()
    again = fleet.run("restored", web)
    assert (again["changed"], again["targets"][0]["outcome"]) == (False, "unchanged")
    assert result["warnings"] == again["warnings"] == []


def test_a_call_names_its_processes_and_no_others(fleet: Fleet) -> None:
    """Without names, AWS takes a call to be about all processes."""
    web = fleet.group("web", "Launch", "AZRebalance")
    for state in ("suspended", "restored", "suspended", "resumed"):
        fleet.run(state, web, processes=["AZRebalance", "Terminate"])
        (named,) = [
            call["params"]["ScalingProcesses"]
            for call in fleet.sim.log()
            if call["operation"] in ("SuspendProcesses", "ResumeProcesses")
        ]
        assert named == (["Terminate", "AZRebalance"] if state == "resumed" else ["Terminate"])
        fleet.later()
    assert fleet.suspended(web) == {"Launch"}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_can_be_suspended_by_itself(fleet: Fleet, process: str) -> None:
    web = fleet.group("web")
    fleet.run("suspended", web, processes=[process])
    assert fleet.suspended(web) == {process}
    fleet.run("restored", web)
    assert (fleet.suspended(web), fleet.tags(web)) == (set(), {"team": ("shop", True)})


def test_all_at_once_fit_into_the_tag(fleet: Fleet) -> None:
    web = fleet.group("web")
    fleet.run("suspended", web, processes=list(PROCESSES), reason="x" * 300)
    assert len(fleet.tags(web)[TAG][0]) <= 256
    fleet.later()
    assert fleet.run("suspended", web, processes=list(PROCESSES))["changed"] is False
    fleet.run("restored", web)
    assert (fleet.suspended(web), TAG in fleet.tags(web)) == (set(), False)


def test_restoring_a_part_leaves_the_rest_for_later(fleet: Fleet) -> None:
    web = fleet.group("web")
    fleet.run("suspended", web)
    fleet.run("restored", web, processes=["AZRebalance"])
    assert fleet.suspended(web) == DEFAULT - {"AZRebalance"}
    fleet.run("restored", web)
    assert (fleet.suspended(web), TAG in fleet.tags(web)) == (set(), False)


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_check_mode_reads_only(fleet: Fleet, state: str) -> None:
    web = fleet.group("web")
    if state != "suspended":
        fleet.run("suspended", web)
        fleet.later()
    before = (fleet.suspended(web), fleet.tags(web))
    foretold = fleet.run(state, web, check_mode=True, diff=True)
    assert (foretold["changed"], foretold["targets"][0]["outcome"]) == (True, "planned")
    assert fleet.sim.calls() == {"DescribeAutoScalingGroups": 1}
    assert (fleet.suspended(web), fleet.tags(web)) == before
    done = fleet.run(state, web, diff=True)
    assert done["targets"][0]["after"] == foretold["targets"][0]["after"]
    (diff,) = done["diff"]
    assert diff["before_header"] == diff["after_header"] == web
    assert {name: diff["after"][name] for name in ("suspended_processes",)} == done["targets"][0]["after"]


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_what_aws_has_suspended_itself_is_left_as_it_is(fleet: Fleet, state: str) -> None:
    web = fleet.group("web")
    if state != "suspended":
        fleet.run("suspended", web)
    fleet.by_hand("resume", web, "AZRebalance")
    suspend_by_aws("123456789012", REGION, web, ["AZRebalance", "Launch"])
    result = fleet.run(state, web)
    (target,) = result["targets"]
    (found,) = [finding for finding in target["findings"] if finding["check"] == "suspended_by_aws"]
    assert found["severity"] == ("info" if state == "suspended" else "warn")
    assert found["message"].startswith("AWS itself has suspended AZRebalance (Administratively suspended: ")
    if state == "restored":
        assert target["outcome"] == "left_alone"
        assert fleet.suspended(web) == DEFAULT | {"Launch"}
    else:
        left = {"AZRebalance", "Launch"}
        assert fleet.suspended(web) == (DEFAULT | left if state == "suspended" else left)
        fleet.run("restored", web)
        assert fleet.suspended(web) == left


def test_what_somebody_else_has_changed_is_left_alone(fleet: Fleet) -> None:
    web = fleet.group("web")
    fleet.run("suspended", web)
    fleet.by_hand("resume", web, "ScheduledActions")
    result = fleet.run("restored", web)
    assert (result["changed"], result["targets"][0]["outcome"]) == (False, "left_alone")
    assert len(result["warnings"]) == 1
    assert fleet.suspended(web) == DEFAULT - {"ScheduledActions"}


def test_a_record_of_a_killed_run_is_kept(fleet: Fleet) -> None:
    web = fleet.group("web", *DEFAULT)
    fleet.tag(web, "1 ours=azr+sch old=none new=azr+sch at=2026-11-22T14:02:11Z run=4f3a9c2e by=awx/4711 why=500s")
    assert fleet.run("suspended", web)["changed"] is False
    result = fleet.run("restored", web)
    assert fleet.suspended(web) == {"AlarmNotification", "ReplaceUnhealthy"}
    assert "run 4f3a9c2e of awx/4711 at 2026-11-22T14:02:11Z (500s)" in result["targets"][0]["reason"]


@pytest.mark.parametrize(
    "value", ["2 something else", "1 ours=in old=none new=in at=2026-11-22T14:02:11Z run=4f3a9c2e by=x"]
)
def test_a_record_that_is_none_of_ours_is_not_touched(fleet: Fleet, value: str) -> None:
    web = fleet.group("web")
    fleet.tag(web, value)
    result = fleet.fails("suspended", web)
    assert result["targets"][0]["outcome"] == "refused"
    assert (fleet.suspended(web), fleet.tags(web)[TAG][0]) == (set(), value)


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_a_group_that_does_not_exist(fleet: Fleet, state: str) -> None:
    web = fleet.group("web")
    result = fleet.fails(state, web, "ghost", missing="fail")
    assert "ghost: there is no Auto Scaling group by that name in this account and Region" in result["msg"]
    assert result["targets"][1]["outcome"] == "missing"
    assert fleet.suspended(web) == set()
    for missing, warnings in (("ignore", 0), ("warn", 1), (None, 1)):
        assert len(fleet.run(state, web, "ghost", missing=missing)["warnings"]) == warnings
        assert fleet.suspended(web) == (DEFAULT if state == "suspended" else set())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"auto_scaling_group": ["web"], "service": ["web"]}, "mutually exclusive"),
        ({"auto_scaling_group": ["web"], "processes": ["Lunch"]}, "value of processes must be one or more of: Launch"),
        ({"auto_scaling_group": ["web"], "processes": []}, "list of processes is empty, which AWS would treat as all"),
        ({"auto_scaling_group": [""]}, "the list of Auto Scaling groups is empty"),
        ({"auto_scaling_group": ["*"]}, "auto_scaling_group=* stands alone and goes with state=restored only"),
        ({"auto_scaling_group": ["web"], "cluster": "prod"}, "cluster: not for an Auto Scaling group"),
        ({"service": ["web"], "processes": ["Launch"]}, "processes go with auto_scaling_group"),
    ],
)
def test_options_that_make_no_sense(fleet: Fleet, options: dict[str, t.Any], message: str) -> None:
    fleet.group("web")
    fleet.sim.reset_calls()
    with pytest.raises(ModuleFailed) as caught:
        run_module(autoscaling_suspend, state="suspended", **options)
    assert message in caught.value.msg
    assert fleet.sim.calls() == {}


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups"),
        ("CreateOrUpdateTags", "autoscaling:CreateOrUpdateTags"),
        ("SuspendProcesses", "autoscaling:SuspendProcesses"),
    ],
)
def test_denied_calls_change_nothing_and_name_the_permission(fleet: Fleet, operation: str, permission: str) -> None:
    web = fleet.group("web")
    fleet.sim.fail(operation, "AccessDenied", times=None)
    result = fleet.fails("suspended", web)
    fleet.sim.clear_failures()
    assert f"needs the permission {permission}" in result["msg"]
    assert fleet.suspended(web) == set()
    if operation == "SuspendProcesses":
        assert "No process was changed: nothing suspended, as before" in result["msg"]
        fleet.later()
        fleet.run("restored", web)
        assert TAG not in fleet.tags(web)


def test_without_tags_nothing_is_suspended_unless_that_is_accepted(fleet: Fleet) -> None:
    web = fleet.group("web")
    fleet.sim.fail("CreateOrUpdateTags", "LimitExceeded", times=None)
    result = fleet.fails("suspended", web)
    assert "so no process was changed" in result["msg"]
    assert fleet.suspended(web) == set()
    result = fleet.run("suspended", web, journal="best_effort")
    assert fleet.suspended(web) == DEFAULT
    assert "end it with state=resumed" in result["warnings"][0]
    assert fleet.run("resumed", web)["targets"][0]["outcome"] == "resumed"
    assert fleet.suspended(web) == set()


@pytest.mark.parametrize("operation", ["DescribeTags", "DeleteTags"])
def test_a_record_that_cannot_be_deleted_is_a_warning(fleet: Fleet, operation: str) -> None:
    web = fleet.group("web")
    fleet.run("suspended", web)
    fleet.later()
    fleet.sim.fail(operation, "AccessDenied", times=None)
    result = fleet.run("restored", web)
    fleet.sim.clear_failures()
    assert f"needs the permission autoscaling:{operation}" in result["warnings"][0]
    assert (fleet.suspended(web), TAG in fleet.tags(web)) == (set(), True)
    assert fleet.run("restored", web)["changed"]
    assert TAG not in fleet.tags(web)


@pytest.mark.parametrize("code", ["ResourceContention", "Throttling"])
@pytest.mark.parametrize("operation", ["DescribeAutoScalingGroups", "CreateOrUpdateTags", "SuspendProcesses"])
def test_what_passes_is_tried_again(fleet: Fleet, operation: str, code: str) -> None:
    web = fleet.group("web")
    fleet.sim.fail(operation, code, times=2)
    assert fleet.run("suspended", web)["targets"][0]["outcome"] == "suspended"
    assert fleet.suspended(web) == DEFAULT


@pytest.mark.parametrize("kind", ["truncate", "empty"])
def test_an_answer_that_was_cut_is_not_believed(fleet: Fleet, kind: str) -> None:
    web = fleet.group("web")
    fleet.sim.fail("DescribeAutoScalingGroups", kind=kind, times=None, after=True)
    result = fleet.fails("suspended", web)
    fleet.sim.clear_failures()
    assert "was cut off on the way" in result["msg"]
    assert fleet.suspended(web) == set()


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("kind", ["drop", "truncate"])
def test_no_answer_to_the_write_is_not_treated_as_an_end(fleet: Fleet, kind: str, after: bool) -> None:
    web = fleet.group("web")
    fleet.sim.fail("SuspendProcesses", kind=kind, times=None, after=after)
    result = fleet.fails("suspended", web)
    fleet.sim.clear_failures()
    assert "Whether AWS has changed what is suspended is not known" in result["msg"]
    assert result["targets"][0]["after"] == {}
    fleet.run("suspended", web)
    assert fleet.suspended(web) == DEFAULT
    fleet.run("restored", web)
    assert (fleet.suspended(web), fleet.tags(web)) == (set(), {"team": ("shop", True)})


@pytest.mark.parametrize("state", ["restored", "resumed"])
def test_processes_that_are_read_late_are_resumed_all_the_same(fleet: Fleet, state: str) -> None:
    """DescribeAutoScalingGroups shows neither the processes nor the record yet."""
    web = fleet.group("web", "HealthCheck")
    fleet.sim.late("DescribeAutoScalingGroups", seconds=60)
    fleet.run("suspended", web)
    (target,) = fleet.run(state, web)["targets"]
    assert target["outcome"] == state
    assert (fleet.suspended(web), TAG in fleet.tags(web)) == ({"HealthCheck"}, False)


class Killed(BaseException):
    """kill -9, as far as one process can imitate it."""


@pytest.mark.parametrize("again", ["suspended", "restored"])
@pytest.mark.parametrize(
    ("state", "chosen", "calls"),
    [("suspended", None, 3), ("restored", None, 4), ("restored", ["AZRebalance"], 3), ("resumed", ["AZRebalance"], 3)],
)
def test_killed_at_any_call(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, state: str, chosen: list[str] | None, calls: int, again: str
) -> None:
    """Whatever is run next, in the end the processes are as they were in the beginning."""
    web = fleet.group("web", "ScheduledActions", "Terminate")
    call = Aws.call
    for nth in range(1, calls + 2):
        if state != "suspended":
            fleet.run("suspended", web)
            fleet.later()
        left = nth

        def dying(self: Aws, *args: t.Any, **params: t.Any) -> t.Any:
            nonlocal left
            left -= 1
            if not left:
                raise Killed
            return call(self, *args, **params)

        with monkeypatch.context() as patch:
            patch.setattr(Aws, "call", dying)
            try:
                fleet.run(state, web, processes=chosen)
                survived = True
            except Killed:
                survived = False
        fleet.later()
        fleet.run(again, web)
        fleet.later()
        fleet.run("restored", web)
        fleet.later()
        assert (fleet.suspended(web), fleet.tags(web)) == ({"ScheduledActions", "Terminate"}, {"team": ("shop", True)})
        assert survived == (nth > calls)


def test_one_failure_does_not_hide_what_was_done_to_the_others(fleet: Fleet) -> None:
    web, api = fleet.group("web"), fleet.group("api")
    fleet.sim.fail("SuspendProcesses", "AccessDenied", times=None, when={"AutoScalingGroupName": api})
    result = fleet.fails("suspended", web, api)
    assert [target["outcome"] for target in result["targets"]] == ["suspended", "failed"]
    assert result["msg"].endswith("Of 2 targets: 1 suspended, 1 failed")
    assert (fleet.suspended(web), fleet.suspended(api)) == (DEFAULT, set())


def test_everything_that_is_recorded(fleet: Fleet) -> None:
    web, api, by_hand = fleet.group("web"), fleet.group("api", "AZRebalance"), fleet.group("by-hand", *DEFAULT)
    fleet.run("suspended", web, api)
    fleet.later()
    result = fleet.run("restored", "*")
    assert {target["resource_id"] for target in result["targets"]} == {web, api}
    assert [fleet.suspended(name) for name in (web, api, by_hand)] == [set(), {"AZRebalance"}, DEFAULT]
    fleet.later()
    assert fleet.run("restored", "*")["targets"] == []


def test_fifty_groups_are_read_in_one_call(fleet: Fleet) -> None:
    names = [fleet.group(f"g{number}", *DEFAULT) for number in range(51)]
    calls = fleet.run("suspended", *names)["api_calls"]
    assert calls == {"DescribeAutoScalingGroups": 2}


def test_everything_that_is_returned_is_documented(fleet: Fleet) -> None:
    web = fleet.group("web")
    suspend_by_aws("123456789012", REGION, web, ["AZRebalance"])
    returned.check(autoscaling_suspend, fleet.run("suspended", web, reason="500s"), never="scalable target")
