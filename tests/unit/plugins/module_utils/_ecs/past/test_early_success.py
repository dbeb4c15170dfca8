# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What SUCCESSFUL proves if a share of the tasks is enough for it."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import early_success, history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    flown,
    planned,
    service,
)

CRITERIA = {"earlySuccessCriteria": {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}}
OFF = {"earlySuccessCriteria": {"enable": False}}
WEAK = "with earlySuccessCriteria, when 2 of 4 tasks were running"


@pytest.mark.parametrize(
    ("configuration", "status", "counts", "expected"),
    [
        (CRITERIA, "SUCCESSFUL", {"runningTaskCount": 2, "requestedTaskCount": 4}, WEAK),
        (CRITERIA, "SUCCESSFUL", {"runningTaskCount": 4, "requestedTaskCount": 4}, ""),
        (CRITERIA, "SUCCESSFUL", {}, "with earlySuccessCriteria, 50 % of its tasks were enough"),
        (CRITERIA, "IN_PROGRESS", {"runningTaskCount": 2, "requestedTaskCount": 4}, ""),
        (OFF, "SUCCESSFUL", {"runningTaskCount": 2, "requestedTaskCount": 4}, ""),
        # As an older botocore shows it.
        ({}, "SUCCESSFUL", {"runningTaskCount": 2, "requestedTaskCount": 4}, ""),
    ],
)
def test_a_share_of_the_tasks_is_weaker_evidence(
    configuration: dict[str, t.Any], status: str, counts: dict[str, int], expected: str
) -> None:
    detail = {"status": status, "deploymentConfiguration": configuration, "targetServiceRevision": counts}
    assert early_success.weakness(detail) == expected


def test_the_member_is_looked_for_by_its_name() -> None:
    assert [early_success.is_enabled(each) for each in (CRITERIA, OFF, {})] == [True, False, False]


@pytest.mark.parametrize(
    ("on", "weak", "short"),
    [
        (service(42), "", False),
        (service(deployment(42, running=3)), f"{WEAK}; now 3 of 4 are", True),
        (
            service(42, deployment(41, status="ACTIVE", running=2)),
            f"{WEAK}; now 4 of 4 are, and 2 of other versions",
            True,
        ),
        # It brought something else than what runs now.
        (service(43), WEAK, False),
    ],
)
def test_of_what_runs_now_the_live_counts_decide(on: Service, weak: str, short: bool) -> None:
    found = early_success.with_live_counts(flown(42, weak=WEAK), on)
    assert (found.weak, found.short) == (weak, short)
    plain = flown(42)
    assert early_success.with_live_counts(plain, on) == plain


def test_it_is_good_with_a_warning() -> None:
    past = history.read([flown(41, weak=WEAK), flown(42, minute=60)])
    made = planned(service(42), past)
    assert made.target is not None
    assert (made.target.arn, made.verb) == (arn(41), "act")
    assert WEAK in made.choice.why
    (found,) = [f for f in made.findings if f.check == "early_success"]
    assert (found.severity, found.message) == (
        "warn",
        f"web:41 counts as good on weaker evidence: its deployment ended SUCCESSFUL {WEAK}",
    )


def test_what_succeeded_whole_later_is_good_without_one() -> None:
    past = history.read([flown(41, weak=WEAK), flown(42, minute=60), flown(41, minute=120), flown(43, minute=180)])
    assert not [f for f in planned(service(43), past).findings if f.check == "early_success"]


def test_what_runs_now_without_all_its_tasks_is_not_known_to_be_good() -> None:
    short = dataclasses.replace(flown(42, minute=60), weak=f"{WEAK}; now 2 of 4 are", short=True)
    past = history.read([flown(41), short])
    assert {c.task_definition: c.verdict for c in past.candidates({}, "prod/web")} == {
        arn(41): "good",
        arn(42): "unknown",
    }
    # It came into service all the same: a return with it is a return, and nothing older is taken.
    back = history.read([flown(41), flown(42, minute=60), dataclasses.replace(flown(41, minute=120), short=True)])
    assert target.choose(Selection(), service(41), back, {}).settled
