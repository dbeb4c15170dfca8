# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Planning and acting over several targets, and everything that AWS may answer on the way."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import act
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import KEY
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS

ALL = set(FLAGS)
WRITES_OF_SUSPENDING = ["tag_resource", "register_scalable_target"]
WRITES_OF_RESTORING = ["register_scalable_target", "untag_resource"]


def outcomes(results: list[act.Result]) -> list[str]:
    return [result.outcome for result in results]


def methods(cloud: t.Any) -> list[str]:
    return [method for method, resource in cloud.writes() if method != "planned"]


def test_suspending_and_restoring(cloud: t.Any) -> None:
    web = cloud.add("web", "scheduled_scaling")
    (result,) = cloud.run("suspended", "web")
    assert methods(cloud) == WRITES_OF_SUSPENDING
    assert cloud.suspended(web) == ALL
    assert result.as_dict() == {
        "resource_id": "service/prod/web",
        "outcome": "suspended",
        "changed": True,
        "reason": "scale-in, scale-out suspended",
        "before": {
            "dynamic_scaling_in_suspended": False,
            "dynamic_scaling_out_suspended": False,
            "scheduled_scaling_suspended": True,
            "min_capacity": 2,
            "max_capacity": 10,
        },
        "after": {
            "dynamic_scaling_in_suspended": True,
            "dynamic_scaling_out_suspended": True,
            "scheduled_scaling_suspended": True,
            "min_capacity": 2,
            "max_capacity": 10,
        },
        "record": {
            "flags": ["dynamic_scaling_in", "dynamic_scaling_out"],
            "at": "2026-11-22T14:02:11Z",
            "run": "4f3a9c2e",
            "by": "ops@host",
            "reason": "500s",
        },
        "findings": [],
    }
    cloud.calls.clear()
    (result,) = cloud.run("restored", "web")
    assert methods(cloud) == WRITES_OF_RESTORING
    assert (cloud.suspended(web), cloud.tags[web]) == ({"scheduled_scaling"}, {})
    assert (result.outcome, result.as_dict()["record"]) == ("restored", {})
    assert cloud.lines == [
        "[web] scaling: scale-in, scale-out suspended",
        "[web] scaling: scale-in, scale-out active again, as before run 4f3a9c2e of ops@host at 2026-11-22T14:02:11Z "
        "(500s)",
    ]


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_check_mode_writes_nothing_and_foretells_all(cloud: t.Any, state: str) -> None:
    cloud.add("web")
    if state != "suspended":
        cloud.run("suspended", "web")
    cloud.calls.clear()
    (foretold,) = cloud.run(state, "web", check_mode=True)
    assert (foretold.outcome, foretold.changed, methods(cloud)) == ("planned", True, [])
    (done,) = cloud.run(state, "web")
    assert (done.outcome, done.changed) == (state, True)
    for key in ("before", "after", "record", "reason"):
        assert foretold.as_dict()[key] == done.as_dict()[key]
    assert foretold.diff() == done.diff()


def test_everything_is_read_before_anything_is_written(cloud: t.Any) -> None:
    for name in ("web", "api", "job"):
        cloud.add(name)
    cloud.run("suspended", "web", "api", "job")
    planned = cloud.calls.index(("planned", ""))
    assert all(method.startswith(("describe", "list")) for method, _resource in cloud.calls[:planned])
    assert [resource for method, resource in cloud.writes()[1:]] == [
        f"service/prod/{name}" for name in ("web", "api", "job") for _write in range(2)
    ]


def test_reads_are_batched(cloud: t.Any) -> None:
    names = [f"s{number}" for number in range(101)]
    for name in names:
        cloud.add(name)
    assert set(outcomes(cloud.run("suspended", *names))) == {"suspended"}
    calls = [method for method, _resource in cloud.calls]
    assert calls.count("describe_scalable_targets") == 3
    assert calls.count("describe_services") == 11


def test_pages_are_followed(cloud: t.Any) -> None:
    cloud.page_size = 2
    for name in ("web", "api", "job"):
        cloud.add(name)
    assert outcomes(cloud.run("suspended", "web", "api", "job")) == ["suspended"] * 3


def test_services_that_need_no_write_are_not_looked_up(cloud: t.Any) -> None:
    cloud.add("web", *FLAGS)
    assert outcomes(cloud.run("suspended", "web")) == ["unchanged"]
    assert [call for call in cloud.calls if call[0] == "describe_services"] == []


@pytest.mark.parametrize(
    ("desired", "told"),
    [
        (2, None),
        (10, None),
        (1, "wants 1 tasks, outside the bounds 2..10"),
        (12, "with any change of the target AWS sets the desired count to 10"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_capacity_outside_the_bounds_is_told(cloud: t.Any, desired: int, told: str | None, check_mode: bool) -> None:
    cloud.add("web", desired=desired)
    (result,) = cloud.run("suspended", "web", check_mode=check_mode)
    assert [(f.check, f.severity) for f in result.findings] == ([("capacity", "warn")] if told else [])
    assert told is None or told in result.findings[0].message


def test_unknown_capacity_is_told_and_stops_nothing(cloud: t.Any) -> None:
    cloud.add("web")
    cloud.deny("describe_services")
    (result,) = cloud.run("suspended", "web")
    assert result.outcome == "suspended"
    assert [(f.check, f.severity) for f in result.findings] == [("capacity", "unknown")]
    assert "needs the permission ecs:DescribeServices" in result.findings[0].message


@pytest.mark.parametrize(
    ("missing", "severity", "failed"), [("ignore", "info", False), ("warn", "warn", False), ("fail", "block", True)]
)
@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_a_service_without_a_scalable_target(
    cloud: t.Any, state: str, missing: str, severity: str, failed: bool
) -> None:
    web = cloud.add("web")
    del cloud.targets[web]
    (result,) = cloud.run(state, "web", missing=missing)
    assert (result.outcome, result.failed, result.changed) == ("missing", failed, False)
    assert [(f.check, f.severity) for f in result.findings] == [("scalable_target_missing", severity)]
    verb = {"suspended": "suspend", "resumed": "resume", "restored": "restore"}[state]
    assert result.reason == (
        f"there is no scalable target for ecs:service:DesiredCount, so there is nothing to {verb}. "
        "Nothing was changed here"
    )


@pytest.mark.parametrize(("missing", "failed"), [("ignore", False), ("warn", True), ("fail", True)])
@pytest.mark.parametrize(
    ("service", "clusters", "told"),
    [
        (None, ["prod"], "there is no service by that name in cluster prod"),
        ({"serviceName": "web", "status": "INACTIVE", "desiredCount": 0}, ["prod"], "the service was deleted from"),
        (None, [], "there is no cluster prod in this account and Region"),
    ],
)
def test_a_service_that_does_not_exist(
    cloud: t.Any, service: t.Any, clusters: list[str], told: str, missing: str, failed: bool
) -> None:
    cloud.clusters = clusters
    if service:
        cloud.services["service/prod/web"] = service
    (result,) = cloud.run("restored", "web", missing=missing)
    assert (result.outcome, result.failed) == ("missing", failed)
    assert told in result.reason
    assert "Check the names" in result.reason


def test_whether_a_missing_service_exists_may_stay_unknown(cloud: t.Any) -> None:
    cloud.deny("describe_services")
    (result,) = cloud.run("suspended", "web")
    assert [f.check for f in result.findings] == ["scalable_target_missing"]


@pytest.mark.parametrize("trouble", ["garbled", "missing"])
def test_nothing_is_suspended_unless_everything_can_be(cloud: t.Any, trouble: str) -> None:
    cloud.add("web")
    api = cloud.add("api")
    if trouble == "garbled":
        cloud.tags[api][KEY] = "9 from the future"
    else:
        del cloud.targets[api]
    results = cloud.run("suspended", "web", "api", missing="fail")
    assert outcomes(results) == ["not_attempted", {"garbled": "refused"}.get(trouble, "missing")]
    assert methods(cloud) == []
    assert results[0].as_dict()["after"] == results[0].as_dict()["before"]
    assert act.summary(results).startswith("service/prod/api: ")


def test_a_target_that_cannot_be_restored_does_not_keep_the_others_suspended(cloud: t.Any) -> None:
    web, api, job = (cloud.add(name) for name in ("web", "api", "job"))
    cloud.run("suspended", "web", "api", "job")
    cloud.tags[web][KEY] = "9 from the future"
    cloud.deny("register_scalable_target", api)
    results = cloud.run("restored", "web", "api", "job")
    assert outcomes(results) == ["refused", "failed", "restored"]
    assert (cloud.suspended(web), cloud.suspended(api), cloud.suspended(job)) == (ALL, ALL, set())
    told = act.summary(results)
    assert "service/prod/web: the tag lastgood:scaling-suspended holds '9 from the future'" in told
    assert "service/prod/api: Failed to set what is suspended" in told
    assert told.endswith(" Of 3 targets: 1 refused, 1 failed, 1 restored")


def test_suspending_stops_at_the_first_failure_and_tells_what_was_done(cloud: t.Any) -> None:
    web, api, job = (cloud.add(name) for name in ("web", "api", "job"))
    cloud.deny("tag_resource", api)
    results = cloud.run("suspended", "web", "api", "job")
    assert outcomes(results) == ["suspended", "failed", "not_attempted"]
    assert [result.changed for result in results] == [True, False, False]
    assert (cloud.suspended(web), cloud.suspended(api), cloud.suspended(job)) == (ALL, set(), set())
    assert act.summary(results) == (
        "service/prod/api: Failed to record on the scalable target service/prod/api what is suspended: "
        "AccessDeniedException (not authorized). The identity in use needs the permission "
        "application-autoscaling:TagResource. Without a record this could not be undone exactly, so no flag was "
        "changed: nothing suspended, as before. If tagging cannot be allowed, suspend with journal=best_effort and "
        "end it with state=resumed, or leave auto scaling alone. Of 3 targets: 1 suspended, 1 failed, 1 not attempted"
    )


def test_denied_targets_cannot_be_planned_at_all(cloud: t.Any) -> None:
    cloud.deny("describe_scalable_targets")
    with pytest.raises(AwsCallError) as caught:
        cloud.run("suspended", "web")
    assert "needs the permission application-autoscaling:DescribeScalableTargets" in caught.value.explain()


@pytest.mark.parametrize("code", ["TooManyTagsException", "ResourceNotFoundException"])
@pytest.mark.parametrize("journal", ["required", "best_effort"])
def test_a_record_that_cannot_be_written(cloud: t.Any, code: str, journal: str) -> None:
    web = cloud.add("web")
    cloud.error("tag_resource", code)
    (result,) = cloud.run("suspended", "web", journal=journal)
    if journal == "required":
        assert (result.outcome, result.changed, cloud.suspended(web)) == ("failed", False, set())
        assert code in result.reason
    else:
        assert (result.outcome, result.changed, cloud.suspended(web)) == ("suspended", True, ALL)
        assert [(f.check, f.severity) for f in result.findings] == [("record", "warn")]
        assert code in result.findings[0].message
        assert result.as_dict()["record"] == {}


def test_a_record_that_may_exist_is_not_overwritten(cloud: t.Any) -> None:
    web = cloud.add("web")
    cloud.deny("list_tags_for_resource")
    assert outcomes(cloud.run("suspended", "web")) == ["refused"]
    assert outcomes(cloud.run("suspended", "web", journal="best_effort")) == ["suspended"]
    assert methods(cloud).count("tag_resource") == 0
    assert outcomes(cloud.run("restored", "web")) == ["refused"]
    assert outcomes(cloud.run("resumed", "web")) == ["resumed"]
    assert cloud.suspended(web) == set()


def test_an_answer_about_tags_that_was_cut_is_not_taken_for_no_tags(cloud: t.Any) -> None:
    cloud.add("web")
    cloud.list_tags_for_resource = lambda ResourceARN: {"ResponseMetadata": {"HTTPHeaders": {"content-length": "77"}}}
    (result,) = cloud.run("suspended", "web")
    assert result.outcome == "refused"
    assert "lacks 'Tags', so it was cut off on the way" in result.reason


def test_an_empty_answer_about_tags_is_no_tags(cloud: t.Any) -> None:
    cloud.add("web")
    cloud.list_tags_for_resource = lambda ResourceARN: {"ResponseMetadata": {"HTTPHeaders": {"content-length": "2"}}}
    assert outcomes(cloud.run("suspended", "web")) == ["suspended"]


def test_an_answer_about_targets_that_was_cut(cloud: t.Any) -> None:
    cloud.describe_scalable_targets = lambda **params: {}
    with pytest.raises(IncompleteAnswerError):
        cloud.run("suspended", "web")


def test_a_target_without_an_arn_cannot_be_recorded(cloud: t.Any) -> None:
    web = cloud.add("web")
    del cloud.targets[web]["ScalableTargetARN"]
    (result,) = cloud.run("suspended", "web")
    assert result.outcome == "refused"
    assert "AWS gives no ARN for the scalable target service/prod/web" in result.reason


def test_no_answer_to_the_write_leaves_the_record_and_says_that_nobody_knows(cloud: t.Any) -> None:
    web = cloud.add("web")
    cloud.hang("register_scalable_target")
    (result,) = cloud.run("suspended", "web")
    assert (result.outcome, result.changed, result.as_dict()["after"]) == ("failed", True, {})
    assert "Whether AWS has changed what is suspended is not known" in result.reason
    assert "secret" not in result.reason
    assert cloud.record(web) is not None


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_a_denied_write_of_the_flags(cloud: t.Any, state: str) -> None:
    web = cloud.add("web")
    if state != "suspended":
        cloud.run("suspended", "web")
    before = cloud.suspended(web)
    cloud.deny("register_scalable_target")
    (result,) = cloud.run(state, "web")
    assert (result.outcome, cloud.suspended(web)) == ("failed", before)
    assert "needs the permission application-autoscaling:RegisterScalableTarget. No flag was changed" in result.reason
    assert ("state=restored clears it" in result.reason) == (state == "suspended")
    assert cloud.record(web) is not None


@pytest.mark.parametrize("state", ["resumed", "restored"])
def test_a_record_that_cannot_be_deleted_is_a_warning(cloud: t.Any, state: str) -> None:
    web = cloud.add("web")
    cloud.run("suspended", "web")
    cloud.deny("untag_resource")
    (result,) = cloud.run(state, "web")
    assert (result.outcome, result.failed, cloud.suspended(web)) == (state, False, set())
    assert [(f.check, f.severity) for f in result.findings] == [("record", "warn")]
    assert "needs the permission application-autoscaling:UntagResource" in result.findings[0].message
    assert result.as_dict()["record"]["run"] == "4f3a9c2e"


def test_resuming_a_part_goes_on_without_the_record(cloud: t.Any) -> None:
    web = cloud.add("web")
    cloud.run("suspended", "web")
    cloud.deny("tag_resource")
    part = {"dynamic_scaling_in": False, "scheduled_scaling": False}
    (result,) = cloud.run("resumed", "web", **part)
    assert (result.outcome, cloud.suspended(web)) == ("resumed", {"dynamic_scaling_in", "scheduled_scaling"})
    assert "state=restored will treat that as somebody else's change" in result.findings[0].message
    assert outcomes(cloud.run("restored", "web")) == ["left_alone"]


def test_a_record_of_another_run_is_not_deleted(cloud: t.Any) -> None:
    """The other run suspends again between our write of the flags and the deletion of the record."""
    web = cloud.add("web")
    cloud.run("suspended", "web")

    def other_run(method: str, resource: str) -> None:
        if method == "register_scalable_target":
            cloud.before_call = lambda method, resource: None
            value = cloud.tags[web][KEY]
            cloud.tags[web][KEY] = value.replace("run=4f3a9c2e", "run=00000000")

    cloud.before_call = other_run
    (result,) = cloud.run("restored", "web")
    assert result.outcome == "restored"
    assert "another run has written its own record" in result.findings[0].message
    assert "untag_resource" not in methods(cloud)


def test_everything_that_is_recorded_in_a_cluster_is_restored(cloud: t.Any) -> None:
    web, api = cloud.add("web"), cloud.add("api")
    by_hand = cloud.add("by-hand", *FLAGS)
    cloud.run("suspended", "web", "api")
    other = cloud.targets.pop(api)
    cloud.targets["service/test/api"] = {**other, "ResourceId": "service/test/api"}
    cloud.tags["service/test/api"] = cloud.tags[api]
    # A dimension that ECS does not have today.
    cloud.targets["service/prod/other"] = {**other, "ResourceId": "service/prod/other", "ScalableDimension": "ecs:x:y"}
    cloud.tags["service/prod/other"] = cloud.tags[api]
    results = cloud.run("restored", "*")
    assert [result.plan.resource_id for result in results] == [web]
    assert cloud.suspended(web) == set()
    assert cloud.suspended(by_hand) == ALL
    assert cloud.suspended("service/test/api") == ALL
    assert cloud.run("restored", "*") == []


def test_everything_in_a_cluster_that_does_not_exist(cloud: t.Any) -> None:
    (result,) = cloud.run("restored", "*", cluster="prd")
    assert (result.outcome, result.failed) == ("missing", True)
    assert "there is no cluster prd" in result.reason


def test_everything_in_a_cluster_with_nothing_to_restore(cloud: t.Any) -> None:
    assert cloud.run("restored", "*") == []
    cloud.deny("describe_clusters")
    assert cloud.run("restored", "*", cluster="prd") == []


def test_a_record_that_could_not_be_read_is_not_passed_over_in_a_cluster(cloud: t.Any) -> None:
    cloud.add("web")
    cloud.deny("list_tags_for_resource")
    results = cloud.run("restored", "*")
    assert outcomes(results) == ["refused"]
    assert results[0].failed
