# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller ECS adds to its parts: when it reads records, what it makes of an end, what goes with a write."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Begun,
    Ending,
    Going,
    Look,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.controller import Ecs
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.protection import (
    Alarms,
    CircuitBreaker,
    Protection,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    GoBack,
    Past,
    Plan,
    Way,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TERMINAL, Method, Pause, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    at,
    deployment,
    enum,
    event,
    flown,
    planned,
    raw_service,
    refused_by_aws,
    revision,
    service,
    steps,
    task_definition,
    told,
)

OLD = deployment(42, "ecs-svc/42")
ON = service(OLD)
OURS = Going(arn(41), "ecs-svc/41", "", frozenset({"ecs-svc/42"}))
SHIFTS = dataclasses.replace(OURS, strategy="CANARY", known_records=frozenset({"arn:old"}))


def ecs(**answers: t.Any) -> tuple[Ecs, FakeAws]:
    aws = FakeAws(**answers)
    return Ecs(aws, FakeClock()), aws


def plan_with(way: Way, on: t.Any = ON, past: t.Any = None) -> Plan:
    made = planned(service(42), told(41, 42))
    return dataclasses.replace(made, way=way, service=on, past=Past(past or told(41, 42)))


def updating(**change: t.Any) -> Plan:
    return plan_with(Way("act", "update_service", change=Update(**change)))


# -- how to go back

CANARY: t.Final = {"strategy": "CANARY", "bakeTimeInMinutes": 10}


def way_back(goal: GoBack, past: history.History, target: int = 41, **on: t.Any) -> Way:
    controller, aws = ecs()
    facts = Facts(service(OLD, configuration=CANARY, **on), Past(past), {})
    between = Between(arn(42), task_definition(target), revision(42), revision(target))
    way = controller.way_back(goal, facts, Choice("last_good", arn(target)), between)
    assert aws.requests == []
    return way


def test_a_new_deployment_skips_what_takes_time_only_if_asked() -> None:
    slow = way_back(GoBack(Selection()), told(41, 42))
    assert (slow.method, slow.change.override, slow.change.copy) == ("update_service", {}, None)
    fast = way_back(GoBack(Selection(), fast=True), told(41, 42))
    assert fast.change.override == {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}


def test_a_target_that_is_no_longer_active_is_deployed_as_a_copy_if_asked() -> None:
    controller, _aws = ecs()
    gone = Between(arn(42), task_definition(41, "INACTIVE"), None, None)
    way = controller.way_back(
        GoBack(Selection(), pin_images="always"), Facts(ON, Past(told(41, 42)), {}), Choice("revision", arn(41)), gone
    )
    assert way.change.copy == {}


PORT: t.Final = ({"containerName": "app", "containerPort": 9},)


@pytest.mark.parametrize(
    ("status", "target", "method", "checks"),
    [
        # ECS deploys the target once more, so the load balancers must find it. A stop deploys nothing new, but ECS
        # brings tasks of the old one up all the same.
        ("SUCCESSFUL", 41, "update_service", ["load_balancer"]),
        ("IN_PROGRESS", 41, "stop_deployment", ["load_balancer"]),
        ("IN_PROGRESS", 42, "adopt", []),
    ],
)
def test_what_is_checked_depends_on_the_way(status: str, target: int, method: Method, checks: list[str]) -> None:
    past = history.read([flown(41, minute=0), flown(42, status, 60, sources=(41,))])
    way = way_back(GoBack(Selection()), past, target, load_balancers=PORT)
    assert (way.method, [f.check for f in way.findings if f.severity == "block"]) == (method, checks)


# -- what the plan says beyond the way

WATCHED: t.Final = Protection(alarms=Alarms(enable=True, rollback=True, names=("errors",)))


def test_protection_shows_what_was_and_what_stays() -> None:
    controller, _aws = ecs()
    before, after = Protection(CircuitBreaker(enable=True, rollback=False)), WATCHED
    change = Update(before=before, after=after)
    shown = controller.protection(plan_with(Way("act", "update_service", change=change)))
    assert shown == (before.as_dict(), after.as_dict())
    # Nothing is written if a deployment is only followed.
    assert controller.protection(plan_with(Way("act", "adopt", change=change))) == (before.as_dict(), before.as_dict())
    nothing = Protection().as_dict()
    assert controller.protection(plan_with(Way("nothing", "none"))) == (nothing, nothing)


def test_alarms_that_ecs_will_watch_are_read_and_told_of() -> None:
    controller, _aws = ecs()
    with_alarms = updating(before=Protection(), after=WATCHED)
    assert controller.watched_alarms(with_alarms) == ("errors",)
    assert [f.severity for f in controller.told_of_alarms(with_alarms, {"errors": "ALARM"})] == ["warn"]
    assert controller.told_of_alarms(with_alarms, {"errors": "OK"}) == []
    assert controller.watched_alarms(updating()) == ()
    assert controller.told_of_alarms(updating(), {"errors": "ALARM"}) == []


@pytest.mark.parametrize(
    ("method", "code", "says"),
    [
        ("stop_deployment", "UnsupportedFeatureException", True),
        ("continue_rollback", "UnknownOperation", True),
        ("stop_deployment", "AccessDeniedException", False),
        ("update_service", "UnsupportedFeatureException", False),
    ],
)
def test_another_way_is_named_where_ecs_has_none_of_its_own(method: Method, code: str, says: bool) -> None:
    controller, _aws = ecs()
    error = AwsCallError("Failed to stop it", refused_by_aws("StopServiceDeployment", code))
    assert ("in_flight: supersede" in controller.advice(plan_with(Way("act", method)), error)) is says


# -- the write


def raw_after(*deployments: t.Any) -> dict[str, t.Any]:
    return {"service": raw_service(service(*deployments))}


NEW = deployment(41, "ecs-svc/41", rollout="IN_PROGRESS")


def test_settings_that_stay_go_with_the_deployment_and_are_not_recorded_for_undoing() -> None:
    controller, aws = ecs(update_service=raw_after(NEW))
    both = updating(before=Protection(), after=WATCHED, override={"bakeTimeInMinutes": 0})
    controller.begin(both, None, None)
    assert [name for name, _params in aws.requests] == ["update_service"]
    [sent] = aws.sent("update_service")
    assert "bakeTimeInMinutes" not in sent["deploymentConfiguration"]
    assert sent["deploymentConfiguration"]["alarms"]["alarmNames"] == ["errors"]


def test_a_change_for_one_deployment_is_written_down_first() -> None:
    slow = dataclasses.replace(ON, configuration=CANARY)
    planned_ = plan_with(Way("act", "update_service", change=Update(override={"bakeTimeInMinutes": 0})), slow)
    now = {"services": [raw_service(slow)]}
    controller, aws = ecs(tag_resource={}, describe_services=now, update_service=raw_after(NEW))
    accepted = controller.begin(planned_, None, None)
    assert [name for name, _params in aws.requests] == ["tag_resource", "describe_services", "update_service"]
    assert accepted.going.deployment_id == "ecs-svc/41"
    refused, aws = ecs(tag_resource=refused_by_aws("TagResource"), describe_services=now, update_service=raw_after(NEW))
    accepted = refused.begin(planned_, None, None)
    assert [f.check for f in accepted.findings] == ["fast"]
    assert "deploymentConfiguration" not in aws.sent("update_service")[0]


@pytest.mark.parametrize("method", ["stop_deployment", "continue_rollback"])
def test_ecs_itself_goes_back_by_its_own_operations(method: Method) -> None:
    running = history.read([flown(41, minute=0), flown(42, "IN_PROGRESS", 60, sources=(41,))])
    controller, aws = ecs(stop_service_deployment={})
    accepted = controller.begin(plan_with(Way("act", method), past=running), None, None)
    assert [name for name, _params in aws.requests] == ["stop_service_deployment"]
    assert accepted.going.back_of == accepted.going.record != ""


@pytest.mark.parametrize(
    ("wrote", "strategy", "record"), [(False, "CANARY", True), (False, "ROLLING", False), (True, "CANARY", False)]
)
def test_the_record_of_what_is_followed_is_read_if_traffic_is_shifted(wrote: bool, strategy: str, record: bool) -> None:
    running = history.read([flown(41, minute=0), flown(42, "IN_PROGRESS", 60, sources=(41,))])
    on = dataclasses.replace(ON, strategy=strategy)
    controller, _aws = ecs()
    going = controller.going(
        plan_with(Way("act", "adopt"), on, running), Begun(on, wrote=wrote, deployment_id="ecs-svc/42")
    )
    assert (going.record != "") is record


# -- looking


def brief(id_: str, minute: float) -> dict[str, t.Any]:
    return {"serviceDeploymentArn": id_, "createdAt": at(minute), "status": "IN_PROGRESS"}


def listed(*briefs: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"serviceDeployments": list(briefs)}


def described(*ids: str, status: str = "IN_PROGRESS") -> dict[str, t.Any]:
    return {"serviceDeployments": [{"serviceDeploymentArn": id_, "status": status} for id_ in ids]}


def test_a_rolling_deployment_is_watched_without_its_record() -> None:
    controller, aws = ecs()
    assert (controller.records([(OURS, ON)]), aws.requests) == ([None], [])


def test_the_first_record_that_came_after_the_plan_is_ours_and_is_looked_for_once() -> None:
    controller, aws = ecs(
        list_service_deployments=listed(brief("arn:theirs", 90), brief("arn:ours", 60), brief("arn:old", 0)),
        describe_service_deployments=lambda serviceDeploymentArns: described(*serviceDeploymentArns),
    )
    [record] = controller.records([(SHIFTS, ON)])
    assert record is not None
    controller.records([(SHIFTS, ON)])
    assert [sent["serviceDeploymentArns"] for sent in aws.sent("describe_service_deployments")] == [["arn:ours"]] * 2
    assert len(aws.sent("list_service_deployments")) == 1


@pytest.mark.parametrize("answer", [listed(brief("arn:old", 0)), refused_by_aws("ListServiceDeployments")])
def test_until_it_is_listed_there_is_no_record(answer: t.Any) -> None:
    controller, aws = ecs(
        list_service_deployments=lambda **_params: answer if isinstance(answer, dict) else _raise(answer)
    )
    assert controller.records([(SHIFTS, ON)]) == [None]
    assert aws.sent("describe_service_deployments") == []
    controller.records([(SHIFTS, ON)])
    assert len(aws.sent("list_service_deployments")) == 2


def _raise(error: Exception) -> dict[str, t.Any]:
    raise error


def test_a_record_that_cannot_be_read_is_none_and_costs_no_error() -> None:
    known = dataclasses.replace(SHIFTS, record="arn:ours")
    controller, _aws = ecs(describe_service_deployments=refused_by_aws("DescribeServiceDeployments"))
    assert controller.records([(known, ON)]) == [None]


@pytest.mark.parametrize(
    ("balancers", "strategy", "state"),
    [(PORT, "ROLLING", "running"), ((), "ROLLING", "serving"), (PORT, "CANARY", "serving")],
)
def test_behind_a_load_balancer_counts_alone_do_not_say_that_it_serves(
    balancers: tuple[dict[str, t.Any], ...], strategy: str, state: str
) -> None:
    controller, _aws = ecs()
    on = service(NEW, deployment(42, "ecs-svc/42", "ACTIVE", running=0), load_balancers=balancers, strategy=strategy)
    look = controller.assess(OURS, on, None)
    assert (look.state, look.ours) == (state, on.deployments[0])


def test_the_counts_decide_until_it_serves() -> None:
    controller, _aws = ecs()
    on = service(NEW, deployment(42, "ecs-svc/42", "ACTIVE"), load_balancers=PORT)
    assert controller.assess(OURS, on, None).state == "going"


GONE_BACK: t.Final = Look("went_back", "ECS went back to web:42 by itself")


@pytest.mark.parametrize(("status", "contradicts"), [("IN_PROGRESS", True), ("ROLLBACK_IN_PROGRESS", False)])
def test_a_bad_look_is_held_against_the_record_of_ours(status: str, contradicts: bool) -> None:
    named = dataclasses.replace(OURS, own_record="arn:ours")
    controller, aws = ecs(describe_service_deployments=described("arn:ours", status=status))
    assert controller.contradicts(named, ON, GONE_BACK) is contradicts
    assert [name for name, _params in aws.requests] == ["describe_service_deployments"]


def test_without_its_name_the_record_is_found_by_its_number_or_as_it_was_found_before() -> None:
    mine = flown(41, "IN_PROGRESS", 60)
    controller, _aws = ecs(**records_of(mine))
    assert controller.contradicts(OURS, ON, GONE_BACK)
    found, aws = ecs(
        list_service_deployments=listed(brief("arn:ours", 60)),
        describe_service_deployments=lambda serviceDeploymentArns: described(*serviceDeploymentArns),
    )
    found.records([(SHIFTS, ON)])
    assert found.contradicts(SHIFTS, ON, GONE_BACK)
    assert len(aws.sent("list_service_deployments")) == 1


def test_what_cannot_be_read_contradicts_nothing() -> None:
    named = dataclasses.replace(OURS, own_record="arn:ours")
    controller, _aws = ecs(describe_service_deployments=refused_by_aws("DescribeServiceDeployments"))
    assert not controller.contradicts(named, ON, GONE_BACK)
    unknown, _aws = ecs(list_service_deployments=listed(), describe_service_revisions={"serviceRevisions": []})
    assert not unknown.contradicts(OURS, ON, GONE_BACK)
    back, aws = ecs()
    assert not back.contradicts(dataclasses.replace(OURS, back_of="arn:x"), ON, GONE_BACK)
    assert aws.requests == []


# -- how it ended


def raw_record(record: ServiceDeployment) -> dict[str, t.Any]:
    return {
        "serviceDeploymentArn": record.id,
        "status": record.status,
        "createdAt": record.created_at,
        "targetServiceRevision": {"arn": record.target.arn},
    }


def records_of(*records: ServiceDeployment) -> dict[str, t.Any]:
    """Answers by which these are on record."""
    return {
        "list_service_deployments": listed(
            *(
                {
                    **brief(r.id, 0),
                    "status": r.status,
                    "createdAt": r.created_at,
                    "targetServiceRevisionArn": r.target.arn,
                }
                for r in records
            )
        ),
        "describe_service_deployments": lambda serviceDeploymentArns: {
            "serviceDeployments": [raw_record(r) for r in records if r.id in serviceDeploymentArns]
        },
        "describe_service_revisions": {
            "serviceRevisions": [
                {"serviceRevisionArn": r.target.arn, "taskDefinition": r.target.task_definition} for r in records
            ]
        },
    }


@pytest.mark.parametrize(
    ("status", "says"),
    [("ROLLBACK_SUCCESSFUL", "ROLLBACK_SUCCESSFUL"), ("ROLLBACK_FAILED", "ROLLBACK_FAILED"), ("IN_PROGRESS", "")],
)
def test_the_record_tells_a_rollback_of_ecs_from_somebody_else_s_deployment(status: str, says: str) -> None:
    mine = flown(41, status, 60)
    controller, _aws = ecs(**records_of(mine))
    assert controller.undone(OURS, ON) == says


def test_what_ran_before_ours_says_nothing_of_it() -> None:
    before = flown(41, "ROLLBACK_SUCCESSFUL", 60)
    controller, _aws = ecs(**records_of(before))
    assert controller.undone(dataclasses.replace(OURS, predecessor=before.id), ON) == ""
    other, aws = ecs()
    assert (other.undone(dataclasses.replace(OURS, back_of="arn:x"), ON), aws.requests) == ("", [])


ENDING: t.Final = Ending(("DEPLOYMENT_FAILURE",), ON)
FAILED_41 = flown(41, "ROLLBACK_SUCCESSFUL", 60, sources=(42,), back=42)


def end_of(record: ServiceDeployment | None, on: t.Any, ending: Ending = ENDING, **raw: t.Any) -> t.Any:
    answers = {"serviceDeployments": [{**raw_record(record), **raw}] if record is not None else []}
    controller, _aws = ecs(describe_service_deployments=answers)
    past = history.read([record] if record is not None else [])
    return controller.end_of(OURS, on, Past(past), ending)


def test_what_ecs_rolled_back_is_followed_by_its_record() -> None:
    now = service(OLD, dataclasses.replace(NEW, status="ACTIVE"), events=(event("e1"),))
    end = end_of(FAILED_41, now, deploymentCircuitBreaker={"status": "TRIGGERED"})
    assert (end.event, end.then, end.record) == ("DEPLOYMENT_FAILURE", "follow", FAILED_41.id)
    assert (end.going.target, end.going.back_of, end.going.record) == (arn(42), FAILED_41.id, FAILED_41.id)
    assert (end.going.deployment_id, end.going.events_before) == ("", {"e1"})
    assert end.going.known_deployments == {"ecs-svc/42", "ecs-svc/41"}


@pytest.mark.parametrize(
    ("back", "sources", "target"),
    [
        # Another deployment may be PRIMARY for a moment: the record says where ECS goes.
        (40, (42,), 40),
        (None, (40,), 40),
        (None, (40, 41), 42),
    ],
)
def test_where_ecs_goes_back_to(back: int | None, sources: tuple[int, ...], target: int) -> None:
    end = end_of(flown(41, "ROLLBACK_IN_PROGRESS", 60, sources, back), ON)
    assert (end.then, end.going.target) == ("follow", arn(target))


def test_a_service_without_a_primary_deployment_goes_back_to_its_own_task_definition() -> None:
    end = end_of(flown(41, "ROLLBACK_IN_PROGRESS", 60), service(task_definition=arn(39)))
    assert (end.then, end.going.target) == ("follow", arn(39))
    assert end_of(None, service(task_definition=arn(39))).then == "go_back"


def test_without_a_record_what_is_primary_again_is_followed() -> None:
    end = end_of(None, ON)
    assert (end.event, end.then, end.record) == ("DEPLOYMENT_FAILURE", "follow", "")
    assert (end.going.target, end.going.deployment_id, end.going.back_of) == (arn(42), "ecs-svc/42", "")
    assert end.going.known_deployments == frozenset()


@pytest.mark.parametrize(("asked", "then"), [(("DEPLOYMENT_FAILURE",), "go_back"), ((), "leave")])
def test_what_ecs_did_not_roll_back_is_rolled_back_if_asked(asked: tuple[str, ...], then: str) -> None:
    end = end_of(flown(41, "IN_PROGRESS", 60), service(NEW), Ending(asked, ON))
    assert (end.event, end.then, end.going) == ("DEPLOYMENT_FAILURE", then, None)


def test_if_the_record_cannot_be_read_it_says_so_and_is_a_failure() -> None:
    controller, _aws = ecs(describe_service_deployments=refused_by_aws("DescribeServiceDeployments"))
    end = controller.end_of(OURS, service(NEW), Past(history.read([flown(41, "IN_PROGRESS", 60)])), ENDING)
    assert (end.event, [(f.check, f.severity) for f in end.findings]) == ("DEPLOYMENT_FAILURE", [("event", "unknown")])


# -- what is on record


def test_problems_of_one_service_do_not_touch_another() -> None:
    mine = flown(41, "SUCCESSFUL", 60)
    answers = records_of(mine)
    whole = answers["list_service_deployments"]

    def list_(**params: t.Any) -> t.Any:
        return whole if params["service"] == "web" else _raise(refused_by_aws("ListServiceDeployments"))

    controller, _aws = ecs(**{**answers, "list_service_deployments": list_})
    pasts = controller.read_past([ON, service(42, name="api")])
    assert pasts["web"].history is not None
    assert (pasts["web"].problem, pasts["api"].history) == ("", None)
    assert "ecs:ListServiceDeployments" in pasts["api"].problem


def test_what_was_learnt_since_the_reading_is_kept_when_tasks_are_asked_for() -> None:
    mine = flown(41, "SUCCESSFUL", 60, requested_tasks=None)
    controller, _aws = ecs(**records_of(mine))
    pasts = controller.read_past([ON])
    read = pasts["web"].history
    assert read is not None
    learnt = history.read(read.deployments, {arn(43): arn(41)})
    described_ = controller.describe({"web": Past(learnt)}, {"web": [mine.id]})
    assert described_["web"].history is not None
    assert described_["web"].history.copies == {arn(43): arn(41)}
    assert controller.describe({"web": Past(learnt)}, {"web": [mine.id]}) == {}


DEPLOYS = plans.Way("act", "update_service", change=Update(), deploys=True)
AGAIN = plans.Way("act", "update_service", change=Update(force_new_deployment=True), deploys=True)
HOOK = Pause("ecs-pause-1", None, "ROLLBACK")
# web:43 is being deployed over web:42, which is the target: where ECS itself goes back to.
LANDS = {"target": [42], "elsewhere": [40], "nobody knows": [40, 42], "not on record": []}
STATUSES = sorted({*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"} - TERMINAL)


def expected(status: str, parked: bool, lands: str, in_flight: str) -> str:
    """The rules of the design, said once more."""
    if status.startswith("ROLLBACK"):
        # It is on its way already; where that is not the target it is superseded.
        if lands == "target":
            return "adopt"
    elif status in ("PENDING", "IN_PROGRESS") and lands == "target" and in_flight == "stop":
        return "continue_rollback" if parked else "stop_deployment"
    return "refuse" if in_flight == "refuse" else "update_service"


@pytest.mark.parametrize("in_flight", t.get_args(plans.InFlight))
@pytest.mark.parametrize(("status", "parked", "lands"), list(itertools.product(STATUSES, (False, True), LANDS)))
def test_way_back_of_a_deployment_that_runs(status: str, parked: bool, lands: str, in_flight: plans.InFlight) -> None:
    running = flown(43, status, 180, LANDS[lands], paused_at=HOOK if parked else None)
    past = history.read([*steps(40, 41, 42), running])
    on = service(deployment(43, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"), strategy="BLUE_GREEN")
    step = controller.by_ecs(in_flight, on, past, Choice("revision", arn(42)), arn(42), arn(43))
    assert (step.verb if step.verb == "refuse" else step.method) == expected(status, parked, lands, in_flight)
    assert step.change in (None, Update())


@pytest.mark.parametrize("in_flight", t.get_args(plans.InFlight))
def test_what_is_being_deployed_is_the_target(in_flight: plans.InFlight) -> None:
    past = history.read([*steps(41, 42), flown(41, "IN_PROGRESS", 120, [42], paused_at=HOOK)])
    on = service(deployment(41, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"))
    step = controller.by_ecs(in_flight, on, past, Choice("running_rollback", arn(41)), arn(41), arn(41))
    # Parked at a hook it waits for its owner: a rollback of ours answers no hook in the name of somebody.
    assert step == plans.Way("act", "adopt")


@pytest.mark.parametrize(
    ("rollout", "target", "step"),
    [
        ("COMPLETED", 42, DEPLOYS),
        ("COMPLETED", 43, plans.Way("nothing", "none", "it is on web:43 already")),
        ("FAILED", 43, AGAIN),
        ("FAILED", 42, DEPLOYS),
        # A Classic Load Balancer: no rollout state.
        ("", 42, DEPLOYS),
        ("", 43, plans.Way("nothing", "none", "it is on web:43 already")),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_nothing_runs(rollout: str, target: int, step: plans.Way, recorded: bool) -> None:
    past = told(42, 43) if recorded else None
    on = service(deployment(43, rollout=rollout))
    assert controller.by_ecs("stop", on, past, Choice("revision", arn(target)), arn(target), arn(43)) == step


@pytest.mark.parametrize(
    ("in_flight", "target", "verb", "way"),
    [
        ("stop", 42, "act", "update_service"),
        ("supersede", 42, "act", "update_service"),
        ("refuse", 42, "refuse", "none"),
        ("stop", 43, "act", "adopt"),
        ("refuse", 43, "act", "adopt"),
    ],
)
@pytest.mark.parametrize("recorded", [True, False], ids=["the record lags behind", "no record"])
def test_a_deployment_that_runs_and_is_not_on_record(
    in_flight: plans.InFlight, target: int, verb: str, way: str, recorded: bool
) -> None:
    on = service(deployment(43, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"))
    past = told(41, 42) if recorded else None
    step = controller.by_ecs(in_flight, on, past, Choice("revision", arn(target)), arn(target), arn(43))
    assert (step.verb, step.method) == (verb, way)


def test_what_an_earlier_run_left_unfinished_is_adopted() -> None:
    choice = Choice("running_rollback", arn(42), unfinished=True)
    assert controller.by_ecs("refuse", service(42), told(42, 43, 42), choice, arn(42), arn(42)).method == "adopt"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"load_balancers": ({"targetGroupArn": "arn:blue"},)}, "running"),
        ({}, "serving"),
        # ECS shifts the traffic, and its record tells.
        ({"load_balancers": ({"targetGroupArn": "arn:blue"},), "strategy": "CANARY"}, "serving"),
    ],
)
def test_behind_load_balancers_the_counts_alone_do_not_say_that_it_serves(
    changes: dict[str, t.Any], state: str
) -> None:
    old = deployment(42, "ecs-svc/old", status="ACTIVE", running=0)
    now = service(deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS"), old, **changes)
    going = deployments.Going(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/old"}))
    look = Controllers(FakeAws(), FakeClock()).of(now).assess(going, now, None)
    assert (look.state, look.ours) == (state, now.primary)


# -- PAUSE hooks, with fast

PAUSED = Record("IN_PROGRESS", "", "POST_TEST_TRAFFIC_SHIFT", pause=Pause("hook-1", None, "ROLLBACK"))
SHIFTING = dataclasses.replace(ON, strategy="BLUE_GREEN")


@pytest.mark.parametrize(
    ("answers", "record", "state"),
    [
        (True, PAUSED, "ready"),
        (True, dataclasses.replace(PAUSED, pause=None), "going"),
        (True, None, "going"),
        (False, PAUSED, "going"),
        # It goes back already, and has nothing to wait for.
        (True, dataclasses.replace(PAUSED, status="ROLLBACK_IN_PROGRESS"), "failed"),
    ],
)
def test_a_deployment_that_waits_at_a_hook_is_ready_to_be_continued(
    answers: bool, record: Record | None, state: str
) -> None:
    controller, _aws = ecs()
    going = dataclasses.replace(SHIFTS, answers_pauses=answers)
    now = dataclasses.replace(SHIFTING, deployments=(deployment(41, SHIFTS.deployment_id, rollout="IN_PROGRESS"),))
    assert controller.assess(going, now, record).state == state


@pytest.mark.parametrize(("fast", "method"), [(True, "adopt"), (True, "update_service"), (False, "adopt")])
def test_who_asked_for_fast_waits_for_nobody(fast: bool, method: Method) -> None:
    controller, _aws = ecs()
    made = plan_with(Way("act", method, change=Update(answers_pauses=fast)), SHIFTING)
    assert controller.going(made, Begun(SHIFTING, wrote=False, deployment_id="ecs-svc/41")).answers_pauses is fast
    # Nobody is asked while ECS goes back.
    assert not controller.going(made, Begun(SHIFTING, wrote=False, back_of="arn:theirs")).answers_pauses


def waiting(hook: str) -> dict[str, t.Any]:
    details = [{"hookId": hook, "status": "AWAITING_ACTION"}] if hook else []
    return {"serviceDeployments": [{"serviceDeploymentArn": "arn:ours", "lifecycleHookDetails": details}]}


def test_a_hook_that_nobody_of_us_may_answer_is_tried_once() -> None:
    refused = refused_by_aws("ContinueServiceDeployment")
    controller, _aws = ecs(describe_service_deployments=waiting("hook-1"), continue_service_deployment=refused)
    going = dataclasses.replace(SHIFTS, answers_pauses=True, own_record="arn:ours")
    now = dataclasses.replace(SHIFTING, deployments=(deployment(41, SHIFTS.deployment_id, rollout="IN_PROGRESS"),))
    [finding] = controller.advance(going, now).findings
    assert (finding.check, finding.severity) == ("fast", "warn")
    assert controller.assess(going, now, PAUSED).state == "going"
    # Another hook is another question.
    other = dataclasses.replace(PAUSED, pause=Pause("hook-2", None, "ROLLBACK"))
    assert controller.assess(going, now, other).state == "ready"


def test_a_hook_that_was_answered_meanwhile_needs_no_answer() -> None:
    controller, aws = ecs(describe_service_deployments=waiting(""))
    advanced = controller.advance(dataclasses.replace(SHIFTS, answers_pauses=True, own_record="arn:ours"), SHIFTING)
    assert (advanced.findings, aws.sent("continue_service_deployment")) == ((), [])
