# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is taken out of use that anything still uses."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deregister import Deregistrar
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    CLUSTER,
    FakeAws,
    arn,
    deployment,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
)

STAGE = CLUSTER.replace("prod", "stage")


class Account(FakeAws):
    """Services and tasks by cluster; a task is its task definition."""

    def __init__(
        self, services: dict[str, list[Service]], tasks: dict[str, list[str]] | None = None, **answers: t.Any
    ) -> None:
        super().__init__(
            list_clusters={"clusterArns": [CLUSTER, STAGE]},
            list_services=lambda **p: {"serviceArns": [s.arn for s in services.get(p["cluster"], [])]},
            describe_services=lambda **p: {
                "services": [raw_service(s) for s in services[p["cluster"]] if s.arn in p["services"]]
            },
            list_tasks=lambda **p: {"taskArns": (tasks or {}).get(p["cluster"], [])},
            describe_tasks=lambda **p: {
                "tasks": [{"taskArn": f"arn:task/{a}", "taskDefinitionArn": a} for a in p["tasks"]]
            },
            describe_task_definition=lambda **p: {"taskDefinition": task_definition(p["taskDefinition"]).content},
            deregister_task_definition={},
        )
        self.answers.update(answers)


def test_what_nothing_uses_is_deregistered() -> None:
    aws = Account({CLUSTER: [service(41)]}, {CLUSTER: [arn(41)]})
    gone, finding = Deregistrar(aws).deregister(arn(42))
    assert (gone, finding.severity, finding.message) == (True, "info", "web:42 was deregistered")
    assert aws.sent("deregister_task_definition") == [{"taskDefinition": arn(42)}]
    assert [sent["family"] for sent in aws.sent("list_tasks")] == ["web", "web"]
    assert {sent["desiredStatus"] for sent in aws.sent("list_tasks")} == {"RUNNING"}


@pytest.mark.parametrize(
    ("services", "tasks", "user"),
    [
        ({CLUSTER: [service(42)]}, {}, "service prod/web"),
        # another cluster, another service
        ({CLUSTER: [service(41)], STAGE: [service(42, name="api", cluster_arn=STAGE)]}, {}, "service stage/api"),
        # old tasks of it still drain
        ({CLUSTER: [service(41, deployment(42, status="ACTIVE", running=1))]}, {}, "service prod/web"),
        ({CLUSTER: [service(42, status="DRAINING")]}, {}, "service prod/web"),
        # a task that no service owns
        ({CLUSTER: [service(41)]}, {STAGE: [arn(41), arn(42)]}, f"task arn:task/{arn(42)}"),
    ],
)
def test_what_something_uses_is_left_alone(
    services: dict[str, list[Service]], tasks: dict[str, list[str]], user: str
) -> None:
    aws = Account(services, tasks)
    gone, finding = Deregistrar(aws).deregister(arn(42))
    assert (gone, finding.check, finding.severity) == (False, "deregister", "warn")
    assert finding.message == f"web:42 was not deregistered: it is still in use by {user}"
    assert aws.sent("deregister_task_definition") == []


def test_a_service_that_is_gone_uses_nothing() -> None:
    assert Deregistrar(Account({CLUSTER: [service(42, status="INACTIVE")]})).deregister(arn(42))[0]


def test_what_is_pinned_is_left_alone() -> None:
    described = {
        "taskDefinition": task_definition(42).content,
        "tags": [{"key": "lastgood:pinned", "value": "2026-11-20T14:03:05Z the auditors want it"}],
    }
    aws = Account({CLUSTER: [service(41)]}, describe_task_definition=described)
    gone, finding = Deregistrar(aws).deregister(arn(42))
    assert (gone, finding.check, finding.severity) == (False, "deregister", "warn")
    assert finding.message == (
        "web:42 was not deregistered: it is marked lastgood:pinned (2026-11-20T14:03:05Z the auditors want it)"
    )
    assert [name for name, _params in aws.requests] == ["describe_task_definition"]


READS = [
    "describe_task_definition",
    "list_clusters",
    "list_services",
    "describe_services",
    "list_tasks",
    "describe_tasks",
]


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("answer", [refused_by_aws("Anything"), {}])
def test_what_cannot_be_looked_at_is_taken_to_be_in_use(operation: str, answer: t.Any) -> None:
    aws = Account({CLUSTER: [service(41)]}, {CLUSTER: [arn(41)]}, **{operation: answer})
    gone, finding = Deregistrar(aws).deregister(arn(42))
    assert (gone, finding.severity) == (False, "warn")
    assert finding.message.startswith("web:42 was not deregistered. ")
    assert aws.sent("deregister_task_definition") == []


def test_a_refusal_by_aws_is_a_warning() -> None:
    aws = Account({}, deregister_task_definition=refused_by_aws("DeregisterTaskDefinition"))
    gone, finding = Deregistrar(aws).deregister(arn(42))
    assert (gone, finding.severity) == (False, "warn")
    assert "ecs:DeregisterTaskDefinition" in finding.message


def test_the_account_is_looked_at_once_for_all() -> None:
    aws = Account({CLUSTER: [service(41)]})
    deregistrar = Deregistrar(aws)
    assert deregistrar.deregister(arn(42))[0]
    assert deregistrar.deregister(arn(43))[0]
    assert len(aws.sent("list_clusters")) == 1
    assert len(aws.sent("list_services")) == 2


def test_services_are_read_ten_a_call() -> None:
    many = [service(41, name=f"web{n}") for n in range(11)]
    aws = Account({CLUSTER: many})
    assert Deregistrar(aws).deregister(arn(42))[0]
    assert [len(sent["services"]) for sent in aws.sent("describe_services")] == [10, 1]
