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
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, Finding


def adopt(planned: plans.Plan) -> Accepted:
    """Follow the running deployment, or one that an earlier, killed run of ours began. Raises :class:`.PlanIsStale`."""
    if planned.follows:
        return Accepted(planned.service, wrote=False, deployment_id=planned.follows)
    followed = planned.running or planned.newest
    if followed is None:
        raise PlanIsStale("no deployment is on record any more")
    if followed.status in ("SUCCESSFUL", "PENDING", "IN_PROGRESS"):
        return Accepted(planned.service, wrote=False, deployment_id=followed.arn)
    return Accepted(planned.service, wrote=False, service_deployment=followed.arn)


def stop(aws: Aws, planned: plans.Plan) -> Accepted:
    """Let CodeDeploy go back. Raises :class:`.PlanIsStale` if the deployment has ended in the meantime."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    id_ = planned.running.arn
    return Accepted(planned.service, wrote=True, service_deployment=id_, findings=writes.stop(aws, id_, roll_back=True))


def make_room(aws: Aws, planned: plans.Plan) -> Accepted:
    """End the deployment in the way of the planned one; if it is CodeDeploy's rollback, wait for it.

    Raises :class:`.PlanIsStale` if it has ended in the meantime.
    """
    blocking = planned.in_the_way
    if blocking is None:
        raise PlanIsStale("no deployment is running any more")
    if blocking.status in ROLLING_BACK:
        return Accepted(planned.service, wrote=False, service_deployment=blocking.arn, makes_room="rolled_back")
    now = api.batch_get_deployments(aws, [blocking.arn]).get(blocking.arn)
    if now is None or not now.running:
        raise PlanIsStale(f"deployment {blocking.arn} has ended meanwhile")
    roll_back = in_the_way.with_rollback(now)
    notes = writes.stop(aws, blocking.arn, roll_back)
    return Accepted(
        planned.service,
        wrote=True,
        service_deployment=blocking.arn,
        findings=notes,
        makes_room="rolled_back" if roll_back else "stopped",
    )


def deploy(aws: Aws, planned: plans.Plan, reason: str | None, tasks: int | None) -> Accepted:
    """Create the deployment. More ``tasks`` are set at once, so that the replacement has them from its beginning.

    Raises :class:`.PlanIsStale` if another deployment of the group is running.
    """
    request = planned.request
    if request is None or planned.target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    target, copy = planned.target.arn, ""
    notes: tuple[Finding, ...] = ()
    if planned.copy is not None:
        copy, notes = controllers_writes.register_copy(aws, planned.target, planned.copy)
        target = copy
    what = planned.what or ("rollback" if planned.direction == "back" else "redeploy")
    mine = codedeploy_request.description(reason, planned.left, target, writes.new_run(), what)
    id_, lost = writes.create(aws, request.group, request.parameters(mine, copy), planned.known_records)
    service, late = controllers_writes.more_tasks(aws, planned.service, tasks)
    return Accepted(service, wrote=True, deployment_id=id_, findings=(*notes, *lost, *late), copy=copy)


def denied_override(planned: plans.Plan, error: AwsCallError | IncompleteAnswerError) -> str:
    """What to add to a refusal: overriding alarms needs another permission than the operation's own.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html (overrideAlarmConfiguration)
    """
    if not error.is_denied or planned.request is None or not planned.request.overrides_alarms:
        return ""
    return (
        f" Alarms of deployment group {planned.request.group.name} are firing, and ignoring them for "
        f"{names.short(planned.target.arn if planned.target else '')} also needs codedeploy:UpdateDeploymentGroup."
    )


def look(aws: Aws, id_: str) -> tuple[Deployment | None, Deployment | None]:
    """A deployment, and what CodeDeploy rolls it back with. Raises AwsCallError or IncompleteAnswerError."""
    deployment = api.batch_get_deployments(aws, [id_]).get(id_)
    back = deployment.rollback_deployment if deployment is not None else ""
    return deployment, api.batch_get_deployments(aws, [back]).get(back) if back else None
