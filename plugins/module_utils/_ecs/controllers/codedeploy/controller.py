# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision to services that CodeDeploy deploys, as far as it is decided. Pure.

CodeDeploy knows the rollback events as AutoRollbackEvent, by deployment group or by deployment
(autoRollbackConfiguration in https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets as any_task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import (
    Accepted,
    Going,
    Look,
    More,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import watch, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TERMINAL, Service


class CodeDeploy(base.Controller):
    """CodeDeploy deploys, by deployments of its own that make task sets."""

    deployer = "CodeDeploy"

    def __init__(self, aws: Aws, clock: Clock) -> None:
        super().__init__(aws, clock)
        self._looker = watch.Looker(aws)

    def _begin(self, planned: plans.Plan, tasks: int | None, reason: str | None) -> Accepted:
        if planned.method == "codedeploy_stop":
            return write.stop(self._aws, planned)
        if planned.in_the_way is not None:
            return write.make_room(self._aws, planned)
        return write.deploy(self._aws, planned, reason, tasks)

    def _adopt(self, planned: plans.Plan) -> Accepted:
        return write.adopt(planned)

    def _known(self, planned: plans.Plan, accepted: Accepted) -> frozenset[str]:
        # The task set of a deployment that is followed has an id of its own.
        deployments = planned.service.deployments
        return frozenset(d.id for d in deployments if d.external_id != (accepted.deployment_id or None))

    def _own_record(self, planned: plans.Plan, accepted: Accepted) -> str:
        return accepted.deployment_id

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        """The service alone does not tell how such a deployment ends."""
        places = {going.record: (service, going.target) for going, service in watched if not going.is_bare}
        found = self._looker.records(places, self._clock.now()) if places else {}
        return [found.get(going.record) for going, _service in watched]

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        if going.is_bare:
            # The task set that the service was created with.
            return replace(any_task_sets.assess(going, service), ours=service.deployment(going.deployment_id))
        return replace(watch.assess(going, service, record), ours=service.made_by(going.deployment_id))

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        if going.is_bare:
            return None
        reason = record.reason if record is not None else ""
        return More(reason, self._looker.failed_events(going.record, service))

    def goes_on(self, going: Going, record: Record | None) -> str:
        if record is None or record.status in TERMINAL:
            return ""
        return f"Deployment {going.record} is still running in CodeDeploy"
