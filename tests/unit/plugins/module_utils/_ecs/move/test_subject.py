# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that is watched has what watching needs."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun, Going, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.subject import Subject
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.wait import Waiter
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_of,
    arn,
    planned,
    service,
    told,
)

PLAN = planned(service(42), told(41, 42))
ACCEPTED = accepted_of(PLAN, Begun(PLAN.service, wrote=True, deployment_id="ecs-svc/ours"))
GOING = dataclasses.replace(ACCEPTED.going, deployment_id="ecs-svc/ours")


def subjects(place: keys.Place) -> list[Subject]:
    meant = Meant(Going(arn(41), "ecs-svc/ours", "", frozenset()))
    return [
        RollbackRun("web", "prod", PLAN, accepted=ACCEPTED, place=place),
        DeployRun("web", "prod", PLAN, accepted=ACCEPTED, place=place),
        Waiter("web", "prod", meant=meant, place=place),
    ]


@pytest.mark.parametrize("subject", subjects(keys.PLAIN), ids=lambda subject: type(subject).__name__)
def test_what_is_watched_is_known_by_its_names(subject: Subject) -> None:
    assert (subject.name, subject.label, subject.cluster) == ("web", "web", "prod")
    assert (subject.going.id, subject.going.target) == ("ecs-svc/ours", arn(41))
    assert (subject.outcome, subject.service is None or subject.service.name == "web") == (None, True)


@pytest.mark.parametrize(
    "subject", subjects(keys.Place("eu-central-1", full_names=True)), ids=lambda one: type(one).__name__
)
def test_the_same_name_elsewhere_is_told_apart_by_its_label(subject: Subject) -> None:
    assert subject.name == "web"
    assert subject.label != "web"
    assert "prod" in subject.label


@pytest.mark.parametrize("subject", subjects(keys.PLAIN), ids=lambda subject: type(subject).__name__)
def test_an_end_is_an_outcome(subject: Subject) -> None:
    subject.diagnosis, subject.timings["ended"] = Diagnosis(rollout_reason="slow"), 1.0
    subject.end("timeout", "it took too long")
    assert subject.outcome == "timeout"


@pytest.mark.parametrize(
    ("subject", "outcome"),
    list(zip(subjects(keys.PLAIN), ["rolled_back", "deployed", "stable"], strict=True)),
    ids=["RollbackRun", "DeployRun", "Waiter"],
)
def test_each_step_has_its_own_word_for_where_it_should_be(subject: Subject, outcome: str) -> None:
    subject.reached("stable")
    assert subject.outcome == outcome


def test_every_member_that_watching_uses_is_declared() -> None:
    declared = {name for name in vars(Subject) if not name.startswith("_")} | set(t.get_type_hints(Subject))
    for subject in subjects(keys.PLAIN):
        assert {name for name in declared if not hasattr(subject, name)} == set()
