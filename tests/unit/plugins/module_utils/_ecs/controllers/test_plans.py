# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan says of itself, and what stays of it if another one is made."""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    EVENTS,
    Facts,
    GoBack,
    GoTo,
    Past,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, Finding, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    at,
    done_tags,
    known,
    planned,
    service,
    steps,
    task_definition,
    told,
)

MADE = planned(service(42), told(41, 42))


def test_what_it_was_decided_on() -> None:
    assert (MADE.verb, MADE.method, MADE.current, MADE.left, MADE.direction) == (
        *("act", "update_service"),
        *(arn(42), arn(42), "back"),
    )
    assert (MADE.known_deployments, len(MADE.known_records)) == ({"ecs-svc/42"}, 2)
    assert MADE.now is not None
    assert MADE.good is not None
    assert (MADE.now.task_definition, MADE.good.task_definition) == (arn(42), arn(41))


def test_without_a_history_nothing_is_made_up() -> None:
    made = plans.Plan(service(42), plans.Past(), Choice(), None, plans.refused((), "why"))
    assert (made.running, made.newest, made.now, made.good, made.known_records) == (None, None, None, None, frozenset())
    assert (made.current, made.left_tags, made.taken_back) == (arn(42), {}, None)


def test_only_findings_that_block_are_a_reason() -> None:
    found = [Finding("a", "warn", "careful"), Finding("b", "block", "it cannot be"), Finding("c", "block", "nor this")]
    way = plans.refused(found)
    assert (way.verb, way.method, way.reason) == ("refuse", "none", "it cannot be; nor this")
    assert plans.refused((), "because").reason == "because"


def test_a_plan_that_is_refused_after_all_goes_nowhere() -> None:
    refused = MADE.refused("somebody deployed", Finding("plan_changed", "block", "somebody deployed"))
    assert (refused.verb, refused.method, refused.reason, refused.target) == (
        "refuse",
        "none",
        "somebody deployed",
        None,
    )
    assert (refused.left, refused.findings[-1].check) == (None, "plan_changed")


@pytest.mark.parametrize(("left", "direction"), [(42, "back"), (40, "forward"), (41, "same")])
def test_the_same_plan_as_a_move_from_another_version(left: int, direction: Direction) -> None:
    made = planned(service(42), told(40, 41, 42), having=known(task_definition(42, bad="slow")))
    moved = made.leaving(arn(left))
    assert (moved.left, moved.direction, moved.target) == (arn(left), direction, made.target)
    assert (marks.BAD in moved.left_tags) is (left == 42)


def test_a_move_forward_takes_the_mark_back_that_a_rollback_of_the_service_set() -> None:
    tags = done_tags(arn(43), arn(42), "ecs-svc/42", START, "back")
    past = told(42, 43, 42)
    forward = dataclasses.replace(planned(service(42, tags=tags), past), target=task_definition(43))
    choice = Choice("revision", arn(43), "you named it", arn(42), direction="forward")
    assert dataclasses.replace(forward, choice=choice).taken_back == arn(43)
    assert dataclasses.replace(forward, choice=dataclasses.replace(choice, direction="back")).taken_back is None
    assert dataclasses.replace(forward, choice=choice, service=service(42)).taken_back is None


def test_a_pinned_copy_is_the_version_that_it_was_made_of() -> None:
    copied = history.read(steps(41, 42), {arn(44): arn(41)})
    made = dataclasses.replace(MADE, past=plans.Past(copied))
    assert made.is_version(arn(44), arn(41))
    assert not made.is_version(arn(44), arn(42))
    assert MADE.is_version(arn(41), arn(41))


BALANCED = service(42, load_balancers=({"containerName": "app", "containerPort": 8080},))
SERVED = {"name": "app", "image": "registry/web:1", "portMappings": [{"containerPort": 8080}]}


def test_a_port_that_a_load_balancer_needs_and_the_target_lacks_blocks() -> None:
    [finding] = plans.missed_ports(BALANCED, task_definition(41))
    assert (finding.severity, "8080" in finding.message) == ("block", True)
    assert plans.missed_ports(BALANCED, task_definition(41, containers=[SERVED])) == []
    assert plans.missed_ports(service(42), task_definition(41)) == []


def test_a_target_that_could_not_be_read_is_not_judged_by_its_ports() -> None:
    unread = TaskDefinition(task_definition(41).arn, "ACTIVE", {}, {})
    assert plans.missed_ports(BALANCED, unread) == []


@pytest.mark.parametrize(
    ("pin", "status", "is_read", "copy", "checks"),
    [
        ("auto", "ACTIVE", True, None, []),
        ("always", "ACTIVE", True, None, []),
        # It cannot be deployed itself, and nobody asked for a copy.
        ("auto", "INACTIVE", True, None, ["target_status"]),
        ("never", "INACTIVE", True, None, ["target_status"]),
        # A copy that pins nothing.
        ("always", "INACTIVE", True, {}, []),
        ("always", "DELETE_IN_PROGRESS", True, {}, []),
        ("always", "INACTIVE", False, None, ["target_status"]),
    ],
)
def test_when_a_copy_is_deployed_in_place_of_the_target(
    pin: images.PinImages, status: str, is_read: bool, copy: dict[str, str] | None, checks: list[str]
) -> None:
    whole = task_definition(41, status)
    target = whole if is_read else TaskDefinition(whole.arn, status, {}, {})
    goal = GoBack(Selection(), pin_images=pin)
    made, found = plans.copy_of(goal, Facts(service(42), Past(), {}), target)
    assert (made, [f.check for f in found if f.severity == "block"]) == (copy, checks)


@pytest.mark.parametrize(("pin", "copy"), [("auto", {"app": "sha256:good"}), ("never", None)])
def test_an_image_whose_tag_has_moved_is_pinned_unless_that_is_forbidden(
    pin: images.PinImages, copy: dict[str, str] | None
) -> None:
    moved = images.Check("app", "registry/web:1", "sha256:good", images.Resolution("moved"))
    facts = Facts(service(42), Past(), {}, images=(moved,))
    made, _found = plans.copy_of(GoBack(Selection(), pin_images=pin), facts, task_definition(41))
    assert made == copy


@pytest.mark.parametrize(("checks", "copy"), [("enforce", None), ("warn", {"app": "sha256:good"})])
def test_an_image_that_the_registry_lacks_is_pinned_if_checks_only_warn(
    checks: t.Any, copy: dict[str, str] | None
) -> None:
    gone = images.Check("app", "registry/web:1", "sha256:good", images.Resolution("gone"))
    facts = Facts(service(42), Past(), {}, images=(gone,))
    made, _found = plans.copy_of(GoBack(Selection(), checks=checks), facts, task_definition(41))
    assert made == copy


@pytest.mark.parametrize(("status", "blocks"), [("INACTIVE", ["copy_members"]), ("ACTIVE", [])])
def test_a_copy_that_would_lack_something_is_refused(status: str, blocks: list[str]) -> None:
    target = replace(task_definition(41, status), unknown=("taskDefinition.tomorrow",))
    goal = GoBack(Selection(), pin_images="always")
    _copy, found = plans.copy_of(goal, Facts(service(42), Past(), {}), target)
    assert [f.check for f in found if f.severity == "block"] == blocks
    assert all("would lack taskDefinition.tomorrow, which the installed botocore does not" in f.message for f in found)


def test_the_events_are_those_that_an_end_can_have() -> None:
    assert set(EVENTS) == set(t.get_args(Event))


def test_a_time_is_known_once_there_is_a_clock_and_stays() -> None:
    goal = GoBack(Selection(), as_of=AsOf("5 minutes ago", ago=timedelta(minutes=5))).dated(at(60))
    assert goal.selection.as_of == at(55)
    assert goal.dated(at(90)) == goal
    assert GoBack(Selection()).dated(at(0)).selection.as_of is None


def test_for_a_target_that_was_chosen_nothing_else_is_selected() -> None:
    again = GoBack(Selection(steps_back=3, from_revision="43"), in_flight="refuse", tasks=4, deregister=True).going_to(
        arn(41)
    )
    assert (again.selection.revision, again.selection.steps_back, again.selection.from_revision) == (arn(41), 1, None)
    assert (again.in_flight, again.tasks, again.deregister) == ("refuse", 4, False)
    given = GoTo("41")
    assert given.going_to(arn(41)) is given


def test_events_that_were_not_asked_for() -> None:
    assert (GoTo("2").asked, GoTo("2", events=()).asked, GoTo("2", events=EVENTS).asked) == ((), (), EVENTS)
    # A deployment leaves the task count alone.
    assert GoTo("2").tasks is None
