# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ecs_services
short_description: ECS services, and deployment groups of CodeDeploy, as hosts
version_added: 1.0.0
description:
  - Makes a host of each ACTIVE service of ECS, called C(service.cluster.region). With
    O(include_deployment_groups=true) also one of each deployment group of CodeDeploy, called
    C(group.application.region).
  - So C(hosts), C(--limit), C(serial) and C(max_fail_percentage) choose services.
  - Uses a YAML configuration file whose name ends with C(ecs_services.yml) or C(ecs_services.yaml).
  - All services are in the group C(ecs_services), and in C(cluster_NAME), C(region_NAME), C(account_NUMBER),
    C(controller_NAME), C(strategy_NAME), C(launch_type_NAME), C(capacity_provider_NAME) and C(tag_KEY_VALUE). All
    deployment groups are in C(codedeploy_groups), and in C(application_NAME), C(region_NAME), C(account_NUMBER) and
    C(platform_NAME). Names of controllers, strategies, launch types and platforms are in lower case, and what a group
    name may not have becomes an underscore. There is no group of the tags of this collection (C(lastgood:)).
  - Services have the variables C(ecs_service), C(ecs_cluster), C(ecs_region), C(ecs_account), C(ecs_arn),
    C(ecs_cluster_arn), C(ecs_status), C(ecs_task_definition), C(ecs_task_definition_arn), C(ecs_desired_count),
    C(ecs_running_count), C(ecs_pending_count), C(ecs_launch_type), C(ecs_capacity_providers), C(ecs_controller),
    C(ecs_strategy), C(ecs_scheduling), C(ecs_tags), C(ecs_created_at) and C(ecs_created_by).
  - Deployment groups have the variables C(codedeploy_deployment_group), C(codedeploy_application),
    C(codedeploy_region), C(codedeploy_account), C(codedeploy_id), C(codedeploy_platform), C(codedeploy_style),
    C(codedeploy_config), C(codedeploy_auto_scaling_groups) and C(codedeploy_services).
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices:
      - lastgood.aws.ecs_services
  regions:
    description:
      - Regions to read. If none is given, it is the one Region of O(region), the environment or the profile. It is
        never all of them.
    type: list
    elements: str
    default: []
  clusters:
    description:
      - Names, ARNs, or patterns such as V(prod-*), of the clusters whose services become hosts; all of them if none is
        given.
      - A cluster that is named without a wildcard must exist in one of the Regions, otherwise the plugin fails.
    type: list
    elements: str
    default: []
  tags:
    description:
      - Only services with all of these tags. A value is a text or a list of texts, each of which may be a pattern such
        as V(pay*). An empty value stands for any.
      - The tags of deployment groups are not read, so there are no deployment groups if tags are given.
    type: dict
    default: {}
  include:
    description:
      - Patterns such as V(web*). Only services whose name fits one of them become hosts; all if none is given. A
        pattern with dots is for the name with the cluster, or the cluster and Region, such as V(web.prod.*). The same
        goes for deployment groups and their applications.
    type: list
    elements: str
    default: []
  exclude:
    description: Patterns as in O(include). What fits one of them does not become a host.
    type: list
    elements: str
    default: []
  include_deployment_groups:
    description: Whether deployment groups of CodeDeploy become hosts too.
    type: bool
    default: false
  hostnames:
    description:
      - How to name hosts. The first that gives a name is taken.
      - Some of C(service), C(cluster), C(region) and C(account), with dots between them, or C(tag:KEY) for the value of
        a tag, or C(tag:KEY=VALUE) for those that have this value. For a deployment group C(service) is the group and
        C(cluster) the application.
      - Or a dictionary with C(name), and with C(prefix) and C(separator) (V(_) if not given), where name and prefix are
        one of these.
      - What a pattern of hosts gives a meaning to, such as a colon, becomes an underscore. Two services with the same
        name are an error.
    type: list
    elements: raw
    default:
      - service.cluster.region
  strict_permissions:
    description:
      - Whether a request that AWS denies is an error. If it is not, what it was about is left out, with a warning.
    type: bool
    default: true
notes:
  - Text from AWS, such as tags, is cleaned of control characters, and is never rendered as a template.
  - The cache holds what was read, not what became of it. Change O(compose) or O(tags) as you like; after a change
    of O(regions), O(clusters), O(include), O(exclude) or the credentials options AWS is asked again.
  - ECS may list a service only some seconds after it was created.
extends_documentation_fragment:
  - inventory_cache
  - constructed
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
# prod.ecs_services.yml: all services of one Region.
plugin: lastgood.aws.ecs_services
regions:
  - eu-central-1
---
# The services of one team in two Regions, without those under test.
plugin: lastgood.aws.ecs_services
regions:
  - eu-central-1
  - us-west-2
clusters:
  - prod-*
tags:
  team: payments
exclude:
  - "*-canary"
keyed_groups:
  - key: ecs_tags.tier | default('none')
    prefix: tier
compose:
  rollback_suspend_auto_scaling: ecs_desired_count | int > 1
---
# One file for each account, with names that differ.
plugin: lastgood.aws.ecs_services
regions:
  - eu-central-1
assume_role_arn: arn:aws:iam::123456789012:role/inventory
hostnames:
  - service.cluster.region.account
---
# Deployment groups too.
plugin: lastgood.aws.ecs_services
regions:
  - eu-central-1
include_deployment_groups: true
compose:
  rollback_application: codedeploy_application
  rollback_deployment_group: codedeploy_deployment_group
  rollback_region: codedeploy_region
"""

import functools
import hashlib
import json
import typing as t

from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.amazon.aws.plugins.plugin_utils.inventory import AWSInventoryBase

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory import selection
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory.hosts import (
    BadHostnames,
    Host,
    hosts,
    same_name,
)
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory.reads import Facts, Reader
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory.selection import Selection

# What decides which answers AWS gives. Of credentials, what names them.
_READ_WITH: t.Final = (
    *("clusters", "include", "exclude", "include_deployment_groups", "strict_permissions"),
    *("profile", "access_key", "assume_role_arn", "endpoint_url"),
)


# Its methods have no type hints.
_Base: t.Any = AWSInventoryBase


class InventoryModule(_Base):
    """The inventory plugin of services."""

    NAME = "lastgood.aws.ecs_services"
    INVENTORY_FILE_SUFFIXES = ("ecs_services.yml", "ecs_services.yaml")

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Read the file at ``path`` and add the hosts."""
        super().parse(inventory, loader, path, cache=cache)
        try:
            wanted = Selection(
                clusters=selection.texts("clusters", self.get_option("clusters")),
                tags=selection.tags(self.get_option("tags")),
                include=selection.texts("include", self.get_option("include")),
                exclude=selection.texts("exclude", self.get_option("exclude")),
            )
            items = [item for item in self._items(path, cache, wanted) if wanted.has_tags(item["tags"])]
            found = hosts(items, self.get_option("hostnames"))
            self._check_names(found)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self.fail_aws(exc.explain())
        except (ValueError, BadHostnames) as exc:
            self.fail_aws(f"{exc}.")
        for host in found:
            self._add(host)

    def _items(self, path: str, cache: bool, wanted: Selection) -> list[Facts]:
        """What was read, from the cache if that was read in the same way."""
        regions = list(self.get_option("regions") or ()) or ([self.region] if self.region else [])
        if not regions:
            self.fail_aws("No Region is set: give regions, set AWS_REGION, or name a profile that has one.")
        options = {"regions": regions, **{name: self.get_option(name) for name in _READ_WITH}}
        # A hash, because the cache may be a file for others to read.
        read_with = hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode()).hexdigest()
        is_cached, cached = self.get_cached_result(path, cache)
        if is_cached and isinstance(cached, dict) and cached.get("read_with") == read_with:
            return list(cached["items"])
        items = self._read(regions, wanted)
        # With False, it replaces what was read in another way.
        self.update_cached_result(path, False, {"read_with": read_with, "items": items})
        return items

    def _read(self, regions: list[str], wanted: Selection) -> list[Facts]:
        strict = bool(self.get_option("strict_permissions"))
        items: list[Facts] = []
        missing: list[str] = []
        for region in regions:
            aws = Aws(functools.partial(self.client, region=region))
            reader = Reader(aws, wanted, strict)
            reader.services()
            if self.get_option("include_deployment_groups") and not wanted.tags:
                reader.deployment_groups()
            items += reader.found.items
            missing += reader.found.missing
            for sentence in dict.fromkeys(reader.found.denied):
                self.warn(f"{self.NAME} leaves out in {region} what may not be read: {sentence}")
        nowhere = [name for name in wanted.clusters if missing.count(name) == len(regions)]
        if nowhere:
            self.fail_aws(f"There is no cluster {', '.join(nowhere)} in {', '.join(regions)}.")
        return items

    def _check_names(self, found: list[Host]) -> None:
        """Refuse a host that another inventory file has made of another service."""
        for host in found:
            other = self.inventory.get_host(host.name)
            arn = other.vars.get("ecs_arn", host.arn) if other else host.arn
            if arn != host.arn:
                raise BadHostnames(same_name(host.name, str(arn), host.arn))

    def _add(self, host: Host) -> None:
        variables = wrap_var(host.variables) if BEFORE_2_19 else host.variables
        for group in (host.parent, *host.groups):
            self.inventory.add_group(group)
        self.inventory.add_host(host.name, group=host.parent)
        for group in host.groups:
            self.inventory.add_host(host.name, group=group)
        for name, value in variables.items():
            self.inventory.set_variable(host.name, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)
