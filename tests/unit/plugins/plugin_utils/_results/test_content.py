# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of files on instances, from what was registered there."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._results import content
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.content import Instance
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.host import Report

A, B, SET = "/srv/app/a", "/srv/app/b", "/var/lib/lastgood/content-guard/g/redeploy"


def files(*outcomes: str, reason: str = "") -> list[dict[str, t.Any]]:
    more = {"reason": reason} if reason else {}
    return [
        {"path": path, "outcome": outcome, **(more if outcome == "refused" else {})}
        for path, outcome in zip((A, B), outcomes, strict=False)
    ]


SAVED = {"outcome": "saved", "files": files("saved", "saved"), "saved_set": SET}
RESTORED = {"outcome": "restored", "files": files("restored", "unlisted"), "saved_set": SET}
THERE, STAYS = {"stat": {"exists": True}}, {"outcome": "unchanged", "files": files("unchanged", "unchanged")}


def incomplete(*outcomes: str, reason: str) -> dict[str, t.Any]:
    return {"failed": True, "files": files(*outcomes, reason=reason), "saved_set": SET, "msg": "…"}


@pytest.mark.parametrize(
    ("saved", "copies", "restored", "verified", "found"),
    [
        (SAVED, THERE, RESTORED, STAYS, Instance("web1", 2)),
        ({"outcome": "saved", "files": []}, THERE, {"outcome": "unchanged", "files": []}, {}, Instance("web1")),
        # Nothing was saved, because nothing was planned.
        ({}, {"stat": {"exists": False}}, {}, {}, Instance("web1")),
        # Copies from an earlier run.
        ({}, THERE, RESTORED, STAYS, Instance("web1", 2)),
        (
            SAVED,
            THERE,
            incomplete("refused", "restored", reason=f"{A} is a mount point"),
            {},
            Instance("web1", 1, (A,), f"{A} is a mount point", SET),
        ),
        (
            SAVED,
            THERE,
            {"failed": True, "msg": "the agent is at work on d-1. No file was changed.", "saved_set": SET},
            {},
            Instance("web1", 0, (A, B), "the agent is at work on d-1. No file was changed", SET),
        ),
        (
            SAVED,
            THERE,
            {"unreachable": True, "msg": "ssh: connect to host\nweb1\x1b[2J port 22", "changed": False},
            {},
            Instance(
                "web1", 0, (A, B), "the instance cannot be reached: ssh: connect to host\\nweb1\\x1b[2J port 22", SET
            ),
        ),
        (
            SAVED,
            THERE,
            {"failed": True, "timedout": {"frame": 5}, "msg": "Timed out"},
            {},
            Instance("web1", 0, (A, B), "it took longer than rollback_restore_timeout", SET),
        ),
        (
            SAVED,
            {"unreachable": True, "msg": "no route"},
            {},
            {},
            Instance("web1", 0, (A, B), "the instance cannot be reached: no route", SET),
        ),
        (
            SAVED,
            THERE,
            RESTORED,
            {"outcome": "planned", "changed": True, "files": files("restored", "unchanged")},
            Instance("web1", 0, (A,), "put back, and changed again at once", SET),
        ),
        (
            SAVED,
            THERE,
            RESTORED,
            {"failed": True, "msg": "gone."},
            Instance("web1", 0, (A, B), "gone", SET),
        ),
        # The step before failed.
        (SAVED, {}, {}, {}, Instance("web1", 0, (A, B), "the step that puts them back was not reached", SET)),
    ],
)
def test_an_instance(
    saved: dict[str, t.Any],
    copies: dict[str, t.Any],
    restored: dict[str, t.Any],
    verified: dict[str, t.Any],
    found: Instance,
) -> None:
    registered = {
        "content_guard_saved": saved,
        "__content_guard_copies": copies,
        "content_guard_restored": restored,
        "__content_guard_verified": verified,
        "__content_guard_not_saved": "",
    }
    assert content.instance("web1", registered) == found


def test_what_was_not_saved_cannot_be_back() -> None:
    registered = {
        "content_guard_saved": {"failed": True, "files": files("saved", "refused", reason="odd"), "saved_set": SET},
        "content_guard_restored": {"outcome": "restored", "files": files("restored")},
        "__content_guard_not_saved": "1 of 2 files cannot be saved. odd.",
    }
    found = content.instance("web1", registered)
    assert found == Instance("web1", 1, (B,), "not saved before the redeploy: 1 of 2 files cannot be saved. odd", SET)
    assert content.instance("web2", {"__content_guard_not_saved": "no agent"}).reason.endswith(": no agent")


@pytest.mark.parametrize("came", [True, False])
def test_a_deployment_that_was_in_the_way_may_have_come_first(came: bool) -> None:
    stat = {"exists": came, "path": "/opt/codedeploy-agent/deployment-root/g/d-BAD"}
    found = content.instance("web1", {"content_guard_restored": RESTORED, "__content_guard_came": {"stat": stat}})
    words = "d-BAD came there after files were saved, and what it then overwrote is lost"
    assert found == Instance("web1", 2, (), words if came else "")
    assert not came or str(found) == f"Not back on web1: perhaps files: {words}"


def test_a_host_that_has_never_been_there() -> None:
    assert content.instance("web9", {}) == Instance("web9")


def test_a_long_message_is_cut() -> None:
    told = {"failed": True, "msg": "x" * 5_000}
    assert len(content.instance("web1", {"content_guard_restored": told}).reason) < 400


@pytest.mark.parametrize(
    ("done", "acted"),
    [
        (None, False),
        ({}, False),
        ({"outcome": "refused"}, False),
        ({"outcome": "planned"}, False),
        ({"outcome": "not_attempted"}, False),
        ({"outcome": "unchanged"}, True),
        ({"outcome": "rolled_back"}, True),
        ({"outcome": "timeout", "failed": True}, True),
        # A crash: nobody knows.
        ({"failed": True, "msg": "crashed"}, True),
    ],
)
def test_whether_something_may_have_been_deployed(done: dict[str, t.Any] | None, acted: bool) -> None:
    assert content.acted(done) is acted


def report(outcome: str, line: str) -> Report:
    item = {"deployment_group": "prod", "outcome": outcome, "summary": f"[prod] {line}", "findings": [], "reason": "r"}
    return Report("localhost", (item,), text=f"[prod] {line}")


GOOD = Instance("web1", 2)
BAD = Instance("web2", 0, (A,), "it is a mount point", SET)


def test_a_good_end_with_a_file_that_is_not_back_is_none() -> None:
    found = content.told(report("rolled_back", "rolled_back: 2 → 1 in 9 s"), [GOOD, BAD])
    [item] = found.items
    told = f"Not back on web2: {A}: it is a mount point. Copies are kept there in {SET}"
    assert item["outcome"] == "failed"
    assert item["reason"] == told
    assert found.text == item["summary"]
    assert item["summary"] == f"[prod] failed: {told}. The redeploy itself ended as rolled_back: 2 → 1 in 9 s"
    assert item["content"] == {
        "instances": 2,
        "restored": {"web1": 2},
        "not_back": {"web2": {"files": [A], "reason": "it is a mount point", "copies": SET}},
    }
    assert [finding["check"] for finding in item["findings"]] == ["content_not_back"]


@pytest.mark.parametrize("outcome", ["rollback_failed", "timeout", "lost_contact", "superseded", "failed"])
def test_a_bad_end_stays_what_it_is(outcome: str) -> None:
    found = content.told(report(outcome, f"{outcome}: so it is."), [BAD])
    [item] = found.items
    assert (item["outcome"], item["reason"]) == (outcome, "r")
    assert item["summary"].startswith(f"[prod] {outcome}: so it is. Not back on web2: {A}: it")


def test_a_path_is_not_said_twice() -> None:
    reasons = f"{A} is a mount point. {B} is a mount point"
    assert str(Instance("web2", 0, (A, B), reasons, SET)).startswith(f"Not back on web2: {A} is a mount point. {B} is")


def test_what_is_back_is_told_too() -> None:
    found = content.told(report("rolled_back", "rolled_back: 2 → 1"), [GOOD, Instance("web3")])
    assert found.text == "[prod] rolled_back: 2 → 1. Files put back: 2 on 1 of 2 instances"
    assert found.items[0]["outcome"] == "rolled_back"


@pytest.mark.parametrize("outcome", ["timeout", "lost_contact"])
def test_files_are_not_safe_while_the_deployment_goes_on(outcome: str) -> None:
    found = content.told(report(outcome, f"{outcome}: so it is"), [GOOD])
    assert found.text.endswith(
        "instances. The deployment had not ended: it may take them away again, so their copies are kept"
    )
    assert found.items[0]["outcome"] == outcome


@pytest.mark.parametrize("found", [[], [Instance("web1")]])
def test_nothing_is_added_where_there_is_nothing_to_say(found: list[Instance]) -> None:
    one = report("rolled_back", "rolled_back: 2 → 1")
    assert content.told(one, found) is one


def test_a_report_without_a_group_says_it_as_well() -> None:
    found = content.told(Report("localhost", text="crashed."), [BAD])
    assert found.text.startswith("crashed. Not back on web2: ")
