# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that looks, with a controller that is made up: nothing that AWS answers of a deployment is needed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Accepted,
    End,
    Ending,
    Going,
    Known,
    Look,
    Meant,
    More,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Past,
    Plan,
    Step,
    Way,
    Wish,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import ServiceRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    accepted_run,
    connection_lost,
    deployment,
    planned,
    raw_service,
    service,
    told,
)

OLD = service(deployment(42, "ecs-svc/old"))
NOW = service(deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS"), deployment(42, "ecs-svc/old", "ACTIVE"))


class FakeController(Controller):
    """Says at each look what it was told to say; what it is asked to do it remembers."""

    deployer = "Somebody"

    def __init__(self, *says: Look | Exception, undone: str = "", more: More | None = None, goes_on: str = "") -> None:
        super().__init__(FakeAws(), FakeClock())
        self.says = list(says)
        self.done: list[str] = []
        self._answers = undone, more, goes_on

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        if isinstance(self.says[0], Exception):
            raise self.says[0] if len(self.says) == 1 else t.cast(Exception, self.says.pop(0))
        return [None for _one in watched]

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        look = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        assert isinstance(look, Look)
        return look

    def advance(self, going: Going, service: Service) -> Service:
        self.done.append(going.deployment_id)
        return service

    def undone(self, going: Going, service: Service) -> str:
        return self._answers[0]

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        return self._answers[1]

    def goes_on(self, going: Going, record: Record | None) -> str:
        return self._answers[2]

    def way_back(self, wish: Wish, facts: Facts, choice: Choice, between: Between) -> Way:
        return Way(Step("refuse", "none"))

    def way_to(self, wish: deploys.Wish, facts: deploys.Facts) -> deploys.Plan:
        return deploys.refused(facts.service, facts.target, [])

    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        return Known("refused", "")

    def end_of(self, going: Going, service: Service, past: Past, ending: Ending) -> End:
        return End(None, "leave")

    def _begin(self, planned: Plan, tasks: int | None, reason: str | None) -> Accepted:
        raise NotImplementedError

    def _adopt(self, planned: Plan) -> Accepted:
        raise NotImplementedError


class FakeControllers(Controllers):
    def __init__(self, only: Controller) -> None:
        super().__init__(FakeAws(), FakeClock())
        self._only = only

    def of(self, service: Service) -> Controller:
        return self._only

    @property
    def brisk(self) -> Controllers:
        return self


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(progress, "say", said.append)
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)
    return said


def watching(made: FakeController, read_only: bool = False, **options: t.Any) -> tuple[ServiceRun, list[ServiceRun]]:
    run = accepted_run(planned(OLD, told(41, 42)))
    assert run.accepted is not None
    if read_only:
        going = run.going.__class__(**{**vars(run.going), "read_only": True})
        run.accepted = run.accepted.__class__(**{**vars(run.accepted), "going": going})
    aws = FakeAws(describe_services={"services": [raw_service(NOW)]}, list_tasks={"taskArns": []})
    clock = FakeClock()
    sweeper: watch.Sweeper[ServiceRun] = watch.Sweeper(
        aws, clock, "stable", 60, 30, clock.monotonic(), controllers=FakeControllers(made), **options
    )
    return run, sweeper.watch([run])


def test_what_is_ready_is_taken_further_and_watched_to_its_end() -> None:
    made = FakeController(Look("going"), Look("ready"), Look("stable"))
    run, again = watching(made)
    assert (run.outcome, again, made.done) == ("rolled_back", [], ["ecs-svc/ours"])


def test_who_only_waits_takes_nothing_further() -> None:
    made = FakeController(Look("ready"))
    run, _again = watching(made, read_only=True)
    assert (run.outcome, made.done) == ("timeout", [])


def test_looks_without_the_records_that_a_controller_needs_are_none() -> None:
    lost = AwsCallError("it cannot be read", connection_lost())
    run, _again = watching(FakeController(lost, lost, Look("stable")))
    assert run.outcome == "rolled_back"
    run, _again = watching(FakeController(lost))
    assert run.outcome == "lost_contact"


@pytest.mark.parametrize(("undone", "outcome"), [("ROLLBACK_SUCCESSFUL", "failed"), ("", "superseded")])
def test_who_replaced_it_is_asked_of_the_controller(undone: str, outcome: str) -> None:
    run, _again = watching(FakeController(Look("replaced", "somebody else deployed web:43"), undone=undone))
    assert run.outcome == outcome
    assert ("Somebody rolled it back (ROLLBACK_SUCCESSFUL)" in run.reason) is bool(undone)


def test_what_ended_before_it_could_be_stopped_needs_another_plan() -> None:
    run, again = watching(FakeController(Look("ended_before", "it finished before")))
    assert (run.outcome, again) == (None, [run])


def test_what_a_controller_knows_besides_is_told() -> None:
    more = More("its hook failed", ({"event": "AfterInstall"},))
    run, _again = watching(FakeController(Look("failed", "it ended"), more=more, goes_on="It still runs there"))
    assert run.diagnosis is not None
    assert run.diagnosis.lifecycle == ({"event": "AfterInstall"},)
    assert (
        run.reason
        == "web:41 does not come up: its hook failed. Somebody: it ended. It still runs there; nothing was undone"
    )
