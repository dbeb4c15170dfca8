# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deployment does around the move: its words, its alarms, its diff, and the watch that begins anew."""

from __future__ import annotations

import dataclasses
import types
import typing as t

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Accepted, Begun, Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoTo, Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Outcome, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import deploy, recorder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy import AlarmWatch, Deploy, Order
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    accepted_of,
    arn,
    controller_of,
    deployment,
    planned_to,
    refused_by_aws,
    service,
    task_definition,
    told,
)

ON_ALARM: t.Final = "DEPLOYMENT_STOP_ON_ALARM"
ON = service(deployment(41, "ecs-svc/41"))
FORWARD = Going(arn(42), "ecs-svc/42", "", frozenset({"ecs-svc/41"}))


def a_deploy(*asked: str, wait: bool = True, **answers: t.Any) -> tuple[Deploy, FakeAws]:
    aws = FakeAws(**answers)
    goal = GoTo("42", asked, ("errors",))
    return Deploy(aws, Order("prod", ["web"], goal, wait=wait), FakeClock()), aws


def a_run(target: TaskDefinition | None = None, outcome: Outcome | None = None) -> DeployRun:
    run = DeployRun("web", "prod")
    run.take_plan(planned_to(GoTo("42"), ON, Past(told(40, 41)), target or task_definition(42)))
    assert run.plan is not None
    run.accepted = accepted_of(run.plan, Begun(ON, wrote=True, deployment_id="ecs-svc/42"))
    run.outcome = outcome
    return run


# -- what is said


@pytest.mark.parametrize(
    ("wrote", "kind", "going", "says"),
    [
        (True, "ECS", FORWARD, "update_service accepted, deployment ecs-svc/42"),
        (True, "CODE_DEPLOY", FORWARD, "create_deployment accepted, deployment ecs-svc/42"),
        (False, "ECS", FORWARD, "following what is being deployed already, deployment ecs-svc/42"),
        (
            True,
            "EXTERNAL",
            dataclasses.replace(FORWARD, is_bare=True, created=True),
            "create_task_set accepted, task set ecs-svc/42",
        ),
        (
            True,
            "EXTERNAL",
            dataclasses.replace(FORWARD, is_bare=True),
            "taking task set ecs-svc/42, which stands already",
        ),
        (
            True,
            "CODE_DEPLOY",
            dataclasses.replace(FORWARD, deployment_id="", back_of="d-9", makes_room="stopped"),
            "deployment d-9 is in the way and was stopped; waiting for its end",
        ),
        (
            False,
            "CODE_DEPLOY",
            dataclasses.replace(FORWARD, deployment_id="", back_of="d-9", makes_room="rolled_back"),
            "deployment d-9 is in the way and rolls back; waiting for its end",
        ),
    ],
)
def test_how_it_began(wrote: bool, kind: str, going: Going, says: str) -> None:
    on = service(41, controller=kind)
    assert deploy.told(controller_of(on), Accepted(on, wrote, going)) == says


def test_lines_name_the_versions() -> None:
    made, _aws = a_deploy()
    run = a_run()
    assert made.asking(run) == "web:41 → web:42"
    assert made.accepted_line(run) == "web:41 → web:42: update_service accepted, deployment ecs-svc/42"
    run.accepted = None
    assert made.accepted_line(run) == "web:41 → web:42"
    assert made.asking(DeployRun("web", "prod")).strip() == "→"


def test_one_that_was_overtaken_names_what_is_there_now() -> None:
    made, _aws = a_deploy()
    before = a_run().plan
    now = planned_to(GoTo("42"), service(deployment(43, "ecs-svc/43")), Past(told(41, 43)), task_definition(42))
    assert before is not None
    said = made.overtaken(before, now)
    assert "It is on web:43 now, not on web:41" in said


def test_a_service_that_is_refused_holds_the_others_back() -> None:
    made, _aws = a_deploy()
    fine, bad = a_run(), a_run()
    made.runs.extend([fine])
    assert made.why_held_back() == ""
    bad.name = "api"
    bad.refuse("no such revision")
    made.runs.append(bad)
    assert made.why_held_back() == "api was refused"


# -- the diff


def test_the_diff_is_of_the_task_definitions_and_of_what_protects() -> None:
    old = task_definition(41, containers=[{"name": "app", "image": "registry/web:1"}])
    new = task_definition(42, containers=[{"name": "app", "image": "registry/web:2"}])
    made, _aws = a_deploy(describe_task_definition={"taskDefinition": old.content})
    run = a_run(new)
    run.protection = {"alarms": "before"}, {"alarms": "after"}
    diff = made.diff(run)
    assert (diff["before_header"], diff["after_header"]) == ("web: web:41", "web: web:42")
    assert ("registry/web:1" in diff["before"], "registry/web:2" in diff["after"]) == (True, True)
    assert ('"alarms": "before"' in diff["before"], '"alarms": "after"' in diff["after"]) == (True, True)
    run.protection = None
    assert "deploymentConfiguration" not in made.diff(run)["before"]


def test_what_runs_and_cannot_be_read_is_said_in_the_diff() -> None:
    made, _aws = a_deploy(describe_task_definition=refused_by_aws("DescribeTaskDefinition"))
    assert made.diff(a_run())["before"] == "(it cannot be read)\n"


def test_without_a_target_there_is_no_diff() -> None:
    made, aws = a_deploy()
    refused = DeployRun("web", "prod")
    refused.take_plan(planned_to(GoTo("42"), ON, Past(told(41)), None))
    assert made.diff(refused) == {"before": "", "after": ""}
    assert made.diff(DeployRun("web", "prod")) == {"before": "", "after": ""}
    assert aws.requests == []


# -- alarms that this run watches


class CloudWatch(FakeAws):
    """Alarms in these states, by name; each reading takes the next ones."""

    def __init__(self, *states: dict[str, str] | Exception) -> None:
        super().__init__(describe_alarms=[self._page(one) for one in states])

    @staticmethod
    def _page(states: dict[str, str] | Exception) -> t.Any:
        if isinstance(states, Exception):
            return states
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": state} for name, state in states.items()]}

    def client(self, service: str) -> t.Any:
        return types.SimpleNamespace(
            meta=types.SimpleNamespace(service_model=botocore.session.get_session().get_service_model(service))
        )


def bare_run() -> DeployRun:
    run = a_run()
    assert run.accepted is not None
    run.accepted = dataclasses.replace(run.accepted, going=dataclasses.replace(FORWARD, is_bare=True))
    return run


def test_an_alarm_that_rings_stops_a_task_set() -> None:
    aws, clock = CloudWatch({"errors": "OK"}, {"errors": "ALARM", "other": "ALARM"}), FakeClock()
    watch = AlarmWatch(aws, clock, ["errors"])
    run = bare_run()
    assert (watch(run), run.event) == ("", None)
    clock.sleep(0.5)
    assert watch(run) == "errors went into ALARM"
    assert run.event == ON_ALARM
    assert "alarms" not in [f.check for f in run.findings]


def test_one_reading_serves_all_services() -> None:
    aws, clock = CloudWatch({"errors": "ALARM"}), FakeClock()
    watch = AlarmWatch(aws, clock, ["errors"])
    assert [watch(bare_run()) for _run in range(3)] == ["errors went into ALARM"] * 3
    clock.sleep(0.3)
    watch(bare_run())
    assert len(aws.sent("describe_alarms")) == 1


def test_what_aws_itself_watches_is_not_watched_here() -> None:
    aws = CloudWatch()
    assert (AlarmWatch(aws, FakeClock(), ["errors"])(a_run()), aws.requests) == ("", [])


def test_alarms_that_cannot_be_read_are_said_once_and_stop_nothing() -> None:
    aws, clock = CloudWatch(*[refused_by_aws("DescribeAlarms")] * 2), FakeClock()
    watch, run = AlarmWatch(aws, clock, ["errors"]), bare_run()
    assert watch(run) == ""
    clock.sleep(2.0)
    assert watch(run) == ""
    [finding] = [f for f in run.findings if f.check == "alarms"]
    assert (finding.severity, "cloudwatch:DescribeAlarms" in finding.message) == ("unknown", True)


# -- the watch


class Follows:
    """In place of what follows a failure: returns these to be watched again, and remembers who it saw."""

    def __init__(self, *again: bool) -> None:
        self.saw: list[list[str]] = []
        self._again = list(again)

    def __call__(self, *_whole: t.Any) -> Follows:
        return self

    def follow(self, runs: t.Sequence[DeployRun]) -> list[DeployRun]:
        self.saw.append([run.name for run in runs])
        return list(runs) if self._again and self._again.pop(0) else []


def watched(monkeypatch: pytest.MonkeyPatch, follows: Follows, *ends: Outcome, wait: bool = True) -> Deploy:
    """A call whose services end like this, each time that they are watched."""
    made, _aws = a_deploy(wait=wait)
    for number, _end in enumerate(ends):
        run = a_run()
        run.name = f"web{number}"
        made.runs.append(run)

    def watch(runs: t.Sequence[DeployRun], _sweeper: object) -> None:
        for run in runs:
            run.end(ends[made.runs.index(run)], "as seen")

    mover = made._mover
    monkeypatch.setattr(deploy, "Aftermath", follows)
    monkeypatch.setattr(mover, "watch", watch)
    made._watch()
    return made


def test_only_what_failed_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    follows = Follows()
    made = watched(monkeypatch, follows, "deployed", "failed", "timeout", "superseded", "lost_contact")
    assert follows.saw[0] == ["web1", "web2"]
    assert [run.outcome for run in made.runs] == ["deployed", "failed", "timeout", "superseded", "lost_contact"]


def test_what_ended_before_a_stop_is_watched_again_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    follows = Follows(True, True, True, True)
    made = watched(monkeypatch, follows, "failed")
    assert follows.saw == [["web0"]] * 3
    assert (made.runs[0].outcome, made.runs[0].reason) == (
        "failed",
        "its end was one that could not be stopped, again and again",
    )


def test_without_waiting_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    follows = Follows()
    made = watched(monkeypatch, follows, "failed", wait=False)
    assert (made.runs[0].outcome, follows.saw) == ("started", [])


@pytest.mark.parametrize(("asked", "watches"), [((ON_ALARM,), True), (("DEPLOYMENT_FAILURE",), False), ((), False)])
def test_alarms_are_watched_only_if_asked_for(asked: tuple[str, ...], watches: bool) -> None:
    made, _aws = a_deploy(*asked)
    assert (made._stops() is not None) is watches


@pytest.mark.parametrize(("outcome", "is_over"), [("deployed", True), ("timeout", False), ("lost_contact", False)])
def test_a_call_goes_through_all_of_it_in_order(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome, is_over: bool
) -> None:
    done: list[str] = []
    made, _aws = a_deploy()
    run = a_run(outcome=outcome)
    made.runs.append(run)
    for name in ("plan", "begin", "make_room"):
        monkeypatch.setattr(made._mover, name, lambda name=name: done.append(name))
    for name in ("_watch", "_take_marks_back"):
        monkeypatch.setattr(made, name, lambda name=name: done.append(name))
    said: list[str] = []
    noted: list[str] = []
    monkeypatch.setattr(deploy.progress, "say", said.append)
    monkeypatch.setattr(deploy.progress, "note", lambda key, **what: noted.append(key) if not what else None)
    assert made.run() == [run]
    assert said == [f"[web] {run.line}"]
    # If the play is interrupted, there is no more to say about what is over.
    assert noted.count("web") == is_over
    assert done == ["plan", "begin", "make_room", "_watch", "_take_marks_back"]
    assert run.protection is not None
    assert "ended" in run.timings


# -- marks

MARKED = task_definition(42, bad="2026-11-19T12:00:00Z leaks")


@pytest.mark.parametrize(
    ("target", "outcome", "asked"),
    [
        (MARKED, "deployed", True),
        (MARKED, "failed", False),
        (MARKED, "timeout", False),
        (task_definition(42), "deployed", False),
    ],
)
@pytest.mark.parametrize("check", [recorder.UNMARKED, "mark"])
def test_a_version_that_was_marked_bad_and_came_up_is_not_bad(
    monkeypatch: pytest.MonkeyPatch, target: TaskDefinition, outcome: Outcome, asked: bool, check: str
) -> None:
    asked_for: list[str] = []

    def take_back(_aws: object, _service: object, version: str) -> list[Finding]:
        asked_for.append(version)
        return [Finding(check, "info", "as it went")]

    monkeypatch.setattr(recorder, "take_back", take_back)
    made, _aws = a_deploy()
    run = a_run(target, outcome)
    run.findings = []
    made.runs.append(run)
    made._take_marks_back()
    assert asked_for == ([arn(42)] if asked else [])
    assert [f.check for f in run.findings] == ([check] if asked else [])
    # A mark that could not be removed is no change.
    assert run.changed is (asked and check == recorder.UNMARKED)


def test_what_was_changed_before_stays_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "take_back", lambda *_all: [Finding("mark", "warn", "it stays")])
    made, _aws = a_deploy()
    run = a_run(MARKED, "deployed")
    run.changed = True
    made.runs.append(run)
    made._take_marks_back()
    assert run.changed


def test_a_run_without_a_plan_has_no_marks_to_take_back() -> None:
    made, aws = a_deploy()
    made.runs.append(DeployRun("web", "prod", outcome="deployed"))
    made._take_marks_back()
    made._note_protection(made.runs[0])
    assert (aws.requests, made.runs[0].protection) == ([], None)


def test_what_protects_is_noted_for_the_result() -> None:
    made, _aws = a_deploy()
    run = a_run()
    made._note_protection(run)
    assert run.protection is not None
