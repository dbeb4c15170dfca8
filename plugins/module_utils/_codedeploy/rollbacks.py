# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which deployment of CodeDeploy rolls which back, and whether one is still to come. Pure.

A rollback of CodeDeploy is a deployment of its own
(https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html).
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment

# The id of a rollback deployment appears later than the status of what it rolls back (kayac/ecspresso #663 and #673).
# Beyond this many seconds none comes.
AFTERMATH: t.Final = 60.0
# By how a deployment ended (errorInformation in GetDeployment), the event that CodeDeploy rolls back at.
_EVENTS: t.Final = {"Failed": "DEPLOYMENT_FAILURE", "ALARM_ACTIVE": "DEPLOYMENT_STOP_ON_ALARM"}


def is_due(deployment: Deployment, now: datetime | None) -> bool:
    """CodeDeploy can still be about to roll back a deployment that has ended.

    Whether somebody's StopDeployment asked for it shows nowhere, so after every stop one has to wait and see.
    """
    told = deployment.rollback_deployment or deployment.rollback_message or deployment.is_rollback
    if now is None or told or deployment.completed_at is None or deployment.status not in ("Stopped", "Failed"):
        return False
    if abs((now - deployment.completed_at).total_seconds()) >= AFTERMATH:
        return False
    event = _EVENTS.get(deployment.error_code if deployment.status == "Stopped" else "Failed")
    return event is None or event in deployment.rollback_events


def undone_by(ordered: t.Sequence[Deployment]) -> dict[str, Deployment]:
    """By the id of a deployment, the one that rolls it back: either of the two can be the first to say so."""
    by_id = {d.id: d for d in ordered}
    found = {d.triggered_by: d for d in ordered if d.triggered_by}
    found.update({d.id: by_id[d.rollback_deployment] for d in ordered if d.rollback_deployment in by_id})
    known = {rollback.id for rollback in found.values()}
    for before, rollback in zip(ordered, ordered[1:]):
        # One that names nothing undoes what ended without success just before it.
        undoes = before.status in ("Stopped", "Failed") and not before.is_rollback and before.id not in found
        if rollback.is_rollback and rollback.id not in known and not rollback.triggered_by and undoes:
            found[before.id] = rollback
    return found
