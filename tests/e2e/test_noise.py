# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much somebody has to read at 3 a.m., with Ansible's default callback, and that nothing is said twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage

# Lines that are not empty. Ansible's own: the play, two for each of eight tasks, and the recap of two lines.
ANSIBLES_OWN = 1 + 2 * 8 + 2
# What it goes back to, that AWS has accepted it, how many tasks run (none, some, all), and the end.
SAID_OF_A_SUCCESS = 6
TARGET = {"rollback_cluster": CLUSTER, "rollback_services": "web"}


def run(stage: Stage, core: str, *options: str, **variables: object) -> play.Play:
    """The playbook with the default callback, of the current ansible-core or the oldest one."""
    command = [play.ROLLBACK, *options, *play.arguments({**TARGET, **variables})]
    if core == "current":
        return play.run(stage.url, *command, env={"ANSIBLE_STDOUT_CALLBACK": "default"})
    play.set_up_oldest()
    env = play.environment(stage.url, play.OLDEST)
    return play.run_as_users_do(stage.url, [str(play.OLDEST / "ansible-playbook"), *command], env=env)


def lines(done: play.Play) -> list[str]:
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]


@pytest.mark.parametrize("core", ["current", "oldest"])
def test_a_success(stage: Stage, core: str) -> None:
    stage.story()
    done = run(stage, core)
    assert done.rc == 0, done.stdout + done.stderr
    ours = [line for line in lines(done) if line.startswith("[web] ")]
    # The oldest botocore leaves a doubt about the image, which Ansible breaks into three lines.
    doubt = 3 if core == "oldest" else 0
    assert len(lines(done)) - len(ours) <= ANSIBLES_OWN + doubt, done.stdout + done.stderr
    # In real time there may be a line more for the progress.
    assert len(ours) <= SAID_OF_A_SUCCESS + (core == "oldest") * 2
    assert (done.stdout + done.stderr).count("rolled_back: web:3 → web:1 in ") == 1


@pytest.mark.parametrize("core", ["current", pytest.param("oldest", marks=pytest.mark.long)])
def test_a_failure_is_told_once_and_nothing_is_dumped(stage: Stage, core: str) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    done = run(stage, core)
    everything = done.stdout + done.stderr
    assert done.rc == 2, everything
    # One for the failure, and one warning, of the image.
    assert len(lines(done)) <= ANSIBLES_OWN + SAID_OF_A_SUCCESS + 2 + (core == "oldest") * 2, everything
    assert everything.count("CannotPullContainerError") == 1
    [fatal] = [line for line in lines(done) if line.startswith("fatal: ")]
    told = json.loads(fatal.partition("=> ")[2])
    assert set(told) == {"changed", "msg"}
    assert told["msg"].startswith("[web] failed: web:1 does not come up: CannotPullContainerError")
    # In the words of a play.
    assert told["msg"].endswith("No other good version is on record: name one with rollback_revision")


@pytest.mark.parametrize("core", ["current", pytest.param("oldest", marks=pytest.mark.long)])
def test_a_mistake_in_the_configuration_is_told_once_and_published(stage: Stage, core: str, tmp_path: Path) -> None:
    """Nothing was asked of AWS, and who reads the report still learns why."""
    report, config = tmp_path / "report.json", tmp_path / "ecspresso.yml"
    config.write_text("region: eu-central-1\nservice: '{{ tfstate `x` }}'\n")
    variables = {"rollback_services": "", "rollback_config": str(config), "rollback_report": str(report)}
    done = run(stage, core, **variables)
    everything = done.stdout + done.stderr
    assert done.rc == 2, everything
    assert everything.count("service uses the template function tfstate") == 1
    assert len(lines(done)) <= 12
    document = json.loads(report.read_text())
    assert (document["outcome"], document["services"]) == ("refused", {})
    assert "service uses the template function tfstate" in document["summary"]


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (
            {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
            "No Region is set, so AWS was not asked anything. Give -e rollback_",
        ),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"},
            "No credentials were found: set AWS_PROFILE",
        ),
    ],
)
def test_what_is_missing_to_ask_aws_is_told_once(stage: Stage, environment: dict[str, str], told: str) -> None:
    stage.story()
    env = {"ANSIBLE_STDOUT_CALLBACK": "default", **environment}
    done = play.run(stage.url, play.ROLLBACK, *play.arguments(TARGET), env=env)
    everything = done.stdout + done.stderr
    assert done.rc == 2, everything
    assert everything.count(told) == 1, everything
    assert stage.control.calls() == {}


def test_of_a_fleet_each_failure_is_told_once(stage: Stage) -> None:
    stage.story()
    done = run(stage, "current", rollback_services="web,nonesuch,gone")
    everything = done.stdout + done.stderr
    assert done.rc == 2, everything
    for name in ("nonesuch", "gone"):
        assert everything.count(f"there is no service {name} in cluster {CLUSTER}") == 1, everything
    assert "2 refused (nonesuch, gone)" in everything


def test_under_become_a_step_says_that_it_is_silent(stage: Stage) -> None:
    stage.story()
    done = play.run(
        stage.url,
        play.ROLLBACK,
        "--check",
        *play.arguments({**TARGET, "ansible_become": "true"}),
        env={"ANSIBLE_STDOUT_CALLBACK": "default"},
        in_real_time=True,
    )
    everything = done.stdout + done.stderr
    assert done.rc == 0, everything
    assert "Nothing is shown until this step ends, because become is set" in everything.replace("\n", " ")
    assert "sudo drops AWS_PROFILE" in everything.replace("\n", " ")
