# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Protect services: read the settings, validate all of them, then change those that differ."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch, settings, settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import protection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.protection import (
    Protection,
    Subject,
    Wish,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding

Result = settings.Result[Protection]

_EcsErrors: t.Final = error_handler("ecs")


def circuit_breaker_members(aws: Aws) -> frozenset[str]:
    """The members of DeploymentCircuitBreaker that the installed botocore can send."""
    shape = aws.client("ecs").meta.service_model.operation_model("UpdateService").input_shape
    return frozenset(shape.members["deploymentConfiguration"].members[protection.BREAKER].members)


def plan(aws: Aws, cluster: str, names: t.Sequence[str], wanted: Wish) -> list[Result]:
    """What would be done to each service. Raises :class:`AwsCallError` or :class:`IncompleteAnswerError` if they cannot
    be read.
    """
    subjects: dict[str, Subject | str] = {}
    for batch in batches(names, api.SERVICES_PER_CALL):
        subjects.update(settled.agreed(functools.partial(_describe, aws, cluster, batch), aws.clock))
    results: list[Result] = []
    seen: set[str] = set()
    for name, subject in subjects.items():
        if isinstance(subject, str):
            reason = f"there is no service {name} in cluster {cluster} ({subject})"
            found = (Finding("service", "block", reason),)
            results.append(Result(_names(name, cluster), "refused", reason, findings=found))
        # The same service may be named by its ARN and by its name.
        elif subject.arn not in seen:
            seen.add(subject.arn)
            results.append(_plan(cluster, subject, wanted))
    # ECS polls the alarms of its deployments within the same request quota of the account, so do not read them without
    # need (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html).
    return results if wanted.alarms is None else _with_alarms(aws, results)


def _plan(cluster: str, subject: Subject, wanted: Wish) -> Result:
    present = subject.protection
    after = protection.desired(present, wanted)
    found = protection.findings(subject, after, wanted)
    names = _names(subject.name, cluster)
    result = Result(names, "unchanged", "is as it should be", present, present, findings=found)
    block = next((finding for finding in found if finding.severity == "block"), None)
    if block:
        return replace(result, outcome="refused", reason=block.message)
    request = protection.request(present, after)
    if not request:
        return result
    return replace(result, outcome="planned", reason=_told(after, request), request=request, after=after, changed=True)


def _names(service: str, cluster: str) -> dict[str, str]:
    return {"service": service, "cluster": cluster}


def _told(after: Protection, request: t.Mapping[str, t.Any]) -> str:
    told = []
    if protection.BREAKER in request:
        told.append(f"circuit breaker {_mode(after.circuit_breaker.enable, after.circuit_breaker.rollback)}")
    if protection.ALARMS in request:
        named = f": {', '.join(after.alarms.names)}" if after.alarms.names else ""
        told.append(f"alarms {_mode(after.alarms.enable, after.alarms.rollback)}{named}")
    return "; ".join(told)


def _mode(enable: bool, rollback: bool) -> str:
    if not enable:
        return "off"
    return "on, with rollback" if rollback else "on, without rollback"


def _with_alarms(aws: Aws, results: list[Result]) -> list[Result]:
    protections = [item.after for item in results if item.after is not None and item.outcome != "refused"]
    names = protection.watched(protections)
    if not names:
        return results
    states = cloudwatch.alarm_states_if_readable(aws.beside, names)
    return settings.noticed(results, lambda after: protection.alarm_findings(after, states))


def act(aws: Aws, results: t.Sequence[Result], check_mode: bool, say: settings.Say) -> list[Result]:
    """Change what the plans say, except in check mode; change nothing if any service was refused."""

    def write(item: Result) -> tuple[Protection, str]:
        after = _update(aws, item.names["cluster"], item.names["service"], dict(item.request))
        return after, "" if after.same_as(item.after or Protection()) else settings.NOT_SHOWN

    return settings.act(results, check_mode, write, say)


@_EcsErrors.common_error_handler("describe services {names} of cluster {cluster}")
def _describe(aws: Aws, cluster: str, names: t.Sequence[str]) -> dict[str, Subject | str]:
    """Services by the name asked for; for a missing one, AWS's reason (``MISSING``) instead."""
    answer = aws.call("ecs", "describe_services", cluster=cluster, services=list(names))
    services: list[Answer] = require(answer, "services", "describe_services")
    failures = {str(f.get("arn", "")): str(f.get("reason", "")) for f in answer.get("failures", [])}
    found: dict[str, Subject | str] = {}
    for name in names:
        service = next((s for s in services if name in (s["serviceName"], s["serviceArn"])), None)
        reason = next((r for arn, r in failures.items() if arn == name or arn.rpartition("/")[2] == name), None)
        found[name] = _subject(service) if service else reason or require({}, f"services[{name}]", "describe_services")
    return found


def _subject(service: Answer) -> Subject:
    configuration = service.get("deploymentConfiguration") or {}
    deployments = service.get("deployments") or []
    return Subject(
        name=service["serviceName"],
        arn=service["serviceArn"],
        status=service.get("status", ""),
        # A service that was created without a controller has none in the answer; ECS is what it then uses.
        controller=(service.get("deploymentController") or {}).get("type", "ECS"),
        strategy=configuration.get("strategy", "ROLLING"),
        classic_load_balancer=any(item.get("loadBalancerName") for item in service.get("loadBalancers") or []),
        in_flight=any(item.get("rolloutState") == "IN_PROGRESS" for item in deployments),
        protection=Protection.read(configuration),
    )


@_EcsErrors.common_error_handler("update the deployment configuration of service {service} of cluster {cluster}")
def _update(aws: Aws, cluster: str, service: str, configuration: t.Mapping[str, t.Any]) -> Protection:
    """Change settings only: deploymentConfiguration "doesn't trigger a new service deployment".

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    """
    answer = aws.call(
        "ecs", "update_service", cluster=cluster, service=service, deploymentConfiguration=dict(configuration)
    )
    updated: Answer = require(answer, "service", "update_service")
    return Protection.read(updated.get("deploymentConfiguration") or {})


def summary(results: t.Sequence[Result]) -> str:
    """Why the module failed: what went wrong, and what happened to all the others."""
    return settings.summary(results, "services")
