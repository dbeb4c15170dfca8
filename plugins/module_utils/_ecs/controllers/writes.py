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
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, images, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import NotDeployed
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Need
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition

# How often a copy is registered, each time with fewer tags: production waits for it.
_ATTEMPTS: t.Final = 4


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
    copy = _register(aws, family, request)
    told = _registered(copy.arn, original), *_left_out(copy, original, request)
    return copy.arn, told


class _Copy(t.NamedTuple):
    """What was registered, the keys of its tags, and AWS's first refusal, if there was one."""

    arn: str
    keys: tuple[str, ...]
    refused: AwsCallError | None = None


def _register(aws: Aws, family: str, request: t.Mapping[str, t.Any], attempts: int = _ATTEMPTS) -> _Copy:
    """Register it, with as many of its tags as AWS takes.

    Tags on creation need ecs:TagResource, and a policy can forbid some of them. AWS does not document with which code.
    If it was something else, the attempt without any tags says so.
    """
    keys = tuple(str(tag["key"]) for tag in request.get("tags", ()))
    try:
        with writing("RegisterTaskDefinition"):
            arn = api.register_task_definition(aws, family, request).arn
        return _Copy(arn, keys)
    except AwsCallError as exc:
        if exc.may_pass or not keys:
            raise
        # Without tags the next run knows the copy by its content.
        fewer = images.fewer_tags(keys, exc.detail) if attempts > 2 else []
        tags = {"tags": [tag for tag in request["tags"] if tag["key"] in fewer]} if fewer else {}
        rest = {key: value for key, value in request.items() if key != "tags"}
        return _register(aws, family, {**rest, **tags}, attempts - 1)._replace(refused=exc)


def _left_out(copy: _Copy, original: TaskDefinition, request: t.Mapping[str, t.Any]) -> t.Iterator[Finding]:
    """A warning about the tags that a copy should have and has not."""
    wanted = dict.fromkeys([*(str(tag["key"]) for tag in request["tags"]), marks.COPY_OF])
    lacks = [key for key in wanted if key not in copy.keys]
    if not lacks:
        return
    what = f"lacks the tags {', '.join(lacks)}" if copy.keys else "carries no tags"
    why = copy.refused.explain() if copy.refused is not None else "AWS takes 50 tags at most."
    yield Finding("copy_tags", "warn", f"the copy {names.short(copy.arn)} of {names.short(original.arn)} {what}. {why}")


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
