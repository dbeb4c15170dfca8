# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Everything codedeploy_content_info returns: read the disk, then judge it."""

from __future__ import annotations

import grp
import os
import pwd
import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation, of_agent
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, contents
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import dangling, install, instructions
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import leftovers, losses, reading, report
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey.reading import Group, Revision
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

Result = t.Dict[str, t.Any]


@dataclass(frozen=True)
class Target:
    """The bundle to be installed, and what its Install does."""

    shown: t.Optional[Result] = None
    predicted: t.Optional[Prediction] = None
    # Where all of it goes, and the directories named as destinations.
    destinations: t.FrozenSet[bytes] = frozenset()
    roots: t.FrozenSet[bytes] = frozenset()


@dataclass(frozen=True)
class Options:
    """What the user asked."""

    layout: agent.Layout
    version: t.Optional[agent.Version]
    deployment_group_id: t.Optional[str] = None
    bundle: t.Optional[bytes] = None
    deployment_id: t.Optional[str] = None
    # DISALLOW, OVERWRITE or RETAIN; empty for the default.
    file_exists_behavior: str = ""
    # The groups that the instance is in now; None if nobody has said.
    known: t.Optional[t.Collection[str]] = None
    limits: contents.Limits = field(default_factory=contents.Limits)
    most_listed: int = 200

    @property
    def generation(self) -> Generation:
        return of_agent(self.version)


class _Numbers(t.Mapping[str, int]):
    """The numbers of the users or groups that this machine knows, from any source."""

    def __init__(self, look_up: t.Callable[[str], int], names: t.Callable[[], t.Iterable[str]]) -> None:
        self._look_up = look_up
        self._names = names

    def __getitem__(self, name: str) -> int:
        return self._look_up(name)

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(list(self._names()))


_USERS: t.Final = _Numbers(lambda name: pwd.getpwnam(name).pw_uid, lambda: (user.pw_name for user in pwd.getpwall()))
_GROUPS: t.Final = _Numbers(lambda name: grp.getgrnam(name).gr_gid, lambda: (group.gr_name for group in grp.getgrall()))


def survey(options: Options, now: float) -> Result:
    """The result of the module. Raises :class:`state.Unclear`, :class:`contents.BadArchive` or
    :class:`PermissionError`.
    """
    layout = options.layout
    busy = agent.busy(reading.ongoing(layout), now)
    ids = agent.groups_of(
        [name for name in reading.names(layout.root) if os.path.isdir(os.path.join(layout.root, name))],
        reading.names(layout.instructions),
    )
    groups = {name: reading.group(layout, name, options.generation) for name in ids}
    chosen = state.choose_group(options.deployment_group_id, ids)
    findings = state.busy_findings(busy)
    foreign = state.foreign_groups(ids, options.known)
    result: Result = {
        "agent": _shown_agent(options, busy),
        "deployment_group_id": chosen,
        "groups": [_shown_group(layout, group) for group in groups.values()],
        "gone_groups": [_gone(groups[name], options.most_listed) for name in foreign],
    }
    if foreign:
        findings.append(
            Finding(
                "gone_groups",
                "info",
                f"The cleanup files of deployment groups that the instance is not in are here: {', '.join(foreign)}. "
                "Nothing removes what they list",
            )
        )
    if chosen is None:
        findings.append(
            Finding(
                "deployment_group", "info", f"There are several deployment groups: {', '.join(ids)}. Name one of them"
            )
        )
    else:
        group = groups.get(chosen) or reading.group(layout, chosen, options.generation)
        result.update(_Survey(options, group, groups, findings).result())
    result["findings"] = [finding.as_dict() for finding in findings]
    return result


def _shown_agent(options: Options, busy: agent.Busy) -> Result:
    return {
        "root": report.shown_path(options.layout.root),
        "version": ".".join(map(str, options.version)) if options.version else None,
        "busy": busy.busy,
        "ongoing": list(busy.deployments),
        "stale": list(busy.stale),
    }


def _shown_group(layout: agent.Layout, group: Group) -> Result:
    status = group.status
    return {
        "deployment_group_id": group.id,
        "cleanup_file": {
            "path": report.shown_path(layout.cleanup(group.id)),
            "state": state.cleanup_state(group.records, group.parsed),
            "lines": len(group.parsed.commands),
            "skipped_lines": len(group.parsed.skipped),
            "owner": status.st_uid if status else None,
            "group": status.st_gid if status else None,
            "mode": f"{status.st_mode & 0o7777:04o}" if status else None,
            "distrusted": group.distrusted,
        },
        "last_successful_install": report.shown_path(group.records.last_successful_install),
        "most_recent_install": report.shown_path(group.records.most_recent_install),
        "deployments": list(group.deployments),
    }


def _usable(path: bytes) -> bool:
    # A broken line may hold anything.
    return path.startswith(b"/") and b"\0" not in path


def _gone(group: Group, most: int) -> Result:
    disk = listing.Disk()
    owned = sorted(leftovers.listed(group.parsed))
    there = [paths.shown(path) for path in owned if _usable(path) and disk.entry(path) is not None]
    return {"deployment_group_id": group.id, "listed": len(owned), "still_there": report.cut(there, most)}


class _Survey:
    """The survey of one deployment group."""

    def __init__(
        self, options: Options, group: Group, groups: t.Mapping[str, Group], findings: t.List[Finding]
    ) -> None:
        self.options = options
        self.group = group
        self.findings = findings
        self.owned = leftovers.listed(group.parsed)
        self.others = leftovers.by_path({other.id: other.parsed for other in groups.values() if other.id != group.id})

    def result(self) -> Result:
        most, rust = self.options.most_listed, self.options.generation is Generation.RUST
        records = self.group.records
        is_state = state.cleanup_state(records, self.group.parsed)
        self.findings += state.cleanup_findings(is_state, self.group.distrusted, rust)
        stop = reading.application_stop(self.options.layout, records)
        self.findings += state.application_stop_findings(stop)

        target = self._target()
        predicted = target.predicted
        revisions = self._revisions()
        newest = self._newest(revisions)
        archived = {item.id: item.deployed(self.owned) for item in revisions}
        now = reading.entries({path for item in revisions for path in item.sources if path in self.owned})
        drifted = self._drift(archived.get(newest.id) if newest else None, now)
        kept = losses.as_deployed((item.digests for item in archived.values()), now)
        lost = losses.losses(predicted, kept) if predicted else {}
        found, walked = self._leftovers(newest, revisions, target)
        shared = self._shared(target)
        return {
            "bundle": target.shown,
            "prediction": report.predicted(predicted, most) if predicted else None,
            "lost": report.cut(({**paths.shown(path), "how": how} for path, how in lost.items()), most),
            "through_links": report.cut(report.through_links(predicted) if predicted else (), most),
            "odd_names": report.cut(report.odd(self._names(target)), most),
            "edited": report.cut(({**paths.shown(item.path), "change": item.change} for item in drifted), most),
            "leftovers": _shown_leftovers(found, walked, most),
            "shared_paths": report.cut(
                ({**paths.shown(path), "deployment_group_ids": list(ids)} for path, ids in shared.items()), most
            ),
            "application_stop": _shown_stop(stop),
        }

    def _newest(self, revisions: t.Iterable[Revision]) -> t.Optional[Revision]:
        """The deployment whose Install last succeeded."""
        last = os.fsdecode(paths.name(self.group.records.last_successful_install or b""))
        return next((item for item in revisions if item.id == last), None)

    def _names(self, target: Target) -> t.Set[bytes]:
        """Everything that is or will be listed."""
        return {*target.destinations, *(command.line for command in self.group.parsed.commands)}

    def _shared(self, target: Target) -> t.Mapping[bytes, t.Tuple[str, ...]]:
        found = leftovers.shared(self.owned, target.destinations, self.others)
        if found:
            message = f"{len(found)} paths are removed by other deployment groups, too"
            self.findings.append(Finding("shared_paths", "warn", message))
        return found

    def _target(self) -> Target:
        options, records = self.options, self.group.records
        choice = state.choose_bundle(
            options.layout,
            self.group.id,
            bundle=options.bundle,
            deployment=options.deployment_id,
            last_successful_install=records.last_successful_install,
        )
        if choice is None:
            self._refuse("bundle", "No Install has succeeded here yet. Give the bundle that is to be installed")
            return Target()
        try:
            bundle = reading.read_bundle(choice.path, options.limits)
            spec = appspec.parse(bundle.appspec)
        except FileNotFoundError as exc:
            if choice.source == "last_successful_install":
                self._refuse("bundle", f"The archive of the last successful Install is not there: {exc}")
                return Target()
            raise state.Unclear(f"{choice.source}: there is no such bundle: {exc}") from exc
        except appspec.Unreadable as exc:
            self._refuse("appspec", f"The AppSpec file of {paths.text(choice.path)} cannot be understood: {exc}")
            return Target({"path": paths.text(choice.path), "source": choice.source})
        try:
            predicted = self._predict(bundle, spec)
        except instructions.Unpredictable as exc:
            self._refuse("install", f"What Install does with {paths.text(choice.path)} cannot be predicted: {exc}")
            return Target({"path": paths.text(choice.path), "source": choice.source})
        if predicted.failure:
            self._refuse("install", f"Install will fail: {predicted.failure.message}")
        self.findings += [Finding("dangling_links", "warn", dangling.sentence(link)) for link in predicted.dangling]
        shown = self._shown_bundle(choice, bundle, spec)
        return Target(shown, predicted, frozenset(reading.destinations(bundle, spec)), reading.roots(bundle, spec))

    def _shown_bundle(self, choice: state.Choice, bundle: Bundle, spec: appspec.AppSpec) -> Result:
        files = [entry for entry in bundle.entries.values() if entry.kind == listing.FILE]
        size = sum(entry.size or 0 for entry in files)
        return {
            "path": paths.text(choice.path),
            "source": choice.source,
            "appspec": paths.text(bundle.appspec_name),
            "files": len(files),
            "size": size,
            "free_space": self._space(spec, size),
        }

    def _predict(self, bundle: Bundle, spec: appspec.AppSpec) -> Prediction:
        return install.predict(
            listing.Disk(),
            self.group.records.cleanup,
            bundle,
            spec,
            self.options.file_exists_behavior,
            generation=self.options.generation,
            trusted=not self.group.distrusted,
            owners=_USERS,
            groups=_GROUPS,
        )

    def _refuse(self, check: str, message: str) -> None:
        self.findings.append(Finding(check, "block", message))

    def _space(self, spec: appspec.AppSpec, size: int) -> t.List[Result]:
        """Free space where the bundle is unpacked and where its files go: once for each file system."""
        found: t.Dict[int, Result] = {}
        for path in [self.options.layout.root, *(mapping.destination for mapping in spec.files)]:
            there = reading.existing(paths.LINUX.expand(path))
            device, free = reading.free(there)
            if device not in found:
                found[device] = {"path": paths.text(there), "free": free}
                self.findings += state.space_finding(there, free, size)
        return list(found.values())

    def _revisions(self) -> t.List[Revision]:
        layout, last = self.options.layout, self.group.records.last_successful_install
        directories = [layout.deployment(self.group.id, name) for name in self.group.deployments]
        if last and last not in directories and state.inside(layout.group(self.group.id), last):
            directories.append(last)
        found = [reading.revision(directory) for directory in directories]
        return [item for item in found if item]

    def _drift(
        self, newest: t.Optional[leftovers.Deployed], now: t.Mapping[bytes, t.Optional[listing.Entry]]
    ) -> t.List[leftovers.Drift]:
        found = leftovers.drift(self.owned, newest, now) if newest else []
        edited = sum(item.change == leftovers.EDITED for item in found)
        if edited:
            self.findings.append(
                Finding(
                    "edited",
                    "warn",
                    f"{edited} deployed files were edited since. The next Install removes them, whatever the option",
                )
            )
        return found

    def _leftovers(
        self, newest: t.Optional[Revision], revisions: t.Sequence[Revision], target: Target
    ) -> t.Tuple[t.List[leftovers.Leftover], reading.Walked]:
        roots = target.roots.union(*(item.roots for item in revisions))
        walked = reading.walk(roots | self.owned, self.options.limits.entries, avoid=[self.options.layout.root])
        if walked.cut:
            self.findings.append(
                Finding("leftovers", "warn", "There is more below the destinations than max_files allows to look at")
            )
        strange = {item.path for item in walked.found} - self.owned
        known = leftovers.Known(
            cleanup=self.group.parsed,
            newest=newest.deployed(strange) if newest else None,
            earlier=tuple(item.deployed(strange) for item in revisions if item is not newest),
            others=self.others,
            places=frozenset(self._places(target.roots | (newest.roots if newest else frozenset()))),
        )
        wanted = strange & {path for item in revisions for path in item.sources}
        return leftovers.leftovers(reading.with_digests(walked.found, wanted), known), walked

    @staticmethod
    def _places(roots: t.Iterable[bytes]) -> t.Set[bytes]:
        found = set()
        for root in roots:
            while root not in found:
                found.add(root)
                root = paths.LINUX.parent(root)
        return found


def _shown_leftovers(found: t.Sequence[leftovers.Leftover], walked: reading.Walked, most: int) -> Result:
    return {
        **report.cut((report.leftover(item) for item in found), most),
        "origins": report.origins(found),
        "not_searched": [paths.text(path) for path in walked.not_searched],
        "incomplete": walked.cut,
    }


def _shown_stop(stop: state.ApplicationStop) -> Result:
    return {
        "deployment_directory": report.shown_path(stop.deployment),
        "archive_exists": stop.archive_exists,
        "scripts": [
            {
                "location": paths.text(script.location),
                "path": paths.text(script.path),
                "exists": script.exists,
                "executable": script.executable,
                "runas": script.runas,
                "timeout": script.timeout,
            }
            for script in stop.scripts
        ],
    }
