# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Copy files into a saved set. Files already in it are replaced only if asked: one may be the only good copy."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import mounts
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import attributes, manifest, store, walking
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.manifest import Attributes, Entry
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import Places
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.walking import Refused, shown
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN

SAVED: t.Final = "saved"
UNCHANGED: t.Final = "unchanged"
KEPT: t.Final = "kept"
REFUSED: t.Final = "refused"
# How often a file that changes while it is copied is copied again.
_TRIES: t.Final = 3


class Step(t.NamedTuple):
    """What happens to one path. A refused one has a reason."""

    path: bytes
    outcome: str
    size: int = 0
    reason: str = ""


class Saving(t.NamedTuple):
    """A plan: the steps in the order asked for, and what the set already holds."""

    steps: t.Tuple[Step, ...]
    entries: t.Mapping[bytes, Entry]
    finished: bool

    @property
    def wanted(self) -> t.List[bytes]:
        return [step.path for step in self.steps if step.outcome == SAVED]

    @property
    def changed(self) -> bool:
        """Whether anything is written. A set without a manifest gets one even if there is nothing to save."""
        return bool(self.wanted) or not (self.finished or any(step.outcome == REFUSED for step in self.steps))


def decide(entry: t.Optional[Entry], now: str, whole: bool, force: bool) -> str:
    """What happens to a path: ``now`` is its identity, ``whole`` whether its saved copy is undamaged."""
    if entry is not None and whole:
        if now in (attributes.ABSENT, attributes.identity_of(entry)):
            return UNCHANGED
        return SAVED if force else KEPT
    return SAVED


def plan(place: store.Place, paths: t.Sequence[bytes], places: Places, force: bool) -> Saving:
    """Look at every path before anything is written. A path that cannot be saved does not keep the others back.

    Raises :class:`Refused` if the set itself is not usable.
    """
    mounted = mounts.mounted_here()
    with store.reading(place) as held:
        entries, finished = read_entries(place, held)
        steps = []
        for path in dict.fromkeys(paths):
            try:
                step = _step(path, places, mounted, entries.get(path), held, force)
            except Refused as exc:
                step = Step(path, REFUSED, reason=str(exc))
            except OSError as exc:
                step = Step(path, REFUSED, reason=_text(path, exc))
            steps.append(step)
    return Saving(tuple(steps), entries, finished)


def _text(path: bytes, exc: OSError) -> str:
    help_out = ", so use become" if isinstance(exc, PermissionError) and os.geteuid() != 0 else ""
    return f"{shown(path)}: {exc.strerror}{help_out}"


def read_entries(place: store.Place, held: t.Optional[int]) -> t.Tuple[t.Dict[bytes, Entry], bool]:
    """A set's entries, and whether it is finished. Raises :class:`Refused` if its manifest is not usable."""
    content = None if held is None else store.get(held, store.MANIFEST)
    if content is None:
        return {}, False
    try:
        return manifest.loads(content), True
    except manifest.BadManifest as exc:
        raise Refused(f"the manifest in {shown(place.path)} is not usable: {exc}") from exc


def _step(
    path: bytes,
    places: Places,
    mounted: t.Collection[bytes],
    entry: t.Optional[Entry],
    held: t.Optional[int],
    force: bool,
) -> Step:
    walking.check_place(path, places)
    if path in mounted:
        raise Refused(f"{shown(path)} is a mount point")
    whole = entry is not None and (
        entry.target is not None or (held is not None and store.blob_is_whole(held, entry.sha256))
    )
    found = look(path)
    if found is None:
        if not whole:
            raise Refused(f"{shown(path)} does not exist, so there is nothing to save")
        return Step(path, UNCHANGED)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        raise Refused(f"{shown(path)} is {_kind(found)}; only regular files and symbolic links are saved, each by name")
    with walking.parent(path) as (above, name):
        # A file not yet in the set need not be read twice.
        now = attributes.identity(above, name) if whole else ""
        if stat.S_ISREG(found.st_mode):
            os.close(walking.open_file(above, name))
    return Step(path, decide(entry, now, whole, force), found.st_size)


def look(path: bytes) -> t.Optional[os.stat_result]:
    """What is at ``path``; None if there is nothing, or no directory for it. Raises :class:`Refused` for what is not
    saved.
    """
    try:
        with walking.parent(path) as (held, name):
            return walking.status(held, name)
    except FileNotFoundError:
        return None


def _kind(found: os.stat_result) -> str:
    return "a directory" if stat.S_ISDIR(found.st_mode) else "a device, socket or pipe"


def save(place: store.Place, saving: Saving) -> t.Tuple[Step, ...]:
    """Carry out a plan. Returns the steps, of which some may have been refused on the way.

    Copies that a killed run had finished are reused.

    Raises :class:`Refused` if nothing was saved.
    """
    with store.writing(place) as held:
        store.check_room(held, place.path, sum(step.size for step in saving.steps if step.outcome == SAVED))
        entries, _finished = read_entries(place, held)
        steps = []
        for step in saving.steps:
            if step.outcome == SAVED:
                try:
                    entries[step.path] = _copy(held, step.path)
                except Refused as exc:
                    step = Step(step.path, REFUSED, reason=str(exc))
                except OSError as exc:
                    # The disk of the store is not the fault of one file.
                    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                        raise
                    step = Step(step.path, REFUSED, reason=_text(step.path, exc))
            steps.append(step)
        if any(step.outcome != REFUSED for step in steps) or not steps:
            store.put(held, store.MANIFEST, manifest.dumps(entries))
    return tuple(steps)


def _copy(held: int, path: bytes) -> Entry:
    parents = _parents(path)
    with walking.parent(path) as (above, name):
        found = os.lstat(name, dir_fd=above)
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(name, dir_fd=above)
            return Entry(path, attributes.of_link(found), target=target, parents=parents)
        for _attempt in range(_TRIES):
            descriptor = walking.open_file(above, name)
            try:
                entry = _copy_file(held, path, descriptor, parents)
            finally:
                os.close(descriptor)
            if entry is not None:
                return entry
    raise Refused(f"{shown(path)} changed each time while it was copied; stop what writes to it, then {RUN_AGAIN}")


def _copy_file(
    held: int, path: bytes, source: int, parents: t.Tuple[t.Tuple[bytes, Attributes], ...]
) -> t.Optional[Entry]:
    """Copy a file. Returns None if it changed while it was copied."""
    before = os.fstat(source)
    found = attributes.take(source)
    digest, size = hashlib.sha256(), 0
    store.discard(held, store.PARTIAL)
    copy = store.create(held, store.PARTIAL)
    try:
        for piece in iter(lambda: os.read(source, attributes.PIECE), b""):
            digest.update(piece)
            size += len(piece)
            store.write_all(copy, piece)
        os.fsync(copy)
    finally:
        os.close(copy)
    after = os.fstat(source)
    if (before.st_size, before.st_mtime_ns, before.st_ctime_ns) != (
        after.st_size,
        after.st_mtime_ns,
        after.st_ctime_ns,
    ):
        return None
    sha256 = digest.hexdigest()
    os.rename(store.PARTIAL, sha256.encode("ascii"), src_dir_fd=held, dst_dir_fd=held)
    os.fsync(held)
    return Entry(path, found, size, sha256, parents=parents)


def _parents(path: bytes) -> t.Tuple[t.Tuple[bytes, Attributes], ...]:
    found = []
    above = os.path.dirname(path)
    while above != b"/":
        with walking.directory(above) as held:
            found.append((above, attributes.take(held)))
        above = os.path.dirname(above)
    return tuple(reversed(found))
