# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The way back: adopt what runs already, let ECS or CodeDeploy itself go back, or deploy. Pure.

The order is that of certainty. A rollback by ECS itself reuses the source service revision with its image digests
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import (
    Accepted,
    Going,
    InFlight,
    Known,
    Look,
    Meant,
    Record,
    Step,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import overriding, records, watch, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    STOPPABLE,
    Deployment,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice

_PRIMARY_TASK_SET: t.Final = Step("act", "primary_task_set")


def of(
    in_flight: InFlight, service: Service, history: History | None, choice: Choice, target: str, current: str
) -> Step:
    """How to get there, in this order: adopt, roll back natively, update the service."""
    if choice.unfinished:
        return Step("act", "adopt")
    if service.controller == "CODE_DEPLOY":
        return controller.by_codedeploy(in_flight, history, target, current)
    if service.controller == "EXTERNAL":
        same = names.same(target, current)
        return Step("nothing", "none", f"it is on {names.short(target)} already") if same else _PRIMARY_TASK_SET
    primary = service.primary
    running = history.running if history else None
    if running is None and primary is not None and primary.rollout_state == "IN_PROGRESS":
        # The history is not told, or lags behind: the PRIMARY deployment says as much.
        return _in_flight_unrecorded(in_flight, target, primary.task_definition)
    if running is None:
        if not names.same(target, current):
            return Step("act", "update_service")
        if primary is not None and primary.rollout_state == "FAILED":
            # Its last deployment failed and is over: only a new one can bring it up.
            return Step("act", "update_service", force_new_deployment=True)
        return Step("nothing", "none", f"it is on {names.short(target)} already")
    if history is not None and history.lands_on is not None and names.same(history.lands_on, target):
        return Step("act", "adopt")
    if in_flight == "refuse":
        return Step(
            "refuse",
            "none",
            f"a deployment to {names.short(running.target.task_definition)} is running ({running.status}), and "
            "in_flight is refuse",
        )
    native = history.native_stop_lands_on if history else None
    if (
        in_flight == "stop"
        and running.status in STOPPABLE
        and running.status not in ROLLING_BACK
        and native is not None
        and names.same(native, target)
    ):
        # Parked at a PAUSE hook a deployment takes no stop, only an answer to the hook.
        return Step("act", "continue_rollback" if running.paused_at else "stop_deployment")
    return Step("act", "update_service")


def _in_flight_unrecorded(in_flight: InFlight, target: str, deploying: str) -> Step:
    if names.same(target, deploying):
        return Step("act", "adopt")
    if in_flight == "refuse":
        return Step("refuse", "none", f"a deployment to {names.short(deploying)} is running, and in_flight is refuse")
    return Step("act", "update_service")


def meant_primary(service: Service, deployment: Deployment, record: ServiceDeployment | None) -> Meant:
    known = frozenset(d.id for d in service.deployments if d.id != deployment.id)
    flying = record.arn if record is not None and record.in_flight else ""
    going = Going(deployment.task_definition, deployment.id, "", known, service.strategy, record=flying, read_only=True)
    return Meant(going, record)


def meant_named(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    listed = service.deployment(wanted)
    if listed is not None and listed.status == "PRIMARY":
        return meant_primary(service, listed, record_of(wanted, history))
    if wanted.startswith("arn:"):
        record = next((d for d in history.deployments if d.arn == wanted), None) if history else None
    else:
        record = record_of(wanted, history)
    if record is not None:
        return meant_ended(record, service, history)
    if listed is not None and listed.rollout_state == "FAILED":
        return Known("failed", listed.rollout_reason or "ECS reports the rollout as FAILED")
    if listed is not None:
        return Known("superseded", base.over(listed.task_definition, service.primary))
    why = f" {problem}" if problem else " ECS keeps deployments for 90 days"
    return Known("refused", f"there is no deployment {wanted} of {service.name}, now or in its history.{why}")


def meant_ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    """What the record of a deployment says of its end, or that it has to be watched."""
    what, primary = names.short(record.target.task_definition), service.primary
    if base.ended_back(record):
        return Known("failed", base.back(record), record)
    superseded = history is not None and history.newest is not None and history.newest.arn != record.arn
    if record.status in ("STOPPED", "STOP_REQUESTED"):
        why = f" ({record.reason.rstrip('.')})" if record.reason else ""
        if superseded:
            return Known("superseded", f"{base.over(record.target.task_definition, primary)}{why}", record)
        return Known("failed", f"the deployment of {what} was stopped before it was complete{why}", record)
    if primary is not None and _is_of(record, primary):
        return meant_primary(service, primary, record)
    if record.status == "SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        since = base.over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    return Known("superseded", base.over(record.target.task_definition, primary), record)


def _number(deployment_id: str) -> str:
    return deployment_id.rpartition("/")[2]


def record_of(deployment_id: str, history: History | None) -> ServiceDeployment | None:
    """The newest record of a deployment.

    Its id ends in the number that the ARN of its service revision ends in, as can be seen in what AWS answers.
    """
    deployments = history.deployments if history else ()
    return next((d for d in reversed(deployments) if _number(d.target.arn) == _number(deployment_id)), None)


def _is_of(record: ServiceDeployment, deployment: Deployment) -> bool:
    return _number(record.target.arn) == _number(deployment.id)


class Ecs(base.Controller):
    """ECS itself deploys."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        super().__init__(aws, clock)
        # Records that were found while watching, by cluster and deployment.
        self._found: dict[tuple[str, str], str] = {}

    def _begin(self, planned: base.Plan, tasks: int | None, reason: str | None) -> Accepted:
        if planned.method in base.NATIVE:
            return write.roll_back_natively(self._aws, planned)
        if planned.configuration:
            return write.update_service(self._aws, planned, tasks, planned.configuration)
        override, notes = overriding.prepare(self._aws, planned)
        accepted = write.update_service(self._aws, planned, tasks, override)
        return replace(accepted, findings=(*notes, *accepted.findings))

    def _adopt(self, planned: base.Plan) -> Accepted:
        return write.adopt(planned)

    def _own_record(self, planned: base.Plan, accepted: Accepted) -> str:
        # The counts tell all there is to tell of a rolling deployment, and every sweep would cost a call more.
        follows = not accepted.wrote and planned.running is not None and accepted.service.strategy != "ROLLING"
        return planned.running.arn if follows and planned.running is not None else ""

    def restore(self, service: Service, planned: base.Plan | None, state: base.Standing) -> base.Restored:
        return overriding.restore(self._aws, service, planned, state)

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        arns = [self._record_of(going, service) for going, service in watched]
        wanted = [arn for arn in arns if arn]
        try:
            answers = api.describe_service_deployments(self._aws, wanted) if wanted else {}
        except (AwsCallError, IncompleteAnswerError):
            # The look at the services tells the same a little later.
            answers = {}
        return [
            watch.record_of(answers[arn], goes_back=bool(going.back_of)) if arn in answers else None
            for arn, (going, _service) in zip(arns, watched)
        ]

    def _record_of(self, going: Going, service: Service) -> str:
        """Our own service deployment, if its record tells what counts do not: how far the traffic has shifted."""
        key = (service.arn, going.id)
        if going.record or going.strategy == "ROLLING" or key in self._found:
            return going.record or self._found.get(key, "")
        try:
            briefs = api.list_service_deployments(self._aws, service.cluster_arn, service.name, everything=False)
        except (AwsCallError, IncompleteAnswerError):
            return ""
        new = [brief for brief in briefs if brief["serviceDeploymentArn"] not in going.known_records]
        if new:
            # Ours is the first that came after the plan; a later one is somebody else's.
            self._found[key] = str(min(new, key=lambda brief: brief["createdAt"])["serviceDeploymentArn"])
        return self._found.get(key, "")

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        """By the counts. ECS replaces tasks behind load balancers, so whether those find them healthy is not known."""
        look = watch.assess(going, service, record)
        counted = look.state == "serving" and service.strategy == "ROLLING" and bool(service.load_balancers)
        state = "running" if counted else look.state
        return Look(state, look.reason, service.deployment(going.deployment_id))

    def undone(self, going: Going, service: Service) -> str:
        """ECS's own rollback and somebody else's deployment can look alike in ``deployments``; the record tells."""
        if going.back_of:
            return ""
        histories = records.Histories(self._aws, service.cluster_arn)
        histories.read([service])
        history = histories.found.get(service.name)
        for deployment in reversed(history.deployments if history else ()):
            if names.same(deployment.target.task_definition, going.target) and deployment.arn != going.predecessor:
                return deployment.status if deployment.status.startswith("ROLLBACK") else ""
        return ""
