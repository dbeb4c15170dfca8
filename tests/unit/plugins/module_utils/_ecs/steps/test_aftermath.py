# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens after a deployment that failed, whatever deployed it."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    End,
    Event,
    Going,
    Look,
    TakenAway,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoTo, Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Outcome, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import mover
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import aftermath
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.aftermath import Aftermath
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.wait import Waiter
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    accepted_run,
    arn,
    deployment,
    planned,
    planned_to,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.fakes import FakeController, FakeControllers

FAILURE: t.Final = "DEPLOYMENT_FAILURE"
OLD, OURS = deployment(41, "ecs-svc/41", "ACTIVE"), deployment(42, "ecs-svc/42", rollout="IN_PROGRESS")
NOW = service(OURS, OLD)
BACK = service(dataclasses.replace(OLD, status="PRIMARY"))
FORWARD = Going(arn(42), "ecs-svc/42", "", frozenset({"ecs-svc/41"}))
TO_41 = Going(arn(41), "", "arn:deployment", frozenset())


class Ended(FakeController):
    """Says of each deployment that it ended like this."""

    deployer = "ECS"

    def __init__(self, end: End, look: Look | Exception | None = None, taken: TakenAway | None = None) -> None:
        super().__init__(look or Look("failed", "no tasks"))
        self._end = end
        self._taken = taken or TakenAway()

    def read_past(self, services: t.Sequence[Service], everything: bool = False, now: t.Any = None) -> dict[str, Past]:
        return {one.name: Past(told(41, 42)) for one in services}

    def end_of(self, going: Going, service: Service, past: Past, ending: t.Any) -> End:
        self.ending = ending
        return self._end

    def take_away(self, going: Going, service: Service) -> TakenAway:
        return self._taken


class Stubborn(Ended):
    """If AWS was to go back and did not, the run has to."""

    no_way_back = "AWS has not rolled it back"


class Unrecorded(Ended):
    """The records of deployments cannot be read."""

    def records(self, watched: t.Sequence[t.Any]) -> list[t.Any]:
        raise IncompleteAnswerError("The answer was cut off on the way")


class Watch:
    """A sweeper that ends each way back like this."""

    def __init__(self, state: str, late: bool = False) -> None:
        self._state, self._late = state, late

    def watch(self, returns: t.Sequence[t.Any]) -> list[t.Any]:
        for back in returns:
            back.service = BACK
            if self._state in ("running", "serving", "stable"):
                back.reached(self._state)
            elif self._state:
                back.end(self._state, "the rollback failed")
        return list(returns) if self._late else []


class Backs:
    """In place of a rollback: remembers what was asked for, and ends like this."""

    def __init__(self, outcome: Outcome, reason: str = "no capacity", now: Service | None = BACK) -> None:
        self.orders: list[t.Any] = []
        self._end = outcome, reason
        self._now = now

    def __call__(self, _aws: t.Any, order: t.Any, _clock: t.Any) -> Backs:
        self.orders.append(order)
        return self

    def run(self) -> list[RollbackRun]:
        made = []
        for name in self.orders[-1].services:
            back = RollbackRun(name, "prod", changed=True)
            back.end(*self._end)
            back.service = self._now
            back.findings.append(Finding("copy", "info", "seen on the way"))
            made.append(back)
        return made


class Waits:
    """In place of a wait for what is PRIMARY then. ``now`` is the service as it was seen last."""

    def __init__(self, outcome: t.Any, now: Service | None = BACK) -> None:
        self.asked: list[str] = []
        self._outcome = outcome
        self._now = now

    def __call__(self, _aws: t.Any, order: t.Any, _clock: t.Any) -> list[Waiter]:
        self.asked.append(order.deployment)
        waiter = Waiter("web", "prod", outcome=self._outcome, reason="as it is", service=self._now)
        return [waiter]


def a_run(outcome: Outcome = "failed", name: str = "web") -> DeployRun:
    before = service(dataclasses.replace(OLD, status="PRIMARY"), name=name)
    made = DeployRun(name, "prod", place=keys.PLAIN)
    made.take_plan(planned_to(GoTo("42"), before, Past(told(40, 41)), task_definition(42)))
    accepted = accepted_run_of(FORWARD)
    made.accepted = accepted
    made.end(outcome, "tasks stopped.")
    return made


def accepted_run_of(going: Going) -> t.Any:
    whole = accepted_run(planned(service(42), told(41, 42))).accepted
    assert whole is not None
    return dataclasses.replace(whole, going=going)


class Scene:
    """One call of follow, with everything around it replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.aws = FakeAws(
            describe_services=lambda services, **_params: {
                "services": [raw_service(dataclasses.replace(NOW, name=name)) for name in services],
                "failures": [],
            },
            tag_resource={},
        )
        self.backs, self.waits = Backs("rolled_back"), Waits("stable")

    def follow(
        self,
        controller: FakeController,
        *runs: DeployRun,
        asked: tuple[str, ...] = (FAILURE,),
        watch: Watch | None = None,
        **order: t.Any,
    ) -> list[DeployRun]:
        controllers = FakeControllers(controller)
        self.patch.setattr(aftermath, "Controllers", lambda _aws, _clock: controllers)
        self.patch.setattr(aftermath, "Rollback", self.backs)
        self.patch.setattr(aftermath.wait, "wait", self.waits)
        goal = GoTo("42", asked)
        whole: mover.Order[GoTo] = mover.Order("prod", [run.name for run in runs], goal, **order)
        watching = t.cast(t.Any, watch or Watch("stable"))
        return Aftermath(self.aws, whole, FakeClock(), lambda: watching).follow(runs)

    @property
    def now(self) -> datetime:
        """The time of its clock when it begins."""
        return FakeClock().now()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def end(then: t.Any, event: Event | None = FAILURE, **more: t.Any) -> End:
    return End(event, then, **more)


# -- whether anything follows


def test_what_cannot_be_seen_is_not_rolled_back_on_a_guess(scene: Scene) -> None:
    run = a_run()
    scene.aws.answers["describe_services"] = refused_by_aws("DescribeServices")
    assert scene.follow(Ended(end("go_back")), run) == []
    assert (run.outcome, run.event, scene.backs.orders) == ("failed", None, [])


@pytest.mark.parametrize("going", [None, dataclasses.replace(FORWARD, deployment_id="")])
def test_what_was_never_begun_has_no_aftermath(scene: Scene, going: Going | None) -> None:
    run = a_run()
    run.accepted = accepted_run_of(going) if going is not None else None
    scene.follow(Ended(end("go_back")), run)
    assert (scene.aws.requests, scene.backs.orders) == ([], [])


def test_one_that_came_up_at_the_very_end_is_deployed(scene: Scene) -> None:
    run = a_run("timeout")
    scene.follow(Ended(end("go_back"), Look("stable")), run)
    assert (run.outcome, scene.backs.orders) == ("deployed", [])


@pytest.mark.parametrize(("is_bare", "event"), [(True, None), (False, "DEPLOYMENT_STOP_ON_ALARM")])
def test_only_an_alarm_about_a_task_set_stops_what_has_come_up(
    scene: Scene, is_bare: bool, event: Event | None
) -> None:
    """A deployment of ECS or CodeDeploy is theirs to stop."""
    run = a_run("timeout")
    run.accepted = accepted_run_of(dataclasses.replace(FORWARD, is_bare=is_bare))
    run.event = event
    scene.follow(Ended(end("go_back"), Look("stable")), run)
    assert (run.outcome, scene.backs.orders) == ("deployed", [])


def test_without_its_record_nothing_is_said_to_have_come_up(scene: Scene) -> None:
    run = a_run("timeout")
    scene.follow(Unrecorded(end("go_back"), Look("stable")), run)
    assert run.outcome == "rolled_back"


@pytest.mark.parametrize("look", [Look("serving"), Look("going")])
def test_one_that_only_serves_has_not_come_up(scene: Scene, look: Look) -> None:
    run = a_run("timeout")
    scene.follow(Ended(end("go_back"), look), run)
    assert run.outcome == "rolled_back"


def test_an_alarm_stops_a_task_set_even_if_it_has_come_up(scene: Scene) -> None:
    run = a_run()
    run.accepted = accepted_run_of(dataclasses.replace(FORWARD, is_bare=True))
    run.event = "DEPLOYMENT_STOP_ON_ALARM"
    made = Ended(end("go_back", "DEPLOYMENT_STOP_ON_ALARM"), Look("stable"))
    scene.follow(made, run, asked=("DEPLOYMENT_STOP_ON_ALARM",))
    assert (run.outcome, made.ending.alarmed) == ("rolled_back", True)


def test_what_is_left_says_which_event_was_not_asked_for(scene: Scene) -> None:
    run = a_run()
    made = Ended(end("leave", record="arn:record", findings=(Finding("event", "unknown", "?"),)))
    scene.follow(made, run, asked=())
    assert run.reason == f"tasks stopped. It is not rolled back: rollback_events lacks {FAILURE}"
    assert (run.outcome, run.event, run.record) == ("failed", FAILURE, "arn:record")
    assert "event" in [f.check for f in run.findings]
    assert (made.ending.before.name, made.ending.asked, made.ending.alarmed) == ("web", (), False)
    # Before: what was there when it was planned. Now: what was seen last.
    assert [d.id for d in made.ending.before.deployments] == ["ecs-svc/41"]
    assert run.service is not None
    assert [d.id for d in run.service.deployments] == ["ecs-svc/42", "ecs-svc/41"]


def test_a_note_of_the_controller_comes_before_the_events(scene: Scene) -> None:
    run = a_run()
    scene.follow(Ended(end("leave", note="It has the traffic.")), run)
    assert run.reason == "tasks stopped. It has the traffic."
    unknown = a_run()
    scene.follow(Ended(end("leave", None)), unknown)
    assert (unknown.reason, unknown.record) == ("tasks stopped.", None)


# -- AWS goes back itself


@pytest.mark.parametrize("state", ["running", "serving", "stable"])
def test_aws_s_own_rollback_is_followed(scene: Scene, state: str) -> None:
    run = a_run()
    scene.follow(Ended(end("follow", going=TO_41)), run, watch=Watch(state))
    assert (run.outcome, run.rolled_back_to, run.rolled_back_by) == ("rolled_back", arn(41), "ECS")
    assert (run.service, scene.backs.orders) == (BACK, [])


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("failed", "rollback_failed"),
        # It is merely not finished.
        ("timeout", "timeout"),
        ("superseded", "superseded"),
        ("lost_contact", "lost_contact"),
    ],
)
def test_a_rollback_of_aws_s_that_failed(scene: Scene, state: str, outcome: str) -> None:
    run = a_run()
    assert scene.follow(Ended(end("follow", going=TO_41)), run, watch=Watch(state)) == []
    assert (run.outcome, scene.backs.orders) == (outcome, [])
    then = "and that is" if state == "timeout" else "but then:"
    assert run.reason == f"tasks stopped. ECS began to go back by itself, {then} the rollback failed"


def test_one_that_ended_before_aws_could_go_back_is_watched_again(scene: Scene) -> None:
    run = a_run()
    assert scene.follow(Ended(end("follow", going=TO_41)), run, watch=Watch("", late=True)) == [run]
    assert run.outcome is None


def test_if_aws_was_to_go_back_and_does_not_the_run_does(scene: Scene) -> None:
    run = a_run()
    assert scene.follow(Stubborn(end("follow", going=TO_41)), run, watch=Watch("", late=True)) == []
    [order] = scene.backs.orders
    assert order.services == ["web"]
    assert run.reason.startswith("tasks stopped. AWS has not rolled it back")
    assert (run.outcome, run.rolled_back_by) == ("rolled_back", "lastgood")


@pytest.mark.parametrize(
    ("state", "asked", "goes"),
    [
        ("failed", (FAILURE,), True),
        ("failed", (), False),
        # Somebody else's deployment is there, or nobody knows what is.
        ("superseded", (FAILURE,), False),
        ("lost_contact", (FAILURE,), False),
    ],
)
def test_when_the_run_goes_back_in_place_of_aws(scene: Scene, state: str, asked: tuple[str, ...], goes: bool) -> None:
    run = a_run()
    scene.follow(Stubborn(end("follow", going=TO_41)), run, watch=Watch(state), asked=asked)
    assert bool(scene.backs.orders) is goes


# -- this run goes back


def test_what_the_rollback_is_asked_for(scene: Scene) -> None:
    run = a_run()
    scene.follow(Ended(end("go_back")), run, reason="INC-1", wait_timeout=60.0, full_names=True)
    [order] = scene.backs.orders
    assert (order.cluster, order.wait_timeout, order.full_names, order.max_fail_percentage) == (
        "prod",
        60.0,
        True,
        100.0,
    )
    assert order.reason == f"{FAILURE} (INC-1): tasks stopped."
    assert (order.goal.selection.from_revision, order.goal.selection.revision) == ("42", None)
    assert (run.outcome, run.rolled_back_by, run.changed) == ("rolled_back", "lastgood", True)
    assert run.service is BACK
    assert "copy" in [f.check for f in run.findings]


def test_services_that_failed_alike_go_back_together(scene: Scene) -> None:
    runs = a_run(), a_run(name="api")
    scene.follow(Ended(end("go_back")), *runs)
    [order] = scene.backs.orders
    assert (order.services, order.reason) == (["web", "api"], f"{FAILURE}: the deployment failed")
    assert [run.outcome for run in runs] == ["rolled_back", "rolled_back"]


@pytest.mark.parametrize(
    ("back", "outcome"),
    [("failed", "rollback_failed"), ("refused", "rollback_failed"), ("lost_contact", "lost_contact")],
)
def test_a_rollback_that_failed(scene: Scene, back: Outcome, outcome: str) -> None:
    run = a_run()
    scene.backs = Backs(back)
    scene.follow(Ended(end("go_back")), run)
    assert (run.outcome, scene.waits.asked) == (outcome, [])
    assert run.reason == f"tasks stopped. Rolling it back ended as {back}: no capacity"


@pytest.mark.parametrize(
    ("verified", "outcome", "by"),
    [
        ("stable", "rolled_back", "ECS or somebody else"),
        ("failed", "rollback_failed", None),
        ("lost_contact", "lost_contact", None),
    ],
)
def test_somebody_was_faster_and_that_is_verified(
    scene: Scene, verified: Outcome, outcome: str, by: str | None
) -> None:
    run = a_run()
    scene.backs, scene.waits = Backs("unchanged"), Waits(verified)
    scene.follow(Ended(end("go_back")), run)
    assert (run.outcome, run.rolled_back_by, scene.waits.asked) == (outcome, by, ["ecs-svc/41"])


@pytest.mark.parametrize("now", [NOW, service(), None])
def test_unchanged_and_still_on_what_failed_is_no_rollback(scene: Scene, now: Service | None) -> None:
    run = a_run()
    scene.backs = Backs("unchanged", now=now)
    scene.follow(Ended(end("go_back")), run)
    assert (run.outcome, scene.waits.asked) == ("rollback_failed", [])
    # What was seen last stays known, if the way back saw nothing.
    assert run.service is not None


# -- what was created goes

TAKEN: t.Final = TakenAway("Its task set was deleted", deleted=True, findings=(Finding("task_set", "info", "gone"),))


def on_41(scene: Scene) -> None:
    scene.aws.answers["describe_services"] = {"services": [raw_service(BACK)], "failures": []}


def test_what_was_created_goes_and_what_is_primary_is_verified_and_marked(scene: Scene) -> None:
    run = a_run()
    on_41(scene)
    scene.follow(Ended(end("take_away"), taken=TAKEN), run, reason="INC-1")
    assert (run.outcome, run.rolled_back_to, run.rolled_back_by, run.changed) == (
        "rolled_back",
        arn(41),
        "lastgood",
        True,
    )
    assert run.reason.startswith("tasks stopped. Its task set was deleted, and the service is still on web:41")
    assert scene.waits.asked == ["ecs-svc/41"]
    assert "task_set" in [f.check for f in run.findings]
    marked, recorded = scene.aws.sent("tag_resource")
    assert marked["resourceArn"] == arn(42)
    tags = {tag["key"]: tag["value"] for tag in marked["tags"]}
    assert f"{FAILURE} _INC-1_: tasks stopped" in tags[marks.BAD]
    assert recorded["resourceArn"] == BACK.arn


def test_what_was_changed_before_is_changed_even_if_nothing_was_there_to_delete(scene: Scene) -> None:
    run = a_run()
    run.changed = True
    on_41(scene)
    scene.follow(Ended(end("take_away"), taken=dataclasses.replace(TAKEN, deleted=False)), run)
    assert run.changed


def test_a_version_that_was_left_for_a_newer_one_is_no_rollback_on_record(scene: Scene) -> None:
    newer = service(deployment(43, "ecs-svc/43"))
    scene.aws.answers["describe_services"] = {"services": [raw_service(newer)], "failures": []}
    scene.follow(Ended(end("take_away"), taken=TAKEN), a_run())
    [marked] = scene.aws.sent("tag_resource")
    assert marked["resourceArn"] == arn(42)


@pytest.mark.parametrize(("seen", "shown"), [(dataclasses.replace(BACK, desired=7), 7), (None, BACK.desired)])
def test_the_service_is_as_it_was_seen_last(scene: Scene, seen: Service | None, shown: int) -> None:
    run = a_run()
    on_41(scene)
    scene.waits = Waits("stable", seen)
    scene.follow(Ended(end("take_away"), taken=TAKEN), run)
    assert run.service is not None
    assert run.service.desired == shown


def test_the_mark_of_another_service_stays(scene: Scene) -> None:
    run = a_run()
    assert run.plan is not None
    assert run.plan.target is not None
    of_api = marks.bad_mark(scene.now, "errors", "prod/api", {})
    run.plan = dataclasses.replace(run.plan, target=dataclasses.replace(run.plan.target, tags=of_api))
    on_41(scene)
    scene.follow(Ended(end("take_away"), taken=TAKEN), run)
    tags = {tag["key"]: tag["value"] for tag in scene.aws.sent("tag_resource")[0]["tags"]}
    assert {"prod/api", "prod/web"} <= set(tags[marks.BAD_OF].split())


def test_marks_that_cannot_be_written_are_said_and_change_nothing_else(scene: Scene) -> None:
    run = a_run()
    on_41(scene)
    scene.aws.answers["tag_resource"] = lambda **_params: _raise(refused_by_aws("TagResource"))
    scene.follow(Ended(end("take_away"), taken=TAKEN), run)
    assert run.outcome == "rolled_back"
    assert [f.check for f in run.findings if f.severity == "warn"] == ["mark", "service_tags"]


def _raise(error: Exception) -> t.NoReturn:
    raise error


@pytest.mark.parametrize(("verified", "outcome"), [("failed", "rollback_failed"), ("lost_contact", "lost_contact")])
def test_what_is_primary_and_not_well_is_said(scene: Scene, verified: Outcome, outcome: str) -> None:
    run = a_run()
    on_41(scene)
    scene.waits = Waits(verified)
    scene.follow(Ended(end("take_away"), taken=TAKEN), run)
    assert (run.outcome, scene.aws.sent("tag_resource")) == (outcome, [])
    assert run.reason == "tasks stopped. Its task set was deleted, but: as it is"


def test_if_nothing_is_primary_that_is_said(scene: Scene) -> None:
    run = a_run()
    scene.aws.answers["describe_services"] = {"services": [raw_service(service())], "failures": []}
    scene.follow(Ended(end("take_away"), taken=TAKEN), run)
    assert (run.outcome, run.reason.endswith("but: no task set is PRIMARY")) == ("rollback_failed", True)
