# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which files an Install removes or overwrites for good, so nobody has their content any more. Pure.

A deployed file that nobody changed is not lost: its revision's archive has it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Prediction

REMOVED: t.Final = "removed"
OVERWRITTEN: t.Final = "overwritten"
_FILES: t.Final = (listing.FILE, listing.LINK)


def losses(found: Prediction, as_deployed: t.Container[bytes]) -> t.Dict[bytes, str]:
    """The real paths of what is lost, and how. ``as_deployed`` are files whose content is also in an archive."""
    lost: t.Dict[bytes, str] = {}
    for removal in found.removals:
        if removal.outcome == prediction.REMOVED and removal.kind in _FILES and removal.path not in as_deployed:
            lost[removal.real or removal.path] = REMOVED
    for place in found.placements:
        if place.outcome == prediction.OVERWRITTEN:
            lost.setdefault(place.real or place.path, OVERWRITTEN)
    for link in found.dangling:
        lost[link.path] = OVERWRITTEN
    return dict(sorted(lost.items()))


def as_deployed(
    archived: t.Iterable[t.Mapping[bytes, t.Optional[str]]], now: t.Mapping[bytes, t.Optional[listing.Entry]]
) -> t.Set[bytes]:
    """The files whose content is the one an archive has for them, by SHA-256."""
    found = set()
    for digests in archived:
        for path, entry in now.items():
            if entry is not None and entry.digest and entry.digest == digests.get(path):
                found.add(path)
    return found
