# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Names, groups and variables of the hosts that stand for services and deployment groups. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import text

Facts = t.Mapping[str, t.Any]
# The group of all services, and that of all deployment groups.
SERVICES: t.Final = "ecs_services"
GROUPS: t.Final = "codedeploy_groups"
_DEFAULT: t.Final = "service.cluster.region"
# What a name can be made of, and what each part is called for a deployment group.
_PARTS: t.Final = {
    "service": "deployment_group",
    "cluster": "application",
    "region": "region",
    "account": "account",
}
# Marks and records of this collection change with each rollback, so nobody wants a group of them.
_OURS: t.Final = "lastgood:"
# What a pattern of hosts gives a meaning to (https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html).
_NOT_IN_A_HOST: t.Final = re.compile(r"[^\w.@+-]|^[~@!&-]", re.ASCII)
_NOT_IN_A_GROUP: t.Final = re.compile(r"\W", re.ASCII)


class BadHostnames(ValueError):
    """The option ``hostnames`` cannot be understood, or gives two things the same name."""


@dataclass(frozen=True)
class Host:
    """A host of the inventory. ``parent`` is the group of its kind, ``groups`` are all others."""

    name: str
    arn: str
    parent: str
    groups: tuple[str, ...]
    variables: dict[str, t.Any]


def hosts(items: t.Iterable[Facts], hostnames: t.Sequence[t.Any]) -> list[Host]:
    """The hosts by name. Raises :class:`BadHostnames`."""
    found: dict[str, Host] = {}
    for item in items:
        host = _host(text.clean(item), hostnames or [_DEFAULT])
        other = found.setdefault(host.name, host)
        if other is not host:
            raise BadHostnames(same_name(host.name, other.arn, host.arn))
    return [found[name] for name in sorted(found)]


def same_name(name: str, one: str, other: str) -> str:
    """The sentence about two things that would be one host."""
    return (
        f"{one} and {other} would both be the host {name}. Make the names differ with the option hostnames, such as "
        "service.cluster.region.account"
    )


def _host(item: dict[str, t.Any], hostnames: t.Sequence[t.Any]) -> Host:
    is_service = item["kind"] == "service"
    name = next((name for wanted in hostnames if (name := _called(item, wanted))), "")
    if not name:
        raise BadHostnames(f"hostnames gives no name to {_arn(item)}: add {_DEFAULT} as the last one")
    prefix = "ecs_" if is_service else "codedeploy_"
    variables = {f"{prefix}{key}": value for key, value in item.items() if key != "kind"}
    if not is_service:
        # They are not read: AWS has a request for each group.
        variables.pop("codedeploy_tags")
    # Nothing is done on the host: it is a service, and AWS's API is asked from here.
    variables["ansible_connection"] = "local"
    groups = _groups_of_service(item) if is_service else _groups_of_group(item)
    return Host(name, _arn(item), SERVICES if is_service else GROUPS, groups, variables)


def _arn(item: Facts) -> str:
    return str(item.get("arn") or ".".join(str(item[_PARTS[part]]) for part in _PARTS))


def _called(item: Facts, wanted: t.Any) -> str:
    """The name that one entry of ``hostnames`` gives; empty if it gives none."""
    if isinstance(wanted, dict):
        if not wanted.get("name") or set(wanted) - {"name", "prefix", "separator"}:
            raise BadHostnames(f"hostnames has {wanted!r}: give name, and perhaps prefix and separator")
        name = _called(item, wanted["name"])
        before = _called(item, wanted["prefix"]) if wanted.get("prefix") else ""
        return f"{before}{wanted.get('separator', '_')}{name}" if name and before else name
    if str(wanted).startswith("tag:"):
        # `tag:Name`, or `tag:Name=web` for those with this value only.
        key, equals, value = str(wanted)[len("tag:") :].partition("=")
        found = str(item["tags"].get(key, ""))
        return "" if equals and found != value else _in_host(found)
    parts = str(wanted).split(".")
    unknown = [part for part in parts if part not in _PARTS]
    if unknown:
        known = ", ".join(_PARTS)
        raise BadHostnames(f"hostnames has {wanted!r}: give tag:KEY, or some of {known} with dots between them")
    values = [str(item.get(part) or item.get(_PARTS[part]) or "") for part in parts]
    return _in_host(".".join(values)) if all(values) else ""


def _in_host(name: str) -> str:
    return _NOT_IN_A_HOST.sub("_", name)


def group_name(*parts: str) -> str:
    """The name of a group: what Ansible would not take becomes an underscore."""
    return _NOT_IN_A_GROUP.sub("_", "_".join(part for part in parts if part))


def _groups_of_service(item: Facts) -> tuple[str, ...]:
    named = [
        group_name("cluster", item["cluster"]),
        group_name("region", item["region"]),
        group_name("account", item["account"]),
        # AWS's words, in lower case as elsewhere in group names.
        group_name("controller", item["controller"].lower()),
        group_name("strategy", item["strategy"].lower()),
        *([group_name("launch_type", item["launch_type"].lower())] if item["launch_type"] else []),
        *(group_name("capacity_provider", name) for name in item["capacity_providers"]),
        *(group_name("tag", key, value) for key, value in item["tags"].items() if not key.startswith(_OURS)),
    ]
    return tuple(dict.fromkeys(named))


def _groups_of_group(item: Facts) -> tuple[str, ...]:
    named = [
        group_name("application", item["application"]),
        group_name("region", item["region"]),
        *([group_name("account", item["account"])] if item["account"] else []),
        group_name("platform", item["platform"].lower()),
    ]
    return tuple(dict.fromkeys(named))
