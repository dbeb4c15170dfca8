# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services apart from their deployments: limits, errors, tags, deletion."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import Cluster, refused
from selftests.code_deploy import run_instances


def test_what_describe_services_takes_and_misses(cluster: Cluster) -> None:
    cluster.running(count=1)
    describe = cluster.ecs.describe_services
    answer = describe(cluster="prod", services=["web", "ghost", "arn:aws:ecs:us-east-1:123456789012:service/prod/web"])
    assert [item["serviceName"] for item in answer["services"]] == ["web", "web"]
    assert answer["failures"] == [{"arn": "arn:aws:ecs:us-east-1:123456789012:service/prod/ghost", "reason": "MISSING"}]
    assert refused(describe, cluster="prod", services=[]) == ("InvalidParameterException", "Services cannot be empty.")
    names = [f"s{number}" for number in range(11)]
    assert refused(describe, cluster="prod", services=names)[0] == "InvalidParameterException"
    assert refused(describe, cluster="other", services=["web"]) == ("ClusterNotFoundException", "Cluster not found.")
    other = "arn:aws:ecs:us-east-1:123456789012:service/other/web"
    code, message = refused(describe, cluster="prod", services=[other])
    assert (code, message) == ("InvalidParameterException", "Identifier is for other. Your cluster is prod")


def test_lists_come_in_pages_of_ten(cluster: Cluster) -> None:
    cluster.register("web:1")
    for number in range(25):
        cluster.create(f"s{number:02}", count=0)
    answer = cluster.ecs.list_services(cluster="prod")
    assert len(answer["serviceArns"]) == 10
    assert "nextToken" in answer
    pages = cluster.ecs.get_paginator("list_services").paginate(cluster="prod", PaginationConfig={"PageSize": 7})
    assert [len(page["serviceArns"]) for page in pages] == [7, 7, 7, 4]
    assert refused(cluster.ecs.list_services, cluster="prod", maxResults=101)[0] == "InvalidParameterException"
    assert cluster.ecs.list_services(cluster="prod", launchType="EC2")["serviceArns"] == []


def test_what_create_service_refuses(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1)
    cluster.register("web:2")
    cluster.ecs.deregister_task_definition(taskDefinition="web:2")

    def create(**params: Any) -> tuple[str, str]:
        return refused(cluster.ecs.create_service, **{"cluster": "prod", "serviceName": "new"} | params)

    assert create(serviceName="web", taskDefinition="web:1", desiredCount=1) == (
        "InvalidParameterException",
        "Creation of service was not idempotent.",
    )
    assert create(taskDefinition="web:9") == ("ClientException", "TaskDefinition not found.")
    assert create(taskDefinition="web:2") == ("ClientException", "TaskDefinition is inactive")
    assert create() == ("InvalidParameterException", "TaskDefinition cannot be blank.")
    assert create(cluster="other", taskDefinition="web:1")[0] == "ClusterNotFoundException"


def test_what_update_service_refuses_changes_nothing(cluster: Cluster) -> None:
    cluster.running(count=1)
    for number in (2, 3):
        cluster.register(f"web:{number}")
        cluster.ecs.deregister_task_definition(taskDefinition=f"web:{number}")
    cluster.ecs.delete_task_definitions(taskDefinitions=["web:3"])
    before = cluster.service()

    def update(**params: Any) -> str:
        return refused(cluster.ecs.update_service, **{"cluster": "prod", "service": "web"} | params)[0]

    for reference in ("web:2", "web:3", "web:9"):
        assert update(taskDefinition=reference, desiredCount=7) == "ClientException"
    assert update(service="ghost", desiredCount=1) == "ServiceNotFoundException"
    assert cluster.service() == before


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_other_controllers_refuse_what_starts_a_deployment(cluster: Cluster, controller: str) -> None:
    revision = {"taskDefinition": cluster.register("web:1")} if controller == "CODE_DEPLOY" else {}
    cluster.ecs.create_service(
        cluster="prod", serviceName="web", desiredCount=1, deploymentController={"type": controller}, **revision
    )
    for options in (
        {"taskDefinition": "web:1"},
        {"forceNewDeployment": True},
        {"platformVersion": "1.4.0"},
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}},
    ):
        code, message = refused(cluster.ecs.update_service, cluster="prod", service="web", **options)
        assert code == "InvalidParameterException"
        assert controller in message
    assert cluster.update(desiredCount=3)["desiredCount"] == 3


def test_a_deleted_service_drains_and_becomes_inactive(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2)
    assert refused(cluster.ecs.delete_service, cluster="prod", service="web") == (
        "InvalidParameterException",
        "The service cannot be stopped while it is scaled above 0.",
    )
    deleted = cluster.ecs.delete_service(cluster="prod", service="web", force=True)["service"]
    assert (deleted["status"], deleted["desiredCount"]) == ("DRAINING", 0)
    assert cluster.ecs.list_services(cluster="prod")["serviceArns"] == []
    code = refused(cluster.ecs.update_service, cluster="prod", service="web", desiredCount=1)[0]
    assert code == "ServiceNotActiveException"
    assert refused(cluster.create) == ("InvalidParameterException", "Unable to Start a service that is still Draining.")
    sim.advance(60)
    assert cluster.service()["status"] == "INACTIVE"
    cluster.ecs.get_waiter("services_inactive").wait(cluster="prod", services=["web"])
    cluster.create(count=1)
    assert len(cluster.history()) == 1


def test_clusters_count_and_refuse_to_go_while_used(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2)
    (shown,) = cluster.ecs.describe_clusters(clusters=["prod"])["clusters"]
    assert (shown["activeServicesCount"], shown["runningTasksCount"], shown["pendingTasksCount"]) == (1, 2, 0)
    assert refused(cluster.ecs.delete_cluster, cluster="prod")[0] == "ClusterContainsServicesException"
    cluster.ecs.delete_service(cluster="prod", service="web", force=True)
    assert refused(cluster.ecs.delete_cluster, cluster="prod")[0] == "ClusterContainsTasksException"
    sim.advance(60)
    cluster.ecs.delete_cluster(cluster="prod")


class TestTags:
    def test_they_are_shown_when_asked_for(self, cluster: Cluster) -> None:
        cluster.register("web:1")
        tags = [{"key": "team", "value": "a"}]
        arn = cluster.create(tags=tags)["serviceArn"]
        assert "tags" not in cluster.service()
        assert cluster.service(include=["TAGS"])["tags"] == tags
        cluster.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "b"}, {"key": "x", "value": ""}])
        listed = cluster.ecs.list_tags_for_resource(resourceArn=arn)["tags"]
        assert listed == [{"key": "team", "value": "b"}, {"key": "x", "value": ""}]
        cluster.ecs.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])
        assert cluster.service(include=["TAGS"])["tags"] == [{"key": "x", "value": ""}]

    @pytest.mark.parametrize(
        "tags",
        [
            [{"key": "k" * 129, "value": "v"}],
            [{"key": "k", "value": "v" * 257}],
            [{"key": "aws:k", "value": "v"}],
            [{"key": "k", "value": "100 %"}],
            [{"key": "k", "value": "a\nb"}],
            [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}],
            [{"key": f"k{number}", "value": ""} for number in range(51)],
        ],
        ids=["long key", "long value", "aws:", "percent", "newline", "twice", "51"],
    )
    def test_what_is_refused(self, sim: Simulator, cluster: Cluster, tags: list[dict[str, str]]) -> None:
        cluster.register("web:1")
        arn = cluster.create(tags=[{"key": "kept", "value": "1"}])["serviceArn"]
        assert refused(cluster.ecs.tag_resource, resourceArn=arn, tags=tags)[0] == "InvalidParameterException"
        assert refused(cluster.create, name="other", tags=tags)[0] == "InvalidParameterException"
        assert cluster.service(include=["TAGS"])["tags"] == [{"key": "kept", "value": "1"}]

    def test_fifty_fit(self, cluster: Cluster) -> None:
        cluster.register("web:1")
        fifty = [{"key": f"k{number}", "value": "ä 1+-=._:/@"} for number in range(50)]
        arn = cluster.create(tags=fifty)["serviceArn"]
        code = refused(cluster.ecs.tag_resource, resourceArn=arn, tags=[{"key": "one more", "value": ""}])[0]
        assert code == "InvalidParameterException"

    def test_other_resources(self, cluster: Cluster) -> None:
        cluster.running(count=1)
        prefix = "arn:aws:ecs:us-east-1:123456789012"
        for arn in (
            f"{prefix}:cluster/prod",
            f"{prefix}:task-definition/web:1",
            cluster.tasks()[0]["taskArn"],
        ):
            cluster.ecs.tag_resource(resourceArn=arn, tags=[{"key": "k", "value": "v"}])
            assert cluster.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
        for arn in (f"{prefix}:task-definition/web:9", "arn:aws:s3:::bucket", f"{prefix}:task/prod/{'0' * 32}"):
            assert refused(cluster.ecs.list_tags_for_resource, resourceArn=arn)[0] == "InvalidParameterException"
        missing = f"{prefix}:service/prod/ghost"
        assert refused(cluster.ecs.list_tags_for_resource, resourceArn=missing)[0] == "ServiceNotFoundException"


def test_a_daemon_runs_one_task_on_each_instance(sim: Simulator, cluster: Cluster) -> None:
    def add_instances(count: int) -> None:
        for instance in run_instances(count):
            document = json.dumps({"instanceId": instance})
            cluster.ecs.register_container_instance(cluster="prod", instanceIdentityDocument=document)

    add_instances(3)
    daemon = {"schedulingStrategy": "DAEMON", "launchType": None, "count": 0}
    first, second = cluster.register("web:1"), cluster.register("web:2")
    created = cluster.create(revision=first, **daemon)
    assert created["deploymentConfiguration"]["minimumHealthyPercent"] == 0
    sim.advance(300)
    assert (cluster.service()["desiredCount"], cluster.service()["runningCount"]) == (3, 3)
    add_instances(1)
    cluster.ecs.update_service(cluster="prod", service="web", taskDefinition=second)
    sim.advance(300)
    [deployment] = cluster.service()["deployments"]
    assert (deployment["desiredCount"], deployment["runningCount"], deployment["rolloutState"]) == (4, 4, "COMPLETED")
    on_fargate = {"schedulingStrategy": "DAEMON", "launchType": "FARGATE", "taskDefinition": first}
    code, message = refused(cluster.ecs.create_service, cluster="prod", serviceName="other", **on_fargate)
    assert (code, "daemon scheduling strategy" in message) == ("InvalidParameterException", True)
