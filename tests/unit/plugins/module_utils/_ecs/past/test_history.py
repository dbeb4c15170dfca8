# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each end of a deployment proves, told as stories: a number is a revision that became SUCCESSFUL."""

from __future__ import annotations

import dataclasses
import itertools
import random
import typing as t
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TERMINAL, Event, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    Step,
    arn,
    at,
    enum,
    flown,
    known,
    revision,
    steps,
    task_definition,
    told,
)

API = "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7"


def verdicts(past: history.History) -> dict[str, str]:
    return {c.task_definition.rpartition("/")[2]: c.verdict for c in past.candidates({}, "prod/web")}


def why(past: history.History, number: int) -> str:
    return next(c.why for c in past.candidates({}, "prod/web") if c.task_definition == arn(number))


# What the status of web:42's deployment, the only one after a good web:41, proves about web:42.
PROVES = {
    "PENDING": "unknown",
    "IN_PROGRESS": "unknown",
    "STOP_REQUESTED": "unknown",
    "STOPPED": "unknown",
    "SUCCESSFUL": "good",
    "ROLLBACK_REQUESTED": "bad",
    "ROLLBACK_IN_PROGRESS": "bad",
    "ROLLBACK_SUCCESSFUL": "bad",
    "ROLLBACK_FAILED": "bad",
    "SOMETHING_NEW": "unknown",
}


@pytest.mark.parametrize("status", [*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"])
def test_what_each_status_proves(status: str) -> None:
    past = told(41, (42, status, 41))
    assert verdicts(past) == {"web:41": "good", "web:42": PROVES[status]}
    assert (past.running is None) is (status in TERMINAL)


@pytest.mark.parametrize("status", [*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"])
def test_what_each_status_proves_of_a_version_that_was_good_before(status: str) -> None:
    # The latest evidence counts, and where the record is silent what was proved before stands.
    past = told(42, 43, (42, status, 43))
    assert verdicts(past)["web:42"] == ("bad" if PROVES[status] == "bad" else "good")


@pytest.mark.parametrize("status", sorted(set(PROVES) - TERMINAL))
def test_a_deployment_that_has_not_ended_says_so(status: str) -> None:
    assert status in why(told(41, (42, status)), 42)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # by hand: left for an older one is bad, whoever returned
        ([41, 42, 41], {"web:41": "good", "web:42": "bad"}),
        ([40, 41, 42, 40], {"web:40": "good", "web:41": "good", "web:42": "bad"}),
        # left while it was unhealthy, before it had ended
        ([41, (42, "STOPPED"), 41], {"web:41": "good", "web:42": "bad"}),
        # superseded by something newer: it proved nothing
        ([41, (42, "STOPPED"), 43], {"web:41": "good", "web:42": "unknown", "web:43": "good"}),
        # ECS's own rollback, once, twice, and with a fix after it
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41)], {"web:41": "good", "web:42": "bad"}),
        (
            [41, (42, "ROLLBACK_SUCCESSFUL", 41), (43, "ROLLBACK_SUCCESSFUL", 41)],
            {"web:41": "good", "web:42": "bad", "web:43": "bad"},
        ),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41), 43], {"web:41": "good", "web:42": "bad", "web:43": "good"}),
        # deployed once more after it was left, and then good
        ([41, 42, 41, 42], {"web:41": "good", "web:42": "good"}),
        ([41, 42, 41, (42, "STOPPED")], {"web:41": "good", "web:42": "bad"}),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41), 42], {"web:41": "good", "web:42": "good"}),
        # the same task definition once more (force-new-deployment)
        ([41, 42, 42], {"web:41": "good", "web:42": "good"}),
        ([41, 42, (42, "STOPPED")], {"web:41": "good", "web:42": "good"}),
        # something else failed, since the task definition is the same on both sides
        ([41, 42, (42, "ROLLBACK_SUCCESSFUL", 42)], {"web:41": "good", "web:42": "good"}),
        # an older one that was never deployed before, as tools that count revisions do
        ([41, 43, 42], {"web:41": "good", "web:43": "bad", "web:42": "good"}),
        # a return that failed proves neither
        ([41, 42, (41, "ROLLBACK_FAILED")], {"web:41": "bad", "web:42": "bad"}),
        # a return that ECS undid: web:42 was to be left, and that it starts was no question
        ([41, 42, (41, "ROLLBACK_SUCCESSFUL", 42)], {"web:41": "bad", "web:42": "bad"}),
        # forwards again after a return: the version that was left goes on being bad, the other one is not
        ([41, 43, 41, 44], {"web:41": "good", "web:43": "bad", "web:44": "good"}),
        ([43, 41, 43], {"web:43": "good", "web:41": "good"}),
        # nothing but failures
        ([(41, "ROLLBACK_FAILED"), (42, "STOPPED")], {"web:41": "bad", "web:42": "unknown"}),
        ([(41, "STOPPED")], {"web:41": "unknown"}),
        ([], {}),
    ],
)
def test_verdicts(story: list[Step], expected: dict[str, str]) -> None:
    assert verdicts(told(*story)) == expected


@pytest.mark.parametrize(
    ("story", "number", "words"),
    [
        ([41, 42], 42, ["SUCCESSFUL at 2026-11-20T13:10:00Z"]),
        ([41, 42, 41], 42, ["left for the older web:41 at 2026-11-20T14:00:00Z"]),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41)], 42, ["ECS rolled it back at 2026-11-20T13:10:00Z"]),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41)], 41, ["ECS rolled back to it from web:42 at 2026-11-20T13:10"]),
        ([41, (42, "ROLLBACK_FAILED")], 42, ["could not roll it back", "no reason given"]),
        ([41, (42, "STOPPED")], 42, ["STOPPED", "nothing shows that it ever became healthy"]),
    ],
)
def test_every_verdict_says_why(story: list[Step], number: int, words: list[str]) -> None:
    assert all(word in why(told(*story), number) for word in words)


def test_ecs_s_own_reasons_are_told() -> None:
    failed = flown(
        42, "ROLLBACK_SUCCESSFUL", 60, back=41, rollback_reason="circuit breaker: tasks failed to start.", reason="no"
    )
    assert "(circuit breaker: tasks failed to start)" in why(history.read([flown(41), failed]), 42)
    assert "(superseded)" in why(history.read([flown(41), flown(42, "STOPPED", 60, reason="superseded.")]), 42)
    assert "(alarm)" in why(history.read([flown(41), flown(42, "ROLLBACK_FAILED", 60, reason="alarm")]), 42)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ([], "bad"),
        ([(125, "was unable to place a task. Reason: Capacity is unavailable at this time.")], "good"),
        # before it began, after it had failed, after it had ended
        ([(110, "Capacity is unavailable at this time")], "bad"),
        ([(123, "deployment failed: tasks failed to start."), (125, "Capacity is unavailable at this time")], "bad"),
        ([(140, "Capacity is unavailable at this time")], "bad"),
        # Something else went wrong, too.
        ([(121, "Capacity is unavailable at this time"), (122, "(task 1) is unhealthy in (target-group x)")], "bad"),
        ([(121, "has started 2 tasks")], "bad"),
    ],
)
@pytest.mark.parametrize("status", ["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"])
def test_events_say_why_a_version_that_was_good_failed(
    said: list[tuple[float, str]], verdict: str, status: str
) -> None:
    events = [Event(str(minute), at(minute), text) for minute, text in reversed(said)]
    story = [flown(41), flown(43, minute=60), flown(41, status, 120, back=43, reason="circuit breaker")]
    assert verdicts(history.read(history.with_events(story, events)))["web:41"] == verdict


def test_events_without_a_time_and_those_of_a_success_say_nothing() -> None:
    without = Event("1", None, "Capacity is unavailable at this time")
    story = [flown(41), flown(43, minute=60), flown(41, "ROLLBACK_FAILED", 120)]
    assert verdicts(history.read(history.with_events(story, [without])))["web:41"] == "bad"
    assert history.with_events([flown(41)], [Event("1", at(5), "x")])[0].events == ()


def idle(name: int | str, minute: float = 0, status: str = "SUCCESSFUL", **changes: t.Any) -> ServiceDeployment:
    """A deployment of a service that is scaled to zero."""
    return flown(name, status, minute, requested_tasks=0, **changes)


def not_told(name: int | str, minute: float = 0, **changes: t.Any) -> ServiceDeployment:
    """A deployment as ListServiceDeployments shows it."""
    return flown(name, minute=minute, requested_tasks=None, **changes)


def with_digest(made: ServiceDeployment) -> ServiceDeployment:
    return dataclasses.replace(made, target=revision(made.target.task_definition, digest="sha256:1"))


@pytest.mark.parametrize(
    ("story", "expected", "ran_none"),
    [
        ([idle(41)], {"web:41": "unknown"}, {"web:41"}),
        ([flown(40), idle(41, 60)], {"web:40": "good", "web:41": "unknown"}, {"web:41"}),
        # scaled up afterwards: ECS found out its image with the first task
        ([with_digest(idle(41))], {"web:41": "good"}, set()),
        # only the brief form is known: it counts as what it says
        ([not_told(41)], {"web:41": "good"}, set()),
        # what was proved before still stands, and what comes after counts
        ([flown(41), idle(41, 60)], {"web:41": "good"}, set()),
        ([idle(41), flown(41, minute=60)], {"web:41": "good"}, set()),
        ([idle(41), flown(41, "STOPPED", 60)], {"web:41": "unknown"}, {"web:41"}),
        # bad is bad, also without a task
        ([idle(41), idle(42, 60), idle(41, 120)], {"web:41": "unknown", "web:42": "bad"}, {"web:41"}),
        (
            [idle(41), idle(42, 60, "ROLLBACK_SUCCESSFUL", back=41, tasks_back=0)],
            {"web:41": "unknown", "web:42": "bad"},
            {"web:41"},
        ),
        # once the rollback is through, no task of what failed is wanted any more
        (
            [idle(41), idle(42, 60, "ROLLBACK_SUCCESSFUL", back=41, tasks_back=4)],
            {"web:41": "good", "web:42": "bad"},
            set(),
        ),
        (
            [flown(41), idle(42, 60, "ROLLBACK_SUCCESSFUL", back=41, tasks_back=0)],
            {"web:41": "good", "web:42": "bad"},
            set(),
        ),
        ([idle(42, status="ROLLBACK_FAILED")], {"web:42": "bad"}, set()),
        ([idle(42, status="STOPPED")], {"web:42": "unknown"}, set()),
        # CodeDeploy's deployments say nothing of tasks.
        ([idle(41, by="CodeDeploy")], {"web:41": "good"}, set()),
        ([idle(41, proof="its task set stands")], {"web:41": "good"}, set()),
    ],
)
def test_a_deployment_that_ran_no_task_proves_nothing(
    story: list[ServiceDeployment], expected: dict[str, str], ran_none: set[str]
) -> None:
    past = history.read(story)
    assert verdicts(past) == expected
    assert {c.task_definition.rpartition("/")[2] for c in past.candidates({}, "prod/web") if c.ran_none} == ran_none


def test_a_version_that_ran_no_task_says_so_and_came_into_service_all_the_same() -> None:
    past = history.read([flown(40), idle(41, 60)])
    assert why(past, 41) == (
        "SUCCESSFUL at 2026-11-20T13:10:00Z, but the service was scaled to zero: it ran no task, and proves nothing"
    )
    assert past.arrivals[-1].task_definition == arn(41)


def test_the_revision_that_ran_is_the_one_that_was_good() -> None:
    ran = with_digest(flown(41))
    (candidate,) = history.read([ran, idle(41, 60)]).candidates({}, "prod/web")
    assert candidate.revision == ran.target


@pytest.mark.parametrize("mark", ["good", "bad"])
def test_a_mark_outweighs_that_it_ran_no_task(mark: str) -> None:
    marked = task_definition(41, **{mark: "by hand"})
    (candidate,) = history.read([idle(41)]).candidates(known(marked), "prod/web")
    assert (candidate.verdict, candidate.ran_none, candidate.decided_by) == (mark, False, "")


def test_the_deployment_that_decides_is_told() -> None:
    decided = {c.task_definition: c.decided_by for c in told(41, (42, "STOPPED"), 41).candidates({}, "prod/web")}
    assert [of.rpartition("/")[2] for of in (decided[arn(41)], decided[arn(42)])] == ["D120", "D120"]
    (before, _now) = history.read([flown(42, sources=[41])]).candidates({}, "prod/web")[::-1]
    assert (before.task_definition, before.decided_by) == (arn(41), "")


def test_which_deployments_have_to_be_described() -> None:
    story = [
        not_told(40),
        with_digest(not_told(41, 60)),
        flown(42, minute=120),
        not_told(43, 180),
        dataclasses.replace(not_told(44, 240), status="STOPPED"),
        not_told(40, 300),
        not_told(45, 360, by="CodeDeploy"),
        not_told(46, 420, proof="its task set stands"),
    ]
    past = history.read(story)
    assert [name.rpartition("/")[2] for name in past.not_told()] == ["D300", "D180", "D0"]
    assert [name.rpartition("/")[2] for name in past.not_told({arn(40), arn(41)})] == ["D300", "D0"]


@pytest.mark.parametrize(
    ("story", "ever"),
    [
        ([], False),
        ([idle(41), idle(42, 60)], False),
        ([idle(41), flown(42, minute=60)], True),
        ([idle(41), with_digest(idle(42, 60))], True),
        ([idle(41), idle(42, 60, status="STOPPED")], False),
        ([idle(41), flown(42, "STOPPED", 60)], True),
        # not told is not "never"
        ([idle(41), not_told(42, 60)], True),
        # before the record begins
        ([dataclasses.replace(idle(42), sources=(revision(41, digest="sha256:1"),))], True),
    ],
)
def test_whether_any_version_ever_ran_a_task(story: list[ServiceDeployment], ever: bool) -> None:
    assert history.read(story).ever_ran is ever


def test_what_ran_before_the_record_begins_is_known_but_not_judged() -> None:
    past = history.read([flown(42, sources=[41])])
    assert verdicts(past) == {"web:41": "unknown", "web:42": "good"}
    assert "before the recorded history begins" in why(past, 41)
    # The first that is on record may be a return already.
    assert verdicts(history.read([flown(41, sources=[42])])) == {"web:41": "good", "web:42": "bad"}


def test_several_sources_tell_nothing_certain_of_what_ran_before() -> None:
    assert verdicts(history.read([flown(43, sources=[41, 42])])) == {"web:43": "good"}


def test_other_families_are_compared_by_when_they_were_first_seen() -> None:
    # A number says nothing across families: api:7 came after web:41.
    assert verdicts(history.read([flown(41), flown(API, minute=60)])) == {"web:41": "good", "api:7": "good"}
    returned = history.read([flown(41), flown(API, minute=60), flown(41, minute=120)])
    assert verdicts(returned) == {"web:41": "good", "api:7": "bad"}
    # Where both are first seen with the same deployment nothing can be said.
    assert verdicts(history.read([flown(API, sources=[41])])) == {"web:41": "unknown", "api:7": "good"}


def test_a_return_to_a_version_from_before_the_record_is_a_return() -> None:
    # web:41 ran before the oldest deployment on record, and ECS says nothing of it any more.
    past = told(43, 44, 41)
    assert verdicts(past) == {"web:43": "good", "web:44": "bad", "web:41": "good"}
    assert past.arrivals[-1].how == "returned"
    flying = told(43, 44, (41, "IN_PROGRESS"))
    assert flying.returning_from == arn(44)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_input_does_not_matter(seed: int) -> None:
    story = steps(40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), 43, 41, (44, "STOPPED"), (45, "IN_PROGRESS"))
    mixed = random.Random(seed).sample(story, len(story))
    expected, found = history.read(story), history.read(mixed)
    assert found.candidates({}, "prod/web") == expected.candidates({}, "prod/web")
    assert found.arrivals == expected.arrivals
    assert (found.running, found.newest) == (expected.running, expected.newest)


def test_equal_times_of_creation_are_ordered_by_how_far_they_came() -> None:
    # AWS lists the newest first. A superseded deployment ended before the one that superseded it.
    stopped = flown(42, "STOPPED", 60, finished_at=at(61))
    followed = flown(43, "SUCCESSFUL", 60, id="arn:next", finished_at=at(70))
    flying = flown(44, "IN_PROGRESS", 60, id="arn:last")
    for order in itertools.permutations([stopped, followed, flying]):
        past = history.read(order)
        assert [d.id for d in past.deployments] == [stopped.id, "arn:next", "arn:last"]
        assert past.running == flying


def test_candidates_come_the_most_recently_used_first() -> None:
    def names_of(past: history.History) -> list[str]:
        return [c.task_definition for c in past.candidates({}, "prod/web")]

    assert names_of(told(40, 41, 42, 41)) == [arn(41), arn(42), arn(40)]
    assert names_of(told(40, 41, (42, "ROLLBACK_SUCCESSFUL", 41))) == [arn(41), arn(42), arn(40)]
    # The first on record is when its source was seen, too: the source was there before it.
    assert names_of(history.read([flown(42, "STOPPED", sources=[41])])) == [arn(42), arn(41)]


def test_marks_outweigh_the_history() -> None:
    marked = known(task_definition(41, bad="500s"), task_definition(42, good="soaked"))
    found = {c.task_definition: (c.verdict, c.why) for c in told(41, 42, 41).candidates(marked, "prod/web")}
    assert found == {arn(41): ("bad", "marked bad: 500s"), arn(42): ("good", "marked good: soaked")}


def test_a_candidate_s_revision_is_the_one_that_proved_it_good() -> None:
    # Redeployed with another image behind the same tag, which never came up.
    good, other = revision(41, "sha256:a", of="good"), revision(41, "sha256:b", of="other")
    past = history.read([flown(41, target=good), flown(41, "STOPPED", 60, target=other)])
    assert past.candidates({}, "prod/web")[0].revision == good
    assert past.latest_revision(arn(41)) == other
    again = history.read([flown(41, target=good), flown(41, "SUCCESSFUL", 60, target=other)])
    assert again.candidates({}, "prod/web")[0].revision == other
    back = flown(42, "ROLLBACK_SUCCESSFUL", 60, rolled_back_to=good)
    assert history.read([flown(41, target=other), back]).candidates({}, "prod/web")[0].revision == good
    assert past.latest_revision(arn(1)) is None


def test_a_candidate_for_results() -> None:
    shown = told(41).candidates({}, "prod/web")[0].as_dict()
    assert shown["task_definition"] == arn(41)
    assert (shown["verdict"], shown["last_used"]) == ("good", "2026-11-20T12:10:00Z")
    assert shown["service_revision"].endswith("/41")
    assert shown["service_deployment"].endswith("/D0")


# -- what is running, and where it goes

GOING = sorted(set(PROVES) - TERMINAL)


@pytest.mark.parametrize("status", GOING)
def test_where_a_running_deployment_goes(status: str) -> None:
    past = told(41, (42, status, 41))
    rolling_back = status.startswith("ROLLBACK")
    assert past.running is not None
    assert past.lands_on == (arn(41) if rolling_back else arn(42))
    assert past.native_stop_lands_on == arn(41)
    assert past.returning_from == (arn(42) if rolling_back else None)


@pytest.mark.parametrize("status", GOING)
def test_a_return_is_recognised_while_it_runs(status: str) -> None:
    past = told(41, 42, (41, status))
    if status.startswith("ROLLBACK"):
        # ECS is undoing it: the service goes forward again, to what somebody wanted to leave.
        assert (past.returning_from, past.lands_on) == (None, arn(42))
        assert verdicts(past)["web:41"] == "bad"
    else:
        assert past.returning_from == arn(42)
        # Nothing is proved before it has ended.
        assert verdicts(past) == {"web:41": "good", "web:42": "good"}


def test_a_native_rollback_without_a_record_of_it_goes_to_its_only_source() -> None:
    assert history.read([flown(42, "ROLLBACK_IN_PROGRESS", sources=[41])]).lands_on == arn(41)
    unclear = history.read([flown(42, "ROLLBACK_IN_PROGRESS", sources=[40, 41])])
    assert (unclear.lands_on, unclear.native_stop_lands_on) == (None, None)
    # Two revisions of the same task definition are one place to land on.
    same = (revision(41, of="1"), revision(41, of="2"))
    assert history.read([dataclasses.replace(flown(42, "IN_PROGRESS"), sources=same)]).native_stop_lands_on == arn(41)


def test_nothing_runs() -> None:
    past = told(41, 42)
    assert (past.running, past.lands_on, past.native_stop_lands_on, past.returning_from) == (None,) * 4


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # A superseded deployment lingers beside the one that superseded it.
        ([41, (42, "STOP_REQUESTED"), (43, "IN_PROGRESS")], 43),
        ([41, (42, "STOP_REQUESTED"), (43, "PENDING")], 43),
        ([41, (42, "STOP_REQUESTED")], 42),
        ([41, (42, "IN_PROGRESS"), (43, "STOP_REQUESTED")], 42),
        ([(41, "IN_PROGRESS"), (42, "STOP_REQUESTED")], 41),
        # What a later deployment has ended is over, however its own record lags behind.
        ([41, (42, "STOP_REQUESTED"), 43], None),
        ([41, (42, "SOMETHING_NEW"), 43], None),
        ([(41, "SOMETHING_NEW"), 42, (43, "IN_PROGRESS")], 43),
        ([41, (42, "IN_PROGRESS"), (43, "ROLLBACK_SUCCESSFUL", 41)], None),
    ],
)
def test_which_deployment_is_running(story: list[Step], expected: int | None) -> None:
    running = told(*story).running
    assert (running.target.task_definition if running else None) == (arn(expected) if expected else None)


# -- what was in service, and how it came there


def arrivals(*story: Step) -> list[tuple[str, str, str | None]]:
    def short(name: str | None) -> str | None:
        return name and name.rpartition(":")[2]

    return [(str(short(a.task_definition)), a.how, short(a.left)) for a in told(*story).arrivals]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([41, 42], [("41", "deployed", None), ("42", "deployed", None)]),
        ([41, 42, 41], [("41", "deployed", None), ("42", "deployed", None), ("41", "returned", "42")]),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41)], [("41", "deployed", None), ("41", "rolled_back", "42")]),
        # The same version once more stays what it was.
        (
            [41, 42, 41, 41],
            [("41", "deployed", None), ("42", "deployed", None), ("41", "returned", "42"), ("41", "returned", "42")],
        ),
        (
            [41, (42, "ROLLBACK_SUCCESSFUL", 41), 41],
            [("41", "deployed", None), ("41", "rolled_back", "42"), ("41", "rolled_back", "42")],
        ),
        # A return that ECS undid leaves what was deployed before as it was.
        (
            [41, 42, (41, "ROLLBACK_SUCCESSFUL", 42)],
            [("41", "deployed", None), ("42", "deployed", None), ("42", "deployed", None)],
        ),
        (
            [40, 41, 42, 41, (40, "ROLLBACK_SUCCESSFUL", 41)],
            [
                ("40", "deployed", None),
                ("41", "deployed", None),
                ("42", "deployed", None),
                ("41", "returned", "42"),
                ("41", "returned", "42"),
            ],
        ),
        # What never came up never was in service.
        ([41, (42, "STOPPED"), (43, "ROLLBACK_FAILED"), (44, "IN_PROGRESS")], [("41", "deployed", None)]),
    ],
)
def test_arrivals(story: list[Step], expected: list[t.Any]) -> None:
    assert arrivals(*story) == expected


@pytest.mark.parametrize(
    ("minute", "expected"),
    [(-1, None), (9, None), (10, 41), (69, 41), (70, 42), (129, 42), (130, 41), (9999, 41)],
)
def test_what_was_in_service_at_a_time(minute: int, expected: int | None) -> None:
    # web:41 from minute 10, web:42 from 70, ECS back on web:41 from 130 after web:43 failed
    past = told(41, 42, (43, "ROLLBACK_SUCCESSFUL", 41))
    found = past.in_service_at(at(minute))
    assert (found.task_definition if found else None) == (arn(expected) if expected else None)


def test_a_version_deployed_twice_in_a_row_is_in_service_since_the_first_time() -> None:
    found = told(41, 42, 42).in_service_at(at(200))
    assert found is not None
    assert found.at == at(70)


def test_the_history_before_a_deployment() -> None:
    past = told(41, 42, 43)
    assert verdicts(past.before(past.deployments[2].id)) == {"web:41": "good", "web:42": "good"}
    assert past.before("no such deployment").deployments == past.deployments


def test_times_without_an_end_count_from_their_beginning() -> None:
    past = history.read([flown(41, finished_at=None)])
    assert past.arrivals[0].at == at(0)
    assert past.candidates({}, "prod/web")[0].last_used - at(0) == timedelta(0)


# -- where a run of returns began


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([41, 42], None),
        ([41, 42, 41], (42, 2)),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41)], (42, 1)),
        # ECS went back one version, and somebody another one: counted from the first.
        ([40, 41, 42, (43, "ROLLBACK_SUCCESSFUL", 42), 41], (43, 3)),
        ([40, 41, 42, 41, 40], (42, 3)),
        ([40, 41, 42, 41, (40, "IN_PROGRESS")], (42, 3)),
        ([40, 41, 42, (41, "IN_PROGRESS")], (42, 3)),
        ([40, 41, 42, (41, "ROLLBACK_IN_PROGRESS")], None),
        ([40, 41, (42, "ROLLBACK_IN_PROGRESS", 41)], (42, 2)),
        # Something newer was deployed in between, or is being deployed.
        ([40, 41, 42, 41, 43], None),
        ([40, 41, 42, 41, (43, "IN_PROGRESS")], None),
        ([40, 41, 42, 41, (43, "STOPPED")], None),
        # ECS undid the return.
        ([40, 41, 42, (41, "ROLLBACK_SUCCESSFUL", 42)], None),
        ([], None),
    ],
)
def test_where_a_run_of_returns_began(story: list[Step], expected: tuple[int, int] | None) -> None:
    found = told(*story).retreat()
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found[0], len(found[1].deployments)) == (arn(expected[0]), expected[1])


# -- pinned copies

COPIES = {arn(4): arn(1)}


def test_a_copy_of_an_older_version_is_a_return_to_it() -> None:
    """web:1 was good, web:3 is left for web:4, which is web:1 with its images pinned."""
    past = history.read(steps(1, 3, 4), COPIES)
    (*_before, last) = past.arrivals
    assert (last.task_definition, last.how, last.left) == (arn(4), "returned", arn(3))
    verdicts = {c.task_definition: c.verdict for c in past.candidates({}, "prod/web")}
    assert verdicts == {arn(1): "good", arn(3): "bad", arn(4): "good"}


def test_without_knowing_of_the_copy_it_looks_like_a_release() -> None:
    past = history.read(steps(1, 3, 4))
    assert (past.arrivals[-1].how, past.arrivals[-1].left) == ("deployed", None)


def test_a_copy_that_is_being_deployed_is_a_return_that_runs() -> None:
    past = history.read(steps(1, 3, (4, "IN_PROGRESS")), COPIES)
    assert (past.returning_from, past.lands_on) == (arn(3), arn(4))


def test_a_release_after_a_copy_goes_forward() -> None:
    past = history.read(steps(1, 3, 4, 5), COPIES)
    assert (past.arrivals[-1].how, past.arrivals[-1].left, past.returning_from) == ("deployed", None, None)


def test_a_second_bad_release_after_a_copy_is_left_for_the_copy() -> None:
    past = history.read(steps(1, 3, 4, 5, 4), COPIES)
    assert (past.arrivals[-1].how, past.arrivals[-1].left) == ("returned", arn(5))


def test_the_root_of_a_version() -> None:
    past = history.read(steps(1, 3, 4), COPIES)
    assert [past.root(arn(number)) for number in (1, 3, 4)] == [arn(1), arn(3), arn(1)]


def test_copies_are_known_in_the_history_before_a_deployment_too() -> None:
    made = steps(1, 3, 4, 5)
    assert history.read(made, COPIES).before(made[-1].id).root(arn(4)) == arn(1)
