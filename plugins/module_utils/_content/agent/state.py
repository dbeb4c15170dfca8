# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The agent's records of a deployment group: whether they are complete, and what follows from them. Pure."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.cleanup import Cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

# The state of a cleanup file.
WHOLE: t.Final = "whole"
EMPTY: t.Final = "empty"
PARTIAL: t.Final = "partial"
NEVER: t.Final = "never_installed"
FAILED: t.Final = "missing_after_failed_install"
REMOVED: t.Final = "missing"


class Unclear(Exception):
    """It is ambiguous which deployment group, deployment or bundle is meant. The message says what to give."""


@dataclass(frozen=True)
class Records:
    """A group's records in deployment-instructions. Paths as the agent wrote them; None if there is no such file."""

    cleanup: t.Optional[bytes]
    last_successful_install: t.Optional[bytes]
    most_recent_install: t.Optional[bytes]
    instructions: bool = False


def cleanup_state(records: Records, parsed: Cleanup) -> str:
    """The state of the cleanup file, and findings. A successful Install always leaves one, even if it is empty."""
    if records.cleanup is not None:
        if parsed.partial:
            return PARTIAL
        return WHOLE if records.cleanup else EMPTY
    last, recent = records.last_successful_install, records.most_recent_install
    if last is None and recent is None and not records.instructions:
        return NEVER
    return REMOVED if last is not None and last == recent else FAILED


_CLEANUP_FINDINGS: t.Final[t.Mapping[str, str]] = {
    PARTIAL: (
        "The last line of the cleanup file is not complete: the agent was killed during an Install. It never removes "
        "what was copied after that, and ignores that line"
    ),
    FAILED: (
        "There is no cleanup file: the last Install failed after it had removed the old files, or never began. The "
        "next one removes nothing, and treats every existing file as somebody else's"
    ),
    REMOVED: (
        "There is no cleanup file though the last Install ended well: somebody has deleted it. The next Install "
        "removes nothing, and treats every existing file as somebody else's: with DISALLOW it fails at the first"
    ),
}


def cleanup_findings(state: str, distrusted: str, rust: bool) -> t.List[Finding]:
    """Findings about the cleanup file before the next Install. ``distrusted``: why agent 2.x would not follow it."""
    found = []
    if state in _CLEANUP_FINDINGS:
        found.append(Finding("cleanup_file", "warn", _CLEANUP_FINDINGS[state]))
    if distrusted:
        found.append(
            Finding(
                "cleanup_file",
                "warn" if rust else "info",
                f"Agent 2.x does not follow the cleanup file: {distrusted}. It leaves the old files where they are and "
                "deletes the list",
            )
        )
    return found


def busy_findings(busy: agent.Busy) -> t.List[Finding]:
    """Findings about the agent being at work right now."""
    found = []
    if busy.busy:
        names = ", ".join(busy.deployments)
        found.append(Finding("agent_busy", "warn", f"The agent is at work on {names}: all this may change soon"))
    if busy.stale:
        names = ", ".join(busy.stale)
        found.append(
            Finding(
                "agent_busy", "info", f"The agent has left marks of {names} that are older than a day: it had crashed"
            )
        )
    return found


def choose_group(given: t.Optional[str], present: t.Sequence[str]) -> t.Optional[str]:
    """The group to look into; None if there are several and none is named. Raises :class:`Unclear`."""
    if given:
        if not agent.is_id(given):
            raise Unclear(f"deployment_group_id: {given!r} is not the id of a deployment group")
        return given
    if not present:
        raise Unclear("The agent has not served any deployment group here. Give deployment_group_id and bundle")
    return present[0] if len(present) == 1 else None


@dataclass(frozen=True)
class Choice:
    """Which bundle, and where it comes from."""

    path: bytes
    # "bundle", "deployment" or "last_successful_install".
    source: str


def choose_bundle(
    layout: agent.Layout,
    group: str,
    *,
    bundle: t.Optional[bytes],
    deployment: t.Optional[str],
    last_successful_install: t.Optional[bytes],
) -> t.Optional[Choice]:
    """The bundle whose Install is predicted; None if none is named and none was installed. Raises :class:`Unclear`."""
    if bundle:
        return Choice(bundle, "bundle")
    if deployment:
        if not agent.is_id(deployment):
            raise Unclear(f"deployment_id: {deployment!r} is not the id of a deployment")
        return Choice(layout.archive(layout.deployment(group, deployment)), "deployment")
    if last_successful_install:
        return Choice(layout.archive(last_successful_install), "last_successful_install")
    return None


def foreign_groups(present: t.Iterable[str], known: t.Optional[t.Collection[str]]) -> t.List[str]:
    """Groups that have been here and that the instance is no longer in; none if nobody has said which it is in."""
    return [] if known is None else sorted(set(present) - set(known))


def inside(directory: bytes, path: bytes) -> bool:
    """Whether a path as written is below a directory."""
    return os.path.normpath(path).startswith(directory.rstrip(b"/") + b"/")


@dataclass(frozen=True)
class Script:
    """An ApplicationStop script as it is on disk."""

    location: bytes
    path: bytes
    exists: bool
    executable: bool
    runas: t.Optional[str]
    timeout: t.Optional[int]


@dataclass(frozen=True)
class ApplicationStop:
    """What the next deployment runs first. It comes from the deployment whose Install last succeeded."""

    deployment: t.Optional[bytes]
    archive_exists: bool
    scripts: t.Tuple[Script, ...] = ()
    # Why its AppSpec file cannot be read.
    unreadable: str = ""


_HINT: t.Final = "Otherwise redeploy with ignore_application_stop_failures"


def application_stop_findings(stop: ApplicationStop) -> t.List[Finding]:
    """Findings that make the next deployment fail at ApplicationStop, before it installs anything."""
    if stop.deployment is None:
        return []
    where = os.fsdecode(stop.deployment)
    if not stop.archive_exists:
        return [Finding("application_stop", "warn", f"ApplicationStop will run from {where}, which is gone. {_HINT}")]
    if stop.unreadable:
        return [
            Finding("application_stop", "warn", f"ApplicationStop will run from {where}: {stop.unreadable}. {_HINT}")
        ]
    found = []
    for script in stop.scripts:
        name = os.fsdecode(script.path)
        if not script.exists:
            found.append(
                Finding(
                    "application_stop",
                    "warn",
                    f"ApplicationStop fails: there is no script {name}. Put it back. {_HINT}",
                )
            )
        elif not script.executable:
            found.append(
                Finding(
                    "application_stop",
                    "info",
                    f"{name} is not executable: the agent tries to make it executable, and warns",
                )
            )
    return found


def space_finding(path: bytes, free: int, needed: int) -> t.List[Finding]:
    """Whether a bundle's files fit on the disk, not counting what the cleanup frees before they are copied."""
    if needed <= free:
        return []
    return [
        Finding(
            "free_space",
            "warn",
            f"The bundle has {needed} bytes of files, and {free} are free at {os.fsdecode(path)}. The files that the "
            "Install removes first may make room for it",
        )
    ]
