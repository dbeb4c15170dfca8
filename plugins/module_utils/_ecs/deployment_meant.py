# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which deployment is meant where one is waited for, and what is known of it already. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import controller as ecs_controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import (
    controller as external_controller,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def decide(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """Which deployment is meant: an id (``ecs-svc/…``, or ``d-…`` of CodeDeploy), the ARN of a service deployment, or
    without any of these the PRIMARY one. ``problem`` says why there is no history.
    """
    if service.status != "ACTIVE":
        return Known("refused", f"the service is {service.status}: nothing is deployed there any more")
    if service.controller == "CODE_DEPLOY":
        return controller.meant(service, history, problem, wanted)
    if service.controller == "EXTERNAL":
        return external_controller.meant(service, wanted)
    if service.controller != "ECS":
        return Known("refused", f"the deployment controller is {service.controller}, which is not known here")
    if wanted:
        return ecs_controller.meant_named(service, history, problem, wanted)
    primary = service.primary
    if primary is None:
        return Known("refused", "the service has no PRIMARY deployment: nothing was ever deployed there")
    newest = history.newest if history else None
    if newest is not None and base.ended_back(newest):
        known = ecs_controller.meant_ended(newest, service, history)
        advice = (
            f"Give deployment={primary.id} to wait for {names.short(primary.task_definition)}, which is PRIMARY now"
        )
        return known if isinstance(known, Meant) else Known(known.outcome, f"{known.reason}. {advice}", newest)
    return ecs_controller.meant_primary(primary, ecs_controller.record_of(primary.id, history))
