# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import (
    ROLLBACK_EVENTS,
    TERMINAL,
    Deployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import watch
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.watch import Look, Seen, Watched
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import LifecycleEvent, Target
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import made, rollback

OURS = Watched("d-2")
STOPPED = Watched("d-2", goes_back=True)


def enum(shape: str) -> set[str]:
    """The values of an enumeration of CodeDeploy in botocore's model."""
    return set(botocore.session.get_session().get_service_model("codedeploy").shape_for(shape).enum)


def seen(status: str, back: str = "", after: float = 0.0, **more: t.Any) -> Seen:
    """``d-2`` with this status, ``after`` seconds after its end, and with a rollback of the status ``back``."""
    deployment = made(2, 2, status, **more)
    undone_by = rollback(3, 2, 1, back) if back else None
    ended = deployment.completed_at or deployment.created_at
    return Seen(deployment, undone_by, ended + timedelta(seconds=after))


AUTOMATIC: dict[str, t.Any] = {"rollback_events": ROLLBACK_EVENTS}
MANUAL: dict[str, t.Any] = {"error_code": "MANUAL_STOP", "error": "The deployment was stopped by a user."}
# By status of the deployment, of its rollback, and seconds after its end: what becomes of a deployment of ours, and of
# one that was stopped so that CodeDeploy goes back.
ENDS: list[tuple[Seen, str, str]] = [
    *((seen(status), "going", "going") for status in ("Created", "Queued", "InProgress", "Baking", "Ready", "New")),
    (seen("Succeeded"), "succeeded", "ended_before"),
    (seen("Failed"), "failed", "ended_before"),
    (seen("Failed", **AUTOMATIC), "going", "going"),
    (seen("Failed", after=59, **AUTOMATIC), "going", "going"),
    (seen("Failed", after=61, **AUTOMATIC), "failed", "ended_before"),
    (seen("Failed", rollback_message="no earlier one", **AUTOMATIC), "failed", "ended_before"),
    (seen("Stopped", **MANUAL), "going", "going"),
    (seen("Stopped", after=61, **MANUAL), "failed", "ended_before"),
    (seen("Stopped", error_code="ALARM_ACTIVE"), "failed", "ended_before"),
    (seen("Stopped", error_code="ALARM_ACTIVE", **AUTOMATIC), "going", "going"),
    *(
        (seen(end, back), "going", "going")
        for end in ("Failed", "Stopped")
        for back in ("Created", "Queued", "InProgress", "Baking", "Ready", "New")
    ),
    *((seen(end, "Succeeded"), "failed", "succeeded") for end in ("Failed", "Stopped")),
    *((seen(end, back), "failed", "failed") for end in ("Failed", "Stopped") for back in ("Failed", "Stopped")),
]


@pytest.mark.parametrize(("look", "forth", "back"), ENDS)
def test_what_a_look_says(look: Seen, forth: str, back: str) -> None:
    assert watch.assess(OURS, look).state == forth
    assert watch.assess(STOPPED, look).state == back


def test_the_table_has_every_status() -> None:
    assert enum("DeploymentStatus") <= {look.deployment.status for look, _forth, _back in ENDS}
    assert enum("DeploymentStatus") == set(watch.RUNNING) | TERMINAL


ROOM: list[tuple[Seen, str, str, str]] = [
    (seen("InProgress"), "going", "going", "going"),
    (seen("Succeeded"), "ended_before", "ended_before", "ended_before"),
    (seen("Stopped", **MANUAL), "ended_before", "going", "going"),
    (seen("Stopped", after=61, **MANUAL), "ended_before", "ended_before", "ended_before"),
    (seen("Stopped", "InProgress"), "ended_before", "ended_before", "going"),
    (seen("Stopped", "Succeeded"), "ended_before", "ended_before", "ended_before"),
    (seen("Failed", "Failed"), "ended_before", "ended_before", "ended_before"),
]


@pytest.mark.parametrize(("look", "ends", "begins", "whole"), ROOM)
def test_when_a_deployment_is_out_of_the_way(look: Seen, ends: str, begins: str, whole: str) -> None:
    assert watch.assess(Watched("d-2", makes_room="ends"), look).state == ends
    assert watch.assess(Watched("d-2", makes_room="rollback_begins"), look).state == begins
    assert watch.assess(Watched("d-2", makes_room="rollback_ends"), look).state == whole


def test_reasons() -> None:
    broken = {"error_code": "NO_INSTANCES", "error": "No instances were found."}
    assert watch.assess(OURS, seen("Failed", **broken)) == Look(
        "failed", "deployment d-2 failed (NO_INSTANCES: No instances were found)"
    )
    unwell = {"error_code": "HEALTH_CONSTRAINTS", "error": "Too many …, too few …, or some …."}
    assert watch.assess(OURS, seen("Failed", "Succeeded", **unwell)) == Look(
        "failed",
        "deployment d-2 failed (HEALTH_CONSTRAINTS)",
        "CodeDeploy has rolled it back with d-3, which succeeded",
    )
    assert (
        watch.assess(OURS, seen("Failed", rollback_message="There is no earlier one.")).then
        == "There is no earlier one"
    )
    assert watch.assess(STOPPED, seen("Stopped", "Failed", **MANUAL)).reason == (
        "CodeDeploy's rollback d-3 of d-2 failed"
    )


def instance(number: int, event: str, label: str = "", status: str = "InProgress") -> Target:
    """An instance at an event."""
    return Target(f"i-{number}", "InstanceTarget", status, label, (LifecycleEvent(event, status),))


def going(status: str = "InProgress", **counts: int) -> Seen:
    """A deployment with so many targets of each status."""
    return Seen(dataclasses.replace(made(2, 2, status), counts=counts, platform="Server"))


PROGRESS: list[tuple[Seen, list[Target], str]] = [
    (going("Created"), [], "Created"),
    (going("Queued"), [], "Queued"),
    (going(), [], "InProgress"),
    (going("SomethingNew"), [], "SomethingNew"),
    (
        going(Succeeded=1, InProgress=1, Failed=1, Pending=1),
        [instance(2, "AfterInstall")],
        "1/4 instances: AfterInstall on i-2, 1 failed, 1 pending",
    ),
    (
        going(InProgress=3),
        [instance(1, "Install"), instance(2, "Install"), instance(3, "AfterInstall")],
        "0/3 instances: Install on i-1 and i-2, AfterInstall on i-3",
    ),
    (going(InProgress=3), [instance(n, "Install") for n in range(3)], "0/3 instances: Install on 3 targets"),
    (going(InProgress=1), [instance(1, "Install")], "0/1 instance: Install on i-1"),
    (
        going(InProgress=2),
        [instance(1, "AllowTraffic", "Green"), instance(2, "BlockTraffic", "Blue")],
        "0/2 instances: AllowTraffic on i-1 (Green), BlockTraffic on i-2 (Blue)",
    ),
    (
        going("Ready", Ready=2),
        [],
        "Ready: it waits for somebody's ContinueDeployment (aws deploy continue-deployment), 0/2 instances, 2 ready",
    ),
    (
        going("Baking", Succeeded=2),
        [],
        "Baking: CodeDeploy watches the alarms before it counts as succeeded, 2/2 instances",
    ),
    (
        Seen(dataclasses.replace(made(2, 2, "InProgress"), waits_for_termination=True, counts={"Succeeded": 2})),
        [],
        "the replacement has the traffic, waiting for the end of the originals, 2/2 instances",
    ),
    (seen("Stopped", **MANUAL), [], "Stopped, CodeDeploy may be about to roll it back"),
    (seen("Stopped", "Created"), [], "rollback d-3, Created"),
    (
        Seen(dataclasses.replace(made(2, 2, "InProgress"), platform="ECS", counts={"InProgress": 1})),
        [Target("shop:web", "ECSTarget", "InProgress", events=(LifecycleEvent("Install", "InProgress"),))],
        "Install",
    ),
]


@pytest.mark.parametrize(("look", "targets", "line"), PROGRESS)
def test_progress(look: Seen, targets: list[Target], line: str) -> None:
    assert watch.progress(look, targets) == line


def test_every_status_of_a_target_is_counted() -> None:
    counted = {"Succeeded", "InProgress", *(status for status, _word in watch._OTHERS)}
    assert enum("TargetStatus") <= counted


def test_looks_grow_rarer() -> None:
    assert [watch.interval(seconds) for seconds in (0, 10, 60, 100, 3600)] == [2, 2, 3, 5, 5]


def test_a_deployment_of_ours_that_has_no_end_is_never_called_done() -> None:
    unknown = Deployment("d-2", "app", "prod", "Melting", made(2, 2).created_at)
    assert watch.assess(OURS, Seen(unknown)).state == "going"


@pytest.mark.parametrize(
    ("status", "counts", "platform", "told"),
    [
        ("InProgress", {"Pending": 3}, "Server", True),
        ("InProgress", {"Pending": 2, "Succeeded": 1}, "", True),
        ("InProgress", {"Pending": 2, "InProgress": 1}, "Server", False),
        ("InProgress", {"Succeeded": 3}, "Server", False),
        ("Ready", {"Pending": 3}, "Server", False),
        ("InProgress", {"Pending": 1}, "ECS", False),
    ],
)
def test_where_nothing_happens_an_agent_may_be_down(
    status: str, counts: dict[str, int], platform: str, told: bool
) -> None:
    assert ("the CodeDeploy agent is running" in watch.stuck(seen(status, counts=counts, platform=platform))) is told
