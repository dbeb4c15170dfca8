# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Who has probably written a file that the agent does not list: often a script of the deployment, not a person."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import leftovers, reading

_UNKNOWN: t.Final = "the agent's records do not tell who wrote it"


class Evidence:
    """What the agent's records of a deployment group say. They are read when the first question is asked."""

    def __init__(self, layout: agent.Layout, group: str, generation: Generation) -> None:
        self._layout = layout
        self._group = group
        self._generation = generation

    @functools.cached_property
    def _found(self) -> reading.Group:
        return reading.group(self._layout, self._group, self._generation)

    @functools.cached_property
    def _revisions(self) -> t.List[reading.Revision]:
        """The deployments whose archives are still there, the newest first."""
        above = self._layout.group(self._group)
        directories = [os.path.join(above, os.fsencode(name)) for name in self._found.deployments]
        return [found for found in map(reading.revision, directories) if found is not None]

    def of(self, path: bytes) -> str:
        """What is known of a file, as the end of a sentence."""
        odd = leftovers.oddity(path)
        if odd:
            return odd
        entry = listing.Disk().entry(path)
        changed = reading.mtime(path)
        if entry is None or changed is None:
            return _UNKNOWN
        item = reading.with_digests([leftovers.Found(path, entry, changed)], {path})
        known = self._known(path)
        told = leftovers.leftovers(item, known)
        # That no deployment ran can only be said if it is known when all of them ran.
        unsure = told and told[0].origin == leftovers.HAND and any(one.began is None for one in known.deployments)
        return told[0].evidence if told and not unsure else _UNKNOWN

    def _known(self, path: bytes) -> leftovers.Known:
        records = self._found.records
        deployed = [revision.deployed({path}) for revision in self._revisions]
        last = records.last_successful_install or b""
        inside = bool(last) and state.inside(self._layout.group(self._group), last)
        newest = [item for item in deployed if inside and os.fsencode(item.id) == os.path.basename(last)]
        earlier = tuple(item for item in deployed if item not in newest)
        return leftovers.Known(self._found.parsed, newest[0] if newest else None, earlier, {})
