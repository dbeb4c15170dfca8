# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS's API as typed functions: what is sent, held against botocore's model, and what is made of the answers."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace
from unittest.mock import Mock

import botocore.session
import botocore.stub
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Revision, Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    CLUSTER,
    FakeAws,
    NoSuchTaskDefinition,
    arn,
    at,
    connection_lost,
    deployment,
    event,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
)

DEPLOYMENT = "arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/D1"
REVISION = "arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/web/1"


@functools.cache
def ecs() -> t.Any:
    return botocore.session.Session().create_client(
        "ecs", region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


# Older versions of botocore do not know all that ECS says of a service.
BARE = {"serviceName": "web", "serviceArn": "arn:web"}
TASK_SET = {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": arn(41), "stabilityStatus": "STABILIZING"}
# Each function once: its operation, what it must send, and an answer.
CALLS: list[tuple[str, t.Callable[[Aws], t.Any], dict[str, t.Any], dict[str, t.Any]]] = [
    (
        "describe_services",
        lambda aws: api.describe_services(aws, "prod", ["web"]),
        {"cluster": "prod", "services": ["web"], "include": ["TAGS"]},
        {"services": [BARE]},
    ),
    (
        "list_service_deployments",
        lambda aws: api.list_service_deployments(aws, "prod", "web", everything=False),
        {"cluster": "prod", "service": "web", "maxResults": 20},
        {"serviceDeployments": []},
    ),
    (
        "list_service_deployments",
        lambda aws: api.list_service_deployments(aws, "prod", "web", everything=True),
        {"cluster": "prod", "service": "web", "maxResults": 100},
        {"serviceDeployments": []},
    ),
    (
        "describe_service_deployments",
        lambda aws: api.describe_service_deployments(aws, [DEPLOYMENT]),
        {"serviceDeploymentArns": [DEPLOYMENT]},
        {"serviceDeployments": [{"serviceDeploymentArn": DEPLOYMENT, "status": "SUCCESSFUL"}]},
    ),
    (
        "describe_service_revisions",
        lambda aws: api.describe_service_revisions(aws, [REVISION]),
        {"serviceRevisionArns": [REVISION]},
        {"serviceRevisions": [{"serviceRevisionArn": REVISION, "taskDefinition": arn(41)}]},
    ),
    (
        "describe_task_definition",
        lambda aws: api.describe_task_definition(aws, "web:41"),
        {"taskDefinition": "web:41", "include": ["TAGS"]},
        {"taskDefinition": {"taskDefinitionArn": arn(41), "status": "ACTIVE"}, "tags": []},
    ),
    (
        "list_task_definitions",
        lambda aws: api.list_task_definitions(aws, "web"),
        {"familyPrefix": "web", "status": "ACTIVE", "sort": "DESC"},
        {"taskDefinitionArns": [arn(42), arn(41)]},
    ),
    (
        "update_service",
        lambda aws: api.update_service(
            aws, CLUSTER, "web", taskDefinition=arn(41), desiredCount=4, forceNewDeployment=True
        ),
        {
            "cluster": CLUSTER,
            "service": "web",
            "taskDefinition": arn(41),
            "desiredCount": 4,
            "forceNewDeployment": True,
        },
        {"service": BARE},
    ),
    (
        "stop_service_deployment",
        lambda aws: api.stop_service_deployment(aws, DEPLOYMENT),
        {"serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK"},
        {"serviceDeploymentArn": DEPLOYMENT},
    ),
    (
        "create_task_set",
        lambda aws: api.create_task_set(
            aws, CLUSTER, "web", taskDefinition=arn(41), scale={"value": 50.0, "unit": "PERCENT"}, clientToken="t"
        ),
        {
            "cluster": CLUSTER,
            "service": "web",
            "taskDefinition": arn(41),
            "scale": {"value": 50.0, "unit": "PERCENT"},
            "clientToken": "t",
        },
        {"taskSet": TASK_SET},
    ),
    (
        "update_task_set",
        lambda aws: api.update_task_set(aws, CLUSTER, "web", "ecs-svc/1", 100.0),
        {
            "cluster": CLUSTER,
            "service": "web",
            "taskSet": "ecs-svc/1",
            "scale": {"value": 100.0, "unit": "PERCENT"},
        },
        {"taskSet": TASK_SET},
    ),
    (
        "update_service_primary_task_set",
        lambda aws: api.update_service_primary_task_set(aws, CLUSTER, "web", "ecs-svc/1"),
        {"cluster": CLUSTER, "service": "web", "primaryTaskSet": "ecs-svc/1"},
        {"taskSet": TASK_SET},
    ),
    (
        "tag_resource",
        lambda aws: api.tag_resource(aws, arn(42), {"lastgood:bad": "500s"}),
        {"resourceArn": arn(42), "tags": [{"key": "lastgood:bad", "value": "500s"}]},
        {},
    ),
    (
        "deregister_task_definition",
        lambda aws: api.deregister_task_definition(aws, arn(42)),
        {"taskDefinition": arn(42)},
        {},
    ),
    (
        "list_tasks",
        lambda aws: api.list_tasks(aws, CLUSTER, serviceName="web", desiredStatus="STOPPED"),
        {"cluster": CLUSTER, "serviceName": "web", "desiredStatus": "STOPPED"},
        {"taskArns": ["a"]},
    ),
    (
        "describe_tasks",
        lambda aws: api.describe_tasks(aws, CLUSTER, ["a"]),
        {"cluster": CLUSTER, "tasks": ["a"]},
        {"tasks": [{"taskArn": "a"}]},
    ),
    ("list_clusters", api.list_clusters, {}, {"clusterArns": [CLUSTER]}),
    (
        "list_services",
        lambda aws: api.list_services(aws, CLUSTER),
        {"cluster": CLUSTER, "maxResults": 100},
        {"serviceArns": ["a"]},
    ),
]
WRITES = (
    "stop_service_deployment",
    "tag_resource",
    "deregister_task_definition",
    "update_service_primary_task_set",
)


@pytest.mark.parametrize(("operation", "call", "request_", "answer"), CALLS)
def test_what_is_sent_fits_the_model(operation: str, call: t.Any, request_: t.Any, answer: t.Any) -> None:
    with botocore.stub.Stubber(ecs()) as stubber:
        stubber.add_response(operation, answer, request_)
        call(Aws(lambda name: ecs()))
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(("operation", "call", "request_", "answer"), CALLS)
@pytest.mark.parametrize("error", [refused_by_aws("Anything"), connection_lost()])
def test_errors_say_what_was_tried(
    operation: str, call: t.Any, request_: t.Any, answer: t.Any, error: Exception
) -> None:
    with pytest.raises(AwsCallError) as caught:
        call(FakeAws(**{operation: error}))
    assert str(caught.value.message).startswith(f"Failed to {operation.partition('_')[0]}") or operation in (
        "update_service",
        "stop_service_deployment",
        "update_task_set",
        "update_service_primary_task_set",
    )
    assert "error formatting" not in str(caught.value.message)


@pytest.mark.parametrize(
    ("operation", "call"), [(name, call) for name, call, _request, _answer in CALLS if name not in WRITES]
)
def test_a_cut_answer_is_an_error(operation: str, call: t.Any) -> None:
    with pytest.raises(IncompleteAnswerError, match=operation):
        call(FakeAws(**{operation: {}}))


# -- services


def test_a_service_is_read_whole() -> None:
    made = service(
        deployment(41, pending=1, failed=2, rollout_reason="why"),
        deployment(42, status="ACTIVE"),
        events=(event("1"),),
        tags={"team": "shop"},
        revision_arns=(REVISION,),
        load_balancers=({"containerName": "app", "containerPort": 80},),
        circuit_breaker=True,
        circuit_breaker_rolls_back=True,
        minimum_healthy_percent=50,
        maximum_percent=150,
        scheduling="DAEMON",
        strategy="CANARY",
        controller="EXTERNAL",
    )
    aws = FakeAws(describe_services={"services": [raw_service(made)]})
    assert api.describe_services(aws, "prod", ["web"]) == {"web": made}


SETS = [
    {
        "id": "ecs-svc/1",
        "taskSetArn": "arn:task-set",
        "status": "PRIMARY",
        "taskDefinition": arn(41),
        "stabilityStatus": "STEADY_STATE",
        "computedDesiredCount": 2,
        "runningCount": 2,
        "pendingCount": 1,
        "createdAt": at(0),
        "externalId": "d-1",
        "scale": {"value": 50.0, "unit": "PERCENT"},
    },
    {"id": "ecs-svc/2", "status": "DRAINING", "stabilityStatus": "STABILIZING"},
]


def read_one(controller: str, **lists: t.Any) -> Service:
    raw = {"serviceName": "web", "serviceArn": "arn:web", "deploymentController": {"type": controller}, **lists}
    found = api.describe_services(FakeAws(describe_services={"services": [raw]}), "prod", ["web"])["web"]
    assert isinstance(found, Service)
    return found


def test_task_sets_are_told_as_deployments() -> None:
    first, second = read_one("CODE_DEPLOY", taskSets=SETS, deployments=[]).deployments
    assert first == Deployment(
        id="ecs-svc/1",
        status="PRIMARY",
        task_definition=arn(41),
        rollout_state="COMPLETED",
        rollout_reason="",
        desired=2,
        running=2,
        pending=1,
        failed=0,
        created_at=at(0),
        arn="arn:task-set",
        external_id="d-1",
        scale=50.0,
    )
    assert (second.status, second.rollout_state, second.external_id, second.scale) == (
        "DRAINING",
        "IN_PROGRESS",
        "",
        None,
    )


@pytest.mark.parametrize(
    ("controller", "lists", "ids"),
    [
        ("CODE_DEPLOY", {"taskSets": SETS, "deployments": [{"id": "ecs-svc/3"}]}, ["ecs-svc/1", "ecs-svc/2"]),
        ("EXTERNAL", {"taskSets": SETS[:1]}, ["ecs-svc/1"]),
        # Left by a migration of the controller.
        ("CODE_DEPLOY", {"taskSets": [], "deployments": [{"id": "ecs-svc/3"}]}, ["ecs-svc/3"]),
        ("ECS", {"taskSets": SETS, "deployments": [{"id": "ecs-svc/3"}]}, ["ecs-svc/3"]),
        ("ECS", {"taskSets": SETS[:1]}, ["ecs-svc/1"]),
        ("EXTERNAL", {}, []),
    ],
)
def test_which_list_counts_is_decided_by_the_controller(controller: str, lists: t.Any, ids: list[str]) -> None:
    assert [d.id for d in read_one(controller, **lists).deployments] == ids


def test_what_aws_leaves_out_has_its_documented_default() -> None:
    bare = {"serviceName": "web", "serviceArn": "arn:web", "deployments": [{"id": "ecs-svc/1"}]}
    read = api.describe_services(FakeAws(describe_services={"services": [bare]}), "prod", ["web"])["web"]
    assert isinstance(read, Service)
    assert (read.controller, read.strategy, read.scheduling) == ("ECS", "ROLLING", "REPLICA")
    assert (read.minimum_healthy_percent, read.maximum_percent) == (100, 200)
    assert (read.circuit_breaker, read.circuit_breaker_rolls_back) == (False, False)
    # Services with a Classic Load Balancer have no rollout state.
    assert read.deployments == (Deployment("ecs-svc/1", "", "", "", "", 0, 0, 0, 0, None),)


@pytest.mark.parametrize(
    ("breaker", "expected"),
    [
        ({}, (False, False)),
        ({"enable": True}, (True, False)),
        ({"enable": True, "rollback": True}, (True, True)),
        # switched off, whatever it would do
        ({"enable": False, "rollback": True}, (False, False)),
    ],
)
def test_the_circuit_breaker(breaker: dict[str, bool], expected: tuple[bool, bool]) -> None:
    raw = {**raw_service(service(41)), "deploymentConfiguration": {"deploymentCircuitBreaker": breaker}}
    read = api.describe_services(FakeAws(describe_services={"services": [raw]}), "prod", ["web"])["web"]
    assert isinstance(read, Service)
    assert (read.circuit_breaker, read.circuit_breaker_rolls_back) == expected


def test_services_are_told_by_the_name_asked_for() -> None:
    web, api_ = service(41), service(7, name="api")
    aws = FakeAws(
        describe_services={
            "services": [raw_service(api_), raw_service(web)],
            "failures": [{"arn": "arn:aws:ecs:eu-central-1:123456789012:service/prod/gone", "reason": "MISSING"}],
        }
    )
    found = api.describe_services(aws, "prod", [web.arn, "api", "gone"])
    assert list(found) == [web.arn, "api", "gone"]
    assert (found[web.arn], found["api"], found["gone"]) == (web, api_, "MISSING")


def test_an_answer_that_tells_nothing_of_a_service_was_cut() -> None:
    aws = FakeAws(describe_services={"services": [raw_service(service(41))]})
    with pytest.raises(IncompleteAnswerError, match="api"):
        api.describe_services(aws, "prod", ["web", "api"])


# -- batches and pages


@pytest.mark.parametrize(
    ("call", "operation", "parameter", "result", "size"),
    [
        (
            api.describe_service_deployments,
            "describe_service_deployments",
            "serviceDeploymentArns",
            "serviceDeployments",
            20,
        ),
        (api.describe_service_revisions, "describe_service_revisions", "serviceRevisionArns", "serviceRevisions", 20),
        (lambda aws, arns: api.describe_tasks(aws, CLUSTER, arns), "describe_tasks", "tasks", "tasks", 100),
    ],
)
def test_limits_of_a_call(call: t.Any, operation: str, parameter: str, result: str, size: int) -> None:
    aws = FakeAws(**{operation: lambda **params: {result: []}})
    call(aws, [f"arn:{n}" for n in range(size + 1)])
    assert [len(sent[parameter]) for sent in aws.sent(operation)] == [size, 1]
    call(aws, [])
    assert len(aws.requests) == 2


LISTED = [{"serviceDeploymentArn": f"d{hour}", "createdAt": at(hour * 60)} for hour in range(4)]


def test_all_deployments_are_read_page_by_page_and_the_newest_in_one() -> None:
    pages = [{"serviceDeployments": [LISTED[3]], "nextToken": "t"}, {"serviceDeployments": [LISTED[2]]}]
    aws = FakeAws(list_service_deployments=list(pages))
    assert api.list_service_deployments(aws, "prod", "web", everything=True) == [LISTED[3], LISTED[2]]
    aws = FakeAws(list_service_deployments=list(pages))
    assert api.list_service_deployments(aws, "prod", "web", everything=False) == [LISTED[3]]


@pytest.mark.parametrize(
    ("pages", "current", "expected", "calls"),
    [
        # All of it is on one page: it is sorted here.
        ([[0, 1, 2, 3]], "", [3, 2, 1, 0], 1),
        ([[2, 0, 3, 1]], "d9", [3, 2, 1, 0], 1),
        # The newest first, with what is current: the rest is older.
        ([[3, 2], [1, 0]], "d3", [3, 2], 1),
        # Anything else may lack the newest.
        ([[0, 1], [2, 3]], "d3", [3, 2, 1, 0], 3),
        ([[0, 1], [2, 3]], "", [3, 2, 1, 0], 3),
        ([[2, 1], [3, 0]], "d3", [3, 2, 1, 0], 3),
    ],
)
def test_the_order_of_the_list_is_not_believed(
    pages: list[list[int]], current: str, expected: list[int], calls: int
) -> None:
    """AWS documents none, and the oldest first would lead to a version from long ago."""
    answers: list[dict[str, t.Any]] = [{"serviceDeployments": [LISTED[n] for n in page]} for page in pages]
    for answer in answers[:-1]:
        answer["nextToken"] = "t"
    aws = FakeAws(list_service_deployments=[*answers[:1], *answers] if calls > 1 else answers)
    found = api.list_service_deployments(aws, "prod", "web", everything=False, current=current)
    assert found == [LISTED[n] for n in expected]
    assert len(aws.sent("list_service_deployments")) == calls


# -- revisions and task definitions


def test_a_revision_with_the_digests_that_are_known() -> None:
    images = [
        {"containerName": "app", "image": "web:1", "imageDigest": "sha256:a"},
        {"containerName": "log", "image": "log:1"},
    ]
    raw = {
        "serviceRevisionArn": REVISION,
        "taskDefinition": arn(41),
        "containerImages": images,
        "launchType": "EC2",
    }
    aws = FakeAws(describe_service_revisions={"serviceRevisions": [raw]})
    assert api.describe_service_revisions(aws, [REVISION]) == {
        REVISION: Revision(REVISION, arn(41), {"app": "sha256:a"}, raw)
    }


def test_a_task_definition_with_its_tags() -> None:
    content = task_definition(41).content
    aws = FakeAws(describe_task_definition={"taskDefinition": content, "tags": [{"key": "lastgood:bad", "value": "x"}]})
    read = api.describe_task_definition(aws, "web:41")
    assert read == task_definition(41, bad="x")


def test_a_task_definition_that_there_is_not() -> None:
    assert api.describe_task_definition(FakeAws(describe_task_definition=NoSuchTaskDefinition()), "web:9") is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ConflictException", True),
        ("ServiceDeploymentNotFoundException", True),
        ("AccessDeniedException", False),
        ("UnsupportedFeatureException", False),
    ],
)
def test_whether_a_deployment_has_ended_meanwhile(code: str, expected: bool) -> None:
    assert api.has_ended_meanwhile(AwsCallError("x", refused_by_aws("StopServiceDeployment", code))) is expected


def test_times_are_kept() -> None:
    raw = raw_service(service(deployment(41, created_at=at(3))))
    read = api.describe_services(FakeAws(describe_services={"services": [raw]}), "prod", ["web"])["web"]
    assert isinstance(read, Service)
    assert read.deployments[0].created_at == at(3)


def test_only_aws_text_means_that_there_is_no_task_definition() -> None:
    class Other(NoSuchTaskDefinition):
        def __init__(self) -> None:
            super().__init__()
            self.response["Error"]["Message"] = "Too many tags"
            self.args = ("An error occurred (ClientException): Too many tags",)

    assert api.describe_task_definition(FakeAws(describe_task_definition=NoSuchTaskDefinition()), "web:1") is None
    with pytest.raises(AwsCallError, match="describe task definition web:1"):
        api.describe_task_definition(FakeAws(describe_task_definition=Other()), "web:1")


def test_one_service_that_may_not_be_read_does_not_refuse_the_others() -> None:
    asked: list[list[str]] = []

    def describe(services: list[str], **_more: t.Any) -> dict[str, t.Any]:
        asked.append(services)
        if "secret" in services:
            raise refused_by_aws("DescribeServices")
        return {"services": [raw_service(replace(service(), name=name)) for name in services]}

    found = api.describe_readable_services(FakeAws(describe_services=describe), "prod", ["web", "secret", "api"])
    assert asked == [["web", "secret", "api"], ["web"], ["secret"], ["api"]]
    assert [name for name, one in found.items() if isinstance(one, Service)] == ["web", "api"]
    assert "needs the permission ecs:DescribeServices" in str(found["secret"])


@pytest.mark.parametrize("names", [["web"], ["web", "api"]])
def test_any_other_error_is_one_for_all(names: list[str]) -> None:
    aws = FakeAws(describe_services=Mock(side_effect=refused_by_aws("DescribeServices", "Broken")))
    with pytest.raises(AwsCallError):
        api.describe_readable_services(aws, "prod", names)
    assert len(aws.requests) == 1


OLD, NEW = "arn:aws:ecs:eu-central-1:123456789012:service/web", "arn:aws:ecs:eu-central-1:123456789012:service/prod/web"


@pytest.mark.parametrize(("asked", "answered"), [(OLD, NEW), (NEW, OLD), (OLD, OLD), ("web", OLD)])
def test_both_forms_of_an_arn_are_one_service(asked: str, answered: str) -> None:
    made = replace(service(), name="web", arn=answered)
    aws = FakeAws(describe_services={"services": [raw_service(made)]})
    assert api.describe_services(aws, "prod", [asked]) == {asked: made}


def test_a_missing_service_is_found_by_either_form() -> None:
    aws = FakeAws(describe_services={"services": [], "failures": [{"arn": NEW, "reason": "MISSING"}]})
    assert api.describe_services(aws, "prod", [OLD]) == {OLD: "MISSING"}


def test_a_service_of_another_cluster_is_another() -> None:
    other = replace(service(), name="web", arn=NEW.replace("/prod/", "/stage/"))
    with pytest.raises(IncompleteAnswerError):
        api.describe_services(FakeAws(describe_services={"services": [raw_service(other)]}), "prod", [NEW])
