# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came between a look and the write, for each controller: whether the plan holds, and what is said."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.records import Unread
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import shown
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.shown import Changed, Holds, Place, Seen, Shown
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

ACCOUNT = "123456789012"
GOING = {"rollout": "IN_PROGRESS"}


def record(number: int) -> str:
    """The id of the n-th of :func:`steps`."""
    return steps(*range(number))[-1].id.rpartition("/")[2]


NOW = datetime(2026, 11, 29, 18, 34, 46, tzinfo=UTC)
ASKED = GoBack(Selection())
BLANK = Shown(ACCOUNT, "eu-central-1", "prod", "web", made="2026-11-29T18:34:46Z")


def plan(primary: str = "", deployment: str = "", left: str = "", target: str = "", **more: t.Any) -> Shown:
    """What was shown of web."""
    more = {"source": "last_good" if target else "unchanged", **more}
    return replace(BLANK, primary=primary, deployment=deployment, left=left, target=target, **more)


# Of web:43, which runs, it was shown that it goes back to web:41; web:42 never came up.
PAST = (41, (42, "STOPPED"), 43)
SHOWN = plan("ecs-svc/43", record(3), "web:43", "web:41")
RETURN = deployment(41, "ecs-svc/theirs", rollout="IN_PROGRESS")
# The same while the deployment of web:43 was still running.
FLYING = (41, (42, "STOPPED"), (43, "IN_PROGRESS"))


def plan_of(on: Service, *past: t.Any, **options: t.Any) -> plans.Plan:
    """The plan that is made now, after these deployments."""
    return planned(on, history.read(steps(*past)), **options)


def judge(was: Shown, made: plans.Plan, now: datetime = NOW, **more: t.Any) -> Holds | Changed:
    return shown.judge(was, made, Seen(controller_of(made.service).primary_tells, now, **more))


def judged(made: plans.Plan, was: Shown = SHOWN) -> str:
    """``holds``, or what somebody has deployed."""
    found = judge(was, made)
    return found.version or "changed" if isinstance(found, Changed) else "holds"


def named(on: Service, *past: t.Any, **options: t.Any) -> plans.Plan:
    """The plan that is made now to the target that was shown."""
    return plan_of(on, *past, selection=Selection(revision="web:41", chosen=True), **options)


def of(made: plans.Plan | None, goal: GoBack = ASKED, **pins: str) -> Shown:
    return shown.of("web", made, goal, pins, Place("eu-central-1", "prod", NOW, "it could not be read"))


# -- what is shown


def test_what_a_look_shows() -> None:
    made = plan_of(service(43), *PAST)
    assert of(made) == replace(SHOWN, why=made.choice.why)
    settled = plan_of(service(41), *PAST, 41)
    assert of(settled) == plan("ecs-svc/41", record(4), why=settled.reason)
    unread = replace(BLANK, account=None, why="it could not be read")
    assert of(None) == unread
    refused = plan_of(service(43), *PAST, selection=Selection(steps_back=9))
    assert of(refused) == plan("ecs-svc/43", record(3), source="refused", why=refused.reason)


def test_what_was_asked_for_stands_in_it() -> None:
    goal = GoBack(Selection(force=frozenset({"stack", "again"})), "refuse", 4, "always", fast=True, deregister=True)
    found = of(plan_of(service(43), *PAST), goal, app="sha256:1")
    assert (found.in_flight, found.tasks, found.pin_images, found.fast) == ("refuse", 4, "always", True)
    assert (found.deregister, list(found.force), found.digests) == (True, ["again", "stack"], {"app": "sha256:1"})
    again = found.goal(GoBack(Selection()))
    assert (again.in_flight, again.tasks, again.pin_images, again.fast) == ("refuse", 4, "always", True)
    assert again.selection == Selection(revision="web:41", chosen=True, force=goal.selection.force, copies=True)
    # Whether what is left may be deregistered was decided with the plan.
    assert (again.deregister, again.shown_at, again.pinned) == (False, NOW, True)


def test_without_a_target_nobody_chooses_another_one() -> None:
    settled = plan(why="it is fine").goal(GoBack(Selection())).selection.given
    assert settled is not None
    assert (settled.settled, settled.problem) == ("it is fine", None)
    refused = plan(source="refused", why="it is gone").goal(GoBack(Selection())).selection.given
    assert refused is not None
    assert (refused.settled, refused.problem) == (None, "the plan shows no version for web to go back to: it is gone")


LONG = 255


@pytest.mark.parametrize("pins", [0, 1, 10])
@pytest.mark.parametrize("families", [("f", "f"), ("f", "g")])
def test_it_is_at_most_1_kb_with_the_longest_names(families: tuple[str, str], pins: int) -> None:
    """Of clusters, services, families and containers: 255 characters. Options are given, too."""
    left, target = (f"{family * LONG}:2147483647" for family in families)
    longest = Shown(
        "123456789012",
        "ap-southeast-7",
        "c" * LONG,
        "s" * LONG,
        left,
        f"ecs-svc/{'9' * 19}",
        "N" * 21,
        target,
        "always",
        {f"{n}{'n' * (LONG - 1)}": f"sha256:{'a' * 64}" for n in range(pins)},
        5000,
        False,
        "supersede",
        False,
        ["again", "barrier", "family", "stack"],
        "previous_registered",
        "why " * 500,
        "2026-11-29T18:34:46Z",
    )
    found = shown._fitting(longest)
    item = json.dumps(found.as_dict())
    assert len(item.encode()) <= 1024
    assert shown.read([json.loads(item)], "ap-southeast-7", None) == {found.service: found}
    assert (found.cluster, found.service) == ("c" * LONG, "s" * LONG)


def test_a_name_that_was_cut_is_still_that_version() -> None:
    made = named(service(43), *PAST)
    cut = replace(SHOWN, left=bound.cut("web:43"), target=bound.cut("web:41"))
    held = judge(cut, made)
    assert isinstance(held, Holds)
    assert (held.plan.left, held.plan.target) == (arn(43), made.target)
    assert isinstance(judge(replace(cut, target=bound.cut("web:40")), made), Changed)


# -- what is taken


def refusal(*items: t.Any, region: str = "eu-central-1", cluster: str | None = None) -> str:
    with pytest.raises(BadOption) as caught:
        shown.read(items, region, cluster)
    return str(caught.value)


def test_it_comes_back_through_the_option() -> None:
    api = replace(SHOWN, service="api")
    assert shown.read([SHOWN.as_dict(), api.as_dict()], "eu-central-1", None) == {"web": SHOWN, "api": api}
    assert shown.read([SHOWN.as_dict()], "eu-central-1", "arn:aws:ecs:eu-central-1:123456789012:cluster/prod")


def test_what_is_not_taken() -> None:
    plan_ = SHOWN.as_dict()
    assert refusal() == "plan: it is empty. Give the plans of a run in check mode, or name services"
    assert refusal({"service": "web"}).startswith("plan: it is no plan. ")
    assert refusal({}).startswith("plan: it is no plan. ")
    edited = refusal({**plan_, "target": "web:40"})
    assert edited.startswith(
        f"plan: that of web was changed since it was made: its plan_id is {plan_['plan_id']}, and "
    )
    assert refusal(plan_, plan_) == "plan: a service has two plans. Give one of them"
    assert refusal(plan_, region="us-east-1") == "plan: that of web is for Region eu-central-1, and this is us-east-1"
    assert refusal(plan_, cluster="dev") == "plan: that of web is for cluster prod, and this is dev"
    other = replace(SHOWN, service="api", tasks=4).as_dict()
    assert refusal(plan_, other) == (
        "plan: web and api were planned with different options. Give each a call of its own"
    )


def test_that_of_another_account_or_too_old_is_refused() -> None:
    made = named(service(43), *PAST)
    found = judge(replace(SHOWN, account="210987654321"), made)
    assert isinstance(found, Changed)
    assert found.why() == f"the plan is for account 210987654321, and this is {ACCOUNT}. Run the same command again"
    old = judge(SHOWN, made, NOW + timedelta(days=1, seconds=1))
    assert isinstance(old, Changed)
    assert old.check == "plan_too_old"
    assert shown.refused(made, old).findings[-1].check == "plan_too_old"
    assert isinstance(judge(SHOWN, made, NOW + timedelta(days=1)), Holds)
    assert isinstance(judge(SHOWN, made, NOW + timedelta(seconds=11), max_age=10), Changed)
    timeless = judge(replace(SHOWN, made=""), made)
    assert isinstance(timeless, Changed)
    assert timeless.why() == "it does not say when it was made"


@pytest.mark.parametrize(("pins", "holds"), [({"app": "sha256:1"}, True), ({"app": "sha256:2"}, False), ({}, False)])
@pytest.mark.parametrize("together", [False, True])
def test_the_digests_that_were_shown_are_the_ones_that_are_pinned(
    pins: dict[str, str], holds: bool, together: bool
) -> None:
    digests = {"app": "sha256:1"}
    was = replace(SHOWN, digests=shown._together(digests) if together else digests)
    assert isinstance(judge(was, named(service(43), *PAST), pins=pins), Holds) is holds


# -- what has happened since


@pytest.mark.parametrize(
    ("made", "ended"),
    [
        ("nothing at all", named(service(43), *PAST)),
        ("what was running has finished", named(service(43), *PAST)),
        ("what was running has failed, and stands", named(service(deployment(43, rollout="FAILED")), *PAST)),
        ("what was running goes on", named(service(deployment(43, **GOING)), *FLYING)),
        (
            "ECS goes back to the target by itself",
            named(
                service(deployment(41, **GOING), deployment(43, status="ACTIVE")),
                *PAST[:2],
                (43, "ROLLBACK_IN_PROGRESS", 41),
            ),
        ),
        ("ECS has gone back to the target", named(service(41), *PAST[:2], (43, "ROLLBACK_SUCCESSFUL", 41))),
        (
            "somebody goes back to the target",
            named(service(deployment(41, "x", **GOING)), *PAST, (41, "IN_PROGRESS")),
        ),
        ("somebody has gone back to the target", named(service(deployment(41, "x")), *PAST, 41)),
        ("somebody goes back, which is not on record", named(service(deployment(41, "x", **GOING)), *PAST, 41)),
        ("the list of deployments lagged", named(service(43), *PAST, 43)),
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
    refused = shown.refused(made, found)
    assert (refused.verb, refused.method, refused.target, refused.left) == ("refuse", "none", None, None)
    assert (refused.findings[-1].check, refused.findings[-1].severity) == ("plan_changed", "block")
    assert refused.reason == refused.findings[-1].message == found.why()


# -- nobody has deployed, and yet another plan would be made


def test_ecs_has_gone_back_by_itself_to_another_version() -> None:
    """web:42 is marked bad, so that web:41 was shown. ECS goes back to where it came from, whatever that is worth."""
    bad = {arn(42): task_definition(42, bad="2026-11-20T11:00:00Z broken")}
    made = named(service(42), 41, 42, (43, "ROLLBACK_SUCCESSFUL", 42), having=bad)
    assert made.left == arn(42)
    held = judge(SHOWN, made)
    assert isinstance(held, Holds)
    # The reason was given for web:43, and so web:42 gets no mark.
    assert (held.plan.left, held.plan.target, held.plan.left_tags) == (arn(43), made.target, {})


def test_a_mark_that_somebody_gave_what_is_left_is_still_known() -> None:
    bad = {arn(43): task_definition(43, bad="2026-11-20T11:00:00Z broken")}
    made = named(service(42), 41, 42, (43, "ROLLBACK_SUCCESSFUL", 42), having=bad)
    held = judge(SHOWN, made)
    assert isinstance(held, Holds)
    assert held.plan.left_tags == {"lastgood:bad": "2026-11-20T11:00:00Z broken"}


def test_of_what_somebody_returned_from_in_between_nothing_is_marked() -> None:
    """web:44 was deployed and is being left for web:41 already; the reason was given for web:43."""
    made = named(service(deployment(41, "x", **GOING)), *PAST, 44, (41, "IN_PROGRESS"))
    assert (made.method, made.left) == ("adopt", arn(44))
    held = judge(SHOWN, made)
    assert isinstance(held, Holds)
    assert (held.plan.method, held.plan.left) == ("adopt", arn(43))


def test_a_target_that_is_bad_by_now_is_not_taken() -> None:
    bad = {arn(41): task_definition(41, bad="2026-11-20T12:30:00Z leaks memory")}
    made = named(service(43), 40, *PAST, having=bad)
    found = judge(replace(SHOWN, deployment=record(4)), made)
    assert isinstance(found, Changed)
    assert found.why() == (
        "web:41, which the look-up had shown, counts as bad now (marked bad: 2026-11-20T12:30:00Z leaks memory). Run "
        "the same command again"
    )


def test_one_that_somebody_named_is_taken_as_it_is() -> None:
    bad = {arn(41): task_definition(41, bad="2026-11-20T12:30:00Z leaks memory")}
    assert judged(named(service(43), *PAST, having=bad), replace(SHOWN, source="revision")) == "holds"


def test_it_is_told_as_it_was_shown() -> None:
    made = named(service(43), *PAST)
    told = shown.as_shown(replace(SHOWN, why="it was good"), made).choice
    assert (told.source, told.why) == ("last_good", "it was good")
    assert shown.as_shown(SHOWN, made).choice.why == "it was shown, and nobody has deployed since"
    settled = plan_of(service(41), *PAST, 41)
    assert shown.as_shown(SHOWN, settled) is settled


# -- nothing was shown


@pytest.mark.parametrize(
    ("was", "made", "judgement"),
    [
        (plan("ecs-svc/43", record(3)), plan_of(service(44), *PAST, 44), arn(44)),
        (plan("ecs-svc/41", record(4)), plan_of(service(41), *PAST, 41), "holds"),
        (plan(), plan_of(service(41), *PAST, 41), "holds"),
        (plan(), plan_of(service(43), *PAST, selection=Selection(steps_back=9)), "holds"),
    ],
)
def test_without_a_target_only_a_deployment_is_news(was: Shown, made: plans.Plan, judgement: str) -> None:
    assert judged(made, was) == judgement


# -- the other controllers


def of_codedeploy(id: str, number: int, status: str, minute: float, **changes: t.Any) -> ServiceDeployment:
    return flown(number, status, minute, id=id, by="CodeDeploy", **changes)


BLUE = deployment(41, "ecs-svc/blue")
GREEN = deployment(43, "ecs-svc/green", external_id="d-3")
FIRST = of_codedeploy("d-1", 41, "SUCCESSFUL", 0)
BY_CODEDEPLOY = plan("ecs-svc/blue", "d-3", "web:43", "web:41")


def shifted(on: t.Sequence[t.Any], *past: ServiceDeployment, unread: t.Sequence[Unread] = ()) -> plans.Plan:
    told = history.read([FIRST, *past])
    made = planned(service(*on, controller="CODE_DEPLOY"), told, Selection(revision="web:41", chosen=True))
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
    was = plan("ecs-svc/43", "", "web:43", "web:41")
    sets = (deployment(41, status="ACTIVE"), deployment(44, "ecs-svc/44", created_at=at(1)))
    on = service(*sets, controller="EXTERNAL")
    made = planned(on, None)
    assert judged(made, was) == arn(44)
    assert marks.BAD not in made.service.tags


def test_what_a_plan_says_nothing_of_is_as_the_call_asks() -> None:
    call = GoBack(Selection(finishes=frozenset({"mark"})), rollback_events=("DEPLOYMENT_FAILURE",))
    made = plan(target="web:1").goal(call)
    assert (made.rollback_events, made.selection.finishes) == (call.rollback_events, call.selection.finishes)
    assert made.going_to("web:1").selection.finishes == {"mark"}
