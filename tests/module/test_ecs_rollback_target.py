# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: which version it goes back to, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop, arn, image

DAY = 86400.0


def iso(shop: Shop, ago: float = 0) -> str:
    """The simulator's time so many seconds ago."""
    return datetime.fromtimestamp(shop.sim.now() - ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_version_that_never_became_healthy_is_passed_by(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback()
    assert (run.outcome, run.target, run.only["target_source"]) == ("rolled_back", "web:1", "last_good")
    assert run.only["target_why"].startswith("SUCCESSFUL at ")
    assert "web:2: its deployment ended STOPPED" in run.finding("left_out")["message"]
    assert (shop.on(), shop.running()) == ("web:1", {"web:1": 2})


def test_the_line_of_the_plan_says_from_where_to_where_and_why(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback()
    assert run.lines[0].startswith("[web] web:3 → web:1 (last good): update_service accepted, deployment ecs-svc/")


def test_the_version_before_is_taken_when_it_was_good(shop: Shop) -> None:
    shop.releases(3)
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:2", "web:2")
    assert run.findings("left_out") == []


def test_a_version_that_the_circuit_breaker_rolled_back_is_passed_by(shop: Shop) -> None:
    shop.versions(3)
    shop.create("web:1", deploymentConfiguration=BREAKER)
    shop.broken("web:2", **NEVER_STARTS)
    shop.deploy("web:2")
    assert shop.history()[0] == ("web:2", "ROLLBACK_SUCCESSFUL")
    shop.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    left_out = run.finding("left_out")["message"]
    assert left_out.startswith("web:2: ECS rolled it back at ")
    assert "circuit breaker" in left_out


def test_a_version_that_is_marked_bad_is_passed_by(shop: Shop) -> None:
    shop.releases(3)
    shop.mark("web:2", "lastgood:bad", "leaks memory")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert run.finding("left_out")["message"] == "web:2: marked bad: leaks memory"


def test_a_version_that_is_marked_good_is_taken_though_its_deployment_was_cut_off(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.image(image("web:2"), "ok")
    shop.mark("web:2", "lastgood:good", "tried on staging")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:2", "web:2")
    assert run.only["target_why"] == "marked good: tried on staging"


def test_a_version_that_somebody_left_for_an_older_one_is_passed_by(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2")
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    run = shop.rollback(force=["again"])
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    left_out = {finding["message"].partition(" at ")[0] for finding in run.findings("left_out")}
    assert "web:3: left for the older web:2" in left_out


def test_an_inactive_version_is_passed_by_and_said_so(shop: Shop) -> None:
    shop.releases(3)
    shop.deregister("web:2")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert run.finding("left_out")["message"] == (
        "web:2: it was good, but is INACTIVE, and ECS deploys only ACTIVE task definitions"
    )


def test_a_deleted_version_is_passed_by_and_said_so(shop: Shop) -> None:
    shop.releases(3)
    shop.deregister("web:2")
    shop.world.ecs.delete_task_definitions(taskDefinitions=["web:2"])
    shop.sim.advance(2 * DAY)
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert run.finding("left_out")["message"].startswith("web:2: it was good, but is MISSING")


def test_as_of_takes_what_was_in_service_then(shop: Shop) -> None:
    shop.releases(4)
    run = shop.rollback(as_of=iso(shop, ago=1500))
    assert (run.outcome, run.target, run.only["target_source"], shop.on()) == ("rolled_back", "web:2", "as_of", "web:2")
    assert run.only["target_why"].startswith("in service at ")


def test_as_of_what_runs_now_is_unchanged(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(as_of=iso(shop))
    assert (run.outcome, run.only["reason"], run.writes) == ("unchanged", "it is on web:2 already", [])


@pytest.mark.parametrize("given", ["{iso}", "2099-01-01", "2099-01-01T00:00:00+02:00"])
def test_as_of_in_the_future_is_refused_before_anything_is_written(shop: Shop, given: str) -> None:
    shop.releases(2)
    run = shop.rollback(as_of=given.format(iso=iso(shop, ago=-600)))
    assert (run.failed, run.outcome, run.writes, shop.on()) == (True, "refused", [], "web:2")
    assert "is in the future: it is " in run.finding("as_of")["message"]
    assert run.message.endswith("Nothing was written")


def test_the_clock_of_as_of_is_the_one_of_aws(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock is an hour fast takes neither a future time for past, nor -25m for another time."""
    shop.releases(4)
    now = shop.clock.now
    monkeypatch.setattr(shop.clock, "now", lambda: now() + timedelta(hours=1))
    assert shop.rollback(as_of=iso(shop, ago=-600)).outcome == "refused"
    run = shop.rollback(as_of="-25m")
    assert (run.outcome, run.target) == ("rolled_back", "web:2")


def test_as_of_takes_how_long_ago_it_was(shop: Shop) -> None:
    shop.releases(4)
    then = iso(shop, ago=1500)
    run = shop.rollback(as_of="-25m")
    assert (run.outcome, run.target, run.only["target_source"]) == ("rolled_back", "web:2", "as_of")
    assert run.result["as_of"] == then.replace("+00:00", "Z")
    assert run.only["target_why"].startswith(f"in service at {then}")


def test_as_of_without_a_zone_says_that_it_was_taken_as_utc(shop: Shop) -> None:
    shop.releases(4)
    written = iso(shop, ago=1500).removesuffix("Z").replace("T", " ")
    run = shop.rollback(as_of=written)
    words = f"as_of {written} names no zone and was taken as UTC"
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    assert words in run.finding("as_of")["message"]
    assert [warning for warning in run.result["warnings"] if words in warning] == [run.result["warnings"][0]]
    assert not shop.rollback(as_of=f"{written}Z").findings("as_of")


def test_as_of_before_the_history_begins_is_refused(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(as_of="2020-01-01T00:00:00Z")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "does not reach back to 2020-01-01T00:00:00Z" in run.message
    assert "AWS keeps 90 days" in run.message
    assert run.message.endswith("Nothing was written")


def test_steps_back_takes_the_nth_good_one(shop: Shop) -> None:
    shop.releases(4)
    shop.mark("web:3", "lastgood:bad")
    run = shop.rollback(steps_back=2)
    assert (run.outcome, run.target, run.only["target_source"]) == ("rolled_back", "web:1", "steps_back")
    assert run.only["target_why"].startswith("2 good versions back: SUCCESSFUL at ")


def test_steps_back_beyond_the_history_is_refused_and_names_what_there_is(shop: Shop) -> None:
    shop.releases(3)
    run = shop.rollback(steps_back=3)
    assert (run.outcome, run.failed, run.writes) == ("refused", True, [])
    assert run.message == (
        "[web] refused: steps_back: 3 reaches beyond the recorded history: good versions besides web:3: web:2, web:1. "
        "Nothing was written"
    )


@pytest.mark.parametrize("revision", ["1", "web:1", arn("web:1")])
def test_a_named_revision_wins(shop: Shop, revision: str) -> None:
    shop.releases(3)
    shop.mark("web:1", "lastgood:bad", "the user knows better")
    run = shop.rollback(revision=revision)
    assert (run.outcome, run.target, run.only["target_source"], shop.on()) == (
        "rolled_back",
        "web:1",
        "revision",
        "web:1",
    )


def test_a_revision_of_another_family_is_taken_if_that_is_meant(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1, family="fallback")
    run = shop.rollback(revision="fallback:1")
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert "web never ran a version of the family fallback" in run.message
    assert "give force: [family]" in run.message
    run = shop.rollback(revision="fallback:1", force=["family"])
    assert (run.outcome, shop.on(), shop.running()) == ("rolled_back", "fallback:1", {"fallback:1": 2})


def test_the_revision_that_runs_is_unchanged(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(revision="2")
    assert (run.outcome, run.failed, run.writes) == ("unchanged", False, [])
    assert run.message == "[web] unchanged: it is on web:2 already"


def test_an_inactive_revision_is_refused_when_it_is_named(shop: Shop) -> None:
    shop.releases(2)
    shop.deregister("web:1")
    run = shop.rollback(revision="1")
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert run.message == (
        "[web] refused: web:1 is INACTIVE, and ECS deploys only ACTIVE task definitions. pin_images: always "
        "registers a copy of it; or name another revision. Nothing was written"
    )


def test_an_unknown_revision_is_refused(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(revision="99")
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert run.message == (
        "[web] refused: there is no task definition web:99. Name another revision. Nothing was written"
    )


def test_only_services_on_from_revision_move(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(2, family="worker")
    shop.create("worker:1")
    shop.deploy("worker:2")
    run = shop.rollback("web", "worker", from_revision="worker:2")
    assert run.outcomes == {"web": "unchanged", "worker": "rolled_back"}
    assert run.result["services"][0]["reason"] == "it runs web:2, not worker:2, so it does not need to move"
    assert (shop.on(), shop.on("worker")) == ("web:2", "worker:1")


def test_from_revision_as_a_number_is_of_the_family_that_runs(shop: Shop) -> None:
    shop.releases(3)
    assert shop.rollback(from_revision="2").outcome == "unchanged"
    run = shop.rollback(from_revision="3")
    assert (run.outcome, run.target) == ("rolled_back", "web:2")


def test_a_service_left_from_revision_is_unchanged_the_second_time(shop: Shop) -> None:
    shop.releases(3)
    assert shop.rollback(from_revision="3").outcome == "rolled_back"
    run = shop.rollback(from_revision="3")
    assert (run.outcome, run.writes) == ("unchanged", [])


@pytest.mark.parametrize("wanted", ["9", "web:9", arn("web:9")])
def test_a_from_revision_that_does_not_exist_is_refused(shop: Shop, wanted: str) -> None:
    shop.releases(3)
    run = shop.rollback(from_revision=wanted)
    assert (run.failed, run.outcome, run.writes, shop.on()) == (True, "refused", [], "web:3")
    assert "there is no task definition web:9, which from_revision names" in run.message
    assert "web runs web:3, and ran web:2, web:1 before" in run.message


def test_a_from_revision_that_the_service_never_ran_is_refused(shop: Shop) -> None:
    shop.releases(3)
    shop.versions(1)
    run = shop.rollback(from_revision="4")
    assert (run.failed, run.outcome, run.writes) == (True, "refused", [])
    assert "web never ran web:4, which from_revision names: it runs web:3, and ran web:2, web:1 before" in run.message


def test_a_from_revision_that_never_came_up_was_tried(shop: Shop) -> None:
    shop.bad_release()
    assert shop.rollback(from_revision="2").outcome == "unchanged"


def test_a_from_revision_that_lies_deep_in_the_history_is_not_a_mistake(shop: Shop) -> None:
    shop.versions(25)
    shop.create("web:1")
    for revision in range(2, 26):
        shop.deploy(f"web:{revision}", settle=10)
    assert shop.rollback(from_revision="1").outcome == "unchanged"


@pytest.mark.parametrize("denied", [False, True])
def test_what_the_history_does_not_tell_of_a_from_revision_is_said(shop: Shop, denied: bool) -> None:
    shop.versions(3)
    shop.create("web:1")
    shop.sim.advance(100 * DAY)
    shop.deploy("web:2")
    if denied:
        shop.deny("ListServiceDeployments")
    run = shop.rollback(from_revision="3")
    assert (run.outcome, run.writes) == ("unchanged", [])
    why = "cannot be read" if denied else "begins at"
    assert "whether web ever ran web:3 is not known" in run.finding("from_revision")["message"]
    assert why in run.finding("from_revision")["message"]


def test_a_from_revision_that_is_newer_than_the_record_never_ran(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.sim.advance(100 * DAY)
    shop.deploy("web:2")
    shop.versions(1)
    run = shop.rollback(from_revision="3")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "web never ran web:3" in run.message


def test_without_an_earlier_good_version_it_is_refused_and_names_the_next_step(shop: Shop) -> None:
    shop.versions(1)
    shop.create("web:1")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the recorded history holds no good version besides web:1 (it holds no other)" in run.message
    assert "Name one with revision, or give fallback: previous_registered" in run.message


def test_fallback_takes_the_newest_older_active_revision_and_warns(shop: Shop) -> None:
    shop.versions(4)
    shop.create("web:4")
    shop.deregister("web:3")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.target, run.only["target_source"]) == ("rolled_back", "web:2", "previous_registered")
    assert run.finding("fallback")["severity"] == "warn"
    assert any("web:2 was taken by its number" in warning for warning in run.result["warnings"])


def test_fallback_passes_by_what_is_known_to_be_bad(shop: Shop) -> None:
    shop.versions(4)
    shop.create("web:2", deploymentConfiguration=BREAKER)
    shop.broken("web:3", **NEVER_STARTS)
    shop.deploy("web:3")
    shop.deploy("web:4")
    shop.deregister("web:2")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_fallback_reads_the_marks_of_what_it_takes(shop: Shop) -> None:
    shop.versions(3)
    shop.create("web:3")
    shop.mark("web:2", "lastgood:bad")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_without_an_older_revision_the_fallback_is_refused(shop: Shop) -> None:
    shop.versions(1)
    shop.create("web:1")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the family of web:1 has no older ACTIVE revision that is not known to be bad" in run.message


def test_a_history_that_is_denied_is_refused_with_the_permission_that_is_missing(shop: Shop) -> None:
    shop.releases(2)
    shop.deny("ListServiceDeployments")
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert "needs the permission ecs:ListServiceDeployments" in run.message
    assert "fallback: previous_registered" in run.message


def test_a_history_that_is_denied_can_be_done_without(shop: Shop) -> None:
    shop.releases(3)
    shop.deny("ListServiceDeployments")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:2", "web:2")
    assert run.finding("history")["severity"] == "unknown"


def test_a_named_revision_needs_no_history(shop: Shop) -> None:
    shop.releases(3)
    shop.deny("ListServiceDeployments")
    run = shop.rollback(revision="1")
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")


def test_what_is_older_than_ninety_days_proves_nothing(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.sim.advance(100 * DAY)
    shop.deploy("web:2")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "web:1: it ran before the recorded history begins" in run.message


def test_what_is_older_than_ninety_days_is_the_fallback(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.sim.advance(100 * DAY)
    shop.deploy("web:2")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_a_good_version_that_lies_deep_in_the_history_is_found(shop: Shop) -> None:
    shop.versions(26)
    shop.create("web:1")
    for revision in range(2, 26):
        shop.deploy(f"web:{revision}", settle=10)
    shop.deploy("web:26")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert [params.get("maxResults") for params in run.sent("ListServiceDeployments")] == [20, 100]


def test_a_history_of_more_than_one_page_is_read_to_its_end(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.versions(1, family="spare")
    for _round in range(52):
        shop.deploy("spare:1", settle=5, name="web")
        shop.deploy("web:2", settle=5)
    shop.sim.advance(600)
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert len(run.sent("ListServiceDeployments")) == 3


def test_a_service_can_be_named_by_its_arn(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(shop.service()["serviceArn"], cluster=shop.service()["clusterArn"])
    assert (run.outcome, run.only["service"], shop.on()) == ("rolled_back", "web", "web:1")


def test_a_service_without_desired_tasks_goes_back_too(shop: Shop) -> None:
    shop.releases(2)
    shop.world.ecs.update_service(cluster=CLUSTER, service="web", desiredCount=0)
    shop.sim.advance(120)
    run = shop.rollback()
    assert (run.outcome, shop.on(), shop.service()["desiredCount"]) == ("rolled_back", "web:1", 0)


@pytest.mark.parametrize(
    ("reason", "target"),
    [
        ("CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", "web:2"),
        ("CannotPullContainerError: manifest for registry/web:2 not found: manifest unknown", "web:1"),
    ],
)
def test_a_good_version_that_failed_again_is_taken_only_if_the_cause_lies_outside_of_it(
    shop: Shop, reason: str, target: str
) -> None:
    """ECS rolled the second deployment of web:2 back; its events say why the tasks did not start."""
    shop.releases(3, deploymentConfiguration=BREAKER)
    shop.broken("web:2", "cannot_pull", reason=reason)
    shop.deploy("web:2")
    assert shop.history()[0] == ("web:2", "ROLLBACK_SUCCESSFUL")
    shop.sim.image(image("web:2"), "ok")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", target, target)
    warnings = [finding["message"] for finding in run.findings("failed_since")]
    assert ["AWS names a cause outside of it (the registry)" in text for text in warnings] == [True] * (
        target == "web:2"
    )


# -- what is known of a named version


def test_a_named_version_that_is_not_known_to_be_good_is_taken_with_a_warning(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.image(image("web:2"), "ok")
    run = shop.rollback(revision="2")
    assert (run.outcome, shop.on()) == ("rolled_back", "web:2")
    assert run.finding("named")["severity"] == "warn"
    assert (
        "nothing shows that it was ever healthy here: its deployment ended STOPPED" in run.finding("named")["message"]
    )
    assert (
        shop.rollback(revision="3", check_mode=True)
        .finding("named")["message"]
        .startswith("web:3 is taken because you named it, but it is known to be bad: marked bad: ")
    )
    assert shop.rollback(revision="1", check_mode=True).findings("named") == []


def test_the_first_refusal_names_what_helps_if_the_last_good_version_was_deregistered(shop: Shop) -> None:
    """As ecs-deploy leaves it by default."""
    shop.releases(2)
    shop.deregister("web:1")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the last good version, web:1, is INACTIVE" in run.message
    assert "Give pin_images: always" in run.message
    assert "fallback" not in run.message
    run = shop.rollback(pin_images="always")
    assert (run.outcome, shop.on(), shop.running()) == ("rolled_back", "web:3", {"web:3": 2})


# -- without a record


def test_without_a_record_a_rollback_by_ecs_is_followed_and_nothing_older_taken(shop: Shop) -> None:
    """The record is denied. DescribeServices shows that ECS is going back, and that it went back."""
    shop.versions(3)
    shop.create("web:1", deploymentConfiguration=BREAKER)
    shop.deploy("web:2")
    shop.broken("web:3", **NEVER_STARTS)
    shop.deploy("web:3", settle=0)
    while shop.on() != "web:2":
        shop.sim.advance(5)
    shop.deny("ListServiceDeployments")
    planned = shop.rollback(check_mode=True, fallback="previous_registered")
    assert (planned.only["method"], planned.target, planned.only["left"]) == ("adopt", "web:2", arn("web:3"))
    run = shop.rollback(fallback="previous_registered")
    assert (run.target, shop.on()) == ("web:2", "web:2")
    assert "UpdateService" not in run.writes
    assert "lastgood:bad" not in shop.tags("web:2")
    # An hour later that evidence is gone.
    shop.sim.advance(3600)
    for service_tag in list(shop.service_tags()):
        shop.world.ecs.untag_resource(resourceArn=shop.service()["serviceArn"], tagKeys=[service_tag])
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert "web runs web:2, and web:3 of the same family is newer and ACTIVE" in run.message
    run = shop.rollback(fallback="previous_registered", force=["again"])
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")


# -- quiet services


@pytest.mark.parametrize("in_flight", ["stop", "supersede"])
def test_a_service_that_was_not_deployed_for_ninety_days_goes_back(shop: Shop, in_flight: str) -> None:
    """The bad version is still being deployed. What it replaces ran all the time."""
    shop.versions(2)
    shop.create("web:1")
    shop.sim.advance(100 * DAY)
    shop.broken("web:2")
    shop.deploy("web:2", settle=30)
    run = shop.rollback(in_flight=in_flight)
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert run.only["target_source"] == "last_good"
    assert "it served when web:2 was deployed" in run.only["target_why"]


def test_without_a_record_what_the_running_deployment_replaces_is_the_target(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1")
    shop.broken("web:2")
    shop.deploy("web:2", settle=30)
    shop.deny("ListServiceDeployments")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert "ECS lists its deployment as COMPLETED" in run.only["target_why"]


# -- late and unordered lists


def test_a_list_that_has_the_oldest_first_leads_nowhere_else(shop: Shop) -> None:
    shop.releases(26)
    shop.sim.listing_order("oldest_first", "ListServiceDeployments")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:25", "web:25")


def test_somebody_returned_seconds_ago_and_the_list_lacks_it(shop: Shop) -> None:
    shop.releases(3)
    shop.sim.profile("")
    shop.sim.late("ListServiceDeployments", seconds=60)
    shop.meanwhile("DescribeServices", deploy="web:2")
    run = shop.rollback(mark=False)
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "adopt", "web:2")
    assert len(run.sent("DescribeServiceDeployments")[0]["serviceDeploymentArns"]) == 1
    assert "UpdateService" not in run.writes


def test_what_is_neither_listed_nor_described_is_refused(shop: Shop) -> None:
    shop.releases(3)
    shop.sim.profile("")
    shop.sim.late("ListServiceDeployments", seconds=60)
    shop.deny("DescribeServiceDeployments")
    shop.meanwhile("DescribeServices", deploy="web:2")
    began = shop.sim.now()
    run = shop.rollback()
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert "a deployment that AWS does not list yet and does not describe" in run.message
    assert 15 <= shop.sim.now() - began < 20
    waits = [line for line in run.lines if "does not list the current deployment of web yet" in line]
    assert len(waits) == 1


def test_what_is_neither_listed_nor_described_is_waited_for(shop: Shop) -> None:
    shop.releases(3)
    shop.sim.profile("")
    shop.sim.late("ListServiceDeployments", seconds=4)
    shop.sim.fail("DescribeServiceDeployments", code="AccessDeniedException", times=4)
    shop.meanwhile("DescribeServices", deploy="web:2")
    run = shop.rollback(mark=False)
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "adopt", "web:2")
    assert "UpdateService" not in run.writes


def test_a_named_version_needs_no_list(shop: Shop) -> None:
    shop.releases(4)
    shop.sim.profile("")
    shop.sim.late("ListServiceDeployments", seconds=60)
    shop.deny("DescribeServiceDeployments")
    shop.meanwhile("DescribeServices", deploy="web:3")
    began = shop.sim.now()
    run = shop.rollback(revision="2", wait=False)
    assert (run.outcome, run.target, shop.on()) == ("started", "web:2", "web:2")
    assert shop.sim.now() - began < 5


# -- early success


def test_what_was_good_by_early_success_only_is_taken_with_a_warning(shop: Shop) -> None:
    criteria = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}
    shop.versions(3)
    early = {"minimumHealthyPercent": 50, "earlySuccessCriteria": criteria}
    shop.create("web:1", desired=4, deploymentConfiguration=early)
    shop.deploy("web:2", settle=0)
    while shop.history()[0][1] != "SUCCESSFUL":
        shop.sim.advance(1)
    shop.sim.advance(900)
    shop.deploy("web:3")
    run = shop.rollback(check_mode=True)
    assert run.target == "web:2"
    assert run.finding("early_success")["severity"] == "warn"
    assert "with earlySuccessCriteria, when " in run.only["target_why"]
