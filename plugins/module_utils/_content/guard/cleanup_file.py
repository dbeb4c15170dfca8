# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The cleanup file on disk: read it, and replace it while the agent is idle, so that the agent still trusts it.

Agent 2.x follows it only if it is a regular file of the agent's own user that neither group nor others may write
(cleanup_file_is_trusted in src/installer/core.rs), so owner, group and mode stay as they are.
"""

from __future__ import annotations

import os
import stat
import time
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import attributes, store, walking
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.walking import Refused, shown
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import reading
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN

TEMPORARY: t.Final = b".lastgood-new"
# How often the agent may write the file between our read and our replacement.
_TRIES: t.Final = 3


class Busy(Refused):
    """The agent runs a lifecycle event. When that has ended, the same may succeed."""


class Listed(t.NamedTuple):
    """A cleanup file as read. ``identity`` changes as soon as somebody writes or replaces the file."""

    content: bytes
    identity: t.Optional[t.Tuple[int, int, int]]


def check_idle(layout: agent.Layout) -> None:
    """Raises :class:`Busy` while the agent runs a lifecycle event."""
    found = agent.busy(reading.ongoing(layout), time.time())
    if found.busy:
        raise Busy(
            f"the agent is at work on {', '.join(found.deployments)} (a file in {shown(layout.ongoing)} says so); "
            f"wait until that deployment has ended, then {RUN_AGAIN}"
        )


def read(path: bytes) -> Listed:
    """The cleanup file now; empty if there is none."""
    try:
        with walking.parent(path) as (held, name):
            descriptor = walking.open_file(held, name)
            with os.fdopen(descriptor, "rb") as file:
                return Listed(file.read(), _identity(os.fstat(descriptor)))
    except FileNotFoundError:
        return Listed(b"", None)


def _identity(found: os.stat_result) -> t.Tuple[int, int, int]:
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def unlist(layout: agent.Layout, group: str, stays: t.Callable[[bytes], bool]) -> t.List[bytes]:
    """Remove the lines of what ``stays`` from the cleanup file. Returns their paths.

    The file is replaced only if it is still the one that was read and the agent is idle. Raises :class:`Refused`
    otherwise.
    """
    path = layout.cleanup(group)
    for _attempt in range(_TRIES):
        listed = read(path)
        content, taken = cleanup.without(listed.content, stays)
        if not taken:
            return []
        if _replace(layout, path, listed, content):
            return taken
    raise Refused(f"{shown(path)} was written each time while it was changed; {RUN_AGAIN} when the agent is idle")


def _replace(layout: agent.Layout, path: bytes, listed: Listed, content: bytes) -> bool:
    """Replace the file. Returns False, with nothing replaced, if somebody has written it in the meantime."""
    with walking.parent(path) as (held, name):
        store.discard(held, TEMPORARY)
        temporary = store.create(held, TEMPORARY)
        try:
            store.write_all(temporary, content)
            original = walking.open_file(held, name)
            try:
                attributes.give(temporary, attributes.take(original))
            finally:
                os.close(original)
            # Give it the present time: somebody may be looking for this change.
            os.utime(temporary)
            os.fsync(temporary)
            check_idle(layout)
            now = walking.status(held, name)
            if now is None or not stat.S_ISREG(now.st_mode) or _identity(now) != listed.identity:
                return False
            os.rename(TEMPORARY, name, src_dir_fd=held, dst_dir_fd=held)
            os.fsync(held)
            return True
        finally:
            os.close(temporary)
            store.discard(held, TEMPORARY)


def check_writable(layout: agent.Layout, group: str) -> None:
    """Raises :class:`Refused` if this user could not give the new cleanup file its present owner."""
    path = layout.cleanup(group)
    if os.geteuid() != 0 and (os.stat(path).st_uid != os.geteuid() or not os.access(layout.instructions, os.W_OK)):
        raise Refused(f"{shown(path)} belongs to the agent, and only root can replace it: use become")


def same_place(paths: t.Iterable[bytes]) -> t.Callable[[bytes], bool]:
    """Whether a line of a cleanup file leads to one of ``paths``, also through linked directories."""
    wanted = set(paths)
    places = {_place(path) for path in wanted} - {None}
    names = {os.path.basename(path) for path in wanted}

    def leads_there(line: bytes) -> bool:
        return line in wanted or (os.path.basename(line) in names and _place(line) in places)

    return leads_there


def _place(path: bytes) -> t.Optional[t.Tuple[int, int, bytes]]:
    above, name = os.path.split(path)
    try:
        found = os.stat(above)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino, name)


def other_groups(layout: agent.Layout, group: str, paths: t.Sequence[bytes]) -> t.Dict[bytes, t.List[str]]:
    """The other deployment groups that list one of ``paths``: their next deployment removes it."""
    found: t.Dict[bytes, t.List[str]] = {}
    try:
        names = os.listdir(layout.instructions)
    except FileNotFoundError:
        return found
    for other in agent.groups_of((), names):
        if other == group:
            continue
        listed = {command.path for command in cleanup.removals(read(layout.cleanup(other)).content)}
        for path in listed.intersection(paths):
            found.setdefault(path, []).append(other)
    return found
