# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals in AWS's own words: permissions, passed roles, credentials, clocks."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.authorization import enable_iam_authentication

from lastgood_simulator import Simulator
from selftests.cluster import START, Cluster, client, refused
from selftests.strategies import function

TASK_ROLE = "arn:aws:iam::123456789012:role/task"
EXECUTION_ROLE = "arn:aws:iam::123456789012:role/execution"
WEB = "arn:aws:ecs:us-east-1:123456789012:service/prod/web"


def register(ecs: Any, **roles: str) -> str:
    """A task definition with roles; returns ``family:revision``."""
    definition = ecs.register_task_definition(
        family="web", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 128}], **roles
    )["taskDefinition"]
    return f"web:{definition['revision']}"


def user(*statements: dict[str, Any]) -> Any:
    """A client of Amazon ECS with the credentials of a user who has these permissions."""
    iam = boto3.client("iam")
    iam.create_user(UserName="deployer")
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName="deployer", PolicyName="some", PolicyDocument=document)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    return client(
        "ecs",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token="",
    )


class TestBatches:
    def test_one_forbidden_service_refuses_all(self, sim: Simulator, cluster: Cluster) -> None:
        for name in ("web", "api"):
            cluster.create(name, cluster.register("web:1"))
        sim.deny("ecs:DescribeServices", "api")
        code, message = refused(cluster.ecs.describe_services, cluster="prod", services=["web", "api"])
        assert code == "AccessDeniedException"
        assert "ecs:DescribeServices on resource: arn:aws:ecs:us-east-1:123456789012:service/prod/api " in message
        assert cluster.service("web")["serviceName"] == "web"
        sim.clear_failures()
        assert cluster.service("api")["serviceName"] == "api"

    def test_it_can_be_named_by_its_arn(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.deny("ecs:*", "arn:aws:ecs:*:*:service/prod/web")
        assert refused(cluster.ecs.describe_services, cluster="prod", services=[WEB])[0] == "AccessDeniedException"
        assert refused(cluster.update, desiredCount=1)[0] == "AccessDeniedException"
        assert cluster.ecs.list_services(cluster="prod")["serviceArns"] == [WEB]

    def test_policies_too(self, sim: Simulator, cluster: Cluster) -> None:
        for name in ("web", "api"):
            cluster.create(name, cluster.register("web:1"))
        limited = user({"Effect": "Allow", "Action": "ecs:DescribeServices", "Resource": WEB})
        with enable_iam_authentication():
            assert limited.describe_services(cluster="prod", services=["web"])["services"]
            code, message = refused(limited.describe_services, cluster="prod", services=["web", "api"])
        assert code == "AccessDeniedException"
        assert "service/prod/api because no identity-based policy allows the ecs:DescribeServices action" in message


class TestWords:
    @pytest.mark.parametrize(
        ("options", "ending"),
        [
            ({}, "because no identity-based policy allows the ecs:UpdateService action"),
            ({"explicit": True}, "with an explicit deny in an identity-based policy"),
            ({"policy": "scp"}, "because no service control policy allows the ecs:UpdateService action"),
            ({"policy": "scp", "explicit": True}, "with an explicit deny in a service control policy"),
            ({"policy": "boundary"}, "because no permissions boundary allows the ecs:UpdateService action"),
            ({"policy": "session"}, "because no session policy allows the ecs:UpdateService action"),
            (
                {"policy": "boundary", "explicit": True, "arn": "arn:aws:iam::123456789012:policy/limits"},
                "with an explicit deny in a permissions boundary: arn:aws:iam::123456789012:policy/limits",
            ),
        ],
    )
    def test_each_kind_of_policy(self, sim: Simulator, cluster: Cluster, options: dict[str, Any], ending: str) -> None:
        cluster.running()
        sim.deny("ecs:UpdateService", **options)
        caller = boto3.client("sts").get_caller_identity()["Arn"]
        assert refused(cluster.update, desiredCount=1) == (
            "AccessDeniedException",
            f"User: {caller} is not authorized to perform: ecs:UpdateService on resource: {WEB} {ending}",
        )

    def test_an_explicit_deny_of_a_policy(self, cluster: Cluster) -> None:
        limited = user(
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "ecs:ListClusters", "Resource": "*"},
        )
        with enable_iam_authentication():
            assert refused(limited.list_clusters)[1].endswith("with an explicit deny in an identity-based policy")

    def test_a_service_that_speaks_xml(self, sim: Simulator) -> None:
        sim.deny("autoscaling:DescribeAutoScalingGroups")
        with pytest.raises(ClientError) as caught:
            boto3.client("autoscaling").describe_auto_scaling_groups()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

    def test_an_unknown_policy(self, sim: Simulator) -> None:
        with pytest.raises(ValueError, match="identity, resource, scp"):
            sim.deny("ecs:UpdateService", policy="mood")


class TestPassedRoles:
    def test_of_a_task_definition(self, sim: Simulator, cluster: Cluster) -> None:
        sim.deny("iam:PassRole", "execution")
        assert register(cluster.ecs, taskRoleArn=TASK_ROLE) == "web:1"
        code, message = refused(register, ecs=cluster.ecs, taskRoleArn=TASK_ROLE, executionRoleArn=EXECUTION_ROLE)
        assert code == "AccessDeniedException"
        assert f"is not authorized to perform: iam:PassRole on resource: {EXECUTION_ROLE} because no" in message

    def test_of_an_update_that_names_a_task_definition(self, sim: Simulator, cluster: Cluster) -> None:
        revision = register(cluster.ecs, taskRoleArn=TASK_ROLE)
        cluster.create(revision=revision)
        sim.deny("iam:PassRole")
        assert "iam:PassRole" in refused(cluster.update, taskDefinition=revision)[1]
        assert cluster.update(desiredCount=1)["desiredCount"] == 1

    def test_of_one_that_runs_a_task(self, sim: Simulator, cluster: Cluster) -> None:
        revision = register(cluster.ecs, executionRoleArn=EXECUTION_ROLE)
        sim.deny("iam:PassRole")
        assert (
            "iam:PassRole"
            in refused(cluster.ecs.run_task, cluster="prod", taskDefinition=revision, launchType="FARGATE")[1]
        )

    def test_of_hooks(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.deny("iam:PassRole")
        hooks = {"lifecycleHooks": [function("PRE_SCALE_UP")]}
        assert "role/hooks because" in refused(cluster.update, deploymentConfiguration=hooks)[1]

    def test_by_policies(self, cluster: Cluster) -> None:
        allowed = {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
        limited = user(allowed, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": TASK_ROLE})
        with enable_iam_authentication():
            assert register(limited, taskRoleArn=TASK_ROLE) == "web:1"
            code, message = refused(register, ecs=limited, taskRoleArn=EXECUTION_ROLE)
        assert code == "AccessDeniedException"
        assert "because no identity-based policy allows the iam:PassRole action" in message


@pytest.mark.parametrize(
    ("service", "operation", "code", "message", "status"),
    [
        ("ecs", "ListClusters", "ExpiredTokenException", "is expired", 400),
        ("ecs", "ListClusters", "UnrecognizedClientException", "is invalid", 400),
        ("ecs", "ListClusters", "InvalidSignatureException", "does not match the signature you provided", 400),
        ("ecs", "ListClusters", "OptInRequired", "needs a subscription", 403),
        ("ecs", "ListClusters", "RequestExpired", "Request has expired", 400),
        ("sts", "GetCallerIdentity", "ExpiredToken", "is expired", 403),
        ("sts", "GetCallerIdentity", "InvalidClientTokenId", "is invalid", 403),
        ("sts", "GetCallerIdentity", "SignatureDoesNotMatch", "does not match the signature you provided", 403),
        ("ec2", "DescribeInstances", "AuthFailure", "not able to validate", 401),
        ("s3", "GetObject", "InvalidAccessKeyId", "does not exist in our records", 403),
    ],
)
def test_credentials_that_are_not_accepted(
    sim: Simulator, service: str, operation: str, code: str, message: str, status: int
) -> None:
    sim.fail(operation, code)
    calls: dict[str, tuple[str, dict[str, str]]] = {
        "ListClusters": ("list_clusters", {}),
        "GetCallerIdentity": ("get_caller_identity", {}),
        "DescribeInstances": ("describe_instances", {}),
        "GetObject": ("get_object", {"Bucket": "a", "Key": "b"}),
    }
    name, params = calls[operation]
    with pytest.raises(ClientError) as caught:
        getattr(boto3.client(service), name)(**params)
    assert caught.value.response["Error"]["Code"] == code
    assert message in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


class TestClocks:
    def test_aws_is_ahead(self, sim: Simulator, cluster: Cluster) -> None:
        sim.skew(120)
        assert (sim.machine_time(), sim.now()) == (START, START + 120)
        answer = cluster.ecs.list_clusters()
        date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        assert date == "Mon, 21 Sep 2026 14:15:20 GMT"
        registered = cluster.ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 128}]
        )
        assert registered["taskDefinition"]["registeredAt"].timestamp() == START + 120

    def test_aws_is_behind(self, sim: Simulator, cluster: Cluster) -> None:
        sim.skew(-60)
        assert (sim.machine_time(), sim.now()) == (START, START - 60)
        sim.advance(10)
        assert (sim.machine_time(), sim.now()) == (START + 10, START - 50)

    @pytest.mark.parametrize(
        ("skew", "pattern"),
        [
            (301, r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)"),
            (-301, r"Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(.{16} \+ 5 min\.\)"),
        ],
    )
    def test_too_far_apart(self, sim: Simulator, skew: float, pattern: str) -> None:
        ecs, sts, s3 = client("ecs"), client("sts"), client("s3")
        sim.skew(skew)
        with pytest.raises(ClientError, match=rf"\(InvalidSignatureException\).*{pattern}"):
            ecs.list_clusters()
        with pytest.raises(ClientError, match=rf"\(SignatureDoesNotMatch\).*{pattern}"):
            sts.get_caller_identity()
        with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
            s3.get_object(Bucket="a", Key="b")


def test_a_revision_that_is_no_number(cluster: Cluster) -> None:
    assert refused(cluster.ecs.describe_task_definition, taskDefinition="web:latest") == (
        "InvalidParameterException",
        "Invalid revision number. Number: latest",
    )
    assert refused(cluster.ecs.describe_task_definition, taskDefinition="web:7") == (
        "ClientException",
        "Unable to describe task definition.",
    )
