# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a service is ready to be taken back."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._status import result
from ansible_collections.lastgood.aws.plugins.module_utils._status.needs import Lack
from ansible_collections.lastgood.aws.plugins.module_utils._status.result import Seen
from ansible_collections.lastgood.aws.plugins.module_utils._status.unfinished import Unfinished
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn, planned, service, told

PLACE = keys.Place("eu-central-1")
GOOD = planned(service(2), told(1, 2))
# Its target has no image on record, so that nothing is doubtful.
GOOD = dataclasses.replace(GOOD, findings=())
DONE = dataclasses.replace(planned(service(1), told(1, (2, "ROLLBACK_SUCCESSFUL", 1))), findings=())
NO_TARGET = planned(service(1), told(1))
UNREAD = Refusal(
    "web", "there is no service web in cluster prod", (Finding("service_missing", "block", "there is none"),)
)
UPDATE = Lack("ecs:UpdateService", "missing", "required")


def seen(plan: t.Any = GOOD, **more: t.Any) -> Seen:
    on = None if isinstance(plan, Refusal) else plan.service
    return Seen(plan, on, "prod", PLACE, **more)


@pytest.mark.parametrize(
    ("one", "readiness", "reason"),
    [
        (seen(), "ready", "web:2 → web:1  last good: SUCCESSFUL at "),
        (seen(DONE), "ready", "web:1: a rollback would change nothing: ECS itself rolled it back from web:2 to web:1"),
        (seen(NO_TARGET), "not_ready", "web:1: the recorded history holds no good version besides web:1"),
        (seen(UNREAD), "not_ready", "there is no service web in cluster prod"),
        (seen(lacks=[UPDATE]), "not_ready", "the permission ecs:UpdateService is missing: AWS refuses the rollback"),
        # The first reason is the better one.
        (
            seen(NO_TARGET, lacks=[UPDATE]),
            "not_ready",
            "web:1: the recorded history holds no good version besides web:1",
        ),
        (seen(lacks=[UPDATE._replace(met=True)]), "ready_with_warnings", "web:2 → web:1"),
        (seen(lacks=[UPDATE._replace(state="unknown")]), "ready_with_warnings", "web:2 → web:1"),
        (seen(lacks=[Lack("ecs:TagResource", "missing", "lesser")]), "ready_with_warnings", "web:2 → web:1"),
        (seen(lacks=[Lack("ecs:ListClusters", "missing", "option")]), "ready", "web:2 → web:1"),
        (seen(unfinished=[Unfinished("mark", "not yet")]), "ready_with_warnings", "web:2 → web:1"),
        (seen(findings=[Finding("x", "info", "so it is")]), "ready", "web:2 → web:1"),
        (seen(findings=[Finding("x", "warn", "so it is")]), "ready_with_warnings", "web:2 → web:1"),
        (seen(findings=[Finding("x", "unknown", "so it is")]), "ready_with_warnings", "web:2 → web:1"),
    ],
)
def test_readiness(one: Seen, readiness: str, reason: str) -> None:
    assert one.readiness == readiness
    assert one.reason.startswith(reason)
    assert (one.line.ok, str(one.line)) == (
        readiness != "not_ready",
        f"[web] {result.IN_WORDS[readiness]}: {one.reason}",
    )


def test_the_result() -> None:
    half = Unfinished("mark", "web:3 is not marked bad yet")
    found = seen(lacks=[UPDATE], unfinished=[half], findings=[Finding("alarms", "warn", "one fires")]).as_dict()
    assert {name: found[name] for name in ("service", "cluster", "region", "account", "readiness")} == {
        "service": "web",
        "cluster": "prod",
        "region": "eu-central-1",
        "account": "123456789012",
        "readiness": "not_ready",
    }
    assert found["running"] == {
        "task_definition": arn(2),
        "since": "2026-11-20T12:00:00Z",
        "rollout_state": "COMPLETED",
        "desired_count": 4,
        "running_count": 4,
    }
    assert (found["outcome"], found["method"], found["target_source"]) == ("planned", "update_service", "last_good")
    assert found["target"]["task_definition"] == arn(1)
    assert found["findings"] == [{"check": "alarms", "severity": "warn", "message": "one fires"}]
    assert found["permissions"] == [UPDATE.as_dict()]
    assert found["unfinished"] == [half.as_dict()]
    assert found["summary"].startswith("[web] not ready: the permission ecs:UpdateService is missing")


def test_a_service_that_could_not_be_read() -> None:
    found = seen(UNREAD).as_dict()
    assert (found["account"], found["running"], found["outcome"]) == (None, None, "refused")


def test_one_that_was_read_though_no_plan_could_be_made() -> None:
    found = dataclasses.replace(seen(UNREAD), service=service(2)).as_dict()
    assert (found["account"], found["running"]["task_definition"]) == ("123456789012", arn(2))


def test_the_worst_comes_first() -> None:
    doubtful = seen(findings=[Finding("x", "warn", "so it is")])
    assert result.worst_first([seen(), doubtful, seen(UNREAD)]) == [seen(UNREAD), doubtful, seen()]


@pytest.mark.parametrize(
    ("some", "problems", "summary"),
    [
        ([], ["Cluster prod has no services."], "Cluster prod has no services"),
        ([seen(UNREAD)], [], "[web] not ready: there is no service web in cluster prod"),
        ([seen(UNREAD), seen(), seen(DONE)], [], "3 services: 1 not ready (web); 2 ready"),
        ([seen()], ["There is no cluster x."], "1 service: 1 ready. There is no cluster x"),
    ],
)
def test_the_summary(some: list[Seen], problems: list[str], summary: str) -> None:
    assert result.summary(some, problems) == summary
