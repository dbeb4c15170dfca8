# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports as files: what they consist of, that they are well formed, and that text from AWS stays text."""

from __future__ import annotations

import html.parser
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._results import page, written

HOSTILE = '<script>x</script> </td><img src=https://evil.example/> & "quoted" {{ 7 * 7 }} [a](https://evil.example) | y'
VOID = {"meta", "br", "hr", "img", "link", "input"}
WHERE = {"region": "eu-central-1", "account": "1"}
STATE = {
    "task_definition": "arn:aws:ecs:eu-central-1:1:task-definition/web:3",
    "image_digests": {"app": "sha256:3333"},
    "desired_count": 2,
    "running_count": 2,
}
DIAGNOSIS = {
    "rollout_reason": HOSTILE,
    "stopped_tasks": [{"reason": HOSTILE, "tasks": 3}],
    "events": [{"at": "2026-11-20T14:03:11Z", "message": HOSTILE}],
    "lifecycle_events": [],
    "unknown": [HOSTILE],
}


def service(name: str = "web", outcome: str = "failed", **more: t.Any) -> dict[str, t.Any]:
    findings = [{"check": "image", "severity": "info", "message": HOSTILE}]
    return {
        **{"service": name, "cluster": "prod", **WHERE, "outcome": outcome, "summary": f"[{name}] {HOSTILE}"},
        **{"reason": HOSTILE, "before": STATE, "after": STATE, "findings": findings, "diagnosis": DIAGNOSIS},
        "tasks_over_time": [
            {"seconds": 0.7, "running": {HOSTILE: 0, "web:3": 2}},
            {"seconds": 9.1, "running": {HOSTILE: 2}},
        ],
        **{"timings": {"planned": 0.4, "accepted": 0.6, "ended": 74.1}, "target": STATE, "plan": {"why": HOSTILE}},
        **more,
    }


GROUP = {
    **{"deployment_group": "prod", "application": "shop", **WHERE, "outcome": "failed", "summary": HOSTILE},
    "target_name": HOSTILE,
    "before": {"revision_name": "s3://b/web-2.zip", "status": "Failed", "revision": {"revisionType": "S3"}},
    "after": None,
    "diagnosis": {
        "error_code": "HEALTH_CONSTRAINTS",
        "targets": {"Failed": 1},
        "failed_targets": [
            {
                "target": "i-1",
                "event": "AfterInstall",
                "script": "a.sh",
                "message": HOSTILE,
                "log_tail": f"one\n{HOSTILE}",
            }
        ],
        "advice": ["the disk is full"],
        "unknown": [],
    },
    "instances": {"new": 2, "old": 1, "unknown": 0},
    "content_warnings": [HOSTILE],
    "content": {
        "instances": 2,
        "restored": {"i-2": 3},
        "not_back": {"i-1": {"files": ["/etc/<b>"], "reason": HOSTILE, "copies": "/var/x"}},
    },
}
STILL = [{"resource_id": "service/prod/web", "suspended": ["scheduled_scaling"], "region": "eu-central-1"}]
DOCUMENTS: dict[str, dict[str, t.Any]] = {
    "one": {"outcome": "failed", "summary": HOSTILE, "run_id": "r-1", "services": {"web.prod": service()}},
    "many": {
        **{"outcome": "failed", "summary": HOSTILE, "run_id": "r-1", "still_suspended": STILL},
        "services": {"api.prod": service("api", "rolled_back"), "web.prod": service()},
    },
    "redeploy": {"outcome": "failed", "summary": HOSTILE, "run_id": "r-1", "deployment_groups": {"prod.shop": GROUP}},
    "refused": {"outcome": "refused", "summary": HOSTILE, "run_id": "r-1", "services": {}},
    "deploy": {"summary": HOSTILE, "services": {"web.prod": service()}},
    # As little as a result can have.
    "bare": {"services": {"web": {"service": "web", "outcome": "refused", "before": None, "diagnosis": None}}},
}
AROUND = page.Around("rollback", [("User on the control node", HOSTILE)], [HOSTILE], {}, {"UpdateService": 1})


class Page(html.parser.HTMLParser):
    """Its elements, and whether each is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if any(tag in self.open for tag in ("h1", "h2", "h3")) and data.strip():
            self.headings.append(data.strip())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_page_is_well_formed_fetches_nothing_and_runs_nothing(name: str) -> None:
    text = written.rendered("html", DOCUMENTS[name], lambda: AROUND)
    found = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert {tag for tag, _attrs in found.tags}.isdisjoint({"script", "img", "link", "a", "iframe", "object", "base"})
    attributes = {key for _tag, attrs in found.tags for key in attrs}
    assert not [key for key in attributes if key in ("src", "href", "style") or key.startswith("on")]
    assert "<script>x" not in text
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert not re.search(r"url\(|@import|https?:", style)
    assert "@media print" in style
    assert "prefers-color-scheme: dark" in style
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in found.tags
    assert "49" not in "".join(found.texts)


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "bare"])
def test_hostile_text_is_shown_as_it_is(name: str) -> None:
    assert HOSTILE in "".join(Page(written.rendered("html", DOCUMENTS[name], lambda: AROUND)).texts)


HEADINGS = {
    "one": [
        *("failed", "web:", "failed", "Timeline", "Running tasks, by version", "Before and after", "Findings"),
        *("Diagnosis", "Plan"),
    ],
    "many": ["failed", "Overview", "Auto scaling that is still suspended", "web:", "failed"],
    "redeploy": [
        *("failed", "prod:", "failed", "Before and after", "Diagnosis", "Instances, by what is installed"),
        *("What it does to files", "Files that are not back", "Files put back, by instance"),
    ],
    "refused": ["refused", "Who", "Requests to AWS"],
}


@pytest.mark.parametrize("name", HEADINGS)
def test_headings(name: str) -> None:
    found = Page(written.rendered("html", DOCUMENTS[name], lambda: AROUND)).headings
    assert found[: len(HEADINGS[name])] == HEADINGS[name]
    assert found[-2:] == ["Who", "Requests to AWS"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_in_markdown_text_stays_text_too(name: str) -> None:
    text = written.rendered("md", DOCUMENTS[name], lambda: AROUND)
    assert not re.search(r"(?<!\\)<|(?<!\\)\[|(?<!\\)!\[", text)
    assert "49" not in text
    # A bar that is not escaped would add a cell.
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_a_log_keeps_its_lines() -> None:
    text = written.rendered("html", DOCUMENTS["redeploy"], lambda: AROUND)
    [log] = re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL)
    assert log.startswith("one\n&lt;script&gt;")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("r.json", {"r.json": "json"}),
        ("r.html", {"r.html": "html", "r.md": "md"}),
        ("a.b/R.HTM", {"a.b/R.HTM": "html", "a.b/R.md": "md"}),
        ("r.md", {"r.md": "md"}),
        # As before there were pages.
        ("r", {"r": "json"}),
        ("r.txt", {"r.txt": "json"}),
    ],
)
def test_which_files(path: str, expected: dict[str, str]) -> None:
    assert written.files(path) == expected


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    assert written.write(str(tmp_path / "r.html"), DOCUMENTS["one"], lambda: AROUND) == ""
    assert written.write(str(tmp_path / "r.json"), DOCUMENTS["one"], lambda: AROUND) == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.json", "r.md"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert json.loads((tmp_path / "r.json").read_text()) == DOCUMENTS["one"]


def test_a_problem_is_a_sentence(tmp_path: Path) -> None:
    path = str(tmp_path / "no" / "r.html")
    told = written.write(path, DOCUMENTS["one"], lambda: AROUND)
    assert told == f"The report could not be written to {path}: No such file or directory"
    # A result that no template expects.
    odd = {"services": {"web": {"outcome": "failed", "findings": 7}}}
    path = str(tmp_path / "r.html")
    assert written.write(path, odd, lambda: AROUND).startswith(
        f"The report could not be written to {path}: TypeError: "
    )


def test_what_goes_wrong_around_the_results_is_no_reason_to_lose_them(tmp_path: Path) -> None:
    def odd() -> page.Around:
        raise KeyError("task_vars")

    path = str(tmp_path / "r.html")
    assert written.write(path, DOCUMENTS["one"], odd).startswith(
        f"The report could not be written to {path}: KeyError: "
    )
    # Programs do not read it.
    assert written.write(str(tmp_path / "r.json"), DOCUMENTS["one"], odd) == ""
