# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting on services that CodeDeploy deploys: stop what runs with a rollback, or create a deployment.

The writes themselves are in :mod:`.writes` of CodeDeploy.
"""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, in_the_way, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import writes as controllers_writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import description
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, Finding, ServiceDeployment


def adopt(planned: plans.Plan) -> Begun:
    """Follow the running deployment, or one that an earlier, killed run of ours began. Raises :class:`.PlanIsStale`."""
    if isinstance(planned.way.change, codedeploy_request.Follow):
        return Begun(planned.service, wrote=False, deployment_id=planned.way.change.id)
    followed = planned.newest
    if followed is None:
        raise PlanIsStale("no deployment is on record any more")
    if followed.status in ("SUCCESSFUL", "PENDING", "IN_PROGRESS"):
        return Begun(planned.service, wrote=False, deployment_id=followed.id)
    return Begun(planned.service, wrote=False, back_of=followed.id)


def stop(aws: Aws, planned: plans.Plan) -> Begun:
    """Let CodeDeploy go back. Raises :class:`.PlanIsStale` if the deployment has ended in the meantime."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    id_ = planned.running.id
    return Begun(planned.service, wrote=True, back_of=id_, findings=writes.stop(aws, id_, roll_back=True))


def create_of(planned: plans.Plan) -> codedeploy_request.Create | None:
    """The deployment that a plan asks for; None if it asks for none."""
    change = planned.way.change
    return change if isinstance(change, codedeploy_request.Create) else None


def make_room(aws: Aws, planned: plans.Plan, blocking: ServiceDeployment) -> Begun:
    """End the deployment in the way of the planned one; if it is CodeDeploy's rollback, wait for it.

    Raises :class:`.PlanIsStale` if it has ended in the meantime.
    """
    if blocking.status in ROLLING_BACK:
        return Begun(planned.service, wrote=False, back_of=blocking.id, makes_room="rolled_back")
    now = api.batch_get_deployments(aws, [blocking.id]).get(blocking.id)
    if now is None or not now.running:
        raise PlanIsStale(f"deployment {blocking.id} has ended meanwhile")
    roll_back = in_the_way.with_rollback(now)
    notes = writes.stop(aws, blocking.id, roll_back)
    return Begun(
        planned.service,
        wrote=True,
        back_of=blocking.id,
        findings=notes,
        makes_room="rolled_back" if roll_back else "stopped",
    )


def deploy(aws: Aws, planned: plans.Plan, reason: str | None, tasks: int | None) -> Begun:
    """Create the deployment. More ``tasks`` are set at once, so that the replacement has them from its beginning.

    Raises :class:`.PlanIsStale` if another deployment of the group is running.
    """
    create = create_of(planned)
    if create is None or planned.target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    request, target, copy = create.request, planned.target.arn, ""
    notes: tuple[Finding, ...] = ()
    if create.copy is not None:
        copy, notes = controllers_writes.register_copy(aws, planned.target, create.copy)
        target = copy
    what = create.called or _called(planned)
    run = writes.new_run()
    mine = description.made(reason, planned.left, target, run, what)
    id_, lost = writes.create(aws, request.group, request.parameters(mine, copy), planned.known_records)
    service, late = controllers_writes.more_tasks(aws, planned.service, tasks)
    return Begun(service, wrote=True, deployment_id=id_, findings=(*notes, *lost, *late), copy=copy, run=run)


def _called(planned: plans.Plan) -> str:
    if planned.choice.source == "undo":
        return "undo"
    return "rollback" if planned.direction == "back" else "redeploy"


def denied_override(planned: plans.Plan, error: AwsCallError | IncompleteAnswerError) -> str:
    """What to add to a refusal: overriding alarms needs another permission than the operation's own.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html (overrideAlarmConfiguration)
    """
    create = create_of(planned)
    if not error.is_denied or create is None or not create.request.overrides_alarms:
        return ""
    return (
        f" Alarms of deployment group {create.request.group.name} are firing, and ignoring them for "
        f"{names.short(planned.target.arn if planned.target else '')} also needs codedeploy:UpdateDeploymentGroup."
    )


def look(aws: Aws, id_: str) -> tuple[Deployment | None, Deployment | None]:
    """A deployment, and what CodeDeploy rolls it back with. Raises AwsCallError or IncompleteAnswerError."""
    deployment = api.batch_get_deployments(aws, [id_]).get(id_)
    back = deployment.rollback_deployment if deployment is not None else ""
    return deployment, api.batch_get_deployments(aws, [back]).get(back) if back else None
