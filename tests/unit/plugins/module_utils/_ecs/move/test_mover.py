# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From plans to writes, with a controller that answers as it is told, and an AWS that only shows the services."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    AlreadyThere,
    Begun,
    Look,
    NotDeployed,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Goal,
    GoBack,
    Past,
    Plan,
    Refusal,
    Way,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import mover, plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Run
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    connection_lost,
    deployment,
    flown,
    planned,
    raw_service,
    refused_by_aws,
    service,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.fakes import FakeController, FakeControllers

BEFORE = service(deployment(42, "ecs-svc/old"))
PAST = told(40, 41, 42)
FIRST = planned(BEFORE, PAST)
OURS = Begun(BEFORE, wrote=True, deployment_id="ecs-svc/ours")
DENIED = AwsCallError("Failed to update service web", refused_by_aws("UpdateService"))
CUT_OFF = AwsCallError("Failed to describe task definition web:41", connection_lost())
ODD = IncompleteAnswerError("there is no service in the answer")
COPY = Finding("copy", "info", "web:44 was registered as a copy of web:41")


# -- what comes of a write that raises


@pytest.mark.parametrize(
    ("error", "outcome", "changed", "says"),
    [
        (NotDeployed(COPY, DENIED), "refused", True, "web:44 was registered as a copy of web:41; the next run uses it"),
        (
            AnswerLost("whether AWS applied it is not known"),
            "lost_contact",
            True,
            "whether AWS applied it is not known",
        ),
        (DENIED, "refused", False, "ecs:UpdateService Or so."),
        # A write would say that its answer was lost: this was a read before it.
        (CUT_OFF, "refused", False, "web:41"),
        (ODD, "refused", False, "Or so."),
    ],
    ids=["not deployed", "answer lost", "denied", "a read without an answer", "an odd answer"],
)
def test_how_a_write_ends_that_aws_did_not_accept(error: Exception, outcome: str, changed: bool, says: str) -> None:
    end = plan.end_of(error, " Or so.")
    assert end is not None
    assert (end.outcome, end.changed) == (outcome, changed)
    assert says.replace(" Or so.", "") in end.reason
    assert end.reason.endswith(" Or so.") is ("Or so." in says or error is CUT_OFF)


def test_a_stale_plan_is_no_end_and_what_is_not_known_is_raised() -> None:
    assert plan.end_of(PlanIsStale("it ended meanwhile")) is None
    with pytest.raises(ZeroDivisionError):
        plan.end_of(ZeroDivisionError())


# -- the whole of it


def fail(error: Exception) -> t.NoReturn:
    raise error


class Plans:
    """Hands out the plans it was given, one after the other, the last one again and again."""

    def __init__(self, made: t.Sequence[Plan | Refusal]) -> None:
        self._made = list(made)

    binds: t.Final = False

    @property
    def goal(self) -> Goal:
        return GoBack(Selection())

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        if len(service_names) > 1:
            by_name = {p.service.name: p for p in self._made if isinstance(p, Plan)}
            return {name: by_name[name] for name in service_names}
        made = self._made[0] if len(self._made) == 1 else self._made.pop(0)
        return dict.fromkeys(service_names, made)

    def go_on(self, first: Plan) -> Plan | Refusal:
        return plan.as_chosen(self.make_plans([first.service.name])[first.service.name], first)


class Step(mover.Step[Run]):
    """Holds back once one was refused, as a deployment does."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.told: list[str] = []
        self.clock = FakeClock()
        # Seconds.
        self.takes = {"announcing": 0.0, "writing": 0.0}

    def new_run(self, name: str, place: keys.Place) -> Run:
        return Run(name, "prod", place=place)

    def why_held_back(self) -> str:
        return next((f"{run.name} was refused" for run in self.runs if run.outcome == "refused"), "")

    def asking(self, run: Run) -> str:
        self.clock.sleep(self.takes["writing"])
        return "asking"

    def accepted_line(self, run: Run) -> str:
        return f"accepted {run.going.id}"

    def overtaken(self, before: Plan, now: Plan) -> str:
        return f"overtaken by {now.current.rpartition('/')[2]}"

    def before_the_write(self, run: Run, planned: Plan) -> None:
        self.told.append(f"before {planned.method}")
        self.clock.sleep(self.takes["announcing"])

    def accepted(self, run: Run) -> None:
        self.told.append(f"accepted {run.going.id}")


class Call:
    """One call: ``shows`` is what DescribeServices shows, one after the other, the last one again and again."""

    def __init__(
        self,
        controller: FakeController,
        plans: t.Sequence[Plan | Refusal] = (FIRST,),
        shows: t.Sequence[Service | Exception] = (BEFORE,),
        names: t.Sequence[str] = ("web",),
        **order: t.Any,
    ) -> None:
        self._shows = list(shows)
        self.looked_at: list[list[str]] = []
        aws, self.step = FakeAws(describe_services=self._look, list_tasks={"taskArns": []}), Step()
        clock = self.step.clock
        asked: mover.Order[Goal] = mover.Order("prod", names, GoBack(Selection()), **{"wait_timeout": 60, **order})
        self.mover = mover.Mover(aws, clock, asked, Plans(plans), self.step, FakeControllers(controller))
        self.step.runs = self.mover.runs

    def _look(self, **params: t.Any) -> t.Any:
        self.looked_at.append(list(params["services"]))
        shown = self._shows[0] if len(self._shows) == 1 else self._shows.pop(0)
        if not isinstance(shown, Service):
            fail(shown)
        return {"services": [raw_service(dataclasses.replace(shown, name=name)) for name in params["services"]]}

    def begun(self) -> list[Run]:
        self.mover.plan()
        self.mover.begin()
        return self.mover.runs

    def ended(self) -> Run:
        self.begun()
        self.mover.make_room()
        self.mover.watch(self.mover.open, self.mover.sweeper())
        [run] = self.mover.runs
        return run


@pytest.fixture(autouse=True)
def notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be said of each service if the play were interrupted now."""
    kept: list[str] = []
    monkeypatch.setattr(progress, "say", lambda line: None)
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)
    monkeypatch.setattr(progress, "note", lambda key, **what: kept.append(f"{key} {what.get('goes_on', 'forgotten')}"))
    return kept


def test_it_is_begun_and_watched_to_its_end(notes: list[str]) -> None:
    made = FakeController(Look("going"), Look("stable"), begins=[OURS])
    call = Call(made)
    run = call.ended()
    assert (run.outcome, run.changed, made.begun) == ("rolled_back", True, [arn(41)])
    assert call.step.told == ["before update_service", "accepted ecs-svc/ours"]
    assert notes == ["web [web] asking, if AWS has accepted it, which is not known", "web [web] accepted ecs-svc/ours"]
    assert set(run.timings) == {"planned", "accepted", "serving", "stable"}


def test_check_mode_begins_nothing() -> None:
    made = FakeController()
    [run] = Call(made, check_mode=True).begun()
    assert (run.outcome, run.changed, made.begun) == ("planned", True, [])


def test_the_last_look_fails() -> None:
    made = FakeController()
    [run] = Call(made, shows=[refused_by_aws("DescribeServices")]).begun()
    assert (run.outcome, made.begun) == ("refused", [])
    assert run.reason.startswith("the last look before the write failed. ")


AGAIN = service(deployment(42, "ecs-svc/again"))
THEIRS = service(deployment(43, "ecs-svc/theirs"))
FOLLOWED = dataclasses.replace(planned(AGAIN, PAST), way=Way("act", "adopt"))


@pytest.mark.parametrize(
    ("shows", "anew", "outcome", "says", "writes"),
    [
        # The same version was deployed once more: nobody has to decide about that.
        ([AGAIN], planned(AGAIN, PAST), None, "", 1),
        # Somebody deployed another one.
        ([THEIRS], planned(THEIRS, told(40, 41, 42, 43)), "refused", "overtaken by web:43", 0),
        # It changes all the time.
        ([AGAIN], planned(THEIRS, PAST, Selection(revision="41")), "refused", "overtaken by web:43", 0),
        ([AGAIN], FIRST, "refused", "the service changed under the plan 3 times", 0),
        # Somebody goes there already.
        ([AGAIN], FOLLOWED, None, "", 0),
        ([AGAIN], Refusal("web", "it is gone", ()), "refused", "it is gone", 0),
    ],
)
def test_a_plan_that_has_gone_stale(
    shows: list[Service | Exception], anew: Plan | Refusal, outcome: str | None, says: str, writes: int
) -> None:
    made = FakeController(begins=[OURS])
    [run] = Call(made, [FIRST, anew], shows).begun()
    assert (run.outcome, len(made.begun)) == (outcome, writes)
    assert says in run.reason
    assert run.changed is (writes > 0)


def test_a_write_that_finds_the_plan_stale_says_why_at_the_end() -> None:
    made = FakeController(begins=[PlanIsStale("it ended meanwhile")] * 3)
    [run] = Call(made).begun()
    assert (run.outcome, len(made.begun)) == ("refused", 3)
    assert run.reason == "the service changed under the plan 3 times (it ended meanwhile)"


@pytest.mark.parametrize(
    ("error", "outcome", "changed"),
    [
        (DENIED, "refused", False),
        (AnswerLost("not known"), "lost_contact", True),
        (NotDeployed(COPY, DENIED), "refused", True),
    ],
)
def test_a_write_that_aws_did_not_accept(error: Exception, outcome: str, changed: bool, notes: list[str]) -> None:
    [run] = Call(FakeController(begins=[error], advises=" Ask somebody.")).begun()
    assert (run.outcome, run.changed, run.accepted) == (outcome, changed, None)
    assert run.reason.endswith(" Ask somebody.") is (error is DENIED)
    assert [f.check for f in run.findings if f.check == "copy"] == (["copy"] if isinstance(error, NotDeployed) else [])
    # What may be going on is still said if the play is interrupted.
    assert (notes[-1] == "web forgotten") is (outcome == "refused")


@pytest.mark.parametrize(
    ("rollout", "outcome"), [("COMPLETED", "unchanged"), ("FAILED", "unchanged"), ("IN_PROGRESS", None)]
)
def test_the_copy_runs_already(rollout: str, outcome: str | None) -> None:
    now = service(deployment(42, "ecs-svc/old", rollout=rollout))
    [run] = Call(FakeController(begins=[AlreadyThere(arn(44))]), shows=[now]).begun()
    assert (run.outcome, run.changed) == (outcome, False)
    assert run.target == (arn(41) if outcome else arn(44))


# -- one for all


def three(begins: t.Sequence[Begun | Exception]) -> tuple[dict[str, str | None], FakeController]:
    names = ("a", "b", "c")
    made = FakeController(begins=begins)
    plans = [planned(dataclasses.replace(BEFORE, name=name), PAST) for name in names]
    runs = Call(made, plans, names=names).begun()
    return {run.name: run.outcome for run in runs}, made


def test_what_comes_after_a_refusal_is_held_back() -> None:
    outcomes, made = three([DENIED])
    assert outcomes == {"a": "refused", "b": "not_attempted", "c": "not_attempted"}
    assert len(made.begun) == 1


def test_what_is_on_its_way_is_not_called_unattempted() -> None:
    outcomes, _made = three([OURS, DENIED])
    assert outcomes == {"a": None, "b": "refused", "c": "not_attempted"}


# -- making room

BLOCKING = flown(43, "IN_PROGRESS", 180, [42], by="CodeDeploy", id="d-3")
BUSY = dataclasses.replace(FIRST, past=Past(history.read([BLOCKING])), way=Way("act", "codedeploy_deployment"))
FREE = dataclasses.replace(BUSY, past=Past(history.read([dataclasses.replace(BLOCKING, status="STOPPED")])))
STOPPED = Begun(BEFORE, wrote=True, back_of="d-3", makes_room="stopped")
IN_BETWEEN = dataclasses.replace(FREE, service=service(deployment(44, "ecs-svc/theirs")))
OUT_OF_THE_WAY = Look("ended_before", "it is out of the way")


@pytest.mark.parametrize(
    ("anew", "begins", "outcome", "says"),
    [
        (FREE, [STOPPED, OURS], "rolled_back", ""),
        (IN_BETWEEN, [STOPPED], "failed", "somebody deployed web:44"),
        (Refusal("web", "it is gone", ()), [STOPPED], "failed", "it is gone"),
        (FREE, [STOPPED, DENIED], "failed", "ecs:UpdateService"),
        (FREE, [STOPPED, *[PlanIsStale("another one runs")] * 2], "failed", "busy 3 times (another one runs)"),
        (BUSY, [STOPPED] * 4, "failed", "the deployment that is in the way kept coming back"),
    ],
    ids=["done", "somebody in between", "gone", "denied", "busy", "comes back"],
)
def test_room_is_made(anew: Plan | Refusal, begins: list[Begun | Exception], outcome: str, says: str) -> None:
    looks = [OUT_OF_THE_WAY] * (4 if begins[-1] is STOPPED and len(begins) > 1 else 1)
    run = Call(FakeController(*looks, Look("stable"), begins=begins), [BUSY, anew]).ended()
    assert (run.outcome, run.changed, run.made_way) == (outcome, True, "d-3")
    assert says in run.reason
    told = [f.message for f in run.findings if f.check == "stopped_then_refused"]
    assert len(told) == (begins[-1] is not OURS and begins.count(STOPPED) == 1)
    assert all("deployment d-3 was stopped to make way, and then: " in message for message in told)


# -- watching


def test_who_does_not_wait_claims_nothing() -> None:
    call = Call(FakeController(begins=[OURS]))
    [run] = call.begun()
    call.mover.leave()
    assert (run.outcome, run.reason) == ("started", "AWS accepted it; we did not wait for its end")


@pytest.mark.parametrize(
    ("looks", "outcome"),
    [
        ([Look("replaced", "somebody else deployed web:43")], "superseded"),
        ([CUT_OFF], "lost_contact"),
        ([Look("failed", "it ended")], "failed"),
        ([Look("going")], "timeout"),
        # It ended before it could be stopped, and is planned again.
        ([Look("ended_before", "too late"), Look("stable")], "rolled_back"),
        ([Look("ended_before", "too late")], "failed"),
    ],
)
def test_how_the_watch_ends(looks: list[Look | Exception], outcome: str) -> None:
    run = Call(FakeController(*looks, begins=[OURS] * 4), contact_timeout=30.0).ended()
    assert run.outcome == outcome


# -- the last look


FOUR = ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("announcing", "writing", "looks"),
    [
        # The first goes alone, and the others together.
        (0.0, 0.0, [["a"], ["b", "c", "d"]]),
        # Nobody waits long for what is announced of others.
        (0.6, 0.0, [["a"], ["b", "c"], ["d"]]),
        (2.0, 0.0, [["a"], ["b"], ["c"], ["d"]]),
        # While the writes of others take their time, somebody may deploy.
        (0.0, 0.6, [["a"], ["b", "c", "d"], ["d"]]),
        (0.0, 2.0, [["a"], ["b", "c", "d"], ["c", "d"], ["d"]]),
    ],
)
def test_the_last_look_is_made_after_the_announcement_and_right_before_the_write(
    announcing: float, writing: float, looks: list[list[str]]
) -> None:
    made = FakeController(begins=[OURS] * 4)
    plans = [planned(dataclasses.replace(BEFORE, name=name), PAST) for name in FOUR]
    call = Call(made, plans, names=FOUR)
    call.step.takes = {"announcing": announcing, "writing": writing}
    call.begun()
    assert (len(made.begun), call.looked_at) == (4, looks)
