# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The options that choose services and a version, and what they mean. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound, force, options
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection

BadOption = options.BadOption

SELECTION_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "cluster": {"type": "str", "default": "default"},
    "service": {"type": "list", "elements": "str", "required": True, "aliases": ["services"]},
    "revision": {"type": "str"},
    "as_of": {"type": "str"},
    "steps_back": {"type": "int"},
    "undo": {"type": "bool", "default": False},
    "from_revision": {"type": "str"},
    "fallback": {"type": "str", "default": "fail", "choices": ["fail", "previous_registered"]},
    "in_flight": {"type": "str", "default": "stop", "choices": ["stop", "supersede", "refuse"]},
    "pin_images": {"type": "str", "default": "auto", "choices": ["auto", "always", "never"]},
    **force.SPEC,
}
SELECTION_EXCLUSIVE: t.Final = [["revision", "as_of", "steps_back"]]

_REVISION_NUMBER: t.Final = re.compile(r"[1-9][0-9]*")


# Of ecs_rollback: what a plan settles.
SETTLED_BY_A_PLAN: t.Final = (*(name for name in SELECTION_SPEC if name != "cluster"), "tasks", "fast", "deregister")
# Of ecs_rollback and ecs_deploy.
CHECKS_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "checks": {"type": "str", "default": "enforce", "choices": ["enforce", "warn"]}
}


def beside_a_plan(given: t.Collection[str]) -> None:
    """Raises :class:`BadOption` if options are given that a plan settles. ``given`` are those of the call."""
    also = {"service"} if "services" in given else set()
    bound.beside({*given, *also}, SETTLED_BY_A_PLAN)


def service_names(params: t.Mapping[str, t.Any]) -> list[str]:
    """The services, each once, in the order given. Raises :class:`BadOption` for an empty list or name."""
    return options.names(params, "service", "service")


def goal(params: t.Mapping[str, t.Any]) -> GoBack:
    """What the options ask for. Raises :class:`BadOption`."""
    tasks = params.get("tasks")
    if tasks is not None and tasks < 0:
        raise BadOption(f"tasks: {tasks} is not a number of tasks: give 0 or more")
    as_of = options.as_of(params["as_of"])
    _only_undo(params)
    return GoBack(
        selection=Selection(
            revision=revision("revision", params["revision"]),
            as_of=as_of.at if as_of is not None else None,
            steps_back=options.steps_back(params["steps_back"]),
            undo=params["undo"],
            from_revision=revision("from_revision", params["from_revision"]),
            fallback=params["fallback"],
            force=force.parse(params["force"]),
            natively=params["in_flight"] == "stop",
            copies=params["pin_images"] == "always",
            to_the_letter=params["pin_images"] == "never",
            finishes=frozenset(what for what in ("mark", "deregister") if params.get(what)),
        ),
        in_flight=params["in_flight"],
        tasks=tasks,
        pin_images=params["pin_images"],
        fast=bool(params.get("fast")),
        deregister=bool(params.get("deregister")),
        checks=params.get("checks") or "enforce",
        rollback_events=rollback_events(params.get("rollback_events")),
        as_of=as_of,
    )


def _only_undo(params: t.Mapping[str, t.Any]) -> None:
    """The last rollback says where ``undo`` goes. Raises :class:`BadOption` if something else does, too."""
    others = [name for name in ("revision", "as_of", "steps_back", "from_revision") if params[name] not in (None, "")]
    others += ["fallback"] if params["fallback"] != "fail" else []
    if params["undo"] and others:
        raise BadOption(f"undo: it goes to what the last rollback left, so it cannot be given with {', '.join(others)}")


def rollback_events(given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    """CodeDeploy's rollback events, None if none are given. Raises :class:`BadOption`."""
    if given is None:
        return None
    # Only deployments of CodeDeploy have them.
    from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import options as codedeploy_options

    return codedeploy_options.rollback_events(given)


def revision(option: str, value: str | None) -> str | None:
    """A revision as people name it, None if none is given. Raises :class:`BadOption`."""
    return named_revision(option, value) if value and value.strip() else None


def named_revision(option: str, value: str) -> str:
    """A revision as people name it. Raises :class:`BadOption`."""
    text = value.strip()
    if _REVISION_NUMBER.fullmatch(text) or names.parse(text):
        return text
    raise BadOption(
        f"{option}: '{value}' is neither a revision number (41), nor family:number (web:41), nor the ARN of a task "
        "definition with its revision"
    )
