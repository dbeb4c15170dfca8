# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles that a request passes to an AWS service, for which its caller needs iam:PassRole.

"To pass a role … to an AWS service, a user must have permissions to pass the role to the service"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html). An UpdateService that names a task
definition passes its roles, and one that only changes the count passes none: https://github.com/keidarcy/e1s/issues/429.
RunTask passes them too: https://github.com/LBHackney-IT/Data-Platform/pull/1992.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulator.operations import Context
from tests.simulator.requests import Request

_OF_A_DEFINITION = ("taskRoleArn", "executionRoleArn")
_DEPLOYING = frozenset({"CreateService", "UpdateService", "CreateTaskSet", "RunTask", "StartTask"})
_GROUPS = frozenset({"CreateDeploymentGroup", "UpdateDeploymentGroup"})


def passed_roles(request: Request, context: Context) -> list[str]:
    """Their ARNs, each once."""
    roles = (role for role in _named(request, context) if isinstance(role, str) and role)
    arns = [role if role.startswith("arn:") else f"arn:aws:iam::{context.account}:role/{role}" for role in roles]
    return list(dict.fromkeys(arns))


def _named(request: Request, context: Context) -> Iterator[Any]:
    service, operation, params = request.service, request.operation, request.params
    if service == "ecs" and operation == "RegisterTaskDefinition":
        yield from (params.get(name) for name in _OF_A_DEFINITION)
    elif service == "ecs" and operation in _DEPLOYING:
        yield from _of_a_deployment(params, context)
    elif service == "codedeploy" and operation in _GROUPS:
        yield params.get("serviceRoleArn")
    elif (service, operation) == ("application-autoscaling", "RegisterScalableTarget"):
        yield params.get("RoleARN")
    elif service == "events":
        yield params.get("RoleArn")
        yield from (target.get("RoleArn") for target in params.get("Targets") or [])


def _of_a_deployment(params: dict[str, Any], context: Context) -> Iterator[Any]:
    yield params.get("role")
    if params.get("taskDefinition"):
        definition = context.world.ecs(context).definition(params["taskDefinition"])
        if definition is not None:
            overrides = params.get("overrides") or {}
            yield from (overrides.get(name) or definition.data.get(name) for name in _OF_A_DEFINITION)
    for hook in (params.get("deploymentConfiguration") or {}).get("lifecycleHooks") or []:
        yield hook.get("roleArn")
    for balancer in params.get("loadBalancers") or []:
        yield (balancer.get("advancedConfiguration") or {}).get("roleArn")
    for volume in params.get("volumeConfigurations") or []:
        yield (volume.get("managedEBSVolume") or {}).get("roleArn")
