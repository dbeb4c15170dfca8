# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of permissions, and the page that shows it."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import NONE, ScalableTarget
from ansible_collections.lastgood.aws.plugins.module_utils._status import needs, permissions
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    controller_of,
    deployment,
    planned,
    service,
    task_definition,
    told,
)

PAGE = pathlib.Path(__file__).resolve().parents[5] / "docs" / "permissions.md"
WEIGHTS = {"required": "yes", "lesser": "", "option": "option"}


def shown() -> list[str]:
    """The rows as the page has them."""
    return [f"| `{p.action}` | {p.purpose} | {WEIGHTS[p.weight]} | {p.cost} |" for p in permissions.TABLE]


def test_the_page_shows_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    head = "| permission | for | required | without it |\n|---|---|---|---|\n"
    assert head + "\n".join(shown()) + "\n" in text


def test_the_policy_on_the_page_has_what_a_rolling_rollback_requires() -> None:
    text = PAGE.read_text(encoding="utf-8")
    [policy] = [
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL) if "Statement" in block
    ]
    required = {p.action for p in permissions.TABLE if p.weight == "required" and "services" not in p.purpose}
    assert required <= set(policy["Statement"][0]["Action"])


def test_each_permission_stands_there_once() -> None:
    actions = [p.action for p in permissions.TABLE]
    assert len(set(actions)) == len(actions)
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", action) for action in actions)


@pytest.mark.parametrize("text", [text for p in permissions.TABLE for text in (p.purpose, p.cost)])
def test_clauses_have_no_full_stop(text: str) -> None:
    assert text
    assert not text.endswith((".", ":", " "))


def test_one_that_is_not_in_the_table() -> None:
    assert permissions.of("ecs:UpdateService").weight == "required"
    assert permissions.of("mars:Land") == ("mars:Land", "lesser", "reading", "what it would tell is not known")


@pytest.mark.parametrize("kind", ["ECS", "CODE_DEPLOY", "EXTERNAL"])
def test_what_the_writes_of_a_rollback_need_is_in_the_table(kind: str) -> None:
    target = task_definition(1)
    roles = {"taskRoleArn": "arn:aws:iam::123456789012:role/app"}
    target = dataclasses.replace(target, content={**target.content, **roles})
    on = service(deployment(2, rollout="STEADY_STATE"), controller=kind, load_balancers=({"targetGroupArn": "tg"},))
    plan = dataclasses.replace(planned(on, told(1, 2) if kind == "ECS" else None), target=target)
    scaled = ScalableTarget("service/prod/web", "arn:aws:x", 1, 9, NONE)
    wanted = {one.need.action for one in needs.of_plan(plan, controller_of(on), scaled)}
    assert wanted <= {p.action for p in permissions.TABLE}
    assert len(wanted) > 10
