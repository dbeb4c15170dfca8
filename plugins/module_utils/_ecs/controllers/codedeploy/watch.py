# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a look at a service that CodeDeploy deploys says about the rollback that we watch. Pure but for :class:`Looker`.

CodeDeploy's word alone is not enough: the task sets of the service show what serves. ``services_stable`` of botocore
never comes true for such services, since their ``deployments`` are empty.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, model, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment as CodeDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Going,
    Look,
    Record,
    replaced_by,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TERMINAL, Deployment, Service

# The old task set is drained later than the status of the deployment, too.
_AFTERMATH: t.Final = model.AFTERMATH
# A deployment's target costs a call of its own: it is read while this many or fewer are watched.
_FEW: t.Final = 10


def assess(going: Going, service: Service, record: Record | None) -> Look:
    """Judge one look at a service. Unknown statuses count as still going."""
    if service.status != "ACTIVE":
        return Look("failed", f"the service is {service.status} now: somebody deleted it meanwhile")
    if record is None:
        return Look("going")
    if going.makes_room:
        return _out_of_the_way(going, record)
    if going.back_of:
        return _going_back(going, service, record)
    return _going_forward(going, service, record)


def _out_of_the_way(going: Going, record: Record) -> Look:
    """A deployment that only has to end, with the rollback that was asked for, before ours can begin."""
    if record.status not in TERMINAL:
        return Look("going")
    unnamed = record.status in ("STOPPED", "FAILED") and not record.rollback_told
    if going.makes_room == "rolled_back" and unnamed and record.ended_ago <= _AFTERMATH:
        return Look("going")
    return Look("ended_before", "it is out of the way")


def _going_forward(going: Going, service: Service, record: Record) -> Look:
    primary = service.primary
    if record.status == "FAILED" or record.status.startswith("ROLLBACK"):
        return Look("failed", record.reason or f"CodeDeploy's deployment ended ({record.status})")
    ours = primary is not None and primary.external_id == going.deployment_id
    theirs = primary is not None and not ours and primary.id not in going.known_deployments
    if primary is not None and theirs:
        return Look("replaced", replaced_by(primary))
    if record.status == "STOPPED":
        return Look("failed", record.reason or "somebody stopped it")
    if primary is None or not ours or not names.same(primary.task_definition, going.target):
        return Look("going")
    return _on_target(service, primary, record, ended=record.status == "SUCCESSFUL")


def _going_back(going: Going, service: Service, record: Record) -> Look:
    primary = service.primary
    on_target = primary is not None and names.same(primary.task_definition, going.target)
    if record.status == "SUCCESSFUL":
        return Look("ended_before", "the deployment finished before CodeDeploy could stop it")
    if record.status == "ROLLBACK_FAILED":
        return Look("failed", record.reason or "CodeDeploy could not roll back")
    ended = record.status in TERMINAL and (record.rollback_told or record.ended_ago > _AFTERMATH)
    if primary is not None and on_target:
        return _on_target(service, primary, record, ended)
    return _ended_elsewhere(primary, record) if ended else Look("going")


def _ended_elsewhere(primary: Deployment | None, record: Record) -> Look:
    """It has ended, and the service is not on the version that it was to go back to."""
    if record.status == "FAILED":
        return Look("ended_before", "the deployment failed before CodeDeploy could stop it")
    if record.status == "STOPPED" and not record.rollback_told:
        return Look("ended_before", "CodeDeploy stopped it, and rolled nothing back")
    if record.status == "STOPPED":
        return Look("failed", record.reason or "CodeDeploy stopped it, and rolled nothing back")
    if record.ended_ago <= _AFTERMATH:
        return Look("going")
    return Look("replaced", replaced_by(primary)) if primary is not None else Look("going")


def _on_target(service: Service, primary: Deployment, record: Record, ended: bool) -> Look:
    """Whether the PRIMARY task set is the target's. Traffic counts if CodeDeploy shows its weights."""
    steady = primary.rollout_state == "COMPLETED" and primary.running >= service.desired and primary.pending == 0
    if not steady or (record.weight is not None and record.weight < 100):
        return Look("going")
    if ended and _alone(service, primary, record):
        return Look("stable")
    return Look("serving")


def _alone(service: Service, primary: Deployment, record: Record) -> bool:
    """No task set of another version is draining, or about to drain."""
    others = [d for d in service.deployments if d.id != primary.id]
    if any(d.status == "DRAINING" for d in others):
        return False
    return not others or record.keeps_original or record.ended_ago > _AFTERMATH


def _stage(deployment: CodeDeployment) -> str:
    if deployment.status == "Ready":
        # deploymentReadyOption of the group: CodeDeploy shifts the traffic when somebody says so.
        return "Ready, waiting for somebody's ContinueDeployment"
    return deployment.status if deployment.running else ""


def _weight(service: Service | None, wanted: str, target: targets.EcsTarget | None) -> float | None:
    """The share of the traffic on the newest task set that runs what the service is to go to."""
    if service is None or target is None:
        return None
    sets = [d for d in service.deployments if names.same(d.task_definition, wanted) and d.created_at is not None]
    newest = max(sets, key=lambda d: d.created_at or datetime.min, default=None)
    return target.weights.get(newest.id) if newest is not None else None


class Looker:
    """Reads the deployments of CodeDeploy that are watched, 25 a call, with those that roll them back."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._rollbacks: dict[str, str] = {}

    def records(self, watched: t.Mapping[str, tuple[Service | None, str]], now: datetime) -> dict[str, Record]:
        """Records by deployment id. ``watched`` maps the ids to look at to the service as last seen and its target task
        definition. Raises AwsCallError or IncompleteAnswerError.
        """
        found = api.batch_get_deployments(self._aws, [*watched, *self._rollbacks.values()])
        late = [
            d.rollback_deployment
            for d in found.values()
            if d.id in watched and d.rollback_deployment and d.rollback_deployment not in found
        ]
        found.update(api.batch_get_deployments(self._aws, late))
        self._find_unnamed(watched, found, now)
        named = {id_: found[id_].rollback_deployment for id_ in watched if id_ in found}
        self._rollbacks.update({id_: rollback for id_, rollback in named.items() if rollback})
        return {
            id_: self._record(found[id_], found.get(self._rollbacks.get(id_, "")), place, now, len(watched))
            for id_, place in watched.items()
            if id_ in found
        }

    def _find_unnamed(self, watched: t.Iterable[str], found: dict[str, CodeDeployment], now: datetime) -> None:
        """Rollbacks that are running already, but that the deployments they undo do not name yet."""
        for id_ in watched:
            ended = found.get(id_)
            if ended is None or id_ in self._rollbacks or not model.is_due(ended, now):
                continue
            ids = api.list_deployments(self._aws, ended.application, ended.group, most=api.DEPLOYMENTS_PER_CALL)
            listed = api.batch_get_deployments(self._aws, [i for i in ids if i not in found])
            mine = next((d for d in listed.values() if d.triggered_by == id_), None)
            if mine is not None:
                self._rollbacks[id_] = mine.id
                found[mine.id] = mine

    def _record(
        self,
        deployment: CodeDeployment,
        rollback: CodeDeployment | None,
        place: tuple[Service | None, str],
        now: datetime,
        how_many: int,
    ) -> Record:
        service, wanted = place
        state = records.status(deployment, rollback)
        moving = rollback if rollback is not None else deployment
        told = moving.running and not moving.waits_for_termination and how_many <= _FEW
        target = self.target(moving, service) if service is not None and told else None
        going = target.going() if target is not None else ""
        if moving.running and moving.waits_for_termination:
            going = "waiting for the end of the original task set"
        reason = records.reason(deployment)
        if rollback is not None and rollback.why:
            reason = f"{reason}; its rollback {rollback.id}: {rollback.why}" if reason else rollback.why
        return Record(
            status=state,
            reason=reason,
            stage=going or _stage(moving),
            weight=_weight(service, wanted, target),
            ended_ago=(now - moving.completed_at).total_seconds() if moving.completed_at else 0.0,
            rollback_told=bool(rollback is not None or deployment.rollback_message),
            keeps_original=moving.keeps_original,
        )

    def target(self, deployment: CodeDeployment, service: Service) -> targets.EcsTarget | None:
        """The deployment's target; None if it cannot be read, or the deployment has not begun."""
        try:
            found = api.batch_get_deployment_targets(self._aws, deployment.id, [f"{service.cluster}:{service.name}"])
        except (AwsCallError, IncompleteAnswerError):
            return None
        return next((targets.ecs(answer) for answer in found if answer.get("ecsTarget")), None)

    def failed_events(self, deployment_id: str, service: Service) -> tuple[dict[str, str], ...]:
        """Lifecycle events of a deployment that failed, for a diagnosis."""
        try:
            deployment = api.batch_get_deployments(self._aws, [deployment_id]).get(deployment_id)
        except (AwsCallError, IncompleteAnswerError):
            return ()
        target = self.target(deployment, service) if deployment is not None else None
        return tuple(event.as_dict() for event in target.events if event.failed) if target is not None else ()
