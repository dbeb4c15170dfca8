# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting on services that CodeDeploy deploys: stop what runs with a rollback, or create a deployment.

A group runs one deployment at a time, so CreateDeployment is its own compare-and-set: what somebody else began
meanwhile makes it fail.
"""

from __future__ import annotations

import typing as t
import uuid

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import act, codedeploy_plan, names, plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.act import Accepted, AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, Finding

METHODS: t.Final = frozenset({"codedeploy_stop", "codedeploy_deployment"})


def adopt(planned: plan.Plan) -> Accepted:
    """Follow the deployment that runs, or the one that an earlier run of ours did not live to see the end of."""
    followed = planned.running or planned.newest
    if followed is None:
        raise PlanIsStale("no deployment is on record any more")
    if followed.status in ("SUCCESSFUL", "PENDING", "IN_PROGRESS"):
        return Accepted(planned.service, wrote=False, deployment_id=followed.arn)
    return Accepted(planned.service, wrote=False, service_deployment=followed.arn)


def stop(aws: Aws, planned: plan.Plan) -> Accepted:
    """Let CodeDeploy go back. Raises :class:`.act.PlanIsStale` where the deployment ended meanwhile."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    id_ = planned.running.arn
    return Accepted(planned.service, wrote=True, service_deployment=id_, findings=_stop(aws, id_, roll_back=True))


def make_room(aws: Aws, planned: plan.Plan) -> Accepted:
    """End the deployment that is in the way of the one that is planned; a rollback of CodeDeploy's is waited for.

    Raises :class:`.act.PlanIsStale` where it ended meanwhile.
    """
    blocking = planned.in_the_way
    if blocking is None:
        raise PlanIsStale("no deployment is running any more")
    if blocking.status in ROLLING_BACK:
        return Accepted(planned.service, wrote=False, service_deployment=blocking.arn, makes_room="rolled_back")
    now = api.batch_get_deployments(aws, [blocking.arn]).get(blocking.arn)
    if now is None or not now.running:
        raise PlanIsStale(f"deployment {blocking.arn} has ended meanwhile")
    roll_back = codedeploy_plan.returns_the_traffic(now)
    notes = _stop(aws, blocking.arn, roll_back)
    return Accepted(
        planned.service,
        wrote=True,
        service_deployment=blocking.arn,
        findings=notes,
        makes_room="rolled_back" if roll_back else "stopped",
    )


def _stop(aws: Aws, id_: str, roll_back: bool) -> tuple[Finding, ...]:
    try:
        api.stop_deployment(aws, id_, roll_back)
    except AwsCallError as exc:
        if api.has_ended_meanwhile(exc):
            raise PlanIsStale(f"the deployment ended meanwhile: {exc.detail}") from exc
        if not exc.no_answer:
            raise
        return (_stopped_all_the_same(aws, id_, roll_back, exc),)
    return ()


def _stopped_all_the_same(aws: Aws, id_: str, roll_back: bool, error: AwsCallError) -> Finding:
    """The answer was lost: a second request does no harm, and tells."""
    try:
        api.stop_deployment(aws, id_, roll_back)
        return _answer_lost("StopDeployment", error, f"it was sent again for {id_}")
    except (AwsCallError, IncompleteAnswerError) as exc:
        if api.has_ended_meanwhile(exc) if isinstance(exc, AwsCallError) else False:
            return _answer_lost("StopDeployment", error, f"{id_} has ended")
        raise AnswerLost(act.not_known("StopDeployment", error, exc)) from exc


def deploy(aws: Aws, planned: plan.Plan, reason: str | None, tasks: int | None) -> Accepted:
    """Create the deployment. More ``tasks`` are set at once, so that the replacement has them from its beginning.

    Raises :class:`.act.PlanIsStale` where another deployment of the group is running.
    """
    request = planned.request
    if request is None or planned.target is None:
        raise PlanIsStale("the plan has no deployment to ask for")
    target, copy = planned.target.arn, ""
    notes: tuple[Finding, ...] = ()
    if planned.copy is not None:
        copy, notes = act.register_copy(aws, planned.target, planned.copy)
        target = copy
    mine = codedeploy_plan.description(reason, planned.left, target, new_run())
    id_, lost = create(aws, request, mine, planned.known_records, copy)
    service, late = act.more_tasks(aws, planned.service, tasks)
    return Accepted(service, wrote=True, deployment_id=id_, findings=(*notes, *lost, *late), copy=copy)


def new_run() -> str:
    """What tells the deployments of this call from all others."""
    return uuid.uuid4().hex[:8]


def create(
    aws: Aws, request: codedeploy_plan.Request, description: str, known: t.Container[str], copy: str = ""
) -> tuple[str, tuple[Finding, ...]]:
    """The id of the deployment that was asked for, and what there is to say about it. ``known`` are ids that were there
    before. Raises :class:`.act.PlanIsStale` where another deployment of the group is running.
    """
    group = request.group
    try:
        return api.create_deployment(aws, group.application, group.name, **request.parameters(description, copy)), ()
    except (AwsCallError, IncompleteAnswerError) as exc:
        busy = isinstance(exc, AwsCallError) and api.another_is_running(exc)
        if not exc.no_answer and not busy:
            raise
        ours = _find(aws, request.group, known, description, exc)
        if ours is None and busy:
            raise PlanIsStale(f"another deployment of {group.name} is running: {exc.detail}") from exc
        if ours is None:
            raise
        return ours.id, (_answer_lost("CreateDeployment", exc, f"deployment {ours.id} is there"),)


def _find(
    aws: Aws, group: Group, known: t.Container[str], description: str, error: AwsCallError | IncompleteAnswerError
) -> Deployment | None:
    """The deployment that a request made whose answer was lost. A client sends a request again when no answer came, and
    the second one is then refused because the first one was taken.
    """
    try:
        ids = api.list_deployments(aws, group.application, group.name, most=api.DEPLOYMENTS_PER_CALL)
        found = api.batch_get_deployments(aws, [id_ for id_ in ids if id_ not in known])
    except (AwsCallError, IncompleteAnswerError) as exc:
        if not error.no_answer:
            return None
        raise AnswerLost(act.not_known("CreateDeployment", error, exc)) from exc
    return next((d for d in found.values() if d.description == description), None)


def _answer_lost(operation: str, error: AwsCallError | IncompleteAnswerError, what: str) -> Finding:
    return Finding("answer_lost", "warn", f"the answer to {operation} was lost ({error.detail}); {what}")


def denied_override(planned: plan.Plan, error: AwsCallError | IncompleteAnswerError) -> str:
    """What to add to a refusal: overriding alarms needs another permission than the operation's own.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html (overrideAlarmConfiguration)
    """
    if not error.is_denied or planned.request is None or not planned.request.overrides_alarms:
        return ""
    return (
        f" Alarms of deployment group {planned.request.group.name} are firing, and ignoring them for "
        f"{names.short(planned.target.arn if planned.target else '')} also needs codedeploy:UpdateDeploymentGroup."
    )
