# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions, by session policies."""

from __future__ import annotations

import json
import re
import typing as t

from tests.live.check import Answer, check
from tests.live.lab import IMAGE, OTHER_IMAGE, Lab, refusal
from tests.live.trace import ROOT

_PASS = "iam:PassRole"


def documented() -> list[str]:
    """The minimal policy of docs/permissions.md."""
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    if found is None:
        raise ValueError("docs/permissions.md has no policy")
    actions: list[str] = json.loads(found[1])["Statement"][0]["Action"]
    return actions


def _allow(actions: t.Any, resource: str = "*") -> dict[str, t.Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


@check(
    6,
    "minimal-policy",
    "Is the documented minimal policy enough, and what is refused without iam:PassRole?",
    "It is enough; without PassRole an UpdateService to a version with roles is refused, one of the count is not",
    ("a role to assume", "a task role"),
)
def minimal_policy(lab: Lab) -> Answer:
    roles = {"taskRoleArn": lab.role("task")}
    first, second = lab.define(IMAGE, **roles), lab.define(OTHER_IMAGE, **roles)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    known = lab.records(service)[0]
    with lab.allowed(_allow(documented())) as ecs:
        codes = {
            "DescribeServices": refusal(lambda: lab.describe(service, ecs))[0],
            "ListServiceDeployments": refusal(lambda: ecs.list_service_deployments(cluster=lab.run, service=service))[
                0
            ],
            "DescribeServiceDeployments": refusal(
                lambda: ecs.describe_service_deployments(serviceDeploymentArns=[known["serviceDeploymentArn"]])
            )[0],
            "DescribeServiceRevisions": refusal(
                lambda: ecs.describe_service_revisions(serviceRevisionArns=[known["targetServiceRevisionArn"]])
            )[0],
            "DescribeTaskDefinition": refusal(lambda: ecs.describe_task_definition(taskDefinition=first))[0],
            "UpdateService": refusal(
                lambda: ecs.update_service(cluster=lab.run, service=service, taskDefinition=second)
            )[0],
        }
    lab.wait("the end of the deployment", lambda: lab.completed(service), 120)
    with lab.allowed(_allow([action for action in documented() if action != _PASS])) as ecs:
        code, text = refusal(lambda: ecs.update_service(cluster=lab.run, service=service, taskDefinition=first))
        count = refusal(lambda: ecs.update_service(cluster=lab.run, service=service, desiredCount=0))[0]
    refused = sorted(f"{name} {found}" for name, found in codes.items() if found)
    facts = {
        "is_enough": not refused,
        "without_pass_role": code or "accepted",
        "names_pass_role": _PASS in text,
        "count_without_pass_role": count or "accepted",
    }
    enough = "enough" if not refused else f"not enough ({', '.join(refused)})"
    return Answer(f"{enough}; without iam:PassRole {code or 'accepted'}, the count alone {count or 'accepted'}", facts)


@check(
    7,
    "batch-with-a-forbidden-service",
    "What does DescribeServices of two services answer if one of them may not be read?",
    "It is refused as a whole",
    ("a role to assume",),
)
def forbidden_service(lab: Lab) -> Answer:
    task_definition = lab.define()
    mine, other = lab.service(task_definition), lab.service(task_definition)
    arn = lab.describe(mine)["serviceArn"]
    found: dict[str, t.Any] = {}
    with lab.allowed(_allow("ecs:DescribeServices", arn)) as ecs:
        alone = refusal(lambda: lab.describe(mine, ecs))[0]
        code, text = refusal(lambda: found.update(ecs.describe_services(cluster=lab.run, services=[mine, other])))
    failures = [failure.get("reason", "") for failure in found.get("failures", [])]
    answer = f"refused: {code}" if code else f"answered, with failures {failures}" if failures else "answered"
    facts = {
        "alone": alone or "accepted",
        "both": code or "accepted",
        "names_the_forbidden_one": other in text,
        "failures": ", ".join(failures),
    }
    return Answer(answer, facts)
