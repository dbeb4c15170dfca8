# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""``rollback_approved_plan``: the plans of an earlier run, and whether the other variables agree with them. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound, force, keys
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.specs import Spec
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, words

Plans = t.Sequence[t.Mapping[str, t.Any]]

NAME: t.Final = "rollback_approved_plan"
# What the plans settle, so that the module does not get it from anywhere else.
SETTLED: t.Final = (
    *("revision", "as_of", "steps_back", "undo", "from_revision", "fallback"),
    *("in_flight", "pin_images", "force", "fast", "tasks", "deregister"),
)
# How a target is found that one of these variables asks for.
_SOURCES: t.Final = {"as_of": ("as_of",), "undo": ("undo",), "steps_back": ("steps_back", "last_good")}


def read(value: t.Any) -> list[dict[str, t.Any]]:
    """The plans in the variable: ``rollback_plan`` as it was published, or plans, also as JSON. Raises BadInput."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise BadInput(f"{NAME} is neither a plan nor JSON. Give rollback_plan of a run with --check") from None
    if isinstance(value, dict) and bound.ID not in value:
        value = list(value.values())
    items = value if isinstance(value, list) else [value]
    found = [item.get("plan", item) if isinstance(item, dict) else item for item in items]
    if not found or not all(isinstance(plan, dict) and plan.get(bound.ID) for plan in found):
        raise BadInput(f"{NAME} has no plan in it. Give rollback_plan of a run with --check")
    return found


def of_services(values: Values, spec: Spec, several_hosts: bool) -> list[dict[str, t.Any]]:
    """The plans for this host. Raises BadInput if a variable contradicts them.

    With ``several_hosts`` each takes those for its own services.
    """
    plans = read(values["approved_plan"])
    if not all(plan.get("service") and plan.get("cluster") and plan.get("region") for plan in plans):
        raise BadInput(f"{NAME} is not about services. Give it to the playbook that made it")
    named = {str(name).rpartition("/")[2] for name in words(values["services"])}
    where = {"cluster": keys.last(str(values["cluster"] or "")), "region": str(values["region"] or "")}
    if several_hosts:
        plans = [plan for plan in plans if _is_here(plan, where) and (not named or plan["service"] in named)]
    for name, given in where.items():
        for other in (plan for plan in plans if given and plan[name] != given):
            raise BadInput(f"{NAME} is for {name} {other[name]}, and rollback_{name} is {given}. {_OUT}")
    services = {plan["service"] for plan in plans}
    if named and named != services:
        raise BadInput(
            f"{NAME} is for {', '.join(sorted(services)) or 'other services'}, and rollback_services names "
            f"{', '.join(sorted(named))}. {_OUT}"
        )
    if not plans:
        raise BadInput(f"{NAME} has no plan for this host. Make a new one")
    if len({(plan["cluster"], plan["region"]) for plan in plans}) > 1:
        raise BadInput(f"{NAME} is for several clusters or Regions. Give each of them a run of its own")
    for plan in plans:
        for name in SETTLED:
            _agrees(name, _given(name, values, spec), plan)
    return plans


_OUT: t.Final = "Leave one of them out"


def _is_here(plan: t.Mapping[str, t.Any], where: t.Mapping[str, str]) -> bool:
    return all(not given or plan[name] == given for name, given in where.items())


def _given(name: str, values: Values, spec: Spec) -> t.Any:
    """The value of a variable; None if it is the default one."""
    value = values.get(name)
    return None if value == spec[f"rollback_{name}"].get("default") else value


def _agrees(name: str, given: t.Any, plan: t.Mapping[str, t.Any]) -> None:
    if given in (None, "", [], False) or name == "fallback":
        return
    service, says = plan["service"], plan.get(name)
    if name in ("revision", "from_revision"):
        says = plan.get("target" if name == "revision" else "left")
        agrees = not plan.get("target") or _is_version(str(given), str(says))
    elif name in _SOURCES:
        says = plan.get("source")
        agrees = not plan.get("target") or says in _SOURCES[name]
    elif name == "force":
        agrees = sorted(force.parse(given) & force.ROLLBACK.keys()) == says
    else:
        agrees = str(given) == str(says)
    if not agrees:
        raise BadInput(f"rollback_{name} is {given}, and the plan of {service} in {NAME} has {says or 'none'}. {_OUT}")


def _is_version(given: str, shown: str) -> bool:
    """Whether a number, ``family:number`` or ARN means this ``family:number``."""
    name = given.strip().rpartition("/")[2]
    return shown in (name, bound.cut(name)) or (name.isdecimal() and shown.rpartition(":")[2] == name)
