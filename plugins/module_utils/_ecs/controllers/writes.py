# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Writes that several controllers make: a copy of a task definition, more tasks, and what a lost answer is."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import GO_ON, AnswerLost
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, images, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import NotDeployed
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Need
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition


def passed_roles(target: TaskDefinition | None) -> tuple[Need, ...]:
    """What deploying a task definition needs because of its roles. Pure.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    content = target.content if target is not None else {}
    roles = [str(content.get(name) or "") for name in ("taskRoleArn", "executionRoleArn")]
    return tuple(Need("iam:PassRole", role) for role in dict.fromkeys(roles) if role.startswith("arn:"))


def more_tasks(aws: Aws, service: Service, tasks: int | None) -> tuple[Service, tuple[Finding, ...]]:
    """Raise the task count to ``tasks`` if that is more; a lower count is set when the rollback has ended.

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
    """The ARN of a copy with pinned images: the family's newest revision if it already is one, else a new one."""
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
        # Tags on creation need ecs:TagResource, there can be 50 of them, and a tag policy can forbid some. AWS does not
        # document with which code a tag policy refuses. If it was something else, the second attempt says so.
        if exc.may_pass:
            raise
        refused = exc
    # Without tags the next run knows the copy by its content.
    untagged = {key: value for key, value in request.items() if key != "tags"}
    with writing("RegisterTaskDefinition"):
        arn = api.register_task_definition(aws, family, untagged).arn
    what = f"the copy {names.short(arn)} of {names.short(original.arn)} carries no tags. {refused.explain()}"
    return arn, (_registered(arn, original), Finding("copy_tags", "warn", what))


def _registered(arn: str, original: TaskDefinition) -> Finding:
    return Finding("copy", "info", f"{names.short(arn)} was registered as a copy of {names.short(original.arn)}")


def answer_lost(operation: str, error: AwsCallError | IncompleteAnswerError, what: str) -> Finding:
    return Finding(
        "answer_lost",
        "warn",
        f"the answer to {operation} was lost ({error.detail}); {what} and is treated as ours",
    )


@contextlib.contextmanager
def writing(operation: str, notes: t.Sequence[Finding] = ()) -> t.Iterator[None]:
    """A write that cannot be looked for afterwards. ``notes`` describe the copy that was registered for it.

    Raises :class:`AnswerLost` if no answer comes, and :class:`NotDeployed` if the copy was registered but not deployed.
    """
    try:
        yield
    except (AwsCallError, IncompleteAnswerError) as exc:
        if exc.no_answer:
            what = f"the answer to {operation} was lost ({exc.detail}), and whether AWS applied it is not known"
            raise AnswerLost(f"{what}. {GO_ON}") from exc
        registered = registration(notes)
        if registered is not None and isinstance(exc, AwsCallError):
            raise NotDeployed(registered, exc) from exc
        raise


def registration(notes: t.Iterable[Finding]) -> Finding | None:
    return next((note for note in notes if note.check == "copy"), None)
