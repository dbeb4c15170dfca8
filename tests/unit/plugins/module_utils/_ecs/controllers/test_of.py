# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which controller deploys a service, and what this version says of a kind that it does not know."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers, Pasts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    controller_of,
    enum,
    planned,
    service,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.fakes import FakeController


@pytest.mark.parametrize("kind", enum("DeploymentControllerType"))
def test_every_kind_of_the_model_is_known(kind: str) -> None:
    found = controller_of(service(42, controller=kind))
    assert not isinstance(found, of.Unknown)
    assert found.unfit(service(42, controller=kind)) == []


def test_a_kind_that_is_not_known_is_refused_by_its_name() -> None:
    odd = service(42, controller="SOMETHING_NEW")
    found = controller_of(odd)
    [finding] = found.unfit(odd)
    assert (finding.check, finding.severity) == ("deployment_controller", "block")
    assert "SOMETHING_NEW" in finding.message
    assert "it rolls back services with CODE_DEPLOY, ECS, EXTERNAL" in finding.message
    assert found.read_past([odd]) == {"web": Past()}
    [finding] = found.undeployable(odd)
    assert (finding.severity, "SOMETHING_NEW" in finding.message) == ("block", True)
    assert found.protection(planned(service(42), told(41, 42))) is None
    meant = found.meant(odd, Past(), "")
    assert isinstance(meant, Known)
    assert (meant.outcome, "SOMETHING_NEW" in meant.reason) == ("refused", True)


def test_there_is_one_for_each_kind_and_call() -> None:
    controllers = Controllers(FakeAws(), FakeClock())
    first = controllers.of(service(42))
    assert controllers.of(service(41, name="api")) is first
    assert controllers.of(service(42, controller="EXTERNAL")) is not first
    assert controllers.brisk.of(service(42)) is not first


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ECS", "They go on running next to the target's"),
        ("CODE_DEPLOY", "the original task set stays until it ends"),
        ("EXTERNAL", "Their task set stays as it is"),
    ],
)
def test_what_becomes_of_protected_tasks(kind: str, words: str) -> None:
    assert words in controller_of(service(42, controller=kind)).held_tasks


HERE, THERE = service(42, name="web"), service(42, name="api")
ELSEWHERE = service(42, name="batch", controller="EXTERNAL")


class Reader(FakeController):
    """Remembers what it was asked to read."""

    def __init__(self, more: t.Mapping[str, Past] | None = None) -> None:
        super().__init__()
        self.asked: list[tuple[list[str], bool, datetime | None]] = []
        self.described: list[dict[str, list[str]]] = []
        self._found = dict(more or {})

    def read_past(
        self, services: t.Sequence[Service], everything: bool = False, now: datetime | None = None
    ) -> dict[str, Past]:
        self.asked.append(([s.name for s in services], everything, now))
        return {s.name: Past(told(41, 42), problem=f"read {len(self.asked)}") for s in services}

    def describe(self, pasts: t.Mapping[str, Past], wanted: t.Mapping[str, t.Iterable[str]]) -> dict[str, Past]:
        self.described.append({name: list(ids) for name, ids in wanted.items()})
        return {name: past for name, past in self._found.items() if name in wanted}


class Two(Controllers):
    def __init__(self, ecs: Controller, external: Controller) -> None:
        super().__init__(FakeAws(), FakeClock())
        self._each = {"ECS": ecs, "EXTERNAL": external}

    def of(self, service: Service) -> Controller:
        return self._each[service.controller]


def test_a_service_that_was_not_read_has_nothing_on_record() -> None:
    assert Pasts(Two(Reader(), Reader())).of("web") == Past()


def test_each_controller_is_asked_once_for_all_that_it_deploys() -> None:
    ecs, external = Reader(), Reader()
    pasts = Pasts(Two(ecs, external))
    pasts.read(iter([HERE, ELSEWHERE, THERE]))
    assert (ecs.asked, external.asked) == ([(["web", "api"], False, None)], [(["batch"], False, None)])
    pasts.read([THERE], everything=True)
    assert ecs.asked[1:] == [(["api"], True, None)]
    # What was read before stays.
    assert [pasts.of(name).problem for name in ("web", "api", "batch")] == ["read 1", "read 2", "read 1"]


def test_only_with_a_clock_a_rollback_counts_that_is_still_due() -> None:
    ecs, clock = Reader(), FakeClock()
    Pasts(Two(ecs, Reader()), clock).read([HERE])
    assert ecs.asked == [(["web"], False, clock.now())]


def test_what_is_learnt_about_tasks_takes_the_place_of_what_was_read() -> None:
    better = Past(told(40, 41, 42))
    ecs, external = Reader({"web": better}), Reader()
    pasts = Pasts(Two(ecs, external))
    pasts.read([HERE, THERE, ELSEWHERE])
    wanted = {"web": ["D1"], "batch": ["D2"], "never read": ["D3"]}
    assert pasts.describe(wanted)
    assert (ecs.described, external.described) == ([{"web": ["D1"]}], [{"batch": ["D2"]}])
    assert pasts.of("web") is better
    assert pasts.of("api").problem == "read 1"


def test_if_nothing_more_is_known_it_says_so() -> None:
    pasts = Pasts(Two(Reader(), Reader()))
    pasts.read([HERE])
    assert not pasts.describe({"web": ["D1"]})
    assert not pasts.describe({})


def test_copies_are_kept_with_the_history_they_belong_to() -> None:
    pasts = Pasts(Two(Reader(), Reader()))
    pasts.read([HERE, THERE])
    pasts.learn_copies("web", {arn(43): arn(41)})
    learnt = pasts.of("web")
    assert learnt.history is not None
    assert (learnt.history.copies, learnt.problem) == ({arn(43): arn(41)}, "read 1")
    assert [d.id for d in learnt.history.deployments] == [d.id for d in told(41, 42).deployments]
    other = pasts.of("api").history
    assert other is not None
    assert other.copies == {}
