# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deployment is meant, and what is known of it without watching."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import wait
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.wait import Waiter
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    deployment,
    enum,
    flown,
    revision,
    service,
    steps,
)

# The service revision of task definition web:N ends in N, and so does the deployment's id.
ON_2 = service(deployment(2))
ON_1 = service(deployment(1))


def decide(on: Service, past: History | None, problem: str, wanted: str) -> Meant | Known:
    controller = Controllers(FakeAws(), FakeClock()).of(on)
    return wait.decide(controller, on, Past(past, problem), wanted)


def decided(on: object, *story: object, wanted: str = "") -> Meant | Known:
    return decide(on, history.read(steps(*story)), "", wanted)  # type: ignore[arg-type]


def arn_of(*story: object) -> str:
    return steps(*story)[-1].id  # type: ignore[arg-type]


# What the newest deployment of web:2 comes to, with PRIMARY on web:2: watched, or known.
STATUSES = {
    "PENDING": "watch",
    "IN_PROGRESS": "watch",
    "SUCCESSFUL": "watch",
    "ROLLBACK_REQUESTED": "watch",
    "STOP_REQUESTED": "failed",
    "STOPPED": "failed",
    "ROLLBACK_IN_PROGRESS": "failed",
    "ROLLBACK_SUCCESSFUL": "failed",
    "ROLLBACK_FAILED": "failed",
    "SOMETHING_NEW": "watch",
}


def test_every_status_is_in_the_table() -> None:
    assert set(enum("ServiceDeploymentStatus")) <= set(STATUSES)


@pytest.mark.parametrize("status", STATUSES)
def test_by_the_arn_of_the_service_deployment(status: str) -> None:
    story = (1, (2, status))
    found = decided(ON_2, *story, wanted=arn_of(*story))
    assert ("watch" if isinstance(found, Meant) else found.outcome) == STATUSES[status]
    assert found.record is not None
    assert found.record.status == status


@pytest.mark.parametrize("status", STATUSES)
def test_by_an_id_that_is_not_listed_any_more(status: str) -> None:
    found = decided(ON_1, 1, (2, status), wanted="ecs-svc/2")
    assert isinstance(found, Known)
    back = status.startswith("ROLLBACK") and status != "ROLLBACK_REQUESTED"
    stopped = status in ("STOPPED", "STOP_REQUESTED")
    assert found.outcome == ("failed" if back or stopped else "superseded")


@pytest.mark.parametrize("status", STATUSES)
def test_an_older_one(status: str) -> None:
    found = decided(service(deployment(3)), 1, (2, status), 3, wanted="ecs-svc/2")
    assert isinstance(found, Known)
    back = status.startswith("ROLLBACK") and status != "ROLLBACK_REQUESTED"
    assert found.outcome == ("failed" if back else "superseded")
    assert "web:2" in found.reason


@pytest.mark.parametrize("status", STATUSES)
def test_without_a_name_it_is_the_primary_one_unless_ecs_went_back(status: str) -> None:
    found = decided(ON_1, 1, (2, status))
    back = status.startswith("ROLLBACK") and status != "ROLLBACK_REQUESTED"
    if back:
        assert isinstance(found, Known)
        assert found.outcome == "failed"
        assert found.reason.endswith("Give deployment=ecs-svc/1 to wait for web:1, which is PRIMARY now")
    else:
        assert isinstance(found, Meant)
        assert found.going.deployment_id == "ecs-svc/1"


def test_what_a_rollback_is_told_as() -> None:
    story = [flown(2, "ROLLBACK_SUCCESSFUL", back=1, rollback_reason="circuit breaker.")]
    found = decide(ON_1, history.read(story), "", "ecs-svc/2")
    assert isinstance(found, Known)
    assert found.reason == "ECS rolled web:2 back to web:1 at 2026-11-20T12:10:00Z (circuit breaker)"
    story = [flown(2, "ROLLBACK_FAILED", reason="no luck")]
    found = decide(ON_1, history.read(story), "", "ecs-svc/2")
    assert isinstance(found, Known)
    assert found.reason == "web:2 failed, and ECS could not roll it back (no luck)"


def test_the_newest_record_of_an_id_counts() -> None:
    again = [flown(1, minute=0), flown(2, "ROLLBACK_SUCCESSFUL", 60, back=1), flown(2, minute=120)]
    found = decide(ON_2, history.read(again), "", "ecs-svc/2")
    assert isinstance(found, Meant)
    assert found.record is not None
    assert found.record.status == "SUCCESSFUL"


def test_listed_without_a_record() -> None:
    failed = service(deployment(1), deployment(2, status="ACTIVE", rollout="FAILED", rollout_reason="breaker"))
    found = decide(failed, None, "denied", "ecs-svc/2")
    assert found == Known("failed", "breaker")
    draining = service(deployment(3), deployment(2, status="ACTIVE", rollout="IN_PROGRESS"))
    found = decide(draining, None, "denied", "ecs-svc/2")
    assert found == Known("superseded", "web:3 (ecs-svc/3) was deployed over web:2")


@pytest.mark.parametrize(("problem", "says"), [("denied", "history. denied"), ("", "ECS keeps deployments for 90")])
def test_neither_listed_nor_on_record(problem: str, says: str) -> None:
    found = decide(ON_1, None, problem, "ecs-svc/7")
    assert isinstance(found, Known)
    assert found.outcome == "refused"
    assert says in found.reason


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "DRAINING"}, "the service is DRAINING"),
        ({"controller": "CODE_DEPLOY"}, "there is no deployment of web that can be read"),
        ({"controller": "EXTERNAL", "deployments": ()}, "no task set is PRIMARY"),
        ({"controller": "NEW"}, "the deployment controller is NEW"),
        ({"deployments": ()}, "no PRIMARY deployment"),
    ],
)
def test_nothing_to_wait_for(changes: dict[str, object], says: str) -> None:
    found = decide(service(1, **changes), None, "", "")
    assert isinstance(found, Known)
    assert found.outcome == "refused"
    assert says in found.reason


def test_a_waiter_that_has_nothing_to_watch() -> None:
    with pytest.raises(ValueError, match="no deployment of web"):
        _going = Waiter("web", "prod").going


def test_only_a_record_that_is_in_flight_is_looked_at() -> None:
    for status, arn in (("IN_PROGRESS", steps((2, "IN_PROGRESS"))[0].id), ("SUCCESSFUL", "")):
        waiter = Waiter("web", "prod")
        waiter.take(ON_2, decided(ON_2, (2, status)))
        assert waiter.going.record == arn
        assert waiter.going.deployment_id == "ecs-svc/2"


def test_its_own_revision_number_is_what_a_record_goes_by() -> None:
    other = flown(2, target=revision(2, of="77"))
    found = decide(ON_2, history.read([other]), "", other.id)
    assert isinstance(found, Known)
    assert found.outcome == "superseded"


# -- services that CodeDeploy deploys

CODEDEPLOY_STATUSES = {
    "PENDING": "watch",
    "IN_PROGRESS": "watch",
    "SOMETHING_NEW": "watch",
    "SUCCESSFUL": "superseded",
    "FAILED": "failed",
    "STOPPED": "failed",
    "ROLLBACK_IN_PROGRESS": "failed",
    "ROLLBACK_SUCCESSFUL": "failed",
    "ROLLBACK_FAILED": "failed",
}
BY_CODEDEPLOY = service(deployment(1, external_id="d-1"), controller="CODE_DEPLOY")


def by_codedeploy(status: str, wanted: str) -> Meant | Known:
    story = [
        flown(1, id="d-1", by="CodeDeploy"),
        flown(2, status, 60, id="d-2", by="CodeDeploy"),
    ]
    return decide(BY_CODEDEPLOY, history.read(story), "", wanted)


@pytest.mark.parametrize("status", CODEDEPLOY_STATUSES)
def test_a_deployment_of_codedeploy_by_its_id_or_as_the_newest(status: str) -> None:
    for wanted in ("d-2", ""):
        found = by_codedeploy(status, wanted)
        assert ("watch" if isinstance(found, Meant) else found.outcome) == CODEDEPLOY_STATUSES[status]
        assert "ECS" not in (found.reason if isinstance(found, Known) else "")
        if isinstance(found, Meant):
            assert (found.going.deployment_id, found.going.record) == ("d-2", "d-2")


@pytest.mark.parametrize("wanted", ["d-1", "ecs-svc/1"])
def test_what_made_the_primary_task_set_is_watched(wanted: str) -> None:
    found = by_codedeploy("ROLLBACK_SUCCESSFUL", wanted)
    assert isinstance(found, Meant)
    assert (found.going.deployment_id, found.going.record) == ("d-1", "d-1")


def test_what_the_service_was_created_with_goes_by_its_task_set() -> None:
    created = service(1, controller="CODE_DEPLOY")
    for wanted in ("", "ecs-svc/1"):
        found = decide(created, history.read([flown(1, id="ecs-svc/1")]), "", wanted)
        assert isinstance(found, Meant)
        assert (found.going.deployment_id, found.going.is_bare) == ("ecs-svc/1", True)


def test_a_rollback_of_codedeploy_can_be_named_though_it_is_no_record() -> None:
    on = service(deployment(1, external_id="d-3"), controller="CODE_DEPLOY")
    found = decide(on, history.read([flown(2, "ROLLBACK_SUCCESSFUL", id="d-2")]), "", "d-3")
    assert isinstance(found, Meant)
    assert (found.going.deployment_id, found.record) == ("d-3", None)


def test_a_task_set_of_somebody_else() -> None:
    on = service(1, deployment(2, "ecs-svc/2", "ACTIVE"), deployment(3, "ecs-svc/3", "DRAINING"), controller="EXTERNAL")
    for wanted, task_set in (("", "ecs-svc/1"), ("ecs-svc/2", "ecs-svc/2")):
        found = decide(on, None, "", wanted)
        assert isinstance(found, Meant)
        assert found.going.deployment_id == task_set
    for wanted, outcome in (("ecs-svc/3", "failed"), ("ecs-svc/9", "refused")):
        known = decide(on, None, "", wanted)
        assert isinstance(known, Known)
        assert known.outcome == outcome
