# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS's guide says of rollbacks and content, beside what the agent did.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html has a worked example (the
files a to f) and a table of three deployments. The example is right. The table is not: what was kept is lost only
where a later deployment reaches Install with OVERWRITE and has that path in its bundle.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.install import predict
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry, Listing, below
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content import recordings

SETTINGS = b"/srv/app/web/settings.conf"
# 04c and 04d were seen, too, but their recordings are not kept: they are 04a with the file left out of bundles.
VARIANTS = {
    "04a": ("04a-table-file-in-both-revisions", True, True, True),
    "04b": ("04b-table-file-only-in-rev1", True, False, True),
    "04c": ("04a-table-file-in-both-revisions", False, True, True),
    "04d": ("04a-table-file-in-both-revisions", False, False, True),
    "04e": ("04e-table-fails-before-install", True, True, False),
}


def bundles(scenario: str, in_first: bool, in_second: bool) -> dict[str, Bundle]:
    found = {deployment.revision: deployment.bundle for deployment in recordings.deployments(scenario)}
    for revision, there in {"rev1": in_first, "rev2": in_second}.items():
        if not there:
            entries = dict(found[revision].entries)
            entries.pop(b"content/settings.conf", None)
            found[revision] = replace(found[revision], entries=entries)
        assert (b"content/settings.conf" in found[revision].entries) is there
    return found


def three_deployments(variant: str) -> list[tuple[str, bool]]:
    """After each: whose settings.conf is there, and whether the cleanup file lists it."""
    scenario, in_first, in_second, installs = VARIANTS[variant]
    deployed = bundles(scenario, in_first, in_second)
    before = next(iter(recordings.deployments(scenario))).before
    owner = {before[SETTINGS].digest: "hand", None: "gone"}
    for revision, bundle in deployed.items():
        if b"content/settings.conf" in bundle.entries:
            owner[bundle.entries[b"content/settings.conf"].digest] = revision
    files: dict[bytes, Entry] = dict(before)
    cleanup: bytes | None = None
    told = []
    for revision, option, reached in (
        ("rev1", "RETAIN", True),
        ("rev2", "OVERWRITE", installs),
        ("rev1", "RETAIN", True),
    ):
        if reached:
            listing = Listing(files, roots=[recordings.ROOT])
            bundle = deployed[revision]
            found = predict(listing, cleanup, bundle, appspec.parse(bundle.appspec), option)
            assert found.failure is None
            files, cleanup = dict(below(found.after, recordings.ROOT)), found.cleanup
        entry = files.get(SETTINGS)
        told.append((owner[entry.digest if entry else None], SETTINGS in (cleanup or b"").split(b"\n")))
    return told


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("04a", [("hand", False), ("rev2", True), ("rev1", True)]),
        ("04b", [("hand", False), ("hand", False), ("hand", False)]),
        ("04c", [("hand", False), ("rev2", True), ("gone", False)]),
        ("04d", [("hand", False), ("hand", False), ("hand", False)]),
        ("04e", [("hand", False), ("hand", False), ("hand", False)]),
    ],
)
def test_the_table_of_three_deployments(variant: str, expected: list[tuple[str, bool]]) -> None:
    assert three_deployments(variant) == expected


@pytest.mark.parametrize("variant", ["04a", "04b", "04e"])
def test_the_recordings_say_the_same(variant: str) -> None:
    recorded = []
    for deployment in recordings.deployments(VARIANTS[variant][0]):
        entry = deployment.after.get(SETTINGS)
        recorded.append((entry.digest if entry else None, SETTINGS in (deployment.cleanup_after or b"").split(b"\n")))
    told = three_deployments(variant)
    assert [listed for _digest, listed in recorded] == [listed for _owner, listed in told]
    # The same content wherever the table names the same owner.
    assert len({(digest, owner) for (digest, _l), (owner, _m) in zip(recorded, told, strict=True)}) == len(
        {owner for owner, _listed in told}
    )


def test_the_worked_example() -> None:
    """a to d are deployed; scripts make e and f; the next deployment removes a to d, and e and f stay for good."""
    first, empty, again = recordings.deployments("01-guide-worked-example")
    temp = b"/srv/app/temp/"
    deployed = {temp + name for name in (b"a.txt", b"b.txt", b"c.sh", b"d.sh")}
    made = {temp + name for name in (b"e.txt", b"f.txt")}
    assert set((first.cleanup_after or b"").splitlines()) == deployed
    found = predict(
        empty.listing, empty.cleanup_before, empty.bundle, appspec.parse(empty.bundle.appspec), empty.option
    )
    # In the reverse order of the cleanup file, as the agent unlinked them: d, a, c, b.
    assert [path[len(temp) :] for path in found.removed()] == [b"d.sh", b"a.txt", b"c.sh", b"b.txt"]
    left = dict(below(found.after, recordings.ROOT))
    assert set(left) == {b"/srv/app/temp", *made}
    assert left == empty.after
    stale = {path: again.before[path] for path in made}
    found = predict(
        again.listing, again.cleanup_before, again.bundle, appspec.parse(again.bundle.appspec), again.option
    )
    now = dict(below(found.after, recordings.ROOT))
    assert set(now) == {b"/srv/app/temp", *made, *deployed}
    assert {path: now[path] for path in made} == stale == {path: again.after[path] for path in made}
