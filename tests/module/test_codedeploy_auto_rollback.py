# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module codedeploy_auto_rollback, in process, against the simulator."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.doc_fragments._codedeploy_protection import ModuleDocFragment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import auto_rollback_act
from ansible_collections.lastgood.aws.plugins.modules import codedeploy_auto_rollback
from tests.module import returned
from tests.module.code_deploy import BlueGreen, appspec, client, content
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import Shop
from tests.simulator import Simulator
from tests.world import REGION, World

ROLE = "arn:aws:iam::123456789012:role/codedeploy"
FAILURE, ALARM, REQUEST = "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"
NOT_SET = {
    "enabled": False,
    "events": [],
    "alarms_enabled": False,
    "alarms": [],
    "ignore_poll_alarm_failure": False,
    "notifications": [],
}
TAGGED = [{"Key": "app", "Value": "shop", "Type": "KEY_AND_VALUE"}]
PROTECTING = ("autoRollbackConfiguration", "alarmConfiguration", "triggerConfigurations")


class Groups:
    """The application ``shop`` of the platform Server, its groups, and topics and alarms for them."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.codedeploy, self.sns, self.alarm = client("codedeploy"), client("sns"), World().alarm
        self.codedeploy.create_application(applicationName="shop", computePlatform="Server")
        self.group("prod")

    def group(self, name: str, **settings: t.Any) -> None:
        """A deployment group with settings of its own."""
        self.codedeploy.create_deployment_group(
            applicationName="shop",
            deploymentGroupName=name,
            serviceRoleArn=ROLE,
            deploymentConfigName="CodeDeployDefault.HalfAtATime",
            ec2TagFilters=TAGGED,
            **settings,
        )

    def topic(self, name: str = "on-call", subscribed: bool = True) -> str:
        """The ARN of a topic."""
        arn = str(self.sns.create_topic(Name=name)["TopicArn"])
        if subscribed:
            queue = f"arn:aws:sqs:{REGION}:123456789012:{name}"
            self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
        return arn

    def info(self, name: str = "prod") -> dict[str, t.Any]:
        """GetDeploymentGroup."""
        named = {"applicationName": "shop", "deploymentGroupName": name}
        return dict(self.codedeploy.get_deployment_group(**named)["deploymentGroupInfo"])

    def others(self, name: str = "prod") -> dict[str, t.Any]:
        """All that the module is not about."""
        return {member: value for member, value in self.info(name).items() if member not in PROTECTING}

    def run(self, *names: str, **options: t.Any) -> Result:
        """The module on these groups (default: prod), counting its calls alone."""
        self.sim.reset_calls()
        given = {"region": REGION, "application": "shop", "deployment_group": list(names) or ["prod"], **options}
        return run_module(codedeploy_auto_rollback, **given)

    def fails(self, *names: str, **options: t.Any) -> Result:
        """The result of the module, which must fail."""
        with pytest.raises(ModuleFailed) as caught:
            self.run(*names, **options)
        return caught.value.result

    def sent(self) -> list[dict[str, t.Any]]:
        """The parameters of each UpdateDeploymentGroup of the last run."""
        return [entry["params"] for entry in self.sim.log() if entry["operation"] == "UpdateDeploymentGroup"]


@pytest.fixture
def groups(shop: Shop) -> Groups:
    """A group ``prod`` without any protection."""
    return Groups(shop.sim)


def only(result: Result) -> dict[str, t.Any]:
    [item] = result["deployment_groups"]
    return dict(item)


def outcomes(result: Result) -> dict[str, str]:
    return {item["deployment_group"]: item["outcome"] for item in result["deployment_groups"]}


def says(item: dict[str, t.Any], check: str) -> list[tuple[str, str]]:
    return [(f["severity"], f["message"]) for f in item["findings"] if f["check"] == check]


def told(topic: str, name: str = "on-call", **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "topic_arn": topic, **more}


def test_a_rollback_of_deployments_that_fail(groups: Groups) -> None:
    others = groups.others()
    result = groups.run(enabled=True, diff=True)
    item = only(result)
    assert result["changed"]
    assert item["changed"]
    assert (item["deployment_group"], item["application"], item["outcome"]) == ("prod", "shop", "updated")
    assert item["reason"] == "automatic rollback on DEPLOYMENT_FAILURE"
    assert item["before"] == NOT_SET
    assert item["after"] == {**NOT_SET, "enabled": True, "events": [FAILURE]}
    assert (result["diff"][0]["before"], result["diff"][0]["after"]) == (item["before"], item["after"])
    assert result["api_calls"] == groups.sim.calls() == {"BatchGetDeploymentGroups": 2, "UpdateDeploymentGroup": 1}
    assert groups.sent() == [
        {
            "applicationName": "shop",
            "currentDeploymentGroupName": "prod",
            "autoRollbackConfiguration": {"enabled": True, "events": [FAILURE]},
        }
    ]
    assert groups.info()["autoRollbackConfiguration"] == {"enabled": True, "events": [FAILURE]}
    assert groups.others() == others

    again = groups.run(enabled=True, events=[FAILURE])
    assert (again["changed"], only(again)["outcome"]) == (False, "unchanged")
    assert only(again)["before"] == only(again)["after"] == item["after"]
    assert again["api_calls"] == {"BatchGetDeploymentGroups": 1}
    assert "diff" not in again

    off = only(groups.run(enabled=False))
    assert off["after"] == {**NOT_SET, "events": [FAILURE]}
    assert off["reason"] == "automatic rollback off"


def test_alarms(groups: Groups) -> None:
    groups.alarm("5xx")
    groups.alarm("slow")
    result = groups.run(enabled=True, alarms=["5xx", "slow"])
    item = only(result)
    assert item["after"] == {
        **NOT_SET,
        "enabled": True,
        "events": [FAILURE, ALARM],
        "alarms_enabled": True,
        "alarms": ["5xx", "slow"],
    }
    assert result["warnings"] == []
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 2, "DescribeAlarms": 1, "UpdateDeploymentGroup": 1}
    assert not groups.run(alarms=["slow", "5xx"])["changed"]

    off = only(groups.run(alarms_enabled=False))
    assert (off["after"]["alarms_enabled"], off["after"]["alarms"]) == (False, ["5xx", "slow"])
    # Alarms that are off are not looked at.
    assert "DescribeAlarms" not in groups.sim.calls()
    assert only(groups.run(alarms_enabled=True, ignore_poll_alarm_failure=True))["after"]["ignore_poll_alarm_failure"]
    gone = only(groups.run(events=[FAILURE], alarms=[]))
    assert (gone["after"]["alarms_enabled"], gone["after"]["alarms"]) == (False, [])
    assert groups.info()["alarmConfiguration"]["alarms"] == []


def test_alarms_that_cannot_help(groups: Groups) -> None:
    groups.alarm("5xx", "ALARM")
    result = groups.run(enabled=True, alarms=["5xx", "nowhere"])
    missing, ringing = says(only(result), "alarms")
    assert missing[0] == ringing[0] == "warn"
    assert missing[1].startswith("there is no alarm nowhere in this account and Region")
    assert ringing[1].startswith("5xx is in ALARM now. Until that ends, CodeDeploy stops each deployment")
    assert result["warnings"] == [f"prod: {missing[1]}", f"prod: {ringing[1]}"]
    assert result["changed"]


def test_alarms_are_not_to_be_seen(groups: Groups) -> None:
    groups.sim.fail("DescribeAlarms", "AccessDeniedException", times=None)
    item = only(groups.run(alarms=["5xx"]))
    [(severity, message)] = says(item, "alarms")
    assert (severity, item["outcome"]) == ("unknown", "updated")
    assert "needs the permission cloudwatch:DescribeAlarms" in message


def test_an_event_that_could_never_happen_is_refused(groups: Groups) -> None:
    result = groups.fails(enabled=True, events=[FAILURE, ALARM])
    assert result["msg"].startswith(f"prod: events has {ALARM}, but no alarms would be watched")
    assert (only(result)["outcome"], result["changed"]) == ("refused", False)
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 1}
    assert "no alarms are named" in groups.fails(alarms_enabled=True)["msg"]
    assert "automatic rollback would be on without any event" in groups.fails(enabled=True, events=[])["msg"]


def test_notifications(groups: Groups) -> None:
    builds = {"triggerName": "builds", "triggerTargetArn": groups.topic("builds"), "triggerEvents": ["InstanceFailure"]}
    groups.codedeploy.update_deployment_group(
        applicationName="shop", currentDeploymentGroupName="prod", triggerConfigurations=[builds]
    )
    topic = groups.topic()
    result = groups.run(notifications=[told(topic)])
    item = only(result)
    mine = {"name": "on-call", "topic_arn": topic, "events": ["DeploymentFailure", "DeploymentRollback"]}
    assert [n["name"] for n in item["after"]["notifications"]] == ["builds", "on-call"]
    assert item["after"]["notifications"][1] == mine
    assert item["reason"] == f"{topic} gets DeploymentFailure, DeploymentRollback (on-call)"
    assert result["warnings"] == []
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 2, "GetTopicAttributes": 1, "UpdateDeploymentGroup": 1}
    assert builds in groups.info()["triggerConfigurations"]
    assert not groups.run(notifications=[told(topic, events=["DeploymentRollback", "DeploymentFailure"])])["changed"]

    other = only(groups.run(notifications=[told(topic, events=["DeploymentStop"])]))
    assert other["after"]["notifications"][1] == {**mine, "events": ["DeploymentStop"]}

    gone = only(groups.run(notifications=[{"name": "on-call", "state": "absent"}]))
    assert gone["reason"] == "notifications removed: on-call"
    assert groups.info()["triggerConfigurations"] == [builds]
    assert not groups.run(notifications=[{"name": "on-call", "state": "absent"}])["changed"]

    alone = only(groups.run(notifications=[told(topic)], purge_notifications=True))
    assert [n["name"] for n in alone["after"]["notifications"]] == ["on-call"]
    none = only(groups.run(notifications=[], purge_notifications=True))
    assert none["after"]["notifications"] == []
    assert groups.info()["triggerConfigurations"] == []


def test_a_topic_that_is_not_there_is_refused(groups: Groups) -> None:
    nowhere = f"arn:aws:sns:{REGION}:123456789012:nowhere"
    result = groups.fails(enabled=True, notifications=[told(nowhere)])
    assert result["msg"] == f"prod: there is no topic {nowhere}, so nobody would be notified: create it first."
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 1, "GetTopicAttributes": 1}
    assert groups.info().get("autoRollbackConfiguration") is None


def test_topics_that_tell_nobody(groups: Groups) -> None:
    lonely = groups.topic("lonely", subscribed=False)
    closed = groups.topic("closed")
    policy = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": closed}]}
    groups.sns.set_topic_attributes(TopicArn=closed, AttributeName="Policy", AttributeValue=json.dumps(policy))
    result = groups.run(notifications=[told(lonely, "lonely"), told(closed, "closed")])
    assert says(only(result), "notifications") == [
        ("warn", f"topic {lonely} has no confirmed subscription, so nobody is notified"),
        ("warn", f"the policy of topic {closed} denies sns:Publish to the group's role {ROLE}, so nobody is notified"),
    ]
    assert len(result["warnings"]) == 2
    assert result["changed"]


def test_topics_are_not_to_be_seen(groups: Groups) -> None:
    topic = groups.topic()
    groups.sim.fail("GetTopicAttributes", "AuthorizationError", times=None)
    item = only(groups.run(notifications=[told(topic)]))
    [(severity, message)] = says(item, "notifications")
    assert (severity, item["outcome"]) == ("unknown", "updated")
    assert "needs the permission sns:GetTopicAttributes" in message


def test_what_is_not_to_be_reached_costs_seconds(groups: Groups) -> None:
    """The simulator's clock moves on by what a client waits."""
    topics = [groups.topic(name) for name in ("on-call", "managers", "everybody")]
    for operation in ("DescribeAlarms", "GetTopicAttributes"):
        groups.sim.fail(operation, kind="hang", times=None)
    began = groups.sim.now()
    notifications = [{**told(topic), "name": topic.rpartition(":")[2]} for topic in topics]
    item = only(groups.run(alarms=["5xx"], notifications=notifications))
    assert (item["outcome"], len(says(item, "notifications")), len(says(item, "alarms"))) == ("updated", 3, 1)
    assert {name: groups.sim.calls()[name] for name in ("DescribeAlarms", "GetTopicAttributes")} == {
        "DescribeAlarms": 1,
        "GetTopicAttributes": 1,
    }
    assert groups.sim.now() - began <= 15


@pytest.mark.parametrize("platform", ["Lambda", "ECS"])
def test_other_platforms(shop: Shop, platform: str) -> None:
    """Right after the group was made, and nothing of what is the platform's own is touched."""
    fleet = BlueGreen(shop)
    if platform == "ECS":
        fleet.create(versions=1)
    else:
        fleet.codedeploy.create_application(applicationName="shop", computePlatform="Lambda")
        fleet.codedeploy.create_deployment_group(
            applicationName="shop",
            deploymentGroupName="web",
            serviceRoleArn=ROLE,
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        )
    named = {"applicationName": "shop", "deploymentGroupName": "web"}
    before = fleet.codedeploy.get_deployment_group(**named)["deploymentGroupInfo"]
    options = {"region": REGION, "application": "shop", "deployment_group": "web", "enabled": True, "events": [FAILURE]}
    assert only(run_module(codedeploy_auto_rollback, **options))["outcome"] == "updated"
    after = fleet.codedeploy.get_deployment_group(**named)["deploymentGroupInfo"]
    assert after == {**before, "autoRollbackConfiguration": {"enabled": True, "events": [FAILURE]}}
    assert not run_module(codedeploy_auto_rollback, **options)["changed"]


def test_check_mode(groups: Groups) -> None:
    groups.alarm("5xx", "ALARM")
    before = groups.info()
    result = groups.run(enabled=True, alarms=["5xx"], check_mode=True, diff=True)
    item = only(result)
    assert (result["changed"], item["outcome"]) == (True, "planned")
    assert item["after"]["events"] == [FAILURE, ALARM]
    assert result["diff"][0]["after"] == item["after"]
    assert says(item, "alarms")
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 1, "DescribeAlarms": 1}
    assert groups.info() == before


@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_is_changed_where_one_is_refused(groups: Groups, check_mode: bool) -> None:
    result = groups.fails("prod", "nowhere", enabled=True, check_mode=check_mode)
    assert outcomes(result) == {"prod": "not_attempted", "nowhere": "refused"}
    assert not result["changed"]
    assert result["msg"] == (
        "nowhere: there is no deployment group nowhere in application shop. Of 2 deployment groups: 1 not attempted, "
        "1 refused"
    )
    first, second = result["deployment_groups"]
    assert first["before"] == first["after"] == NOT_SET
    assert (second["before"], second["after"]) == (None, None)
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 1}


def test_an_application_that_is_not_there(groups: Groups) -> None:
    msg = groups.fails(application="nowhere", enabled=True)["msg"]
    assert "Failed to describe deployment groups ['prod'] of application nowhere: ApplicationDoesNotExist" in msg
    assert msg.endswith("Nothing was changed.")


def test_many_groups(groups: Groups) -> None:
    names = [f"group-{number}" for number in range(101)]
    for name in names:
        groups.group(name)
    result = groups.run(*names, names[0], enabled=True, check_mode=True)
    assert outcomes(result) == dict.fromkeys(names, "planned")
    assert groups.sim.calls() == {"BatchGetDeploymentGroups": 2}


def test_one_that_aws_refuses_does_not_keep_the_others_from_being_protected(groups: Groups) -> None:
    groups.group("test")
    refused = {"currentDeploymentGroupName": "prod"}
    groups.sim.fail("UpdateDeploymentGroup", "AccessDeniedException", times=None, when=refused)
    result = groups.fails("prod", "test", enabled=True)
    assert outcomes(result) == {"prod": "failed", "test": "updated"}
    assert result["changed"]
    assert "needs the permission codedeploy:UpdateDeploymentGroup. Nothing was changed in prod." in result["msg"]
    assert result["deployment_groups"][0]["after"] == NOT_SET
    assert groups.info("test")["autoRollbackConfiguration"]["enabled"] is True


def test_reading_is_denied(groups: Groups) -> None:
    groups.sim.fail("BatchGetDeploymentGroups", "AccessDeniedException", times=None)
    msg = groups.fails(enabled=True)["msg"]
    assert "needs the permission codedeploy:BatchGetDeploymentGroups. Nothing was changed." in msg


def test_no_answer_to_a_write(groups: Groups) -> None:
    groups.sim.fail("UpdateDeploymentGroup", times=None, kind="drop", after=True)
    item = only(groups.fails(enabled=True))
    assert (item["outcome"], item["changed"], item["after"]) == ("failed", True, None)
    assert "Whether the settings of prod have changed is not known" in item["reason"]
    groups.sim.clear_failures()
    assert only(groups.run(enabled=True))["outcome"] == "unchanged"


def test_an_answer_that_was_cut(groups: Groups) -> None:
    groups.sim.fail("BatchGetDeploymentGroups", times=None, kind="empty")
    msg = groups.fails(enabled=True)["msg"]
    assert "The answer to batch_get_deployment_groups lacks 'deploymentGroupsInfo', so it was cut off on the way" in msg
    assert msg.endswith("Nothing was changed.")


def test_what_was_written_cannot_be_read(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = auto_rollback_act.Aws.call

    def call(self: t.Any, service: str, method: str, /, **params: t.Any) -> t.Any:
        answer = asked(self, service, method, **params)
        if method == "update_deployment_group":
            groups.sim.fail("BatchGetDeploymentGroups", "AccessDeniedException", times=None)
        return answer

    monkeypatch.setattr(auto_rollback_act.Aws, "call", call)
    item = only(groups.fails(enabled=True))
    assert (item["outcome"], item["changed"], item["after"]) == ("failed", True, None)
    assert item["reason"].startswith("AWS accepted the change, but it could not be read back: Failed to")


def test_somebody_changes_it_at_the_same_time(groups: Groups) -> None:
    named = {"applicationName": "shop", "currentDeploymentGroupName": "prod"}
    params = {**named, "autoRollbackConfiguration": {"enabled": False, "events": []}}
    deed = {"service": "codedeploy", "operation": "UpdateDeploymentGroup", "params": params}
    groups.sim.on("UpdateDeploymentGroup", deed, "after")
    item = only(groups.fails(enabled=True))
    assert (item["outcome"], item["changed"], item["after"]) == ("failed", True, NOT_SET)
    assert item["reason"].startswith("AWS accepted the change but does not show it")
    assert only(groups.run(enabled=True))["outcome"] == "updated"


def test_a_deployment_in_flight(shop: Shop) -> None:
    fleet = BlueGreen(shop)
    fleet.create(versions=2)
    started = fleet.codedeploy.create_deployment(
        applicationName="shop", deploymentGroupName="web", revision=content(appspec("web:2"))
    )
    shop.sim.advance(5)
    options = {"region": REGION, "application": "shop", "deployment_group": "web", "enabled": True}
    [(severity, message)] = says(only(run_module(codedeploy_auto_rollback, **options)), "in_flight")
    assert (severity, message.startswith(f"deployment {started['deploymentId']} is in flight")) == ("info", True)


def test_it_protects(shop: Shop) -> None:
    """What was set is what CodeDeploy goes by."""
    fleet = BlueGreen(shop)
    fleet.create(versions=3)
    fleet.deploy("web:2")
    options = {"region": REGION, "application": "shop", "deployment_group": "web", "enabled": True}
    assert run_module(codedeploy_auto_rollback, **options)["changed"]
    shop.broken("web:3")
    failed = fleet.info(fleet.deploy("web:3", settle=7200))
    assert failed["status"] == "Failed"
    rollback = fleet.info(failed["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["creator"], rollback["status"]) == ("codeDeployRollback", "Succeeded")
    assert fleet.sets() == {"PRIMARY": "web:2"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "nothing is asked for. Give at least one setting"),
        ({"deployment_group": [""], "enabled": True}, "deployment_group: no deployment group is named"),
        ({"notifications": [{"name": "on-call"}]}, "notifications: topic_arn of on-call: '' is not the ARN of an SNS"),
    ],
)
def test_senseless_options_change_nothing(groups: Groups, params: dict[str, t.Any], message: str) -> None:
    result = groups.fails(**params)
    assert result["msg"].startswith(message)
    assert result["msg"].endswith("Nothing was changed.")
    assert groups.sim.calls() == {}


def _described(options: dict[str, t.Any], key: str) -> dict[str, t.Any]:
    return {
        name: {
            "inner": _described(option.get(key) or {}, key),
            **{what: option.get(what) for what in ("type", "elements", "choices", "default", "aliases")},
            "required": option.get("required", False),
        }
        for name, option in options.items()
    }


def test_the_documentation_covers_the_options_and_the_results(groups: Groups) -> None:
    pages = (codedeploy_auto_rollback.DOCUMENTATION, ModuleDocFragment.DOCUMENTATION)
    options = {name: option for page in pages for name, option in yaml.safe_load(page)["options"].items()}
    assert _described(options, "suboptions") == _described(codedeploy_auto_rollback.ARGUMENT_SPEC, "options")
    topic = groups.topic()
    groups.run(notifications=[told(topic)])
    result = groups.run(enabled=True, alarms=["5xx"])
    returned.check(codedeploy_auto_rollback, result, "never")
