# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether CreateDeployment would accept what is planned, as far as that can be read beforehand.

CodeDeploy refuses an unknown deployment configuration only when the deployment is created. A running deployment has
been stopped by then, so all of this is read before the first write. What may not be read is reported as unknown and
refuses nothing. The errors of CreateDeployment:
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html. :mod:`.pinning` and
:mod:`.fitness` check the revision and the alarms. Everything else in the request is one of a few values, or its length
is limited where it is made.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

_EcsErrorHandler: t.Final = error_handler("ecs")

CONFIG: t.Final = "deployment_config"
TARGETS: t.Final = "instances"
# A name that is too long, or has other characters than names may have, is refused by botocore or by CodeDeploy.
_NO_CONFIG: t.Final = frozenset(
    {"DeploymentConfigDoesNotExistException", "InvalidDeploymentConfigNameException", "ParamValidationError"}
)


def of_config(aws: Aws, group: Group, name: str) -> tuple[Finding, ...]:
    """Findings about a deployment configuration that the user named; none if none was named."""
    if not name:
        return ()
    try:
        platform = api.platform_of_config(aws, name)
    except AwsCallError as exc:
        return (_missing_config(name),) if exc.code in _NO_CONFIG else (_unread_config(name, exc.explain()),)
    except IncompleteAnswerError as exc:
        return (_unread_config(name, exc.explain()),)
    return judge_config(group, name, platform)


def judge_config(group: Group, name: str, platform: str) -> tuple[Finding, ...]:
    """Whether a configuration for this compute platform fits the group. Empty means that CodeDeploy does not say."""
    if not platform or not group.platform or platform == group.platform:
        return ()
    what = (
        f"deployment_config: {name} is for the compute platform {platform}, and deployment group {group.name} is on "
        f"{group.platform}. Name one for {group.platform}"
    )
    return (Finding(CONFIG, "block", what),)


def _missing_config(name: str) -> Finding:
    what = (
        f"deployment_config: there is no deployment configuration {name} in this account and Region. aws deploy "
        "list-deployment-configs shows those there are"
    )
    return Finding(CONFIG, "block", what)


def _unread_config(name: str, why: str) -> Finding:
    what = f"it is not known whether there is a deployment configuration {name}, which CodeDeploy requires. {why}"
    return Finding(CONFIG, "unknown", what)


def of_targets(aws: Aws, group: Group) -> tuple[Finding, ...]:
    """Findings about what the group deploys to, as far as it names it: Auto Scaling groups, or an ECS service."""
    try:
        if group.platform == "ECS":
            return judge_services(_services(aws, group))
        if group.auto_scaling_groups:
            return judge_scaling_groups(group, api.suspended_processes(aws.beside, group.auto_scaling_groups))
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"it is not known whether what deployment group {group.name} deploys to still exists. {exc.explain()}"
        return (Finding(TARGETS, "unknown", what),)
    return ()


def judge_scaling_groups(group: Group, existing: t.Container[str]) -> tuple[Finding, ...]:
    """Findings about Auto Scaling groups that no longer exist. Without any other targets nothing can be deployed."""
    gone = [name for name in group.auto_scaling_groups if name not in existing]
    if not gone:
        return ()
    what = f"there is no Auto Scaling group {' and no '.join(gone)}, which deployment group {group.name} deploys to"
    has_others = group.has_instance_tags or len(gone) < len(group.auto_scaling_groups)
    return (Finding(TARGETS, "warn" if has_others else "block", what),)


def judge_services(services: t.Mapping[str, Answer | None]) -> tuple[Finding, ...]:
    """Findings about ECS services, as DescribeServices returns them, by name; None if one does not exist.

    CodeDeploy refuses a service that it cannot deploy (InvalidECSServiceException).
    """
    found = []
    for name, service in services.items():
        kind = str(((service or {}).get("deploymentController") or {}).get("type") or "")
        if service is None or service.get("status") != "ACTIVE":
            found.append(f"there is no active ECS service {name}, which the deployment group deploys")
        elif kind != "CODE_DEPLOY":
            found.append(f"the ECS service {name} has the deployment controller {kind or 'ECS'}, not CODE_DEPLOY")
    return tuple(Finding(TARGETS, "block", what) for what in found)


def _services(aws: Aws, group: Group) -> dict[str, Answer | None]:
    found: dict[str, Answer | None] = {}
    for cluster, service in group.ecs_services:
        name = service.rpartition("/")[2]
        found[name] = _service(aws, cluster or "default", service)
    return found


@_EcsErrorHandler.common_error_handler("describe service {service} of cluster {cluster}")
def _service(aws: Aws, cluster: str, service: str) -> Answer | None:
    answer = aws.call("ecs", "describe_services", cluster=cluster, services=[service])
    services = require(answer, "services", "describe_services")
    return services[0] if services else None
