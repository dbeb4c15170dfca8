# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: what it writes, and how long it waits."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop, arn
from tests.world import NETWORK


def fleet(shop: Shop, names: Iterable[str]) -> list[str]:
    """Services of the family web, all on web:2, and web:1 before."""
    shop.versions(2)
    services = list(names)
    for name in services:
        shop.create("web:1", name=name, settle=0)
    shop.sim.advance(300)
    for name in services:
        shop.deploy("web:2", name=name, settle=0)
    shop.sim.advance(300)
    return services


def test_the_task_count_is_not_sent(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback()
    [sent] = run.sent("UpdateService")
    assert set(sent) == {"cluster", "service", "taskDefinition"}


def test_a_task_count_that_auto_scaling_sets_meanwhile_stays(shop: Shop) -> None:
    shop.releases(2)
    params = {"cluster": CLUSTER, "service": "web", "desiredCount": 5}
    shop.sim.on("DescribeServices", {"operation": "UpdateService", "params": params}, "before", 6)
    run = shop.rollback()
    assert (run.outcome, shop.running(), run.only["after"]["desired_count"]) == ("rolled_back", {"web:1": 5}, 5)


def test_the_task_count_is_sent_where_it_was_given(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(tasks=5)
    assert run.sent("UpdateService")[0]["desiredCount"] == 5
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:1": 5})


def test_a_task_count_of_zero_is_a_task_count(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(tasks=0)
    assert (run.outcome, shop.running(), shop.service()["desiredCount"]) == ("rolled_back", {}, 0)


def test_the_task_count_is_set_after_a_native_rollback(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    run = shop.rollback(tasks=5)
    assert (run.outcome, run.only["method"]) == ("rolled_back", "stop_deployment")
    [sent] = run.sent("UpdateService")
    assert {name: value for name, value in sent.items() if name not in ("cluster", "service")} == {"desiredCount": 5}
    assert (shop.on(), shop.service()["desiredCount"]) == ("web:2", 5)
    # It is waited for, and told.
    assert shop.running() == {"web:2": 5}
    assert any("the task count is set to 5" in line for line in run.lines)


def test_a_task_count_that_is_not_reached_is_no_success(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    shop.sim.on("UpdateService", {"control": "image", "params": {"name": "registry/web:2", "behaviour": "cannot_pull"}})
    run = shop.rollback(tasks=5, wait_timeout=300)
    assert (run.outcome, run.failed, shop.on()) == ("timeout", True, "web:2")
    assert shop.running() == {"web:2": 2}


def test_a_task_count_is_not_dropped_silently_if_there_is_nothing_to_roll_back(shop: Shop) -> None:
    shop.releases(2)
    shop.rollback()
    run = shop.rollback(tasks=5)
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "the task count was left at 2 (tasks asked for 5)" in run.message
    named = shop.rollback(revision="1", tasks=5)
    assert (named.outcome, "the task count was left at 2" in named.message) == ("unchanged", True)


def test_a_deregistration_is_a_line(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(deregister=True)
    assert "[web] web:2 was deregistered" in run.lines


def test_a_task_count_that_nobody_waits_to_set_is_told(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    run = shop.rollback(tasks=5, wait=False)
    assert (run.outcome, shop.service()["desiredCount"]) == ("started", 2)
    assert "the task count is still 2, not 5" in run.finding("tasks")["message"]


def test_the_revision_that_was_left_is_deregistered_when_asked_for(shop: Shop) -> None:
    shop.releases(3)
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["deregistered"]) == ("rolled_back", arn("web:3"))
    assert [shop.status(f"web:{n}") for n in (1, 2, 3)] == ["ACTIVE", "ACTIVE", "INACTIVE"]
    assert run.finding("deregister") == {
        "check": "deregister",
        "severity": "info",
        "message": "web:3 was deregistered",
    }


def test_nothing_is_deregistered_by_default(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback()
    assert (run.only["deregistered"], shop.status("web:2")) == (None, "ACTIVE")
    assert "DeregisterTaskDefinition" not in run.operations


def test_nothing_is_deregistered_when_the_rollback_fails(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1")
    run = shop.rollback(deregister=True)
    assert (run.outcome, shop.status("web:1"), shop.status("web:2")) == ("failed", "ACTIVE", "ACTIVE")
    assert "DeregisterTaskDefinition" not in run.operations


def test_a_revision_that_a_service_of_another_cluster_uses_is_not_deregistered(shop: Shop) -> None:
    shop.releases(2)
    shop.world.create_cluster("other")
    shop.world.create_service("other", "sibling", "web:2")
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.failed, run.only["deregistered"]) == ("rolled_back", False, None)
    assert shop.status("web:2") == "ACTIVE"
    assert run.finding("deregister")["message"] == (
        "web:2 was not deregistered: it is still in use by service other/sibling"
    )
    assert any("service other/sibling" in warning for warning in run.result["warnings"])


def test_a_revision_that_a_task_of_no_service_uses_is_not_deregistered(shop: Shop) -> None:
    shop.releases(2)
    task = shop.world.ecs.run_task(
        cluster=CLUSTER, taskDefinition="web:2", launchType="FARGATE", networkConfiguration=NETWORK
    )["tasks"][0]["taskArn"]
    run = shop.rollback(deregister=True)
    assert (run.outcome, shop.status("web:2")) == ("rolled_back", "ACTIVE")
    assert f"it is still in use by task {task}" in run.finding("deregister")["message"]


def test_a_task_of_another_revision_of_the_family_does_not_hold_it(shop: Shop) -> None:
    shop.releases(2)
    shop.world.ecs.run_task(cluster=CLUSTER, taskDefinition="web:1", launchType="FARGATE", networkConfiguration=NETWORK)
    assert shop.rollback(deregister=True).only["deregistered"] == arn("web:2")


def test_a_revision_that_two_services_leave_is_deregistered_when_the_last_has_left(shop: Shop) -> None:
    names = fleet(shop, ["one", "two"])
    run = shop.rollback(*names, deregister=True)
    assert (set(run.outcomes.values()), shop.status("web:2")) == ({"rolled_back"}, "INACTIVE")


def test_a_revision_that_is_pinned_is_not_deregistered(shop: Shop) -> None:
    shop.releases(2)
    shop.mark("web:2", "lastgood:pinned", "for the auditors")
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["deregistered"], shop.status("web:2")) == ("rolled_back", None, "ACTIVE")
    assert "it is marked lastgood:pinned (for the auditors)" in run.finding("deregister")["message"]


def test_a_revision_whose_tasks_still_drain_is_not_deregistered(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(deregister=True, wait_until="serving")
    assert (run.outcome, shop.status("web:2")) == ("rolled_back", "ACTIVE")
    assert "web:2 was not deregistered: it is still in use by service shop/web" in run.finding("deregister")["message"]


def test_deregister_without_waiting_is_refused(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(deregister=True, wait=False)
    assert (run.failed, run.operations, shop.on()) == (True, [], "web:2")
    assert run.message.startswith("deregister and wait: false contradict each other")
    assert run.message.endswith("Leave out one of them. Nothing was changed.")


def test_without_waiting_it_is_started(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(wait=False)
    assert (run.outcome, run.failed, run.result["changed"], shop.clock.sleeps) == ("started", False, True, 0)
    assert run.message == (
        "[web] started: web:2 → web:1. AWS accepted it; we did not wait for its end. "
        "Run the same command again with wait: true to follow it to its end"
    )
    assert (shop.on(), shop.running(), shop.tags("web:2")) == ("web:1", {"web:2": 2}, {})


def test_what_was_started_without_waiting_is_finished_by_the_next_run(shop: Shop) -> None:
    shop.releases(2)
    deployment = shop.rollback(wait=False).only["after"]["deployment_id"]
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.only["after"]["deployment_id"]) == ("rolled_back", "adopt", deployment)
    assert shop.tags("web:2")["lastgood:bad"]


def test_what_was_started_without_waiting_and_has_ended_is_finished_by_the_next_run(shop: Shop) -> None:
    shop.releases(2)
    shop.rollback(wait=False)
    shop.sim.advance(600)
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["method"]) == ("rolled_back", "adopt")
    assert (shop.tags("web:2")["lastgood:bad"] != "", shop.status("web:2")) == (True, "INACTIVE")
    assert shop.rollback().outcome == "unchanged"


def test_serving_is_sooner_than_stable(shop: Shop) -> None:
    shop.releases(2)
    serving = shop.rollback(wait_until="serving")
    assert serving.only["reason"] == "our deployment of web:1 takes all the traffic; old tasks may still drain"
    assert shop.running() == {"web:1": 2}
    shop.sim.advance(600)
    shop.deploy("web:2")
    stable = shop.rollback()
    assert stable.only["reason"] == "our deployment of web:1 is complete, and nothing of the other versions is left"
    timings = stable.only["timings"]
    assert timings["planned"] <= timings["accepted"] < timings["serving"] < timings["stable"] <= timings["ended"]
    assert serving.only["timings"]["ended"] < timings["ended"] - 8


def test_the_result_says_how_many_tasks_ran_on_each_version_over_time(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback()
    looks = run.only["tasks_over_time"]
    assert looks[0]["running"] == {"web:1": 0, "web:2": 2}
    assert looks[-1]["running"] == {"web:1": 2}
    seconds, counts = [look["seconds"] for look in looks], [look["running"] for look in looks]
    assert all(sooner < later for sooner, later in pairwise(seconds))
    assert all(before != after for before, after in pairwise(counts))
    timings = run.only["timings"]
    assert timings["accepted"] <= seconds[0] < seconds[-1] <= timings["ended"]
    assert shop.rollback().only["tasks_over_time"] == []


def balanced(shop: Shop, group: str) -> None:
    """web:1 and web:2, both good, behind this target group."""
    shop.versions(2, portMappings=[{"containerPort": 80}])
    shop.create("web:1", loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}])
    shop.deploy("web:2")


def test_serving_waits_for_the_targets_of_load_balancers(shop: Shop) -> None:
    network = shop.world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    elb = shop.world.client("elbv2")
    made = elb.create_target_group(Name="blue", Protocol="HTTP", Port=80, VpcId=network, TargetType="ip")
    balanced(shop, made["TargetGroups"][0]["TargetGroupArn"])
    # No target ever becomes healthy here, so all that is left to wait for is that ECS calls it complete.
    run = shop.rollback(wait_until="serving")
    assert (run.outcome, run.findings("target_health")) == ("rolled_back", [])
    assert run.only["reason"] == "our deployment of web:1 is complete, and nothing of the other versions is left"
    assert any("0 of 2 targets healthy in blue" in line for line in run.lines)


def test_serving_claims_nothing_where_targets_cannot_be_looked_at(shop: Shop) -> None:
    balanced(shop, "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/gone/0123456789abcdef")
    run = shop.rollback(wait_until="serving")
    assert (run.outcome, "serving" in run.only["timings"]) == ("rolled_back", False)
    assert "whether its load balancers find them healthy is not known" in run.finding("target_health")["message"]
    assert "TargetGroupNotFound" in run.only["diagnosis"]["unknown"][0]
    assert "traffic" not in run.only["reason"]


def test_when_the_time_is_up_nothing_is_undone(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1", "slow")
    run = shop.rollback(wait_timeout=60)
    assert (run.outcome, run.failed, run.result["changed"]) == ("timeout", True, True)
    assert "still going after 60 s (0/2 on web:1, 2 pending, 2 on web:2)" in run.message
    assert run.message.endswith("Nothing was undone. Run the same command again to go on watching it")
    assert [name for name in run.writes if name != "TagResource"] == ["UpdateService"]
    assert (shop.on(), shop.running(), shop.tags("web:2")) == ("web:1", {"web:2": 2}, {})


def test_after_a_timeout_the_next_run_adopts(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1", "slow")
    shop.rollback(wait_timeout=60)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.running()) == ("rolled_back", "adopt", {"web:1": 2})
    assert "UpdateService" not in run.writes
    assert shop.tags("web:2")["lastgood:bad"]


def test_the_end_of_the_wait_is_kept_to_the_second(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1", "slow")
    ended = shop.rollback(wait_timeout=61).only["timings"]["ended"]
    assert 61 <= ended < 63


def test_ten_services_cost_one_look_a_sweep(shop: Shop) -> None:
    names = fleet(shop, [f"s{n}" for n in range(10)])
    run = shop.rollback(*names)
    assert set(run.outcomes.values()) == {"rolled_back"}
    looks = [entry for entry in run.log if entry["operation"] == "DescribeServices"]
    # The first one is written alone.
    assert [len(entry["params"]["services"]) for entry in looks[:6]] == [10, 1, 9, 10, 10, 10]
    times = [entry["time"] for entry in looks[3:]]
    assert len(times) == len(set(times))
    assert max(later - sooner for sooner, later in pairwise(times)) < 3
    assert len(run.sent("UpdateService")) == 10


def test_ten_services_of_one_family_read_each_version_once(shop: Shop) -> None:
    names = fleet(shop, [f"s{n}" for n in range(10)])
    calls = shop.rollback(*names).result["api_calls"]
    # And once more what was left, before it is marked.
    assert (calls["DescribeTaskDefinition"], calls["ListServiceDeployments"]) == (2 + 1, 10)
    assert (calls["DescribeServiceDeployments"], calls["DescribeServiceRevisions"]) == (1, 2)


def test_more_than_ten_services_are_looked_at_ten_at_a_time(shop: Shop) -> None:
    names = fleet(shop, [f"s{n:02}" for n in range(12)])
    run = shop.rollback(*names)
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert sorted(len(params["services"]) for params in run.sent("DescribeServices")[:2]) == [2, 10]
    assert run.message == "12 services: 12 rolled_back"


def test_the_api_calls_of_the_result_are_those_that_were_sent(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback()
    assert run.result["api_calls"] == {name: len(run.sent(name)) for name in sorted(set(run.operations))}


def test_one_service_that_cannot_go_back_holds_back_all(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback("web", "nonesuch")
    assert run.outcomes == {"web": "not_attempted", "nonesuch": "refused"}
    assert (run.failed, run.writes, shop.on()) == (True, [], "web:2")
    assert run.message.startswith("2 services: 1 refused, 1 not_attempted. [nonesuch] refused: there is no service")
    assert run.result["services"][0]["reason"] == (
        "it was not started, because nonesuch ended as refused and max_fail_percentage is 0"
    )


def test_with_max_fail_percentage_the_others_go_back(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback("web", "nonesuch", max_fail_percentage=50)
    assert run.outcomes == {"web": "rolled_back", "nonesuch": "refused"}
    assert (run.failed, shop.on()) == (False, "web:1")
    assert run.result["summary"].startswith("2 services: 1 refused, 1 rolled_back. [nonesuch] refused: ")


def test_beyond_max_fail_percentage_no_further_service_is_started(shop: Shop) -> None:
    names = fleet(shop, [f"s{n:02}" for n in range(10)])
    for name in ("s01", "s03", "s04"):
        shop.sim.fail("UpdateService", code="AccessDeniedException", times=None, when={"service": name})
    run = shop.rollback(*names, max_fail_percentage=20)
    assert [name for name, outcome in run.outcomes.items() if outcome == "rolled_back"] == ["s00", "s02"]
    assert (run.failed, len(run.sent("UpdateService"))) == (True, 5)
    assert {shop.on(name) for name in names[5:]} == {"web:2"}
    assert "it was not started, because s01 ended as refused" in run.result["services"][9]["reason"]


def test_a_service_that_fails_does_not_stop_the_others_from_being_watched(shop: Shop) -> None:
    names = fleet(shop, ["one", "two"])
    shop.versions(2, family="api")
    shop.create("api:1")
    shop.deploy("api:2")
    shop.broken("api:1")
    run = shop.rollback("api", *names)
    assert run.outcomes == {"api": "failed", "one": "rolled_back", "two": "rolled_back"}
    assert (run.failed, run.message.startswith("3 services: 1 failed, 2 rolled_back. [api] failed: api:1 ")) == (
        True,
        True,
    )


def test_with_a_circuit_breaker_a_good_target_comes_up_as_well(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    assert shop.rollback().outcome == "rolled_back"


def test_a_service_whose_deployment_failed_for_good_is_deployed_anew(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1", deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    shop.broken("web:2", **NEVER_STARTS)
    shop.deploy("web:2")
    assert shop.primary()["rolloutState"] == "FAILED"
    run = shop.rollback()
    assert (run.outcome, run.target, shop.running()) == ("rolled_back", "web:1", {"web:1": 2})


def test_progress_is_told_with_counts_and_seconds(shop: Shop) -> None:
    shop.releases(2)
    lines = shop.rollback().lines
    assert "[web] 0/2 on web:1, 2 pending, 2 on web:2, 0 s" in lines
    assert any(line.startswith("[web] 2/2 on web:1, old tasks draining, ") for line in lines)
    assert lines[-1].startswith("[web] rolled_back: web:2 → web:1 in ")


def test_a_wait_is_never_silent_for_half_a_minute(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1", "slow")
    said: list[float] = []
    shop.on_line(lambda _line: said.append(shop.sim.now()))
    shop.rollback()
    assert len(said) >= 10
    assert max(later - sooner for sooner, later in pairwise(said)) < 30
