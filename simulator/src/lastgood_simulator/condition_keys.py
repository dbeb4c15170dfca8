# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The condition keys that AWS fills in for a request.

Those of Amazon ECS:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html.
The others: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
(iam:PassedToService) and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
(aws:TagKeys).
"""

from __future__ import annotations

from typing import Any

from lastgood_simulator.operations import Context
from lastgood_simulator.passed_roles import passed_to
from lastgood_simulator.policies import Values
from lastgood_simulator.requests import Request

# The operations of the reference that have the key ecs:cluster, as far as anybody here sends them.
WITH_A_CLUSTER = frozenset(
    {
        *("ContinueServiceDeployment", "CreateService", "CreateTaskSet", "DeleteService", "DeleteTaskSet"),
        *("DescribeServiceDeployments", "DescribeServiceRevisions", "DescribeServices", "DescribeTaskSets"),
        *("DescribeTasks", "GetTaskProtection", "ListServiceDeployments", "ListServices", "ListTasks", "RunTask"),
        *("StopServiceDeployment", "StopTask", "TagResource", "UntagResource", "UpdateService"),
        *("UpdateServicePrimaryTaskSet", "UpdateTaskProtection", "UpdateTaskSet"),
    }
)
# Resources whose ARN names their cluster.
_IN_A_CLUSTER = frozenset({"service", "service-deployment", "service-revision", "task", "task-set"})


def values_of(request: Request, context: Context, action: str, resource: str) -> Values:
    """What AWS fills in for one action that a request needs."""
    found: dict[str, list[str]] = {}
    if action == "iam:PassRole":
        found["iam:PassedToService"] = [service for role, service in passed_to(request, context) if role == resource]
        return found
    if request.service == "ecs" and request.operation in WITH_A_CLUSTER:
        cluster = _cluster(request, context, resource)
        if cluster:
            found["ecs:cluster"] = [cluster]
    tags = _tag_keys(request.params)
    if tags:
        found["aws:TagKeys"] = tags
    return found


def _cluster(request: Request, context: Context, resource: str) -> str:
    """Its ARN, empty for a task definition, which belongs to none."""
    prefix = f"arn:aws:ecs:{context.region}:{context.account}:cluster/"
    kind, _slash, rest = resource.rpartition(":")[2].partition("/")
    if kind in _IN_A_CLUSTER:
        return prefix + rest.partition("/")[0]
    if "cluster" in request.params:
        return prefix + str(request.params["cluster"]).rpartition("/")[2]
    return "" if request.operation in ("TagResource", "UntagResource") else prefix + "default"


def _tag_keys(params: dict[str, Any]) -> list[str]:
    tags = params.get("tags") or params.get("Tags") or []
    named = (
        [str(tag.get("key") or tag.get("Key")) for tag in tags] if isinstance(tags, list) else [str(k) for k in tags]
    )
    return [*named, *(str(key) for key in params.get("tagKeys") or params.get("TagKeys") or [])]
