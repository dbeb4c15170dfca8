# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import target_of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_run,
    arn,
    new_run,
    planned,
    revision,
    service,
    task_definition,
    told,
)


def test_a_run_begins_with_its_plan() -> None:
    going = new_run(planned(service(42), told(41, 42)))
    assert (going.outcome, going.ok, going.changed, going.target) == (None, True, False, arn(41))
    settled = new_run(planned(service(41), told(41, 42, 41)))
    assert (settled.outcome, settled.ok) == ("unchanged", True)
    assert settled.reason
    blocked = new_run(planned(service(42, status="INACTIVE"), told(41, 42)))
    assert (blocked.outcome, blocked.ok) == ("refused", False)
    refused = new_run(Refusal("web", "no such service", (Finding("x", "block", "y"),)))
    assert (refused.outcome, refused.plan, refused.target, refused.route) == ("refused", None, "", "")
    assert [f.check for f in refused.findings] == ["x"]


def test_a_second_plan_replaces_the_first() -> None:
    run = new_run(planned(service(42), told(40, 41, 42)))
    run.findings.append(Finding("old", "warn", "stale"))
    run.take_plan(planned(service(43), told(41, 43)))
    assert (run.outcome, run.route) == (None, "web:43 → web:41")
    assert run.service is not None
    assert run.service.task_definition == arn(43)
    assert "old" not in [f.check for f in run.findings]


def test_a_service_named_by_its_arn_goes_by_its_name() -> None:
    assert new_run(planned(service(42), told(41, 42))).name == "web"


@pytest.mark.parametrize("outcome", t.get_args(Outcome))
def test_which_outcomes_are_well(outcome: Outcome) -> None:
    run = RollbackRun("web", "prod")
    run.end(outcome, "because")
    assert run.ok is (outcome in ("unchanged", "rolled_back", "started", "planned"))
    assert run.reason == "because"


def test_for_results() -> None:
    run = accepted_run(planned(service(42), told(41, 42)))
    run.end("rolled_back", "verified")
    run.changed, run.service, run.revision_after = True, service(41), revision(41, "sha256:a")
    run.timings, run.deregistered = {"planned": 0.12345}, arn(42)
    run.diagnosis = Diagnosis(rollout_reason="slow")
    shown = run.as_dict()
    assert {key: shown[key] for key in ("service", "cluster", "outcome", "changed", "method", "reason")} == {
        "service": "web",
        "cluster": "prod",
        "outcome": "rolled_back",
        "changed": True,
        "method": "update_service",
        "reason": "verified",
    }
    assert (shown["target_source"], shown["left"]) == ("last_good", arn(42))
    assert shown["target"] == {
        "task_definition": arn(41),
        "status": "ACTIVE",
        "service_revision": revision(41).arn,
        "image_digests": {},
    }
    assert shown["target_why"].startswith("SUCCESSFUL at")
    assert shown["before"] == {
        "task_definition": arn(42),
        "service_revision": revision(42).arn,
        "deployment_id": "ecs-svc/42",
        "image_digests": {},
        "desired_count": 4,
        "running_count": 4,
    }
    assert shown["after"]["task_definition"] == arn(41)
    assert shown["after"]["image_digests"] == {"app": "sha256:a"}
    assert (shown["timings"], shown["deregistered"]) == ({"planned": 0.123}, arn(42))
    assert shown["diagnosis"]["rollout_reason"] == "slow"


def test_the_target_of_a_copy_for_results() -> None:
    gone = replace(planned(service(42), told(41, 42)), target=task_definition(41, status="INACTIVE"))
    shown = target_of(gone, arn(43))
    assert shown is not None
    assert (shown["task_definition"], shown["status"], shown["service_revision"]) == (
        arn(43),
        "ACTIVE",
        revision(41).arn,
    )
    as_it_is = target_of(gone, arn(41))
    assert as_it_is is not None
    assert (as_it_is["task_definition"], as_it_is["status"]) == (arn(41), "INACTIVE")


def test_a_revision_of_another_version_is_not_shown_as_this_one_s() -> None:
    run = accepted_run(planned(service(42), told(41, 42)))
    run.revision_after = revision(41, "sha256:a")
    shown = run.as_dict()["after"]
    assert (shown["task_definition"], shown["service_revision"], shown["image_digests"]) == (arn(42), None, {})


def test_where_nothing_moves_before_and_after_are_the_same() -> None:
    run = new_run(planned(service(42), told(41, 42), Selection(revision="42")))
    shown = run.as_dict()
    assert shown["before"] == shown["after"]
    assert shown["after"]["service_revision"] == revision(42).arn
    assert shown["left"] is None


def test_a_refusal_for_results() -> None:
    shown = new_run(Refusal("web", "no", ())).as_dict()
    assert [key for key in ("before", "after", "target", "left", "diagnosis", "deregistered") if shown[key]] == []
    assert (shown["method"], shown["target_source"], shown["target_why"]) == ("none", "none", "")


def test_a_service_without_a_primary_deployment() -> None:
    run = new_run(planned(service(task_definition=arn(42)), told(41, 42)))
    assert run.as_dict()["before"]["deployment_id"] is None
    assert run.as_dict()["before"]["task_definition"] == arn(42)
