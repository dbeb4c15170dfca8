# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the agent was recorded leaving, told as leftovers. The recordings have no times."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import leftovers, reading
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey.leftovers import Deployed, Found, Known
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content import recordings
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.recordings import Deployment

SITE = "/srv/app/site/current/www"
# After which of its deployments there is what beside the files that the next Install removes.
LEFT = {
    # e and f are made by scripts.
    ("01-guide-worked-example", 0): {"/srv/app/temp/e.txt": "unknown", "/srv/app/temp/f.txt": "unknown"},
    ("01-guide-worked-example", 1): {
        "/srv/app/temp": "orphaned",
        "/srv/app/temp/e.txt": "unknown",
        "/srv/app/temp/f.txt": "unknown",
    },
    # Directories in which scripts left something are in nobody's list any more.
    ("02-directories-and-hook-leftovers", 1): {
        "/srv/app/site": "orphaned",
        "/srv/app/site/current": "orphaned",
        "/srv/app/site/run": "unknown",
        "/srv/app/site/run/app.pid": "unknown",
        SITE: "orphaned",
        f"{SITE}/img": "orphaned",
        f"{SITE}/img/cache": "unknown",
        f"{SITE}/img/cache/1.bin": "unknown",
    },
    ("03-retain-preexisting", 0): {"/srv/app/web/extra.dat": "unknown", "/srv/app/web/settings.conf": "kept"},
    # Never removed: blanks at the end, and a line in two.
    ("10-odd-names", 0): {
        "/srv/app/odd/dir trailing ": "orphaned",
        "/srv/app/odd/new\nline.txt": "orphaned",
        "/srv/app/odd/tab\t": "orphaned",
        "/srv/app/odd/trailing ": "orphaned",
    },
    # A directory that an operator made in the place of a deployed file.
    ("17-hand-edits", 1): {"/srv/app/web/a.txt": "unknown", "/srv/app/web/a.txt/k": "unknown"},
}


def deployed(deployment: Deployment) -> Deployed:
    spec = appspec.parse(deployment.bundle.appspec)
    sources = reading.destinations(deployment.bundle, spec)
    return Deployed(
        deployment.revision,
        {
            path: None if kind == "dir" else deployment.bundle.entries[source].digest
            for path, (source, kind) in sources.items()
        },
    )


def known(deployments: list[Deployment]) -> Known:
    newest = deployments[-1]
    roots = reading.roots(newest.bundle, appspec.parse(newest.bundle.appspec))
    return Known(
        cleanup=cleanup.parse(newest.cleanup_after or b""),
        newest=deployed(newest),
        earlier=tuple(map(deployed, reversed(deployments[:-1]))),
        others={},
        places=roots,
    )


@pytest.mark.parametrize(("scenario", "number"), LEFT)
def test_what_was_left(scenario: str, number: int) -> None:
    deployments = list(itertools.islice(recordings.deployments(scenario), number + 1))
    after = [Found(path, entry) for path, entry in deployments[-1].after.items() if path != b"/srv/app"]
    found = leftovers.leftovers(after, known(deployments))
    assert {item.found.path.decode(): item.origin for item in found} == LEFT[scenario, number]


def test_hand_edits_are_told_before_they_are_lost() -> None:
    first, second = itertools.islice(recordings.deployments("17-hand-edits"), 2)
    owned = leftovers.listed(cleanup.parse(first.cleanup_after or b""))
    assert leftovers.drift(owned, deployed(first), first.after) == []
    assert {item.path: item.change for item in leftovers.drift(owned, deployed(first), second.before)} == {
        b"/srv/app/web/a.txt": "replaced",
        b"/srv/app/web/index.html": "edited",
    }
