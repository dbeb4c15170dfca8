# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module codedeploy_deployment_info, in process, against the simulator: the plan, and why."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.modules import codedeploy_deployment_info
from tests.module.code_deploy import client
from tests.module.fleet import APPLICATION, BUCKET, GROUP, Fleet, key
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import Shop
from tests.world import REGION


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    monkeypatch.setattr(codedeploy_deployment_info, "Clock", lambda: shop.clock)
    return Fleet(shop, monkeypatch)


def info(fleet: Fleet, **options: t.Any) -> Result:
    """What the module returns; it writes nothing, whatever the options are."""
    fleet.sim.reset_calls()
    given = {"region": REGION, "application": APPLICATION, "deployment_group": GROUP, **options}
    result = run_module(codedeploy_deployment_info, **given)
    reads = ("BatchGet", "Describe", "Get", "Head", "List")
    assert [call["operation"] for call in fleet.sim.log() if not call["operation"].startswith(reads)] == []
    assert result["changed"] is False
    return result


def verdicts(result: Result) -> list[tuple[str, str]]:
    """Keys with their verdicts, in the order of the candidates."""
    return [(c["revision"]["s3Location"]["key"], c["verdict"]) for c in result["candidates"]]


def checks(result: Result) -> dict[str, str]:
    """Messages of the findings by their checks."""
    return {finding["check"]: finding["message"] for finding in result["findings"]}


def test_the_plan_is_shown(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    result = info(fleet)
    assert (result["outcome"], result["method"], result["target_source"]) == (
        "planned",
        "codedeploy_deployment",
        "last_good",
    )
    assert result["target"]["s3Location"]["key"] == key(1)
    assert result["current"]["deployment_id"] == bad
    assert result["current"]["revision"]["s3Location"]["key"] == key(2)
    assert result["left"]["s3Location"]["key"] == key(2)
    assert verdicts(result) == [(key(2), "good"), (key(1), "good")]
    assert [c["deployment_id"] for c in result["candidates"]] == [bad, good]
    assert [c["current"] for c in result["candidates"]] == [True, False]
    assert result["diagnosis"] is None
    assert result["in_flight"] is None
    assert result["target_name"] in result["summary"]


def test_what_instances_need_to_know_is_shown(fleet: Fleet) -> None:
    """The id by which the agent names its files, the deployment whose bundle it may still have, and the option."""
    fleet.create()
    first = fleet.deploy(1, fileExistsBehavior="RETAIN")
    fleet.deploy(2, fileExistsBehavior="OVERWRITE")
    result = info(fleet)
    group = fleet.client.get_deployment_group(applicationName=APPLICATION, deploymentGroupName=GROUP)
    assert result["deployment_group_id"] == group["deploymentGroupInfo"]["deploymentGroupId"]
    assert (result["target_deployment_id"], result["file_exists_behavior"]) == (first, "RETAIN")
    assert info(fleet, file_exists_behavior="overwrite")["file_exists_behavior"] == "OVERWRITE"


def test_the_plan_is_what_the_redeploy_does(fleet: Fleet) -> None:
    fleet.bad_release()
    planned = info(fleet)
    done = fleet.redeploy()
    assert done.outcome == "rolled_back"
    for name in ("method", "target", "target_source", "target_why", "content_warnings"):
        assert done.result[name] == planned[name]
    after = info(fleet)
    assert (after["outcome"], after["deployment_id"]) == ("unchanged", done.result["deployment_id"])
    assert "by this tool" in after["reason"]
    assert verdicts(after) == [(key(1), "good"), (key(2), "bad")]


def test_codedeploys_own_rollback_is_the_end_of_it(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.deploy(3, autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]}, settle=5)
    running = fleet.listed()[-1]
    fleet.client.stop_deployment(deploymentId=running, autoRollbackEnabled=True)
    fleet.sim.advance(600)
    result = info(fleet)
    assert result["outcome"] == "unchanged"
    assert result["deployment_id"] == fleet.listed()[-1] != running
    assert "CodeDeploy itself rolled it back" in result["reason"]
    assert dict(verdicts(result)) == {key(1): "good", key(2): "good", key(3): "bad"}


def test_a_deployment_that_runs_is_shown(fleet: Fleet) -> None:
    fleet.bad_release()
    started = fleet.deploy(3, settle=5)
    result = info(fleet)
    assert result["in_flight"]["deployment_id"] == started
    assert result["in_flight"]["revision"]["s3Location"]["key"] == key(3)
    assert (result["outcome"], result["method"]) == ("planned", "codedeploy_stop")
    assert result["target"]["s3Location"]["key"] == key(2)
    assert info(fleet, in_flight="refuse")["outcome"] == "refused"
    waits = info(fleet, in_flight="wait")
    assert (waits["outcome"], waits["method"]) == ("planned", "none")
    assert "in_flight is wait" in waits["reason"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"deployment_group": "nosuch"}, "there is no deployment group nosuch of application web"),
        ({"application": "nosuch"}, "there is no deployment group prod of application nosuch"),
    ],
)
def test_what_does_not_exist(fleet: Fleet, names: dict[str, str], words: str) -> None:
    fleet.create()
    result = info(fleet, **names)
    assert result["outcome"] == "refused"
    assert words in result["reason"]
    assert result["candidates"] == []


def test_nothing_was_deployed_yet(fleet: Fleet) -> None:
    fleet.create()
    result = info(fleet)
    assert result["outcome"] == "refused"
    assert "there is no earlier successful deployment: nothing was ever deployed" in result["reason"]
    assert result["current"]["deployment_id"] is None


def test_one_revision_only(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    result = info(fleet)
    assert result["outcome"] == "refused"
    assert "every one on record was of s3://bundles/web-1.zip" in result["reason"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"revision": "app.zip"}, "revision 'app.zip' is not understood"),
        ({"as_of": "yesterday"}, "as_of: 'yesterday' is not a time"),
        ({"steps_back": 0}, "steps_back: 0 is not a number of steps"),
        ({"rollback_events": ["SOMETIMES"]}, "not one of CodeDeploy's events"),
        ({"steps_back": 1, "as_of": "2026-11-20T12:00:00Z"}, "mutually exclusive"),
    ],
)
def test_options_that_cannot_be_meant(fleet: Fleet, options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ModuleFailed) as failed:
        info(fleet, **options)
    assert words in failed.value.msg
    assert fleet.sim.log() == []


def test_a_missing_permission_is_named(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.deny("ListDeployments")
    result = info(fleet)
    assert result["outcome"] == "refused"
    assert "codedeploy:ListDeployments" in result["reason"]


def test_a_bundle_that_is_gone_blocks(fleet: Fleet) -> None:
    fleet.bad_release(versioned=False)
    fleet.s3.delete_object(Bucket=BUCKET, Key=key(1))
    result = info(fleet)
    assert result["outcome"] == "refused"
    assert "is no longer there" in checks(result)["bundle"]


def test_a_bundle_that_was_replaced_blocks(fleet: Fleet) -> None:
    fleet.bad_release(versioned=False)
    fleet.s3.put_object(Bucket=BUCKET, Key=key(1), Body=b"something else")
    result = info(fleet)
    assert result["outcome"] == "refused"
    assert "was replaced: its ETag is" in checks(result)["bundle"]


def test_whether_a_bundle_is_there_can_be_unknown(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.fail("HeadObject", code="AccessDenied", times=None)
    result = info(fleet)
    assert result["outcome"] == "planned"
    assert "s3:GetObject" in checks(result)["bundle"]


def unpinned(name: str = "app.zip") -> dict[str, t.Any]:
    return {"revisionType": "S3", "s3Location": {"bucket": BUCKET, "key": name, "bundleType": "zip"}}


def released(fleet: Fleet, body: str) -> str:
    """A release of people who always write the same object; returns its version."""
    written = fleet.s3.put_object(Bucket=BUCKET, Key="app.zip", Body=body.encode())
    fleet.sim.advance(30)
    fleet.deploy(0, revision=unpinned())
    return str(written.get("VersionId") or "")


def test_one_key_for_all_releases_is_told_apart_by_its_versions(fleet: Fleet) -> None:
    fleet.create()
    first, second = released(fleet, "good"), released(fleet, "bad")
    result = info(fleet)
    assert (result["outcome"], result["target"]["s3Location"]["version"]) == ("planned", first)
    assert [c["revision"]["s3Location"]["version"] for c in result["candidates"]] == [second, first]
    assert "what was there when" in checks(result)["pinned"]
    done = fleet.redeploy()
    assert done.outcome == "rolled_back", done.message
    assert done.params("CreateDeployment")["revision"]["s3Location"]["version"] == first
    assert fleet.redeploy().outcome == "unchanged"


def test_one_key_without_versions_cannot_be_told_apart(fleet: Fleet) -> None:
    fleet.create(versioned=False)
    released(fleet, "good")
    released(fleet, "bad")
    assert info(fleet)["outcome"] == "refused"


def test_a_bundle_without_a_version_is_tied_to_what_it_was(fleet: Fleet) -> None:
    fleet.create(versioned=False)
    for name in ("one.zip", "two.zip"):
        fleet.s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode())
        fleet.sim.advance(30)
        fleet.deploy(0, revision=unpinned(name))
    result = info(fleet, require_pinned=True)
    assert result["outcome"] == "planned"
    assert result["target"]["s3Location"]["key"] == "one.zip"
    assert result["target"]["s3Location"]["eTag"]
    assert "was not changed since" in checks(result)["pinned"]
    fleet.sim.fail("HeadObject", code="AccessDenied", times=None)
    assert "CodeDeploy deploys what is there now" in checks(info(fleet))["unpinned"]
    assert info(fleet, require_pinned=True)["outcome"] == "refused"
    assert fleet.redeploy().outcome == "rolled_back"
    assert fleet.redeploy().outcome == "unchanged"


def broken_release(fleet: Fleet) -> str:
    """Version 3 fails on the first instance; returns the deployment."""
    fleet.bad_release()
    fleet.sim.bundle(
        key(3), "fail", event="AfterInstall", code="ScriptFailed", script="bin/migrate.sh", log="no relation orders"
    )
    return fleet.deploy(3, settle=900)


def test_why_a_deployment_failed_target_by_target(fleet: Fleet) -> None:
    failed = broken_release(fleet)
    result = info(fleet)
    assert (result["outcome"], result["target"]["s3Location"]["key"]) == ("planned", key(2))
    assert dict(verdicts(result))[key(3)] == "bad"
    found = result["diagnosis"]
    assert found["deployment_id"] == failed
    assert found["error_code"] == "HEALTH_CONSTRAINTS"
    first = found["failed_targets"][0]
    assert (first["event"], first["script"], first["error_code"]) == ("AfterInstall", "bin/migrate.sh", "ScriptFailed")
    assert "no relation orders" in first["log_tail"]
    assert first["target"] in fleet.instances
    # It got as far as Install there, so that its own ApplicationStop runs first.
    assert "so that its ApplicationStop script runs first there" in checks(result)["application_stop"]


def test_scripts_can_be_kept_silent(fleet: Fleet) -> None:
    failed = broken_release(fleet)
    result = info(fleet, diagnose=failed, log_tail=False)
    assert result["diagnosis"]["failed_targets"][0]["log_tail"] == ""


def test_another_deployment_can_be_looked_at(fleet: Fleet) -> None:
    broken_release(fleet)
    good = fleet.listed()[0]
    assert info(fleet, diagnose=good)["diagnosis"]["failed_targets"] == []
    named = info(fleet, deployment_id=good)
    assert named["diagnosis"]["deployment_id"] == good
    assert (named["target_source"], named["target"]["s3Location"]["key"]) == ("deployment_id", key(1))
    missing = info(fleet, diagnose="d-NOSUCH000")
    assert missing["diagnosis"] is None
    assert "there is no deployment d-NOSUCH000" in missing["warnings"][0]


def test_a_broken_application_stop_is_named(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2)
    fleet.sim.bundle(key(2), "fail", event="ApplicationStop", code="ScriptFailed", script="bin/stop.sh")
    first = fleet.redeploy()
    assert first.outcome in ("failed", "rollback_failed")
    result = info(fleet)
    assert (result["outcome"], result["target"]["s3Location"]["key"]) == ("planned", key(1))
    assert "ApplicationStop (bin/stop.sh) failed on" in checks(result)["application_stop"]
    assert "ignore_application_stop_failures: true" in checks(result)["application_stop"]
    again = fleet.redeploy(ignore_application_stop_failures=True)
    assert (again.outcome, again.target) == ("rolled_back", key(1))


def test_content_warnings(fleet: Fleet) -> None:
    fleet.create()
    kept = fleet.deploy(1, fileExistsBehavior="RETAIN")
    fleet.sim.bundle(key(2), "fail", event="ValidateService", code="ScriptFailed", script="bin/check.sh")
    over = fleet.deploy(2, fileExistsBehavior="OVERWRITE", settle=900)
    result = info(fleet)
    text = "\n".join(result["content_warnings"])
    assert f"{over} had OVERWRITE and got to Install on" in text
    assert f"Files that {kept} had kept (RETAIN) are among them where its bundle has their paths" in text
    assert "RETAIN keeps files that CodeDeploy has not installed" in text
    assert fleet.redeploy().params("CreateDeployment")["fileExistsBehavior"] == "RETAIN"


@pytest.mark.parametrize(("state", "warned"), [("ALARM", True), ("OK", False)])
def test_alarms_that_fire(fleet: Fleet, state: str, warned: bool) -> None:
    fleet.bad_release(alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]})
    fleet.alarm(state)
    assert ("alarms" in checks(info(fleet))) is warned


def test_the_events_of_the_group_lead_back_to_the_bad_one(fleet: Fleet) -> None:
    fleet.bad_release(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    assert "the last one deployed successfully" in checks(info(fleet))["rollback_events"]
    assert "rollback_events" not in checks(info(fleet, rollback_events=["none"]))


# Instances that are no longer in the group.


def untag(*instances: str) -> None:
    """They are taken out of the group."""
    client("ec2").delete_tags(Resources=list(instances), Tags=[{"Key": "app"}])


def test_an_instance_that_was_removed_from_the_group_keeps_what_it_has(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    assert info(fleet)["removed_instances"] == []
    first, second, third = fleet.instances
    untag(first)
    latest = fleet.deploy(3)
    untag(second)
    client("ec2").terminate_instances(InstanceIds=[third])
    result = info(fleet)
    told = {item["instance_id"]: (item["revision_name"], item["deployment_id"]) for item in result["removed_instances"]}
    assert {id_: deployment for id_, (_name, deployment) in told.items()} == {first: bad, second: latest}
    assert key(2) in told[first][0]
    assert key(3) in told[second][0]
    message = checks(result)["removed_instances"]
    assert all(part in message for part in (first, second, key(2), key(3), "CodeDeploy does not remove it"))
    assert third not in message
    assert good not in message


def test_instances_on_premises_and_of_auto_scaling_groups_count_too(fleet: Fleet) -> None:
    fleet.scaling_group(desired=2)
    tag = {"Key": "app", "Value": "cellar"}
    fleet.create(
        ec2TagFilters=[],
        autoScalingGroups=["web"],
        onPremisesTagSet={"onPremisesTagSetList": [[{**tag, "Type": "KEY_ONLY"}], [{**tag, "Type": "VALUE_ONLY"}]]},
    )
    for name in ("basement", "attic"):
        user = f"arn:aws:iam::123456789012:user/{name}"
        fleet.client.register_on_premises_instance(instanceName=name, iamUserArn=user)
        fleet.client.add_tags_to_on_premises_instances(instanceNames=[name], tags=[tag])
    fleet.deploy(1)
    assert info(fleet)["removed_instances"] == []
    fleet.client.remove_tags_from_on_premises_instances(instanceNames=["attic"], tags=[tag])
    [found] = info(fleet)["removed_instances"]
    assert (found["instance_id"], found["revision"]["s3Location"]["key"]) == ("attic", key(1))


def test_whether_any_was_removed_may_not_be_known(fleet: Fleet) -> None:
    fleet.bad_release()
    untag(fleet.instances[0])
    fleet.deny("DescribeInstances")
    result = info(fleet)
    assert (result["outcome"], result["removed_instances"]) == ("planned", [])
    assert "ec2:DescribeInstances" in checks(result)["removed_instances"]
