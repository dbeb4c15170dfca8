# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More than ten services in one call: planned, written and watched at the same time."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.services import Shop, arn

MANY = 35


def many(shop: Shop, count: int = MANY, prefix: str = "s", **more: t.Any) -> list[str]:
    """Services, each of a family of its own, all on its second version, and the first before."""
    names = [f"{prefix}{number:02}" for number in range(count)]
    for name in names:
        shop.versions(2, family=name)
        shop.create(f"{name}:1", name=name, settle=0, **more)
    shop.sim.advance(300)
    for name in names:
        shop.deploy(f"{name}:2", name=name, settle=0)
    shop.sim.advance(300)
    return names


def written(shop: Shop, names: t.Iterable[str]) -> set[str]:
    """Those that are on their first version."""
    return {name for name in names if shop.on(name) == f"{name}:1"}


def test_all_go_back_once_with_few_requests(shop: Shop) -> None:
    names = many(shop)
    run = shop.rollback(*names)
    assert not run.failed
    assert list(run.outcomes) == names
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert written(shop, names) == set(names)
    calls = run.result["api_calls"]
    each = {name: calls[name] for name in ("UpdateService", "ListServiceDeployments", "DescribeTaskDefinition")}
    # What is gone back to is read before the write. What was left has no mark, which is seen together.
    # If one ends when all others have been asked about, it is read by itself.
    assert MANY <= each.pop("DescribeTaskDefinition") <= MANY + 3
    assert each == {"UpdateService": MANY, "ListServiceDeployments": MANY}
    assert not {"ListTasks", "GetTaskProtection"} & set(calls)
    # Each is announced and its version marked. That it is done is equal for all, and written together.
    assert calls["TagResource"] < 2 * MANY + 5
    assert calls["TagResources"] >= 1
    polls = ("DescribeServices", "DescribeServiceDeployments")
    assert sum(count for name, count in calls.items() if name not in polls) <= 6 * MANY


def test_what_is_recorded_is_the_same_as_for_one(shop: Shop) -> None:
    names = many(shop, 12)
    shop.rollback(*names, reason="errors since noon")
    for name in names:
        assert shop.tags(f"{name}:2")["lastgood:bad"].endswith("errors since noon")
        tags = shop.service_tags(name)
        assert tags["lastgood:rollback-done"].split()[0] == tags["lastgood:rollback"].split()[0]
    again = shop.rollback(*names)
    assert (set(again.outcomes.values()), again.writes) == ({"unchanged"}, [])


def test_marks_of_others_stay(shop: Shop) -> None:
    names = many(shop, 12)
    shop.world.ecs.tag_resource(resourceArn=arn("s03:2"), tags=[{"key": "lastgood:bad", "value": "loses orders"}])
    staging = [
        {"key": "lastgood:bad", "value": "2026-01-01T00:00:00Z fails there"},
        {"key": "lastgood:bad-of", "value": "2026-01-01T00:00:00Z stag/a"},
    ]
    shop.world.ecs.tag_resource(resourceArn=arn("s05:2"), tags=staging)
    run = shop.rollback(*names)
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert shop.tags("s03:2")["lastgood:bad"] == "loses orders"
    assert "stag/a " in shop.tags("s05:2")["lastgood:bad-of"]
    # The two are read by themselves, and all that is gone back to.
    assert run.result["api_calls"]["DescribeTaskDefinition"] == 12 + 2


@pytest.mark.parametrize("denied", ["TagResources", "GetResources", "GetServiceQuota"])
def test_permissions_that_only_save_requests(shop: Shop, denied: str) -> None:
    names = many(shop, 12)
    shop.deny(denied)
    run = shop.rollback(*names)
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert all("lastgood:rollback-done" in shop.service_tags(name) for name in names)


def test_one_that_cannot_go_back_holds_back_its_batch(shop: Shop) -> None:
    names = many(shop)
    wrong = [*names[:20], "nonesuch", *names[20:]]
    run = shop.rollback(*wrong)
    assert (run.failed, run.outcomes["nonesuch"]) == (True, "refused")
    # Its batch is the second one.
    assert written(shop, names) <= set(names[:10])
    assert {run.outcomes[name] for name in names[10:]} == {"not_attempted"}
    reason = next(item["reason"] for item in run.result["services"] if item["service"] == names[34])
    assert reason == "it was not started, because nonesuch ended as refused and max_fail_percentage is 0"


def test_with_max_fail_percentage_all_others_go_back(shop: Shop) -> None:
    names = many(shop)
    run = shop.rollback(*names[:20], "nonesuch", *names[20:], max_fail_percentage=5)
    assert (run.failed, written(shop, names)) == (False, set(names))


def test_one_for_which_aws_throttles_is_planned_last(shop: Shop) -> None:
    names = many(shop, 15)
    shop.sim.fail("ListServiceDeployments", code="ThrottlingException", times=1, when={"service": "s03"})
    run = shop.rollback(*names)
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert [sent["service"] for sent in run.sent("UpdateService")][-1] == "s03"
    assert list(run.outcomes) == names


def test_one_for_which_aws_throttles_for_good_holds_up_no_other(shop: Shop) -> None:
    """By AWS's clock, from the start until the last UpdateService of the others.

    That is 12.1 to 16 s, with the throttled one and without it: threads take turns in another order each time.
    """

    def last_write(names: list[str]) -> float:
        begin = shop.sim.now()
        run = shop.rollback(*names)
        assert {run.outcomes[name] for name in names if name != "t03"} == {"rolled_back"}
        return max(call["time"] for call in run.log if call["operation"] == "UpdateService") - begin

    undisturbed = last_write(many(shop, 100))
    names = many(shop, 100, prefix="t")
    shop.sim.fail("ListServiceDeployments", code="ThrottlingException", times=None, when={"service": "t03"})
    assert last_write(names) <= undisturbed * 1.5
    assert written(shop, names) == set(names) - {"t03"}


def test_a_barrier_holds_for_many_as_well(shop: Shop) -> None:
    names = many(shop, 12)
    shop.mark("s07:2", "lastgood:barrier", "orders were moved")
    shop.sim.advance(60)
    run = shop.rollback(*names)
    assert run.outcomes["s07"] == "refused"
    assert "s07:2 is marked lastgood:barrier" in run.message


def test_a_service_that_is_named_twice_is_one(shop: Shop) -> None:
    names = many(shop, 12)
    run = shop.rollback(*names, shop.service("s00")["serviceArn"], "s11")
    assert list(run.outcomes) == names
    assert len(run.sent("UpdateService")) == 12


def test_nobody_waits_for_the_end_if_that_is_not_wanted(shop: Shop) -> None:
    names = many(shop, 12)
    run = shop.rollback(*names, wait=False)
    assert set(run.outcomes.values()) == {"started"}
    assert written(shop, names) == set(names)


def test_each_plan_is_shown_before_its_write_and_each_end_once(shop: Shop) -> None:
    names = many(shop, 12)
    run = shop.rollback(*names)
    for name in names:
        lines = [line for line in run.lines if line.startswith(f"[{name}]")]
        shown, accepted, ended = lines
        assert shown.startswith(f"[{name}] {name}:2 → {name}:1  last good: ")
        assert "update_service accepted" in accepted
        assert ended.startswith(f"[{name}] rolled_back: {name}:2 → {name}:1 in ")
