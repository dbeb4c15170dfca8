# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rolling back in waves: which services when, what stops the next one, and what is said."""

from __future__ import annotations

import typing as t

from tests.module.services import CLUSTER, Shop
from tests.module.test_ecs_rollback_many import many, written
from tests.world import World


def sent(run: t.Any) -> list[str]:
    """The services in the order of their writes."""
    return [params["service"] for params in run.sent("UpdateService")]


def test_each_wave_waits_for_the_one_before(shop: Shop) -> None:
    names = many(shop, 6)
    run = shop.rollback(*names, waves=["1", "2", "100%"], first=["s03"])
    assert (set(run.outcomes.values()), written(shop, names)) == ({"rolled_back"}, set(names))
    assert sent(run) == ["s03", "s00", "s01", "s02", "s04", "s05"]
    assert list(run.outcomes) == sent(run)
    # The first is complete before the second begins.
    times = {entry["params"]["service"]: entry["time"] for entry in run.log if entry["operation"] == "UpdateService"}
    assert times["s00"] - times["s03"] > 30
    assert times["s01"] - times["s00"] < 5


def test_a_wave_is_a_line_and_a_service_none_if_it_is_well(shop: Shop) -> None:
    names = many(shop, 4)
    run = shop.rollback(*names, waves=["1", "100%"], bake=60)
    # But for signs of life: who runs plays ends those that are silent.
    assert [line for line in run.lines if "waiting" not in line] == [
        "wave 1 of 2: 1 service: s00",
        "wave 1 of 2: 1 rolled_back. The next one begins in 60 s, if they stay there",
        "wave 1 of 2: 1 rolled_back",
        "wave 2 of 2: 3 services: s01, s02, s03",
        "wave 2 of 2: 3 rolled_back",
    ]


def test_a_wave_that_goes_wrong_is_the_last(shop: Shop) -> None:
    names = many(shop, 6)
    shop.broken("s01:1")
    run = shop.rollback(*names, waves=["1", "2", "100%"])
    assert run.outcomes == {
        "s00": "rolled_back",
        "s01": "failed",
        "s02": "rolled_back",
        "s03": "not_attempted",
        "s04": "not_attempted",
        "s05": "not_attempted",
    }
    assert (run.failed, sent(run)) == (True, ["s00", "s01", "s02"])
    reason = run.result["services"][3]["reason"]
    assert reason == "wave 3 was not started, because s01 ended as failed and max_fail_percentage is 0"
    assert any(line.startswith("[s01] failed: ") for line in run.lines)
    assert not any(line.startswith("[s02]") for line in run.lines)


def test_a_share_may_go_wrong_of_each_wave_and_of_all(shop: Shop) -> None:
    names = many(shop, 6)
    shop.broken("s01:1")
    run = shop.rollback(*names, waves=["3"], max_fail_percentage=34)
    assert (run.failed, written(shop, names)) == (False, {*names})
    again = shop.rollback(*many_again(shop), waves=["3"], max_fail_percentage=20)
    assert not again.writes


def many_again(shop: Shop) -> list[str]:
    """Those that are back already."""
    return ["s00", "s02", "s03"]


def test_what_does_not_stay_well_during_the_bake_stops_the_next_wave(shop: Shop) -> None:
    names = many(shop, 4)
    # Its tasks come up, and crash half a minute after the service was stable.
    shop.sim.image("registry/s00:1", behaviour="crash", after=90)
    run = shop.rollback(*names, waves=["1", "100%"], bake=300)
    assert (run.failed, sent(run)) == (True, ["s00"])
    assert run.outcomes["s00"] in ("failed", "superseded")


def test_somebody_who_deploys_during_the_bake_stops_the_next_wave(shop: Shop) -> None:
    names = many(shop, 4)

    def tell(line: str) -> None:
        if "if they stay there" in line:
            shop.deploy("s00:2", name="s00", settle=0)

    shop.on_line(tell)
    run = shop.rollback(*names, waves=["1", "100%"], bake=300)
    assert run.outcomes == {"s00": "superseded", "s01": "not_attempted", "s02": "not_attempted", "s03": "not_attempted"}


def test_the_same_command_resumes_a_run_that_was_cut_off(shop: Shop) -> None:
    names = many(shop, 6)
    shop.rollback(*names[:3])
    run = shop.rollback(*names, waves=["1", "2", "100%"], bake=300)
    assert not run.failed
    assert sent(run) == names[3:]
    # What was back already is not watched for minutes once more.
    assert not any("if they stay there" in line for line in run.lines)


def test_check_mode_looks_at_all_of_them(shop: Shop) -> None:
    names = many(shop, 4)
    run = shop.rollback(*names, check_mode=True, waves=["1", "100%"])
    assert (set(run.outcomes.values()), run.writes) == ({"planned"}, [])
    plans = [item["plan"] for item in run.result["services"]]
    done = shop.rollback(plan=plans, waves=["1", "100%"])
    assert (set(done.outcomes.values()), sent(done)) == ({"rolled_back"}, names)


def test_senseless_options_change_nothing(shop: Shop) -> None:
    names = many(shop, 2)
    for options in ({"waves": ["0"]}, {"waves": ["1"], "wait": False}, {"bake": -1}):
        run = shop.rollback(*names, **options)
        assert (run.failed, run.operations) == (True, [])
        assert run.message.endswith("Nothing was changed.")


def test_a_service_that_auto_scaling_makes_larger_meanwhile_is_well(shop: Shop) -> None:
    names = many(shop, 3)

    def tell(line: str) -> None:
        if "if they stay there" in line:
            # New tasks are pending for longer than the bake takes.
            shop.sim.timings(task_start=600)
            World().ecs.update_service(cluster=CLUSTER, service="s00", desiredCount=5)

    shop.on_line(tell)
    run = shop.rollback(*names, waves=["1", "100%"], bake=60, wait_timeout=20000)
    assert set(run.outcomes.values()) == {"rolled_back"}
