# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading what :mod:`.readiness` and :mod:`.references` decide on: all for one service at the same time.

Nothing here raises: what cannot be read is a finding of the severity ``unknown`` that names the permission.
"""

from __future__ import annotations

import functools
import threading
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, plan, read, readiness, references
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.method import DEPLOYS
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.references import Reference

# With more services in a call the checks that read beyond ECS are left out: those quotas are not made for it.
MOST_SERVICES: t.Final = 10
# An endpoint that a network without a way out does not reach would hold up a rollback for minutes.
PATIENCE_SECONDS: t.Final = 10.0

# Limits per call (the operations' own pages in the API references).
_PARAMETERS_PER_CALL: t.Final = 10
_ALARMS_PER_CALL: t.Final = 100
_PROTECTIONS_PER_CALL: t.Final = 100

_Ssm: t.Final = error_handler("ssm")
_SecretsManager: t.Final = error_handler("secretsmanager")
_Iam: t.Final = error_handler("iam")
_Logs: t.Final = error_handler("logs")
_Efs: t.Final = error_handler("efs")
_CloudWatch: t.Final = error_handler("cloudwatch")
_CloudFormation: t.Final = error_handler("cloudformation")
_Elb: t.Final = error_handler("elbv2")
_Scaling: t.Final = error_handler("application-autoscaling")
_Ecs: t.Final = error_handler("ecs")


@dataclass(frozen=True)
class Check:
    """One read and what is decided on it. ``service`` is the API that it asks, ``unknown`` what to say without it."""

    service: str
    run: t.Callable[[], list[Finding]]
    unknown: t.Callable[[str], list[Finding]]


class Readiness:
    """The checks of one call. Without ``thorough`` only the marks of what is left behind are looked at."""

    def __init__(self, aws: Aws, task_definitions: read.TaskDefinitions, wish: plan.Wish, thorough: bool) -> None:
        self._aws = aws
        self._task_definitions = task_definitions
        self._wish = wish
        self._thorough = thorough

    def of(self, planned: plan.Plan, history: History | None) -> tuple[Finding, ...]:
        """All findings on a plan. One that writes nothing is not looked at."""
        if planned.verb != "act" or planned.method == "adopt" or planned.target is None:
            return ()
        found = self._barrier(planned, planned.target, history)
        if planned.method in DEPLOYS:
            found += self._deploying(planned, planned.target)
        return tuple(found)

    def _barrier(self, planned: plan.Plan, target: TaskDefinition, history: History | None) -> list[Finding]:
        found: list[Finding] = []
        left_behind = []
        known = list(self._task_definitions.known)
        for name in readiness.crossed(history, known, planned.current, target.arn):
            try:
                left_behind.append(self._task_definitions.read(name))
            except (AwsCallError, IncompleteAnswerError) as exc:
                found.append(
                    Finding("barrier", "unknown", f"whether a barrier is crossed is not known. {exc.explain()}")
                )
        return readiness.barrier(left_behind, target.arn, self._wish.selection.force) + found

    def _deploying(self, planned: plan.Plan, target: TaskDefinition) -> list[Finding]:
        service = planned.service
        runs = self._task_definitions.known.get(planned.current)
        found = readiness.circuit_breaker(service)
        found += readiness.compatibility(service, planned.now, target, runs)
        if not self._thorough:
            text = (
                f"with more than {MOST_SERVICES} services in a call, what lies outside of ECS (secrets, roles, log "
                "groups, alarms, listeners, stacks, protected tasks) is not looked at"
            )
            return [*found, Finding("checks_skipped", "info", text)]
        return found + together(self._aws, [*self._of_service(planned), *self._of_target(service, target)])

    def _of_service(self, planned: plan.Plan) -> list[Check]:
        aws, service = self._aws, planned.service
        checks = []
        if service.running and service.controller == "ECS":
            what = "whether tasks are protected from scale-in is not known"
            checks.append(_check("ecs", "protected_tasks", what, functools.partial(_protected, aws, service)))
        if readiness.alarm_names(service):
            what = "whether the deployment's alarms fire already is not known"
            checks.append(_check("cloudwatch", "alarms", what, functools.partial(_alarms, aws, service)))
        if readiness.stack_of(service):
            what = "whether the service's CloudFormation stack is at work is not known"
            checks.append(_check("cloudformation", "stack", what, functools.partial(_stack, aws, service)))
        if readiness.production_rules(service) and planned.running is None:
            what = "where the production listener rules send the traffic is not known"
            checks.append(_check("elbv2", "listener_weights", what, functools.partial(_listeners, aws, service)))
        if self._wish.tasks is not None and service.scheduling == "REPLICA":
            what = "whether tasks is within the bounds of the service's scalable target is not known"
            run = functools.partial(_bounds, aws, service, self._wish.tasks)
            checks.append(_check("application-autoscaling", "bounds", what, run))
        return checks

    def _of_target(self, service: Service, target: TaskDefinition) -> list[Check]:
        region = str((parse_aws_arn(service.arn) or {}).get("region", ""))
        checks = []
        parameters = []
        for reference in references.of(target):
            away = references.elsewhere(reference, region)
            if away is not None:
                checks.append(Check("", functools.partial(list, [away]), lambda why: []))
            elif reference.kind == "parameter":
                parameters.append(reference)
            else:
                client, look = _LOOKS[reference.kind]
                run = functools.partial(look, self._aws, target, reference)
                checks.append(Check(client, run, functools.partial(_unreadable, [reference])))
        for batch in batches(sorted({p.name for p in parameters}), _PARAMETERS_PER_CALL):
            some = [p for p in parameters if p.name in batch]
            run = functools.partial(_parameters, self._aws, target, some)
            checks.append(Check("ssm", run, functools.partial(_unreadable, some)))
        return checks


def _check(service: str, check: str, what: str, run: t.Callable[[], list[Finding]]) -> Check:
    return Check(service, run, lambda why: [Finding(check, "unknown", f"{what}. {why}")])


def _unreadable(some: t.Iterable[Reference], why: str) -> list[Finding]:
    return [references.unreadable(reference, why) for reference in some]


def together(aws: Aws, checks: t.Sequence[Check]) -> list[Finding]:
    """Run checks at the same time, and give their findings in the order of the checks.

    What has not answered after :data:`PATIENCE_SECONDS` is told as unknown. The threads are daemons and no executor's,
    which would be waited for at the end of the process.
    """
    answers: dict[int, list[Finding]] = {}

    def answer(position: int) -> None:
        answers[position] = _run(checks[position])

    for service in sorted({check.service for check in checks if check.service}):
        # boto3 makes clients in one thread only, and uses them in any
        # (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html).
        aws.client(service)
    threads = [threading.Thread(target=answer, args=(n,), daemon=True) for n in range(len(checks))]
    for thread in threads:
        thread.start()
    until = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = f"No answer came within {PATIENCE_SECONDS:g} s: check the network and the endpoint"
    told = [answers[n] if n in answers else check.unknown(late) for n, check in enumerate(checks)]
    return [finding for findings in told for finding in findings]


def _run(check: Check) -> list[Finding]:
    try:
        return check.run()
    except (AwsCallError, IncompleteAnswerError) as exc:
        return check.unknown(exc.explain())
    except Exception as exc:  # noqa: BLE001  pylint: disable=broad-exception-caught
        # An answer of an unforeseen shape, in a thread, where nobody would hear of it: no check may hold up a rollback.
        return check.unknown(f"{type(exc).__name__}: {exc}")


# -- of the service


@_Ecs.common_error_handler("read the scale-in protection of the tasks of service {service.name}")
def _protected(aws: Aws, service: Service) -> list[Finding]:
    arns = api.list_tasks(aws, service.cluster_arn, serviceName=service.name)
    tasks: list[Answer] = []
    for batch in batches(arns, _PROTECTIONS_PER_CALL):
        answer = aws.call("ecs", "get_task_protection", cluster=service.cluster_arn, tasks=batch)
        tasks += require(answer, "protectedTasks", "get_task_protection")
    return readiness.protected(service, tasks)


@_CloudWatch.common_error_handler("describe the deployment alarms of service {service.name}")
def _alarms(aws: Aws, service: Service) -> list[Finding]:
    states: dict[str, str] = {}
    for batch in batches(readiness.alarm_names(service), _ALARMS_PER_CALL):
        kinds = ["MetricAlarm", "CompositeAlarm"]
        answer = aws.call("cloudwatch", "describe_alarms", AlarmNames=batch, AlarmTypes=kinds, MaxRecords=len(batch))
        for kind in ("MetricAlarms", "CompositeAlarms"):
            states.update((a["AlarmName"], a.get("StateValue", "")) for a in answer.get(kind) or [])
    return readiness.alarms(service, states)


@_CloudFormation.common_error_handler("describe the CloudFormation stack of service {service.name}")
def _stack(aws: Aws, service: Service) -> list[Finding]:
    answer = aws.call("cloudformation", "describe_stacks", StackName=readiness.stack_of(service))
    found = require(answer, "Stacks", "describe_stacks")
    return readiness.stack(service, str(found[0].get("StackStatus", "")) if found else "")


@_Elb.common_error_handler("describe the production listener rules of service {service.name}")
def _listeners(aws: Aws, service: Service) -> list[Finding]:
    rules: dict[str, list[Answer]] = {}
    for arn in readiness.production_rules(service):
        actions = _actions(aws, arn)
        if actions is not None:
            rules[arn] = actions
    return readiness.listener_weights(service, rules)


def _actions(aws: Aws, arn: str) -> list[Answer] | None:
    """What a listener rule, or a listener, does with its traffic; None where there is none."""
    exceptions = aws.client("elbv2").exceptions
    try:
        if ":listener-rule/" in arn:
            found = require(aws.call("elbv2", "describe_rules", RuleArns=[arn]), "Rules", "describe_rules")
            return list(found[0].get("Actions") or []) if found else None
        answer = aws.call("elbv2", "describe_listeners", ListenerArns=[arn])
    except (exceptions.RuleNotFoundException, exceptions.ListenerNotFoundException):
        return None
    found = require(answer, "Listeners", "describe_listeners")
    return list(found[0].get("DefaultActions") or []) if found else None


@_Scaling.common_error_handler("describe the scalable target of service {service.name}")
def _bounds(aws: Aws, service: Service, tasks: int) -> list[Finding]:
    answer = aws.call(
        "application-autoscaling",
        "describe_scalable_targets",
        ServiceNamespace="ecs",
        ResourceIds=[f"service/{service.cluster}/{service.name}"],
        ScalableDimension="ecs:service:DesiredCount",
    )
    found = require(answer, "ScalableTargets", "describe_scalable_targets")
    return readiness.bounds(service, tasks, found[0]["MinCapacity"], found[0]["MaxCapacity"]) if found else []


# -- of the target


@_Ssm.common_error_handler("read SSM parameters of {target.arn}")
def _parameters(aws: Aws, target: TaskDefinition, some: t.Sequence[Reference]) -> list[Finding]:
    """Only the names that are missing are looked at: the answer holds values, encrypted where they are secret."""
    wanted = list(dict.fromkeys(reference.name for reference in some))
    answer = aws.call("ssm", "get_parameters", Names=wanted, WithDecryption=False)
    missing = set(answer.get("InvalidParameters") or [])
    require(answer, "Parameters", "get_parameters")
    return [references.missing(reference, target) for reference in some if reference.name in missing]


@_SecretsManager.common_error_handler("describe secret {reference.name}")
def _secret(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        answer = aws.call("secretsmanager", "describe_secret", SecretId=reference.name)
    except aws.client("secretsmanager").exceptions.ResourceNotFoundException:
        return [references.missing(reference, target)]
    require(answer, "ARN", "describe_secret")
    return references.secret(reference, target, answer)


@_Iam.common_error_handler("read IAM role {reference.name}")
def _role(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        aws.call("iam", "get_role", RoleName=reference.name)
    except aws.client("iam").exceptions.NoSuchEntityException:
        return [references.missing(reference, target)]
    return []


@_Logs.common_error_handler("describe log group {reference.name}")
def _log_group(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    """The name is the shortest with its own prefix, and the answer is sorted: it is the first of the first page."""
    answer = aws.call("logs", "describe_log_groups", logGroupNamePrefix=reference.name, limit=1)
    found = require(answer, "logGroups", "describe_log_groups")
    if any(group.get("logGroupName") == reference.name for group in found):
        return []
    return [references.missing(reference, target)]


@_Efs.common_error_handler("describe EFS file system {reference.name}")
def _file_system(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        answer = aws.call("efs", "describe_file_systems", FileSystemId=reference.name)
    except aws.client("efs").exceptions.FileSystemNotFound:
        return [references.missing(reference, target)]
    found = require(answer, "FileSystems", "describe_file_systems")
    return references.file_system(reference, target, str(found[0].get("LifeCycleState", "")) if found else "")


_Look = t.Callable[[Aws, TaskDefinition, Reference], t.List[Finding]]
# The client and the look of each kind that is asked for one by one.
_LOOKS: t.Final[t.Mapping[references.Kind, tuple[str, _Look]]] = {
    "secret": ("secretsmanager", _secret),
    "role": ("iam", _role),
    "log_group": ("logs", _log_group),
    "file_system": ("efs", _file_system),
}
