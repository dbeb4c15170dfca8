# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook lastgood.aws.status`: could the services be rolled back, and what is missing for that."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.permissions import allowed
from tests.e2e.stage import CLUSTER, Stage
from tests.e2e.test_several import ACCOUNT
from tests.world import REGION

STATUS = "lastgood.aws.status"
PAGE = play.ROOT / "docs" / "status.md"
# What is needed to read everything that the status of these services is made of.
READS = [
    "application-autoscaling:Describe*",
    "application-autoscaling:ListTagsForResource",
    "ecs:Describe*",
    "ecs:GetTaskProtection",
    "ecs:List*",
]


def status(stage: Stage, *options: str, env: dict[str, str] | None = None, **variables: object) -> play.Play:
    """Run it in the cluster of the stage; ``variables`` go without their prefix."""
    named = {f"status_{name}": value for name, value in {"cluster": CLUSTER, **variables}.items()}
    return play.run(stage.url, STATUS, *options, *play.arguments(named), env=env)


def table(done: play.Play) -> list[str]:
    """The lines that people see."""
    lines: list[str] = done.tasks["Show the status"][1]["msg"]
    return lines


def test_one_permission_and_what_then_happens(stage: Stage, tmp_path: Path) -> None:
    """Without the history a rollback would be refused; a pipeline that requires it to be ready fails."""
    stage.story()
    stage.good_service("api")
    stage.deploy("api", 2)
    report = tmp_path / "status.json"
    denied = [name for name in READS if name != "ecs:List*"] + ["ecs:ListServices", "ecs:ListTasks"]
    with allowed(stage, denied) as env:
        stage.control.reset_calls()
        shown = status(stage, env=env)
        required = status(stage, env=env, require="ready", report=str(report))
    assert (shown.rc, required.rc) == (0, 2), shown.stdout + shown.stderr
    lines = table(shown)
    assert lines[0] == "api (cluster shop, eu-central-1): NOT READY"
    assert lines[1].startswith("  runs        api:2 since ")
    assert lines[2].startswith(
        "  rollback    would be refused: api:2: AWS does not tell the service deployment history."
    )
    assert "-e rollback_fallback=previous_registered" in lines[2]
    common = lines[lines.index("all of these services") :]
    assert any(
        line.startswith(
            "  permission  ecs:ListServiceDeployments is missing: there is no history: a rollback is refused, "
        )
        for line in common
    )
    assert "  permission  ecs:UpdateService is missing: AWS refuses the rollback" in common
    assert lines[-1] == "2 services: 2 not ready (api, web)"
    [message] = required.messages
    assert message.count("needs the permission ecs:ListServiceDeployments on arn:aws:ecs:") == 2
    # The artifact and the report are the same, and say it in data.
    web = play.named(required.published["status_result"], "web")
    assert (web["readiness"], web["running"]["task_definition"].rpartition("/")[2]) == ("not_ready", "web:3")
    assert [one["permission"] for one in web["permissions"] if one["weight"] == "required"] == [
        "ecs:ListServiceDeployments",
        "ecs:UpdateService",
    ]
    assert json.loads(report.read_text()) == {
        "services": required.published["status_result"],
        "summary": required.published["status_summary"],
    }
    assert [name for name in stage.writes() if name != "SimulatePrincipalPolicy"] == []


def test_a_cluster_that_is_ready(stage: Stage, tmp_path: Path) -> None:
    """By a user that may only read, and who may not ask IAM either: then what it may write is not known."""
    stage.story()
    with allowed(stage, READS) as env:
        stage.control.reset_calls()
        stage.control.deny("iam:SimulatePrincipalPolicy")
        done = status(stage, "--check", env=env, require="ready", report=str(tmp_path / "status.json"))
    assert done.rc == 0, done.stdout + done.stderr
    text = "\n".join(table(done))
    assert "web (cluster shop, eu-central-1): READY, WITH WARNINGS" in text
    assert "  last good   web:1: SUCCESSFUL at " in text
    assert "  rollback    update_service to web:1\n" in text
    assert "  not known   what the identity may write is not known. Failed to ask IAM" in text
    assert done.published["status_summary"].startswith("[web] ready, with warnings: web:3 → web:1")
    # In check mode no file is written.
    assert list(tmp_path.iterdir()) == []
    assert [name for name in stage.writes() if name != "SimulatePrincipalPolicy"] == []


def test_what_cannot_be_read_fails_without_being_required(stage: Stage) -> None:
    stage.good_service("api")
    unknown = status(stage, services="api, nosuch")
    assert unknown.rc == 2
    assert [item["service"] for item in unknown.published["status_result"].values()] == ["api", "nosuch"]
    [message] = unknown.messages
    assert message.startswith("there is no service nosuch in cluster shop")
    refused = status(stage, require="perfect")
    assert (refused.rc, refused.messages) == (
        2,
        ["status_require is 'perfect': give ready or nothing. Nothing was changed."],
    )


@pytest.mark.long
def test_services_that_are_hosts(stage: Stage, tmp_path: Path) -> None:
    """The play of the page."""
    for name in ("web", "api"):
        stage.story(name)
        arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/{name}"
        stage.world.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "payments"}])
    stage.good_service("jobs")
    stage.control.reset_calls()
    source, playbook = tmp_path / "shop.ecs_services.yml", tmp_path / "play.yml"
    source.write_text(json.dumps({"plugin": "lastgood.aws.ecs_services", "regions": [REGION]}))
    [text] = re.findall(r"```yaml\n(- hosts: tag_team_payments\n.*?)```", PAGE.read_text(), re.DOTALL)
    playbook.write_text(text)
    done = play.run(stage.url, playbook, "-i", str(source))
    assert done.rc == 0, done.stdout + done.stderr
    found = done.published["status_result"]
    assert sorted(found) == [f"{name}.{CLUSTER}.{REGION}.{ACCOUNT}" for name in ("api", "web")]
    assert {item["target"]["task_definition"].rpartition("/")[2] for item in found.values()} == {"api:1", "web:1"}
    assert stage.writes() == []
