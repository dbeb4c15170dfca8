# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting: the one write that starts a rollback, and the look just before it.

UpdateService has neither a client token nor a compare-and-set, so the PRIMARY deployment is looked at once more right
before the write, and what stands there after it is looked at right after.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import (
    GO_ON,
    AnswerLost,
    PlanIsStale,
    not_known,
    nothing_shows,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans, writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    AlreadyThere,
    Begun,
    NotDeployed,
    Overtaken,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import protection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Pause, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads

# What ContinueServiceDeployment answers if no hook is waiting (any more): it has no ConflictException (the operation's
# errors in botocore's model).
_NOT_AT_THE_HOOK: t.Final = frozenset({"InvalidParameterException", "ClientException"})


@dataclass(frozen=True)
class Update:
    """What goes with UpdateService besides the target."""

    # Digests by container name, for the copy of the target to register; None if the target itself will do. Empty is a
    # copy that pins nothing: of a task definition that is no longer ACTIVE.
    copy: t.Mapping[str, str] | None = None
    # Changes of the deployment configuration for this one deployment.
    override: t.Mapping[str, t.Any] = field(default_factory=dict)
    # PAUSE hooks are answered with CONTINUE if it waits at one all the same, or if what runs already is followed.
    answers_pauses: bool = False
    force_new_deployment: bool = False
    # What ECS itself rolls back by, before and with this deployment, if that is to be set. It stays.
    before: protection.Protection | None = None
    after: protection.Protection | None = None

    @property
    def configuration(self) -> t.Mapping[str, t.Any]:
        """The deploymentConfiguration that stays; empty if it is right already."""
        return protection.request(self.before, self.after) if self.before and self.after else {}


def update_of(planned: plans.Plan) -> Update:
    """The update that a plan asks for; an empty one if it asks for none."""
    change = planned.way.change
    return change if planned.method == "update_service" and isinstance(change, Update) else Update()


def answers_pauses(planned: plans.Plan) -> bool:
    """Whether nobody else is to be waited for at PAUSE hooks."""
    return isinstance(planned.way.change, Update) and planned.way.change.answers_pauses


def adopt(planned: plans.Plan) -> Begun:
    """Follow what is already running."""
    running = planned.running
    if running is not None and running.status.startswith("ROLLBACK"):
        return Begun(planned.service, wrote=False, back_of=running.id)
    primary = planned.service.primary
    return Begun(
        planned.service,
        wrote=False,
        deployment_id=primary.id if primary else "",
    )


def roll_back_natively(aws: Aws, planned: plans.Plan) -> Begun:
    """Let ECS itself go back. Raises :class:`PlanIsStale` if the deployment has ended or moved on, and AnswerLost."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    arn, parked = planned.running.id, planned.running.paused_at
    operation = "ContinueServiceDeployment" if parked else "StopServiceDeployment"
    notes: tuple[Finding, ...] = ()
    try:
        _ask_to_go_back(aws, arn, parked)
    except AwsCallError as exc:
        if api.has_ended_meanwhile(exc):
            raise PlanIsStale(f"the deployment ended meanwhile: {exc.detail}") from exc
        if parked and exc.code in _NOT_AT_THE_HOOK and not _still_parked(aws, arn, parked.hook):
            raise PlanIsStale(f"somebody answered the hook meanwhile: {exc.detail}") from exc
        if not exc.no_answer:
            notes = _the_other_way(aws, arn, parked, exc)
        elif not _is_rolling_back(aws, arn, operation, exc):
            raise AnswerLost(nothing_shows(operation, exc, "that ECS rolls the deployment back")) from exc
        else:
            what = f"ECS rolls {names.short(planned.running.target.task_definition)} back"
            notes = (writes.answer_lost(operation, exc, what),)
    return Begun(planned.service, wrote=True, back_of=arn, findings=notes)


def _ask_to_go_back(aws: Aws, arn: str, parked: Pause | None) -> None:
    if parked is not None:
        api.continue_with_rollback(aws, arn, parked.hook)
    else:
        api.stop_service_deployment(aws, arn)


def _the_other_way(aws: Aws, arn: str, parked: Pause | None, refusal: AwsCallError) -> tuple[Finding, ...]:
    """A stop in place of an answer to the hook, and the reverse: AWS does not say whether a parked deployment takes a
    stop. Raises the refusal if there is no other way, or that is refused too.
    """
    if refusal.may_pass:
        raise refusal
    hook = None if parked is not None else parked_at(aws, arn)
    if parked is None and hook is None:
        raise refusal
    try:
        _ask_to_go_back(aws, arn, hook)
    except AwsCallError as exc:
        if api.has_ended_meanwhile(exc):
            raise PlanIsStale(f"the deployment ended meanwhile: {exc.detail}") from exc
        raise refusal from exc
    what = (
        "the hook that it waits at took no answer, and it was stopped"
        if hook is None
        else "it was answered at its hook"
    )
    return (Finding("other_way", "info", f"{refusal.explain().rstrip('.')}; {what} instead"),)


def answer_pause(aws: Aws, arn: str, parked: Pause) -> Finding | None:
    """Let a deployment go on that waits at a PAUSE hook; None if it waits there no longer. Raises AwsCallError."""
    try:
        api.continue_with_deployment(aws, arn, parked.hook)
    except AwsCallError as exc:
        if api.has_ended_meanwhile(exc) or (exc.code in _NOT_AT_THE_HOOK and not _still_parked(aws, arn, parked.hook)):
            return None
        raise
    return Finding("fast", "info", "a PAUSE hook was answered with CONTINUE, since fast was asked for")


def parked_at(aws: Aws, arn: str) -> Pause | None:
    """The hook that a deployment waits at; None if it waits at none, or that cannot be read."""
    try:
        return reads.pause(api.describe_service_deployments(aws, [arn]).get(arn, {}))
    except (AwsCallError, IncompleteAnswerError):
        return None


def _still_parked(aws: Aws, arn: str, hook: str) -> bool:
    """Whether a deployment waits at this hook; assumed if that cannot be read."""
    try:
        record = api.describe_service_deployments(aws, [arn]).get(arn, {})
    except (AwsCallError, IncompleteAnswerError):
        return True
    pause = reads.pause(record)
    return pause is not None and pause.hook == hook


def _is_rolling_back(aws: Aws, arn: str, operation: str, error: AwsCallError) -> bool:
    try:
        records = aws.steadily("DescribeServiceDeployments", lambda aws: api.describe_service_deployments(aws, [arn]))
    except (AwsCallError, IncompleteAnswerError) as exc:
        raise AnswerLost(not_known(operation, error, exc)) from exc
    return str(records.get(arn, {}).get("status", "")).startswith("ROLLBACK")


def update_service(
    aws: Aws, planned: plans.Plan, tasks: int | None, override: t.Mapping[str, t.Any] | None = None
) -> Begun:
    """Deploy the target. ``tasks`` is sent only if it was given, so that auto scaling's count stays.

    ``override`` changes the deployment configuration; the caller has recorded how to undo that. Raises
    :class:`PlanIsStale` if there is no target or somebody has deployed, :class:`AlreadyThere` if a copy is needed and
    one is already running, and :class:`NotDeployed` if the copy was registered but not deployed.
    """
    if planned.target is None:
        raise PlanIsStale("the plan has no target")
    target, update = planned.target.arn, update_of(planned)
    notes: tuple[Finding, ...] = ()
    if update.copy is not None:
        target, notes = writes.register_copy(aws, planned.target, update.copy)
        if names.same(target, planned.current):
            raise AlreadyThere(target)
    if update.copy is not None or (update.override and not update.configuration):
        _look_again(aws, planned, notes)
    cluster, name = planned.service.cluster_arn, planned.service.name
    try:
        after = api.update_service(aws, cluster, name, **_changes(target, update, tasks, override))
    except (AwsCallError, IncompleteAnswerError) as exc:
        registered = writes.registration(notes)
        if registered is not None and isinstance(exc, AwsCallError) and not exc.no_answer:
            raise NotDeployed(registered, exc) from exc
        if not exc.no_answer:
            raise
        begun = _did_it_take(aws, planned, target, exc)
    else:
        begun = _accepted(planned, after, target)
    copy = target if update.copy is not None else ""
    return replace(begun, findings=(*notes, *begun.findings), copy=copy)


def _changes(
    target: str, update: Update, tasks: int | None, override: t.Mapping[str, t.Any] | None
) -> dict[str, t.Any]:
    """What UpdateService is sent. Pure."""
    changes: dict[str, t.Any] = {"taskDefinition": target}
    if tasks is not None:
        changes["desiredCount"] = tasks
    if update.force_new_deployment:
        changes["forceNewDeployment"] = True
    if override:
        changes["deploymentConfiguration"] = dict(override)
    return changes


def _look_again(aws: Aws, planned: plans.Plan, notes: t.Sequence[Finding]) -> None:
    """A copy was registered, or a configuration recorded, since the last look, and that took its time. Raises
    :class:`PlanIsStale` if somebody deployed meanwhile, and what the look raises.
    """
    service, before = planned.service, planned.service.primary
    registered = writes.registration(notes)
    try:
        now = api.describe_services(aws, service.cluster_arn, [service.name])[service.name]
    except (AwsCallError, IncompleteAnswerError) as exc:
        if registered is not None:
            raise NotDeployed(registered, exc) from exc
        raise
    primary = now.primary if isinstance(now, Service) else None
    if primary is not None and before is not None and primary.id == before.id:
        return
    if registered is not None:
        raise Overtaken(registered)
    raise PlanIsStale("somebody deployed meanwhile")


def own_record(planned: plans.Plan, begun: Begun) -> str:
    """The service deployment that AWS named with ours (currentServiceDeployment); empty if that is not known. Pure."""
    primary, current = begun.service.primary, begun.service.current_deployment
    if primary is None or not begun.deployment_id or primary.id != begun.deployment_id:
        return ""
    # What was on record before the write is not ours.
    return "" if begun.wrote and current in planned.known_records else current


def _did_it_take(aws: Aws, planned: plans.Plan, target: str, error: AwsCallError | IncompleteAnswerError) -> Begun:
    """The answer was lost, and the write may have been applied: what stands there now tells."""
    cluster, name = planned.service.cluster_arn, planned.service.name
    try:
        service = aws.steadily("DescribeServices", lambda aws: api.describe_services(aws, cluster, [name]))[name]
    except (AwsCallError, IncompleteAnswerError) as exc:
        raise AnswerLost(not_known("UpdateService", error, exc)) from exc
    primary = service.primary if isinstance(service, Service) else None
    if (
        not isinstance(service, Service)
        or primary is None
        or primary.id in planned.known_deployments
        or not names.same(primary.task_definition, target)
    ):
        # ECS is only eventually consistent, so that nothing shows yet proves nothing.
        raise AnswerLost(nothing_shows("UpdateService", error, f"a deployment to {names.short(target)}")) from error
    what = f"deployment {primary.id} to {names.short(target)} stands there"
    note = writes.answer_lost("UpdateService", error, what)
    return Begun(service, wrote=True, deployment_id=primary.id, findings=(note,))


def _accepted(planned: plans.Plan, after: Service, target: str) -> Begun:
    """AWS took it. If somebody else is PRIMARY in this very answer, watching our deployment will show it."""
    primary = after.primary
    if primary is None or not names.same(primary.task_definition, target):
        new = [d for d in after.deployments if d.id not in planned.known_deployments]
        ours = next((d for d in new if names.same(d.task_definition, target)), None)
        if ours is None:
            what = f"AWS accepted UpdateService, but its answer shows no deployment to {names.short(target)}"
            raise AnswerLost(f"{what}: somebody else may have deployed at the same moment. {GO_ON}")
        return Begun(after, wrote=True, deployment_id=ours.id)
    others = [d for d in after.deployments if d.id != primary.id and d.id not in planned.known_deployments]
    notes = [
        Finding(
            "superseded_another",
            "warn",
            f"deployment {d.id} to {names.short(d.task_definition)} began between the last look and the write, and is "
            "superseded by this rollback",
        )
        for d in others
    ]
    return Begun(after, wrote=True, deployment_id=primary.id, findings=tuple(notes))
