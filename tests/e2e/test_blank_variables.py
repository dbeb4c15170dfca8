# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every variable of every role left blank, as AWX writes it, gives what it gives without them.

Each way is one ansible-playbook, in check mode, over all playbooks and once more over the roles.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from tests.agent.agent import Agent, Deployment
from tests.e2e import play
from tests.e2e.fleet import APPLICATION, GROUP, Fleet
from tests.e2e.stage import CLUSTER, Stage

PLAYBOOKS = ["lastgood.aws.redeploy", "lastgood.aws.deploy", "lastgood.aws.history", "lastgood.aws.restore_scaling"]
ROLES = Path(__file__).with_name("by_roles.yml")
# What there is no run without.
NEEDED = {
    "rollback_cluster": CLUSTER,
    "rollback_services": "web",
    "rollback_application": APPLICATION,
    "rollback_deployment_group": GROUP,
    "deploy_cluster": CLUSTER,
    "deploy_services": "web",
    "deploy_revision": "web:1",
    "history_cluster": CLUSTER,
    "history_services": "web",
    "status_cluster": CLUSTER,
    "status_services": "web",
}
# Told once for each run, or measured.
VOLATILE = {
    "deadline",
    "made",
    "plan_id",
    "plan_json",
    "rollback_run_id",
    "tasks_over_time",
    "timings",
    "api_calls",
    "free_space",
}


def of_awx(variables: t.Mapping[str, object]) -> str:
    """Extra variables as AWX writes them: YAML in which each text is unsafe (`safe_dump` in its utils/safe_yaml.py)."""
    return "".join(f"!unsafe '{name}': !unsafe '{value}'\n" for name, value in variables.items())


@pytest.fixture
def stage(stage: Stage, tmp_path: Path) -> Stage:
    """A service and a deployment group that are on a bad version, and an instance with an agent."""
    stage.story()
    Fleet(stage).story()
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "appspec.yml").write_text("version: 0.0\nos: linux\n")
    assert Agent(tmp_path / "agent", tmp_path).deploy(Deployment("a-group", bundle, "DISALLOW", "d-1")).succeeded
    stage.control.reset_calls()
    return stage


@pytest.fixture
def needed(tmp_path: Path) -> dict[str, object]:
    guard = {"bundle": tmp_path / "bundle", "agent_root": tmp_path / "agent", "become": "false"}
    return {**NEEDED, **{f"content_guard_{name}": str(value) for name, value in guard.items()}}


def results(done: play.Play) -> list[t.Any]:
    """What each task said, but for what differs between two runs."""
    assert done.rc == 0, done.stdout + done.stderr
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    return [steady([doc["task"], doc["status"], doc["result"]]) for doc in documents]


def steady(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in VOLATILE}
    return [steady(item) for item in value] if isinstance(value, list) else value


class Command(t.Protocol):
    """An ansible-playbook."""

    def __call__(self, stage: Stage, *options: str) -> play.Play:
        """Run it to its end."""


def newest(stage: Stage, *options: str) -> play.Play:
    return play.run(stage.url, *options)


def oldest(stage: Stage, *options: str) -> play.Play:
    play.set_up_oldest()
    env = play.environment(stage.url, play.OLDEST, ANSIBLE_STDOUT_CALLBACK="lastgood_test.probe.json_lines")
    return play.run_as_users_do(stage.url, [str(play.OLDEST / "ansible-playbook"), *options], env=env)


@pytest.mark.parametrize(
    ("ansible_playbook", "ways"),
    [
        (newest, ["awx"]),
        pytest.param(newest, ["null", "empty"], marks=pytest.mark.long),
        pytest.param(oldest, ["awx", "null", "empty"], marks=pytest.mark.long),
    ],
)
def test_blank_gives_what_absent_gives(
    stage: Stage, tmp_path: Path, needed: dict[str, object], ansible_playbook: Command, ways: list[str]
) -> None:
    blank: dict[str, object] = {name: "" for name in sorted(specs.variables()) if name not in needed}
    texts = {"absent": "{}", "awx": of_awx(blank), "null": json.dumps(dict.fromkeys(blank)), "empty": json.dumps(blank)}
    told = {}
    for way in ("absent", *ways):
        files = []
        for name, content in {"needed": json.dumps(needed), way: texts[way]}.items():
            path = tmp_path / f"{name}.yml"
            path.write_text(content)
            files += ["-e", f"@{path}"]
        told[way] = results(ansible_playbook(stage, play.ROLLBACK, *PLAYBOOKS, str(ROLES), "--check", *files))
    for way, said in told.items():
        assert said == told["absent"], way
    assert stage.writes() == []
