# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision to services with the controller EXTERNAL, as far as it is decided. Pure.

A task set is brought up beside the PRIMARY one, and takes over when it is steady
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html). Nothing in AWS watches or
rolls back such a deployment, so the run does.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets as any_task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Accepted, Going, Look, Record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service


class External(base.Controller):
    """Something outside of AWS deploys: here it is this run, and nothing in AWS keeps a record of it."""

    def _begin(self, planned: plans.Plan, tasks: int | None, reason: str | None) -> Accepted:
        return write.begin(self._aws, planned, tasks, planned.attempt)

    def _adopt(self, planned: plans.Plan) -> Accepted:
        primary = planned.service.primary
        return Accepted(planned.service, wrote=False, deployment_id=primary.id if primary else "")

    def going(self, planned: plans.Plan, accepted: Accepted) -> Going:
        return replace(super().going(planned, accepted), is_bare=True)

    def _known(self, planned: plans.Plan, accepted: Accepted) -> frozenset[str]:
        # Somebody can make any of the others PRIMARY: that is a deployment too.
        primary = planned.service.primary
        return frozenset({primary.id} if primary else ())

    def advance(self, going: Going, service: Service) -> Service:
        """Make our task set PRIMARY."""
        return write.promote(self._aws, service, going.deployment_id)

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        return replace(any_task_sets.assess(going, service), ours=service.deployment(going.deployment_id))
