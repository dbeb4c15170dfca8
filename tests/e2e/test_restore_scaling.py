# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that puts back what a killed run has left suspended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.world import REGION

PLAYBOOK = "lastgood.aws.restore_scaling"
SUSPENDS_GROUPS = Path(__file__).with_name("suspend_groups.yml")
ACTIVE = dict.fromkeys(("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False)
RECORD = "1 ours=in+out old=none new=in+out at=2026-11-22T14:02:11Z run=4f3a9c2e by=awx/4711 why=500s since 13:52"


@pytest.fixture
def left(stage: Stage) -> Stage:
    """web and api were suspended by a run that is gone, job by hand. Scheduled scaling was suspended before."""
    for name in ("web", "api", "job"):
        stage.world.register(name, f"registry/{name}:1")
        stage.world.create_service(CLUSTER, name, f"{name}:1")
        stage.world.make_scalable(CLUSTER, name, scale_in=True, scale_out=True, scheduled=True)
        if name != "job":
            arn = stage.world.scalable_target(CLUSTER, name)["ScalableTargetARN"]
            stage.world.scaling.tag_resource(ResourceARN=arn, Tags={"lastgood:scaling-suspended": RECORD})
    stage.control.reset_calls()
    return stage


def restore(stage: Stage, services: str, *options: str) -> play.Play:
    variables = {"rollback_cluster": CLUSTER, "rollback_services": services}
    return play.run(stage.url, PLAYBOOK, *options, *play.arguments(variables))


def test_an_outage_is_outlasted(left: Stage) -> None:
    gone = {"operation": "*", "kind": "drop", "times": None, "seconds": 200}
    left.control.on("DescribeScalableTargets", {"control": "fail", "params": gone}, "after")
    done = restore(left, "*")
    assert done.rc == 0, done.stderr
    assert "no contact with AWS for " in done.stderr
    assert left.world.scalable_target(CLUSTER, "web")["SuspendedState"]["DynamicScalingInSuspended"] is False


@pytest.mark.parametrize("services", ["*", "web, api"])
def test_everything_that_was_recorded_is_put_back(left: Stage, services: str) -> None:
    done = restore(left, services)
    assert done.rc == 0
    was_before = {**ACTIVE, "ScheduledScalingSuspended": True}
    states = [left.world.scalable_target(CLUSTER, name)["SuspendedState"] for name in ("web", "api", "job")]
    assert states == [was_before, was_before, dict.fromkeys(ACTIVE, True)]
    run = "run 4f3a9c2e of awx/4711 at 2026-11-22T14:02:11Z (500s since 13:52)"
    why = f"scale-in, scale-out active again, as before {run}"
    told = done.tasks["Tell what was restored"][1]["msg"]
    assert sorted(told) == [f"service/{CLUSTER}/{name}: restored: {why}" for name in ("api", "web")]
    assert f"[web] scaling: {why}" in done.stderr

    left.control.reset_calls()
    again = restore(left, services)
    assert (again.rc, left.writes()) == (0, [])
    assert again.tasks["Restore auto scaling"][1]["changed"] is False


def test_check_mode_shows_and_writes_nothing(left: Stage) -> None:
    done = restore(left, "*", "--check", "--diff")
    assert (done.rc, left.writes()) == (0, [])
    result = done.tasks["Restore auto scaling"][1]
    assert (result["changed"], len(result["diff"])) == (True, 2)
    assert [line.split(": ")[1] for line in done.tasks["Tell what was restored"][1]["msg"]] == ["planned", "planned"]


def test_a_run_without_services_fails_and_says_what_to_give(left: Stage) -> None:
    done = restore(left, "")
    assert (done.rc, left.writes()) == (2, [])
    assert "Nothing is named: give rollback_services, or rollback_auto_scaling_groups." in done.messages[0]


def test_nothing_to_restore_is_told(stage: Stage) -> None:
    done = restore(stage, "*")
    assert done.rc == 0
    assert done.tasks["Tell what was restored"][1]["msg"] == ["nothing is recorded as suspended there"]


class Groups:
    """Auto Scaling groups of which an operator keeps one process suspended."""

    def __init__(self, stage: Stage, *names: str) -> None:
        self._client = stage.world.client("autoscaling")
        self._client.create_launch_configuration(
            LaunchConfigurationName="any", ImageId="ami-12c6146b", InstanceType="t3.micro"
        )
        for name in names:
            self._client.create_auto_scaling_group(
                AutoScalingGroupName=name,
                MinSize=0,
                MaxSize=1,
                LaunchConfigurationName="any",
                AvailabilityZones=[f"{REGION}a"],
            )
            self._client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ScheduledActions"])
        stage.control.reset_calls()

    def state(self, name: str) -> tuple[set[str], set[str]]:
        """The processes that are suspended, and the keys of the tags."""
        [group] = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        suspended = {process["ProcessName"] for process in group["SuspendedProcesses"]}
        return suspended, {tag["Key"] for tag in group["Tags"]}


@pytest.mark.parametrize(
    ("named", "after"),
    [
        ("*", 1),
        ("web, api", 2),
        pytest.param("*", 2, marks=pytest.mark.long),
        pytest.param("web, api", 1, marks=pytest.mark.long),
    ],
)
def test_groups_that_a_killed_run_has_left_suspended(stage: Stage, tmp_path: Path, named: str, after: int) -> None:
    """The kill comes within milliseconds after the write, the record or the suspension of the first group."""
    groups = Groups(stage, "web", "api")
    run = play.Started(stage.url, tmp_path / "log", {}, SUSPENDS_GROUPS)
    reached = play.within(30, lambda: len(stage.writes()) >= after)
    run.kill_all()
    assert reached, (tmp_path / "log").read_text()
    assert "lastgood:scaling-suspended" in groups.state("web")[1]
    if after == 2:
        assert groups.state("web")[0] == {"AZRebalance", "ScheduledActions", "Terminate"}
    stage.show()

    done = play.run(stage.url, PLAYBOOK, *play.arguments({"rollback_auto_scaling_groups": named}))
    assert done.rc == 0, done.stdout
    assert [groups.state(name) for name in ("web", "api")] == [({"ScheduledActions"}, set())] * 2
    told = done.tasks["Tell what was restored"][1]["msg"]
    assert any(line.startswith("web: restored: ") for line in told)

    stage.control.reset_calls()
    again = play.run(stage.url, PLAYBOOK, *play.arguments({"rollback_auto_scaling_groups": named}))
    assert (again.rc, stage.writes()) == (0, [])


def test_groups_and_services_at_once(left: Stage) -> None:
    groups = Groups(left, "fleet")
    suspended = play.run(left.url, SUSPENDS_GROUPS, *play.arguments({"groups_to_suspend": ["fleet"], "seconds": 0}))
    assert suspended.rc == 0, suspended.stdout
    variables = {"rollback_cluster": CLUSTER, "rollback_services": "*", "rollback_auto_scaling_groups": ["fleet"]}
    done = play.run(left.url, PLAYBOOK, *play.arguments(variables))
    assert done.rc == 0, done.stdout
    told = [line.split(": ")[:2] for line in done.tasks["Tell what was restored"][1]["msg"]]
    assert sorted(told) == [
        ["fleet", "restored"],
        [f"service/{CLUSTER}/api", "restored"],
        [f"service/{CLUSTER}/web", "restored"],
    ]
    assert groups.state("fleet") == ({"ScheduledActions"}, set())
