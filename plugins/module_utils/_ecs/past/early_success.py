# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What SUCCESSFUL proves with ``earlySuccessCriteria``. Pure.

A rolling deployment with these criteria ends SUCCESSFUL as soon as a share of its tasks is healthy. The circuit breaker
and alarms look no further, and with the clean-up DEFERRED tasks of the version before live on
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html). A botocore that does not know
the member drops it from answers, so with that one nothing is known here, and SUCCESSFUL counts as always.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment


def is_enabled(configuration: t.Mapping[str, t.Any]) -> bool:
    """Whether a ``deploymentConfiguration`` has the criteria."""
    return bool((configuration.get("earlySuccessCriteria") or {}).get("enable"))


def weakness(detail: t.Mapping[str, t.Any]) -> str:
    """Why a service deployment, as DescribeServiceDeployments shows it, proves less than usual; empty if it does not.

    Its counts are final: if all tasks were running by then, nothing is weak.
    """
    configuration = detail.get("deploymentConfiguration") or {}
    if detail.get("status") != "SUCCESSFUL" or not is_enabled(configuration):
        return ""
    target = detail.get("targetServiceRevision") or {}
    running, requested = target.get("runningTaskCount"), target.get("requestedTaskCount")
    if running is None or requested is None:
        share = configuration["earlySuccessCriteria"].get("healthyPercent")
        return f"with earlySuccessCriteria, {share} % of its tasks were enough"
    if running >= requested:
        return ""
    return f"with earlySuccessCriteria, when {running} of {requested} tasks were running"


def with_live_counts(deployment: ServiceDeployment, service: Service) -> ServiceDeployment:
    """The same; if it brought what runs now, the tasks of the service decide what it proves."""
    primary = service.primary
    weak = deployment.weak and deployment.status == "SUCCESSFUL"
    if not weak or primary is None or primary.task_definition != deployment.target.task_definition:
        return deployment
    others = sum(d.running for d in service.deployments if d is not primary)
    wanted = service.wanted(primary)
    if primary.running >= wanted and not others:
        return replace(deployment, weak="")
    beside = f", and {others} of other versions" if others else ""
    return replace(deployment, weak=f"{deployment.weak}; now {primary.running} of {wanted} are{beside}", short=True)
