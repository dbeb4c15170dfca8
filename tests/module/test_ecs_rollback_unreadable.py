# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each API that is asked before the first write does not answer: that is said, and holds nothing up."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import registry
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import references, surroundings
from tests.module.services import Run, Shop
from tests.module.surroundings import Wire, service_with_everything

# The permission that each operation needs, and the check that is unknown without it.
READS = {
    "ListTasks": ("ecs:ListTasks", "protected_tasks"),
    "GetTaskProtection": ("ecs:GetTaskProtection", "protected_tasks"),
    "DescribeAlarms": ("cloudwatch:DescribeAlarms", "alarms"),
    "DescribeStacks": ("cloudformation:DescribeStacks", "stack"),
    "DescribeRules": ("elasticloadbalancing:DescribeRules", "listener_weights"),
    "DescribeListeners": ("elasticloadbalancing:DescribeListeners", "listener_weights"),
    "DescribeScalableTargets": ("application-autoscaling:DescribeScalableTargets", "bounds"),
    "GetParameters": ("ssm:GetParameters", "target_parameter"),
    "DescribeSecret": ("secretsmanager:DescribeSecret", "target_secret"),
    "GetRole": ("iam:GetRole", "target_role"),
    "DescribeLogGroups": ("logs:DescribeLogGroups", "target_log_group"),
    "DescribeFileSystems": ("elasticfilesystem:DescribeFileSystems", "target_file_system"),
    "DescribeAccessPoints": ("elasticfilesystem:DescribeAccessPoints", "target_access_point"),
    "HeadObject": ("s3:GetObject (and s3:ListBucket", "target_file"),
    "DescribeImages": ("ecr:DescribeImages", "image_identity"),
}
CHECKS = {check for _permission, check in READS.values()}
ENDPOINT = "https://service.example"


def refusal(operation: str) -> ClientError:
    """As the service says it: HeadObject's answer has no body, and the status is all that it says."""
    if operation == "HeadObject":
        return error("403", "Forbidden")(operation)
    return error("AccessDeniedException", f"User is not authorized to perform {operation}")(operation)


def error(code: str, message: str) -> t.Callable[[str], ClientError]:
    """Makes that error for an operation."""
    return lambda operation: ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.fixture
def wire(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A service that names something of every kind, and a stack that is at rest."""
    made = Wire(monkeypatch)
    service_with_everything(shop, made)
    return made


def planned(shop: Shop) -> Run:
    """What would be done; with a task count, since the bounds of auto scaling are asked for only then."""
    return shop.rollback(tasks=2, check_mode=True)


def unknown(run: Run) -> dict[str, str]:
    """The checks that could not be made, and what is said of each."""
    found = [finding for finding in run.only["findings"] if finding["severity"] == "unknown"]
    messages = {finding["check"]: finding["message"] for finding in found}
    assert len(messages) == len(found)
    return messages


def test_every_operation_that_is_asked_has_a_test_of_its_silence() -> None:
    asked = set()
    for module in (surroundings, references, registry, cloudwatch):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        asked |= set(re.findall(r'aws\.call\(\s*"[a-z0-9-]+",\s*"([a-z_]+)"', text))
    names = {"".join(word.title() for word in name.split("_")) for name in asked}
    # ListTasks is asked by a function of the ECS core. BatchGetImage is asked only of an image whose digest is another
    # one: tests/unit/plugins/module_utils/_ecs/test_registry.py.
    assert (names | {"ListTasks"}) - {"BatchGetImage"} == set(READS)


@pytest.mark.usefixtures("wire")
def test_what_is_all_there_is_worth_no_word(shop: Shop) -> None:
    run = planned(shop)
    assert {finding["check"] for finding in run.only["findings"]} == {"stack"}
    assert set(READS) - {"HeadObject", "DescribeStacks"} <= set(run.operations) | _REST
    assert run.only["method"] == "update_service"


# The simulator does not tell the operations of EFS.
_REST = {"DescribeFileSystems", "DescribeAccessPoints"}


@pytest.mark.parametrize(("operation", "permission", "check"), [(name, *rest) for name, rest in READS.items()])
def test_a_missing_permission_is_named(shop: Shop, wire: Wire, operation: str, permission: str, check: str) -> None:
    wire.meets[operation] = refusal(operation)
    run = planned(shop)
    assert operation in wire.met
    assert (run.only["method"], list(unknown(run))) == ("update_service", [check])
    assert f"The identity in use needs the permission {permission}" in unknown(run)[check]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (refusal, "needs the permission"),
        (error("ThrottlingException", "Rate exceeded"), "AWS throttled this through all retries"),
        (lambda _operation: ReadTimeoutError(endpoint_url=ENDPOINT), "check the network and the endpoint"),
        (lambda _operation: EndpointConnectionError(endpoint_url=ENDPOINT), "check the network and the endpoint"),
        # An endpoint of the user's own that does not have the API, or not all of it.
        (error("UnknownOperationException", "not implemented"), "UnknownOperationException (not implemented)"),
        (error("InternalFailure", "not yet implemented"), "InternalFailure"),
        (lambda _operation: ValueError("no such shape"), "no such shape"),
    ],
    ids=["denied", "throttled", "timeout", "no way", "unknown operation", "not implemented", "unforeseen"],
)
def test_where_none_answers_all_is_unknown_and_the_rollback_goes_on(
    shop: Shop, wire: Wire, failure: t.Callable[[str], Exception], words: str
) -> None:
    # The registry is not one of the checks that run together: what it raises is of botocore's kind.
    silent = set(READS) - ({"DescribeImages"} if words == "no such shape" else set())
    wire.meets.update({operation: failure(operation) for operation in silent})
    run = shop.rollback(tasks=2, wait=False)
    assert (run.outcome, run.only["method"]) == ("started", "update_service")
    assert set(unknown(run)) == {READS[operation][1] for operation in silent}
    assert all(words in message for message in unknown(run).values())


@pytest.mark.parametrize("operation", sorted(set(READS) - {"GetRole", "HeadObject"}))
def test_an_answer_that_was_cut_on_the_way_proves_nothing(shop: Shop, wire: Wire, operation: str) -> None:
    wire.meets[operation] = ""
    run = planned(shop)
    assert (run.only["method"], list(unknown(run))) == ("update_service", [READS[operation][1]])
