# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.diagnosis import Standing
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import LifecycleEvent, Target

EVENTS = ("ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ValidateService")


def instance(status: str, *statuses: str) -> Target:
    """An instance whose events have these statuses, and the others the last of them."""
    filled = [*statuses, *[statuses[-1] if statuses else "Pending"] * len(EVENTS)]
    events = tuple(LifecycleEvent(name, filled[n]) for n, name in enumerate(EVENTS))
    return Target("i-1", "InstanceTarget", status, events=events)


@pytest.mark.parametrize(
    ("target", "where"),
    [
        (instance("Succeeded", "Succeeded"), Standing(new=1)),
        (instance("Skipped", "Skipped"), Standing(old=1)),
        (instance("Pending", "Pending"), Standing(old=1)),
        (Target("i-1", "InstanceTarget", "Pending"), Standing(old=1)),
        (instance("Failed", "Failed", "Skipped"), Standing(old=1)),
        (instance("Failed", "Succeeded", "Failed", "Skipped"), Standing(old=1)),
        (instance("Failed", "Succeeded", "Succeeded", "Failed", "Skipped"), Standing(old=1)),
        (instance("Failed", "Succeeded", "Succeeded", "Succeeded", "Failed", "Skipped"), Standing(unknown=1)),
        (instance("Failed", "Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed"), Standing(unknown=1)),
        (instance("Skipped", "Succeeded", "Succeeded", "Succeeded", "InProgress", "Skipped"), Standing(unknown=1)),
        (instance("Failed", "Succeeded", "Succeeded", "Succeeded", "Skipped", "Failed"), Standing(unknown=1)),
        (instance("InProgress", "InProgress", "Pending"), Standing(old=1)),
        (Target("i-1", "InstanceTarget", "Failed"), Standing(unknown=1)),
        (instance("Unknown", "Unknown"), Standing(unknown=1)),
        (instance("Ready", "Pending"), Standing(unknown=1)),
        (instance("SomethingNew", "Pending"), Standing(unknown=1)),
    ],
)
def test_what_an_instance_has(target: Target, where: Standing) -> None:
    assert diagnosis.standing_of([target]) == where


@pytest.mark.parametrize(
    "target",
    [
        Target("shop:web", "ECSTarget", "Failed"),
        Target("web", "LambdaTarget", "Failed"),
        Target("i-1", "InstanceTarget", "Failed", label="Green"),
    ],
)
def test_of_others_nothing_is_counted(target: Target) -> None:
    assert diagnosis.standing_of([target, instance("Succeeded", "Succeeded")]) is None


def fleet(green: dict[str, str], blue: dict[str, str]) -> list[Target]:
    """Two instances of a replacement, and an original one; by event its status."""
    made = {"Green": green, "Blue": blue}
    return [
        Target(
            f"i-{n}", "InstanceTarget", "Failed", label, tuple(LifecycleEvent(*event) for event in made[label].items())
        )
        for n, label in enumerate(("Green", "Green", "Blue"))
    ]


@pytest.mark.parametrize(
    ("deployed", "serve"),
    [
        (fleet({"Install": "Failed", "AllowTraffic": "Skipped"}, {"BlockTraffic": "Skipped"}), True),
        (fleet({"Install": "Failed", "AllowTraffic": "Pending"}, {"BlockTraffic": "Pending"}), True),
        (fleet({"Install": "Succeeded", "AllowTraffic": "Failed"}, {"BlockTraffic": "Skipped"}), False),
        (fleet({"Install": "Succeeded", "AllowTraffic": "Succeeded"}, {"BlockTraffic": "InProgress"}), False),
        ([instance("Failed", "Failed")], False),
        ([], False),
    ],
)
def test_where_the_traffic_is(deployed: list[Target], serve: bool) -> None:
    assert diagnosis.originals_serve(deployed) is serve


def test_words() -> None:
    assert (
        Standing(new=2, old=1, unknown=1).words("A", "B") == "of 4 instances 2 on A, 1 on B, 1 on neither for certain"
    )
    assert Standing(old=1).words("A", "B") == "of 1 instance 1 on B"
    assert Standing().words("A", "B") == ""


def test_nowhere_is_where_nothing_is_certain() -> None:
    assert Standing(unknown=2).nowhere
    assert not Standing(unknown=2, old=1).nowhere
    assert not Standing().nowhere
