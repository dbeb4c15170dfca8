# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands beside ECS and CodeDeploy: alarms, quotas, tags in bulk, events."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from lastgood_simulator import Simulator
from lastgood_simulator.alarm_rules import holds
from selftests.cluster import START, Cluster, put_alarm, refused, set_alarm

STATES = {"errors": "ALARM", "latency": "OK", "traffic": "INSUFFICIENT_DATA"}


def history(**params: Any) -> list[tuple[str, str]]:
    """Kind and summary of the items."""
    answer = boto3.client("cloudwatch").describe_alarm_history(**params)
    return [(item["HistoryItemType"], item["HistorySummary"]) for item in answer["AlarmHistoryItems"]]


def queue() -> tuple[str, str]:
    """URL and ARN of a queue."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def received(url: str) -> list[dict[str, Any]]:
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


class TestAlarms:
    def test_history(self, sim: Simulator) -> None:
        put_alarm("errors")
        sim.advance(60)
        set_alarm("ALARM")
        set_alarm("ALARM")
        sim.advance(60)
        set_alarm("OK")
        assert history(AlarmName="errors") == [
            ("StateUpdate", "Alarm updated from ALARM to OK"),
            ("StateUpdate", "Alarm updated from OK to ALARM"),
            ("ConfigurationUpdate", 'Alarm "errors" created'),
        ]
        assert history(HistoryItemType="StateUpdate", ScanBy="TimestampAscending", MaxRecords=1) == [
            ("StateUpdate", "Alarm updated from OK to ALARM")
        ]
        assert len(history(StartDate=START + 60, EndDate=START + 60)) == 1
        (item,) = boto3.client("cloudwatch").describe_alarm_history(StartDate=START + 100)["AlarmHistoryItems"]
        assert item["Timestamp"].timestamp() == START + 120
        assert json.loads(item["HistoryData"])["newState"]["stateReason"] == "a test says so"
        alarm = boto3.client("cloudwatch").describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
        assert alarm["StateUpdatedTimestamp"].timestamp() == START + 120

    def test_an_update_leaves_the_state(self, sim: Simulator) -> None:
        put_alarm("errors")
        set_alarm("ALARM")
        sim.advance(60)
        put_alarm("errors", AlarmDescription="too many")
        (alarm,) = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
        assert (alarm["StateValue"], alarm["AlarmDescription"]) == ("ALARM", "too many")
        assert alarm["StateUpdatedTimestamp"].timestamp() == START
        assert history()[0] == ("ConfigurationUpdate", 'Alarm "errors" updated')
        assert len(history()) == 3

    def test_pages_of_history(self, sim: Simulator) -> None:
        put_alarm("errors")
        set_alarm("ALARM")
        client = boto3.client("cloudwatch")
        pages = list(client.get_paginator("describe_alarm_history").paginate(PaginationConfig={"PageSize": 1}))
        assert [len(page["AlarmHistoryItems"]) for page in pages] == [1, 1]

    def test_composite(self, sim: Simulator) -> None:
        client = boto3.client("cloudwatch")
        for name in ("errors", "latency"):
            put_alarm(name)
        client.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("errors") AND ALARM(latency)')
        client.put_composite_alarm(AlarmName="none", AlarmRule="NOT ALARM(both)", AlarmActions=["arn:aws:sns:x:1:y"])

        def states() -> dict[str, str]:
            found = client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
            return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}

        set_alarm("ALARM")
        assert states() == {"both": "OK", "none": "ALARM"}
        set_alarm("ALARM", "latency")
        assert states() == {"both": "ALARM", "none": "OK"}
        (alarm,) = client.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        assert alarm["AlarmRule"] == 'ALARM("errors") AND ALARM(latency)'
        # "If you omit this parameter, only metric alarms are returned".
        assert client.describe_alarms()["CompositeAlarms"] == []
        assert [kind for kind, _summary in history()].count("StateUpdate") == 2
        assert ("StateUpdate", "Alarm updated from OK to ALARM") in history(AlarmTypes=["CompositeAlarm"])

    def test_a_composite_one_fails_a_deployment(self, sim: Simulator, cluster: Cluster) -> None:
        put_alarm("errors")
        boto3.client("cloudwatch").put_composite_alarm(AlarmName="any", AlarmRule="ALARM(errors)")
        alarms = {"alarmNames": ["any"], "enable": True, "rollback": True}
        cluster.running()
        cluster.update(deploymentConfiguration={"alarms": alarms})
        cluster.deploy()
        sim.advance(20)
        set_alarm("ALARM")
        sim.advance(300)
        assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"

    def test_a_rule_that_cannot_be_read(self, sim: Simulator) -> None:
        client = boto3.client("cloudwatch")
        assert refused(client.put_composite_alarm, AlarmName="a", AlarmRule="ALARM(gone)")[0] == "ValidationError"
        assert client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []

    def test_actions(self, sim: Simulator) -> None:
        sns = boto3.client("sns")
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        url, arn = queue()
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        put_alarm("errors", AlarmActions=[topic], AlarmDescription="too many")
        set_alarm("ALARM")
        (notification,) = received(url)
        assert notification["Subject"] == 'ALARM: "errors" in us-east-1'
        message = json.loads(notification["Message"])
        assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == ("errors", "OK", "ALARM")
        assert message["AlarmDescription"] == "too many"
        assert history()[0] == ("Action", f"Successfully executed action {topic}")
        # No other action is configured, and the same state again is not a change.
        set_alarm("OK")
        set_alarm("OK")
        assert received(url) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("TRUE", True),
        ("NOT TRUE OR ALARM(errors)", True),
        ("ALARM(errors) AND OK(errors) OR OK(latency)", True),
        ("ALARM(errors) AND (OK(errors) OR NOT OK(latency))", False),
        ('INSUFFICIENT_DATA("arn:aws:cloudwatch:us-east-1:1:alarm:traffic")', True),
    ],
)
def test_rules(rule: str, expected: bool) -> None:
    assert holds(rule, lambda reference: STATES.get(reference.rpartition(":")[2])) is expected


@pytest.mark.parametrize("rule", ["", "ALARM(errors", "ALARM(errors) OK(latency)", "(TRUE", "AND TRUE", "AT_LEAST(1)"])
def test_rules_that_cannot_be_read(rule: str) -> None:
    with pytest.raises(ValueError, match="AlarmRule"):
        holds(rule, STATES.get)


class TestQuotas:
    def test_of_a_rate(self, sim: Simulator) -> None:
        client = boto3.client("service-quotas")
        quota = client.get_service_quota(ServiceCode="ecs", QuotaCode="L-C5297B3A")["Quota"]
        assert (quota["Value"], quota["QuotaName"], quota["Adjustable"]) == (5, "Service modify sustained rate", True)
        assert client.get_service_quota(ServiceCode="monitoring", QuotaCode="L-21CB40A4")["Quota"]["Value"] == 9
        assert len(client.list_service_quotas(ServiceCode="ecs")["Quotas"]) == 20

    def test_they_are_those_that_are_kept(self, sim: Simulator) -> None:
        sim.quotas(scale=2)
        quota = boto3.client("service-quotas").get_service_quota(ServiceCode="ecs", QuotaCode="L-AA0D4951")["Quota"]
        assert quota["Value"] == 100

    @pytest.mark.parametrize(("service", "code"), [("ecs", "L-00000000"), ("nothing", "L-AA0D4951")])
    def test_of_what_does_not_exist(self, sim: Simulator, service: str, code: str) -> None:
        call = boto3.client("service-quotas").get_service_quota
        assert refused(call, ServiceCode=service, QuotaCode=code)[0] == "NoSuchResourceException"


class TestTagsInBulk:
    @pytest.fixture
    def arns(self, cluster: Cluster) -> list[str]:
        """A service and its task definition."""
        cluster.running()
        service = cluster.service()
        return [service["serviceArn"], service["taskDefinition"]]

    def found(self, **params: Any) -> dict[str, dict[str, str]]:
        """Tags by ARN."""
        kinds = ["ecs:service", "ecs:task-definition"]
        answer = boto3.client("resourcegroupstaggingapi").get_resources(**{"ResourceTypeFilters": kinds, **params})
        return {
            item["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in item["Tags"]}
            for item in answer["ResourceTagMappingList"]
        }

    def test_they_are_written_and_found(self, cluster: Cluster, arns: list[str]) -> None:
        client = boto3.client("resourcegroupstaggingapi")
        assert self.found() == {}
        assert client.tag_resources(ResourceARNList=arns, Tags={"a": "b", "c": ""})["FailedResourcesMap"] == {}
        assert self.found() == {arn: {"a": "b", "c": ""} for arn in arns}
        assert list(self.found(ResourceTypeFilters=["ecs:service"])) == arns[:1]
        assert self.found(TagFilters=[{"Key": "a", "Values": ["x", "b"]}]).keys() == set(arns)
        assert self.found(TagFilters=[{"Key": "a", "Values": ["x"]}, {"Key": "c"}]) == {}
        assert {"key": "a", "value": "b"} in cluster.ecs.list_tags_for_resource(resourceArn=arns[1])["tags"]
        client.untag_resources(ResourceARNList=arns[:1], TagKeys=["a", "c"])
        assert list(self.found()) == arns[1:]

    def test_those_that_are_named(self, arns: list[str]) -> None:
        client = boto3.client("resourcegroupstaggingapi")
        client.tag_resources(ResourceARNList=arns[1:], Tags={"a": "b"})
        gone = arns[0].replace("/web", "/gone")
        found = client.get_resources(ResourceARNList=[*arns, gone])
        assert found["ResourceTagMappingList"] == [{"ResourceARN": arns[1], "Tags": [{"Key": "a", "Value": "b"}]}]
        for more in ({"TagFilters": [{"Key": "a"}]}, {"ResourceTypeFilters": ["ecs:service"]}, {"ResourcesPerPage": 5}):
            assert refused(client.get_resources, ResourceARNList=arns, **more)[0] == "InvalidParameterException"
        many = [f"{arns[0]}{number}" for number in range(101)]
        assert refused(client.get_resources, ResourceARNList=many)[0] == "InvalidParameterException"

    def test_pages(self, arns: list[str]) -> None:
        client = boto3.client("resourcegroupstaggingapi")
        client.tag_resources(ResourceARNList=arns, Tags={"a": "b"})
        paginator = client.get_paginator("get_resources")
        kinds = ["ecs:service", "ecs:task-definition"]
        pages = list(paginator.paginate(ResourceTypeFilters=kinds, ResourcesPerPage=1))
        assert [len(page["ResourceTagMappingList"]) for page in pages] == [1, 1]

    def test_what_fails_is_named(self, arns: list[str]) -> None:
        client = boto3.client("resourcegroupstaggingapi")
        gone = arns[0].replace("/web", "/gone")
        failed = client.tag_resources(ResourceARNList=[*arns, gone], Tags={"a": "b"})["FailedResourcesMap"]
        assert failed == {
            gone: {"ErrorCode": "ServiceNotFoundException", "ErrorMessage": "Service not found.", "StatusCode": 400}
        }
        assert self.found().keys() == set(arns)

    def test_limits(self, arns: list[str]) -> None:
        call = boto3.client("resourcegroupstaggingapi").tag_resources
        code = refused(call, ResourceARNList=arns * 11, Tags={"a": "b"})[0]
        assert code == "InvalidParameterException"

    def test_the_index_is_behind(self, sim: Simulator, arns: list[str]) -> None:
        sim.late("resourcegroupstaggingapi:GetResources", seconds=2)
        boto3.client("resourcegroupstaggingapi").tag_resources(ResourceARNList=arns, Tags={"a": "b"})
        assert self.found() == {}
        assert boto3.client("ecs").list_tags_for_resource(resourceArn=arns[0])["tags"] != []
        sim.advance(2)
        assert self.found().keys() == set(arns)


def test_a_rule_of_eventbridge_leads_to_a_queue(sim: Simulator) -> None:
    events = boto3.client("events")
    url, arn = queue()
    events.put_rule(Name="deployments", EventPattern=json.dumps({"source": ["my.ecs"], "detail": {"status": ["OK"]}}))
    events.put_targets(Rule="deployments", Targets=[{"Id": "1", "Arn": arn}])
    for status in ("OK", "BAD"):
        entry = {"Source": "my.ecs", "DetailType": "State Change", "Detail": json.dumps({"status": status})}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    (event,) = received(url)
    assert (event["source"], event["detail-type"], event["detail"]) == ("my.ecs", "State Change", {"status": "OK"})
    assert event["account"] == "123456789012"
