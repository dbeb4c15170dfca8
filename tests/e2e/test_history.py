# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook lastgood.aws.history`: what ran, with verdicts and reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.world import REGION

HISTORY = "lastgood.aws.history"


def history(stage: Stage, *options: str, env: dict[str, str] | None = None, **variables: object) -> play.Play:
    """Run it in the cluster of the stage; ``variables`` go without their prefix."""
    given = {"cluster": CLUSTER, "services": "web", **variables}
    named = {f"history_{name}": value for name, value in given.items()}
    return play.run(stage.url, HISTORY, *options, *play.arguments(named), env=env)


def table(done: play.Play) -> list[str]:
    """The lines that people see."""
    lines: list[str] = done.tasks["Show the history"][1]["msg"]
    return lines


def test_every_version_with_verdict_and_reason(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    before = history(stage)
    assert before.rc == 0, before.stdout + before.stderr
    heading, head, *rows, legend = table(before)
    assert heading.startswith("web (cluster shop) is on web:3. A rollback would go to web:1 (SUCCESSFUL at ")
    assert head.split() == ["VERSION", "VERDICT", "LAST", "USED", "REGISTERED", "BY", "WHAT", "HAPPENED"]
    versions = [row.split()[:3] for row in rows]
    assert versions == [["*", "web:3", "good"], ["web:2", "unknown", rows[1].split()[2]], [">", "web:1", "good"]]
    assert "its deployment ended STOPPED" in rows[1]
    assert "*  on it now" in legend
    assert stage.writes() == []

    assert rollback(reason="500s since 13:52").rc == 0
    after = history(stage)
    text = "\n".join(table(after))
    assert "web (cluster shop) is on web:1. A rollback would change nothing: already rolled back" in text
    assert "left for the older web:1 at " in text
    assert "500s since 13:52" in text
    result = play.named(after.published["history_result"], "web")
    by_version = {c["task_definition"].rpartition("/")[2]: c for c in result["candidates"]}
    assert {name: c["verdict"] for name, c in by_version.items()} == {
        "web:1": "good",
        "web:2": "unknown",
        "web:3": "bad",
    }
    assert "500s since 13:52" in by_version["web:3"]["marks"]["lastgood:bad"]
    assert by_version["web:3"]["registered_by"].startswith("arn:aws:")
    assert by_version["web:1"]["current"] is True

    # It was not the release after all.
    undone = rollback(undo=True)
    assert undone.rc == 0, undone.stdout + undone.stderr
    assert undone.published["rollback_outcome"] == "rolled_back"
    assert "web:1 → web:3 (forward)" in undone.published["rollback_summary"]
    assert rollback(undo=True).published["rollback_outcome"] == "unchanged"


def test_what_ecs_rolled_back_itself(stage: Stage) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    stage.good_service(deploymentConfiguration=breaker)
    stage.deploy("web", 2, "cannot_pull")
    text = "\n".join(table(history(stage)))
    assert "ECS rolled it back at " in text
    assert "ECS rolled back to it from web:2 at " in text


def test_one_that_cannot_be_read_fails_after_the_others_were_shown(stage: Stage) -> None:
    stage.story()
    done = history(stage, services="web, nosuch")
    assert done.rc == 2
    assert any(line.startswith("web (cluster shop) is on web:3") for line in table(done))
    assert {play.name_of(item) for item in done.published["history_result"].values()} == {"web", "nosuch"}
    [message] = done.messages
    assert message.startswith("there is no service nosuch in cluster shop")


@pytest.mark.parametrize("services", ["", [], " , "])
def test_no_service_is_an_error(stage: Stage, services: object) -> None:
    done = history(stage, services=services)
    assert done.rc == 2
    assert done.messages == [
        "No service is named: give history_services, or a history_config that names one. Nothing was changed."
    ]


def test_from_a_configuration_in_check_mode(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    (tmp_path / "ecspresso.yml").write_text(f"region: {REGION}\ncluster: {CLUSTER}\nservice: web\n")
    nowhere = {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}
    config = str(tmp_path / "ecspresso.yml")
    done = history(stage, "--check", cluster="", services="", region="", config=config, env=nowhere)
    assert done.rc == 0, done.stdout + done.stderr
    assert table(done)[0].startswith("web (cluster shop) is on web:3")
