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

from lastgood_simulator.operations import Context
from lastgood_simulator.requests import Request

# The services that assume them: the roles of a task definition and those of a service
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html,
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html).
TASKS = "ecs-tasks.amazonaws.com"
ECS = "ecs.amazonaws.com"
_OF_A_DEFINITION = ("taskRoleArn", "executionRoleArn")
_DEPLOYING = frozenset({"CreateService", "UpdateService", "CreateTaskSet", "RunTask", "StartTask"})
_GROUPS = frozenset({"CreateDeploymentGroup", "UpdateDeploymentGroup"})


def passed_roles(request: Request, context: Context) -> list[str]:
    """Their ARNs, each once."""
    return list(dict.fromkeys(role for role, _service in passed_to(request, context)))


def passed_to(request: Request, context: Context) -> list[tuple[str, str]]:
    """Their ARNs, and to which service each is passed, as iam:PassedToService names it."""
    roles = ((role, service) for role, service in _named(request, context) if isinstance(role, str) and role)
    return [
        (role if role.startswith("arn:") else f"arn:aws:iam::{context.account}:role/{role}", service)
        for role, service in roles
    ]


def _named(request: Request, context: Context) -> Iterator[tuple[Any, str]]:
    service, operation, params = request.service, request.operation, request.params
    if service == "ecs" and operation == "RegisterTaskDefinition":
        yield from ((params.get(name), TASKS) for name in _OF_A_DEFINITION)
    elif service == "ecs" and operation in _DEPLOYING:
        yield from _of_a_deployment(params, context)
    elif service == "codedeploy" and operation in _GROUPS:
        yield params.get("serviceRoleArn"), "codedeploy.amazonaws.com"
    elif (service, operation) == ("application-autoscaling", "RegisterScalableTarget"):
        yield params.get("RoleARN"), "application-autoscaling.amazonaws.com"
    elif service == "events":
        yield params.get("RoleArn"), "events.amazonaws.com"
        yield from ((target.get("RoleArn"), "events.amazonaws.com") for target in params.get("Targets") or [])


def _of_a_deployment(params: dict[str, Any], context: Context) -> Iterator[tuple[Any, str]]:
    yield params.get("role"), ECS
    if params.get("taskDefinition"):
        definition = context.world.ecs(context).definition(params["taskDefinition"])
        if definition is not None:
            overrides = params.get("overrides") or {}
            yield from ((overrides.get(name) or definition.data.get(name), TASKS) for name in _OF_A_DEFINITION)
    for hook in (params.get("deploymentConfiguration") or {}).get("lifecycleHooks") or []:
        yield hook.get("roleArn"), ECS
    for balancer in params.get("loadBalancers") or []:
        yield (balancer.get("advancedConfiguration") or {}).get("roleArn"), ECS
    for volume in params.get("volumeConfigurations") or []:
        yield (volume.get("managedEBSVolume") or {}).get("roleArn"), ECS
