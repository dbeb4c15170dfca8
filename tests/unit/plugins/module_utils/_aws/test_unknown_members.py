# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What botocore drops from an answer, found in the answer itself."""

from __future__ import annotations

import typing as t

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.unknown_members import KEY, note
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._aws.test_api import Wire

KNOWN = {"name": "web", "image": "registry/web:1", "dockerLabels": {"any": "thing"}, "environment": [{"name": "A"}]}


def answer(container: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    whole = {"taskDefinitionArn": "arn:web:1", "status": "ACTIVE", "containerDefinitions": [container, container]}
    return {"taskDefinition": {**whole, **more}, "tags": []}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(KNOWN), ()),
        (answer({**KNOWN, "tomorrow": {"a": 1}}), ("taskDefinition.containerDefinitions.tomorrow",)),
        (
            answer({**KNOWN, "environment": [{"name": "A", "kind": "x"}]}, gpu=1),
            ("taskDefinition.containerDefinitions.environment.kind", "taskDefinition.gpu"),
        ),
        # Any label is a label.
        (answer({**KNOWN, "dockerLabels": {"tomorrow": "x"}}), ()),
    ],
)
def test_members_that_botocore_does_not_know(given: dict[str, t.Any], expected: tuple[str, ...]) -> None:
    found = api.describe_task_definition(Aws(Wire((200, given)).client), "web:1")
    assert found is not None
    assert found.unknown == expected


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[]", None])
def test_what_is_no_answer_tells_nothing(body: bytes | None) -> None:
    model = botocore.session.Session().get_service_model("ecs").operation_model("DescribeTaskDefinition")
    added: dict[str, t.Any] = {}
    note(operation_model=model, response_dict={"body": body}, customized_response_dict=added)
    assert KEY not in added
