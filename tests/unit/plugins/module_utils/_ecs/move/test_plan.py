# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a service goes back: every kind of running deployment, every way to treat it, every place it may land on."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past, Plan, Refusal, Way
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    TERMINAL,
    Method,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import read
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import choose
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    Step,
    arn,
    controller_of,
    deployment,
    done_tags,
    enum,
    flown,
    known,
    planned,
    revision,
    service,
    started_tag,
    steps,
    task_definition,
    told,
)

# What a user may want, and what is done: stop, supersede, refuse
STOPPABLE = ("stop_deployment", "update_service", "refuse")
TO_BE_SUPERSEDED = ("update_service", "update_service", "refuse")
ADOPTED = ("adopt", "adopt", "adopt")
# By the status of web:43's deployment: where a stop lands on web:42, the target, and where it does not.
METHODS = {
    "PENDING": (STOPPABLE, TO_BE_SUPERSEDED),
    "IN_PROGRESS": (STOPPABLE, TO_BE_SUPERSEDED),
    "STOP_REQUESTED": (TO_BE_SUPERSEDED, TO_BE_SUPERSEDED),
    "SOMETHING_NEW": (TO_BE_SUPERSEDED, TO_BE_SUPERSEDED),
    "ROLLBACK_REQUESTED": (ADOPTED, TO_BE_SUPERSEDED),
    "ROLLBACK_IN_PROGRESS": (ADOPTED, TO_BE_SUPERSEDED),
}
LANDINGS = {
    "the target": [42],
    # a half-done fix: it would land on the bad version that it was fixing
    "another version": [40],
    "nobody knows": [40, 42],
    "nothing on record": [],
}
IN_FLIGHT: tuple[plans.InFlight, ...] = ("stop", "supersede", "refuse")


@pytest.mark.parametrize("status", sorted({*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"} - TERMINAL))
@pytest.mark.parametrize("landing", LANDINGS)
@pytest.mark.parametrize("position", range(3))
def test_method_of_a_service_in_flight(status: str, landing: str, position: int) -> None:
    past = history.read([*steps(40, 41, 42), flown(43, status, 180, LANDINGS[landing])])
    now = service(deployment(43, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"))
    made = planned(now, past, Selection(revision="42"), IN_FLIGHT[position])
    expected = METHODS[status][0 if landing == "the target" else 1][position]
    assert (made.verb if made.verb == "refuse" else made.method) == expected
    if expected == "refuse":
        assert "web:43" in made.reason
        assert status in made.reason
        assert "in_flight is refuse" in made.reason
        assert made.method == "none"


@pytest.mark.parametrize("in_flight", IN_FLIGHT)
@pytest.mark.parametrize(
    "story",
    [
        [41, 42, (41, "IN_PROGRESS")],
        [41, 42, (41, "PENDING")],
        [41, 42, (41, "SOMETHING_NEW")],
        [41, (42, "ROLLBACK_IN_PROGRESS", 41)],
        [41, (42, "ROLLBACK_REQUESTED", 41)],
    ],
)
@pytest.mark.parametrize("selection", [Selection(), Selection(revision="41"), Selection(force=AGAIN)])
def test_a_running_rollback_to_the_target_is_adopted(
    story: list[Step], selection: Selection, in_flight: plans.InFlight
) -> None:
    made = planned(service(deployment(41, rollout="IN_PROGRESS")), told(*story), selection, in_flight)
    assert (made.verb, made.method, made.left) == ("act", "adopt", arn(42))
    assert made.target is not None
    assert made.target.arn == arn(41)


def test_by_default_a_running_deployment_is_stopped() -> None:
    made = planned(service(deployment(42, rollout="IN_PROGRESS")), told(41, (42, "IN_PROGRESS")))
    assert (made.verb, made.method, made.left, made.current) == ("act", "stop_deployment", arn(42), arn(42))
    assert made.running is not None


def test_a_half_done_fix_is_superseded_and_not_stopped() -> None:
    past = told(41, 42, (43, "IN_PROGRESS"))
    made = planned(
        service(deployment(43, rollout="IN_PROGRESS")), past, having=known(task_definition(42, bad="500s"), 41)
    )
    assert (made.method, made.target and made.target.arn) == ("update_service", arn(41))


# -- nothing in flight


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        ("COMPLETED", ("nothing", "none", False)),
        ("FAILED", ("act", "update_service", True)),
        # Services with a Classic Load Balancer have no rollout state.
        ("", ("nothing", "none", False)),
    ],
)
def test_the_target_runs_already(rollout: str, expected: tuple[str, str, bool]) -> None:
    made = planned(service(deployment(42, rollout=rollout)), told(41, 42), Selection(revision="42"))
    assert (made.verb, made.method, write.update_of(made).force_new_deployment) == expected
    assert rollout == "FAILED" or made.reason == "it is on web:42 already"


def test_nothing_in_flight() -> None:
    made = planned(service(42), told(41, 42))
    assert (made.verb, made.method, write.update_of(made).force_new_deployment) == ("act", "update_service", False)
    assert (made.current, made.left, made.running) == (arn(42), arn(42), None)
    assert made.reason.startswith("SUCCESSFUL at")


def test_unfinished_work_is_adopted_though_nothing_runs() -> None:
    tags = started_tag(arn(42), arn(41), "ecs-svc/41", "back")
    made = planned(service(41, tags=tags), told(41, 42, 41))
    assert (made.verb, made.method, made.left) == ("act", "adopt", arn(42))


def test_what_is_settled_is_left_alone() -> None:
    made = planned(service(41), told(41, 42, 41), tasks=4)
    assert (made.verb, made.method, made.left) == ("nothing", "none", None)
    assert made.reason == made.choice.settled
    assert [f.check for f in made.findings] == []


def test_tasks_are_not_applied_where_there_is_nothing_to_roll_back_and_it_says_so() -> None:
    made = planned(service(41), told(41, 42, 41), tasks=8)
    (finding,) = made.findings
    assert (finding.check, finding.severity) == ("tasks", "warn")
    assert "left at 4 (tasks asked for 8)" in finding.message


# -- without the record


@pytest.mark.parametrize(
    ("wanted", "in_flight", "expected"),
    [
        ("41", "stop", ("act", "update_service")),
        ("41", "supersede", ("act", "update_service")),
        ("41", "refuse", ("refuse", "none")),
        ("42", "stop", ("act", "adopt")),
        ("42", "refuse", ("act", "adopt")),
    ],
)
@pytest.mark.parametrize("past", [None, told(40, 41)], ids=["not told", "lags behind"])
def test_without_a_record_the_primary_deployment_tells(
    past: history.History | None, wanted: str, in_flight: plans.InFlight, expected: tuple[str, str]
) -> None:
    made = planned(service(deployment(42, rollout="IN_PROGRESS")), past, Selection(revision=wanted), in_flight)
    assert (made.verb, made.method) == expected
    assert expected[0] != "refuse" or "web:42 is running, and in_flight is refuse" in made.reason


def test_why_there_is_no_history_is_told() -> None:
    facts = plans.Facts(service(42), plans.Past(problem="the history cannot be read. Denied."), {})
    made = plan.to_go_back(
        controller_of(facts.service), plans.GoBack(Selection()), facts, Choice(problem="AWS does not tell the history")
    )
    assert (made.verb, made.method, made.candidates, made.now, made.good) == ("refuse", "none", (), None, None)
    assert "AWS does not tell the history" in made.reason
    assert "Denied" in made.reason
    assert [(f.check, f.severity) for f in made.findings] == [("history", "unknown")]


# -- what blocks


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"status": "INACTIVE"}, "service_status"),
        ({"status": "DRAINING"}, "service_status"),
        ({"controller": "SOMETHING_NEW"}, "deployment_controller"),
        ({"strategy": "SOMETHING_NEW"}, "deployment_strategy"),
        ({"minimum_healthy_percent": 100, "maximum_percent": 100}, "room_to_move"),
        ({"load_balancers": ({"containerName": "app", "containerPort": 81},)}, "load_balancer"),
    ],
)
def test_a_finding_that_blocks_refuses(changes: dict[str, t.Any], check: str) -> None:
    made = planned(service(42, **changes), told(41, 42))
    assert (made.verb, made.method) == ("refuse", "none")
    blocking = [f for f in made.findings if f.severity == "block"]
    assert [f.check for f in blocking] == [check]
    assert made.reason == f"{blocking[0].message}{settings.advice(blocking)}"
    overridden = planned(service(42, **changes), told(41, 42), checks="warn")
    assert overridden.verb == ("act" if settings.advice(blocking) else "refuse")


@pytest.mark.parametrize("status", ["INACTIVE", "DELETE_IN_PROGRESS", "MISSING"])
def test_an_explicit_target_that_cannot_be_deployed_refuses_for_that_reason_alone(status: str) -> None:
    missing = dataclasses.replace(task_definition(40, status=status), content={})
    having = known(missing if status == "MISSING" else task_definition(40, status=status))
    balancers = ({"containerName": "app", "containerPort": 80},)
    made = planned(service(42, load_balancers=balancers), told(40, 41, 42), Selection(revision=arn(40)), having=having)
    assert made.verb == "refuse"
    assert [f.check for f in made.findings if f.severity == "block"] == ["target_status"]
    assert "web:40" in made.reason


def test_ecs_goes_back_by_itself_also_to_what_can_no_longer_be_deployed() -> None:
    having = known(task_definition(41, status="INACTIVE"))
    made = planned(
        service(deployment(42, rollout="IN_PROGRESS")),
        told(41, (42, "IN_PROGRESS")),
        Selection(revision=arn(41)),
        having=having,
    )
    assert (made.verb, made.method) == ("act", "stop_deployment")


def test_tasks_of_a_daemon_service_refuse() -> None:
    assert planned(service(42, scheduling="DAEMON"), told(41, 42), tasks=4).verb == "refuse"
    assert planned(service(42, scheduling="DAEMON"), told(41, 42)).verb == "act"


def test_a_problem_refuses() -> None:
    made = planned(service(42), told(42))
    assert made.verb == "refuse"
    assert made.reason == made.choice.problem


# -- what is only told


def test_the_fallback_is_a_warning() -> None:
    made = planned(service(42), told(42), Selection(fallback="previous_registered"), registered=[arn(42), arn(41)])
    assert (made.verb, made.method) == ("act", "update_service")
    (finding,) = [f for f in made.findings if f.check == "fallback"]
    assert finding.severity == "warn"
    assert "web:41 was taken by its number" in finding.message
    assert "nothing proves that it ever ran" in finding.message


def test_versions_left_out_are_told() -> None:
    made = planned(service(43), told(41, (42, "STOPPED"), 43))
    assert [f.message.split(":42")[0] for f in made.findings if f.check == "left_out"] == ["web"]


def test_settings_that_are_not_reverted_are_told_by_what_runs_now_and_what_was_good() -> None:
    good, now = revision(41, "sha256:a", launchType="EC2"), revision(42, "sha256:b", launchType="FARGATE")
    past = history.read([flown(41, target=good), flown(42, minute=60, target=now)])
    made = planned(service(42), past)
    assert (made.now, made.good) == (now, good)
    assert [f.check for f in made.findings] == ["not_reverted"]
    # ECS's own rollback brings the whole service revision back.
    flying = history.read([flown(41, target=good), flown(42, "IN_PROGRESS", 60, target=now, sources=[41])])
    made = planned(service(deployment(42, rollout="IN_PROGRESS")), flying)
    assert made.method == "stop_deployment"
    assert "not_reverted" not in [f.check for f in made.findings]


def test_the_deployments_that_were_there() -> None:
    now = service(deployment(42, "ecs-svc/2"), deployment(41, "ecs-svc/1", status="ACTIVE"))
    assert planned(now, told(41, 42)).known_deployments == {"ecs-svc/1", "ecs-svc/2"}


def test_candidates_are_in_the_plan() -> None:
    assert [c.task_definition for c in planned(service(42), told(40, 41, 42)).candidates] == [arn(42), arn(41), arn(40)]


# -- what is left as it is


RETURNED: list[Step] = [40, 41, 42, 41]


def test_a_version_that_runs_and_was_marked_bad_before_is_told() -> None:
    made = planned(service(41), told(*RETURNED), having=known(task_definition(41, bad="500s")))
    assert (made.verb, [f.check for f in made.findings]) == ("nothing", ["marked_bad"])
    assert made.findings[0].severity == "warn"
    assert "web:41 is marked bad (500s), and runs. To leave it, give force" in made.findings[0].message


def test_tasks_that_are_missing_are_told_where_nothing_is_done() -> None:
    made = planned(service(deployment(41, running=1)), told(*RETURNED))
    assert (made.verb, [(f.check, f.severity) for f in made.findings]) == ("nothing", [("tasks_missing", "warn")])
    assert "1 of 4 tasks of web are running" in made.findings[0].message


def test_the_tags_of_the_version_that_is_left_are_those_that_were_read() -> None:
    bad = task_definition(42, bad="500s")
    assert planned(service(42), told(41, 42), having=known(bad)).left_tags == bad.tags
    past = told(41, 42)
    wish, on = plans.GoBack(Selection()), service(42)
    choice = choose(wish.selection, on, past, known(41))
    made = plan.to_go_back(controller_of(on), wish, plans.Facts(on, plans.Past(past), known(41)), choice)
    assert (made.left, made.left_tags) == (arn(42), {})


FORWARD = [41, 42, 43, 42]


FORCED = Selection(revision="api:7", force=frozenset({"family"}))


@pytest.mark.parametrize(
    ("story", "selection", "direction", "blocked"),
    [
        ([41, 42], Selection(), "back", None),
        ([41, 42], Selection(revision="41"), "back", None),
        (FORWARD, Selection(revision="43"), "forward", "web:42 → web:43 is a move forward"),
        (
            [41, 42],
            FORCED,
            "unknown",
            "whether api:7 is older than web:42 is not known",
        ),
        # followed, and so no version is left
        ([41, (42, "IN_PROGRESS")], Selection(revision="42"), "same", "the service stays on web:42"),
        # a rollback that runs already
        ([41, 42, (41, "IN_PROGRESS")], Selection(), "back", None),
    ],
)
def test_only_a_move_back_deregisters(story: t.Any, selection: Selection, direction: str, blocked: str | None) -> None:
    past = told(*story)
    running = past.running is not None
    on = service(
        deployment(
            past.lands_on or past.arrivals[-1].task_definition, rollout="IN_PROGRESS" if running else "COMPLETED"
        )
    )
    made = planned(on, past, selection)
    assert (made.direction, made.verb) == (direction, "act")
    made = planned(on, past, selection, deregister=True)
    assert (made.direction, made.verb) == (direction, "refuse" if blocked else "act")
    if blocked:
        assert made.reason == f"{blocked}, and only a rollback deregisters what it leaves. Leave out deregister"


@pytest.mark.parametrize(("story", "selection"), [(FORWARD, Selection()), ([41, 42], Selection(revision="42"))])
def test_where_nothing_moves_deregister_is_no_reason_to_refuse(story: t.Any, selection: Selection) -> None:
    made = planned(service(42), told(*story), selection, deregister=True)
    assert (made.direction, made.verb) == ("same", "nothing")


def test_a_refusal_without_a_target_has_no_direction() -> None:
    made = planned(service(42), told(42))
    assert (made.verb, made.direction) == ("refuse", None)


@pytest.mark.parametrize(
    ("revision", "last", "expected"),
    [
        (43, (43, 42, "back"), 43),
        # a rollback from another version, and no rollback
        (43, (44, 42, "back"), None),
        (44, (43, 42, "back"), None),
        (43, (43, 44, "forward"), None),
        # not a move forward
        (41, (41, 42, "back"), None),
    ],
)
def test_whose_mark_a_move_forward_takes_back(revision: int, last: t.Any, expected: int | None) -> None:
    left, to, direction = last
    tags = done_tags(arn(left), arn(to), "ecs-svc/42", START, direction)
    made = planned(service(42, tags=tags), told(*FORWARD), Selection(revision=arn(revision)))
    assert made.taken_back == (arn(expected) if expected else None)


def blocking(number: int = 43, id_: str = "d-3", status: str = "IN_PROGRESS") -> ServiceDeployment:
    return dataclasses.replace(flown(number, status, 180, [42]), id=id_, by="CodeDeploy")


def plan_of(current: int, running: ServiceDeployment | None = None, method: Method = "codedeploy_deployment") -> Plan:
    return Plan(
        service=service(current, controller="CODE_DEPLOY"),
        past=Past(read([running] if running is not None else [])),
        choice=Choice("last_good", arn(41), "it was good", arn(43)),
        target=task_definition(arn(41)),
        way=Way("act", method),
    )


FIRST = plan_of(43, blocking())


@pytest.mark.parametrize(
    ("now", "goes_on"),
    [
        # Its traffic was led back, or stayed.
        (plan_of(42), True),
        (plan_of(43), True),
        # Somebody's, of another version and of the target.
        (plan_of(44), False),
        (plan_of(44, blocking(44, "d-4")), False),
        (plan_of(43, blocking(43, "d-4")), False),
        (plan_of(41, blocking(41, "d-4"), "adopt"), True),
        # The same one goes on after all: it is being rolled back.
        (plan_of(42, blocking(43, "d-3", "ROLLBACK_IN_PROGRESS")), True),
    ],
)
def test_whether_somebody_came_in_between(now: Plan, goes_on: bool) -> None:
    assert (plan.in_between(FIRST, now) == "") is goes_on


def test_what_is_said_of_it() -> None:
    said = plan.in_between(FIRST, plan_of(44, blocking(44, "d-4")))
    assert said.startswith(
        "somebody deployed web:44 (deployment d-4) after the deployment that was in the way of web:41"
    )


def test_it_is_told_as_it_was_chosen() -> None:
    now = dataclasses.replace(plan_of(42), choice=Choice("revision", arn(41), "you named it", arn(42)))
    told = plan.as_chosen(now, FIRST)
    assert isinstance(told, Plan)
    assert told.choice == FIRST.choice
    refusal = Refusal("web", "gone", ())
    assert plan.as_chosen(refusal, FIRST) is refusal


@pytest.mark.parametrize(
    ("begun", "status", "back", "target"),
    [
        # It went back to 42, or stayed on 43; the earlier run wanted 41.
        ("d-3 web:43 web:41", "STOPPED", 42, 41),
        ("d-3 web:43 web:41", "ROLLBACK_SUCCESSFUL", 42, 41),
        ("d-3 web:43 web:41", "IN_PROGRESS", None, 41),
        # That was to be undone, and nothing else.
        ("d-3 web:43 web:42", "IN_PROGRESS", None, None),
        ("d-3 web:43 web:42", "ROLLBACK_SUCCESSFUL", 42, None),
        # It finished before it could be stopped.
        ("d-3 web:43 web:41", "SUCCESSFUL", None, None),
        # Of another deployment, of ours that failed, and none.
        ("d-2 web:43 web:41", "STOPPED", 42, None),
        ("d-3 web:44 web:43", "STOPPED", 42, None),
        ("", "STOPPED", 42, None),
    ],
)
def test_what_an_earlier_run_wanted_counts_until_it_is_there(
    begun: str, status: str, back: int | None, target: int | None
) -> None:
    newest = blocking(43, "d-3", status)
    if back is not None:
        newest = dataclasses.replace(newest, rolled_back_to=flown(back, "SUCCESSFUL", 0).target)
    past = read([flown(41, "SUCCESSFUL", 0), flown(42, "SUCCESSFUL", 60), newest])
    tags = {marks.STARTED: f"{begun} back"} if begun else {}
    on = service(deployment(43 if status == "SUCCESSFUL" else 42), controller="CODE_DEPLOY", tags=tags)
    known = {name: task_definition(name) for name in past.records}
    choice = choose(Selection(), on, past, known)
    ours = choice.source == "running_rollback" and "ended deployment d-3" in choice.why
    assert (choice.target if ours else None) == (arn(target) if target else None)
    if ours:
        assert choice.left == arn(43)


# -- whether the plan still holds

BEFORE = service(deployment(42, "ecs-svc/old"))
PAST = told(40, 41, 42)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BEFORE, True),
        # counts, events and old deployments may move
        (dataclasses.replace(BEFORE, running=3, desired=9, pending=1), True),
        (service(deployment(41, "ecs-svc/x", status="ACTIVE"), deployment(42, "ecs-svc/old")), True),
        # somebody deployed: another version, or the same one once more
        (service(deployment(43, "ecs-svc/new"), deployment(42, "ecs-svc/old", status="ACTIVE")), False),
        (service(deployment(42, "ecs-svc/new")), False),
        (dataclasses.replace(BEFORE, status="DRAINING"), False),
        (service(), False),
    ],
)
def test_whether_it_is_still_as_planned(now: Service, expected: bool) -> None:
    assert plan.still_as_planned(planned(BEFORE, PAST), now) is expected


VERIFIED = service(deployment(41, "ecs-svc/ours"))
OVER = service(deployment(44, "ecs-svc/theirs"), deployment(41, "ecs-svc/ours", status="ACTIVE"))


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (VERIFIED, None),
        (OVER, "ecs-svc/theirs"),
        # the same version once more
        (service(deployment(41, "ecs-svc/theirs")), "ecs-svc/theirs"),
        # an answer from before the write
        (BEFORE, None),
        (service(), None),
    ],
)
def test_whether_somebody_deployed_since_it_was_verified(now: Service, over: str | None) -> None:
    going = Going(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/old"}))
    found = plan.deployed_since(VERIFIED, now, going)
    assert (found.id if found is not None else None) == over


def test_ecs_s_own_way_back_can_make_a_deployment_that_was_not_known() -> None:
    back = service(deployment(41, "ecs-svc/new"))
    assert plan.deployed_since(back, back, Going(arn(41), "", "arn:ours", frozenset({"ecs-svc/old"}))) is None


def test_a_service_without_a_primary_stays_as_planned() -> None:
    none = service(task_definition=arn(42))
    assert plan.still_as_planned(planned(none, told(41, 42)), none)
    assert not plan.still_as_planned(planned(none, told(41, 42)), BEFORE)
