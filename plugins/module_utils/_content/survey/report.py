# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How results show paths: as text, plus base64 if that is not exact; long lists are cut, with their length. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import (
    Placement,
    Prediction,
    Removal,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.paths import shown, text
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey.leftovers import Leftover, oddity

Shown = t.Dict[str, t.Any]


def cut(items: t.Iterable[t.Any], most: int) -> Shown:
    """A list that may be long: its length and its first items."""
    everything = list(items)
    return {"count": len(everything), "entries": everything[:most]}


def shown_path(path: t.Optional[bytes]) -> t.Optional[str]:
    """A path that the agent itself made, for people."""
    return None if path is None else text(path)


def _ways(item: t.Union[Removal, Placement]) -> Shown:
    told: Shown = {"kind": item.kind}
    if item.through:
        told["through"] = [text(path) for path in item.through]
    if item.real and item.real != item.path:
        told["real"] = text(item.real)
    return {**shown(item.path), **told}


def _by_outcome(items: t.Iterable[t.Union[Removal, Placement]], most: int) -> Shown:
    found: t.Dict[str, t.List[Shown]] = {}
    for item in items:
        found.setdefault(item.outcome, []).append(_ways(item))
    return {outcome: cut(entries, most) for outcome, entries in sorted(found.items())}


def predicted(found: Prediction, most: int) -> Shown:
    """What the next Install does."""
    failure = found.failure
    return {
        "file_exists_behavior": found.option,
        "file_exists_behavior_of_appspec": found.option_of_appspec,
        "removals": _by_outcome(found.removals, most),
        "placements": _by_outcome(found.placements, most),
        "failure": failure and {**shown(failure.path), "stage": failure.stage, "message": failure.message},
        "orphans": cut(({**shown(orphan.path), "reason": orphan.reason} for orphan in found.orphans), most),
        "notes": list(found.notes),
    }


def through_links(found: Prediction) -> t.List[Shown]:
    """What is removed or written somewhere other than its path says."""
    items: t.List[t.Union[Removal, Placement]] = [
        *(removal for removal in found.removals if removal.through),
        *(place for place in found.placements if place.through or (place.real and place.real != place.path)),
    ]
    return [{**_ways(item), "outcome": item.outcome} for item in items]


def leftover(item: Leftover) -> Shown:
    entry = item.found.entry
    told: Shown = {
        **shown(item.found.path),
        "kind": entry.kind,
        "origin": item.origin,
        "evidence": item.evidence,
        "mtime": int(item.found.mtime),
    }
    if entry.size is not None:
        told["size"] = entry.size
    return told


def origins(items: t.Iterable[Leftover]) -> t.Dict[str, int]:
    """Number of leftovers by origin."""
    found: t.Dict[str, int] = {}
    for item in items:
        found[item.origin] = found.get(item.origin, 0) + 1
    return dict(sorted(found.items()))


def odd(candidates: t.Iterable[bytes]) -> t.List[Shown]:
    """The names among these that the agent handles wrongly."""
    return [{**shown(path), "reason": oddity(path)} for path in sorted(set(candidates)) if oddity(path)]
