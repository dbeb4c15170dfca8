# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Watching a task set that no deployment of AWS's stands behind. Pure.

Services that CodeDeploy deploys consist of task sets, too; the one that such a service was created with is watched like
those of the controller EXTERNAL.
"""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Going,
    Known,
    Look,
    Meant,
    replaced_by,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service


def assess(going: Going, service: Service) -> Look:
    """Judge one look at a service. ``ready``: our task set is steady, and can be made PRIMARY."""
    if service.status != "ACTIVE":
        return Look("failed", f"the service is {service.status} now: somebody deleted it meanwhile")
    ours, primary = service.deployment(going.deployment_id), service.primary
    if primary is not None and primary is not ours and primary.id not in going.known_deployments:
        return Look("replaced", replaced_by(primary))
    if ours is None:
        return Look("unlisted", f"task set {going.deployment_id} is gone")
    if ours.status == "DRAINING":
        return Look("failed", f"somebody deleted task set {ours.id}")
    if ours.rollout_state != "COMPLETED" or ours.running < ours.desired or ours.pending:
        return Look("going")
    return Look("stable" if primary is ours else "ready")


def meant(service: Service, wanted: str) -> Meant | Known:
    """A task set that somebody else deploys is there when it is PRIMARY and steady."""
    chosen = service.deployment(wanted) if wanted else service.primary
    if chosen is None and wanted:
        return Known("refused", f"there is no task set {wanted} of {service.name}")
    if chosen is None:
        return Known("refused", "no task set is PRIMARY: nothing is deployed there")
    if chosen.status == "DRAINING":
        return Known("failed", f"task set {chosen.id} of {names.short(chosen.task_definition)} is being deleted")
    # Once it is PRIMARY, any other that becomes so was deployed over it.
    known = frozenset(d.id for d in service.deployments if d.status == "PRIMARY") - {chosen.id}
    return Meant(Going(chosen.task_definition, chosen.id, "", known, service.strategy, read_only=True, is_bare=True))
