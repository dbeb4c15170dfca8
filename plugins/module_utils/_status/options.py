# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The options of a look at services, and what they mean. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection

SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "clusters": {"type": "list", "elements": "str", "default": ["default"], "aliases": ["cluster"]},
    "service": {"type": "list", "elements": "str", "default": [], "aliases": ["services"]},
    "fallback": {"type": "str", "default": "fail", "choices": ["fail", "previous_registered"]},
}
ALL: t.Final = "*"


class Wanted(t.NamedTuple):
    """What to look at: without ``services`` all of the clusters, without names among ``clusters`` all of them."""

    clusters: tuple[str, ...]
    services: tuple[str, ...]
    goal: GoBack


def wanted(params: t.Mapping[str, t.Any]) -> Wanted:
    """What the options ask for. Raises :class:`BadOption`."""
    clusters, services = _names(params["clusters"], "clusters"), _names(params["service"], "service")
    if not clusters:
        raise BadOption("clusters: no cluster is named. Give at least one, or * for all of them")
    every = ALL in clusters
    if services and (every or len(clusters) > 1):
        raise BadOption("service: services can be named in a single cluster only. Name one in clusters, or no service")
    # As a rollback does by default, which marks what it leaves.
    selection = Selection(fallback=params["fallback"], finishes=frozenset({"mark"}))
    return Wanted(() if every else clusters, services, GoBack(selection))


def _names(given: t.Sequence[str], option: str) -> tuple[str, ...]:
    found = [str(name).strip() for name in given]
    if not all(found):
        raise BadOption(f"{option}: there is an empty name")
    return tuple(dict.fromkeys(found))
