# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report for people shows, and in which order."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.plugin_utils._results import page


def item(name: str, outcome: str, **more: t.Any) -> dict[str, t.Any]:
    return {"service": name, "cluster": "prod", "region": "eu-central-1", "account": "1", "outcome": outcome, **more}


def document(*items: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"services": {f"{one['service']}.prod.eu-central-1.1": one for one in items}, **more}


def test_the_bad_ones_come_first() -> None:
    outcomes = ["rolled_back", "refused", "unchanged", "rollback_failed"]
    found = page.view(document(*(item(f"web{n}", one) for n, one in enumerate(outcomes))), page.Around("rollback"))
    assert [part["outcome"] for part in found["parts"]] == ["rollback_failed", "refused", "rolled_back", "unchanged"]
    assert [part["tone"] for part in found["parts"]] == ["bad", "bad", "good", "good"]


def test_a_status_is_ordered_by_readiness() -> None:
    words = ["ready", "not_ready", "ready_with_warnings"]
    items = [item(f"web{n}", "planned", readiness=word) for n, word in enumerate(words)]
    found = page.view(document(*items), page.Around("status"))
    assert [part["outcome"] for part in found["parts"]] == ["not_ready", "ready_with_warnings", "ready"]


def test_before_and_after_have_whole_digests_and_nothing_unknown() -> None:
    arn = "arn:aws:ecs:eu-central-1:1:task-definition/web:"
    states = {
        "before": {"task_definition": f"{arn}3", "image_digests": {"app": "sha256:33"}, "service_revision": None},
        "after": {"task_definition": f"{arn}1", "image_digests": {"app": "sha256:11"}, "running_count": 0},
    }
    [part] = page.view(document(item("web", "rolled_back", **states)), page.Around("rollback"))["parts"]
    assert part["states"] == [
        ["task definition", "web:3", "web:1"],
        ["tasks running", "", "0"],
        ["image of app", "sha256:33", "sha256:11"],
    ]


def test_the_plan_that_the_look_showed_is_there_and_that_of_the_item_wins() -> None:
    look = {"services": [item("web", "planned", plan={"target": "web:1"}), item("api", "planned")]}
    plans = page.plans([look, {"msg": "nothing"}])
    assert plans == {"web.prod.eu-central-1.1": {"target": "web:1"}}
    parts = page.view(
        document(item("web", "rolled_back"), item("api", "refused", plan={"target": "api:2", "left": ""})),
        page.Around("rollback", plans=plans),
    )["parts"]
    assert {part["name"]: part["plan"] for part in parts} == {
        "web": [["target", "web:1"]],
        "api": [["target", "api:2"]],
    }


def test_requests_of_all_steps_are_added_up() -> None:
    steps = [
        {"api_calls": {"DescribeServices": 2}},
        {"results": [{"api_calls": {"DescribeServices": 1, "TagResource": 1}}, {"skipped": True}]},
        {"msg": "failed before it asked"},
    ]
    assert page.requests(steps) == {"DescribeServices": 3, "TagResource": 1}


def test_what_was_refused_has_no_parts() -> None:
    found = page.view({"outcome": "refused", "summary": "No service", "services": {}}, page.Around("rollback"))
    assert (found["outcome"], found["tone"], found["parts"], found["requests"]) == ("refused", "bad", [], [])
