# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The options that choose services and a version, and what they mean. Pure."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import ROLLBACK_EVENTS
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names, plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.target import Selection

SELECTION_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "cluster": {"type": "str", "default": "default"},
    "service": {"type": "list", "elements": "str", "required": True, "aliases": ["services"]},
    "revision": {"type": "str"},
    "as_of": {"type": "str"},
    "steps_back": {"type": "int"},
    "from_revision": {"type": "str"},
    "fallback": {"type": "str", "default": "fail", "choices": ["fail", "previous_registered"]},
    "in_flight": {"type": "str", "default": "stop", "choices": ["stop", "supersede", "refuse"]},
    "pin_images": {"type": "str", "default": "auto", "choices": ["auto", "always", "never"]},
    "force": {"type": "bool", "default": False},
}
SELECTION_EXCLUSIVE: t.Final = [["revision", "as_of", "steps_back"]]

_REVISION_NUMBER: t.Final = re.compile(r"[1-9][0-9]*")
# Python before 3.11 reads neither a `Z` nor an offset without a colon.
_ZULU: t.Final = re.compile(r"[zZ]$")
_OFFSET: t.Final = re.compile(r"([+-]\d{2})(\d{2})$")


class BadOption(ValueError):
    """An option has a value that cannot be meant. The message names the option and says what to give."""


def service_names(params: t.Mapping[str, t.Any]) -> list[str]:
    """The services, each once, in the order given. Raises :class:`BadOption` for an empty list or name."""
    given = [str(name).strip() for name in params["service"]]
    if not given or not all(given):
        raise BadOption("service: no service is named. Give at least one, and no empty names")
    return list(dict.fromkeys(given))


def wish(params: t.Mapping[str, t.Any]) -> plan.Wish:
    """What the options ask for. Raises :class:`BadOption`."""
    steps = params["steps_back"]
    if steps is not None and steps < 1:
        raise BadOption(f"steps_back: {steps} is not a number of steps: give 1 or more")
    tasks = params.get("tasks")
    if tasks is not None and tasks < 0:
        raise BadOption(f"tasks: {tasks} is not a number of tasks: give 0 or more")
    return plan.Wish(
        selection=Selection(
            revision=revision("revision", params["revision"]),
            as_of=_time(params["as_of"]),
            steps_back=steps or 1,
            from_revision=revision("from_revision", params["from_revision"]),
            fallback=params["fallback"],
            force=params["force"],
            copies=params["pin_images"] == "always",
            to_the_letter=params["pin_images"] == "never",
        ),
        in_flight=params["in_flight"],
        tasks=tasks,
        pin_images=params["pin_images"],
        fast=bool(params.get("fast")),
        rollback_events=rollback_events(params.get("rollback_events")),
    )


def rollback_events(given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    """Events of CodeDeploy, None where they were not given. Raises :class:`BadOption` for one that there is not."""
    if given is None:
        return None
    events = [str(event).strip().upper() for event in given]
    if events == ["NONE"]:
        return ()
    unknown = [event for event in events if event not in ROLLBACK_EVENTS]
    if unknown:
        raise BadOption(
            f"rollback_events: '{unknown[0]}' is none of CodeDeploy's events. Give {', '.join(ROLLBACK_EVENTS)}, or "
            "none for no automatic rollback"
        )
    return tuple(dict.fromkeys(events))


def revision(option: str, value: str | None) -> str | None:
    """A revision as people name it, None where none is given. Raises :class:`BadOption`."""
    text = (value or "").strip()
    if not text:
        return None
    if _REVISION_NUMBER.fullmatch(text) or names.parse(text):
        return text
    raise BadOption(
        f"{option}: '{value}' is neither a revision number (41), nor family:number (web:41), nor the ARN of a task "
        "definition with its revision"
    )


def _time(value: str | None) -> datetime | None:
    if not (value or "").strip():
        return None
    text = _OFFSET.sub(r"\1:\2", _ZULU.sub("+00:00", str(value).strip()))
    try:
        when = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadOption(f"as_of: '{value}' is not a time in ISO 8601, such as 2026-11-20T13:50:00Z") from exc
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)
