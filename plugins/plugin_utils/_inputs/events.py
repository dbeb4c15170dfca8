# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The variables of the role on_event: the event, what is listed, and the rules. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import (
    BadInput,
    Values,
    one_of,
    seconds,
    words,
)

Target = dict[str, str]

_KINDS: t.Final = ("deployment", "service", "hook", "instance", "alarm", "catch_up")
# As in the guides of ECS and CodeDeploy; a name with a dot has to be given as a dictionary.
_NAME: t.Final = re.compile(r"([^.\s]+)\.([^.\s]+)\.([a-z]{2,}(?:-[a-z0-9]+)+)")


def read(values: Values) -> Values:
    """The inputs but for switches and topic. Raises :class:`.BadInput`."""
    event = _event(values["deployment"])
    listed = [
        *(_listed("on_event_services", "service", item) for item in words(values["services"])),
        *(_listed("on_event_deployment_groups", "group", item) for item in words(values["deployment_groups"])),
    ]
    if not listed:
        raise BadInput("Nothing may be rolled back: give on_event_services or on_event_deployment_groups")
    return {
        "event": event,
        "about": event.get("name") or event["kind"],
        "targets": _targets(event, listed, _alarms(values["alarms"], listed)),
        "look_again": seconds("on_event_look_again", values["look_again"]),
        "rules": {
            "enabled": values["enabled"],
            "dry_run": values["dry_run"],
            "on_failure": one_of("on_event_on_failure", str(values["on_failure"]), "rollback", "ask"),
            "on_alarm": one_of("on_event_on_alarm", str(values["on_alarm"]), "rollback", "ask"),
            "on_bad_version": one_of("on_event_on_bad_version", str(values["on_bad_version"]), "rollback", "tell"),
            "within": seconds("on_event_within", values["within"]),
            "max_age": seconds("on_event_max_age", values["max_age"]),
            "cool_down": seconds("on_event_cool_down", values["cool_down"]),
        },
    }


def _event(value: t.Any) -> dict[str, str]:
    event = _document("on_event_deployment", value)
    kind = event.get("kind")
    if kind not in _KINDS:
        raise BadInput(
            "on_event_deployment is not an event: give event.deployment of the filter lastgood.aws.deployment"
        )
    return {str(key): "" if text is None else str(text) for key, text in event.items()}


def _document(name: str, value: t.Any) -> t.Mapping[str, t.Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise BadInput(f"{name} is neither a dictionary nor JSON") from None
    if not isinstance(value, t.Mapping):
        raise BadInput(f"{name} is not given" if value is None else f"{name} is not a dictionary")
    return value


def _listed(variable: str, kind: str, item: t.Any) -> Target:
    """What one item of a list names, as :class:`.answers` wants it."""
    keys = ("service", "cluster", "region") if kind == "service" else ("deployment_group", "application", "region")
    parts: t.Mapping[str, t.Any]
    if isinstance(item, t.Mapping):
        parts = item
    else:
        found = _NAME.fullmatch(str(item))
        parts = dict(zip(keys, found.groups())) if found else {}
    if set(parts) != set(keys) or not all(isinstance(part, str) and part for part in parts.values()):
        raise BadInput(f"{variable} has {item!r}, which is not {'.'.join(keys)}")
    return {"kind": kind, "name": ".".join(parts[key] for key in keys), **{key: parts[key] for key in keys}}


def _alarms(value: t.Any, listed: t.Sequence[Target]) -> dict[str, list[str]]:
    """The names that each alarm speaks for. One that is not listed is a mistake that must not stay unseen."""
    if value is None:
        return {}
    known = {target["name"] for target in listed}
    found = {
        str(alarm): [str(name) for name in words(names)] for alarm, names in _document("on_event_alarms", value).items()
    }
    for alarm, names in found.items():
        for name in names:
            if name not in known:
                raise BadInput(
                    f"on_event_alarms has {name} for {alarm}, which is neither in on_event_services nor in "
                    "on_event_deployment_groups"
                )
    return found


def _targets(event: t.Mapping[str, str], listed: t.Sequence[Target], alarms: t.Mapping[str, list[str]]) -> list[Target]:
    """What of the list an event is about."""
    kind = event["kind"]
    if kind == "catch_up":
        return list(listed)
    if kind == "alarm":
        names = alarms.get(event.get("alarm", ""), [])
        return [target for target in listed if target["name"] in names]
    of = "group" if event.get("platform") == "codedeploy" else "service"
    return [target for target in listed if (target["kind"], target["name"]) == (of, event.get("name"))]
