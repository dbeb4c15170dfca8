# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting on a deployment group: the one write that starts a redeploy, and the check just before it."""

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
    """AWS accepted the write, or nothing had to be written because a running deployment is followed."""

    watched: Watched
    wrote: bool
    findings: tuple[Finding, ...] = ()


def begin(aws: Aws, planned: Plan, reason: str | None) -> Accepted:
    """Carry out the plan. Raises :class:`.PlanIsStale`, :class:`.AnswerLost`, :class:`AwsCallError` or
    :class:`IncompleteAnswerError`.
    """
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
    """Follow the running deployment: CodeDeploy's own rollback, or one an earlier run of ours began.

    Raises :class:`.PlanIsStale` if none is running.
    """
    followed = planned.running
    if followed is None:
        raise PlanIsStale("the deployment is no longer running")
    # A deployment that has ended is followed because CodeDeploy is about to roll it back.
    return Accepted(Watched(followed.id, goes_back=not followed.running), wrote=False)


def wait(planned: Plan) -> Accepted:
    """Let the running deployment end by itself, and see whether CodeDeploy rolls it back.

    Raises :class:`.PlanIsStale` if none is running.
    """
    if planned.running is None:
        raise PlanIsStale("the deployment is no longer running")
    return Accepted(Watched(planned.running.id, makes_room="rollback_begins"), wrote=False)


def stop(aws: Aws, planned: Plan) -> Accepted:
    """Stop the running deployment so that CodeDeploy rolls it back. Raises :class:`.PlanIsStale` if none is running."""
    if planned.running is None:
        raise PlanIsStale("the deployment is no longer running")
    id_ = planned.running.id
    return Accepted(Watched(id_, goes_back=True), wrote=True, findings=writes.stop(aws, id_, roll_back=True))


def make_room(aws: Aws, planned: Plan) -> Accepted:
    """End the deployment in the way of the planned one; if it is CodeDeploy's rollback, wait for it.

    Raises :class:`.PlanIsStale` if none is running.
    """
    blocking = planned.in_the_way
    if blocking is None:
        raise PlanIsStale("the deployment is no longer running")
    if blocking.is_rollback:
        return Accepted(Watched(blocking.id, makes_room="ends"), wrote=False)
    back = planned.stop_rolls_back
    notes = writes.stop(aws, blocking.id, roll_back=back)
    room = Watched(blocking.id, makes_room="rollback_ends" if back else "ends")
    return Accepted(room, wrote=True, findings=notes)


def deploy(aws: Aws, planned: Plan, reason: str | None) -> Accepted:
    """Create the deployment, unless somebody has deployed since the plan was made.

    Raises :class:`.PlanIsStale` if somebody has, or if the plan has no deployment to ask for.
    """
    request, target = planned.request, planned.target
    if request is None or target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    _still_as_planned(aws, planned)
    # The word "rollback" tells a later run that the revision left behind is bad, even if the target is new to the
    # group.
    left = revisions.text(planned.left) if planned.left and planned.choice.direction == "back" else ""
    mine = description(reason, left, revisions.text(target), writes.new_run())
    id_, notes = writes.create(aws, request.group, request.parameters(mine), planned.known_deployments)
    return Accepted(Watched(id_), wrote=True, findings=notes)


def _still_as_planned(aws: Aws, planned: Plan) -> None:
    """CreateDeployment fails if another deployment is running. This check finds those that began and ended since the
    plan.
    """
    group = planned.group
    found = api.batch_get_deployment_groups(aws, group.application, [group.name])
    if not found:
        raise PlanIsStale(f"deployment group {group.name} no longer exists")
    newest = found[0].last_attempted
    if newest and newest not in planned.known_deployments:
        raise PlanIsStale(f"deployment {newest} began in the meantime")


def denied_override(planned: Plan, error: AwsCallError | IncompleteAnswerError) -> str:
    """What to add to a refusal: overriding alarms needs a second permission.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html (overrideAlarmConfiguration)
    """
    if not error.is_denied or planned.request is None or not planned.request.overrides_alarms:
        return ""
    return (
        f" Alarms of deployment group {planned.group.name} are overridden for this deployment, which also needs "
        "codedeploy:UpdateDeploymentGroup. override_alarms: false leaves them in force."
    )
