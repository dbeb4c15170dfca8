# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether the account around a service is ready for the target. Pure: each check takes what was read.

:mod:`.preflight` has the checks of the service and its target alone.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service, TaskDefinition

STACK_NAME: t.Final = "aws:cloudformation:stack-name"
STACK_ID: t.Final = "aws:cloudformation:stack-id"
_FARGATE: t.Final = frozenset({"FARGATE", "FARGATE_SPOT"})
_NAMES_SHOWN: t.Final = 5


def crossed(history: History | None, known: t.Iterable[str], current: str, target: str) -> list[str]:
    """The versions that a rollback leaves behind: what runs now, and all that came after the target until then.

    Without a history those of ``known`` count that are of the same family, by their numbers. None are crossed by
    going forward.
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


def barrier(left_behind: t.Iterable[TaskDefinition], target: str, force: bool) -> list[Finding]:
    """Nothing older than a version with the mark can run any more, so only ``force`` crosses it."""
    found = []
    for version in left_behind:
        if marks.BARRIER not in version.tags:
            continue
        why = version.tags[marks.BARRIER] or "no reason given"
        text = (
            f"{names.short(version.arn)} is marked {marks.BARRIER} ({why}): nothing older can run any more, and "
            f"{names.short(target)} is older"
        )
        advice = "It is crossed, because force is set" if force else "Go back to it at most, or cross it with force"
        found.append(Finding("barrier", "warn" if force else "block", f"{text}. {advice}"))
    return found


def circuit_breaker(service: Service) -> list[Finding]:
    """What becomes of this deployment where the target does not come up.

    With the circuit breaker ECS goes back to the last deployment that COMPLETED; without one there it stalls
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
    """The alarms that watch the service's deployments, none where they are switched off."""
    alarms = service.configuration.get("alarms") or {}
    return [str(name) for name in alarms.get("alarmNames") or []] if alarms.get("enable") else []


def alarms(service: Service, states: t.Mapping[str, str]) -> list[Finding]:
    """``states`` by name, as DescribeAlarms has them; one that is not in it does not exist.

    An alarm that is in ALARM when a deployment begins is ignored for that deployment
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html).
    """
    wanted = alarm_names(service)
    firing = [name for name in wanted if states.get(name) == "ALARM"]
    gone = [name for name in wanted if name not in states]
    found = []
    if firing:
        text = f"in ALARM now: {', '.join(firing)}. With an alarm that fires before it begins, ECS watches none of them"
        found.append(Finding("alarms", "warn", f"{text} during this deployment"))
    if gone:
        text = f"the deployment alarms of {service.name} name what does not exist: {', '.join(gone)}"
        found.append(Finding("alarms", "warn", f"{text}. They will not stop this deployment"))
    return found


def stack_of(service: Service) -> str:
    """The CloudFormation stack that the service belongs to, empty where there is none."""
    return service.tags.get(STACK_ID) or service.tags.get(STACK_NAME) or ""


def stack(service: Service, status: str) -> list[Finding]:
    """A stack that is at work would fight over the service; one at rest knows nothing of a rollback.

    The statuses: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html. In
    ``UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS`` and the like it deletes what it replaced, old services too.
    """
    name = service.tags.get(STACK_NAME) or stack_of(service)
    if status.endswith("_IN_PROGRESS"):
        text = f"service {service.name} belongs to the CloudFormation stack {name}, which is {status}"
        return [Finding("stack", "block", f"{text}. Wait for its end, or cancel it, and run the same command again")]
    text = f"service {service.name} belongs to the CloudFormation stack {name}, which does not learn of this rollback"
    return [Finding("stack", "info", f"{text}: its next update deploys what its template says")]


def compatibility(
    service: Service, now: Revision | None, target: TaskDefinition, runs: TaskDefinition | None
) -> list[Finding]:
    """The target must suit where the service runs: launch type, network mode, and the processors that it has there.

    ``now`` is the service revision in service and ``runs`` its task definition, None where they could not be read.
    UpdateService refuses what does not match
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html, ``networkConfiguration``).
    """
    if now is None or not target.content:
        return []
    found = [*_launch_type(service, now, target), *_network(service, now, target)]
    return found + _platform(target, runs, now)


def _block(message: str) -> Finding:
    return Finding("compatibility", "block", f"{message}. Name another revision")


def _launch_types(now: Revision) -> set[str]:
    providers = {str(p.get("capacityProvider")) for p in now.settings.get("capacityProviderStrategy") or []}
    if providers:
        # Others are Auto Scaling groups of the user's own, or managed instances.
        return {"FARGATE"} if providers <= _FARGATE else set()
    return {str(now.settings["launchType"])} if now.settings.get("launchType") else set()


def _launch_type(service: Service, now: Revision, target: TaskDefinition) -> list[Finding]:
    fit = set(target.content.get("compatibilities") or [])
    lacking = _launch_types(now) - fit
    if not fit or not lacking:
        return []
    text = f"service {service.name} runs on {', '.join(sorted(lacking))}, and {names.short(target.arn)} only on"
    return [_block(f"{text} {', '.join(sorted(fit))}")]


def _network(service: Service, now: Revision, target: TaskDefinition) -> list[Finding]:
    own_interface = target.content.get("networkMode") == "awsvpc"
    configured = bool((now.settings.get("networkConfiguration") or {}).get("awsvpcConfiguration"))
    if own_interface == configured:
        return []
    short, mode = names.short(target.arn), target.content.get("networkMode") or "bridge"
    if own_interface:
        return [_block(f"{short} has the network mode awsvpc, and service {service.name} has no network configuration")]
    return [_block(f"{short} has the network mode {mode}, and service {service.name} has a configuration of awsvpc")]


def _platform(target: TaskDefinition, runs: TaskDefinition | None, now: Revision) -> list[Finding]:
    """Fargate has all processors; instances have those that they have."""
    if runs is None or not runs.content or _launch_types(now) == {"FARGATE"}:
        return []
    wants, has = _runtime(target), _runtime(runs)
    if wants == has:
        return []
    text = f"{names.short(target.arn)} needs instances with {' '.join(wants)}, and what runs now has {' '.join(has)}"
    return [Finding("compatibility", "warn", f"{text}. Without such instances no task of it is placed")]


def _runtime(task_definition: TaskDefinition) -> tuple[str, str]:
    """The defaults: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html"""
    platform = task_definition.content.get("runtimePlatform") or {}
    return str(platform.get("operatingSystemFamily") or "LINUX"), str(platform.get("cpuArchitecture") or "X86_64")


def bounds(service: Service, tasks: int, low: int, high: int) -> list[Finding]:
    """The task count that was asked for, against the bounds of the service's scalable target.

    Auto scaling moves what is out of bounds back into them at its next activity
    (https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html).
    """
    if low <= tasks <= high:
        return []
    text = f"tasks is {tasks}, outside the bounds {low}..{high} of the scalable target of {service.name}"
    return [Finding("bounds", "info", f"{text}: auto scaling moves it back into them")]


def protected(service: Service, tasks: t.Sequence[t.Mapping[str, t.Any]]) -> list[Finding]:
    """Tasks with scale-in protection stay until it ends, and a deployment that replaces them is not complete before.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
    """
    held = [task for task in tasks if task.get("protectionEnabled")]
    if not held:
        return []
    ids = [str(task.get("taskArn", "")).rpartition("/")[2] for task in held]
    shown = ", ".join(ids[:_NAMES_SHOWN]) + (f" and {len(ids) - _NAMES_SHOWN} more" if len(ids) > _NAMES_SHOWN else "")
    ends = max((task["expirationDate"] for task in held if task.get("expirationDate")), default=None)
    until = f" until {ends:%Y-%m-%d %H:%M:%S %Z}" if ends else ""
    text = f"{len(ids)} tasks of {service.name} are protected from scale-in{until}: {shown}"
    return [Finding("protected_tasks", "warn", f"{text}. They go on running next to the target's until it ends")]


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
    if actions is None:
        return "does not exist"
    forward = next((a for a in actions if a.get("Type") == "forward"), None)
    if forward is None:
        return "forwards to no target group"
    weighted = {
        str(g.get("TargetGroupArn")): int(g.get("Weight", 1))
        for g in (forward.get("ForwardConfig") or {}).get("TargetGroups") or []
    } or {str(forward.get("TargetGroupArn")): 1}
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


def _group(arn: str) -> str:
    match = _TARGET_GROUP.fullmatch(arn)
    return match["name"] if match else arn
