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

from ansible_collections.lastgood.aws.plugins.module_utils._content import mounts
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
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import AGAIN

RESTORED: t.Final = "restored"
UNLISTED: t.Final = "unlisted"
UNCHANGED: t.Final = "unchanged"
REFUSED: t.Final = "refused"
# Why a file that differs from its copy is left alone.
CHANGED_SINCE: t.Final = "changed_since"
DEPLOYED_SINCE: t.Final = "deployed_since"
NOT_LISTED: t.Final = "not_listed"
_TEMPORARY: t.Final = b".lastgood-restore-"


class Interrupted(Exception):
    """The agent started, or somebody wrote, while we worked. The text says what was done and what was not."""


class Step(t.NamedTuple):
    """What happens to one saved file; ``now`` is the identity of what is at its place. A refused one has a reason."""

    entry: Entry
    outcome: str
    now: str = ""
    reason: str = ""


class Restoring(t.NamedTuple):
    """A plan."""

    steps: t.Tuple[Step, ...]
    journal: t.Mapping[bytes, str]

    @property
    def wanted(self) -> t.List[Step]:
        return [step for step in self.steps if step.outcome == RESTORED]

    @property
    def changed(self) -> bool:
        return any(step.outcome in (RESTORED, UNLISTED) for step in self.steps)


class Restored(t.NamedTuple):
    """What was done. Some steps may have been refused on the way; ``unlisted`` was taken off the cleanup file."""

    steps: t.Tuple[Step, ...]
    unlisted: t.List[bytes]
    notes: t.List[str]


def decide(saved: str, now: str, before: t.Optional[str], listed: bool, force: bool) -> str:
    """What happens to a file: :data:`RESTORED`, :data:`UNLISTED`, :data:`UNCHANGED`, or why it is left alone.

    ``saved`` and ``now`` are identities; ``before`` is the one in an earlier run's journal, if any. Without a journal,
    a file that differs may be replaced only if the agent put it there, which its cleanup file tells.
    """
    if now == saved:
        return UNLISTED if listed else UNCHANGED
    if force or now in (attributes.ABSENT, before):
        return RESTORED
    if before is not None:
        return DEPLOYED_SINCE if listed else CHANGED_SINCE
    return RESTORED if listed else NOT_LISTED


def why_not(path: bytes, decision: str, whose: t.Callable[[bytes], str]) -> str:
    """The reason for leaving ``path`` alone. ``whose`` tells what is known of who wrote an unlisted file."""
    if decision == NOT_LISTED:
        text = f"is not as it was saved, and is not in the agent's cleanup file: {whose(path)}"
    elif decision == DEPLOYED_SINCE:
        text = "was restored, and a later deployment has installed another one"
    else:
        text = "has been changed since it was restored"
    return f"{shown(path)} {text}. force=true replaces it with the saved one"


def plan(
    place: store.Place,
    layout: agent.Layout,
    paths: t.Sequence[bytes],
    places: Places,
    force: bool,
    whose: t.Callable[[bytes], str],
) -> Restoring:
    """Look at everything before anything is written. A file that cannot be restored does not keep the others back.

    Raises :class:`Refused` if there is nothing to restore from, or the cleanup file may not be replaced.
    """
    with store.reading(place) as held:
        entries, finished = saving.read_entries(place, held)
        if held is None or not finished:
            raise Refused(f"there is no finished saved set in {shown(place.path)}")
        unknown = [path for path in paths if path not in entries]
        if unknown:
            raise Refused(f"{shown(unknown[0])} is not in the saved set {shown(place.path)}")
        looking = _Looking(place, held, layout, places, force, whose)
        wanted = [entries[path] for path in dict.fromkeys(paths)] if paths else sorted(entries.values())
        return Restoring(tuple(map(looking.step, wanted)), looking.before)


class _Looking:
    """Looks at one file after the other."""

    def __init__(
        self,
        place: store.Place,
        held: int,
        layout: agent.Layout,
        places: Places,
        force: bool,
        whose: t.Callable[[bytes], str],
    ) -> None:
        self._place = place
        self._held = held
        self._layout = layout
        self._places = places
        self._force = force
        self._whose = whose
        self._mounted = mounts.mounted_here()
        self._listed = _listed(layout, place)
        self._lines = _lines(layout, place)
        self.before = _journal(place, held)

    def step(self, entry: Entry) -> Step:
        """What happens to a file. Raises :class:`Refused` for what is wrong with the cleanup file."""
        leads_there = cleanup_file.same_place([entry.path])
        leads = any(map(leads_there, self._listed))
        try:
            step = self._step(entry, leads)
        except Refused as exc:
            return Step(entry, REFUSED, reason=str(exc))
        except OSError as exc:
            return Step(entry, REFUSED, reason=f"{shown(entry.path)}: {exc.strerror}")
        if leads:
            cleanup_file.check_writable(self._layout, self._place.group.decode())
        return step

    def _step(self, entry: Entry, leads: bool) -> Step:
        walking.check_place(entry.path, self._places)
        if entry.path in self._mounted:
            raise Refused(f"{shown(entry.path)} is a mount point")
        now = _identity(entry.path)
        # A line that the agent itself misreads, because the name ends in a blank, still says that the agent wrote it.
        listed = leads or (entry.path in self._lines and now != attributes.identity_of(entry))
        outcome = decide(attributes.identity_of(entry), now, self.before.get(entry.path), listed, self._force)
        if outcome not in (RESTORED, UNLISTED, UNCHANGED):
            raise Refused(why_not(entry.path, outcome, self._whose))
        if outcome == RESTORED:
            if os.geteuid() != 0:
                _check_allowed(entry)
            if entry.target is None and not store.blob_is_whole(self._held, entry.sha256):
                raise Refused(
                    f"the saved copy of {shown(entry.path)} in {shown(self._place.path)} is missing or damaged"
                )
        return Step(entry, outcome, now)


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


def _lines(layout: agent.Layout, place: store.Place) -> t.Set[bytes]:
    """The cleanup file as written, not as the agent reads it."""
    return set(cleanup_file.read(layout.cleanup(place.group.decode())).content.split(b"\n"))


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
    except Refused as exc:
        # The error names the file itself by its name in the directory.
        last, reason = shown(os.path.basename(path)), str(exc)
        raise Refused(f"{shown(path)}{reason[len(last) :]}" if reason.startswith(f"{last} ") else reason) from exc


def restore(place: store.Place, layout: agent.Layout, restoring: Restoring) -> Restored:
    """Carry out a plan. A file that fails does not keep the others back: it becomes a refused step.

    Raises :class:`Refused` if nothing was written, :class:`Interrupted` if something was and the agent began.
    """
    cleanup_file.check_idle(layout)
    with store.writing(place) as held:
        fits = _refused(restoring.steps, _without_room(restoring))
        wanted = [step for step in fits if step.outcome == RESTORED]
        journal = dict(restoring.journal)
        journal.update((step.entry.path, step.now) for step in wanted)
        if journal != restoring.journal:
            store.put(held, store.JOURNAL, manifest.journal_dumps(journal))
        notes, failed = _put_all_back(held, wanted)
        steps = _refused(fits, failed)
        done = [step.entry.path for step in steps if step.outcome == RESTORED]
        in_place = [step.entry for step in steps if step.outcome != REFUSED]
        try:
            leads_there = cleanup_file.same_place([entry.path for entry in in_place])
            taken = cleanup_file.unlist(layout, place.group.decode(), leads_there)
        except Refused as exc:
            raise Interrupted(_interrupted(str(exc), done, "The cleanup file of the agent was not changed")) from exc
        except OSError as exc:
            text = f"{exc.strerror}: {shown(os.fsencode(exc.filename or b''))}"
            raise Interrupted(_interrupted(text, done, "The cleanup file of the agent was not changed")) from exc
        _check_afterwards(place, layout, in_place, done)
    return Restored(steps, taken, notes)


def _put_all_back(held: int, wanted: t.Sequence[Step]) -> t.Tuple[t.List[str], t.Dict[bytes, str]]:
    """Put the files back, one after the other. Returns notes, and the reasons for those that failed."""
    notes: t.List[str] = []
    failed: t.Dict[bytes, str] = {}
    for step in wanted:
        try:
            notes += _put_back(held, step)
        except Refused as exc:
            failed[step.entry.path] = str(exc)
        except OSError as exc:
            failed[step.entry.path] = f"{shown(step.entry.path)}: {exc.strerror}"
    return notes, failed


def _refused(steps: t.Iterable[Step], reasons: t.Mapping[bytes, str]) -> t.Tuple[Step, ...]:
    """The steps, with those that have a reason refused."""
    return tuple(
        Step(step.entry, REFUSED, step.now, reasons[step.entry.path]) if step.entry.path in reasons else step
        for step in steps
    )


def _interrupted(reason: str, done: t.Sequence[bytes], listed: str) -> str:
    files = f"These were put back: {', '.join(map(shown, done))}" if done else "No file was put back"
    return f"{reason}. {files}. {listed}. {AGAIN}: it continues where this stopped"


def _without_room(restoring: Restoring) -> t.Dict[bytes, str]:
    """The files for which there is no room, and the reasons."""
    wanted: t.Dict[int, int] = {}
    reasons: t.Dict[bytes, str] = {}
    for step in restoring.wanted:
        above = _nearest(os.path.dirname(step.entry.path))
        try:
            with walking.directory(above) as held:
                device = os.fstat(held).st_dev
                store.check_room(held, above, wanted.get(device, 0) + step.entry.size)
                wanted[device] = wanted.get(device, 0) + step.entry.size
        except Refused as exc:
            reasons[step.entry.path] = f"{shown(step.entry.path)}: {exc}"
        except OSError as exc:
            reasons[step.entry.path] = f"{shown(step.entry.path)}: {exc.strerror}"
    return reasons


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


def _check_afterwards(
    place: store.Place, layout: agent.Layout, in_place: t.Sequence[Entry], done: t.Sequence[bytes]
) -> None:
    """Raises :class:`Interrupted` if the agent started between the last check and the new cleanup file."""
    text = ""
    try:
        cleanup_file.check_idle(layout)
    except Refused as exc:
        text = str(exc)
    lost = [entry.path for entry in in_place if _identity(entry.path) != attributes.identity_of(entry)]
    leads_there = cleanup_file.same_place([entry.path for entry in in_place])
    again = [path for path in _listed(layout, place) if leads_there(path)]
    if lost:
        text = text or f"{shown(lost[0])} was changed or removed while it was being restored"
    elif again:
        text = text or f"{shown(again[0])} was put on the agent's cleanup file while it was being restored"
    if text:
        raise Interrupted(_interrupted(text, done, "The agent and this module may both have written the cleanup file"))
