# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a service, and what watches and owns it, is ready for a rollback. Pure: each check takes what was read.

:mod:`.settings` has the checks that need no more than the service and its target.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

STACK_NAME: t.Final = "aws:cloudformation:stack-name"
STACK_ID: t.Final = "aws:cloudformation:stack-id"
_NAMES_SHOWN: t.Final = 5


def crossed(history: History | None, known: t.Iterable[str], current: str, target: str) -> list[str]:
    """The versions that a rollback leaves behind: what runs now, and all that came after the target until then.

    Without a history, these are the versions in ``known`` of the same family, by their numbers. Going forward crosses
    none.
    """
    if names.same(current, target) or not _older(history, target, current):
        return []
    ran = history.records if history else known
    between = [v for v in ran if _older(history, target, v) and _older(history, v, current)]
    return list(dict.fromkeys([current, *between]))


def _older(history: History | None, one: str, other: str) -> bool:
    if history is not None:
        return history.is_older(one, other)
    a, b = names.parse(one), names.parse(other)
    return a is not None and b is not None and a.family == b.family and a.revision < b.revision


def barrier(left_behind: t.Iterable[TaskDefinition], target: str, force: Force) -> list[Finding]:
    """Nothing older than a version with the mark can run any more, so only ``force`` crosses it."""
    crosses = "barrier" in force
    found = []
    for version in left_behind:
        if marks.BARRIER not in version.tags:
            continue
        why = version.tags[marks.BARRIER] or "no reason given"
        text = (
            f"{names.short(version.arn)} is marked {marks.BARRIER} ({why}): nothing older can run any more, and "
            f"{names.short(target)} is older"
        )
        advice = "It is crossed, because force says so" if crosses else "Go back to it at most, or force: [barrier]"
        found.append(Finding("barrier", "warn" if crosses else "block", f"{text}. {advice}"))
    return found


def circuit_breaker(service: Service) -> list[Finding]:
    """What happens to this deployment if the target does not come up.

    With the circuit breaker, ECS goes back to the last deployment that COMPLETED; without it, the deployment stalls
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html).
    """
    if not service.circuit_breaker:
        return []
    if not service.circuit_breaker_rolls_back:
        text = "the circuit breaker stops this deployment if it fails, but does not roll it back"
        return [Finding("circuit_breaker", "info", text)]
    if any(d.rollout_state == "COMPLETED" for d in service.deployments):
        return []
    return [
        Finding(
            "circuit_breaker",
            "warn",
            f"no deployment of {service.name} is COMPLETED, so if this one fails, the circuit breaker has nothing to "
            "go back to",
        )
    ]


def alarm_names(service: Service) -> list[str]:
    """The alarms that watch the service's deployments; none if they are switched off."""
    alarms = service.configuration.get("alarms") or {}
    return [str(name) for name in alarms.get("alarmNames") or []] if alarms.get("enable") else []


def alarms(service: Service, states: t.Mapping[str, str]) -> list[Finding]:
    """``states`` by name, as DescribeAlarms has them; an alarm that is missing does not exist.

    An alarm that is in ALARM when a deployment begins is ignored for that deployment
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html).
    """
    ringing, gone = cloudwatch.judge(alarm_names(service), states)
    found = []
    if ringing:
        text = f"{cloudwatch.say_ringing(ringing)}. With an alarm that fires before it begins, ECS watches none of the"
        found.append(Finding("alarms", "warn", f"{text} service's alarms during this deployment"))
    if gone:
        text = f"the deployment alarms of {service.name} name what does not exist: {', '.join(gone)}"
        found.append(Finding("alarms", "warn", f"{text}. They will not stop this deployment"))
    return found


def stack_of(service: Service) -> str:
    """The CloudFormation stack that the service belongs to; empty if there is none."""
    return service.tags.get(STACK_ID) or service.tags.get(STACK_NAME) or ""


def stack(service: Service, status: str, force: Force) -> list[Finding]:
    """A stack that is at work would fight over the service; one at rest knows nothing of a rollback.

    The statuses: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html. In
    ``UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS`` and the like it deletes what it replaced, old services too.
    """
    name = service.tags.get(STACK_NAME) or stack_of(service)
    if status.endswith("_IN_PROGRESS"):
        text = f"service {service.name} belongs to the CloudFormation stack {name}, which is {status}"
        if "stack" in force:
            advice = "The service goes back all the same, because force says so, and the stack may deploy over it"
            return [Finding("stack", "warn", f"{text}. {advice}")]
        advice = f"Wait for its end, or cancel it, and {RUN_AGAIN}, or give force: [stack]"
        return [Finding("stack", "block", f"{text}. {advice}")]
    text = f"service {service.name} belongs to the CloudFormation stack {name}, which does not learn of this rollback"
    return [Finding("stack", "info", f"{text}: its next update deploys what its template says")]


def bounds(service: Service, tasks: int, low: int, high: int) -> list[Finding]:
    """The task count that was asked for, against the bounds of the service's scalable target.

    Auto scaling moves what is out of bounds back into them at its next activity
    (https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html). Suspending it
    moves the present count too; autoscaling_suspend says so.
    """
    if low <= tasks <= high:
        return []
    text = f"tasks is {tasks}, outside the bounds {low}..{high} of the scalable target of {service.name}"
    return [Finding("bounds", "info", f"{text}: auto scaling moves it back into them")]


def protected(service: Service, tasks: t.Sequence[t.Mapping[str, t.Any]], fate: str) -> list[Finding]:
    """Tasks with scale-in protection stay until it ends, no matter who deploys, and hold up what would replace them.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
    """
    held = [task for task in tasks if task.get("protectionEnabled")]
    if not held:
        return []
    ids = [str(task.get("taskArn", "")).rpartition("/")[2] for task in held]
    shown = ", ".join(ids[:_NAMES_SHOWN]) + (f" and {len(ids) - _NAMES_SHOWN} more" if len(ids) > _NAMES_SHOWN else "")
    ends = max((task["expirationDate"] for task in held if task.get("expirationDate")), default=None)
    until = f" until {stamp(ends)}" if ends else ""
    text = f"{len(ids)} tasks of {service.name} are protected from scale-in{until}: {shown}"
    return [Finding("protected_tasks", "warn", f"{text}. {fate}")]


# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html
_PROTECTIONS_PER_CALL: t.Final = 100


_CloudFormation: t.Final = error_handler("cloudformation")


_Elb: t.Final = error_handler("elbv2")


_Scaling: t.Final = error_handler("application-autoscaling")


_Ecs: t.Final = error_handler("ecs")


@_Ecs.common_error_handler("read the scale-in protection of the tasks of service {service.name}")
def read_protected(aws: Aws, service: Service, fate: str) -> list[Finding]:
    arns = api.list_tasks(aws, service.cluster_arn, serviceName=service.name)
    tasks: list[Answer] = []
    for batch in batches(arns, _PROTECTIONS_PER_CALL):
        answer = aws.call("ecs", "get_task_protection", cluster=service.cluster_arn, tasks=batch)
        tasks += require(answer, "protectedTasks", "get_task_protection")
    return protected(service, tasks, fate)


def read_alarms(aws: Aws, service: Service) -> list[Finding]:
    return alarms(service, cloudwatch.alarm_states(aws, alarm_names(service)))


@_CloudFormation.common_error_handler("describe the CloudFormation stack of service {service.name}")
def read_stack(aws: Aws, service: Service, force: Force) -> list[Finding]:
    answer = aws.call("cloudformation", "describe_stacks", StackName=stack_of(service))
    found = require(answer, "Stacks", "describe_stacks")
    return stack(service, str(found[0].get("StackStatus", "")) if found else "", force)


@_Elb.common_error_handler("describe the production listener rules of service {service.name}")
def read_listeners(aws: Aws, service: Service) -> list[Finding]:
    rules: dict[str, list[Answer]] = {}
    for arn in production_rules(service):
        actions = _actions(aws, arn)
        if actions is not None:
            rules[arn] = actions
    return listener_weights(service, rules)


def _actions(aws: Aws, arn: str) -> list[Answer] | None:
    """What a listener rule, or a listener, does with its traffic; None if there is none."""
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
def read_bounds(aws: Aws, service: Service, tasks: int) -> list[Finding]:
    answer = aws.call(
        "application-autoscaling",
        "describe_scalable_targets",
        ServiceNamespace="ecs",
        ResourceIds=[f"service/{service.cluster}/{service.name}"],
        ScalableDimension="ecs:service:DesiredCount",
    )
    found = require(answer, "ScalableTargets", "describe_scalable_targets")
    return bounds(service, tasks, found[0]["MinCapacity"], found[0]["MaxCapacity"]) if found else []


Rules = t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]


_TARGET_GROUP: t.Final = re.compile(r".*:targetgroup/(?P<name>[^/]+)/.*")


def production_rules(service: Service) -> list[str]:
    """ARNs of the listener rules (or, of Network Load Balancers, listeners) that carry the production traffic."""
    if service.strategy == "ROLLING":
        return []
    rules = [str((b.get("advancedConfiguration") or {}).get("productionListenerRule") or "") for b in _shifted(service)]
    return list(dict.fromkeys(rule for rule in rules if rule))


def _shifted(service: Service) -> list[t.Mapping[str, t.Any]]:
    return [b for b in service.load_balancers if b.get("advancedConfiguration")]


def listener_weights(service: Service, rules: Rules) -> list[Finding]:
    """While nothing is deployed, each production rule must send all traffic to one of the service's target groups.

    ECS does not look at the weights before it shifts traffic, and can shift it to a target group without tasks
    (https://github.com/aws/containers-roadmap/issues/2853). ``rules`` are the actions by the ARN of rule or listener;
    one that is not in it does not exist.
    """
    found = []
    for balancer in _shifted(service):
        advanced = balancer["advancedConfiguration"]
        rule = str(advanced.get("productionListenerRule") or "")
        if rule not in production_rules(service):
            continue
        own = [str(balancer.get("targetGroupArn") or ""), str(advanced.get("alternateTargetGroupArn") or "")]
        problem = _senseless(rules.get(rule), own)
        if problem:
            text = f"the production listener rule {rule} of {service.name} {problem}. ECS shifts traffic without a"
            advice = f"Let it send everything to {_group(own[0])} or {_group(own[1])}, whichever has the tasks"
            found.append(Finding("listener_weights", "block", f"{text} look at that. {advice}"))
    return found


def _senseless(actions: t.Sequence[t.Mapping[str, t.Any]] | None, own: t.Sequence[str]) -> str:
    """What is wrong with a rule that has these actions; empty if it sends all traffic to one group of ``own``."""
    if actions is None:
        return "does not exist"
    forward = next((a for a in actions if a.get("Type") == "forward"), None)
    if forward is None:
        return "forwards to no target group"
    weighted = _weighted(forward)
    taking = [arn for arn, weight in weighted.items() if weight > 0]
    foreign = [arn for arn in taking if arn not in own]
    if foreign:
        return f"sends traffic to {', '.join(map(_group, foreign))}, which is none of the service's target groups"
    if not taking:
        return "sends traffic to no target group, since all weights are 0"
    if len(taking) > 1:
        shares = ", ".join(f"{_group(arn)} {weighted[arn]}" for arn in taking)
        return f"splits the traffic ({shares}) though nothing is being deployed"
    return ""


def _weighted(forward: t.Mapping[str, t.Any]) -> dict[str, int]:
    """The weight of each target group of a forward action, by ARN."""
    groups = (forward.get("ForwardConfig") or {}).get("TargetGroups") or []
    weighted = {str(g.get("TargetGroupArn")): int(g.get("Weight", 1)) for g in groups}
    return weighted or {str(forward.get("TargetGroupArn")): 1}


def _group(arn: str) -> str:
    match = _TARGET_GROUP.fullmatch(arn)
    return match["name"] if match else arn
