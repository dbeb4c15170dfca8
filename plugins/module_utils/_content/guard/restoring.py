# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Put saved files back so that they stay: first the file, then remove its line from the agent's cleanup file.

Before the first write, a journal records what was at each place. The next run finishes the work of one that was killed:
it finds each file either as it was before, or as saved. Anything else was changed by somebody.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import (
    attributes,
    cleanup_file,
    manifest,
    saving,
    store,
    walking,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.manifest import Entry
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import Places
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.walking import Refused, shown

RESTORED: t.Final = "restored"
UNLISTED: t.Final = "unlisted"
UNCHANGED: t.Final = "unchanged"
_TEMPORARY: t.Final = b".lastgood-restore-"


class Interrupted(Exception):
    """The agent started, or somebody wrote, while we worked. The text says what was done and what was not."""


class Step(t.NamedTuple):
    """What happens to one saved file; ``now`` is the identity of what is at its place."""

    entry: Entry
    outcome: str
    now: str


class Restoring(t.NamedTuple):
    """A plan."""

    steps: t.Tuple[Step, ...]
    journal: t.Mapping[bytes, str]

    @property
    def wanted(self) -> t.List[Step]:
        return [step for step in self.steps if step.outcome == RESTORED]

    @property
    def changed(self) -> bool:
        return any(step.outcome != UNCHANGED for step in self.steps)


def decide(saved: str, now: str, before: t.Optional[str], listed: bool, force: bool) -> str:
    """What happens to a file. Raises :class:`Refused` if nothing may.

    ``saved`` and ``now`` are identities; ``before`` is the one in an earlier run's journal, if any. Without a journal,
    a file that differs may be replaced only if the agent put it there, which its cleanup file tells.
    """
    if now == saved:
        return UNLISTED if listed else UNCHANGED
    if force or now in (attributes.ABSENT, before):
        return RESTORED
    if before is not None:
        raise Refused("it has been changed since it was restored; force=true replaces it with the saved one")
    if not listed:
        raise Refused(
            "what is there now differs from the saved one and is not in the agent's cleanup file, so somebody else put "
            "it there; force=true replaces it with the saved one"
        )
    return RESTORED


def plan(place: store.Place, layout: agent.Layout, paths: t.Sequence[bytes], places: Places, force: bool) -> Restoring:
    """Look at everything before anything is written. Raises :class:`Refused` if a file cannot be restored."""
    with store.reading(place) as held:
        entries, finished = saving.read_entries(place, held)
        if held is None or not finished:
            raise Refused(f"there is no finished saved set in {shown(place.path)}")
        unknown = [path for path in paths if path not in entries]
        if unknown:
            raise Refused(f"{shown(unknown[0])} is not in the saved set {shown(place.path)}")
        before = _journal(place, held)
        wanted = [entries[path] for path in dict.fromkeys(paths)] if paths else sorted(entries.values())
        listed = _listed(layout, place)
        mounted = walking.mounted_here()
        steps = []
        for entry in wanted:
            leads_there = cleanup_file.same_place([entry.path])
            leads = any(map(leads_there, listed))
            step = _step(entry, places, mounted, before, leads, force)
            if step.outcome == RESTORED and entry.target is None and not store.blob_is_whole(held, entry.sha256):
                raise Refused(f"the saved copy of {shown(entry.path)} in {shown(place.path)} is missing or damaged")
            steps.append(step)
            if leads:
                cleanup_file.check_writable(layout, place.group.decode())
    return Restoring(tuple(steps), before)


def _journal(place: store.Place, held: int) -> t.Dict[bytes, str]:
    content = store.get(held, store.JOURNAL)
    if content is None:
        return {}
    try:
        return manifest.journal_loads(content)
    except manifest.BadManifest as exc:
        raise Refused(f"in {shown(place.path)}, {exc}") from exc


def _listed(layout: agent.Layout, place: store.Place) -> t.Set[bytes]:
    content = cleanup_file.read(layout.cleanup(place.group.decode())).content
    return {command.path for command in cleanup.removals(content)}


def _step(
    entry: Entry,
    places: Places,
    mounted: t.Collection[bytes],
    before: t.Mapping[bytes, str],
    listed: bool,
    force: bool,
) -> Step:
    walking.check_place(entry.path, places)
    if entry.path in mounted:
        raise Refused(f"{shown(entry.path)} is a mount point")
    now = _identity(entry.path)
    try:
        outcome = decide(attributes.identity_of(entry), now, before.get(entry.path), listed, force)
    except Refused as exc:
        raise Refused(f"{shown(entry.path)}: {exc}") from exc
    if outcome == RESTORED and os.geteuid() != 0:
        _check_allowed(entry)
    return Step(entry, outcome, now)


def _check_allowed(entry: Entry) -> None:
    """Raises :class:`Refused`, before the first write, for what only root can do."""
    above = _nearest(os.path.dirname(entry.path))
    owner, group = entry.attributes.uid, entry.attributes.gid
    if owner != os.geteuid() or group not in (os.getegid(), *os.getgroups()):
        raise Refused(
            f"{shown(entry.path)} belonged to the user id {owner} and the group id {group}, and only root can "
            "give it back to them: use become"
        )
    if not os.access(above, os.W_OK | os.X_OK):
        raise Refused(f"{shown(above)} may not be written by this user: use become")


def _identity(path: bytes) -> str:
    try:
        with walking.parent(path) as (held, name):
            return attributes.identity(held, name)
    except FileNotFoundError:
        return attributes.ABSENT


def restore(place: store.Place, layout: agent.Layout, restoring: Restoring) -> t.Tuple[t.List[bytes], t.List[str]]:
    """Carry out a plan. Returns the paths removed from the cleanup file, and notes.

    Raises :class:`Refused` if nothing was written, :class:`Interrupted` if something was.
    """
    notes: t.List[str] = []
    cleanup_file.check_idle(layout)
    with store.writing(place) as held:
        _check_room(restoring)
        journal = dict(restoring.journal)
        journal.update((step.entry.path, step.now) for step in restoring.wanted)
        if journal != restoring.journal:
            store.put(held, store.JOURNAL, manifest.journal_dumps(journal))
        done: t.List[bytes] = []
        try:
            for step in restoring.wanted:
                notes += _put_back(held, step)
                done.append(step.entry.path)
            paths = [step.entry.path for step in restoring.steps]
            taken = cleanup_file.unlist(layout, place.group.decode(), cleanup_file.same_place(paths))
        except Refused as exc:
            raise Interrupted(_interrupted(str(exc), done, "The cleanup file of the agent was not changed")) from exc
        except OSError as exc:
            text = f"{exc.strerror}: {shown(os.fsencode(exc.filename or b''))}"
            raise Interrupted(_interrupted(text, done, "The cleanup file of the agent was not changed")) from exc
        _check_afterwards(place, layout, restoring, done)
    return taken, notes


def _interrupted(reason: str, done: t.Sequence[bytes], listed: str) -> str:
    files = f"These were put back: {', '.join(map(shown, done))}" if done else "No file was put back"
    return f"{reason}. {files}. {listed}. Run this again: it continues where this stopped"


def _check_room(restoring: Restoring) -> None:
    wanted: t.Dict[int, int] = {}
    for step in restoring.wanted:
        above = _nearest(os.path.dirname(step.entry.path))
        with walking.directory(above) as held:
            device = os.fstat(held).st_dev
            wanted[device] = wanted.get(device, 0) + step.entry.size
            store.check_room(held, above, wanted[device])


def _nearest(path: bytes) -> bytes:
    while path != b"/" and not os.path.lexists(path):
        path = os.path.dirname(path)
    return path


def _put_back(held: int, step: Step) -> t.List[str]:
    entry = step.entry
    for path, found in entry.parents:
        _make_parent(path, found)
    with walking.parent(entry.path) as (above, name):
        temporary = _TEMPORARY + (entry.sha256 or "link").encode("ascii")[:16]
        store.discard(above, temporary)
        try:
            notes = _copy(held, above, temporary, entry)
            now = attributes.identity(above, name)
            if now != step.now:
                raise Refused(f"{shown(entry.path)} was changed by somebody else while it was restored")
            os.rename(temporary, name, src_dir_fd=above, dst_dir_fd=above)
            os.fsync(above)
        finally:
            store.discard(above, temporary)
    return notes


def _make_parent(path: bytes, found: manifest.Attributes) -> None:
    """Make a directory that appears under its name only once it has its owner and mode."""
    with walking.parent(path) as (above, name):
        if walking.status(above, name) is not None:
            return
        temporary = _TEMPORARY + b"directory"
        if walking.status(above, temporary) is not None:
            os.rmdir(temporary, dir_fd=above)
        os.mkdir(temporary, 0o700, dir_fd=above)
        made = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
        try:
            attributes.give(made, found)
        finally:
            os.close(made)
        os.rename(temporary, name, src_dir_fd=above, dst_dir_fd=above)
        os.fsync(above)


def _copy(held: int, above: int, temporary: bytes, entry: Entry) -> t.List[str]:
    found = entry.attributes
    if entry.target is not None:
        os.symlink(entry.target, temporary, dir_fd=above)
        os.chown(temporary, found.uid, found.gid, dir_fd=above, follow_symlinks=False)
        return []
    copy = store.create(above, temporary)
    try:
        blob = walking.open_file(held, entry.sha256.encode("ascii"))
        try:
            for piece in iter(lambda: os.read(blob, attributes.PIECE), b""):
                store.write_all(copy, piece)
        finally:
            os.close(blob)
        refused = attributes.give(copy, found)
        os.fsync(copy)
    finally:
        os.close(copy)
    return [f"{shown(entry.path)} could not be given the extended attribute {name}" for name in refused]


def _check_afterwards(place: store.Place, layout: agent.Layout, restoring: Restoring, done: t.Sequence[bytes]) -> None:
    """Raises :class:`Interrupted` if the agent started between the last check and the new cleanup file."""
    text = ""
    try:
        cleanup_file.check_idle(layout)
    except Refused as exc:
        text = str(exc)
    lost = [
        step.entry.path for step in restoring.steps if _identity(step.entry.path) != attributes.identity_of(step.entry)
    ]
    leads_there = cleanup_file.same_place([step.entry.path for step in restoring.steps])
    again = [path for path in _listed(layout, place) if leads_there(path)]
    if lost:
        text = text or f"{shown(lost[0])} was changed or removed while it was being restored"
    elif again:
        text = text or f"{shown(again[0])} was put on the agent's cleanup file while it was being restored"
    if text:
        raise Interrupted(_interrupted(text, done, "The agent and this module may both have written the cleanup file"))
