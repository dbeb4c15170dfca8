# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook as a user runs it: what it does to the service, what it says, and how it ends."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.world import ACCESS_KEY, REGION, SECRET_KEY, aws_environment


def test_the_story(stage: Stage, rollback: Rollback) -> None:
    """web:3 is bad and web:2 never was healthy. Going back one revision, as others do, would land on web:2."""
    stage.story()
    first = rollback(reason="500s since 13:52")
    assert first.rc == 0, first.stdout + first.stderr
    assert first.outcomes == {"web": "rolled_back"}
    assert stage.runs() == {"web:1": 2}
    assert "rolled_back: web:3 → web:1" in first.summary
    assert '"500s since 13:52"' in first.summary
    plan_line = first.stderr.splitlines()[0]
    assert plan_line.startswith("[web] web:3 → web:1  last good: SUCCESSFUL at ")
    assert "web:2 left out: its deployment ended STOPPED" in plan_line
    assert "[web] 2/2 on web:1" in first.stderr
    assert stage.count("UpdateService") == 1

    stage.control.reset_calls()
    second = rollback()
    assert second.rc == 0
    assert second.outcomes == {"web": "unchanged"}
    assert "already rolled back from web:3 to web:1" in second.summary
    assert stage.writes() == []
    assert not [name for name, (_status, result) in second.tasks.items() if result.get("changed")]


@pytest.mark.parametrize("playbook", [play.ROLLBACK, "playbooks/rollback.yml"])
def test_the_command_of_the_readme(stage: Stage, playbook: str) -> None:
    """With nothing in the environment but the way to AWS, from the repository's root: by its name, and by its path."""
    stage.story()
    variables = {"rollback_cluster": CLUSTER, "rollback_services": "web"}
    environment = play.environment(stage.url)
    environment = {name: value for name, value in environment.items() if not name.startswith("ANSIBLE_")}
    command = [".venv/bin/ansible-playbook", playbook, *play.arguments(variables)]
    done = play.run_as_users_do(stage.url, command, env=environment)
    assert done.rc == 0, done.stdout + done.stderr
    assert "[web] rolled_back: web:3 → web:1" in done.stdout + done.stderr
    assert "WARN" not in done.stdout + done.stderr
    assert stage.runs() == {"web:1": 2}


def test_what_ecs_has_rolled_back_itself_is_left_alone(stage: Stage, rollback: Rollback) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    stage.good_service(deploymentConfiguration=breaker)
    stage.deploy("web", 2, "cannot_pull")
    assert stage.runs() == {"web:1": 2}
    stage.control.reset_calls()
    done = rollback()
    assert done.rc == 0
    assert done.outcomes == {"web": "unchanged"}
    assert "ECS" in done.summary
    assert stage.writes() == []


def test_a_running_deployment_is_stopped_by_ecs_itself(stage: Stage, rollback: Rollback) -> None:
    stage.good_service()
    stage.control.image("registry/web:2", behaviour="cannot_pull")
    stage.world.register("web", "registry/web:2")
    stage.world.deploy(CLUSTER, "web", "web:2")
    stage.control.reset_calls()
    done = rollback()
    assert done.rc == 0, done.summary
    result = play.named(done.published["rollback_result"], "web")
    assert (result["outcome"], result["method"]) == ("rolled_back", "stop_deployment")
    assert stage.count("StopServiceDeployment") == 1
    assert stage.count("UpdateService") == 0
    assert stage.runs() == {"web:1": 2}


def test_forward_again_and_then_back_from_there(stage: Stage, rollback: Rollback) -> None:
    """It was the database: web:3 is well after all. Then web:4 breaks."""
    stage.story()
    assert rollback(reason="500s").rc == 0
    stage.control.reset_calls()
    refused = rollback(revision="3", deregister="true", suspend_auto_scaling="true")
    assert (refused.rc, refused.outcomes, stage.writes()) == (2, {"web": "refused"}, [])
    assert "web:1 → web:3 is a move forward" in refused.summary

    forward = rollback(revision="3", suspend_auto_scaling="true")
    assert forward.rc == 0, forward.summary
    result = forward.of()
    assert (result["outcome"], result["direction"], stage.runs()) == ("rolled_back", "forward", {"web:3": 2})
    assert "rolled_back: web:1 → web:3 (forward) in " in forward.summary
    assert forward.summary.endswith("web:3 is no longer marked bad")

    stage.deploy("web", 4)
    back = rollback()
    assert back.rc == 0, back.summary
    assert (back.of()["direction"], stage.runs()) == ("back", {"web:3": 2})


def test_a_rollback_that_fails_fails_the_play(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    done = rollback()
    assert done.rc == 2
    assert done.outcomes == {"web": "failed"}
    assert len(done.messages) == 1
    message = done.messages[0]
    assert "\n" not in message
    assert message == done.summary
    assert message.startswith("[web] failed: web:1 does not come up: CannotPullContainerError")
    assert "web is serving on web:3 with 2 of 2" in message
    assert stage.runs() == {"web:3": 2}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"services": ""}, "No service is named: give rollback_services"),
        ({"services": []}, "No service is named: give rollback_services"),
        ({"services": " , "}, "No service is named: give rollback_services"),
        ({"services": "nosuch"}, "nosuch"),
        ({"cluster": "nowhere"}, "nowhere"),
        ({"revision": "web:77"}, "web:77"),
        ({"steps_back": "5"}, "steps_back"),
        ({"wait": "false", "suspend_auto_scaling": "true"}, "auto scaling would come back while"),
        (
            {"wait": "false", "deregister": "true"},
            "rollback_deregister and -e rollback_wait=false contradict each other",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_message(
    stage: Stage, rollback: Rollback, variables: dict[str, object], message: str
) -> None:
    stage.story()
    done = rollback(**variables)
    assert done.rc == 2
    assert len(done.messages) == 1, done.messages
    assert message in done.messages[0]
    assert "Nothing was" in done.messages[0]
    assert stage.writes() == []
    assert stage.runs() == {"web:3": 2}


# As AWX sends them: texts, and empty ones for what was left blank.
EMPTY = {
    name: ""
    for name in (
        *("config", "region", "revision", "as_of", "steps_back", "from_revision", "fallback", "in_flight", "force"),
        *("tasks", "deregister", "mark", "reason", "wait", "wait_until", "wait_timeout", "max_fail_percentage"),
        *("suspend_auto_scaling", "resume_auto_scaling", "report"),
    )
}


def test_an_empty_text_means_unset(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    done = rollback(**EMPTY)
    assert done.rc == 0, done.stdout
    assert done.outcomes == {"web": "rolled_back"}
    update = next(call for call in stage.control.log() if call["operation"] == "UpdateService")
    assert set(update["params"]) == {"cluster", "service", "taskDefinition"}


def test_every_variable_takes_text(stage: Stage, rollback: Rollback, tmp_path: Path) -> None:
    stage.story()
    stage.story("api")
    stage.world.make_scalable(CLUSTER, "web")
    texts = {
        "services": "web, api",
        "region": "eu-central-1",
        "steps_back": "1",
        "from_revision": "3",
        "fallback": "fail",
        "in_flight": "stop",
        "force": "no",
        "tasks": "3",
        "deregister": "true",
        "mark": "true",
        "reason": "a 'quoted' \"reason\": ä",
        "wait": "yes",
        "wait_until": "stable",
        "wait_timeout": "60",
        "max_fail_percentage": "50",
        "suspend_auto_scaling": "true",
        "resume_auto_scaling": "",
        "report": str(tmp_path / "report.json"),
    }
    done = rollback(**texts)
    assert done.rc == 0, done.stdout
    assert done.outcomes == {"web": "rolled_back", "api": "rolled_back"}
    assert stage.runs("web") == {"web:1": 3}
    assert stage.runs("api") == {"api:1": 3}
    for family in ("web", "api"):
        status = stage.world.ecs.describe_task_definition(taskDefinition=f"{family}:3")["taskDefinition"]["status"]
        assert status == "INACTIVE"
    written = json.loads((tmp_path / "report.json").read_text())["services"]
    assert {play.name_of(item) for item in written.values()} == {"web", "api"}


def test_the_values_of_awx_surveys(stage: Stage, rollback: Rollback) -> None:
    """The example of the role's documentation, word by word."""
    stage.story()
    done = rollback("-e", "rollback_tasks= rollback_deregister=true")
    assert done.rc == 0, done.stdout
    assert play.named(done.published["rollback_result"], "web")["deregistered"].endswith("/web:3")
    assert stage.runs() == {"web:1": 2}


def test_check_mode_shows_the_plan_and_writes_nothing(stage: Stage, rollback: Rollback) -> None:
    secret = {"environment": [{"name": "PASSWORD", "value": "nobody-may-see-this"}]}
    stage.good_service(container=secret)
    stage.deploy("web", 2, container={"environment": [{"name": "PASSWORD", "value": "nor-this"}], "cpu": 128})
    stage.world.make_scalable(CLUSTER, "web")
    stage.control.reset_calls()
    done = rollback("--check", "--diff", suspend_auto_scaling=True, deregister=True, reason="only looking")
    assert done.rc == 0, done.stdout
    assert stage.writes() == []
    assert "rollback_result" not in done.published
    plan = play.named(done.published["rollback_plan"], "web")
    assert plan["outcome"] == "planned"
    assert (plan["target"]["task_definition"].endswith("/web:1"), plan["left"].endswith("/web:2")) == (True, True)
    assert "planned: web:2 → web:1" in done.summary
    status, result = done.tasks["Roll back and watch"]
    assert (status, result["changed"]) == ("ok", True)
    shown = "\n".join(difflib.ndiff(*(str(result["diff"][0][side]).splitlines() for side in ("before", "after"))))
    assert "registry/web:2" in shown
    assert "registry/web:1" in shown
    for text in ("nobody-may-see-this", "nor-this"):
        assert text not in done.stdout + done.stderr


def test_a_report_is_written_whether_it_went_well_or_not(stage: Stage, rollback: Rollback, tmp_path: Path) -> None:
    stage.story()
    good, bad, page = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "bad.html"
    assert rollback(report=str(good)).rc == 0
    variables = {"rollback_cluster": CLUSTER, "rollback_services": "nosuch", "rollback_reason": "<script>x</script>"}
    # Two hosts, so that one run writes both kinds: of an outcome that is bad, with a reason that is worse.
    hosts = tmp_path / "hosts.ini"
    hosts.write_text(
        f"[all]\none rollback_report={bad}\ntwo rollback_report={page}\n[all:vars]\nansible_connection=local\n"
    )
    both = play.run(stage.url, play.ROLLBACK, "-i", str(hosts), *play.arguments({"rollback_hosts": "all", **variables}))
    assert both.rc == 2, both.stdout + both.stderr
    report = json.loads(good.read_text())
    assert play.named(report["services"], "web")["outcome"] == "rolled_back"
    assert report["summary"].startswith("[web] rolled_back")
    assert play.named(json.loads(bad.read_text())["services"], "nosuch")["outcome"] == "refused"
    text, beside = page.read_text(), page.with_suffix(".md")
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text
    assert "there is no service nosuch in cluster" in text
    assert re.search(r'<th scope="row">DescribeServices</th><td>\d+</td>', text)
    assert "User on the control node" in text
    assert beside.read_text().startswith("# refused\n")
    assert {path.stat().st_mode & 0o777 for path in (good, bad, page, beside)} == {0o600}


def test_module_defaults_of_the_action_group_reach_every_step(stage: Stage) -> None:
    """Credentials and the endpoint from module_defaults alone: the environment has none."""
    stage.story()
    nothing = {name: "" for name in aws_environment("") if name != "AWS_EC2_METADATA_DISABLED"}
    done = play.run(
        stage.url,
        Path(__file__).parent / "module_defaults.yml",
        *play.arguments({"url": stage.url, "key_id": ACCESS_KEY, "key": SECRET_KEY}),
        env=nothing,
    )
    assert done.rc == 0, done.stdout + done.stderr
    assert done.tasks["Roll back"][1]["services"][0]["outcome"] == "rolled_back"
    assert stage.runs() == {"web:1": 2}


def test_the_region_of_the_variable_reaches_every_step(stage: Stage) -> None:
    """AWX's credentials have none."""
    stage.story()
    stage.world.make_scalable(CLUSTER, "web")
    variables = {"cluster": CLUSTER, "services": "web", "region": REGION, "suspend_auto_scaling": "true"}
    done = play.run(
        stage.url,
        play.ROLLBACK,
        *play.arguments({f"rollback_{name}": value for name, value in variables.items()}),
        env={"AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
    )
    assert done.rc == 0, done.stdout + done.stderr
    assert done.outcomes == {"web": "rolled_back"}
    assert stage.count("RegisterScalableTarget") == 3
