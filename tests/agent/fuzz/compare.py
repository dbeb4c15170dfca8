# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do what a scenario says, predict it, and tell where the two differ."""

from __future__ import annotations

import functools
import grp
import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, archives
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.install import predict
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import Unpredictable
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Listing
from tests.agent.fuzz import instance, windows
from tests.agent.fuzz.generate import Deployment, Generator, Scenario
from tests.agent.fuzz.installers import Installer, StandIn
from tests.agent.layout import Layout, OutsideError, archive

# Deployments to one instance, one after the other.
EACH = 5


@dataclass
class Report:
    """What came of a run."""

    deployments: int = 0
    failed: int = 0
    refused: int = 0
    unpredictable: int = 0
    outside: int = 0
    on_windows: int = 0
    differences: list[str] = field(default_factory=list)

    def line(self, seed: str) -> str:
        return (
            f"seed {seed}: {len(self.differences)} of {self.deployments} differ ({self.failed} failed as predicted, "
            f"{self.refused} were refused as predicted, {self.unpredictable} could not be predicted, {self.outside} "
            f"led out of the scratch directory, {self.on_windows} were also predicted for Windows)"
        )


def run(seed: str, deployments: int, installer: Installer | None = None, most: int = 100) -> Report:
    """As many deployments, on as many instances as that takes, up to so many differences.

    Everything follows from the seed.
    """
    report = Report()
    for number in range(-(-deployments // EACH)):
        if len(report.differences) >= most:
            break
        many = min(EACH, deployments - number * EACH)
        _play(Generator(f"{seed}/{number}", os.geteuid() == 0).scenario(many), installer or StandIn(), report)
    return report


def _play(scenario: Scenario, installer: Installer, report: Report) -> None:
    with instance.instance(scenario.before) as scratch:
        for number, deployment in enumerate(scenario.deployments):
            for change in deployment.changes:
                instance.change(scratch, change)
            listed = Layout(scratch / "agent").cleanup(instance.GROUP)
            if deployment.lines and listed.exists():
                listed.write_bytes(listed.read_bytes() + os.fsencode(deployment.lines.format(scratch=scratch)))
            report.deployments += 1
            where = f"seed {scenario.seed}, deployment {number}"
            found = _deploy(scratch, deployment, number, installer, report)
            if found:
                report.differences.append(f"{where}: {found}\n{deployment.appspec}option: {deployment.option}")
                return


def _deploy(scratch: Path, deployment: Deployment, number: int, installer: Installer, report: Report) -> str:
    """How what happens differs from what is predicted; empty if it does not."""
    bundle = scratch / f"bundle-{number}"
    instance.make(bundle, deployment.bundle, scratch)
    (bundle / "appspec.yml").write_text(deployment.appspec.format(scratch=scratch))
    listed = Layout(scratch / "agent").cleanup(instance.GROUP)
    old = listed.read_bytes() if listed.exists() else None
    before = Listing(instance.read(scratch), [os.fsencode(scratch)])
    if not _ends(before, bundle, deployment.option):
        report.unpredictable += 1
        return ""
    try:
        directory, failed = installer.deploy(scratch, bundle, number, deployment.option)
    except OutsideError:
        report.outside += 1
        return ""
    now = instance.comparable(Listing(instance.read(scratch), [os.fsencode(scratch)]), scratch)
    new = listed.read_bytes() if listed.exists() else None
    unpacked = archives.read_unpacked(os.fsencode(archive(directory)), digests=True)
    try:
        spec = appspec.parse(unpacked.appspec)
    except appspec.Unreadable as problem:
        report.refused += 1
        unchanged = (instance.comparable(before, scratch), old) == (now, new)
        return "" if failed and unchanged else f"refused by the model ({problem}), but: {failed or 'it succeeded'}"
    predicted = predict(before, old, unpacked, spec, deployment.option, owners=_users(), groups=_groups())
    report.failed += bool(failed)
    if (predicted.failure is not None) is not bool(failed):
        return f"predicted: {predicted.failure or 'success'}, happened: {failed or 'success'}"
    expected = instance.comparable(predicted.after, scratch)
    if expected != now:
        return f"predicted: {_only(expected, now)}, happened: {_only(now, expected)} ({failed})"
    if predicted.cleanup != new:
        return f"predicted the cleanup file {predicted.cleanup!r}, which is {new!r}"
    return windows.difference(before, old, unpacked, spec, deployment.option, predicted, scratch, report)


def _ends(before: Listing, bundle: Path, option: str) -> bool:
    """Whether the model can predict it. With links in circles an agent might not come to an end in this life."""
    unpacked = archives.read_unpacked(os.fsencode(bundle))
    try:
        predict(before, None, unpacked, appspec.parse(unpacked.appspec), option)
    except Unpredictable:
        return False
    except appspec.Unreadable:
        pass
    return True


def _only(some: dict[bytes, tuple[object, ...]], others: dict[bytes, tuple[object, ...]]) -> dict[bytes, object]:
    return {path: entry for path, entry in some.items() if others.get(path) != entry}


@functools.cache
def _users() -> dict[str, int]:
    return {user.pw_name: user.pw_uid for user in pwd.getpwall()}


@functools.cache
def _groups() -> dict[str, int]:
    return {group.gr_name: group.gr_gid for group in grp.getgrall()}


def main_of(print_: Callable[[str], None], seed: str, deployments: int, installer: Installer) -> int:
    """Run, and tell. Returns the exit code."""
    report = run(seed, deployments, installer)
    for difference in report.differences:
        print_(difference + "\n")
    print_(report.line(seed))
    return 1 if report.differences else 0
