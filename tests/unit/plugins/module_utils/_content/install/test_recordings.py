# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every deployment that was recorded, predicted: the files afterwards and the new cleanup file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.install import predict
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry, Listing, below
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content import recordings
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.recordings import Deployment

DEPLOYMENTS = [deployment for name in recordings.names() for deployment in recordings.deployments(name)]

# What a script of the revision writes after Install, which no prediction can know.
WRITTEN_BY_SCRIPTS = {
    ("01-guide-worked-example", "rev1"): [b"/srv/app/temp/e.txt", b"/srv/app/temp/f.txt"],
    ("02-directories-and-hook-leftovers", "rev1"): [
        b"/srv/app/site/current/www/img/cache",
        b"/srv/app/site/current/www/img/cache/1.bin",
        b"/srv/app/site/run",
        b"/srv/app/site/run/app.pid",
    ],
}
# A script fails before Install, so that there is none.
FAILS_BEFORE_INSTALL = {("04e-table-fails-before-install", "rev2"), ("13-last-successful-install", "rev3")}
# A script fails after Install.
FAILS_AFTER_INSTALL = {
    ("04a-table-file-in-both-revisions", "rev2"),
    ("04b-table-file-only-in-rev1", "rev2"),
    ("12-appspec-file-exists-behavior", "rev2"),
    ("13-last-successful-install", "rev2"),
    ("21-first-deployment-fails", "rev1"),
    ("27-restore-timing", "rev2"),
    ("28-restore-and-unlist", "rev2"),
}
# chattr +i, which a listing does not show.
IMMUTABLE = {("08-removal-fails", "rev2"): b"/srv/app/web/b.html"}
# Where the prediction is not what was recorded: which paths, and why.
EXPLAINED = {
    (
        "19-hardlink-backup",
        "rev2",
    ): {b"/srv/app/backup/hardlink": "a listing does not show which names are hard links of the same file"},
}


def listing_of(deployment: Deployment) -> Listing:
    path = IMMUTABLE.get((deployment.scenario, deployment.revision))
    before = dict(deployment.before)
    if path is not None:
        before[path] = replace(before[path], immutable=True)
    return Listing(before, roots=[recordings.ROOT])


def predicted(deployment: Deployment) -> Prediction:
    return predict(
        listing_of(deployment),
        deployment.cleanup_before,
        deployment.bundle,
        appspec.parse(deployment.bundle.appspec),
        deployment.option,
        owners={"root": 0},
        groups={"root": 0},
    )


def files(prediction: Prediction) -> dict[bytes, Entry]:
    return {
        path: replace(entry, immutable=False, links=None) for path, entry in below(prediction.after, recordings.ROOT)
    }


def comparable(entries: dict[bytes, Entry]) -> dict[bytes, Entry]:
    return {path: replace(entry, size=entry.size if entry.kind == "file" else None) for path, entry in entries.items()}


def different(one: dict[bytes, Entry], other: dict[bytes, Entry]) -> set[bytes]:
    return {path for path in {*one, *other} if one.get(path) != other.get(path)}


def lines(cleanup: bytes | None) -> list[bytes] | None:
    """As a set in which the same line may be twice: their order is that of directories on a disk."""
    return None if cleanup is None else sorted(cleanup.split(b"\n"))


def test_the_recordings_are_here() -> None:
    assert len(DEPLOYMENTS) == 61
    assert len(recordings.names()) == 19


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=str)
def test_recorded(deployment: Deployment) -> None:
    key = (deployment.scenario, deployment.revision)
    if key in FAILS_BEFORE_INSTALL:
        assert not deployment.succeeded
        assert deployment.after == deployment.before
        assert deployment.cleanup_after == deployment.cleanup_before
        return
    prediction = predicted(deployment)
    expected = comparable(deployment.after)
    for path in WRITTEN_BY_SCRIPTS.get(key, ()):
        expected.pop(path)
    found = comparable(files(prediction))
    for path in WRITTEN_BY_SCRIPTS.get(key, ()):
        found.pop(path, None)
    assert different(found, expected) == set(EXPLAINED.get(key, ()))
    assert lines(prediction.cleanup) == lines(deployment.cleanup_after)
    if key not in FAILS_AFTER_INSTALL:
        assert (prediction.failure is None) is deployment.succeeded
    else:
        assert prediction.failure is None
        assert not deployment.succeeded
