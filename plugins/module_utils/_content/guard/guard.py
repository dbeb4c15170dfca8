# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What codedeploy_content_guard does, from its options to its result."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation, of_version
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, contents
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import (
    cleanup_file,
    links,
    restoring,
    saving,
    store,
    walking,
    whose,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import (
    Places,
    denied,
    in_root,
    reserved,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.walking import Refused, shown
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import install, instructions
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import leftovers, losses, reading
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

# Some files were done and some refused; all of them were refused. Both fail the module.
INCOMPLETE: t.Final = "incomplete"
REFUSED: t.Final = "refused"
PUT_BACK: t.Final = "put back"
# How many refused files a message explains.
_EXPLAINED: t.Final = 5
# The errors whose messages already say what to give instead.
NOT_UNDERSTOOD: t.Final = (
    *(agent.AgentUnknown, state.Unclear, contents.BadArchive, appspec.Unreadable),
    instructions.Unpredictable,
)


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    place: store.Place
    layout: agent.Layout
    generation: Generation = Generation.RUBY
    paths: t.Tuple[bytes, ...] = ()
    bundle: t.Optional[bytes] = None
    deployment_id: t.Optional[str] = None
    file_exists_behavior: str = ""
    force: bool = False
    check_mode: bool = False
    # Directories of the system whose files may be saved and restored all the same.
    allow_paths: t.Tuple[bytes, ...] = ()

    @property
    def places(self) -> Places:
        """Where files may be saved and restored."""
        return Places((self.layout.root, self.place.store), self.allow_paths)


@dataclass
class Result:
    """What is returned: only paths, never a file's content or digest. ``reason`` explains what was refused, if any."""

    outcome: str
    changed: bool
    reason: str
    files: t.List[t.Dict[str, t.Any]] = field(default_factory=list)
    unlisted: t.List[bytes] = field(default_factory=list)
    findings: t.List[Finding] = field(default_factory=list)
    # Whether there was no such saved set before.
    new: bool = False
    before: t.List[bytes] = field(default_factory=list)
    after: t.List[bytes] = field(default_factory=list)

    def as_dict(self) -> t.Dict[str, t.Any]:
        return {
            "outcome": self.outcome,
            "changed": self.changed,
            "reason": self.reason,
            "files": self.files,
            "unlisted": [paths.shown(path) for path in self.unlisted],
            "findings": [finding.as_dict() for finding in self.findings],
            "new_set": self.new,
        }

    @property
    def failed(self) -> bool:
        return self.outcome in (INCOMPLETE, REFUSED)

    @property
    def diff(self) -> t.Dict[str, str]:
        return {"before": _lines(self.before), "after": _lines(self.after)}


def _lines(found: t.Iterable[bytes]) -> str:
    return "".join(shown(path) + "\n" for path in found)


class _Step(t.Protocol):
    """A step of saving or restoring."""

    @property
    def outcome(self) -> str:
        """How it ended, in a word."""

    @property
    def reason(self) -> str:
        """Why it ended like that."""


def not_done(steps: t.Sequence[_Step], verb: str, others: str, set_: bytes) -> str:
    """Which files were refused and why, what was done with the others, and where the copies are. Empty if none."""
    refused = [step for step in steps if step.outcome == REFUSED]
    if not refused:
        return ""
    more = len(refused) - _EXPLAINED
    all_refused = len(refused) == len(steps)
    parts = [
        *([f"{len(refused)} of {len(steps)} files cannot be {verb}"] if len(steps) > 1 else []),
        *(step.reason for step in refused[:_EXPLAINED]),
        *([f"For {more} more see files in the result"] if more > 0 else []),
        "No file of the instance was changed" if all_refused else others,
        *([f"The copies are kept in {shown(set_)}"] if verb == PUT_BACK or not all_refused else []),
    ]
    return ". ".join(parts)


def _ended(steps: t.Sequence[_Step], changed: bool, check_mode: bool, word: str) -> str:
    """The outcome."""
    if any(step.outcome == REFUSED for step in steps):
        return INCOMPLETE if changed else REFUSED
    return "unchanged" if not changed else "planned" if check_mode else word


def _shown_step(path: bytes, step: _Step) -> t.Dict[str, t.Any]:
    reason = {"reason": step.reason} if step.reason else {}
    return {**paths.shown(path), "outcome": step.outcome, **reason}


def check(options: Options) -> None:
    """Raises :class:`Refused` for names that are not names, before anything is read."""
    group, run = options.place.group.decode("utf-8", "replace"), options.place.run.decode("utf-8", "replace")
    if not agent.is_id(group):
        raise Refused(f"deployment_group_id: {group!r} is not the id of a deployment group")
    if not agent.is_id(run):
        raise Refused(
            f"run: {run!r} is not a valid name. Use letters, digits, '.', '_' and '-', beginning with a letter or digit"
        )
    store = options.place.store
    walking.check_form(store)
    reason = in_root(store) or reserved(store, Places((options.layout.root,))) or denied(store)
    if reason:
        raise Refused(f"store: {shown(store)} {reason}. Give another directory")
    for directory in options.allow_paths:
        _check_allowed(directory, options.places)


def _check_allowed(directory: bytes, places: Places) -> None:
    """Raises :class:`Refused` for a directory that ``allow_paths`` cannot open."""
    try:
        walking.check_form(directory)
    except Refused as exc:
        raise Refused(f"allow_paths: {exc}") from exc
    reason = reserved(directory, places)
    if reason:
        raise Refused(f"allow_paths: {shown(directory)} {reason}")


def save(options: Options) -> Result:
    """Copy what would be lost, or what is named."""
    findings: t.List[Finding] = []
    if options.paths:
        lost = dict.fromkeys(options.paths, "named")
    else:
        lost = foresee(options, findings)
    plan = saving.plan(options.place, list(lost), options.places, options.force)
    steps = saving.save(options.place, plan) if plan.changed and not options.check_mode else plan.steps
    findings += _kept(steps)
    wanted = [step.path for step in steps if step.outcome == saving.SAVED]
    changed = bool(wanted) or (plan.changed and not steps)
    others = "The others would be saved" if options.check_mode else "The others are saved"
    return Result(
        _ended(steps, changed, options.check_mode, "saved"),
        changed,
        not_done(steps, "saved", others, options.place.path)
        or (
            f"to save: {len(wanted)}, in the set already: {len(steps) - len(wanted)}"
            if steps
            else "nothing would be lost"
        ),
        files=[{**_shown_step(step.path, step), "how": lost[step.path]} for step in steps],
        findings=findings,
        new=changed and not plan.finished,
        before=sorted(plan.entries),
        after=sorted({*plan.entries, *wanted}),
    )


def _kept(steps: t.Sequence[saving.Step]) -> t.List[Finding]:
    kept = [step.path for step in steps if step.outcome == saving.KEPT]
    if not kept:
        return []
    text = (
        f"{shown(kept[0])} differs from the copy in the saved set, which was kept ({len(kept)} such files). "
        "Another run saves it beside; force=true replaces the copy"
    )
    return [Finding("kept", "warn", text)]


def check_known(options: Options) -> None:
    """Raises :class:`Refused` for a group that the agent has never served: its list would not be where we look."""
    layout, group = options.layout, options.place.group.decode()
    known = agent.groups_of(reading.names(layout.root), reading.names(layout.instructions))
    if group not in known:
        raise Refused(
            f"the agent has no deployment group {group} in {shown(layout.root)}; it has {', '.join(known) or 'none'}. "
            "Give the id of the group, not its name, and agent_root if the agent's files are elsewhere"
        )


def foresee(options: Options, findings: t.List[Finding]) -> t.Dict[bytes, str]:
    """What the target's Install removes or overwrites, and how. Raises :class:`Refused`."""
    check_known(options)
    layout, group = options.layout, options.place.group.decode()
    found = reading.group(layout, group, options.generation)
    choice = state.choose_bundle(
        layout, group, bundle=options.bundle, deployment=options.deployment_id, last_successful_install=None
    )
    if choice is None:
        raise Refused("give bundle, deployment_id or paths to say what to save")
    try:
        bundle = reading.read_bundle(choice.path, contents.Limits())
    except FileNotFoundError as exc:
        raise Refused(f"{choice.source}: there is no bundle in {shown(choice.path)}") from exc
    predicted = install.predict(
        listing.Disk(),
        found.records.cleanup,
        bundle,
        appspec.parse(bundle.appspec),
        options.file_exists_behavior,
        generation=options.generation,
        trusted=not found.distrusted,
    )
    if predicted.failure:
        findings.append(Finding("install", "warn", f"Install will fail: {predicted.failure.message}"))
    return losses.losses(predicted, _as_deployed(layout, found))


def _as_deployed(layout: agent.Layout, found: reading.Group) -> t.Set[bytes]:
    """The newest deployments' files that nobody has changed."""
    owned = leftovers.listed(found.parsed)
    records = found.records
    archived = []
    for directory in {records.last_successful_install, records.most_recent_install} - {None}:
        if directory and state.inside(layout.group(found.id), directory):
            revision = reading.revision(directory)
            if revision:
                archived.append(revision.deployed(owned).digests)
    return losses.as_deployed(archived, reading.entries(owned))


def restore(options: Options) -> Result:
    """Put back what was saved, and remove it from the agent's list. Raises :class:`Refused`."""
    check_known(options)
    group = options.place.group.decode()
    evidence = whose.Evidence(options.layout, group, options.generation)
    plan = restoring.plan(
        options.place, options.layout, options.paths, options.places, options.force, whose=evidence.of
    )
    cleanup_file.check_idle(options.layout)
    done = restoring.Restored(plan.steps, [], [])
    if plan.changed and not options.check_mode:
        done = restoring.restore(options.place, options.layout, plan)
    findings = [Finding("attributes", "warn", note) for note in done.notes]
    findings += _shared_paths(options, [step.entry.path for step in done.steps])
    findings += links.findings(options.layout, group, [step.entry for step in done.steps])
    changed = [step for step in done.steps if step.outcome in (restoring.RESTORED, restoring.UNLISTED)]
    copied = [step for step in changed if step.outcome == restoring.RESTORED]
    others = "The others would be put back" if options.check_mode else "The others are in place"
    return Result(
        _ended(done.steps, bool(changed), options.check_mode, "restored"),
        bool(changed),
        not_done(done.steps, PUT_BACK, others, options.place.path)
        or f"to put back: {len(copied)}, only to remove from the cleanup file: {len(changed) - len(copied)}, "
        f"in place: {len(done.steps) - len(changed)}",
        files=[_shown_step(step.entry.path, step) for step in done.steps],
        unlisted=done.unlisted,
        findings=findings,
        before=[step.entry.path + b": not as saved, or on the cleanup file" for step in changed],
        after=[step.entry.path + b": as saved, not on the cleanup file" for step in changed],
    )


def _shared_paths(options: Options, wanted: t.Sequence[bytes]) -> t.List[Finding]:
    others = cleanup_file.other_groups(options.layout, options.place.group.decode(), wanted)
    return [
        Finding(
            "shared_paths",
            "warn",
            f"{shown(path)} is also in the cleanup files of {', '.join(groups)}: a deployment there removes it",
        )
        for path, groups in sorted(others.items())
    ]


def remove(options: Options) -> Result:
    """Delete a saved set, finished or not. Raises :class:`Refused`."""
    with store.reading(options.place) as held:
        if held is None:
            return Result("unchanged", False, "there is no such saved set")
        entries = sorted(saving.read_entries(options.place, held)[0])
        strange = store.strange(held)
    if strange:
        raise Refused(store.not_removed(options.place, strange))
    if not options.check_mode:
        store.remove(options.place)
    return Result(
        "planned" if options.check_mode else "removed",
        True,
        f"saved copies: {len(entries)}",
        before=entries,
    )


def layout_of(root: t.Optional[bytes], config: bytes) -> agent.Layout:
    """Where the agent keeps its files: as given, else as configured, else the default."""
    if root:
        walking.check_form(root)
        return agent.Layout(root)
    content = reading.content(config)
    return agent.Layout((agent.root_of(content) if content is not None else None) or agent.DEFAULT_ROOT)


def generation_of(version: t.Optional[str]) -> Generation:
    """The agent's generation, from the version given or from the file its package installs."""
    content = reading.content(agent.VERSION_FILE)
    return of_version(version or os.fsdecode(content or b""))
