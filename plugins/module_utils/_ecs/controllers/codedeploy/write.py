# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting on services that CodeDeploy deploys: stop what runs with a rollback, or create a deployment.

The writes themselves are in :mod:`.writes` of CodeDeploy.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Patience
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api as ecs
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import writes as controllers_writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Accepted, OnlyStopped
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Finding,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.deploy_plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import Order


def adopt(planned: base.Plan) -> Accepted:
    """Follow the deployment that runs, or the one that an earlier run of ours did not live to see the end of."""
    followed = planned.running or planned.newest
    if followed is None:
        raise PlanIsStale("no deployment is on record any more")
    if followed.status in ("SUCCESSFUL", "PENDING", "IN_PROGRESS"):
        return Accepted(planned.service, wrote=False, deployment_id=followed.arn)
    return Accepted(planned.service, wrote=False, service_deployment=followed.arn)


def stop(aws: Aws, planned: base.Plan) -> Accepted:
    """Let CodeDeploy go back. Raises :class:`.PlanIsStale` where the deployment ended meanwhile."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    id_ = planned.running.arn
    return Accepted(planned.service, wrote=True, service_deployment=id_, findings=writes.stop(aws, id_, roll_back=True))


def make_room(aws: Aws, planned: base.Plan) -> Accepted:
    """End the deployment that is in the way of the one that is planned; a rollback of CodeDeploy's is waited for.

    Raises :class:`.PlanIsStale` where it ended meanwhile.
    """
    blocking = planned.in_the_way
    if blocking is None:
        raise PlanIsStale("no deployment is running any more")
    if blocking.status in ROLLING_BACK:
        return Accepted(planned.service, wrote=False, service_deployment=blocking.arn, makes_room="rolled_back")
    now = api.batch_get_deployments(aws, [blocking.arn]).get(blocking.arn)
    if now is None or not now.running:
        raise PlanIsStale(f"deployment {blocking.arn} has ended meanwhile")
    roll_back = codedeploy_request.returns_the_traffic(now)
    notes = writes.stop(aws, blocking.arn, roll_back)
    return Accepted(
        planned.service,
        wrote=True,
        service_deployment=blocking.arn,
        findings=notes,
        makes_room="rolled_back" if roll_back else "stopped",
    )


def deploy(aws: Aws, planned: base.Plan, reason: str | None, tasks: int | None) -> Accepted:
    """Create the deployment. More ``tasks`` are set at once, so that the replacement has them from its beginning.

    Raises :class:`.PlanIsStale` where another deployment of the group is running.
    """
    request = planned.request
    if request is None or planned.target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    target, copy = planned.target.arn, ""
    notes: tuple[Finding, ...] = ()
    if planned.copy is not None:
        copy, notes = controllers_writes.register_copy(aws, planned.target, planned.copy)
        target = copy
    what = "rollback" if planned.direction == "back" else "redeploy"
    mine = codedeploy_request.description(reason, planned.left, target, writes.new_run(), what)
    id_, lost = writes.create(aws, request.group, request.parameters(mine, copy), planned.known_records)
    service, late = controllers_writes.more_tasks(aws, planned.service, tasks)
    return Accepted(service, wrote=True, deployment_id=id_, findings=(*notes, *lost, *late), copy=copy)


def denied_override(planned: base.Plan, error: AwsCallError | IncompleteAnswerError) -> str:
    """What to add to a refusal: overriding alarms needs another permission than the operation's own.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html (overrideAlarmConfiguration)
    """
    if not error.is_denied or planned.request is None or not planned.request.overrides_alarms:
        return ""
    return (
        f" Alarms of deployment group {planned.request.group.name} are firing, and ignoring them for "
        f"{names.short(planned.target.arn if planned.target else '')} also needs codedeploy:UpdateDeploymentGroup."
    )


_NAP: t.Final = 3.0


def begin(aws: Aws, planned: Plan, order: Order, clock: Clock) -> Accepted:
    """Create the deployment, or follow the one that does the same. Raises :class:`OnlyStopped`, and what
    :func:`.writes.create` raises.
    """
    if planned.adopt:
        return Accepted(planned.service, wrote=False, deployment_id=planned.followed)
    if planned.request is None or planned.target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    stopped = _make_way(aws, planned.running, clock, order) if planned.running is not None else ""
    left = planned.service.primary.task_definition if planned.service.primary else None
    mine = codedeploy_request.description(order.reason, left, planned.target.arn, writes.new_run(), "deploy")
    try:
        id_, notes = writes.create(aws, planned.request.group, planned.request.parameters(mine), planned.known_records)
    except (AwsCallError, IncompleteAnswerError, PlanIsStale, AnswerLost) as exc:
        if not stopped or isinstance(exc, AnswerLost):
            raise
        why = exc.explain() if isinstance(exc, (AwsCallError, IncompleteAnswerError)) else str(exc)
        raise OnlyStopped(f"deployment {stopped} was stopped to make way, and then: {why}", True) from exc
    service = _now(aws, planned.service) if planned.running is not None else planned.service
    return Accepted(service, wrote=True, deployment_id=id_, findings=notes)


def _now(aws: Aws, service: Service) -> Service:
    """The service as it is after what was in the way has ended: that may have left a task set of its own."""
    try:
        found = ecs.describe_services(aws, service.cluster_arn, [service.name])[service.name]
    except (AwsCallError, IncompleteAnswerError):
        return service
    return found if isinstance(found, Service) else service


def _make_way(aws: Aws, running: ServiceDeployment, clock: Clock, order: Order) -> str:
    """Stop what runs, and wait for its end; a rollback is only waited for. Returns the id of what was stopped.

    It is stopped without a rollback: that would be one more deployment, of what ours replaces at once.
    """
    id_, stopped = running.arn, ""
    if running.status not in ROLLING_BACK:
        try:
            api.stop_deployment(aws, id_, roll_back=False)
            stopped = id_
        except AwsCallError as exc:
            if not api.has_ended_meanwhile(exc) and not exc.no_answer:
                raise
            stopped = id_ if exc.no_answer else ""
    _see_off(aws, id_, stopped, clock, order)
    return stopped


def _see_off(aws: Aws, id_: str, stopped: str, clock: Clock, order: Order) -> None:
    """Return when it has ended. Raises :class:`OnlyStopped` when the time is up, or contact is lost."""
    waiting = f"waiting for the end of deployment {id_}, which is in the way"
    progress.say(waiting)
    patience = Patience(clock, lambda: progress.say(waiting))
    deadline = clock.monotonic() + order.wait_timeout
    contact = KEPT
    while True:
        try:
            going, contact = _is_going(aws.brisk, id_), KEPT
        except (AwsCallError, IncompleteAnswerError) as exc:
            going, contact = True, contact.missed(clock.monotonic(), exc.explain(), exc.code, exc.may_pass)
        now = clock.monotonic()
        if not going:
            return
        if contact.is_lost(now, order.contact_timeout) or (now >= deadline and contact.since is not None):
            what = f"deployment {id_}{' was stopped, and' if stopped else ''} has to end before ours can be created"
            raise OnlyStopped(contact.lost(now, what), bool(stopped), lost=True)
        if now >= deadline:
            what = f"deployment {id_} is in the way, and had not ended after {order.wait_timeout:.0f} s"
            raise OnlyStopped(f"{what}, although it was stopped" if stopped else what, bool(stopped))
        patience.pause(_NAP)


def _is_going(aws: Aws, id_: str) -> bool:
    """A deployment, or what CodeDeploy rolls it back with, has not ended. Raises what :func:`look` raises."""
    return any(d is not None and d.running for d in look(aws, id_))


def look(aws: Aws, id_: str) -> tuple[Deployment | None, Deployment | None]:
    """A deployment, and what CodeDeploy rolls it back with. Raises AwsCallError or IncompleteAnswerError."""
    deployment = api.batch_get_deployments(aws, [id_]).get(id_)
    back = deployment.rollback_deployment if deployment is not None else ""
    return deployment, api.batch_get_deployments(aws, [back]).get(back) if back else None
