# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came between a look and the write, for each controller: whether the plan holds, and what is said."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.records import Unread
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import expected
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.expected import Changed, Expected, Holds
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    controller_of,
    deployment,
    flown,
    planned,
    service,
    steps,
    task_definition,
)

GOING = {"rollout": "IN_PROGRESS"}


def record(number: int) -> str:
    """The ARN of the n-th of :func:`steps`."""
    return steps(*range(number))[-1].id


# Of web:43, which runs, it was shown that it goes back to web:41; web:42 never came up.
PAST = (41, (42, "STOPPED"), 43)
SHOWN = Expected("web", "ecs-svc/43", record(3), arn(43), arn(41))
RETURN = deployment(41, "ecs-svc/theirs", rollout="IN_PROGRESS")
# The same while the deployment of web:43 was still running.
FLYING = (41, (42, "STOPPED"), (43, "IN_PROGRESS"))


def plan_of(on: Service, *past: t.Any, **options: t.Any) -> plans.Plan:
    """The plan that is made now, after these deployments."""
    return planned(on, history.read(steps(*past)), **options)


def judge(shown: Expected, made: plans.Plan) -> expected.Judgement:
    return expected.judge(shown, made, controller_of(made.service).primary_tells)


def judged(made: plans.Plan, shown: Expected = SHOWN) -> str:
    """``holds``, ``elsewhere``, or what somebody has deployed."""
    found = judge(shown, made)
    if isinstance(found, Changed):
        return found.version or "changed"
    return "holds" if isinstance(found, Holds) else "elsewhere"


def test_what_a_look_shows() -> None:
    assert expected.of("web", plan_of(service(43), *PAST)) == SHOWN
    assert expected.of("web", plan_of(service(41), *PAST, 41)) == Expected("web", "ecs-svc/41", record(4))
    assert expected.of("web", None) == Expected("web")
    refused = plan_of(service(43), *PAST, selection=Selection(steps_back=9))
    assert expected.of("web", refused) == dataclasses.replace(SHOWN, left="", target="")


def test_it_comes_back_through_the_option() -> None:
    assert expected.read([SHOWN.as_dict(), {"service": "arn:aws:ecs:…:service/prod/api", "primary": " "}]) == {
        "web": SHOWN,
        "api": Expected("arn:aws:ecs:…:service/prod/api"),
    }
    assert expected.read(None) == expected.read([]) == {}
    assert set(expected.SPEC["options"]) == set(SHOWN.as_dict())


@pytest.mark.parametrize(
    ("made", "ended"),
    [
        ("nothing at all", plan_of(service(43), *PAST)),
        ("what was running has finished", plan_of(service(43), *PAST)),
        ("what was running has failed, and stands", plan_of(service(deployment(43, rollout="FAILED")), *PAST)),
        ("what was running goes on", plan_of(service(deployment(43, **GOING)), *FLYING)),
        (
            "ECS goes back to the target by itself",
            plan_of(
                service(deployment(41, **GOING), deployment(43, status="ACTIVE")),
                *PAST[:2],
                (43, "ROLLBACK_IN_PROGRESS", 41),
            ),
        ),
        ("ECS has gone back to the target", plan_of(service(41), *PAST[:2], (43, "ROLLBACK_SUCCESSFUL", 41))),
        (
            "somebody goes back to the target",
            plan_of(service(deployment(41, "x", **GOING)), *PAST, (41, "IN_PROGRESS")),
        ),
        ("somebody has gone back to the target", plan_of(service(deployment(41, "x")), *PAST, 41)),
        ("somebody goes back, which is not on record", plan_of(service(deployment(41, "x", **GOING)), *PAST, 41)),
        ("the list of deployments lagged", plan_of(service(43), *PAST, 43)),
    ],
)
def test_what_is_no_change(made: str, ended: plans.Plan) -> None:
    assert judged(ended) == "holds", made


@pytest.mark.parametrize(
    ("made", "version"),
    [
        (plan_of(service(44), *PAST, 44), arn(44)),
        (plan_of(service(deployment(44, **GOING)), *PAST, (44, "IN_PROGRESS")), arn(44)),
        # Not on record yet.
        (plan_of(service(deployment(44, **GOING)), *PAST), arn(44)),
        # It would be refused for another reason.
        (plan_of(service(deployment(44, **GOING)), *PAST, (44, "IN_PROGRESS"), in_flight="refuse"), arn(44)),
        # The very same version once more, with other settings perhaps.
        (plan_of(service(deployment(43, "ecs-svc/again")), *PAST, 43), arn(43)),
        # ECS has gone back from it, but not to what was shown.
        (plan_of(service(deployment(42, "ecs-svc/42")), *PAST, (44, "ROLLBACK_SUCCESSFUL", 42)), arn(42)),
    ],
)
def test_what_somebody_has_deployed(made: plans.Plan, version: str) -> None:
    assert judged(made) == version


def test_what_is_said_of_it() -> None:
    found = judge(SHOWN, plan_of(service(44), *PAST, 44))
    assert isinstance(found, Changed)
    assert found.why("arn:aws:iam::123456789012:user/ci") == (
        "somebody deployed web:44 (deployment ecs-svc/44, 2026-11-20T12:00:00Z) since the look-up, which had shown "
        "web:43 → web:41 (web:44 was registered by arn:aws:iam::123456789012:user/ci). Look at it, then run the same "
        "command again to roll that back"
    )
    assert " (web:44 was registered" not in found.why()


def test_of_a_change_nothing_is_left_that_could_be_done_or_marked() -> None:
    made = plan_of(service(44), *PAST, 44)
    found = judge(SHOWN, made)
    assert isinstance(found, Changed)
    refused = expected.refused(made, found)
    assert (refused.verb, refused.method, refused.target, refused.left) == ("refuse", "none", None, None)
    assert (refused.findings[-1].check, refused.findings[-1].severity) == ("plan_changed", "block")
    assert refused.reason == refused.findings[-1].message == found.why()


# -- nobody has deployed, and yet it would lead elsewhere


def test_ecs_has_gone_back_by_itself_to_another_version() -> None:
    """web:42 is marked bad, so that web:41 was shown. ECS goes back to where it came from, whatever that is worth."""
    bad = {arn(42): task_definition(42, bad="2026-11-20T11:00:00Z broken")}
    past = (41, 42, (43, "ROLLBACK_SUCCESSFUL", 42))
    made = plan_of(service(42), *past, having=bad)
    assert (made.verb, judged(made)) == ("nothing", "elsewhere")
    named = plan_of(service(42), *past, having=bad, selection=Selection(revision=arn(41), force=AGAIN))
    assert named.left == arn(42)
    held = judge(SHOWN, named)
    assert isinstance(held, Holds)
    # The reason was given for web:43, and so web:42 gets no mark.
    assert (held.plan.left, held.plan.target, held.plan.left_tags) == (arn(43), named.target, {})


def test_a_mark_that_somebody_gave_what_is_left_is_still_known() -> None:
    bad = {arn(43): task_definition(43, bad="2026-11-20T11:00:00Z broken")}
    named = Selection(revision=arn(41), force=AGAIN)
    made = plan_of(service(42), 41, 42, (43, "ROLLBACK_SUCCESSFUL", 42), having=bad, selection=named)
    held = judge(SHOWN, made)
    assert isinstance(held, Holds)
    assert held.plan.left_tags == {"lastgood:bad": "2026-11-20T11:00:00Z broken"}


def test_of_what_somebody_returned_from_in_between_nothing_is_marked() -> None:
    """web:44 was deployed and is being left for web:41 already; the reason was given for web:43."""
    made = plan_of(service(deployment(41, "x", **GOING)), *PAST, 44, (41, "IN_PROGRESS"))
    assert (made.method, made.left) == ("adopt", arn(44))
    held = judge(SHOWN, made)
    assert isinstance(held, Holds)
    assert (held.plan.method, held.plan.left) == ("adopt", arn(43))


def test_a_target_that_is_bad_by_now_is_not_taken() -> None:
    bad = {arn(41): task_definition(41, bad="2026-11-20T12:30:00Z leaks memory")}
    made = plan_of(service(43), 40, *PAST, having=bad)
    found = judge(dataclasses.replace(SHOWN, deployment=record(4)), made)
    assert isinstance(found, Changed)
    assert found.why() == (
        "web:41, which the look-up had shown, counts as bad now (marked bad: 2026-11-20T12:30:00Z leaks memory). Run "
        "the same command again"
    )


def test_it_is_told_that_it_was_shown() -> None:
    made = plan_of(service(43), *PAST)
    assert expected.as_shown(made).choice.why == "it was shown, and nobody has deployed since"
    settled = plan_of(service(41), *PAST, 41)
    assert expected.as_shown(settled) is settled


# -- nothing was shown


@pytest.mark.parametrize(
    ("shown", "made", "judgement"),
    [
        (Expected("web"), plan_of(service(43), *PAST), "changed"),
        (Expected("web", "ecs-svc/43", record(3)), plan_of(service(43), *PAST), "changed"),
        (Expected("web", "ecs-svc/43", record(3)), plan_of(service(44), *PAST, 44), arn(44)),
        (Expected("web", "ecs-svc/41", record(4)), plan_of(service(41), *PAST, 41), "holds"),
        (Expected("web"), plan_of(service(41), *PAST, 41), "holds"),
        (Expected("web"), plan_of(service(43), *PAST, selection=Selection(steps_back=9)), "holds"),
    ],
)
def test_without_a_target_that_was_shown_nothing_is_done(shown: Expected, made: plans.Plan, judgement: str) -> None:
    assert judged(made, shown) == judgement


# -- the other controllers


def of_codedeploy(id: str, number: int, status: str, minute: float, **changes: t.Any) -> ServiceDeployment:
    return flown(number, status, minute, id=id, by="CodeDeploy", **changes)


BLUE = deployment(41, "ecs-svc/blue")
GREEN = deployment(43, "ecs-svc/green", external_id="d-3")
FIRST = of_codedeploy("d-1", 41, "SUCCESSFUL", 0)
BY_CODEDEPLOY = Expected("web", "ecs-svc/blue", "d-3", arn(43), arn(41))


def shifted(on: t.Sequence[t.Any], *past: ServiceDeployment, unread: t.Sequence[Unread] = ()) -> plans.Plan:
    told = history.read([FIRST, *past])
    made = planned(service(*on, controller="CODE_DEPLOY"), told)
    return dataclasses.replace(made, past=controller.past_of([FIRST, *past], unread))


@pytest.mark.parametrize(
    ("made", "judgement"),
    [
        (shifted([BLUE], of_codedeploy("d-3", 43, "IN_PROGRESS", 60, sources=[41])), "holds"),
        # It has finished: another task set is PRIMARY, and nobody deployed.
        (shifted([GREEN], of_codedeploy("d-3", 43, "SUCCESSFUL", 60)), "holds"),
        (shifted([BLUE], of_codedeploy("d-3", 43, "ROLLBACK_SUCCESSFUL", 60, back=41)), "holds"),
        # Its task set is not PRIMARY yet.
        (
            shifted([GREEN], of_codedeploy("d-3", 43, "SUCCESSFUL", 60), of_codedeploy("d-4", 44, "IN_PROGRESS", 120)),
            arn(44),
        ),
        (
            shifted([GREEN], of_codedeploy("d-3", 43, "SUCCESSFUL", 60), of_codedeploy("d-4", 41, "IN_PROGRESS", 120)),
            "holds",
        ),
        (
            shifted(
                [GREEN],
                of_codedeploy("d-3", 43, "SUCCESSFUL", 60),
                unread=[Unread("d-4", "IN_PROGRESS", at(120), "it is in S3")],
            ),
            "changed",
        ),
        (
            shifted(
                [GREEN],
                of_codedeploy("d-3", 43, "SUCCESSFUL", 60),
                unread=[Unread("d-2", "SUCCESSFUL", at(30), "it is in S3")],
            ),
            "holds",
        ),
    ],
)
def test_of_codedeploy_the_records_tell(made: plans.Plan, judgement: str) -> None:
    assert judged(made, BY_CODEDEPLOY) == judgement


def test_what_codedeploy_does_not_tell_is_named_by_its_id() -> None:
    unread = [Unread("d-4", "IN_PROGRESS", at(120), "it is in S3")]
    made = shifted([GREEN], of_codedeploy("d-3", 43, "SUCCESSFUL", 60), unread=unread)
    found = judge(BY_CODEDEPLOY, made)
    assert isinstance(found, Changed)
    assert found.what == (
        "somebody created deployment d-4 since the look-up, which had shown web:43 → web:41, and what it deploys "
        "cannot be read"
    )


def test_of_task_sets_the_primary_one_tells() -> None:
    shown = Expected("web", "ecs-svc/43", "", arn(43), arn(41))
    sets = (deployment(41, status="ACTIVE"), deployment(44, "ecs-svc/44", created_at=at(1)))
    on = service(*sets, controller="EXTERNAL")
    made = planned(on, None)
    assert judged(made, shown) == arn(44)
    assert marks.BAD not in made.service.tags
