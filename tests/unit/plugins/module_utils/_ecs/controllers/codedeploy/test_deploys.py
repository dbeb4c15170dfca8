# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a deployment by CodeDeploy: the step, the request, what ended it, what follows."""

from __future__ import annotations

import json
import typing as t

import botocore.model
import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment as CodeDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.records import Seen
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.request import (
    Create,
    Follow,
    Request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import EVENTS, GoTo, Past, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Revision, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    flown,
    planned_to,
    service,
    task_definition,
)

FAILURE, ON_ALARM, ON_REQUEST = EVENTS
GROUP = Group("app", "group")
RINGING = Group("app", "group", alarms=("errors",))
SPEC = json.dumps({**json.loads(appspec.made_for(arn(1), "app", 80)), "Hooks": [{"AfterInstall": "check"}]})


def enum(shape: str) -> list[str]:
    found = botocore.session.get_session().get_service_model("codedeploy").shape_for(shape)
    assert isinstance(found, botocore.model.StringShape)
    return list(found.enum)


def on(number: int, made_by: str = "d-1", **changes: t.Any) -> Service:
    balancer = {"containerName": "app", "containerPort": 80}
    primary = deployment(number, external_id=made_by, **changes)
    return service(primary, controller="CODE_DEPLOY", load_balancers=(balancer,))


def past(*steps: tuple[str, int, str]) -> history.History:
    """Deployments by id, what they deployed, and how that ended. The first one's AppSpec file is on record."""
    made = [
        flown(number, status, minute=60 * hour, id=id_, by="CodeDeploy", target=Revision("", arn(number)))
        for hour, (id_, number, status) in enumerate(steps)
    ]
    told = Revision("", arn(steps[0][1]), settings={"appSpec": SPEC})
    return history.read([flown(steps[0][1], steps[0][2], id=steps[0][0], by="CodeDeploy", target=told), *made[1:]])


DONE = ("d-1", 1, "SUCCESSFUL")


def planned(
    where: Service, *steps: tuple[str, int, str], group: Group | None = GROUP, states: t.Any = None, **wish: t.Any
) -> Plan:
    story = past(*steps) if steps else None
    known = Past(story, "" if steps else "it cannot be read", more=Seen(group))
    return planned_to(GoTo("2", **wish), where, known, task_definition(2), states)


def request_of(made: Plan) -> Request:
    """What is asked for; fails if nothing is."""
    assert isinstance(made.way.change, Create)
    return made.way.change.request


def followed_by(made: Plan) -> str:
    return made.way.change.id if isinstance(made.way.change, Follow) else ""


def checks(made: Plan) -> dict[str, str]:
    return {f.check: f.severity for f in made.findings}


@pytest.mark.parametrize(
    ("where", "steps", "verb", "followed"),
    [
        (on(1), (DONE,), "act", ""),
        (on(1), (), "act", ""),
        (on(2, "d-2"), (DONE, ("d-2", 2, "SUCCESSFUL")), "nothing", ""),
        # On it, but not whole: its deployment is followed, or another one created where there was none.
        (on(2, "d-2", running=3), (DONE, ("d-2", 2, "SUCCESSFUL")), "act", "d-2"),
        (on(2, "", running=3), (DONE,), "act", ""),
        (on(1), (DONE, ("d-2", 2, "PENDING")), "act", "d-2"),
        (on(1), (DONE, ("d-2", 2, "IN_PROGRESS")), "act", "d-2"),
        (on(2, "d-2"), (DONE, ("d-2", 2, "IN_PROGRESS")), "act", "d-2"),
        # Something else runs, though the service is still on it.
        (on(2, "d-2"), (DONE, ("d-2", 2, "SUCCESSFUL"), ("d-3", 3, "IN_PROGRESS")), "act", ""),
    ],
)
def test_the_step(where: Service, steps: t.Any, verb: str, followed: str) -> None:
    made = planned(where, *steps)
    assert (made.verb, followed_by(made), made.method == "adopt") == (verb, followed, bool(followed))
    assert isinstance(made.way.change, Create) == (verb == "act" and not followed)


def test_what_is_rolled_back_is_not_followed_but_known_to_be_bad() -> None:
    made = planned(on(1), DONE, ("d-2", 2, "ROLLBACK_IN_PROGRESS"))
    assert (made.verb, followed_by(made), checks(made)["in_flight"]) == ("refuse", "", "warn")
    assert checks(made)["known_bad"] == "block"


def test_the_request() -> None:
    request = request_of(planned(on(1), DONE, events=(FAILURE,), states={"errors": "OK"}))
    sent = request.parameters("why")
    content = json.loads(sent["revision"]["appSpecContent"]["content"])
    assert content["Hooks"] == [{"AfterInstall": "check"}]
    assert appspec.task_definition(json.dumps(content)) == arn(2)
    assert sent["autoRollbackConfiguration"] == {"enabled": True, "events": [FAILURE]}
    assert "overrideAlarmConfiguration" not in sent


@pytest.mark.parametrize(
    ("wish", "events", "alarms"),
    [
        ({}, None, None),
        ({"events": ()}, {"enabled": False, "events": []}, None),
        ({"events": (ON_ALARM,)}, {"enabled": True, "events": [ON_ALARM]}, None),
        (
            {"events": (ON_ALARM,), "alarms": ("mine",)},
            {"enabled": True, "events": [ON_ALARM]},
            {"enabled": True, "alarms": [{"name": "mine"}]},
        ),
        # Alarms are for the event that is about them.
        ({"events": (FAILURE,), "alarms": ("mine",)}, {"enabled": True, "events": [FAILURE]}, None),
    ],
)
def test_what_codedeploy_is_told(wish: dict[str, t.Any], events: t.Any, alarms: t.Any) -> None:
    made = planned(on(1), DONE, group=RINGING, states={"errors": "OK", "mine": "OK"}, **wish)
    sent = request_of(made).parameters("why")
    assert (sent.get("autoRollbackConfiguration"), sent.get("overrideAlarmConfiguration")) == (events, alarms)


@pytest.mark.parametrize(
    ("group", "states", "wish", "severity", "says"),
    [
        (GROUP, {}, {}, None, ""),
        (GROUP, {}, {"events": (ON_ALARM,)}, "block", "has none enabled"),
        (RINGING, {"errors": "OK"}, {"events": (ON_ALARM,)}, None, ""),
        (RINGING, {"errors": "INSUFFICIENT_DATA"}, {}, None, ""),
        (RINGING, {"errors": "ALARM"}, {}, "block", "errors is in ALARM now"),
        (RINGING, {"errors": "ALARM", "b": "OK"}, {"events": (ON_ALARM,), "alarms": ("b",)}, None, ""),
        (RINGING, {"b": "ALARM"}, {"events": (ON_ALARM,), "alarms": ("b",)}, "block", "b is in ALARM now"),
        (RINGING, {"c": "OK"}, {}, "warn", "there is no alarm errors"),
        (RINGING, "denied", {}, "unknown", "denied"),
        (GROUP, "denied", {}, None, ""),
    ],
)
def test_alarms(group: Group, states: t.Any, wish: dict[str, t.Any], severity: str | None, says: str) -> None:
    made = planned(on(1), DONE, group=group, states=states, **wish)
    assert checks(made).get("alarms") == severity
    assert made.verb == ("refuse" if severity == "block" else "act")
    assert says in " ".join(f.message for f in made.findings if f.check == "alarms")


def test_no_group() -> None:
    made = planned(on(1), group=None)
    assert (made.verb, made.reason) == ("refuse", "it cannot be read")
    assert planned(on(1), DONE, group=None).reason == "no deployment group deploys web"


def test_a_deployment_of_something_else() -> None:
    steps = (DONE, ("d-3", 3, "IN_PROGRESS"))
    assert checks(planned(on(1), *steps)) == {"in_flight": "warn"}
    assert planned(on(1), *steps, in_flight="refuse").verb == "refuse"


def ended(status: str, error: str = "", **more: t.Any) -> CodeDeployment:
    return CodeDeployment("d-2", "app", "group", status, at(0), error_code=error, **more)


def test_every_error_is_an_event_and_only_one_of_them_is_the_alarm() -> None:
    found = {code: deploys.event_of(ended("Stopped", code)) for code in enum("ErrorCode")}
    assert found.pop("ALARM_ACTIVE") == ON_ALARM
    assert set(found.values()) == {ON_REQUEST}
    assert deploys.event_of(ended("Failed", "ALARM_ACTIVE")) == ON_ALARM


# How it stands, and what follows where the event is asked for, is CodeDeploy's own business, or is neither.
FOLLOWS = {
    "Created": ("go_back", "leave", "leave"),
    "Queued": ("go_back", "leave", "leave"),
    "InProgress": ("go_back", "leave", "leave"),
    "Baking": ("go_back", "leave", "leave"),
    "Ready": ("go_back", "leave", "leave"),
    "Succeeded": ("go_back", "leave", "leave"),
    "Failed": ("go_back", "follow", "leave"),
    "Stopped": ("go_back", "follow", "leave"),
}


def test_every_status_is_in_the_table() -> None:
    assert set(enum("DeploymentStatus")) <= set(FOLLOWS)


@pytest.mark.parametrize("status", FOLLOWS)
def test_what_follows(status: str) -> None:
    then, bare = deploys.then, ended(status)
    event = deploys.event_of(bare)
    native = ended(status, rollback_events=EVENTS)
    assert (then(bare, event, [event]), then(native, event, []), then(bare, event, [])) == FOLLOWS[status]
    # What CodeDeploy goes back from is never gone back from twice.
    assert then(ended(status, rollback_deployment="d-3"), event, EVENTS) == "follow"


def test_the_wait_for_the_end_of_the_original_task_set_is_no_failure() -> None:
    waiting = ended("InProgress", waits_for_termination=True)
    assert deploys.then(waiting, FAILURE, EVENTS) == "leave"


def test_what_is_in_service_is_what_its_deployment_deployed() -> None:
    again = history.read([flown(1, id="d-1", target=Revision("", arn(1), settings={"appSpec": "old"}))])
    found = deploys.in_service(on(1), again)
    assert found is not None
    assert found.settings == {"appSpec": "old"}
    nobody: tuple[Deployment, ...] = ()
    assert deploys.in_service(service(*nobody), again) is None
