# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS's own way back: stopped by a user, by the circuit breaker, and what cannot be stopped."""

from __future__ import annotations

import typing as t

from tests.live.check import Answer, Fact, check
from tests.live.lab import IMAGE, MISSING_IMAGE, OTHER_IMAGE, Lab, refusal

_BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def _went_back(lab: Lab, service: str, arn: str, before: t.Mapping[str, t.Any]) -> dict[str, Fact]:
    """What holds after a rollback, whatever began it."""
    statuses = lab.followed(arn, 1500, 3)
    lab.wait("the old version alone", lambda: len(lab.describe(service)["deployments"]) == 1, 600, 3)
    lab.settle()
    service_now, record = lab.describe(service), lab.record(arn)
    primary = service_now["deployments"][0]
    revision = str(record.get("rollback", {}).get("serviceRevisionArn", ""))
    return {
        "statuses": " > ".join(statuses),
        "old_version_again": service_now["taskDefinition"] == before["taskDefinition"],
        "old_deployment_id_again": primary["id"] == before["deployments"][0]["id"],
        "new_records": len(lab.records(service)) - 2,
        "rollback_names_the_old_revision": revision == before["revision"],
        "rollback_has_a_reason": bool(record.get("rollback", {}).get("reason")),
        "record_has_a_status_reason": bool(record.get("statusReason")),
    }


def _running(lab: Lab, **more: t.Any) -> tuple[str, dict[str, t.Any]]:
    """A service on Fargate with a version that is good, and what it is like."""
    service = lab.fargate(lab.define_fargate(IMAGE), **more)
    lab.settle()
    before = lab.describe(service)
    before["revision"] = lab.records(service)[0]["targetServiceRevisionArn"]
    return service, before


@check(
    9,
    "native-stop",
    "What does a deployment go through that StopServiceDeployment takes back, and what is left?",
    "The same record goes through ROLLBACK_*; the old deployment is PRIMARY again with its old id; nothing new is made",
    ("a network for Fargate",),
)
def native_stop(lab: Lab) -> Answer:
    lab.place.missing(MISSING_IMAGE)
    service, before = _running(lab)
    arn = lab.begun(service, lab.define_fargate(MISSING_IMAGE))
    lab.place.sleep(20)
    lab.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    again = refusal(lambda: lab.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK"))[0]
    facts = {**_went_back(lab, service, arn, before), "second_stop": again or "accepted"}
    old = "its old id" if facts["old_deployment_id_again"] else "a new id"
    return Answer(f"{facts['statuses']}; PRIMARY again with {old}; a second stop: {facts['second_stop']}", facts)


@check(
    10,
    "circuit-breaker",
    "What does a deployment go through that the circuit breaker takes back?",
    "IN_PROGRESS, ROLLBACK_IN_PROGRESS, ROLLBACK_SUCCESSFUL after three failures; the old id again",
    ("a network for Fargate",),
)
def circuit_breaker(lab: Lab) -> Answer:
    lab.place.missing(MISSING_IMAGE)
    service, before = _running(lab, deploymentConfiguration=_BREAKER)
    arn = lab.begun(service, lab.define_fargate(MISSING_IMAGE))
    facts = _went_back(lab, service, arn, before)
    breaker = lab.record(arn).get("deploymentCircuitBreaker", {})
    facts |= {
        "breaker": str(breaker.get("status", "")),
        "failures": int(breaker.get("failureCount", -1)),
        "threshold": int(breaker.get("threshold", -1)),
    }
    return Answer(f"{facts['statuses']} after {facts['failures']} failures of {facts['threshold']}", facts)


@check(
    11,
    "what-can-be-stopped",
    "How does a superseded deployment end, and can the first, a finished or a superseded one be stopped?",
    "Superseded: STOPPED. The first one has nowhere to go; a finished or superseded one is refused",
)
def what_can_be_stopped(lab: Lab) -> Answer:
    first, second, third = lab.define(IMAGE), lab.define(OTHER_IMAGE), lab.define(IMAGE)

    def stop(arn: str) -> str:
        return refusal(lambda: lab.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK"))[0]

    # There is no instance, so nothing that wants a task ever ends.
    endless = lab.service(first, 1)
    lab.wait("the first record", lambda: bool(lab.records(endless)), 60, 1)
    first_one = lab.records(endless)[0]["serviceDeploymentArn"]
    code_first = stop(first_one)
    lab.place.sleep(20)
    status_first = str(lab.record(first_one).get("status", ""))
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    finished = lab.records(service)[0]["serviceDeploymentArn"]
    code_finished = stop(finished)
    superseded = lab.begun(service, second, desiredCount=1)
    lab.begun(service, third)
    statuses: list[str] = []

    def is_over() -> bool:
        status = str(lab.record(superseded).get("status", ""))
        if statuses[-1:] != [status]:
            statuses.append(status)
        return status == "STOPPED"

    lab.wait("the end of what was superseded", is_over, 300, 1)
    facts: dict[str, Fact] = {
        "stop_of_the_first": code_first or "accepted",
        "status_of_the_first": status_first,
        "stop_of_a_finished_one": code_finished or "accepted",
        "superseded_ends": statuses[-1],
        "stop_of_a_superseded_one": stop(superseded) or "accepted",
    }
    text = f"superseded: {' > '.join(statuses)}; stopping the first: {facts['stop_of_the_first']} ({status_first}), "
    text += f"a finished one: {facts['stop_of_a_finished_one']}, a superseded one: {facts['stop_of_a_superseded_one']}"
    return Answer(text, facts)
