# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Services that are hosts: which calls of a module a batch of them takes, and how it ended for each host. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible.inventory.manager import split_host_pattern

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import GOOD_ENDS
from ansible_collections.lastgood.aws.plugins.module_utils._core.keys import last

Variables = t.Mapping[str, t.Any]
# What each of these is, if hosts are services.
_OF_THE_HOST: t.Final = {"rollback_cluster": "ecs_cluster", "rollback_region": "ecs_region"}
_NEEDED: t.Final = ("ecs_service", "ecs_cluster", "ecs_region")


class Ending(t.NamedTuple):
    """What to say of a host, whether its service failed, and whether it was changed."""

    msg: str
    failed: bool
    changed: bool = False


class BadTargets(Exception):
    """The hosts are not what was meant. The message is a clause without its full stop."""


def terms(pattern: t.Any, read: t.Callable[[str], str]) -> list[str]:
    """The parts of a pattern of hosts or of ``--limit``, each without what excludes or intersects.

    ``read`` returns the text of a file that ``--limit @file`` names.
    """
    found = []
    for part in split_host_pattern(pattern):
        name = part[1:] if part[:1] in ("!", "&") else part
        if name.startswith("@"):
            lines = (line.strip() for line in read(name[1:]).splitlines())
            found += [term for line in lines if line and not line.startswith("#") for term in terms(line, read)]
        else:
            found.append(name)
    return found


def check_terms(where: str, names: t.Iterable[str], matches: t.Callable[[str], t.Collection[str]]) -> None:
    """Refuse parts that fit no host: a typo would leave a service out, or leave it in. Raises :class:`BadTargets`."""
    lost = [name for name in dict.fromkeys(names) if not matches(name)]
    if lost:
        verb = "matches" if len(lost) == 1 else "match"
        raise BadTargets(f"{', '.join(lost)} in {where} {verb} no host of the inventory")


def calls(hosts: t.Mapping[str, Variables], settings: t.Collection[str]) -> dict[str, dict[str, t.Any]]:
    """The calls by the host that makes each: the first of those with the same cluster and the same ``settings``.

    ``settings`` are names of variables. Raises :class:`BadTargets`.
    """
    if not hosts:
        raise BadTargets("No service is meant: the batch has no hosts")
    found: dict[str, dict[str, t.Any]] = {}
    leaders: dict[str, str] = {}
    for host, variables in hosts.items():
        _check(host, variables)
        # An ARN, so that a call with credentials of another account finds no cluster, rather than another one.
        cluster = str(variables.get("ecs_cluster_arn") or variables["ecs_cluster"])
        given = {name: variables[name] for name in sorted(settings) if name in variables}
        same = json.dumps([cluster, variables["ecs_region"], given], default=str)
        leader = leaders.setdefault(same, host)
        call = found.setdefault(
            leader, {"cluster": cluster, "region": str(variables["ecs_region"]), "services": [], "hosts": []}
        )
        call["services"] = list(dict.fromkeys([*call["services"], str(variables["ecs_service"])]))
        call["hosts"].append(host)
    return found


def _check(host: str, variables: Variables) -> None:
    if variables.get("codedeploy_deployment_group") and not variables.get("ecs_service"):
        raise BadTargets(f"{host} is a deployment group: lastgood.aws.redeploy takes it back")
    missing = [name for name in _NEEDED if not variables.get(name)]
    if missing:
        raise BadTargets(f"{host} is no service: it has no {' and no '.join(missing)}")
    if variables.get("rollback_services"):
        raise BadTargets(
            "rollback_services is given, and here hosts are services: choose them by rollback_hosts or --limit"
        )
    for name, own in _OF_THE_HOST.items():
        given = str(variables.get(name) or "")
        if given and last(given) != str(variables[own]):
            raise BadTargets(f"{name} is {given}, and {host} is in {variables[own]}: leave {name} out")


def ending(
    host: str, variables: Variables, made: t.Mapping[str, t.Mapping[str, t.Any]], published: Variables
) -> Ending:
    """How it ended for a host. ``made`` are the calls, ``published`` is what role_results gave."""
    leader = next(name for name, call in made.items() if host in call["hosts"])
    ended = (published.get("hosts") or {}).get(leader)
    if ended is None:
        return Ending("the run ended before it was known how this service ended: look at what failed above", True)
    items = published["ansible_stats"]["data"].get(published["items_name"]) or {}
    item = next((item for item in items.values() if _is_of(item, variables)), None)
    if item is None:
        return Ending(str(ended["msg"]), True)
    outcome = str(item["outcome"])
    if outcome not in GOOD_ENDS:
        return Ending(f"{outcome}: {item.get('reason') or 'no reason is known'}", True)
    # What is wrong with none of the services is told on the host that made the call, such as a report not written.
    of_call = [one for one in items.values() for name in made[leader]["services"] if one.get("service") == name]
    if host == leader and ended["failed"] and all(str(one["outcome"]) in GOOD_ENDS for one in of_call):
        return Ending(str(ended["msg"]), True)
    return Ending(f"{outcome}: {item.get('reason') or ''}".rstrip(": "), False, bool(item.get("changed")))


def _is_of(item: Variables, variables: Variables) -> bool:
    found = (item.get("service"), last(str(item.get("cluster") or "")), item.get("region"))
    return found == tuple(variables[name] for name in _NEEDED)
