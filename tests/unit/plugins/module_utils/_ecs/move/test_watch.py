# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that looks, on a clock that only sleeping moves."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    accepted_run,
    arn,
    at,
    connection_lost,
    deployment,
    new_run,
    planned,
    raw_service,
    refused_by_aws,
    service,
    told,
)

OLD = service(deployment(42, "ecs-svc/old"))
GOING = service(
    deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS", running=2),
    deployment(42, "ecs-svc/old", status="ACTIVE", running=2),
)
SERVING = service(
    deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS"), deployment(42, "ecs-svc/old", status="ACTIVE", running=0)
)
STABLE = service(deployment(41, "ecs-svc/ours"))
BACK = service(
    deployment(42, "ecs-svc/old"),
    deployment(41, "ecs-svc/ours", status="ACTIVE", rollout="FAILED", running=0, rollout_reason="circuit breaker"),
)
OVER = service(deployment(43, "ecs-svc/theirs", rollout="IN_PROGRESS"))
NOTHING_STOPPED: dict[str, t.Any] = {
    "list_tasks": lambda **params: {"taskArns": []},
    "list_service_deployments": lambda **params: {"serviceDeployments": []},
}


# Seconds between two looks here, unless a test asks for another time. How long they are: test_run.
LOOKS = 2.0


def every(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Look every so many seconds, from now on."""
    monkeypatch.setattr(watch, "sweep_interval", lambda tracks, now: seconds)
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(progress, "say", said.append)
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    every(monkeypatch, LOOKS)
    return said


def looks(*now: Service | Exception | dict[str, t.Any]) -> t.Callable[..., t.Any]:
    """DescribeServices answers one after the other, the last one from then on."""
    answers = itertools.chain(now[:-1], itertools.repeat(now[-1]))

    def describe(**params: t.Any) -> t.Any:
        found = next(answers)
        return {"services": [raw_service(found)]} if isinstance(found, Service) else found

    return describe


def watching(
    *now: Service | Exception | dict[str, t.Any],
    run: RollbackRun | None = None,
    wait_until: watch.WaitUntil = "stable",
    wait_timeout: float = 60,
    contact_timeout: float = 30,
    **answers: t.Any,
) -> tuple[RollbackRun, list[RollbackRun], FakeClock, FakeAws]:
    run = run or accepted_run(planned(OLD, told(41, 42)))
    aws, clock = FakeAws(describe_services=looks(*now), **{**NOTHING_STOPPED, **answers}), FakeClock()
    sweeper: watch.Sweeper[RollbackRun] = watch.Sweeper(
        aws, clock, wait_until, wait_timeout, contact_timeout, clock.monotonic()
    )
    again = sweeper.watch([run])
    return run, again, clock, aws


def test_it_watches_until_stable(lines: list[str]) -> None:
    run, again, clock, _aws = watching(GOING, SERVING, STABLE)
    assert (run.outcome, again) == ("rolled_back", [])
    assert run.service is not None
    assert run.service.deployments == STABLE.deployments
    assert run.timings == {"serving": 2.0, "stable": 4.0}
    assert clock.seconds == 1004.0
    assert lines == [
        "[web] 2/4 on web:41, 2 on web:42, 0 s",
        "[web] 4/4 on web:41, old tasks draining, 2 s",
        "[web] 4/4 on web:41, 4 s",
    ]


def test_it_returns_when_serving_where_that_is_asked() -> None:
    run, _again, clock, _aws = watching(GOING, SERVING, STABLE, wait_until="serving")
    assert (run.outcome, clock.seconds, run.timings) == ("rolled_back", 1002.0, {"serving": 2.0})
    assert "may still drain" in run.reason


BALANCED = ({"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/blue/1"},)


def health(*looks_at: list[str]) -> list[dict[str, t.Any]]:
    return [{"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in found]} for found in looks_at]


def balanced(now: Service) -> Service:
    return dataclasses.replace(now, load_balancers=BALANCED)


def test_behind_load_balancers_it_is_serving_when_its_targets_are_healthy(lines: list[str]) -> None:
    run, _again, clock, _aws = watching(
        *(balanced(now) for now in (GOING, SERVING, SERVING, SERVING)),
        wait_until="serving",
        describe_target_health=health(["initial"] * 4, ["healthy", "healthy", "initial", "initial"], ["healthy"] * 4),
    )
    assert (run.outcome, clock.seconds, run.timings) == ("rolled_back", 1006.0, {"serving": 6.0})
    assert "takes all the traffic" in run.reason
    assert lines[1] == "[web] 4/4 on web:41, old tasks draining, 0 of 4 targets healthy in blue, 2 s"
    assert lines[2] == "[web] 4/4 on web:41, old tasks draining, 2 of 4 targets healthy in blue, 4 s"


def test_where_the_health_of_targets_cannot_be_read_nothing_is_claimed() -> None:
    run, _again, clock, _aws = watching(
        *(balanced(now) for now in (GOING, SERVING, STABLE)),
        wait_until="serving",
        describe_target_health=refused_by_aws("DescribeTargetHealth"),
    )
    assert (run.outcome, clock.seconds, run.timings) == ("rolled_back", 1002.0, {})
    assert "traffic" not in run.reason
    assert "whether its load balancers find them healthy is not known" in run.reason
    assert [(f.check, f.severity) for f in run.findings if f.check == "target_health"] == [("target_health", "unknown")]
    assert run.diagnosis is not None
    assert "elasticloadbalancing:DescribeTargetHealth" in run.diagnosis.unknown[0]


def test_who_waits_for_stable_asks_no_load_balancer() -> None:
    run, _again, _clock, aws = watching(*(balanced(now) for now in (GOING, SERVING, STABLE)))
    assert (run.outcome, run.timings) == ("rolled_back", {"serving": 4.0, "stable": 4.0})
    assert aws.sent("describe_target_health") == []


@pytest.mark.parametrize("wait_until", ["stable", "serving"])
def test_stable_at_the_first_look_is_serving_too(wait_until: watch.WaitUntil) -> None:
    run, _again, clock, _aws = watching(STABLE, wait_until=wait_until)
    assert (run.outcome, run.timings, clock.seconds) == ("rolled_back", {"serving": 0.0, "stable": 0.0}, 1000.0)
    assert "nothing of the other versions is left" in run.reason


def test_a_rollout_that_ecs_gave_up_on() -> None:
    run, _again, _clock, _aws = watching(GOING, BACK)
    assert run.outcome == "failed"
    assert run.reason == "web:41 does not come up: circuit breaker"


def test_what_ecs_says_is_told_with_what_the_tasks_say() -> None:
    run, _again, _clock, _aws = watching(
        GOING,
        BACK,
        list_tasks=lambda **params: {"taskArns": ["a"] if params["desiredStatus"] == "STOPPED" else []},
        describe_tasks=lambda **params: {
            "tasks": [{"taskArn": "a", "startedBy": "ecs-svc/ours", "stopCode": "TaskFailedToStart"}]
        },
    )
    assert run.reason == "web:41 does not come up: TaskFailedToStart (1 of 1 failed tasks). ECS: circuit breaker"


def test_a_rollout_that_failed_with_nothing_healthy() -> None:
    broken = service(deployment(41, "ecs-svc/ours", rollout="FAILED", running=1))
    assert watching(broken)[0].outcome == "rollback_failed"
    none = dataclasses.replace(broken, desired=0)
    assert watching(none)[0].outcome == "failed"


def test_a_crash_loop_is_certain_before_the_time_is_up() -> None:
    crashing = service(
        deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS", running=0, failed=3),
        deployment(42, "ecs-svc/old", status="ACTIVE"),
    )
    crashed = {
        "startedBy": "ecs-svc/ours",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"exitCode": 1}],
        "startedAt": at(1),
    }
    stopped = {"STOPPED": ["a", "b", "c"], "RUNNING": []}
    run, _again, clock, aws = watching(
        crashing,
        list_tasks=lambda **params: {"taskArns": stopped[params["desiredStatus"]]},
        describe_tasks=lambda **params: {"tasks": [{"taskArn": a, **crashed} for a in params["tasks"]]},
    )
    assert (run.outcome, clock.seconds) == ("failed", 1000.0)
    assert "Essential container in task exited (exit code 1) (3 of 3 failed tasks)" in run.reason
    assert run.diagnosis is not None
    assert len(run.diagnosis.stopped) == 3
    assert aws.sent("list_tasks")


def test_what_an_earlier_look_found_is_kept() -> None:
    # Stopped tasks vanish from the list.
    stopping = service(
        deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS", running=0, failed=1),
        deployment(42, "ecs-svc/old", status="ACTIVE"),
    )
    first = itertools.chain([["a"]], itertools.repeat([]))
    run, _again, _clock, _aws = watching(
        stopping,
        list_tasks=lambda **params: {"taskArns": next(first) if params["desiredStatus"] == "STOPPED" else []},
        describe_tasks=lambda **params: {
            "tasks": [{"taskArn": "a", "startedBy": "ecs-svc/ours", "stopCode": "TaskFailedToStart"}]
        },
    )
    assert run.outcome == "timeout"
    assert run.diagnosis is not None
    assert [s.arn for s in run.diagnosis.stopped] == ["a"]
    assert "TaskFailedToStart (1 of 1 failed tasks)" in run.reason


def test_the_time_is_up() -> None:
    run, _again, clock, _aws = watching(GOING, wait_timeout=60)
    assert run.outcome == "timeout"
    assert run.reason.startswith("still going after 60 s (2/4 on web:41, 2 on web:42)")
    assert "Nothing was undone. Run the same command again to go on watching it" in run.reason
    assert 1060 <= clock.seconds <= 1062


def test_a_heartbeat_goes_out_while_nothing_changes(lines: list[str]) -> None:
    watching(GOING, wait_timeout=90)
    beats = [line for line in lines if line.startswith("[web] 2/4 on web:41, 2 on web:42, ")]
    assert len(beats) == 4
    seconds = [int(line.rpartition(", ")[2].removesuffix(" s")) for line in beats]
    assert max(b - a for a, b in itertools.pairwise(seconds)) <= 30


def test_an_orphan_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "orphaned", lambda: True)
    with pytest.raises(Orphaned):
        watching(GOING)


# -- answers that say nothing


NO_ANSWER = pytest.mark.parametrize(
    "answer",
    [
        connection_lost(),
        refused_by_aws("DescribeServices", "ThrottlingException"),
        refused_by_aws("DescribeServices", "ServerException"),
        {},
        {"services": []},
        {"services": [], "failures": [{"arn": "web", "reason": "MISSING"}]},
    ],
    ids=["connection", "throttled", "server", "cut", "empty", "missing"],
)


@NO_ANSWER
def test_looks_that_fail_are_outlasted(answer: t.Any, lines: list[str]) -> None:
    run, _again, clock, _aws = watching(GOING, *[answer] * 14, STABLE)
    assert (run.outcome, clock.seconds) == ("rolled_back", 1030.0)
    assert lines[1].startswith("[web] no contact with AWS for 6 s (")
    assert lines[1].endswith("), asking again for 24 s")
    assert lines[-1] == "[web] 4/4 on web:41, 30 s"


@NO_ANSWER
def test_contact_that_does_not_come_back(answer: t.Any) -> None:
    run, _again, clock, _aws = watching(GOING, answer)
    assert (run.outcome, clock.seconds) == ("lost_contact", 1032.0)
    assert run.reason.startswith(
        "AWS has accepted the deployment of web:41 (ecs-svc/ours), and then contact was lost for 30 s: "
    )
    assert run.reason.endswith(
        "It was last seen at 2/4 on web:41, 2 on web:42. Nothing was undone. The same command goes on watching it"
    )


@NO_ANSWER
def test_waiting_never_goes_past_its_own_time(answer: t.Any) -> None:
    run, _again, clock, _aws = watching(GOING, GOING, answer, wait_timeout=10, contact_timeout=300)
    assert (run.outcome, clock.seconds) == ("lost_contact", 1010.0)
    assert "contact was lost for 6 s" in run.reason


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "ClusterNotFoundException"])
def test_an_answer_ends_it_at_once(code: str) -> None:
    run, _again, clock, _aws = watching(GOING, refused_by_aws("DescribeServices", code))
    assert (run.outcome, clock.seconds) == ("lost_contact", 1002.0)
    assert "(ecs-svc/ours), and then AWS refused to say more: Failed to describe" in run.reason
    assert code in run.reason


def test_while_contact_is_lost_it_is_not_silent(lines: list[str]) -> None:
    watching(GOING, connection_lost(), wait_timeout=200, contact_timeout=120)
    beats = [int(line.partition(" for ")[2].partition(" s (")[0]) for line in lines if "no contact" in line]
    assert beats[0] == 6
    assert max(b - a for a, b in itertools.pairwise(beats)) <= 30
    assert 120 - beats[-1] <= 30


def test_calls_that_hang_one_after_the_other_are_no_silence(lines: list[str]) -> None:
    runs = [
        accepted_run(planned(dataclasses.replace(OLD, name=f"web{n}", arn=f"arn:{n}"), told(41, 42))) for n in range(40)
    ]
    clock, said_at = FakeClock(), [1000.0]

    def hang(**params: t.Any) -> t.Any:
        clock.sleep(20)
        said_at.extend([clock.monotonic()] * (len(lines) - len(said_at) + 1))
        raise connection_lost()

    aws = FakeAws(describe_services=hang, **NOTHING_STOPPED)
    watch.Sweeper(aws, clock, "stable", 400, 300, clock.monotonic()).watch(runs)
    assert {run.outcome for run in runs} == {"lost_contact"}
    assert max(b - a for a, b in itertools.pairwise([*said_at, clock.monotonic()])) <= 60


def test_an_answer_from_before_the_write_is_no_failure() -> None:
    # ECS is eventually consistent: the first looks may not list what it has accepted.
    assert watching(OLD, OLD, GOING, STABLE)[0].outcome == "rolled_back"


def test_a_deployment_that_is_gone_for_good_is_a_failure() -> None:
    run = watching(OLD)[0]
    assert (run.outcome, "ECS went back to web:42 by itself" in run.reason) == ("failed", True)
    # Once it was listed three looks are enough.
    run, _again, clock, _aws = watching(GOING, OLD)
    assert (run.outcome, clock.seconds) == ("failed", 1006.0)


# What DescribeServices answers if it is older than what it answered before.
NOT_YET_FAILED = service(
    deployment(42, "ecs-svc/old"), deployment(41, "ecs-svc/ours", status="ACTIVE", rollout="IN_PROGRESS", running=0)
)


@pytest.mark.parametrize("stale", [OLD, OVER, NOT_YET_FAILED])
@pytest.mark.parametrize("looks_in_a_row", [1, 2])
def test_a_look_or_two_in_between_are_no_end(stale: Service, looks_in_a_row: int) -> None:
    run = watching(GOING, *([stale] * looks_in_a_row), GOING, stale, STABLE)[0]
    assert run.outcome == "rolled_back"


@pytest.mark.parametrize(("status", "outcome"), [("IN_PROGRESS", "rolled_back"), ("ROLLBACK_IN_PROGRESS", "failed")])
@pytest.mark.parametrize("stale", [OLD, NOT_YET_FAILED])
def test_before_a_bad_end_is_told_our_own_record_is_asked(status: str, outcome: str, stale: Service) -> None:
    accepted = dataclasses.replace(GOING, current_deployment="arn:ours")
    run = accepted_run(
        planned(OLD, told(41, 42)), deployments.Begun(accepted, wrote=True, deployment_id="ecs-svc/ours")
    )
    run, _again, _clock, aws = watching(GOING, *([stale] * 5), STABLE, run=run, **records(status))
    assert run.outcome == outcome
    # It was named with the write, so that no list is needed to find it.
    assert aws.sent("describe_service_deployments")[0] == {"serviceDeploymentArns": ["arn:ours"]}


def test_a_record_that_stays_behind_does_not_hide_the_end_for_ever() -> None:
    accepted = dataclasses.replace(GOING, current_deployment="arn:ours")
    run = accepted_run(
        planned(OLD, told(41, 42)), deployments.Begun(accepted, wrote=True, deployment_id="ecs-svc/ours")
    )
    run, _again, clock, _aws = watching(GOING, OVER, run=run, **records("IN_PROGRESS"))
    assert (run.outcome, clock.seconds) == ("superseded", 1020.0)


# -- somebody else, or ECS itself, deployed over it


def records(status: str) -> dict[str, t.Any]:
    brief = {
        "serviceDeploymentArn": "arn:ours",
        "status": status,
        "createdAt": at(200),
        "targetServiceRevisionArn": "arn:revision",
    }
    return {
        "list_service_deployments": {"serviceDeployments": [brief]},
        "describe_service_deployments": {"serviceDeployments": [brief]},
        "describe_service_revisions": {
            "serviceRevisions": [{"serviceRevisionArn": "arn:revision", "taskDefinition": arn(41)}]
        },
    }


@pytest.mark.parametrize("status", ["STOPPED", "STOP_REQUESTED", "SOMETHING_NEW"])
def test_superseded_by_somebody_else(status: str) -> None:
    run = watching(GOING, OVER, **records(status))[0]
    assert (run.outcome, run.reason) == ("superseded", "somebody else deployed web:43 (ecs-svc/theirs) over it")


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"])
def test_ecs_itself_deployed_over_it(status: str) -> None:
    # The circuit breaker's own deployment has a new id, too; the record tells.
    back = service(deployment(42, "ecs-svc/new"))
    run = watching(GOING, back, **records(status))[0]
    assert run.outcome == "failed"
    assert f"ECS rolled it back ({status})" in run.reason


def test_superseded_where_the_record_cannot_be_read() -> None:
    run = watching(GOING, OVER, list_service_deployments=refused_by_aws("ListServiceDeployments"))[0]
    assert run.outcome == "superseded"


# -- ECS's own rollback, followed by its record


def native() -> RollbackRun:
    flying = service(deployment(42, "ecs-svc/42", rollout="IN_PROGRESS"))
    made = planned(flying, told(41, (42, "IN_PROGRESS")))
    return accepted_run(made, deployments.Begun(flying, wrote=True, back_of="arn:ours"))


@pytest.mark.parametrize(
    ("status", "outcome", "again"),
    [("ROLLBACK_SUCCESSFUL", "rolled_back", 0), ("ROLLBACK_FAILED", "failed", 0), ("SUCCESSFUL", None, 1)],
)
def test_native_rollbacks(status: str, outcome: str | None, again: int) -> None:
    on = service(deployment(41, "ecs-svc/41"))
    run, back, _clock, aws = watching(on, run=native(), **records(status))
    assert (run.outcome, len(back)) == (outcome, again)
    assert aws.sent("describe_service_deployments")[0] == {"serviceDeploymentArns": ["arn:ours"]}


def test_a_native_rollback_goes_on_while_its_record_cannot_be_read() -> None:
    answers = [
        refused_by_aws("DescribeServiceDeployments"),
        records("ROLLBACK_SUCCESSFUL")["describe_service_deployments"],
    ]
    run = watching(service(deployment(41, "ecs-svc/41")), run=native(), describe_service_deployments=answers)[0]
    assert run.outcome == "rolled_back"


# -- many


def test_ten_services_are_one_call_a_sweep(lines: list[str]) -> None:
    names = [f"web{n}" for n in range(11)]
    runs = [
        accepted_run(planned(dataclasses.replace(OLD, name=name, arn=f"arn:{name}"), told(41, 42))) for name in names
    ]
    seen: dict[str, int] = {}

    def describe(**params: t.Any) -> t.Any:
        found = []
        for name in params["services"]:
            seen[name] = seen.get(name, 0) + 1
            found.append(dataclasses.replace(STABLE if seen[name] > 1 or name == "web0" else GOING, name=name))
        return {"services": [raw_service(s) for s in found]}

    aws, clock = FakeAws(describe_services=describe, **NOTHING_STOPPED), FakeClock()
    watch.Sweeper(aws, clock, "stable", 60, 30, clock.monotonic()).watch(runs)
    assert {run.outcome for run in runs} == {"rolled_back"}
    # What has ended is not looked at again.
    assert [len(sent["services"]) for sent in aws.sent("describe_services")] == [10, 1, 10]
    assert "web0" not in aws.sent("describe_services")[2]["services"]


def test_a_run_that_was_not_acted_on_cannot_be_watched() -> None:
    run = new_run(planned(OLD, told(41, 42)))
    with pytest.raises(ValueError, match="web was not acted on"):
        watch.Sweeper(FakeAws(), FakeClock(), "stable", 60, 30, 0).watch([run])


# -- where ECS shifts traffic


def shift_record(arn_: str, minute: float = 0, weight: float = 0.0, **shown: t.Any) -> dict[str, t.Any]:
    return {
        "serviceDeploymentArn": arn_,
        "createdAt": at(minute),
        "targetServiceRevision": {"requestedProductionTrafficWeight": weight},
        "status": "IN_PROGRESS",
        **shown,
    }


def shifting(*now: Service) -> list[Service]:
    return [dataclasses.replace(one, strategy="BLUE_GREEN") for one in now]


def begun_shift() -> RollbackRun:
    made = planned(shifting(OLD)[0], told(41, 42))
    return accepted_run(made, deployments.Begun(shifting(GOING)[0], wrote=True, deployment_id="ecs-svc/ours"))


def test_our_own_record_is_the_first_that_came_after_the_plan() -> None:
    run = begun_shift()
    assert run.plan is not None
    known = next(iter(run.plan.known_records))
    listed = [shift_record("arn:later", 99), shift_record("arn:ours", 98), shift_record(known, 60)]
    _run, _again, _clock, aws = watching(
        *shifting(GOING, STABLE),
        run=run,
        list_service_deployments={"serviceDeployments": listed},
        describe_service_deployments={"serviceDeployments": [shift_record("arn:ours", 98)]},
    )
    assert [request["serviceDeploymentArns"] for request in aws.sent("describe_service_deployments")] == [
        ["arn:ours"],
        ["arn:ours"],
    ]
    # Once it is known it is not looked for again.
    assert len(aws.sent("list_service_deployments")) == 1


@pytest.mark.parametrize(
    "listed", [{"serviceDeployments": []}, refused_by_aws("ListServiceDeployments")], ids=["not yet", "denied"]
)
def test_as_long_as_our_record_is_not_found_the_counts_must_do(listed: t.Any) -> None:
    run, _again, _clock, aws = watching(
        *shifting(GOING, SERVING, STABLE), run=begun_shift(), list_service_deployments=listed, wait_until="serving"
    )
    assert (run.outcome, run.timings) == ("rolled_back", {"serving": 4.0, "stable": 4.0})
    assert aws.sent("describe_service_deployments") == []


def test_a_rolling_deployment_needs_no_record() -> None:
    _run, _again, _clock, aws = watching(GOING, STABLE)
    assert {name for name, _params in aws.requests} == {"describe_services"}


def test_stage_and_weight_are_told(lines: list[str]) -> None:
    records = [
        {"serviceDeployments": [shift_record("arn:ours", 98, weight, lifecycleStage=stage)]}
        for stage, weight in (("SCALE_UP", 0.0), ("PRODUCTION_TRAFFIC_SHIFT", 100.0), ("BAKE_TIME", 100.0))
    ]
    watching(
        *shifting(GOING, GOING, SERVING, STABLE),
        run=begun_shift(),
        wait_until="serving",
        list_service_deployments={"serviceDeployments": [shift_record("arn:ours", 98)]},
        describe_service_deployments=records,
    )
    assert [line.partition("web:42, ")[2] or line for line in lines] == [
        "SCALE_UP, 0 % of the traffic on web:41, 0 s",
        "PRODUCTION_TRAFFIC_SHIFT, 100 % of the traffic on web:41, 2 s",
        "[web] 4/4 on web:41, old tasks draining, BAKE_TIME, 100 % of the traffic on web:41, 4 s",
    ]


def test_while_ecs_goes_back_the_weight_is_that_of_the_version_it_goes_to(lines: list[str]) -> None:
    past = told(41, (42, "IN_PROGRESS"))
    made = planned(shifting(GOING)[0], past, None)
    assert made.method == "stop_deployment"
    assert past.running is not None
    going = deployments.Begun(shifting(GOING)[0], wrote=True, back_of=past.running.id)
    shown = shift_record(past.running.id, 60, 20.0, lifecycleStage="BAKE_TIME", status="ROLLBACK_REQUESTED")
    watching(
        *shifting(GOING),
        run=accepted_run(made, going),
        wait_timeout=1,
        describe_service_deployments={"serviceDeployments": [shown]},
    )
    assert lines[0].endswith("BAKE_TIME, 80 % of the traffic on web:41, 0 s")
