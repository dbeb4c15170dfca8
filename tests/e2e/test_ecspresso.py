# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ecspresso configuration in a user's repository, and the commands of docs/ecspresso.md, word by word."""

from __future__ import annotations

import re
import shlex
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.world import REGION

YAML = """\
region: "{{ must_env `AWS_REGION` }}"
cluster: "{{ env `ECSPRESSO_CLUSTER` `shop` }}"
service: "{{ must_env `SERVICE` }}"
service_definition: ecs-service-def.json
task_definition: ecs-task-def.json
timeout: 10m0s
plugins:
  - name: tfstate
    config:
      path: terraform.tfstate
"""
JSON = """\
{"region": "{{ must_env `AWS_REGION` }}", "cluster": "shop", "service": "{{ must_env `SERVICE` }}", "timeout": "300s"}
"""
JSONNET = """\
local env = std.native('env');
local must_env = std.native('must_env');
{
  region: must_env('AWS_REGION'),
  cluster: env('ECSPRESSO_CLUSTER', 'shop'),
  service: must_env('SERVICE'),
  timeout: '10m',
}
"""
FILES = {"ecspresso.yml": YAML, "ecspresso.json": JSON, "ecspresso.jsonnet": JSONNET}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository with the configuration in each of its formats."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_is_enough(stage: Stage, repository: Path, name: str) -> None:
    stage.story()
    done = play.run(stage.url, play.ROLLBACK, "-e", f"rollback_config={name}", cwd=repository, env={"SERVICE": "web"})
    assert done.rc == 0, done.stdout + done.stderr
    assert done.outcomes == {"web": "rolled_back"}
    assert stage.runs() == {"web:1": 2}


def test_in_the_repository_nothing_has_to_be_named(stage: Stage, repository: Path) -> None:
    """As with ecspresso, whose --config is ecspresso.yml by default. The first line says so."""
    stage.story()
    done = play.run(stage.url, play.ROLLBACK, "--check", cwd=repository, env={"SERVICE": "web"})
    assert done.rc == 0, done.stdout + done.stderr
    here = repository / "ecspresso.yml"
    assert done.stderr.splitlines()[0] == f"web of cluster {CLUSTER}: nothing is named, so {here} says which"
    assert "planned: web:3 → web:1" in done.summary


def test_another_role_names_its_own_variables(stage: Stage, repository: Path) -> None:
    stage.control.reset_calls()
    given = ["-e", "history_config=nowhere.yml"]
    missing = play.run(stage.url, "lastgood.aws.history", *given, cwd=repository)
    assert (missing.rc, len(missing.messages)) == (2, 1), missing.stdout + missing.stderr
    assert "Give history_config as an absolute path" in missing.messages[0]
    unset = play.run(stage.url, "lastgood.aws.history", "-e", "history_config=", cwd=repository)
    assert (unset.rc, len(unset.messages)) == (2, 1), unset.stdout + unset.stderr
    assert "give history_services explicitly" in unset.messages[0]
    assert "rollback_" not in missing.messages[0] + unset.messages[0]
    assert stage.control.calls() == {}


def test_what_is_given_wins_and_is_not_read(stage: Stage, repository: Path, rollback: Rollback) -> None:
    """SERVICE is not set, which would be an error if the service were read from the file."""
    stage.story()
    done = rollback("--check", config=str(repository / "ecspresso.yml"), region=REGION)
    assert done.rc == 0, done.stdout + done.stderr
    assert "planned: web:3 → web:1" in done.summary


def test_a_value_that_cannot_be_read_is_named(stage: Stage, repository: Path) -> None:
    stage.story()
    done = play.run(stage.url, play.ROLLBACK, "-e", "rollback_config=ecspresso.yml", cwd=repository)
    assert done.rc == 2
    assert any("SERVICE" in message and "ecspresso.yml" in message for message in done.messages), done.stdout
    assert stage.control.calls() == {}


Change = dict[str, object]


def commands(head: str) -> dict[str, str]:
    """From a table in the documentation: option or command of ecspresso to our command."""
    text = (play.ROOT / "docs" / "ecspresso.md").read_text()
    table = re.search(rf"^\| `{head}` \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, "docs/ecspresso.md has no table of options any more"
    rows = [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in table[1].splitlines()]
    return {option: command for option, _variable, command in rows if command.strip(" |")}


COMMANDS = commands("ecspresso rollback")
OTHERS = commands("ecspresso")


def checks() -> dict[str, t.Callable[[Stage, play.Play], None]]:
    """By option of ecspresso: what must be so after our command."""

    def rolled_back(stage: Stage, done: play.Play, tasks: int = 2) -> None:
        assert done.outcomes == {"web": "rolled_back"}
        assert stage.runs() == {"web:41": tasks}

    def not_waited(stage: Stage, done: play.Play) -> None:
        assert done.outcomes == {"web": "started"}
        assert stage.world.service(CLUSTER, "web")["taskDefinition"].endswith("/web:41")

    def deregistered(stage: Stage, done: play.Play) -> None:
        rolled_back(stage, done)
        assert (
            stage.world.ecs.describe_task_definition(taskDefinition="web:43")["taskDefinition"]["status"] == "INACTIVE"
        )

    def suspended(flags: dict[str, bool]) -> t.Callable[[Stage, play.Play], None]:
        def check(stage: Stage, done: play.Play) -> None:
            rolled_back(stage, done)
            assert stage.auto_scaling()["SuspendedState"] == flags
            assert stage.count("RegisterScalableTarget") > 0

        return check

    def nothing_written(stage: Stage, done: play.Play) -> None:
        assert play.named(done.published["rollback_plan"], "web")["target"]["task_definition"].endswith("/web:41")
        assert stage.writes() == []

    def told_that_ecs_has_no_such_events(stage: Stage, done: play.Play) -> None:
        rolled_back(stage, done)
        findings = play.named(done.published["rollback_result"], "web")["findings"]
        assert [f["severity"] for f in findings if f["check"] == "rollback_events"] == ["warn"]

    before = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False}
    return {
        "--config": rolled_back,
        "--tasks": lambda stage, done: rolled_back(stage, done, 4),
        "--revision": rolled_back,
        "--deregister": deregistered,
        "--no-wait": not_waited,
        "--suspend-auto-scaling": suspended({**before, "ScheduledScalingSuspended": True}),
        "--resume-auto-scaling": suspended({**before, "ScheduledScalingSuspended": False}),
        "--rollback-events": told_that_ecs_has_no_such_events,
        "--dry-run": nothing_written,
        "--wait-until": rolled_back,
        "--timeout": rolled_back,
    }


CHECKS = checks()


def test_the_table_has_a_command_for_each_option_of_ecspresso() -> None:
    assert {option.split()[0] for option in COMMANDS} == set(CHECKS)


@pytest.mark.parametrize("option", COMMANDS)
def test_the_command_of_the_table(stage: Stage, repository: Path, option: str) -> None:
    stage.story(good=41)
    stage.world.make_scalable(CLUSTER, "web", scheduled=True)
    stage.control.reset_calls()
    program, playbook, *given = shlex.split(COMMANDS[option])
    assert (program, playbook) == ("ansible-playbook", play.ROLLBACK)
    done = play.run(stage.url, playbook, *given, cwd=repository, env={"SERVICE": "web"})
    assert done.rc == 0, done.stdout + done.stderr
    CHECKS[option.split(maxsplit=1)[0]](stage, done)


def test_the_other_commands_are_those_that_are_tested() -> None:
    assert set(OTHERS) == {"deploy --revision 44 --rollback-events DEPLOYMENT_FAILURE", "revisions"}


def other(stage: Stage, repository: Path, command: str) -> play.Play:
    """Run it as it stands in the table."""
    program, playbook, *given = shlex.split(next(text for name, text in OTHERS.items() if name.startswith(command)))
    assert program == "ansible-playbook"
    stage.control.reset_calls()
    return play.run(stage.url, playbook, *given, cwd=repository, env={"SERVICE": "web"})


@pytest.mark.parametrize(("behaviour", "rc", "outcome"), [("ok", 0, "deployed"), ("cannot_pull", 2, "rolled_back")])
def test_deploy_with_rollback_events(stage: Stage, repository: Path, behaviour: str, rc: int, outcome: str) -> None:
    stage.story(good=41)
    stage.control.image("registry/web:44", behaviour=behaviour)
    stage.world.register("web", "registry/web:44")
    done = other(stage, repository, "deploy")
    assert done.rc == rc, done.stdout + done.stderr
    assert play.named(done.published["deploy_result"], "web")["outcome"] == outcome
    assert stage.runs() == {"web:44" if rc == 0 else "web:43": 2}


def test_revisions(stage: Stage, repository: Path) -> None:
    stage.story(good=41)
    done = other(stage, repository, "revisions")
    assert done.rc == 0, done.stdout + done.stderr
    found = play.named(done.published["history_result"], "web")
    versions = [c["task_definition"].rpartition("/")[2] for c in found["candidates"]]
    assert versions == ["web:43", "web:42", "web:41"]
    assert stage.writes() == []
