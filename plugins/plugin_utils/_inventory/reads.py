# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reads services and deployment groups for the inventory, as plain data that a cache can hold."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field

from ansible_collections.amazon.aws.plugins.module_utils.tagging import boto3_tag_list_to_ansible_dict

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api as codedeploy_api
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.keys import account, last
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api as ecs_api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory.selection import Selection, matches

_EcsErrorHandler: t.Final = error_handler("ecs")
# A cluster that does not exist, or that was deleted.
_NO_CLUSTER: t.Final = frozenset({"ClusterNotFoundException", "ClusterNotActiveException"})
_WILD: t.Final = frozenset("*?[")

Facts = t.Dict[str, t.Any]


@dataclass
class Found:
    """What was read. ``denied``: sentences about requests that AWS denied. ``missing``: clusters that do not exist."""

    items: list[Facts] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Reader:
    """Reads one Region. With ``strict`` a denied request raises AwsCallError, otherwise its subject is left out."""

    def __init__(self, aws: Aws, selection: Selection, strict: bool) -> None:
        self._aws = aws
        self._selection = selection
        self._strict = strict
        self.found = Found()

    def services(self) -> None:
        """Add the ACTIVE services that are selected. Raises AwsCallError and IncompleteAnswerError."""
        region = self._aws.region("ecs")
        for cluster in self._allowed(self._clusters):
            arns = self._allowed(functools.partial(self._listed, cluster))
            wanted = [arn for arn in arns if self._selection.may_be(last(arn), last(cluster), region)]
            for batch in batches(wanted, ecs_api.SERVICES_PER_CALL):
                for item in self._described(cluster, batch):
                    if item.get("status") == "ACTIVE":
                        self.found.items.append(service(item, region))

    def deployment_groups(self) -> None:
        """Add the deployment groups that are selected. Raises AwsCallError and IncompleteAnswerError."""
        region = self._aws.region("codedeploy")
        for application in self._allowed(functools.partial(codedeploy_api.list_applications, self._aws)):
            listed = self._allowed(functools.partial(codedeploy_api.list_deployment_groups, self._aws, application))
            wanted = [name for name in listed if self._selection.may_be(name, application, region)]
            described = self._allowed(
                functools.partial(codedeploy_api.batch_get_deployment_groups, self._aws, application, wanted)
            )
            self.found.items.extend(deployment_group(group, region) for group in described)

    def _clusters(self) -> list[str]:
        """Names or ARNs. Only a pattern needs the list of all clusters."""
        patterns = self._selection.clusters
        if patterns and not any(_WILD & set(pattern) for pattern in patterns):
            return list(patterns)
        listed = ecs_api.list_clusters(self._aws)
        return [arn for arn in listed if not patterns or matches(patterns, last(arn), arn)]

    def _listed(self, cluster: str) -> list[str]:
        try:
            return ecs_api.list_services(self._aws, cluster)
        except AwsCallError as exc:
            if exc.code not in _NO_CLUSTER:
                raise
            self.found.missing.append(cluster)
            return []

    def _described(self, cluster: str, batch: list[str]) -> list[Answer]:
        """The services of a batch. If AWS denies it because of some of them, each is asked by itself."""
        try:
            return describe_services(self._aws, cluster, batch)
        except AwsCallError as exc:
            if self._strict or not exc.is_denied:
                raise
            if len(batch) == 1:
                self.found.denied.append(exc.explain())
                return []
        return [item for arn in batch for item in self._described(cluster, [arn])]

    def _allowed(self, read: t.Callable[[], list[t.Any]]) -> list[t.Any]:
        """What it returns; nothing if AWS denies it and that is not an error."""
        try:
            return read()
        except AwsCallError as exc:
            if self._strict or not exc.is_denied:
                raise
            self.found.denied.append(exc.explain())
            return []


@_EcsErrorHandler.common_error_handler("describe services of cluster {cluster}")
def describe_services(aws: Aws, cluster: str, arns: t.Sequence[str]) -> list[Answer]:
    """AWS's own answer about at most 10 services; those that were deleted meanwhile are left out."""
    answer = aws.call("ecs", "describe_services", cluster=cluster, services=list(arns), include=["TAGS"])
    return list(require(answer, "services", "describe_services"))


def service(item: Answer, region: str) -> Facts:
    """What the inventory keeps of a service: the host variables without their prefix ``ecs_``."""
    configuration = item.get("deploymentConfiguration") or {}
    arn = str(item["serviceArn"])
    created = item.get("createdAt")
    providers = item.get("capacityProviderStrategy") or []
    return {
        "kind": "service",
        "service": str(item["serviceName"]),
        "cluster": last(str(item.get("clusterArn", ""))),
        "region": region,
        "account": account(arn) or "",
        "arn": arn,
        "cluster_arn": str(item.get("clusterArn", "")),
        "status": str(item.get("status", "")),
        "task_definition": names.short(str(item.get("taskDefinition", ""))),
        "task_definition_arn": str(item.get("taskDefinition", "")),
        "desired_count": int(item.get("desiredCount", 0)),
        "running_count": int(item.get("runningCount", 0)),
        "pending_count": int(item.get("pendingCount", 0)),
        # A service with capacity providers has none.
        "launch_type": str(item.get("launchType") or ""),
        "capacity_providers": [str(provider.get("capacityProvider", "")) for provider in providers],
        # As in _ecs/api.py: a service that was created without a controller has none in the answer.
        "controller": str((item.get("deploymentController") or {}).get("type", "ECS")),
        "strategy": str(configuration.get("strategy", "ROLLING")),
        "scheduling": str(item.get("schedulingStrategy", "REPLICA")),
        "tags": boto3_tag_list_to_ansible_dict(item.get("tags") or []),
        "created_at": as_of.shown(created) or "",
        "created_by": str(item.get("createdBy") or ""),
    }


def deployment_group(group: Group, region: str) -> Facts:
    """What the inventory keeps of a deployment group: the host variables without their prefix ``codedeploy_``."""
    return {
        "kind": "deployment_group",
        "deployment_group": group.name,
        "application": group.application,
        "region": region,
        # CodeDeploy does not say it, and a service role is of the same account as what it is passed to
        # (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
        "account": account(group.service_role) or "",
        "id": group.id,
        "platform": group.platform,
        "style": group.style,
        "config": group.config,
        "auto_scaling_groups": list(group.auto_scaling_groups),
        "services": [f"{last(service)}.{last(cluster)}" for cluster, service in group.ecs_services],
        "tags": {},
    }
