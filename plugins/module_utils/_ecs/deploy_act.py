# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting: what starts a deployment, by the deployment controller of the service."""

from __future__ import annotations

import typing as t
import uuid

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import write as ecs_write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import write as external_write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.deploy_run import Order
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Method
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.deploy_plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice

_METHODS: t.Final[dict[str, Method]] = {"CODE_DEPLOY": "codedeploy_deployment", "EXTERNAL": "primary_task_set"}


def begin(aws: Aws, planned: Plan, order: Order, clock: Clock) -> Accepted:
    """Start the deployment, or take up what runs already. Raises what :mod:`.act` raises, and
    :class:`.codedeploy_deploy.OnlyStopped`.
    """
    core = as_act_takes_it(planned)
    if planned.controller == "CODE_DEPLOY":
        return write.begin(aws, planned, order, clock)
    if planned.adopt:
        return ecs_write.adopt(core)
    if planned.controller == "EXTERNAL":
        return external_write.begin(aws, core, None, uuid.uuid4().hex)
    return ecs_write.update_service(aws, core, None, planned.configuration)


def told(planned: Plan, accepted: Accepted) -> str:
    """How it began, for people."""
    what = "task set" if planned.controller == "EXTERNAL" else "deployment"
    if not accepted.wrote:
        return f"following what is being deployed already, {what} {accepted.deployment_id}"
    by = {"CODE_DEPLOY": "create_deployment", "EXTERNAL": "create_task_set"}.get(planned.controller, "update_service")
    if planned.task_set is not None:
        return f"taking {what} {accepted.deployment_id}, which stands already"
    return f"{by} accepted, {what} {accepted.deployment_id}"


def as_act_takes_it(planned: Plan) -> base.Plan:
    """The part of a plan that the one write needs."""
    return base.Plan(
        service=planned.service,
        verb="act",
        method="adopt" if planned.adopt else _METHODS.get(planned.controller, "update_service"),
        current=planned.service.task_definition,
        reason=planned.reason,
        choice=Choice(source="revision", target=planned.target.arn if planned.target else None),
        target=planned.target,
        findings=(),
        candidates=(),
        running=planned.running,
        now=None,
        good=None,
        force_new_deployment=planned.force_new_deployment,
        known_records=planned.known_records,
        task_set=planned.task_set,
    )
