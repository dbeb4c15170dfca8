# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import (
    Failure,
    Orphan,
    Placement,
    Prediction,
    Removal,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry, Listing
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import report
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey.leftovers import Found, Leftover


def prediction(failure: Failure | None = None) -> Prediction:
    return Prediction(
        removals=(
            Removal(b"/app/b", "removed", "file", b"/app/b"),
            Removal(b"/app/lib/a.so", "removed", "file", b"/elsewhere/a.so", (b"/app/lib",)),
            Removal(b"/app/gone", "already_missing"),
        ),
        placements=(
            Placement(b"/app/b", "installed", "file", b"content/b", b"/app/b"),
            Placement(b"/app/link", "overwritten", "file", b"content/link", b"/elsewhere/target"),
        ),
        failure=failure,
        after=Listing({}),
        cleanup=b"",
        orphans=(Orphan(b"/app/\xff", "odd"),),
        option="OVERWRITE",
        notes=("a note",),
    )


def test_a_prediction_is_told_by_outcome() -> None:
    told = report.predicted(prediction(), 10)
    assert told["removals"] == {
        "already_missing": {"count": 1, "entries": [{"path": "/app/gone", "kind": ""}]},
        "removed": {
            "count": 2,
            "entries": [
                {"path": "/app/b", "kind": "file"},
                {"path": "/app/lib/a.so", "kind": "file", "through": ["/app/lib"], "real": "/elsewhere/a.so"},
            ],
        },
    }
    assert sorted(told["placements"]) == ["installed", "overwritten"]
    assert (told["file_exists_behavior"], told["file_exists_behavior_of_appspec"]) == ("OVERWRITE", False)
    assert (told["failure"], told["notes"]) == (None, ["a note"])
    assert told["orphans"]["entries"] == [{"path": "/app/\ufffd", "path_base64": "L2FwcC//", "reason": "odd"}]
    json.dumps(told)


def test_a_failure_has_its_stage() -> None:
    told = report.predicted(prediction(Failure("copy", b"/app/x", "File exists")), 10)
    assert told["failure"] == {"path": "/app/x", "stage": "copy", "message": "File exists"}


def test_lists_are_cut_and_counted() -> None:
    assert report.cut(iter("abc"), 2) == {"count": 3, "entries": ["a", "b"]}
    assert report.cut([], 2) == {"count": 0, "entries": []}
    removed = report.predicted(prediction(), 1)["removals"]["removed"]
    assert (removed["count"], len(removed["entries"])) == (2, 1)


def test_what_is_done_elsewhere_than_its_path_says() -> None:
    assert report.through_links(prediction()) == [
        {
            "path": "/app/lib/a.so",
            "kind": "file",
            "through": ["/app/lib"],
            "real": "/elsewhere/a.so",
            "outcome": "removed",
        },
        {"path": "/app/link", "kind": "file", "real": "/elsewhere/target", "outcome": "overwritten"},
    ]


def test_leftovers() -> None:
    items = [
        Leftover(Found(b"/app/e", Entry("file", size=15), 1.5), "script", "because"),
        Leftover(Found(b"/app/d", Entry("dir"), 2.0), "hand", "because"),
        Leftover(Found(b"/app/f", Entry("file", size=0), 3.0), "script", "because"),
    ]
    assert report.leftover(items[0]) == {
        "path": "/app/e",
        "kind": "file",
        "origin": "script",
        "evidence": "because",
        "mtime": 1,
        "size": 15,
    }
    assert "size" not in report.leftover(items[1])
    assert report.leftover(items[2])["size"] == 0
    assert report.origins(items) == {"hand": 1, "script": 2}


def test_odd_names_once_each() -> None:
    assert [item["path"] for item in report.odd([b"/a", b"/b ", b"/b ", b"/\xff"])] == ["/b ", "/\ufffd"]


def test_paths_of_the_agent() -> None:
    assert report.shown_path(None) is None
    assert report.shown_path(b"/root") == "/root"
