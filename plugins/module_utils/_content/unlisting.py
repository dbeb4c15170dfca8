# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The cleanup file of the agent without the lines of files that are to stay. Pure: bytes in, bytes out."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.generation import Generation


def removals(content: bytes) -> t.List[cleanup.Command]:
    """What the agent would remove, whichever of its generations reads the file; a line may be there twice."""
    found: t.List[cleanup.Command] = []
    for generation in Generation:
        try:
            commands = cleanup.parse(content, generation).commands
        except UnicodeDecodeError:
            # Agent 2.x cannot read such a file at all.
            continue
        found += [command for command in commands if command.kind == cleanup.REMOVE]
    return found


def without(content: bytes, stays: t.Callable[[bytes], bool]) -> t.Tuple[bytes, t.List[bytes]]:
    """``content`` less the lines that remove what ``stays``, and the paths of these. All else is kept as it is."""
    taken = {command.number: command.path for command in removals(content) if stays(command.path)}
    kept = [line for number, line in enumerate(content.split(b"\n")) if number not in taken]
    return b"\n".join(kept), [taken[number] for number in sorted(taken)]
