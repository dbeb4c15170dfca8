# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies in docs/policies/, and what pages say about permissions, follow from dev/permissions.yml.

That the file itself lists what is needed, and nothing else, the module tests see: tests/module/conftest.py.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from ansible_collections.lastgood.aws.plugins.module_utils._status import permissions
from lastgood_simulator.condition_keys import WITH_A_CLUSTER
from tests.granted import data, least, listed, program, unlisted, unseen
from tests.repository import pages

PAGE = pages.ROOT / "docs" / "permissions.md"
POLICIES = pages.ROOT / "docs" / "policies"
ACTION = re.compile(r"`([a-z0-9-]+:[A-Z][A-Za-z]+)`")
# The prefix of a service's actions where it is neither botocore's name of the service nor the one it signs with.
PREFIXES = {"resourcegroupstaggingapi": "tag", "cloudwatch": "cloudwatch"}
# Actions that are not named like their operations.
RENAMED = {"s3:HeadObject": "s3:GetObject", "s3:ListObjectVersions": "s3:ListBucketVersions"}
# Of the credentials; condition keys; the name of a host.
OTHERS = {"sts:AssumeRole", "sts:GetCallerIdentity", "iam:PassedToService", "aws:TagKeys", "tag:Name"}
# They are about other identities as well.
NOT_OURS = {"simulator.md", "live.md", "fidelity.md", "beliefs.md"}


def test_the_page_and_the_policies_are_current() -> None:
    wanted = program()["files"](data())
    assert PAGE.read_text(encoding="utf-8") == program()["page"](data()), "run .venv/bin/python dev/permissions.py"
    assert {path: path.read_text(encoding="utf-8") for path in POLICIES.iterdir()} == wanted


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.json")), ids=lambda path: path.stem)
def test_a_policy_can_be_attached(path: Path) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    policy = json.loads(path.read_text(encoding="utf-8"))
    assert len(re.sub(r"\s", "", path.read_text(encoding="utf-8"))) <= 6144
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


def test_the_policy_on_the_page_is_the_least_of_a_rollback() -> None:
    [block] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", pages.text_of(PAGE), re.DOTALL)]
    actions = {action for statement in least("rollback")["Statement"] for action in statement["Action"]}
    assert set(block["Statement"][0]["Action"]) == actions
    of_ecs = sum(action.startswith("ecs:") for action in actions)
    words = {6: "Six", 7: "Seven", 8: "Eight"}
    assert f"[{words[of_ecs]} ECS permissions and `iam:PassRole`]" in pages.text_of(pages.ROOT / "README.md")


@pytest.mark.parametrize(
    ("page", "modules", "first"),
    [
        (
            "codedeploy.md",
            ["codedeploy_redeploy", "codedeploy_deployment_info"],
            ("codedeploy_redeploy", "LeastRedeploy"),
        ),
        ("auto-scaling.md", ["autoscaling_suspend"], ()),
    ],
)
def test_policies_on_other_pages_are_the_same(page: str, modules: list[str], first: tuple[str, ...]) -> None:
    blocks = re.findall(r"```json\n(.*?)```", pages.text_of(pages.ROOT / "docs" / page), re.DOTALL)
    [shown] = [json.loads(block)["Statement"] for block in blocks if '"Statement"' in block]
    assert {action for one in shown for action in one["Action"]} == set().union(*(listed()[name] for name in modules))
    if first:
        wanted = {action for one in least(*first)["Statement"] for action in one["Action"]}
        assert set(shown[0]["Action"]) == wanted


def test_conditions_are_where_aws_has_them() -> None:
    every = {action for actions in listed().values() for action in actions}
    with_a_cluster = {action for action in every if action.removeprefix("ecs:") in WITH_A_CLUSTER}
    assert set(data()["in_a_cluster"]) == with_a_cluster - set(data()["our_tags"])
    statements = least("rollback", "Least", "Records")["Statement"]
    assert {name["Sid"]: sorted(name.get("Condition", {})) for name in statements} == {
        "Least": [],
        "LeastInCluster": ["ArnLike"],
        "LeastPassRole": ["StringEquals"],
        "RecordsTags": ["ForAllValues:StringLike"],
    }
    creating = least("rollback", "Images")["Statement"][-1]
    assert (creating["Sid"], creating["Action"]) == ("ImagesAtCreation", ["ecs:TagResource"])
    assert creating["Condition"] == {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
    [passing] = [s for s in least("codedeploy_deployment_group", "Change")["Statement"] if s["Sid"] == "ChangePassRole"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": ["codedeploy.amazonaws.com"]}}


def test_each_statement_is_used() -> None:
    used = {sid for groups in data()["modules"].values() for sid in groups}
    books = data()["playbooks"].values()
    used |= {sid for book in books for kind in ("options", "more") for sid in book.get(kind, {})}
    assert used == set(data()["statements"])


def test_the_table_says_what_it_costs_to_lack_what_a_rollback_needs() -> None:
    told = {permission.action for permission in permissions.TABLE}
    assert (listed()["ecs_rollback"] | listed()["ecs_status_info"]) <= told
    assert told <= listed()["rollback"] | listed()["status"]


@pytest.mark.parametrize("page", [page for page in pages.PAGES if page.name not in NOT_OURS], ids=pages.name_of)
def test_each_permission_that_a_page_names_is_needed(page: Path) -> None:
    every = {action for actions in listed().values() for action in actions}
    assert set(ACTION.findall(pages.text_of(page))) <= every | OTHERS


@pytest.mark.parametrize("role", sorted(path.name for path in (pages.ROOT / "roles").iterdir()))
def test_a_playbook_needs_what_the_modules_of_its_role_need(role: str) -> None:
    tasks = " ".join(pages.text_of(path) for path in (pages.ROOT / "roles" / role / "tasks").rglob("*.yml"))
    called = set(re.findall(r"lastgood\.aws\.(\w+):", tasks)) & set(data()["modules"])
    books = {path.stem: pages.text_of(path) for path in (pages.ROOT / "playbooks").glob("*.yml")}
    # It imports one of two others.
    books["redeploy"] += "name: lastgood.aws.rollback\nname: lastgood.aws.content_guard\n"
    own = [data()["playbooks"][name] for name, text in books.items() if f"name: lastgood.aws.{role}\n" in f"{text}\n"]
    allowed = {module for book in own for module in [*book["modules"], *book.get("options", {}).values()]}
    assert called <= allowed


def calls() -> set[tuple[str, str]]:
    """Service and operation of each call in the code whose name stands there."""
    found = set()
    for path in (pages.ROOT / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(pages.text_of(path))):
            if isinstance(node, ast.Call):
                texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                found |= {(texts[0], texts[1])} if len(texts) > 1 else set()
    known = set(Session().get_available_services())
    return {(service, method) for service, method in found if service in known and operation_of(service, method)}


@functools.cache
def model_of(service: str) -> Any:
    return Session().get_service_model(service)


def operation_of(service: str, method: str) -> str:
    """DescribeServices of describe_services, if there is such an operation."""
    found = [name for name in model_of(service).operation_names if name.lower() == method.replace("_", "").lower()]
    return found[0] if found else ""


def action_of(service: str, method: str) -> str:
    """The action of a call, by the operation's own name and the service's."""
    prefix = PREFIXES.get(service, model_of(service).signing_name)
    action = f"{prefix}:{operation_of(service, method)}"
    return RENAMED.get(action, action)


def test_each_call_in_the_code_is_listed() -> None:
    every = {action for actions in listed().values() for action in actions} | {"sts:GetCallerIdentity"}
    assert len(calls()) > 50
    assert {action for action in (action_of(*call) for call in calls()) if action not in every} == set()


def test_what_is_not_listed_and_what_nobody_needs_is_found() -> None:
    every = {name: set(actions) for name, actions in listed().items() if name in data()["modules"]}
    assert (unlisted(every), unseen(every)) == ([], [])
    more = {**every, "ecs_rollback": every["ecs_rollback"] | {"mars:Land", "sts:GetCallerIdentity"}}
    assert unlisted(more) == ["ecs_rollback: mars:Land"]
    less = {name: actions - {"ecs:ListTaskDefinitions", "s3:ListBucket"} for name, actions in every.items()}
    wanted = ["ecs_rollback", "ecs_rollback_info", "ecs_status_info"]
    assert unseen(less) == [f"{name}: ecs:ListTaskDefinitions" for name in wanted]
    assert unlisted({"nosuch": {"ecs:ListTasks"}}) == ["nosuch: ecs:ListTasks"]
