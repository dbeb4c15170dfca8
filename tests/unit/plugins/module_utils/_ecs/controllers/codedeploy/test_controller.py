# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller CODE_DEPLOY adds to its parts: what is on record, what is asked of AWS, and how it ends."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller as codedeploy
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.controller import CodeDeploy
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.records import Seen, Unread
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.request import Create, Request
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Begun,
    Ending,
    Going,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    GoBack,
    InFlight,
    Past,
    Plan,
    Way,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Revision,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    at,
    deployment,
    event,
    flown,
    planned,
    refused_by_aws,
    service,
    task_definition,
    told,
)

OLD = deployment(42, "ecs-svc/42", external_id="d-42")
NEW = deployment(41, "ecs-svc/41", "ACTIVE", external_id="d-44")
GROUP = Group("app", "group", termination_wait=5)
SPEC = appspec.made_for(arn(41), "app", 80)
REQUEST = Request(GROUP, SPEC)
OURS = Going(arn(41), "d-44", "", frozenset({"ecs-svc/42"}), record="d-44")
BARE = Going(arn(42), "ecs-svc/first", "", frozenset(), is_bare=True)


def on(*task_sets: Deployment, **changes: t.Any) -> Service:
    return service(*task_sets, controller="CODE_DEPLOY", **changes)


def codedeploy_with(**answers: t.Any) -> tuple[CodeDeploy, FakeAws]:
    aws = FakeAws(**answers)
    return CodeDeploy(aws, FakeClock()), aws


def info(id_: str = "d-44", status: str = "Failed", **more: t.Any) -> dict[str, t.Any]:
    return {"deploymentId": id_, "status": status, "createTime": at(0), **more}


def infos(*made: dict[str, t.Any]) -> t.Callable[..., dict[str, t.Any]]:
    """What BatchGetDeployments answers if these are on record."""
    return lambda deploymentIds: {"deploymentsInfo": [one for one in made if one["deploymentId"] in deploymentIds]}


# -- what is on record


def test_what_does_not_say_what_it_deployed_is_left_out_and_named() -> None:
    unread = [Unread(f"d-{n}", "SUCCESSFUL", at(n), "no AppSpec file") for n in range(50, 55)]
    past = codedeploy.past_of([flown(41, id="d-41")], unread, GROUP)
    assert past.problem == (
        "5 deployments of CodeDeploy do not say which task definition they deployed, and were left out: d-52 (no "
        "AppSpec file); d-53 (no AppSpec file); d-54 (no AppSpec file) and 2 older ones"
    )
    assert (past.newest_id, past.more) == ("d-54", Seen(GROUP, tuple(unread)))
    assert "older" not in codedeploy.past_of([], unread[:3]).problem


@pytest.mark.parametrize(
    ("records", "unread", "newest_unread"),
    [
        ([flown(41, minute=60, id="d-41")], [Unread("d-40", "SUCCESSFUL", at(0), "")], ""),
        ([flown(41, minute=0, id="d-41")], [Unread("d-42", "SUCCESSFUL", at(60), "")], "d-42"),
        ([], [Unread("d-40", "SUCCESSFUL", at(0), "")], "d-40"),
        ([flown(41, minute=0, id="d-41")], [], ""),
    ],
)
def test_whether_the_newest_one_is_unread(
    records: list[ServiceDeployment], unread: list[Unread], newest_unread: str
) -> None:
    past = codedeploy.past_of(records, unread)
    assert (past.newest_unread, bool(past.problem)) == (newest_unread, bool(unread))


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"batch_get_deployments": refused_by_aws("BatchGetDeployments")}, "codedeploy:BatchGetDeployments"),
        (
            {"batch_get_deployments": infos(), "list_applications": refused_by_aws("ListApplications")},
            "codedeploy:ListApplications",
        ),
    ],
)
def test_what_cannot_be_read_is_said_of_each_service(answers: dict[str, t.Any], says: str) -> None:
    controller, _aws = codedeploy_with(**answers)
    pasts = controller.read_past([on(OLD)])
    assert (pasts["web"].history, says in pasts["web"].problem) == (None, True)


def test_a_service_that_no_group_deploys_has_no_history() -> None:
    controller, _aws = codedeploy_with(batch_get_deployments=infos(), list_applications={"applications": []})
    past = controller.read_past([on(OLD)])["web"]
    assert (past.history, "no deployment group" in past.problem, past.more) == (None, True, Seen())


# -- the way back


def way_back(
    *records: ServiceDeployment,
    unread: tuple[Unread, ...] = (),
    source: t.Any = "last_good",
    target: int = 41,
    status: str = "ACTIVE",
    **choice: t.Any,
) -> Way:
    controller, aws = codedeploy_with()
    past = codedeploy.past_of(records, unread, GROUP)
    good = Revision("", arn(target), settings={"appSpec": appspec.made_for(arn(target), "app", 80)})
    way = controller.way_back(
        GoBack(Selection(), pin_images="always"),
        Facts(on(OLD), past, {}),
        Choice(source, arn(target), **choice),
        Between(arn(42), task_definition(target, status), None, good),
    )
    assert aws.requests == []
    return way


D41, D42 = flown(41, minute=0, id="d-41"), flown(42, minute=60, sources=(41,), id="d-42")
D43 = flown(43, "IN_PROGRESS", 120, (42,), id="d-43")


def checks(way: Way) -> dict[str, str]:
    return {f.check: f.severity for f in way.findings}


def test_a_deployment_is_created_with_the_file_that_was_good() -> None:
    way = way_back(D41, D42)
    assert (way.verb, way.method, way.deploys, checks(way)) == ("act", "codedeploy_deployment", True, {})
    assert (way.change.request.content, way.change.in_the_way, way.change.copy) == (SPEC, None, None)


def test_one_that_is_running_has_to_end_first() -> None:
    way = way_back(D41, D42, D43)
    assert (way.method, way.change.in_the_way, checks(way)) == ("codedeploy_deployment", D43, {"in_flight": "info"})
    stopped = way_back(D41, D42, D43, target=42)
    assert (stopped.method, stopped.change, checks(stopped)) == ("codedeploy_stop", None, {})


def test_what_an_earlier_run_has_begun_is_followed() -> None:
    assert way_back(D41, D42, unfinished=True).method == "adopt"


@pytest.mark.parametrize(
    ("source", "blocks"), [("last_good", True), ("steps_back", True), ("as_of", True), ("revision", False)]
)
def test_only_a_target_that_was_found_can_be_another_one_that_is_not_readable(source: str, blocks: bool) -> None:
    passed = Unread("d-50", "SUCCESSFUL", at(90), "no AppSpec file")
    assert (checks(way_back(D41, D42, unread=(passed,), source=source)).get("unread_deployment") == "block") is blocks


def test_the_container_of_the_file_must_exist_in_the_target() -> None:
    controller, _aws = codedeploy_with()
    good = Revision("", arn(41), settings={"appSpec": appspec.made_for(arn(41), "other", 80)})
    facts = Facts(on(OLD), codedeploy.past_of([D41, D42], [], GROUP), {})
    between = Between(arn(42), task_definition(41), None, good)
    way = controller.way_back(GoBack(Selection()), facts, Choice("last_good", arn(41)), between)
    assert checks(way) == {"load_balancer": "block"}


def test_a_target_that_is_no_longer_active_is_deployed_as_a_copy_if_asked() -> None:
    assert way_back(D41, D42, status="INACTIVE").change.copy == {}


def test_without_a_group_there_is_nothing_to_ask_for() -> None:
    controller, _aws = codedeploy_with()
    facts = Facts(on(OLD), codedeploy.past_of([D41, D42], []), {})
    between = Between(arn(42), task_definition(41), None, None)
    way = controller.way_back(GoBack(Selection()), facts, Choice("last_good", arn(41)), between)
    assert (way.change, checks(way)["deployment_group"]) == (None, "block")


# -- the write


def plan_with(method: t.Any, change: object, *records: ServiceDeployment) -> Plan:
    made = planned(service(42), told(41, 42))
    past = Past(history.read(records))
    return dataclasses.replace(made, service=on(OLD, NEW), past=past, way=Way("act", method, change=change))


@pytest.mark.parametrize(
    ("method", "change", "operation"),
    [
        ("codedeploy_stop", None, "stop_deployment"),
        ("codedeploy_deployment", Create(REQUEST, D43), "stop_deployment"),
        ("codedeploy_deployment", Create(REQUEST), "create_deployment"),
    ],
)
def test_which_operation_comes_first(method: str, change: object, operation: str) -> None:
    controller, aws = codedeploy_with(
        batch_get_deployments=infos(info("d-43", "InProgress")),
        stop_deployment={},
        create_deployment={"deploymentId": "d-44"},
    )
    controller.begin(plan_with(method, change, D41, D43), None, None)
    assert [name for name, _params in aws.requests if name != "batch_get_deployments"] == [operation]


def test_a_plan_that_asks_for_nothing_is_stale() -> None:
    controller, aws = codedeploy_with()
    with pytest.raises(PlanIsStale):
        controller.begin(plan_with("codedeploy_deployment", None), None, None)
    assert aws.requests == []


def test_the_old_tasks_linger_only_after_a_deployment_of_ours() -> None:
    controller, _aws = codedeploy_with()
    assert controller.lingers(plan_with("codedeploy_deployment", Create(REQUEST))) == 5
    assert controller.lingers(plan_with("codedeploy_deployment", Create(REQUEST, D43))) == 0
    assert controller.lingers(plan_with("codedeploy_stop", None)) == 0


@pytest.mark.parametrize(
    ("id_", "known"),
    [("d-44", {"ecs-svc/42"}), ("d-9", {"ecs-svc/42", "ecs-svc/41"}), ("", {"ecs-svc/42", "ecs-svc/41"})],
)
def test_the_task_set_of_what_is_followed_is_not_somebody_else_s(id_: str, known: set[str]) -> None:
    controller, _aws = codedeploy_with()
    going = controller.going(plan_with("adopt", None, D41), Begun(on(OLD, NEW), wrote=False, deployment_id=id_))
    assert (going.known_deployments, going.record) == (known, id_)


def test_the_task_set_that_the_service_was_created_with_is_nobody_s_deployment_of_today() -> None:
    controller, _aws = codedeploy_with()
    first = on(deployment(42, "ecs-svc/first"))
    made = dataclasses.replace(plan_with("adopt", None, D41), service=first)
    assert controller.going(made, Begun(first, wrote=False, back_of="d-43")).known_deployments == {"ecs-svc/first"}


# -- looking


def test_the_task_set_that_the_service_was_created_with_has_no_record() -> None:
    controller, aws = codedeploy_with()
    first = on(deployment(42, "ecs-svc/first"))
    assert (controller.records([(BARE, first)]), aws.requests) == ([None], [])
    look = controller.assess(BARE, first, None)
    assert (look.state, look.ours) == ("stable", first.primary)
    assert controller.more(BARE, first, None) is None


def test_each_record_comes_back_in_its_place() -> None:
    controller, aws = codedeploy_with(
        batch_get_deployments=infos(info("d-44", "Succeeded", completeTime=at(10))),
    )
    found = controller.records([(BARE, on(OLD)), (OURS, on(OLD, NEW))])
    assert found[0] is None
    assert found[1] is not None
    assert found[1].status == "SUCCESSFUL"
    assert {id_ for sent in aws.sent("batch_get_deployments") for id_ in sent["deploymentIds"]} == {"d-44"}


def test_a_look_names_the_task_set_that_the_deployment_made() -> None:
    controller, _aws = codedeploy_with()
    look = controller.assess(OURS, on(OLD, NEW), Record("IN_PROGRESS", ""))
    assert (look.state, look.ours) == ("going", NEW)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (None, ""),
        (Record("SUCCESSFUL", ""), ""),
        (Record("STOPPED", ""), ""),
        (Record("IN_PROGRESS", ""), "Deployment d-44 is still running in CodeDeploy"),
    ],
)
def test_one_that_codedeploy_has_not_ended_is_said_to_go_on(record: Record | None, says: str) -> None:
    controller, _aws = codedeploy_with()
    assert controller.goes_on(OURS, record) == says


def test_what_codedeploy_says_goes_into_a_diagnosis() -> None:
    controller, aws = codedeploy_with(batch_get_deployments=infos())
    more = controller.more(OURS, on(OLD, NEW), Record("FAILED", "the hook said no"))
    assert more is not None
    assert (more.reason, more.lifecycle) == ("the hook said no", ())
    assert aws.sent("batch_get_deployments") == [{"deploymentIds": ["d-44"]}]
    silent = controller.more(OURS, on(OLD, NEW), None)
    assert silent is not None
    assert silent.reason == ""


# -- how it ended

FAILURE: t.Final = "DEPLOYMENT_FAILURE"


def end_of(
    *made: dict[str, t.Any], asked: tuple[str, ...] = (FAILURE,), past: t.Any = None, now: t.Any = None
) -> t.Any:
    controller, _aws = codedeploy_with(batch_get_deployments=infos(*made))
    return controller.end_of(OURS, now or on(OLD, NEW), Past(past), Ending(asked, on(OLD)))


def test_what_codedeploy_does_not_know_is_left() -> None:
    end = end_of()
    assert (end.event, end.then, end.findings) == (None, "leave", ())


def test_an_end_that_cannot_be_read_is_left_and_said_to_be_unknown() -> None:
    controller, _aws = codedeploy_with(batch_get_deployments=refused_by_aws("BatchGetDeployments"))
    end = controller.end_of(OURS, on(OLD, NEW), Past(), Ending((FAILURE,), on(OLD)))
    assert (end.event, end.then) == (None, "leave")
    [finding] = end.findings
    assert (finding.severity, "d-44" in finding.message) == ("unknown", True)


@pytest.mark.parametrize(
    ("status", "more", "then", "note"),
    [
        ("Failed", {}, "go_back", False),
        ("InProgress", {}, "go_back", False),
        # All of the traffic is on it: to go back would take it from a version that serves.
        ("InProgress", {"instanceTerminationWaitTimeStarted": True}, "leave", True),
        ("Failed", {"instanceTerminationWaitTimeStarted": True}, "go_back", False),
    ],
)
def test_what_follows_a_failure(status: str, more: dict[str, t.Any], then: str, note: bool) -> None:
    end = end_of(info(status=status, **more))
    assert (end.event, end.then, bool(end.note), end.going) == (FAILURE, then, note, None)
    assert end_of(info(status=status, **more), asked=()).then == "leave"


def test_the_note_is_only_for_one_that_still_has_the_traffic() -> None:
    ended = end_of(info(status="Failed", instanceTerminationWaitTimeStarted=True), asked=())
    assert (ended.then, ended.note) == ("leave", "")
    running = end_of(info(status="InProgress"), asked=())
    assert (running.then, running.note) == ("leave", "")


ROLLED_BACK: t.Final = {"rollbackInfo": {"rollbackDeploymentId": "d-45"}}


@pytest.mark.parametrize(
    ("past", "target"),
    [
        (history.read([dataclasses.replace(D42, id="d-44", sources=(Revision("", arn(40)),))]), 40),
        # The record of another deployment says nothing about this one.
        (history.read([dataclasses.replace(D41, sources=(Revision("", arn(40)),))]), 42),
        (None, 42),
    ],
)
def test_a_rollback_of_codedeploy_is_followed_to_where_it_goes(past: t.Any, target: int) -> None:
    now = on(
        dataclasses.replace(NEW, status="PRIMARY"), dataclasses.replace(OLD, status="ACTIVE"), events=(event("e1"),)
    )
    end = end_of(info(**ROLLED_BACK), info("d-45", "InProgress"), past=past, now=now)
    assert (end.then, end.going.target, end.going.back_of, end.going.record) == ("follow", arn(target), "d-44", "d-44")
    assert (end.going.deployment_id, end.going.events_before) == ("", {"e1"})
    assert end.going.known_deployments == {"ecs-svc/42", "ecs-svc/41"}


def test_what_codedeploy_rolls_back_is_followed_even_if_it_has_the_traffic() -> None:
    end = end_of(info(status="InProgress", instanceTerminationWaitTimeStarted=True, **ROLLED_BACK), info("d-45"))
    assert (end.then, end.note, end.going is not None) == ("follow", "", True)


def test_without_another_primary_task_set_it_goes_back_to_the_one_that_is_not_ours() -> None:
    ours, other = dataclasses.replace(NEW, status="PRIMARY"), dataclasses.replace(OLD, status="ACTIVE")
    controller, _aws = codedeploy_with(batch_get_deployments=infos(info(**ROLLED_BACK), info("d-45")))
    end = controller.end_of(OURS, on(ours, other), Past(), Ending((FAILURE,), on()))
    assert end.going is not None
    assert end.going.target == arn(42)


@pytest.mark.parametrize(
    ("made", "who", "how"),
    [
        ([info(**ROLLED_BACK), info("d-45", "Succeeded")], "CodeDeploy", ""),
        ([], "CodeDeploy", ""),
        ([info()], None, "CodeDeploy made no deployment to roll it back, and the service is on"),
        (
            [info(rollbackInfo={"rollbackMessage": "No good revision."})],
            None,
            "CodeDeploy made no deployment to roll it back (No good revision), and the service is on",
        ),
    ],
)
def test_who_went_back(made: list[dict[str, t.Any]], who: str | None, how: str) -> None:
    controller, _aws = codedeploy_with(batch_get_deployments=infos(*made))
    assert controller.went_back(OURS) == (who, how)


def test_if_it_cannot_be_read_codedeploy_is_believed() -> None:
    controller, _aws = codedeploy_with(batch_get_deployments=refused_by_aws("BatchGetDeployments"))
    assert controller.went_back(OURS) == ("CodeDeploy", "")


DONE: t.Final = (flown(41, minute=0), flown(42, minute=60, sources=(41,)))


def running(status: str, sources: tuple[int, ...] = (42,), back: int | None = None) -> history.History:
    return history.read([*DONE, flown(43, status, 120, sources, back, id="d-43")])


@pytest.mark.parametrize(
    ("past", "target", "verb", "method"),
    [
        (history.read(DONE), 41, "act", "codedeploy_deployment"),
        (history.read(DONE), 42, "nothing", "none"),
        # Stopping it leads to where it came from; anything else needs a deployment of its own.
        (running("IN_PROGRESS"), 42, "act", "codedeploy_stop"),
        (running("PENDING"), 42, "act", "codedeploy_stop"),
        (running("IN_PROGRESS"), 41, "act", "codedeploy_deployment"),
        (running("IN_PROGRESS", sources=()), 42, "act", "codedeploy_deployment"),
        (running("IN_PROGRESS", sources=(41, 42)), 42, "act", "codedeploy_deployment"),
        # It goes there already, forward or back.
        (running("IN_PROGRESS"), 43, "act", "adopt"),
        (running("ROLLBACK_IN_PROGRESS", back=42), 42, "act", "adopt"),
        (running("ROLLBACK_REQUESTED"), 42, "act", "adopt"),
        # A rollback of CodeDeploy's cannot be stopped with a rollback.
        (running("ROLLBACK_IN_PROGRESS", back=41), 42, "act", "codedeploy_deployment"),
    ],
)
def test_the_way(past: history.History, target: int, verb: str, method: str) -> None:
    way = controller.by_codedeploy("stop", past, arn(target), arn(42))
    assert (way.verb, way.method) == (verb, method)


def test_without_a_history_nothing_is_decided() -> None:
    way = controller.by_codedeploy("stop", None, arn(41), arn(42))
    assert (way.verb, "nothing can be decided" in way.reason) == ("refuse", True)


@pytest.mark.parametrize(("in_flight", "verb"), [("refuse", "refuse"), ("stop", "act"), ("supersede", "act")])
@pytest.mark.parametrize("target", [41, 42])
def test_only_refuse_leaves_what_is_running_alone(in_flight: InFlight, verb: str, target: int) -> None:
    way = controller.by_codedeploy(in_flight, running("IN_PROGRESS"), arn(target), arn(42))
    assert way.verb == verb
    if verb == "refuse":
        assert way.reason == "deployment d-43 to web:43 is running (IN_PROGRESS), and in_flight is refuse"


def test_what_goes_to_the_target_already_is_followed_even_if_nothing_may_be_stopped() -> None:
    assert controller.by_codedeploy("refuse", running("IN_PROGRESS"), arn(43), arn(42)).method == "adopt"
