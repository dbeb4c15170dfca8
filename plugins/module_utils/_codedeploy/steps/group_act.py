# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Create, change or delete a deployment group: read, check everything, then write what differs."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
    compare_aws_tags,
)

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch, settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, topics
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import acceptance
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import auto_rollback, group
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.auto_rollback import Settings, Subject
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.group import Info, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding, blocked

_Errors: t.Final = error_handler("codedeploy")
_MISSING: t.Final = frozenset({"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"})
_DEFAULT_PLATFORM: t.Final = "Server"
# The agent knows a group by its id (deployment-instructions of aws/aws-codedeploy-agent), and a new group has another.
_STAYS: t.Final = (
    "what its deployments installed stays on the instances, and a new deployment group of the same name neither "
    "removes nor replaces it: with file_exists_behavior disallow its first deployment fails at those files"
)

Outcome = t.Literal["unchanged", "planned", "created", "updated", "deleted", "refused", "failed"]


@dataclass(frozen=True)
class Present:
    """What is there. ``platform`` is empty without the application, ``info`` without the group."""

    platform: str = ""
    info: Info = field(default_factory=dict)
    tags: t.Mapping[str, str] = field(default_factory=dict)
    # Other deployment groups of the application.
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A write: the operation, its parameters, and what it does, in words."""

    operation: str
    params: t.Mapping[str, t.Any]
    words: str


@dataclass(frozen=True)
class Result:
    """How it ended. ``after`` is what is there then, or would be; None if there is no group, or if it is not known."""

    outcome: Outcome
    reason: str
    before: t.Mapping[str, t.Any] | None = None
    after: t.Mapping[str, t.Any] | None = None
    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    changed: bool = False
    group_id: str = ""

    @property
    def failed(self) -> bool:
        """Whether it fails the module."""
        return self.outcome in ("refused", "failed")

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "outcome": self.outcome,
            "changed": self.changed,
            "reason": self.reason,
            "before": self.before,
            "after": self.after,
            "deployment_group_id": self.group_id or None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


# -- reading


def read(aws: Aws, asked: Wish, others: bool = False) -> Present:
    """What is there. Raises :class:`AwsCallError` or :class:`IncompleteAnswerError`."""
    platform = _application(aws, asked.application)
    if not platform:
        return Present()
    info = _group(aws, asked.application, asked.name)
    names = api.list_deployment_groups(aws, asked.application) if others else []
    tags = _tags(aws, _arn(aws, asked, info)) if info and asked.tags is not None else {}
    return Present(platform, info, tags, tuple(name for name in names if name != asked.name))


@_Errors.common_error_handler("read application {name}")
def _application(aws: Aws, name: str) -> str:
    try:
        answer = aws.call("codedeploy", "get_application", applicationName=name)
    except Exception as exc:
        if api.code_of(exc) in _MISSING:
            return ""
        raise
    # Applications from before there were platforms are on Server.
    return str(require(answer, "application", "get_application").get("computePlatform") or _DEFAULT_PLATFORM)


@_Errors.common_error_handler("read deployment group {name} of application {application}")
def _group(aws: Aws, application: str, name: str) -> Info:
    try:
        answer = aws.call("codedeploy", "get_deployment_group", applicationName=application, deploymentGroupName=name)
    except Exception as exc:
        if api.code_of(exc) in _MISSING:
            return {}
        raise
    return dict(require(answer, "deploymentGroupInfo", "get_deployment_group"))


@_Errors.common_error_handler("read the tags of {arn}")
def _tags(aws: Aws, arn: str) -> dict[str, str]:
    found = list(aws.pages("codedeploy", "list_tags_for_resource", "Tags", ResourceArn=arn))
    return dict(boto3_tag_list_to_ansible_dict(found))


def _arn(aws: Aws, asked: Wish, info: Info) -> str:
    """CodeDeploy gives no ARN. Its service role is in the same account
    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html).
    """
    role = parse_aws_arn(str(info.get("serviceRoleArn") or "")) or {}
    where = f"{role.get('partition') or 'aws'}:codedeploy:{aws.region('codedeploy')}:{role.get('account_id') or ''}"
    return f"arn:{where}:deploymentgroup:{asked.application}/{asked.name}"


# -- planning


def plan(aws: Aws, asked: Wish) -> Result:
    """What would be done so that the group is as asked.

    Raises :class:`AwsCallError` or :class:`IncompleteAnswerError` if it cannot be read.
    """
    present = read(aws, asked)
    platform = present.platform or asked.platform or _DEFAULT_PLATFORM
    before = group.shown(present.info)
    found = _checked(aws, asked, present, platform)
    block = blocked(found)
    if block:
        return Result("refused", block, before, before, found, group_id=_id(present.info))
    steps = _steps(aws, asked, present, platform)
    if not steps:
        return Result("unchanged", "is as it should be", before, before, found, group_id=_id(present.info))
    after = group.shown(group.targets_of(asked, platform, present.info))
    words = "; ".join(step.words for step in steps)
    return Result("planned", words, before, after, found, steps, changed=True, group_id=_id(present.info))


def _id(info: Info) -> str:
    return str(info.get("deploymentGroupId") or "")


def _checked(aws: Aws, asked: Wish, present: Present, platform: str) -> tuple[Finding, ...]:
    """Everything that stands against it, or that should be known, before the first write."""
    if asked.platform and present.platform and asked.platform != present.platform:
        what = (
            f"compute_platform: application {asked.application} is on {present.platform}, which cannot be changed: "
            f"name another application for {asked.platform}"
        )
        return (Finding("compute_platform", "block", what),)
    problems = group.problems(asked, platform, present.info)
    if problems:
        return tuple(Finding("options", "block", problem) for problem in problems)
    sent = group.request(asked, platform, present.info)
    subject = Subject.read({"deploymentGroupName": asked.name, **group.targets_of(asked, platform, present.info)})
    subject = replace(subject, settings=Settings.read(present.info))
    after = auto_rollback.desired(subject.settings, asked.protection)
    found: list[Finding] = list(auto_rollback.findings(subject, after, asked.protection))
    for topic in topics.read(aws, [item.topic_arn for item in asked.protection.notifications]).values():
        found += topics.findings(topic, subject.role_arn)
    if asked.protection.about_alarms and after.watched:
        states = cloudwatch.alarm_states_if_readable(aws.beside, after.watched)
        found += auto_rollback.alarm_findings(after, states)
    return (*found, *_of_resources(aws, asked, sent, platform))


def _of_resources(aws: Aws, asked: Wish, sent: t.Mapping[str, t.Any], platform: str) -> t.Iterator[Finding]:
    """Findings about what the settings that change refer to."""
    target = api.group_of({"deploymentGroupName": asked.name, "computePlatform": platform, **_scaling(sent)})
    if "deploymentConfigName" in sent:
        yield from acceptance.of_config(aws, target, str(sent["deploymentConfigName"]))
    if sent.get("autoScalingGroups") or sent.get("ecsServices"):
        for finding in acceptance.of_targets(aws, target):
            yield replace(finding, severity="block") if finding.severity == "warn" else finding


def _scaling(sent: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The members as GetDeploymentGroup shows them."""
    return {**sent, "autoScalingGroups": [{"name": name} for name in sent.get("autoScalingGroups") or []]}


def _steps(aws: Aws, asked: Wish, present: Present, platform: str) -> tuple[Step, ...]:
    named = {"applicationName": asked.application}
    steps = []
    if not present.platform:
        params = {**named, "computePlatform": platform}
        steps.append(Step("create_application", params, f"application {asked.application} is created on {platform}"))
    sent = group.request(asked, platform, present.info)
    if not present.info:
        tags = {"tags": ansible_dict_to_boto3_tag_list(asked.tags)} if asked.tags else {}
        params = {**named, "deploymentGroupName": asked.name, **sent, **tags}
        steps.append(Step("create_deployment_group", params, f"deployment group {asked.name} is created"))
        return tuple(steps)
    if sent:
        params = {**named, "currentDeploymentGroupName": asked.name, **sent}
        steps.append(Step("update_deployment_group", params, f"{group.told(sent)} changed"))
    return (*steps, *_tagging(aws, asked, present))


def _tagging(aws: Aws, asked: Wish, present: Present) -> t.Iterator[Step]:
    if asked.tags is None:
        return
    add, remove = compare_aws_tags(dict(present.tags), dict(asked.tags), asked.purge_tags)
    arn = _arn(aws, asked, present.info)
    if remove:
        yield Step("untag_resource", {"ResourceArn": arn, "TagKeys": remove}, f"tags removed: {', '.join(remove)}")
    if add:
        params = {"ResourceArn": arn, "Tags": ansible_dict_to_boto3_tag_list(add)}
        yield Step("tag_resource", params, f"tags set: {', '.join(add)}")


def plan_absence(aws: Aws, asked: Wish, delete_application: bool) -> Result:
    """What would be done so that the group no longer exists; raises as :func:`plan` does."""
    present = read(aws, replace(asked, tags=None), others=delete_application)
    before = group.shown(present.info)
    steps, found = [], []
    if present.info:
        named = {"applicationName": asked.application, "deploymentGroupName": asked.name}
        steps.append(Step("delete_deployment_group", named, f"deployment group {asked.name} is deleted"))
        running = Subject.read(present.info).in_flight
        if running:
            what = f"deployment {running} of deployment group {asked.name} has not ended: wait for its end, or stop it"
            found.append(Finding("in_flight", "block", what))
        if present.platform == "Server":
            found.append(Finding("instances", "warn", _STAYS))
    if delete_application and present.platform:
        if present.others:
            what = f"delete_application: application {asked.application} has other deployment groups"
            found.append(Finding("application", "block", f"{what}: {', '.join(present.others)}"))
        words = f"application {asked.application} is deleted"
        steps.append(Step("delete_application", {"applicationName": asked.application}, words))
    block = blocked(found)
    if block:
        return Result("refused", block, before, before, tuple(found), group_id=_id(present.info))
    if not steps:
        return Result("unchanged", "does not exist")
    words = "; ".join(step.words for step in steps)
    return Result("planned", words, before, None, tuple(found), tuple(steps), True, _id(present.info))


# -- acting


def act(aws: Aws, asked: Wish, planned: Result, check_mode: bool) -> Result:
    """Do what the plan says, except in check mode."""
    if planned.outcome != "planned" or check_mode:
        return planned
    done: list[str] = []
    for step in planned.steps:
        try:
            _write(aws, step.operation, step.params)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return _failed(planned, exc, step, done)
        done.append(step.words)
    try:
        now = settled.once_right(
            lambda: read(aws, replace(asked, tags=None)).info,
            lambda seen: not _is_missing(asked, planned, seen),
            aws.clock,
        )
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"AWS accepted the changes, but they could not be read back: {exc.explain()}"
        return replace(planned, outcome="failed", reason=what, after=None)
    return _seen(asked, planned, now)


def _is_missing(asked: Wish, planned: Result, now: Info) -> bool:
    """Whether AWS does not show what was written."""
    if planned.after is None:
        return bool(now)
    return not now or bool(group.request(asked, str(now.get("computePlatform") or ""), now))


def _seen(asked: Wish, planned: Result, now: Info) -> Result:
    """Judge what AWS shows after the writes."""
    result = replace(planned, after=group.shown(now), group_id=_id(now) or planned.group_id)
    if _is_missing(asked, planned, now):
        what = (
            "AWS accepted the change but does not show it: somebody else may have changed it at the same time. "
            f"{advice.AGAIN}"
        )
        return replace(result, outcome="failed", reason=what)
    return replace(
        result, outcome="deleted" if planned.after is None else "created" if planned.before is None else "updated"
    )


def _failed(planned: Result, exc: AwsCallError | IncompleteAnswerError, step: Step, done: t.Sequence[str]) -> Result:
    text = f"{exc.explain().rstrip('.')}."
    before = f" Before that, {'; '.join(done)}." if done else ""
    if exc.no_answer:
        what = f"{text} Whether this was done is not known: {step.words}.{before} {advice.AGAIN}"
        return replace(planned, outcome="failed", reason=what, after=None)
    rest = "" if done else " Nothing was changed"
    after = planned.before if not done else None
    return replace(planned, outcome="failed", reason=f"{text}{before}{rest}", after=after, changed=bool(done))


def _write(aws: Aws, operation: str, params: t.Mapping[str, t.Any]) -> None:
    _call(aws, operation, params, operation.replace("_", " "))


@_Errors.common_error_handler("{words}")
def _call(aws: Aws, operation: str, params: t.Mapping[str, t.Any], words: str) -> None:
    aws.call("codedeploy", operation, **params)
