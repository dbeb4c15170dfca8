# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A call from plan to finish, with plans made by hand and an AWS that is a dictionary."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Finding, Revision, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import rollback, rollback_run
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Order, Rollback
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    connection_lost,
    deployment,
    planned,
    raw_service,
    refused_by_aws,
    revision,
    service,
    told,
)

PAST = told(40, 41, 42)


class World(FakeAws):
    """Services by name. An UpdateService is complete at once; what goes wrong is scripted by ``answers``."""

    def __init__(self, *services: Service, **answers: t.Any) -> None:
        super().__init__(
            describe_services=self._describe,
            update_service=self._update,
            tag_resource={},
            untag_resource={},
            describe_service_revisions={"serviceRevisions": []},
            list_tasks={"taskArns": []},
            # Its marks cannot be read again before it is marked: those of the plan count.
            describe_task_definition=refused_by_aws("DescribeTaskDefinition"),
        )
        self.answers.update(answers)
        self.services = {s.name: s for s in services}

    def _describe(self, **params: t.Any) -> t.Any:
        return {"services": [raw_service(self.services[name]) for name in params["services"]]}

    def _update(self, **params: t.Any) -> t.Any:
        name = params["service"]
        before = self.services[name]
        deployments = before.deployments
        if "taskDefinition" in params:
            deployments = (deployment(params["taskDefinition"], f"ecs-svc/ours-{name}"),)
        wanted = params.get("desiredCount", before.desired)
        if wanted != before.desired:
            deployments = tuple(dataclasses.replace(d, desired=wanted, running=wanted) for d in deployments)
        running = before.running + wanted - before.desired
        self.services[name] = dataclasses.replace(before, deployments=deployments, desired=wanted, running=running)
        return {"service": raw_service(self.services[name])}

    @property
    def written(self) -> list[str]:
        """What was written, in order: operation and service."""
        return [f"{name} {p.get('service', '')}" for name, p in self.requests if name.startswith(("update", "stop"))]

    @property
    def tags(self) -> dict[str, str]:
        return {tag["key"]: tag["value"] for sent in self.sent("tag_resource") for tag in sent["tags"]}


class Planner:
    """Hands out the plans it was given, one list after the other."""

    plans: t.ClassVar[list[dict[str, Plan | Refusal]]] = []

    binds: t.Final = False

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        self.goal = args[2]
        self.asked = 0

    def make_plans(self, names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        made = self.plans[min(self.asked, len(self.plans) - 1)]
        self.asked += 1
        return {name: made[name] for name in names}


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(progress, "say", said.append)
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    monkeypatch.setattr(rollback, "Planner", Planner)
    monkeypatch.setattr(Planner, "plans", [])
    return said


def bad(name: str = "web", *deployments: Deployment, **changes: t.Any) -> Service:
    return service(*(deployments or (deployment(42, f"ecs-svc/old-{name}"),)), name=name, **changes)


def act(world: World, *plans: dict[str, Plan | Refusal], **order: t.Any) -> Rollback:
    Planner.plans[:] = plans or [{s.name: planned(s, PAST) for s in world.services.values()}]
    order = {
        "cluster": "prod",
        "services": list(Planner.plans[0]),
        "goal": GoBack(Selection()),
        **order,
    }
    call = Rollback(world, Order(**order), FakeClock())
    call.run()
    return call


def proved(made: Plan, by: Revision) -> Plan:
    """The same plan, to a target that this service revision proved good."""
    candidates = [
        dataclasses.replace(c, revision=by) if c.task_definition == by.task_definition else c for c in made.candidates
    ]
    return dataclasses.replace(made, candidates=tuple(candidates))


def outcomes(call: Rollback) -> dict[str, str | None]:
    return {run.name: run.outcome for run in call.runs}


def only(call: Rollback) -> RollbackRun:
    (run,) = call.runs
    return run


def checks(run: RollbackRun) -> list[str]:
    return [f.check for f in run.findings]


# -- all goes well


def test_from_plan_to_finish(lines: list[str]) -> None:
    world = World(bad())
    call = act(world, reason="500s since 13:52")
    run = only(call)
    assert (run.outcome, run.changed, call.too_many_failed) == ("rolled_back", True, False)
    assert world.written == ["update_service web"]
    assert [(sent["resourceArn"], [tag["key"] for tag in sent["tags"]]) for sent in world.sent("tag_resource")] == [
        (bad().arn, ["lastgood:rollback"]),
        (arn(42), ["lastgood:bad", "lastgood:bad-of"]),
        (bad().arn, ["lastgood:rollback-done"]),
    ]
    assert world.tags["lastgood:bad"].endswith("500s since 13:52")
    run_id, at, *rest = world.tags["lastgood:rollback"].split(" ")
    assert (at, rest) == ("2026-11-20T16:00:00Z", ["ecs-svc/old-web", "web:42", "web:41", "back", "-"])
    assert world.tags["lastgood:rollback-done"].split(" ")[0] == run_id
    assert set(run.timings) == {"planned", "accepted", "serving", "stable", "ended"}
    assert "web:42 → web:41" in lines[-1]
    assert 'web:42 is marked bad: "500s since 13:52"' in lines[-1]


def test_nothing_is_tagged_where_marks_are_not_wanted() -> None:
    world = World(bad())
    run = only(act(world, mark=False))
    assert (run.outcome, world.sent("tag_resource")) == ("rolled_back", [])


def test_without_waiting_nothing_is_claimed_and_nothing_marked_bad() -> None:
    world = World(bad())
    run = only(act(world, wait=False))
    assert (run.outcome, run.changed) == ("started", True)
    assert list(world.tags) == ["lastgood:rollback"]
    # one look before the write, none after it
    assert len(world.sent("describe_services")) == 1


def test_check_mode_writes_nothing() -> None:
    world = World(bad())
    run = only(act(world, check_mode=True))
    assert (run.outcome, run.changed, world.requests) == ("planned", True, [])
    running = planned(service(deployment(41, rollout="IN_PROGRESS")), told(41, 42, (41, "IN_PROGRESS")))
    adopted = only(act(World(), {"web": running}, check_mode=True))
    assert (adopted.outcome, adopted.changed) == ("planned", False)


def test_what_is_settled_is_left_alone() -> None:
    world = World(service(41))
    run = only(act(world, {"web": planned(service(41), told(41, 42, 41))}))
    assert (run.outcome, run.changed, world.requests) == ("unchanged", False, [])


def test_a_running_rollback_is_followed_and_marked_and_not_written_again() -> None:
    on = service(deployment(41, "ecs-svc/theirs"))
    flying = dataclasses.replace(on, deployments=(deployment(41, "ecs-svc/theirs", rollout="IN_PROGRESS"),))
    world = World(on)
    run = only(act(world, {"web": planned(flying, told(41, 42, (41, "IN_PROGRESS")))}))
    assert (run.outcome, world.written) == ("rolled_back", [])
    assert [sent["tags"][0]["key"] for sent in world.sent("tag_resource")] == [
        "lastgood:rollback",
        "lastgood:bad",
        "lastgood:rollback-done",
    ]


# -- marks that cannot be set


def test_tagging_denied_is_a_warning_said_once() -> None:
    world = World(bad(), tag_resource=refused_by_aws("TagResource"))
    run = only(act(world))
    assert run.outcome == "rolled_back"
    warned = [f for f in run.findings if f.severity == "warn"]
    assert sorted(f.check for f in warned) == ["mark", "service_tags"]
    assert any("web:42 was not marked bad" in f.message and "ecs:TagResource" in f.message for f in warned)
    assert len(world.sent("tag_resource")) == 2


# -- many services, and how many may go wrong


def refusal(name: str) -> Refusal:
    return Refusal(name, f"there is no service {name}", (Finding("service_missing", "block", "no"),))


def test_by_default_nothing_is_written_when_one_cannot_be_rolled_back() -> None:
    services = [bad(f"web{n}") for n in range(3)]
    world = World(*services)
    call = act(world, {**{s.name: planned(s, PAST) for s in services}, "gone": refusal("gone")})
    held_back = {f"web{n}": "not_attempted" for n in range(3)}
    assert outcomes(call) == {**held_back, "gone": "refused"}
    assert rollback_run.summary(call.runs).startswith("4 services: 1 refused, 3 not_attempted. [gone] refused: ")
    assert (world.written, call.too_many_failed) == ([], True)
    assert call.runs[0].reason == ("it was not started, because gone ended as refused and max_fail_percentage is 0")


@pytest.mark.parametrize(
    ("percentage", "services", "refused", "held_back"),
    [(0, 9, 1, True), (9, 9, 1, True), (10, 9, 1, False), (10, 8, 2, True), (20, 8, 2, False), (100, 1, 9, False)],
)
def test_max_fail_percentage(percentage: float, services: int, refused: int, held_back: bool) -> None:
    here = [bad(f"web{n}") for n in range(services)]
    world = World(*here)
    plans: dict[str, Plan | Refusal] = {s.name: planned(s, PAST) for s in here}
    plans.update({f"gone{n}": refusal(f"gone{n}") for n in range(refused)})
    call = act(world, plans, max_fail_percentage=percentage)
    assert len(world.written) == (0 if held_back else services)
    assert call.too_many_failed is held_back
    assert list(outcomes(call).values()).count("rolled_back") == len(world.written)


def test_the_line_stops_in_the_middle_of_a_batch() -> None:
    services = [bad(f"web{n}") for n in range(4)]
    world = World(*services)
    answer = world.answers["update_service"]
    world.answers["update_service"] = lambda **p: (
        refused_by_aws("UpdateService") if p["service"] == "web1" else answer(**p)
    )
    call = act(world)
    assert outcomes(call) == {
        "web0": "rolled_back",
        "web1": "refused",
        "web2": "not_attempted",
        "web3": "not_attempted",
    }
    assert world.written == ["update_service web0", "update_service web1"]
    assert "because web1 ended as refused" in call.runs[2].reason


def test_ten_services_are_looked_at_together_before_they_are_written() -> None:
    """But for the first, which goes alone."""
    services = [bad(f"web{n}") for n in range(10)]
    world = World(*services)
    call = act(world, wait=False)
    assert set(outcomes(call).values()) == {"started"}
    assert [len(sent["services"]) for sent in world.sent("describe_services")] == [1, 9]


def test_the_last_look_fails() -> None:
    world = World(bad(), describe_services=refused_by_aws("DescribeServices"))
    run = only(act(world))
    assert (run.outcome, run.changed, world.written) == ("refused", False, [])
    assert "the last look before the write failed" in run.reason
    assert "ecs:DescribeServices" in run.reason


# -- the write goes wrong


def test_a_write_that_is_denied_wrote_nothing() -> None:
    world = World(bad(), update_service=refused_by_aws("UpdateService"))
    run = only(act(world))
    assert (run.outcome, run.changed) == ("refused", False)
    assert "ecs:UpdateService" in run.reason
    # What was announced is taken back.
    assert [list(sent["tagKeys"]) for sent in world.sent("untag_resource")] == [["lastgood:rollback"]]
    assert world.requests[-1][0] == "untag_resource"
    assert rollback_run.final_line(run).endswith("Nothing was written")


def test_a_write_of_which_nothing_is_known_is_not_called_unwritten(lines: list[str]) -> None:
    world = World(bad(), update_service=connection_lost())
    first = world.answers["describe_services"]
    world.answers["describe_services"] = [first, refused_by_aws("DescribeServices")]
    run = only(act(world))
    assert (run.outcome, run.changed) == ("lost_contact", True)
    assert "whether AWS applied it is not known" in run.reason
    assert "Run the same command again" in run.reason
    assert "Nothing was written" not in lines[-1]


# -- the plan goes stale


def stale(now: Service, again: Plan | Refusal, past: History = PAST) -> tuple[World, RollbackRun]:
    """The service is ``now`` when it is looked at before the write, and ``again`` is planned then."""
    world = World(now)
    return world, only(act(world, {"web": planned(bad(), past)}, {"web": again}))


def test_the_same_version_deployed_once_more_is_planned_again() -> None:
    now = bad("web", deployment(42, "ecs-svc/newer"))
    world, run = stale(now, planned(now, told(40, 41, 42, 42)))
    assert (run.outcome, world.written) == ("rolled_back", ["update_service web"])


def test_something_newer_needs_somebody_s_decision() -> None:
    now = bad("web", deployment(43, "ecs-svc/newer"))
    world, run = stale(now, planned(now, told(40, 41, 42, 43)))
    assert (run.outcome, run.changed, world.written) == ("refused", False, [])
    assert "somebody deployed web:43 while this rollback from web:42 was being prepared" in run.reason
    assert "run the same command again" in run.reason


def test_a_rollback_that_somebody_began_meanwhile_is_adopted() -> None:
    now = bad("web", deployment(41, "ecs-svc/theirs"))
    flying = bad("web", deployment(41, "ecs-svc/theirs", rollout="IN_PROGRESS"))
    again = planned(flying, told(40, 41, 42, (41, "IN_PROGRESS")))
    world = World(now)
    run = only(act(world, {"web": planned(bad(), PAST)}, {"web": dataclasses.replace(again, service=now)}))
    assert (run.outcome, world.written) == ("rolled_back", [])


def test_a_service_that_went_away_meanwhile() -> None:
    gone = bad(status="INACTIVE")
    world, run = stale(gone, planned(gone, PAST))
    assert (run.outcome, world.written) == ("refused", [])
    assert "service web is INACTIVE" in run.reason


def test_a_service_that_changes_all_the_time() -> None:
    world = World(bad("web", deployment(42, "ecs-svc/other")))
    run = only(act(world, {"web": planned(bad(), PAST)}))
    assert (run.outcome, world.written) == ("refused", [])
    assert "changed under the plan 3 times" in run.reason


def test_a_deployment_that_ended_before_it_could_be_stopped_is_rolled_back_afterwards() -> None:
    flying = bad("web", deployment(42, "ecs-svc/old-web", rollout="IN_PROGRESS"))
    first = planned(flying, told(40, 41, (42, "IN_PROGRESS")))
    world = World(bad(), stop_service_deployment=refused_by_aws("StopServiceDeployment", "ConflictException"))
    run = only(act(world, {"web": first}, {"web": planned(bad(), PAST)}))
    assert first.method == "stop_deployment"
    assert (run.outcome, world.written) == ("rolled_back", ["stop_service_deployment ", "update_service web"])


def test_a_stop_that_came_too_late_is_followed_by_an_update() -> None:
    flying = bad("web", deployment(42, "ecs-svc/old-web", rollout="IN_PROGRESS"))
    first = planned(flying, told(40, 41, (42, "IN_PROGRESS")))
    assert first.running is not None
    ended = {"serviceDeploymentArn": first.running.id, "status": "SUCCESSFUL"}
    world = World(bad(), stop_service_deployment={}, describe_service_deployments={"serviceDeployments": [ended]})
    run = only(act(world, {"web": first}, {"web": planned(bad(), PAST)}))
    assert (run.outcome, run.changed) == ("rolled_back", True)
    assert world.written == ["stop_service_deployment ", "update_service web"]


def test_a_refusal_after_a_write_does_not_say_that_nothing_was_written(lines: list[str]) -> None:
    flying = bad("web", deployment(42, "ecs-svc/old-web", rollout="IN_PROGRESS"))
    first = planned(flying, told(40, 41, (42, "IN_PROGRESS")))
    assert first.running is not None
    ended = {"serviceDeploymentArn": first.running.id, "status": "SUCCESSFUL"}
    world = World(bad(), stop_service_deployment={}, describe_service_deployments={"serviceDeployments": [ended]})
    run = only(act(world, {"web": first}, {"web": refusal("web")}))
    assert (run.outcome, run.changed) == ("refused", True)
    assert "Nothing was written" not in lines[-1]


# -- after the end


def test_the_task_count_is_set_after_ecs_s_own_rollback() -> None:
    on = service(deployment(41, "ecs-svc/41"))
    world = World(
        on,
        describe_service_deployments={"serviceDeployments": [{"serviceDeploymentArn": "x", "status": "?"}]},
    )
    made = planned(service(deployment(41, "ecs-svc/41")), told(40, 41, (42, "ROLLBACK_IN_PROGRESS", 41)), tasks=8)
    assert made.running is not None
    ended = {"serviceDeploymentArn": made.running.id, "status": "ROLLBACK_SUCCESSFUL"}
    world.answers["describe_service_deployments"] = {"serviceDeployments": [ended]}
    run = only(act(world, {"web": made}, goal=GoBack(Selection(), tasks=8)))
    assert (run.outcome, run.changed) == ("rolled_back", True)
    assert [sent.get("desiredCount") for sent in world.sent("update_service")] == [8]


def test_a_task_count_that_cannot_be_set_is_a_warning() -> None:
    made = planned(service(deployment(41, "ecs-svc/41")), told(40, 41, (42, "ROLLBACK_IN_PROGRESS", 41)), tasks=8)
    assert made.running is not None
    ended = {"serviceDeploymentArn": made.running.id, "status": "ROLLBACK_SUCCESSFUL"}
    world = World(
        service(deployment(41, "ecs-svc/41")),
        describe_service_deployments={"serviceDeployments": [ended]},
        update_service=refused_by_aws("UpdateService"),
    )
    run = only(act(world, {"web": made}, goal=GoBack(Selection(), tasks=8)))
    assert run.outcome == "rolled_back"
    assert any(f.check == "tasks" and "still 4, not 8" in f.message for f in run.findings)


@pytest.mark.parametrize(
    ("good", "after", "moved"),
    [("sha256:a", "sha256:b", True), ("sha256:a", "sha256:a", False), ("", "sha256:b", False)],
)
def test_an_image_that_moved_behind_its_tag_is_told(good: str, after: str, moved: bool) -> None:
    now = bad(revision_arns=("arn:revision",))
    made = proved(planned(now, PAST), revision(41, good))
    images = [{"containerName": "app", "imageDigest": after}]
    world = World(
        now,
        describe_service_revisions={
            "serviceRevisions": [
                {"serviceRevisionArn": "arn:revision", "taskDefinition": arn(41), "containerImages": images}
            ]
        },
    )
    run = only(act(world, {"web": made}))
    assert run.outcome == "rolled_back"
    told_of = [f for f in run.findings if f.check == "image_identity" and f.severity == "warn"]
    assert bool(told_of) is moved
    assert not moved or "app@sha256:a" in told_of[0].message


@pytest.mark.parametrize("order", [["new", "old"], ["old", "new"]])
def test_images_are_compared_with_those_of_the_target_while_the_old_tasks_drain(order: list[str]) -> None:
    now = bad(revision_arns=tuple(f"arn:{name}" for name in order))
    made = proved(planned(now, PAST), revision(41, "sha256:a"))
    seen = [
        {
            "serviceRevisionArn": f"arn:{name}",
            "taskDefinition": arn(number),
            "containerImages": [{"containerName": "app", "imageDigest": digest}],
        }
        for name, number, digest in (("new", 41, "sha256:a"), ("old", 42, "sha256:b"))
    ]
    run = only(act(World(now, describe_service_revisions={"serviceRevisions": seen}), {"web": made}))
    assert run.outcome == "rolled_back"
    assert [f for f in run.findings if f.check == "image_identity"] == []
    assert run.revision_after is not None
    assert run.revision_after.arn == "arn:new"


def test_images_that_cannot_be_compared_are_unknown() -> None:
    now = bad(revision_arns=("arn:revision",))
    world = World(now, describe_service_revisions=refused_by_aws("DescribeServiceRevisions"))
    run = only(act(world, {"web": planned(now, PAST)}))
    assert run.outcome == "rolled_back"
    assert any(f.check == "image_identity" and f.severity == "unknown" for f in run.findings)


class Deregistrar:
    asked: t.ClassVar[list[str]] = []

    def __init__(self, aws: t.Any) -> None:
        pass

    def deregister(self, name: str) -> tuple[bool, Finding]:
        self.asked.append(name)
        return True, Finding("deregister", "info", "gone")


def test_what_was_left_is_deregistered_only_after_it_was_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback, "Deregistrar", Deregistrar)
    Deregistrar.asked.clear()
    run = only(act(World(bad()), goal=GoBack(Selection(), deregister=True)))
    assert (run.outcome, run.deregistered, Deregistrar.asked) == ("rolled_back", arn(42), [arn(42)])
    denied = World(bad(), update_service=refused_by_aws("UpdateService"))
    Deregistrar.asked.clear()
    run = only(act(denied, goal=GoBack(Selection(), deregister=True)))
    assert (run.outcome, run.deregistered, Deregistrar.asked) == ("refused", None, [])


def test_the_version_in_service_is_neither_marked_nor_deregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    # A deployment of web:42 failed and is deployed once more: nothing is left.
    monkeypatch.setattr(rollback, "Deregistrar", Deregistrar)
    Deregistrar.asked.clear()
    failed = bad("web", deployment(42, "ecs-svc/old-web", rollout="FAILED"))
    world = World(failed)
    goal = GoBack(Selection(revision="42"), deregister=True)
    run = only(act(world, {"web": planned(failed, PAST, goal.selection)}, goal=goal))
    assert (run.outcome, run.deregistered, Deregistrar.asked) == ("rolled_back", None, [])
    assert "lastgood:bad" not in world.tags
