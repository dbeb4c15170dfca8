# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the agent has on this machine, and what is where it installs, read from the disk. Nothing here writes.

What may not be read raises :class:`PermissionError`: half an answer would be a wrong one.
"""

from __future__ import annotations

import os
import stat
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, cleanup, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, archives, contents
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import AppSpec
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import install, instructions
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import leftovers
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey.leftovers import Deployed, Found

# Places with many files that no deployment put there. Files installed directly into them are found all the same.
_NOT_SEARCHED: t.Final = frozenset(
    b"/ /bin /boot /dev /etc /home /lib /lib64 /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib "
    b"/usr/lib64 /usr/local /usr/local/bin /usr/local/lib /usr/sbin /usr/share /var /var/lib /var/log /var/tmp".split()
)


def content(path: bytes) -> t.Optional[bytes]:
    """A file's content; None if there is no such file."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def names(directory: bytes) -> t.List[bytes]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def mtime(path: bytes) -> t.Optional[float]:
    try:
        return os.stat(path).st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None


def ongoing(layout: agent.Layout) -> t.List[agent.Ongoing]:
    """What the agent is, or was, working on."""
    found = []
    for name in names(layout.ongoing):
        changed = mtime(os.path.join(layout.ongoing, name))
        if changed is not None:
            found.append(agent.Ongoing(os.fsdecode(name), changed))
    return found


@dataclass(frozen=True)
class Group:
    """A deployment group's records."""

    id: str
    records: state.Records
    parsed: cleanup.Cleanup
    # Why agent 2.x would not follow the cleanup file.
    distrusted: str
    # Of the cleanup file; None if there is none.
    status: t.Optional[os.stat_result]
    # The deployments that still have a directory, newest first.
    deployments: t.Tuple[str, ...]


def group(layout: agent.Layout, id: str, generation: Generation) -> Group:
    file = layout.cleanup(id)
    lines = content(file)
    status = os.lstat(file) if lines is not None else None
    distrusted = ""
    if status is not None:
        # 2.x compares it with the user it runs as, which is the owner of the root.
        distrusted = cleanup.distrusted(
            regular=stat.S_ISREG(status.st_mode),
            uid=status.st_uid,
            mode=stat.S_IMODE(status.st_mode),
            agent_uid=os.stat(layout.root).st_uid,
        )
    records = state.Records(
        cleanup=lines,
        last_successful_install=_path(content(layout.last_successful_install(id))),
        most_recent_install=_path(content(layout.most_recent_install(id))),
        instructions=os.path.exists(layout.install_json(id)),
    )
    parsed = cleanup.parse(lines or b"", generation)
    return Group(id, records, parsed, distrusted, status, tuple(_deployments(layout, id)))


def _path(written: t.Optional[bytes]) -> t.Optional[bytes]:
    return (written or b"").strip() or None


def _deployments(layout: agent.Layout, id: str) -> t.List[str]:
    found = []
    for name in names(layout.group(id)):
        directory = os.path.join(layout.group(id), name)
        if agent.is_id(os.fsdecode(name)) and os.path.isdir(directory):
            found.append((-(mtime(directory) or 0.0), os.fsdecode(name)))
    return [name for _changed, name in sorted(found)]


def read_bundle(path: bytes, limits: contents.Limits) -> Bundle:
    """A bundle, unpacked in a directory or in an archive."""
    return archives.read_unpacked(path) if os.path.isdir(path) else archives.read(path, limits)


@dataclass(frozen=True)
class Revision:
    """A deployment whose archive still exists, and what it puts where."""

    id: str
    archive: bytes
    spec: AppSpec
    # By destination: the path in the bundle, and its kind.
    sources: t.Mapping[bytes, t.Tuple[bytes, str]]
    roots: t.FrozenSet[bytes]
    began: t.Optional[float]
    ended: t.Optional[float]

    def deployed(self, wanted: t.Container[bytes]) -> Deployed:
        """The deployment with the SHA-256 of the wanted files; the others are just known to be files."""
        digests: t.Dict[bytes, t.Optional[str]] = {}
        disk = listing.Disk()
        for destination, (source, kind) in self.sources.items():
            if kind == listing.DIRECTORY:
                digests[destination] = None
            else:
                path = os.path.join(self.archive, source)
                digests[destination] = (_mark(path, disk.entry(path)) or "") if destination in wanted else ""
        return Deployed(self.id, digests, self.began, self.ended)


def _mark(path: bytes, entry: t.Optional[listing.Entry]) -> t.Optional[str]:
    """A file's SHA-256, a link's mark, or None for the rest: devices and pipes never end."""
    if entry is None or entry.kind not in (listing.FILE, listing.LINK):
        return None
    if entry.kind == listing.LINK:
        return leftovers.link_mark(entry.target or b"")
    try:
        return listing.digest(path)
    except FileNotFoundError:
        return None


def destinations(found: Bundle, spec: AppSpec) -> t.Dict[bytes, t.Tuple[bytes, str]]:
    """Where a bundle's entries go on an empty machine: by destination, the path in the bundle and its kind."""
    tree = Tree(listing.Listing({}), paths.LINUX)
    install.unpack(tree, found)
    made = instructions.Instructions(tree, found, "OVERWRITE")
    made.make(spec)
    result = {}
    for instruction in made.all:
        if instruction.kind == instructions.MKDIR:
            result[instruction.path] = (b"", listing.DIRECTORY)
        elif instruction.kind == instructions.COPY:
            within = made.within(instruction.source)
            entry = found.entries.get(within)
            result[instruction.path] = (within, entry.kind if entry else listing.FILE)
    return result


def roots(found: Bundle, spec: AppSpec) -> t.FrozenSet[bytes]:
    """The directories into which whole directories of a bundle are installed."""
    named = set()
    for mapping in spec.files:
        source = paths.SLASH.join(part for part in mapping.source.split(paths.SLASH) if part not in (b"", b"."))
        entry = found.entries.get(source)
        if not source or (entry is not None and entry.kind == listing.DIRECTORY):
            named.add(paths.LINUX.expand(mapping.destination))
    return frozenset(named)


def revision(directory: bytes) -> t.Optional[Revision]:
    """What is left of a deployment; None if its archive is gone or cannot be understood."""
    archive = agent.Layout.archive(directory)
    try:
        found = archives.read_unpacked(archive)
        spec = appspec.parse(found.appspec)
        sources = destinations(found, spec)
    except (appspec.Unreadable, contents.BadArchive, instructions.Unpredictable, FileNotFoundError, NotADirectoryError):
        return None
    return Revision(
        id=os.fsdecode(paths.name(directory)),
        archive=archive,
        spec=spec,
        sources=sources,
        roots=roots(found, spec),
        began=mtime(os.path.join(directory, b"bundle.tar")),
        ended=mtime(agent.Layout.script_log(directory)),
    )


def application_stop(layout: agent.Layout, records: state.Records) -> state.ApplicationStop:
    """What the next deployment runs first."""
    directory = records.last_successful_install
    if directory is None:
        return state.ApplicationStop(None, False)
    archive = layout.archive(directory)
    if not os.path.isdir(archive):
        return state.ApplicationStop(directory, False)
    try:
        spec = appspec.parse(archives.read_unpacked(archive).appspec)
    except (appspec.Unreadable, contents.BadArchive, FileNotFoundError) as exc:
        return state.ApplicationStop(directory, True, unreadable=str(exc))
    scripts = []
    for hook in spec.hooks.get("ApplicationStop", ()):
        # Ruby's File.join: a leading slash does not lead elsewhere.
        path = os.path.join(archive, hook.location.lstrip(paths.SLASH))
        scripts.append(
            state.Script(
                location=hook.location,
                path=path,
                exists=os.path.isfile(path),
                # Check the file's own bits: root may execute what nobody may.
                executable=os.path.isfile(path) and bool(os.stat(path).st_mode & 0o111),
                runas=hook.runas,
                timeout=hook.timeout,
            )
        )
    return state.ApplicationStop(directory, True, tuple(scripts))


@dataclass(frozen=True)
class Walked:
    """What is below some directories."""

    found: t.Tuple[Found, ...]
    not_searched: t.Tuple[bytes, ...]
    # Whether there was more than could be looked at.
    cut: bool


def walk(roots: t.Iterable[bytes], most: int, avoid: t.Iterable[bytes] = ()) -> Walked:
    """The roots and everything below, without following links, mounts below, or ``avoid``."""
    disk = listing.Disk()
    left = set(avoid)
    found: t.Dict[bytes, Found] = {}
    not_searched = []
    waiting = []
    for root in sorted(set(roots)):
        entry = disk.entry(root)
        if root in _NOT_SEARCHED or root in left:
            not_searched.append(root)
        elif entry is not None and entry.kind == listing.DIRECTORY:
            found[root] = Found(root, entry, os.lstat(root).st_mtime)
            waiting.append(root)
    seen = set(waiting)
    while waiting:
        directory = waiting.pop()
        for name in names(directory):
            path = paths.join(directory, name)
            entry = disk.entry(path)
            if entry is None or path in found:
                continue
            if len(found) >= most:
                return Walked(tuple(found.values()), tuple(not_searched), True)
            found[path] = Found(path, entry, os.lstat(path).st_mtime)
            if entry.kind != listing.DIRECTORY or path in seen:
                continue
            if entry.mounted or path in left:
                not_searched.append(path)
            else:
                seen.add(path)
                waiting.append(path)
    return Walked(tuple(found.values()), tuple(not_searched), False)


def with_digests(found: t.Iterable[Found], wanted: t.Container[bytes]) -> t.List[Found]:
    """The same with the SHA-256 of the wanted files."""
    return [
        replace(item, entry=replace(item.entry, digest=_mark(item.path, item.entry))) if item.path in wanted else item
        for item in found
    ]


def entries(wanted: t.Iterable[bytes]) -> t.Dict[bytes, t.Optional[listing.Entry]]:
    """What is at these paths, with the SHA-256 of files."""
    disk = listing.Disk()
    found = {}
    for path in wanted:
        entry = disk.entry(path)
        found[path] = entry and replace(entry, digest=_mark(path, entry))
    return found


def existing(path: bytes) -> bytes:
    """The path, or the nearest existing directory above it."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def free(path: bytes) -> t.Tuple[int, int]:
    """The file system of a path, and its free space in bytes."""
    status = os.statvfs(path)
    return os.stat(path).st_dev, status.f_bavail * status.f_frsize
