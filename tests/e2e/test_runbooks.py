# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts of the runbooks for other engines, with their inputs as the engine hands them over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from dev import runbooks
from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage


def test_the_job_rolls_back_and_no_shell_reads_its_options(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    [job] = yaml.safe_load((runbooks.FOLDER / "rundeck.yml").read_text(encoding="utf-8"))
    [command] = job["sequence"]["commands"]
    answers = {option["name"]: option.get("value", "") for option in job["options"]}
    evil = f"it's \"500s\" since 13:52; $(touch {tmp_path}/made) {{{{ lookup('pipe', 'touch {tmp_path}/made') }}}}"
    answers |= {"rollback_services": "web", "rollback_cluster": CLUSTER, "rollback_reason": evil, "check": "false"}
    env = {f"RD_OPTION_{name.upper()}": value for name, value in answers.items()}
    done = play.run_as_users_do(
        stage.url, ["sh", "-c", command["script"]], cwd=tmp_path, env=play.environment(stage.url, **env)
    )
    assert (done.rc, stage.on()) == (0, "web:1"), done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
    assert "lookup('pipe'" in done.stdout + done.stderr


def steps_of(job: str) -> str:
    """The script of our step in a job of the workflow."""
    workflow = yaml.safe_load((runbooks.FOLDER / "github.yml").read_text(encoding="utf-8"))
    [script] = [step["run"] for step in workflow["jobs"][job]["steps"] if "env" in step]
    return str(script)


def test_the_workflow_carries_out_what_was_approved(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    inputs = {"services": "web", "cluster": CLUSTER, "reason": "500s since 13:52", "as_of": "", "wait": "true"}
    env = {f"INPUT_ROLLBACK_{name.upper()}": value for name, value in inputs.items()}
    summary = tmp_path / "summary.md"
    env |= {"GITHUB_STEP_SUMMARY": str(summary)}
    environment = play.environment(stage.url, **env)
    plan = play.run_as_users_do(stage.url, ["bash", "-e", "-c", steps_of("plan")], cwd=tmp_path, env=environment)
    assert (plan.rc, stage.on()) == (0, "web:3"), plan.stdout + plan.stderr
    assert "web:3" in summary.read_text()
    assert "web:1" in summary.read_text()
    done = play.run_as_users_do(stage.url, ["bash", "-e", "-c", steps_of("apply")], cwd=tmp_path, env=environment)
    assert (done.rc, stage.on()) == (0, "web:1"), done.stdout + done.stderr


@pytest.mark.long
def test_the_document_carries_out_what_was_approved(stage: Stage, tmp_path: Path) -> None:
    """With the parameters in its commands, as Automation puts them there."""
    stage.story()
    document = yaml.safe_load((runbooks.FOLDER / "automation.yml").read_text(encoding="utf-8"))
    values = {name: one.get("default", "") for name, one in document["parameters"].items()}
    values |= {"rollback_services": "web", "rollback_cluster": CLUSTER, "rollback_reason": 'a "$(false)" reason'}
    for name, step, on in (("plan", 0, "web:3"), ("apply", 2, "web:1")):
        commands = "\n".join(document["mainSteps"][step]["inputs"]["Parameters"]["commands"])
        commands = commands.replace("/var/tmp/lastgood-{{ automation:EXECUTION_ID }}", str(tmp_path / "run"))
        script = re.sub(r"{{ (\w+) }}", lambda found: str(values[found[1]]), commands)
        done = play.run_as_users_do(stage.url, ["sh", "-c", script], cwd=tmp_path, env=play.environment(stage.url))
        assert (done.rc, stage.on()) == (0, on), name + done.stdout + done.stderr
