# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The variables of this collection's roles, read from their argument specs: nothing else lists them."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import yaml

Spec = t.Mapping[str, t.Mapping[str, t.Any]]

_ROLES: t.Final = Path(__file__).parents[3] / "roles"
# What the roles publish or register under fixed names. AWX passes artifacts on as extra variables.
_PUBLISHED: t.Final = {
    "rollback": ("plan", "result", "summary", "outcome", "run_id", "still_suspended"),
    "deploy": ("plan", "result", "summary", "outcome", "run_id"),
    "history": ("result",),
    "status": ("result", "summary"),
    "on_event": (),
    "content_guard": ("info", "saved", "restored", "dropped"),
}


@functools.cache
def entry_points() -> t.Mapping[str, t.Mapping[str, Spec]]:
    """The variables with their attributes, by role and entry point. Read once: 7 ms with libyaml."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for path in sorted(_ROLES.glob("*/meta/argument_specs.yml")):
        specs = yaml.load(path.read_text(encoding="utf-8"), loader)["argument_specs"]
        found[path.parents[1].name] = {name: entry["options"] for name, entry in specs.items()}
    return found


def variables() -> frozenset[str]:
    """The names of all variables of all roles."""
    return frozenset(name for entries in entry_points().values() for spec in entries.values() for name in spec)


def published() -> frozenset[str]:
    """The names under which the roles publish what they found and did."""
    return frozenset(f"{role}_{what}" for role, names in _PUBLISHED.items() for what in names)
