# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""``rollback_approved_plan``: the plans of an earlier run, and whether the other variables agree with them. Pure."""

from __future__ import annotations

import functools
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound, force, keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.specs import Spec
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, words

Plans = t.Sequence[t.Mapping[str, t.Any]]

NAME: t.Final = "rollback_approved_plan"
# The name under which an item of rollback_plan has its plan as text.
TEXT: t.Final = "plan_json"
# What the plans settle, so that the module does not get it from anywhere else.
SETTLED: t.Final = (
    *("revision", "as_of", "steps_back", "undo", "from_revision", "fallback"),
    *("in_flight", "pin_images", "force", "fast", "tasks", "deregister"),
)
# How a target is found that one of these variables asks for.
_SOURCES: t.Final[t.Mapping[str, t.Sequence[str]]] = {
    "as_of": ("as_of",),
    "undo": ("undo",),
    "steps_back": ("steps_back", "last_good", "running_rollback"),
}


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
    found = [_plan(item) if isinstance(item, dict) else item for item in items]
    if not found or not all(isinstance(plan, dict) and plan.get(bound.ID) for plan in found):
        raise BadInput(f"{NAME} has no plan in it. Give rollback_plan of a run with --check")
    return found


def _plan(item: dict[str, t.Any]) -> t.Any:
    """The plan in an item. Its text survives AWX, after which ansible-core since 2.19 reads other types than it had."""
    try:
        return json.loads(item[TEXT])
    except (KeyError, TypeError, ValueError):
        return item.get("plan", item)


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
        plans = [plan for plan in plans if is_here(plan, where) and (not named or plan["service"] in named)]
    check_place(plans, where)
    services = {plan["service"] for plan in plans}
    if named and named != services:
        raise BadInput(
            f"{NAME} is for {', '.join(sorted(services)) or 'other services'}, and rollback_services names "
            f"{', '.join(sorted(named))}. {OUT}"
        )
    if not plans:
        raise BadInput(f"{NAME} has no plan for this host. Make a new one")
    if len({(plan["cluster"], plan["region"]) for plan in plans}) > 1:
        raise BadInput(f"{NAME} is for several clusters or Regions. Give each of them a run of its own")
    for plan in plans:
        for name in SETTLED:
            agrees(name, given(name, values, spec), plan, _RULES)
    return plans


OUT: t.Final = "Leave one of them out"


def check_place(plans: Plans, where: t.Mapping[str, str]) -> None:
    """Raises BadInput if a plan is for another place. ``where`` are the variables that say where, without prefix."""
    for name, given in where.items():
        for other in (plan for plan in plans if given and plan[name] != given):
            raise BadInput(f"{NAME} is for {name} {other[name]}, and rollback_{name} is {given}. {OUT}")


def is_here(plan: t.Mapping[str, t.Any], where: t.Mapping[str, str]) -> bool:
    """Whether a plan is for this place, as far as that is given."""
    return all(not given or plan[name] == given for name, given in where.items())


def given(name: str, values: Values, spec: Spec) -> t.Any:
    """The value of a variable; None if it is the default one."""
    value = values.get(name)
    return None if value == spec[f"rollback_{name}"].get("default") else value


Judge = t.Callable[[t.Any, t.Any], bool]


@dataclass(frozen=True)
class Rules:
    """How variables are compared with a plan. ``about`` is what names it, ``judges`` compare what is not just the same.

    ``stands_in`` is where in a plan there is what a variable says, if that has another name there. ``targets`` say how
    the target is found; a plan may have none. ``words`` is what people call what stands in a plan.
    """

    about: str
    judges: t.Mapping[str, Judge]
    stands_in: t.Mapping[str, str]
    targets: t.Collection[str]
    words: t.Callable[[t.Any], str] = str


def agrees(name: str, value: t.Any, plan: t.Mapping[str, t.Any], rules: Rules) -> None:
    """Raises BadInput if a variable, named without its prefix, contradicts a plan. None agrees with all."""
    if value in (None, "", False) or (name in rules.targets and not plan.get("target")):
        return
    says = plan.get(rules.stands_in.get(name, name))
    try:
        fits = rules.judges.get(name, _is_same)(value, says)
    except BadOption as exc:
        # It begins with the name of the option.
        raise BadInput(f"rollback_{str(exc).removeprefix('rollback_')}") from exc
    if not fits:
        told = rules.words(says) if says else "none"
        raise BadInput(f"rollback_{name} is {value}, and the plan of {plan[rules.about]} in {NAME} has {told}. {OUT}")


def found_by(*sources: str) -> dict[str, Judge]:
    """Judges for these variables, which ask for a target that is found in a certain way."""
    return {name: functools.partial(_is_found_by, _SOURCES[name]) for name in sources}


def guards(known: force.Guards) -> Judge:
    """A judge for the guards that are turned off, of those that there are."""
    return lambda value, says: not value or sorted(force.parse(value) & known.keys()) == says


def _is_found_by(sources: t.Sequence[str], _value: t.Any, says: t.Any) -> bool:
    return says in sources


def _is_same(value: t.Any, says: t.Any) -> bool:
    return str(value).lower() == str(says).lower()


def _is_version(given: str, shown: str) -> bool:
    """Whether a number, ``family:number`` or ARN means this ``family:number``."""
    name = given.strip().rpartition("/")[2]
    return shown in (name, bound.cut(name)) or (name.isdecimal() and shown.rpartition(":")[2] == name)


def _version(value: t.Any, says: t.Any) -> bool:
    return _is_version(str(value), str(says))


_RULES: t.Final = Rules(
    about="service",
    judges={
        **{"revision": _version, "from_revision": _version},
        **{"force": guards(force.ROLLBACK), "fallback": lambda _value, _says: True},
        **found_by("as_of", "undo", "steps_back"),
    },
    stands_in={"revision": "target", "from_revision": "left", **dict.fromkeys(_SOURCES, "source")},
    targets=("revision", "from_revision", *_SOURCES),
)
