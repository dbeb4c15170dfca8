# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting on a deployment group: the one write that starts a redeploy, and the look just before it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, revisions, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.watch import Watched
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.writes import description
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding


@dataclass(frozen=True)
class Accepted:
    """AWS took the write, or nothing had to be written because a deployment is followed that runs already."""

    watched: Watched
    wrote: bool
    findings: tuple[Finding, ...] = ()


def begin(aws: Aws, planned: Plan, reason: str | None) -> Accepted:
    """Do what is planned. Raises :class:`.PlanIsStale`, :class:`.AnswerLost`, AwsCallError, IncompleteAnswerError."""
    if planned.method == "adopt":
        return adopt(planned)
    if planned.verb == "wait":
        return wait(planned)
    if planned.method == "codedeploy_stop":
        return stop(aws, planned)
    if planned.in_the_way is not None:
        return make_room(aws, planned)
    return deploy(aws, planned, reason)


def adopt(planned: Plan) -> Accepted:
    """Follow the deployment that runs: CodeDeploy's own rollback, or one that an earlier run of ours has begun."""
    followed = planned.running
    if followed is None:
        raise PlanIsStale("no deployment is running any more")
    # One that has ended is followed for the rollback that CodeDeploy is about to make.
    return Accepted(Watched(followed.id, goes_back=not followed.running), wrote=False)


def wait(planned: Plan) -> Accepted:
    """Let the running deployment come to its own end, and see whether CodeDeploy rolls it back."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    return Accepted(Watched(planned.running.id, makes_room="rollback_begins"), wrote=False)


def stop(aws: Aws, planned: Plan) -> Accepted:
    """Let CodeDeploy go back."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    id_ = planned.running.id
    return Accepted(Watched(id_, goes_back=True), wrote=True, findings=writes.stop(aws, id_, roll_back=True))


def make_room(aws: Aws, planned: Plan) -> Accepted:
    """End the deployment that is in the way of the one that is planned; a rollback of CodeDeploy's is waited for."""
    blocking = planned.in_the_way
    if blocking is None:
        raise PlanIsStale("no deployment is running any more")
    if blocking.is_rollback:
        return Accepted(Watched(blocking.id, makes_room="ends"), wrote=False)
    back = planned.stop_rolls_back
    notes = writes.stop(aws, blocking.id, roll_back=back)
    room = Watched(blocking.id, makes_room="rollback_ends" if back else "ends")
    return Accepted(room, wrote=True, findings=notes)


def deploy(aws: Aws, planned: Plan, reason: str | None) -> Accepted:
    """Create the deployment, unless somebody has deployed since the plan was made."""
    request, target = planned.request, planned.target
    if request is None or target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    _still_as_planned(aws, planned)
    # By the word "rollback" a later look knows that what was left is bad, also where the target is new to it.
    left = revisions.text(planned.left) if planned.left and planned.choice.direction == "back" else ""
    mine = description(reason, left, revisions.text(target), writes.new_run())
    id_, notes = writes.create(aws, request.group, request.parameters(mine), planned.known_deployments)
    return Accepted(Watched(id_), wrote=True, findings=notes)


def _still_as_planned(aws: Aws, planned: Plan) -> None:
    """CreateDeployment fails where another deployment runs; what has run and ended since the plan shows here."""
    group = planned.group
    found = api.batch_get_deployment_groups(aws, group.application, [group.name])
    if not found:
        raise PlanIsStale(f"deployment group {group.name} is not there any more")
    newest = found[0].last_attempted
    if newest and newest not in planned.known_deployments:
        raise PlanIsStale(f"deployment {newest} was begun meanwhile")


def denied_override(planned: Plan, error: AwsCallError | IncompleteAnswerError) -> str:
    """What to add to a refusal: overriding alarms needs another permission than the operation's own.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html (overrideAlarmConfiguration)
    """
    if not error.is_denied or planned.request is None or not planned.request.overrides_alarms:
        return ""
    return (
        f" Alarms of deployment group {planned.group.name} are overridden for this deployment, which also needs "
        "codedeploy:UpdateDeploymentGroup. override_alarms: false leaves them in force."
    )
