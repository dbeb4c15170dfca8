# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Protect deployment groups: read the settings, validate all of them, then change those that differ."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch, settings, settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, topics
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import auto_rollback
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.auto_rollback import (
    Settings,
    Subject,
    Wish,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding, blocked

Result = settings.Result[Settings]

_CodeDeployErrors: t.Final = error_handler("codedeploy")


def plan(aws: Aws, application: str, names: t.Sequence[str], wanted: Wish) -> list[Result]:
    """What would be done to each group. Raises :class:`AwsCallError` or :class:`IncompleteAnswerError` if they cannot
    be read.
    """
    subjects = {subject.name: subject for subject in _describe(aws, application, names)}
    reached = topics.read(aws, [item.topic_arn for item in wanted.notifications] if subjects else [])
    results = [_plan(application, name, subjects.get(name), wanted, reached) for name in names]
    return _with_alarms(aws, results) if wanted.about_alarms else results


def _plan(
    application: str, name: str, subject: Subject | None, wanted: Wish, reached: t.Mapping[str, topics.Topic]
) -> Result:
    known = {"deployment_group": name, "application": application}
    if subject is None:
        reason = f"there is no deployment group {name} in application {application}"
        return Result(known, "refused", reason, findings=(Finding("deployment_group", "block", reason),))
    present = subject.settings
    after = auto_rollback.desired(present, wanted)
    found = auto_rollback.findings(subject, after, wanted)
    for topic in reached.values():
        found += topics.findings(topic, subject.role_arn)
    result = Result(known, "unchanged", "is as it should be", present, present, findings=found)
    block = blocked(found)
    if block:
        return replace(result, outcome="refused", reason=block)
    request = auto_rollback.request(present, after)
    if not request:
        return result
    reason = auto_rollback.told(present, after)
    return replace(result, outcome="planned", reason=reason, request=request, after=after, changed=True)


def _with_alarms(aws: Aws, results: list[Result]) -> list[Result]:
    wanted = [item.after for item in results if item.after is not None and item.outcome != "refused"]
    names = list(dict.fromkeys(name for after in wanted for name in after.watched))
    if not names:
        return results
    states = cloudwatch.alarm_states_if_readable(aws.beside, names)
    return settings.noticed(results, lambda after: auto_rollback.alarm_findings(after, states))


def act(aws: Aws, results: t.Sequence[Result], check_mode: bool, say: settings.Say) -> list[Result]:
    """Change what the plans say, except in check mode; change nothing if any group was refused."""

    def write(item: Result) -> tuple[Settings | None, str]:
        application, name = item.names["application"], item.names["deployment_group"]
        _update(aws, application, name, item.request)
        # The answer to UpdateDeploymentGroup does not contain the settings.
        wanted = item.after or Settings()

        def look() -> Settings:
            return next((subject.settings for subject in _describe(aws, application, [name])), Settings())

        try:
            after = settled.once_right(look, wanted.same_as, aws.clock)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return None, f"AWS accepted the change, but it could not be read back: {exc.explain()}"
        return after, "" if after.same_as(wanted) else settings.NOT_SHOWN

    return settings.act(results, check_mode, write, say)


@_CodeDeployErrors.common_error_handler("describe deployment groups {names} of application {application}")
def _describe(aws: Aws, application: str, names: t.Sequence[str]) -> list[Subject]:
    """The groups that exist."""
    found: list[Answer] = []
    for batch in batches(names, api.GROUPS_PER_CALL):
        answer = aws.call(
            "codedeploy", "batch_get_deployment_groups", applicationName=application, deploymentGroupNames=batch
        )
        found += require(answer, "deploymentGroupsInfo", "batch_get_deployment_groups")
    return [Subject.read(info) for info in found]


@_CodeDeployErrors.common_error_handler("update deployment group {group} of application {application}")
def _update(aws: Aws, application: str, group: str, members: t.Mapping[str, t.Any]) -> None:
    aws.call(
        "codedeploy",
        "update_deployment_group",
        applicationName=application,
        currentDeploymentGroupName=group,
        **members,
    )


def summary(results: t.Sequence[Result]) -> str:
    """Why the module failed: what went wrong, and what happened to all the others."""
    return settings.summary(results, "deployment groups")
