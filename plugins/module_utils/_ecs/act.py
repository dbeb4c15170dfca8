# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting: the one write that starts a rollback, and the look just before it.

UpdateService has neither a client token nor a compare-and-set, so the PRIMARY deployment is looked at once more right
before the write, and what stands there after it is looked at right after.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import (
    GO_ON,
    AnswerLost,
    PlanIsStale,
    not_known,
    nothing_shows,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, images, names, plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads

# What ContinueServiceDeployment answers where a hook does not wait (any more): it has no ConflictException
# (the operation's errors in botocore's model).
_NOT_AT_THE_HOOK: t.Final = frozenset({"InvalidParameterException", "ClientException"})


class AlreadyThere(Exception):
    """The service runs a copy of the target already, and nothing is left to deploy. ``copy`` is its ARN."""

    def __init__(self, copy: str) -> None:
        super().__init__(copy)
        self.copy = copy


class NotDeployed(Exception):
    """A copy of the target was registered, and then the service could not be updated. ``note`` tells of the copy."""

    def __init__(self, note: Finding, error: AwsCallError) -> None:
        super().__init__(error.explain())
        self.note = note


@dataclass(frozen=True)
class Accepted:
    """AWS took the write, or nothing had to be written because a rollback runs already.

    ``deployment_id`` is the PRIMARY deployment that is ours (``ecs-svc/…``); ``service_deployment`` is set instead
    where ECS itself rolls back, and is followed by its ARN.
    """

    service: Service
    wrote: bool
    deployment_id: str = ""
    service_deployment: str = ""
    findings: tuple[Finding, ...] = ()
    # The pinned copy that was deployed in place of the target.
    copy: str = ""
    # The ARN of our own service deployment, where it is known already.
    own_record: str = ""
    # A deployment of CodeDeploy was only in the way and ends: stopped where it is, or rolled back. Then comes ours.
    makes_room: t.Literal["", "stopped", "rolled_back"] = ""

    @property
    def record_id(self) -> str:
        """What the tags call this rollback."""
        return self.deployment_id or self.service_deployment.rpartition("/")[2]


def still_as_planned(planned: plan.Plan, now: Service) -> bool:
    """Nobody deployed since the plan was made."""
    before, after = planned.service.primary, now.primary
    if now.status != planned.service.status or (before is None) != (after is None):
        return False
    return before is None or after is None or (before.id, before.task_definition) == (after.id, after.task_definition)


def adopt(planned: plan.Plan) -> Accepted:
    """Follow what is already running."""
    running = planned.running
    if running is not None and running.status.startswith("ROLLBACK"):
        return Accepted(planned.service, wrote=False, service_deployment=running.arn)
    primary = planned.service.primary
    return Accepted(
        planned.service,
        wrote=False,
        deployment_id=primary.id if primary else "",
        own_record=running.arn if running is not None else "",
    )


def roll_back_natively(aws: Aws, planned: plan.Plan) -> Accepted:
    """Let ECS itself go back. Raises :class:`PlanIsStale` where the deployment ended, or went on, meanwhile."""
    if planned.running is None:
        raise PlanIsStale("no deployment is running any more")
    arn, parked = planned.running.arn, planned.running.paused_at
    operation = "ContinueServiceDeployment" if parked else "StopServiceDeployment"
    notes: tuple[Finding, ...] = ()
    try:
        if parked:
            api.continue_with_rollback(aws, arn, parked.hook)
        else:
            api.stop_service_deployment(aws, arn)
    except AwsCallError as exc:
        if api.has_ended_meanwhile(exc):
            raise PlanIsStale(f"the deployment ended meanwhile: {exc.detail}") from exc
        if parked and exc.code in _NOT_AT_THE_HOOK and not _still_parked(aws, arn, parked.hook):
            raise PlanIsStale(f"somebody answered the hook meanwhile: {exc.detail}") from exc
        if not exc.no_answer:
            raise
        if not _is_rolling_back(aws, arn, operation, exc):
            raise AnswerLost(nothing_shows(operation, exc, "that ECS rolls the deployment back")) from exc
        what = f"ECS rolls {names.short(planned.running.target.task_definition)} back"
        notes = (_answer_lost(operation, exc, what),)
    return Accepted(planned.service, wrote=True, service_deployment=arn, findings=notes)


def _still_parked(aws: Aws, arn: str, hook: str) -> bool:
    """Whether a deployment waits at this hook. Where that cannot be read it is taken for so."""
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
    aws: Aws, planned: plan.Plan, tasks: int | None, override: t.Mapping[str, t.Any] | None = None
) -> Accepted:
    """Deploy the target. ``tasks`` is sent only when it was given, so that auto scaling's count stays.

    ``override`` are changes of the deployment configuration, whose undoing the caller has recorded. Raises
    :class:`AlreadyThere` where a copy is needed, and what runs is one; :class:`NotDeployed` where only that was done.
    """
    if planned.target is None:
        raise PlanIsStale("the plan has no target")
    target = planned.target.arn
    notes: tuple[Finding, ...] = ()
    if planned.copy is not None:
        target, notes = register_copy(aws, planned.target, planned.copy)
        if names.same(target, planned.current):
            raise AlreadyThere(target)
    changes: dict[str, t.Any] = {"taskDefinition": target}
    if tasks is not None:
        changes["desiredCount"] = tasks
    if planned.force_new_deployment:
        changes["forceNewDeployment"] = True
    if override:
        changes["deploymentConfiguration"] = dict(override)
    cluster, name = planned.service.cluster_arn, planned.service.name
    try:
        after = api.update_service(aws, cluster, name, **changes)
    except (AwsCallError, IncompleteAnswerError) as exc:
        registered = _registration(notes)
        if registered is not None and isinstance(exc, AwsCallError) and not exc.no_answer:
            raise NotDeployed(registered, exc) from exc
        if not exc.no_answer:
            raise
        accepted = _did_it_take(aws, planned, target, exc)
    else:
        accepted = _accepted(planned, after, target)
    copy = target if planned.copy is not None else ""
    return replace(accepted, findings=(*notes, *accepted.findings), copy=copy)


def more_tasks(aws: Aws, service: Service, tasks: int | None) -> tuple[Service, tuple[Finding, ...]]:
    """Raise the task count to ``tasks``, where that is more; fewer are set when the rollback has ended.

    For services where that is a write of its own. It comes after the one that matters, which it must not hold up.
    """
    if tasks is None or tasks <= service.desired:
        return service, ()
    try:
        return api.update_service(aws, service.cluster_arn, service.name, desiredCount=tasks), ()
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"the task count is still {service.desired}, not {tasks}. {exc.explain()}"
        return service, (Finding("tasks", "warn", what),)


def register_copy(aws: Aws, original: TaskDefinition, pin: t.Mapping[str, str]) -> tuple[str, tuple[Finding, ...]]:
    """The ARN of a copy with pinned images: the family's newest revision where it is one already, else a new one."""
    request = images.pinned_copy(original, pin)
    family = str(request["family"])
    newest = api.describe_task_definition(aws, family)
    if newest is not None and images.is_the_copy(newest, original, pin):
        return newest.arn, ()
    try:
        with writing("RegisterTaskDefinition"):
            arn = api.register_task_definition(aws, family, request).arn
        return arn, (_registered(arn, original),)
    except AwsCallError as exc:
        if not exc.is_denied:
            raise
        # Tags on creation need ecs:TagResource. Without them the next run knows the copy by its content.
        untagged = {key: value for key, value in request.items() if key != "tags"}
        with writing("RegisterTaskDefinition"):
            arn = api.register_task_definition(aws, family, untagged).arn
        what = f"the copy {names.short(arn)} of {names.short(original.arn)} carries no tags. {exc.explain()}"
        return arn, (_registered(arn, original), Finding("copy_tags", "warn", what))


def _registered(arn: str, original: TaskDefinition) -> Finding:
    return Finding("copy", "info", f"{names.short(arn)} was registered as a copy of {names.short(original.arn)}")


def _did_it_take(aws: Aws, planned: plan.Plan, target: str, error: AwsCallError | IncompleteAnswerError) -> Accepted:
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
    note = _answer_lost("UpdateService", error, what)
    return Accepted(service, wrote=True, deployment_id=primary.id, findings=(note,))


def _answer_lost(operation: str, error: AwsCallError | IncompleteAnswerError, what: str) -> Finding:
    return Finding(
        "answer_lost",
        "warn",
        f"the answer to {operation} was lost ({error.detail}); {what} and is taken for ours",
    )


@contextlib.contextmanager
def writing(operation: str, notes: t.Sequence[Finding] = ()) -> t.Iterator[None]:
    """A write that cannot be looked for afterwards. ``notes`` tell of the copy that was registered for it.

    Raises :class:`AnswerLost` where no answer comes, and :class:`NotDeployed` where the copy was registered in vain.
    """
    try:
        yield
    except (AwsCallError, IncompleteAnswerError) as exc:
        if exc.no_answer:
            what = f"the answer to {operation} was lost ({exc.detail}), and whether AWS applied it is not known"
            raise AnswerLost(f"{what}. {GO_ON}") from exc
        registered = _registration(notes)
        if registered is not None and isinstance(exc, AwsCallError):
            raise NotDeployed(registered, exc) from exc
        raise


def _registration(notes: t.Iterable[Finding]) -> Finding | None:
    return next((note for note in notes if note.check == "copy"), None)


def _accepted(planned: plan.Plan, after: Service, target: str) -> Accepted:
    """AWS took it. Where somebody else is PRIMARY in the very answer, watching ours tells so."""
    primary = after.primary
    if primary is None or not names.same(primary.task_definition, target):
        new = [d for d in after.deployments if d.id not in planned.known_deployments]
        ours = next((d for d in new if names.same(d.task_definition, target)), None)
        if ours is None:
            what = f"AWS accepted UpdateService, but its answer shows no deployment to {names.short(target)}"
            raise AnswerLost(f"{what}: somebody else may have deployed at the same moment. {GO_ON}")
        return Accepted(after, wrote=True, deployment_id=ours.id)
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
    return Accepted(after, wrote=True, deployment_id=primary.id, findings=tuple(notes))
