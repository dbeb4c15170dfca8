# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One result for all hosts of a play, and for all uses of a role in it."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.still import Still
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._results import play
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.host import Left, Report

ROLLBACK = play.ROLES["rollback"]
EU, US = "eu-central-1", "us-west-2"


def item(outcome: str, name: str = "web", region: str = EU, **more: t.Any) -> dict[str, t.Any]:
    where = {"service": name, "cluster": "prod", "region": region, "account": "1"}
    return {**where, "outcome": outcome, "summary": f"[{name}.prod.{region}] {outcome}: so it is", **more}


def group(outcome: str, name: str = "prod") -> dict[str, t.Any]:
    where = {"deployment_group": name, "application": "shop", "region": EU, "account": "1"}
    return {**where, "outcome": outcome, "summary": f"[{name}] {outcome}: so it is"}


def report(*items: dict[str, t.Any], host: str = "here", text: str = "", **more: t.Any) -> Report:
    return Report(host, items, text=text or "; ".join(one["summary"] for one in items), **more)


def result(*reports: Report, earlier: t.Sequence[play.Data] = (), check_mode: bool = False) -> play.Result:
    return play.result(ROLLBACK, reports, earlier, check_mode)


def left(region: str = EU, resource: str = "service/prod/web") -> Left:
    return Left(region, Still(resource, frozenset({"scheduled_scaling"}), True))


REFUSED_HOST = Report("there", outcome="refused", text="No service is named.")
LOST_HOST = Report("there", text="No Region was found.")

RUNS = [
    ([report(item("rolled_back"))], "rolled_back", f"[web.prod.{EU}] rolled_back: so it is"),
    # Of one host what its own step said, whatever the number of services.
    ([report(item("rolled_back"), item("failed", "api"), text="2 services: …")], "failed", "2 services: …"),
    (
        [report(item("rolled_back")), report(item("unchanged", region=US))],
        "rolled_back",
        "2 services: 1 rolled_back, 1 unchanged",
    ),
    (
        [report(item("rolled_back")), report(item("timeout", region=US), item("lost_contact", "api", US))],
        "lost_contact",
        f"3 services: 1 lost_contact, 1 timeout, 1 rolled_back. [api.prod.{US}] lost_contact: so it is. "
        f"[web.prod.{US}] timeout: so it is",
    ),
    (
        [report(item("rolled_back")), REFUSED_HOST],
        "refused",
        "2 services and hosts: 1 refused, 1 rolled_back. [there] No service is named.",
    ),
    (
        [report(item("rolled_back")), LOST_HOST],
        "failed",
        "2 services and hosts: 1 failed, 1 rolled_back. [there] No Region was found.",
    ),
    ([LOST_HOST], "failed", "No Region was found."),
    ([REFUSED_HOST], "refused", "No service is named."),
    (
        [report(group("rolled_back")), report(group("unchanged", "canary"))],
        "rolled_back",
        "2 deployment groups: 1 rolled_back, 1 unchanged",
    ),
    (
        [report(group("rolled_back")), report(item("failed", summary=""))],
        "failed",
        "2 services and deployment groups: 1 failed, 1 rolled_back. [web] failed: None",
    ),
]


@pytest.mark.parametrize(("reports", "outcome", "summary"), RUNS)
def test_a_play(reports: list[Report], outcome: str, summary: str) -> None:
    found = result(*reports)
    assert (found.outcome, found.summary) == (outcome, summary)


def test_a_service_of_the_same_name_replaces_no_other() -> None:
    found = result(report(item("rolled_back")), report(item("failed", region=US), host="there"))
    outcomes = {key: one["outcome"] for key, one in found.items.items()}
    assert outcomes == {f"web.prod.{EU}.1": "rolled_back", f"web.prod.{US}.1": "failed"}
    assert found.told == (f"web.prod.{EU}.1", f"web.prod.{US}.1")


@pytest.mark.parametrize(
    ("items", "kind"),
    [((item("unchanged"),), "services"), ((group("unchanged"),), "deployment_groups"), ((), "services")],
)
def test_kind(items: tuple[dict[str, t.Any], ...], kind: str) -> None:
    assert result(report(*items)).kind == kind


def test_an_earlier_use_of_the_role_stays() -> None:
    first = result(report(item("failed"), left=(left(),)))
    earlier = play.data(ROLLBACK, first, False, "one")
    second = result(report(item("rolled_back", region=US)), earlier=[earlier])
    assert [one["outcome"] for one in second.items.values()] == ["failed", "rolled_back"]
    assert (second.told, second.outcome) == ((f"web.prod.{US}.1",), "failed")
    assert second.summary.startswith(
        f"2 services: 1 failed, 1 rolled_back. [web.prod.{EU}] failed: so it is. Auto scaling"
    )
    assert second.left == (left(),)
    again = result(report(item("rolled_back"), scaled=frozenset({left().where})), earlier=[earlier])
    assert (again.outcome, again.left, again.still_suspended) == ("rolled_back", (), "")


def test_what_is_left_suspended_is_told_for_each_region() -> None:
    found = result(report(item("unchanged"), left=(left(),)), report(item("unchanged", region=US), left=(left(US),)))
    for region in (EU, US):
        assert f"-e rollback_services=web -e rollback_region={region}" in found.still_suspended
    assert found.summary == f"2 services: 2 unchanged. {found.still_suspended}"
    both = dataclasses.replace(report(item("unchanged"), left=(left(),)), host="there")
    assert result(report(item("unchanged"), left=(left(),)), both).left == (left(),)


def test_data() -> None:
    found = result(report(item("rolled_back"), left=(left(),)))
    suspended = {"resource_id": "service/prod/web", "suspended": ["scheduled_scaling"], "recorded": True, "region": EU}
    assert play.data(ROLLBACK, found, False, "20261120T140311Z-4f7a19c2") == {
        "rollback_result": {f"web.prod.{EU}.1": item("rolled_back")},
        "rollback_outcome": "rolled_back",
        "rollback_summary": found.summary,
        "rollback_still_suspended": [suspended],
        "rollback_run_id": "20261120T140311Z-4f7a19c2",
    }


@pytest.mark.parametrize(
    ("role", "check_mode", "names"),
    [
        ("rollback", True, {"plan", "outcome", "summary", "still_suspended", "run_id"}),
        ("deploy", False, {"result", "summary"}),
        ("deploy", True, {"plan", "summary"}),
        ("history", False, {"result"}),
        ("history", True, {"result"}),
        ("status", False, {"result", "summary"}),
        ("status", True, {"result", "summary"}),
    ],
)
def test_names(role: str, check_mode: bool, names: set[str]) -> None:
    known = play.ROLES[role]
    found = play.data(known, play.result(known, [report(item("unchanged"))], [], check_mode), check_mode, "")
    assert set(found) == {f"{role}_{name}" for name in names}
    # AWX hands artifacts on as extra variables, which must not be taken for misspelt ones.
    assert set(found) <= specs.published()


def test_a_deployment_that_was_rolled_back_has_failed() -> None:
    deploy = play.ROLES["deploy"]
    found = play.result(deploy, [report(item("deployed")), report(item("rolled_back", region=US))], [], False)
    assert found.summary == f"2 services: 1 rolled_back, 1 deployed. [web.prod.{US}] rolled_back: so it is"


@pytest.mark.parametrize(
    ("one", "ended"),
    [
        (
            Report("here", (item("rolled_back"),), text="[web] rolled_back", shown="[web] rolled_back"),
            {"msg": "[web] rolled_back", "failed": False, "shown": True},
        ),
        # Nothing was shown.
        (
            Report("here", (item("rolled_back"),), text="[web] rolled_back"),
            {"msg": "[web] rolled_back", "failed": False, "shown": False},
        ),
        # The reason was held back.
        (
            Report("here", (item("failed"),), text="[web] failed: no image", shown="[web] 0/2", ended_badly=True),
            {"msg": "[web] failed: no image", "failed": True, "shown": False},
        ),
        # More than what was shown.
        (
            Report("here", (item("rolled_back"),), text="[web] rolled_back", shown="[web] rolled_back", left=(left(),)),
            {"failed": False, "shown": False},
        ),
    ],
)
def test_what_is_said_at_the_end(one: Report, ended: dict[str, t.Any]) -> None:
    assert {**play.ending(play.ROLES["rollback"], one), **ended} == play.ending(play.ROLES["rollback"], one)


@pytest.mark.parametrize("shown", ["", "[api] failed: so it is"])
def test_reasons_that_were_shown_service_by_service_are_not_repeated(shown: str) -> None:
    items = (item("failed", summary="[web] failed: so it is"), item("failed", "api", summary="[api] failed: or so"))
    full = "2 services: 2 failed. [web] failed: so it is. [api] failed: or so"
    ended = play.ending(play.ROLES["rollback"], Report("here", items, text=full, shown=shown, ended_badly=True))
    assert ended["msg"] == ("2 services: 2 failed (web, api)" if shown else full)


@pytest.mark.parametrize(
    ("slices", "job", "end"),
    [
        ([2], "4711", "_4711"),
        (["3"], "4711", "_4711"),
        ([None, 2], "4711", "_4711"),
        ([1], "4711", ""),
        ([None], "4711", ""),
        (["two"], "4711", ""),
        ([], "4711", ""),
        # From the command line there is nothing that merges.
        ([2], "", ""),
    ],
)
def test_slices_publish_under_names_of_their_own(slices: list[object], job: str, end: str) -> None:
    assert play.suffix(slices, job) == end
    usual = {"rollback_result": {"a": 1}, "rollback_summary": "one"}
    longer = play.with_suffix(usual, end)
    assert set(longer) == {f"rollback_result{end}", f"rollback_summary{end}"}
    assert play.without_suffix(longer, end) == usual


def test_what_slices_publish_survives_the_merging_of_awx() -> None:
    merged: dict[str, t.Any] = {}
    for job, name in (("11", "web"), ("12", "api")):
        data = play.data(ROLLBACK, result(report(item("rolled_back", name))), False, "run")
        merged.update(play.with_suffix(data, play.suffix([2], job)))
    assert [merged[f"rollback_summary_{job}"] for job in ("11", "12")] == [
        f"[web.prod.{EU}] rolled_back: so it is",
        f"[api.prod.{EU}] rolled_back: so it is",
    ]


def test_a_plan_is_published_as_a_text_too() -> None:
    plan = {"plan_id": "929050770195", "account": "012345670123", "left": "", "tasks": None}
    found = result(report(item("planned", plan=plan), item("refused", "api")), check_mode=True)
    published = play.data(ROLLBACK, found, True, "run")["rollback_plan"]
    web, api = published[f"web.prod.{EU}.1"], published[f"api.prod.{EU}.1"]
    assert (json.loads(web["plan_json"]), web["plan"], "plan_json" in api) == (plan, plan, False)


def test_the_document_is_what_is_published() -> None:
    found = result(report(item("rolled_back")))
    role = play.ROLES["rollback"]
    told = play.document(role, found, play.data(role, found, False, "run-1"))
    assert set(told) == {"outcome", "summary", "still_suspended", "run_id", "services"}
    assert (told["run_id"], told["services"]) == ("run-1", dict(found.items))
    deployed = play.document(play.ROLES["deploy"], found, play.data(play.ROLES["deploy"], found, False, "run-1"))
    assert set(deployed) == {"summary", "services"}
