# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a role came to on one host, whichever of them were reached."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._results import host
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.play import ROLES

REGION = "eu-central-1"
STEPS = ROLES["rollback"].steps
LEFT = (
    "[web] done. Auto scaling is still suspended: scale-in, scale-out, scheduled scaling of service/prod/web. "
    "Put it back with: ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster=prod -e rollback_services=web "
    f"-e rollback_region={REGION}"
)
SKIPPED: dict[str, t.Any] = {"changed": False, "skipped": True, "skip_reason": "Conditional result was False"}


def service(outcome: str, name: str = "web", **more: t.Any) -> dict[str, t.Any]:
    where = {"service": name, "cluster": "prod", "region": REGION, "account": "1"}
    return {**where, "outcome": outcome, "changed": True, "summary": f"[{name}] {outcome}: so it is", **more}


def call(*services: dict[str, t.Any], failed: bool = False, summary: str = "so it is") -> dict[str, t.Any]:
    """A registered result of ecs_rollback."""
    return {"services": list(services), "summary": summary, "failed": failed, **({"msg": summary} if failed else {})}


def scaling(suspended: bool, outcome: str = "suspended", **more: t.Any) -> dict[str, t.Any]:
    """A registered result of autoscaling_suspend."""
    flags = {f"{name}_suspended": suspended for name in ("dynamic_scaling_in", "dynamic_scaling_out")}
    flags["scheduled_scaling_suspended"] = suspended
    before = {name: False for name in flags} if outcome == "suspended" else {name: True for name in flags}
    record = {"flags": ["dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling"]} if suspended else {}
    target = {"resource_id": "service/prod/web", "outcome": outcome, "before": before, "after": flags, "record": record}
    return {"targets": [target], **more}


PLANNED, DONE = call(service("planned"), summary="[web] planned"), call(service("rolled_back"), summary="[web] done")
NO_FLAGS = {"msg": "RegisterScalableTarget is denied. Nothing was changed.", "failed": True}
REFUSED = call(service("refused"), failed=True, summary="[web] refused: no such service")


def report(check_mode: bool = False, inputs: dict[str, t.Any] | None = None, **registered: t.Any) -> host.Report:
    return host.report("localhost", STEPS, registered, {"module_defaults": {}, **(inputs or {})}, check_mode)


@pytest.mark.parametrize(
    ("registered", "reached"),
    [
        ({}, []),
        ({"plan": PLANNED}, ["plan"]),
        ({"plan": PLANNED, "suspended": SKIPPED, "done": DONE}, ["plan", "suspended", "done"]),
        # What stands behind a step that failed is left over from the time before.
        ({"plan": REFUSED, "suspended": SKIPPED, "done": DONE}, ["plan"]),
        ({"plan": PLANNED, "suspended": NO_FLAGS, "done": DONE}, ["plan", "suspended"]),
        ({"plan": PLANNED, "done": DONE}, ["plan", "done"]),
    ],
)
def test_reached(registered: dict[str, t.Any], reached: list[str]) -> None:
    assert list(host.reached(STEPS.main, registered)) == reached


@pytest.mark.parametrize(
    ("registered", "outcomes", "text"),
    [
        ({"plan": PLANNED, "suspended": SKIPPED, "done": DONE}, ["rolled_back"], "[web] done"),
        ({"plan": REFUSED}, ["refused"], "[web] refused: no such service"),
        ({"plan": REFUSED, "done": DONE}, ["refused"], "[web] refused: no such service"),
        ({"plan": PLANNED, "suspended": NO_FLAGS}, ["not_attempted"], NO_FLAGS["msg"]),
        (
            {"plan": call(service("planned"), service("unchanged", "api")), "suspended": NO_FLAGS, "done": DONE},
            ["not_attempted", "unchanged"],
            NO_FLAGS["msg"],
        ),
        # Files on instances could not be saved.
        ({"plan": PLANNED, "guarded": NO_FLAGS}, ["not_attempted"], NO_FLAGS["msg"]),
        # The modules themselves failed: no Region, a crash.
        ({"plan": {"failed": True, "msg": "No Region was found."}}, [], "No Region was found."),
        ({"plan": PLANNED, "done": {"failed": True, "msg": "crashed"}}, ["not_attempted"], "crashed"),
        ({}, [], "the rollback did not begin"),
    ],
)
def test_a_run(registered: dict[str, t.Any], outcomes: list[str], text: t.Any) -> None:
    found = report(**registered)
    assert [item["outcome"] for item in found.items] == outcomes
    assert (found.text, found.summary, found.outcome) == (text, text, "failed")


def test_what_was_not_reached_says_so() -> None:
    [item] = report(plan=PLANNED, suspended=NO_FLAGS).items
    reason = "the run ended before anything was done for it"
    assert (item["reason"], item["changed"]) == (reason, False)
    assert item["summary"] == f"[web] not_attempted: {reason}"
    [item] = report(plan=call(service("planned", summary="")), suspended=NO_FLAGS).items
    assert item["summary"] == reason


def test_check_mode() -> None:
    found = report(check_mode=True, plan=PLANNED, suspended=SKIPPED, done=PLANNED)
    assert [item["outcome"] for item in found.items] == ["planned"]
    assert [item["outcome"] for item in report(check_mode=True, plan=PLANNED).items] == ["planned"]


def test_variables_that_were_not_accepted() -> None:
    found = report(inputs={"failed": True, "msg": "No service is named."}, plan=PLANNED, done=DONE)
    assert (found.items, found.outcome, found.text) == ((), "refused", "No service is named.")


def test_a_deployment_group_is_its_own_result() -> None:
    group = {"application": "shop", "deployment_group": "prod", "outcome": "rolled_back", "summary": "[prod] done"}
    assert report(plan={**group, "outcome": "planned"}, done=group).items == (group,)
    assert report(plan={"failed": True, "msg": "No Region was found."}).items == ()


@pytest.mark.parametrize(
    ("steps", "left", "summary"),
    [
        ({"suspended": scaling(True)}, [(REGION, "service/prod/web")], LEFT),
        ({"suspended": scaling(True), "restored": scaling(False, "restored")}, [], "[web] done"),
        ({"suspended": scaling(True), "put_back": {"results": [scaling(False, "resumed")]}}, [], "[web] done"),
        # The second was not reached any more, so it is left over.
        (
            {"suspended": scaling(True), "put_back": NO_FLAGS, "restored": scaling(False, "restored")},
            [(REGION, "service/prod/web")],
            LEFT,
        ),
        ({"suspended": SKIPPED, "put_back": SKIPPED, "restored": SKIPPED}, [], "[web] done"),
    ],
)
def test_what_is_still_suspended(steps: dict[str, t.Any], left: list[tuple[str, str]], summary: str) -> None:
    found = report(plan=PLANNED, done=DONE, **steps)
    assert [one.where for one in found.left] == left
    assert found.summary == summary
    if left:
        assert found.left[0].as_dict() == {
            "resource_id": "service/prod/web",
            "suspended": ["dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling"],
            "recorded": True,
            "region": REGION,
        }


def test_a_quiet_step_that_ended_badly_ends_the_run_as_a_failed_one_does() -> None:
    planned = {**PLANNED, "last_line": "[web] planned"}
    done = {**call(service("failed"), summary="[web] failed: no image"), "ended_badly": True, "last_line": "[web] 0/2"}
    found = report(plan=planned, done=done)
    assert (found.ended_badly, found.text, found.shown) == (True, "[web] failed: no image", "[web] 0/2")
    assert [item["outcome"] for item in found.items] == ["failed"]
    stopped = report(plan={**REFUSED, "failed": False, "ended_badly": True}, suspended=SKIPPED, done=SKIPPED)
    assert (stopped.ended_badly, [item["outcome"] for item in stopped.items]) == (True, ["refused"])


def test_what_ansible_has_printed_is_no_news() -> None:
    refused = report(inputs={"failed": True, "msg": "No service is named. Nothing was changed."})
    assert (refused.ended_badly, refused.shown) == (False, refused.text)
    held_up = report(plan=PLANNED, suspended=NO_FLAGS)
    assert (held_up.ended_badly, held_up.shown) == (False, held_up.text)


def finding(check: str, severity: str = "warn") -> dict[str, str]:
    return {"check": check, "severity": severity, "message": check}


def test_what_the_look_up_found_stays_in_the_result() -> None:
    """With its plan it is not looked at again. What could not be known of the images is known by then."""
    found = [finding("protected_tasks"), finding("image_identity", "unknown"), finding("not_reverted")]
    look = call(service("planned", plan_id="1", findings=found), service("planned", "api", plan_id="2", findings=found))
    done = call(
        service("rolled_back", plan_id="1", findings=[finding("not_reverted"), finding("marked", "info")]),
        service("rolled_back", "api", plan_id=None, findings=[]),
    )
    web, api = report(plan=look, done=done).items
    assert [f["check"] for f in web["findings"]] == ["protected_tasks", "not_reverted", "marked"]
    assert api["findings"] == []
    assert [f["check"] for f in report(plan=look).items[0]["findings"]] == [f["check"] for f in found]


@pytest.mark.parametrize(("outcome", "warnings"), [("rolled_back", ["a file"]), ("refused", [])])
def test_what_only_the_look_up_shows_of_a_group_stays_in_the_result(outcome: str, warnings: list[str]) -> None:
    group = {"deployment_group": "prod", "application": "web", "findings": [], "plan_id": "1"}
    look = {**group, "outcome": "planned", "as_of": "2026-11-20T12:00:00Z", "content_warnings": ["a file"]}
    done = {**group, "outcome": outcome, "as_of": None, "content_warnings": []}
    [found] = report(plan=look, done=done).items
    assert (found["as_of"], found["content_warnings"]) == ("2026-11-20T12:00:00Z", warnings)
