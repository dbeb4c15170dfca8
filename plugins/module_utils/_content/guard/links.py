# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Restored links to deployed files: taken off the list, and lost at the next deployment all the same."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import cleanup_file
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.manifest import Entry
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import dangling
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Dangling
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding


def findings(layout: agent.Layout, group: str, entries: t.Iterable[Entry]) -> t.List[Finding]:
    """A warning for each link whose target the agent's cleanup file lists."""
    links = [entry for entry in entries if entry.target is not None]
    if not links:
        return []
    content = cleanup_file.read(layout.cleanup(group)).content
    listed = {command.path for command in cleanup.removals(content)}
    taken = {entry.path for entry in links}
    found = []
    for entry in links:
        target = os.path.realpath(os.path.join(os.path.dirname(entry.path), entry.target or b""))
        if target in {os.path.realpath(path) for path in listed - taken}:
            found.append(Finding("dangling_links", "warn", dangling.sentence(Dangling(entry.path, target))))
    return found
