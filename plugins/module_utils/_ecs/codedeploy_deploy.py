# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying by CodeDeploy: make way for a deployment, create it, and look at what became of it."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils import _progress
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api as ecs
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import codedeploy_plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.act import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.deploy_plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.deploy_run import Order
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._patience import Orphaned
from ansible_collections.lastgood.aws.plugins.module_utils._writes import AnswerLost, PlanIsStale

_NAP: t.Final = 3.0


class OnlyStopped(Exception):
    """Ours was not created, although the deployment that was in the way was waited for, or stopped (``wrote``)."""

    def __init__(self, message: str, wrote: bool) -> None:
        super().__init__(message)
        self.wrote = wrote


def begin(aws: Aws, planned: Plan, order: Order, clock: Clock) -> Accepted:
    """Create the deployment, or follow the one that does the same. Raises :class:`OnlyStopped`, and what
    :func:`.writes.create` raises.
    """
    if planned.adopt:
        return Accepted(planned.service, wrote=False, deployment_id=planned.followed)
    if planned.request is None or planned.target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    stopped = _make_way(aws, planned.running, clock, order.wait_timeout) if planned.running is not None else ""
    left = planned.service.primary.task_definition if planned.service.primary else None
    mine = codedeploy_plan.description(order.reason, left, planned.target.arn, writes.new_run(), "deploy")
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


def _make_way(aws: Aws, running: ServiceDeployment, clock: Clock, timeout: float) -> str:
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
    _progress.say(f"waiting for the end of deployment {id_}, which is in the way")
    deadline = clock.monotonic() + timeout
    while is_going(aws, id_):
        if _progress.orphaned():
            raise Orphaned
        if clock.monotonic() >= deadline:
            what = f"deployment {id_} is in the way, and had not ended after {timeout:.0f} s"
            raise OnlyStopped(f"{what}, although it was stopped" if stopped else what, bool(stopped))
        clock.sleep(_NAP)
    return stopped


def is_going(aws: Aws, id_: str) -> bool:
    """A deployment, or what CodeDeploy rolls it back with, has not ended. What cannot be read counts as going."""
    try:
        deployment, rollback = look(aws, id_)
    except (AwsCallError, IncompleteAnswerError):
        return True
    return any(d is not None and d.running for d in (deployment, rollback))


def look(aws: Aws, id_: str) -> tuple[Deployment | None, Deployment | None]:
    """A deployment, and what CodeDeploy rolls it back with. Raises AwsCallError or IncompleteAnswerError."""
    deployment = api.batch_get_deployments(aws, [id_]).get(id_)
    back = deployment.rollback_deployment if deployment is not None else ""
    return deployment, api.batch_get_deployments(aws, [back]).get(back) if back else None
