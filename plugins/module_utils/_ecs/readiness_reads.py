# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading what the checks of a plan decide on: all for one service at the same time."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import (
    api,
    compatibility,
    listeners,
    plan,
    readiness,
    reference_reads,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import Check, check, together
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

# With more services in a call the checks that read beyond ECS are left out: those quotas are not made for it.
MOST_SERVICES: t.Final = 10

# Limits per call (the operations' own pages in the API references).
_ALARMS_PER_CALL: t.Final = 100
_PROTECTIONS_PER_CALL: t.Final = 100

_CloudWatch: t.Final = error_handler("cloudwatch")
_CloudFormation: t.Final = error_handler("cloudformation")
_Elb: t.Final = error_handler("elbv2")
_Scaling: t.Final = error_handler("application-autoscaling")
_Ecs: t.Final = error_handler("ecs")


class Readiness:
    """The checks of one call. Without ``thorough`` only what ECS itself tells is looked at."""

    def __init__(self, aws: Aws, task_definitions: reads.TaskDefinitions, wish: plan.Wish, thorough: bool) -> None:
        self._aws = aws
        self._task_definitions = task_definitions
        self._wish = wish
        self._thorough = thorough

    def of(self, planned: plan.Plan, history: History | None) -> tuple[Finding, ...]:
        """All findings on a plan. One that writes nothing is not looked at."""
        if planned.verb != "act" or planned.method == "adopt" or planned.target is None:
            return ()
        found = self._barrier(planned, planned.target, history)
        if planned.deploys:
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
        found = readiness.circuit_breaker(service)
        settings = compatibility.settings_of(service, planned.now)
        found += compatibility.findings(service, settings, target, self._runs(planned))
        if not self._thorough:
            text = (
                f"with more than {MOST_SERVICES} services in a call, what lies outside of ECS (secrets, roles, log "
                "groups, alarms, listeners, stacks, protected tasks) is not looked at"
            )
            return [*found, Finding("checks_skipped", "info", text)]
        asked = [*self._of_service(planned), *reference_reads.checks(self._aws, service, target)]
        return found + together(self._aws, asked)

    def _runs(self, planned: plan.Plan) -> TaskDefinition | None:
        """The task definition in service. It was read for its marks, but where the way leads forward."""
        try:
            return self._task_definitions.read(planned.current)
        except (AwsCallError, IncompleteAnswerError):
            return None

    def _of_service(self, planned: plan.Plan) -> list[Check]:
        aws, service = self._aws, planned.service
        checks = []
        if service.running:
            what = "whether tasks are protected from scale-in"
            checks.append(check("ecs", "protected_tasks", what, functools.partial(_protected, aws, service)))
        if readiness.alarm_names(service):
            what = "whether the deployment's alarms fire already"
            checks.append(check("cloudwatch", "alarms", what, functools.partial(_alarms, aws, service)))
        if readiness.stack_of(service):
            what = "whether the service's CloudFormation stack is at work"
            checks.append(check("cloudformation", "stack", what, functools.partial(_stack, aws, service)))
        if listeners.production_rules(service) and planned.running is None:
            what = "where the production listener rules send the traffic"
            checks.append(check("elbv2", "listener_weights", what, functools.partial(_listeners, aws, service)))
        if self._wish.tasks is not None and service.scheduling == "REPLICA":
            what = "whether tasks is within the bounds of the service's scalable target"
            run = functools.partial(_bounds, aws, service, self._wish.tasks)
            checks.append(check("application-autoscaling", "bounds", what, run))
        return checks


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
        found = [*require(answer, "MetricAlarms", "describe_alarms"), *(answer.get("CompositeAlarms") or [])]
        states.update((alarm["AlarmName"], alarm.get("StateValue", "")) for alarm in found)
    return readiness.alarms(service, states)


@_CloudFormation.common_error_handler("describe the CloudFormation stack of service {service.name}")
def _stack(aws: Aws, service: Service) -> list[Finding]:
    answer = aws.call("cloudformation", "describe_stacks", StackName=readiness.stack_of(service))
    found = require(answer, "Stacks", "describe_stacks")
    return readiness.stack(service, str(found[0].get("StackStatus", "")) if found else "")


@_Elb.common_error_handler("describe the production listener rules of service {service.name}")
def _listeners(aws: Aws, service: Service) -> list[Finding]:
    rules: dict[str, list[Answer]] = {}
    for arn in listeners.production_rules(service):
        actions = _actions(aws, arn)
        if actions is not None:
            rules[arn] = actions
    return listeners.listener_weights(service, rules)


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
