# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services as hosts: --limit, serial, max_fail_percentage, and how it ended for each host."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.e2e.test_several import ACCOUNT, OTHER, Shown, oldest, other_place
from tests.world import REGION

PAGE = play.ROOT / "docs" / "inventory.md"
ROLLBACK_HOSTS = "lastgood.aws.rollback_hosts"
WEB, API, JOBS = (f"{name}.{CLUSTER}.{REGION}" for name in ("web", "api", "jobs"))
ELSEWHERE = f"web.{OTHER}.{REGION}"


@pytest.fixture
def services(stage: Stage) -> Stage:
    """Three services with a bad version, of which web and api are of one team."""
    for name in ("web", "api", "jobs"):
        stage.story(name)
        team = "data" if name == "jobs" else "payments"
        arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/{name}"
        stage.world.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": team}])
    stage.control.reset_calls()
    return stage


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The inventory file."""
    file = tmp_path / "shop.ecs_services.yml"
    file.write_text(json.dumps({"plugin": "lastgood.aws.ecs_services", "regions": [REGION]}))
    return file


def run(stage: Stage, source: Path, *options: str, **variables: object) -> play.Play:
    named = {f"rollback_{name}": value for name, value in variables.items()}
    return play.run(stage.url, ROLLBACK_HOSTS, "-i", str(source), *options, *play.arguments(named))


def failed(done: play.Play) -> dict[str, str]:
    """What failed, by host, and with which message."""
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    return {doc["host"]: doc["result"]["msg"] for doc in documents if doc["status"] == "failed"}


def ends(shown: Shown) -> dict[str, str]:
    """How each host ended, in one word."""
    found = shown.of("Say how it ended for the service")
    return {host: result["msg"].partition(":")[0] for host, result in found.items()}


def looked_up(shown: Shown) -> list[str]:
    """The hosts that made a call, in order."""
    return [host for host, result in shown.results("Look up what to go back to") if not result.get("skipped")]


@pytest.mark.parametrize(
    ("options", "variables", "named"),
    [
        (["--limit", f"{WEB},nosuch"], {}, "nosuch in --limit matches no host of the inventory"),
        (["--limit", f"tag_team_payments:!{API}x"], {}, f"{API}x in --limit matches no host"),
        ([], {"hosts": "tag_team_paymnets"}, "tag_team_paymnets in rollback_hosts matches no host"),
        (["--limit", JOBS], {"hosts": "tag_team_payments"}, f"tag_team_payments, and with --limit {JOBS} no host fits"),
        ([], {"services": "web"}, "rollback_services is given, and here hosts are services"),
        ([], {"cluster": "annexe"}, f"rollback_cluster is annexe, and {API} is in {CLUSTER}"),
    ],
)
def test_what_is_not_meant(
    services: Stage, source: Path, options: list[str], variables: dict[str, object], named: str
) -> None:
    done = run(services, source, *options, **variables)
    assert done.rc != 0
    [message] = failed(done).values()
    assert named in message
    assert message.endswith("Nothing was changed.")
    assert services.writes() == []


def test_the_commands_of_the_page(services: Stage, tmp_path: Path) -> None:
    """In their order: a team, then what is left of its cluster in check mode, then all of them."""
    page = PAGE.read_text(encoding="utf-8")
    [text] = re.findall(r"^# prod\.ecs_services\.yml\n((?:.*\n)+?)```", page, re.MULTILINE)
    (tmp_path / "prod.ecs_services.yml").write_text(text)
    commands = re.findall(r"^\$ ansible-playbook (.*)$", page, re.MULTILINE)
    shown = [Shown(play.run(services.url, *shlex.split(command), cwd=tmp_path)) for command in commands]
    assert [one.rc for one in shown] == [0, 0, 0]
    assert [ends(one) for one in shown] == [
        {WEB: "rolled_back", API: "rolled_back"},
        {WEB: "unchanged", API: "unchanged"},
        {WEB: "unchanged", API: "unchanged", JOBS: "rolled_back"},
    ]
    assert (services.on("web"), services.on("api"), services.on("jobs")) == ("web:1", "api:1", "jobs:1")


def test_an_inventory_without_services(stage: Stage, source: Path) -> None:
    done = run(stage, source)
    assert done.rc != 0
    assert list(failed(done).values()) == [
        "ecs_services in rollback_hosts matches no host of the inventory. Nothing was changed."
    ]


def test_a_group_is_one_call(services: Stage, source: Path) -> None:
    done = run(services, source, hosts="tag_team_payments")
    shown = Shown(done)
    assert done.rc == 0, done.stderr
    assert ends(shown) == {WEB: "rolled_back", API: "rolled_back"}
    assert looked_up(shown) == [API]
    assert set(shown.published["rollback_result"]) == {f"{WEB}.{ACCOUNT}", f"{API}.{ACCOUNT}"}
    assert (services.on("web"), services.on("api"), services.on("jobs")) == ("web:1", "api:1", "jobs:3")
    # In check mode, and again: there is nothing to do.
    again = Shown(run(services, source, "--check", hosts="tag_team_payments"))
    assert (again.rc, ends(again)) == (0, {WEB: "unchanged", API: "unchanged"})


def test_one_host_fails_and_the_others_do_not(services: Stage, source: Path) -> None:
    """And a batch with two clusters is two calls."""
    other_place(services, cluster=OTHER)
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:1"
    services.control.fail("UpdateService", "AccessDeniedException", times=None, when={"taskDefinition": arn})
    done = run(services, source, max_fail_percentage=50)
    shown = Shown(done)
    assert done.rc == 2, done.stderr
    assert ends(shown) == {WEB: "rolled_back", JOBS: "rolled_back", ELSEWHERE: "rolled_back", API: "refused"}
    assert set(failed(done)) == {API}
    assert sorted(looked_up(shown)) == [API, ELSEWHERE]
    assert services.on("jobs") == "jobs:1"


@pytest.mark.parametrize(("percentage", "jobs"), [(0, "jobs:3"), (50, "jobs:1")])
def test_one_after_the_other(services: Stage, source: Path, percentage: int, jobs: str) -> None:
    """api is the first and fails. The batches after it run only if that many may fail."""
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:1"
    services.control.fail("UpdateService", "AccessDeniedException", times=None, when={"taskDefinition": arn})
    done = run(services, source, serial=2, max_fail_percentage=percentage)
    assert done.rc == 2, done.stderr
    assert (API in failed(done), services.on("api"), services.on("web")) == (
        True,
        "api:3",
        "web:3" if not percentage else "web:1",
    )
    assert services.on("jobs") == jobs


@pytest.mark.long
def test_with_the_oldest_ansible_core(services: Stage, source: Path) -> None:
    """One of the two fails, and a limit that fits nothing is refused."""
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/api:1"
    services.control.fail("UpdateService", "AccessDeniedException", times=None, when={"taskDefinition": arn})
    start = (ROLLBACK_HOSTS, "-i", str(source))
    typo = oldest(services, *start, "--limit", f"{WEB},nosuch")
    assert typo.rc != 0
    assert "nosuch in --limit matches no host" in "".join(failed(typo).values())
    assert services.writes() == []
    variables = {"rollback_hosts": "tag_team_payments", "rollback_max_fail_percentage": 50}
    done = oldest(services, *start, *play.arguments(variables))
    assert done.rc == 2, done.stderr
    assert ends(Shown(done)) == {WEB: "rolled_back", API: "refused"}


def test_a_host_that_sets_something_of_its_own(services: Stage, source: Path) -> None:
    """It is not for the others. The file that --limit names is read."""
    composed = {"rollback_revision": "2 if ecs_service == 'jobs' else ''"}
    source.write_text(json.dumps({"plugin": "lastgood.aws.ecs_services", "regions": [REGION], "compose": composed}))
    (source.parent / "limit").write_text(f"{WEB}\n{JOBS}\n")
    done = run(services, source, "--check", "--limit", f"@{source.parent / 'limit'}")
    shown = Shown(done)
    assert sorted(looked_up(shown)) == [JOBS, WEB]
    plans = {item["service"]: item["target"]["task_definition"] for item in shown.published["rollback_plan"].values()}
    assert {name: arn.rpartition("/")[2] for name, arn in plans.items()} == {"web": "web:1", "jobs": "jobs:2"}


def test_deployment_groups_as_the_page_shows(stage: Stage, source: Path) -> None:
    """They have no deployment that could be repeated, and each is named."""
    codedeploy = stage.world.client("codedeploy")
    codedeploy.create_application(applicationName="store", computePlatform="Server")
    for name in ("prod", "test"):
        codedeploy.create_deployment_group(
            applicationName="store", deploymentGroupName=name, serviceRoleArn=f"arn:aws:iam::{ACCOUNT}:role/deployer"
        )
    [block] = re.findall(r"^include_deployment_groups(?:.*\n)+?(?=```)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    source.write_text(f"plugin: lastgood.aws.ecs_services\nregions: [{REGION}]\n{block}")
    variables = {"rollback_hosts": "codedeploy_groups"}
    done = play.run(stage.url, play.REDEPLOY, "-i", str(source), *play.arguments(variables))
    assert done.rc == 2, done.stderr
    found = {item["deployment_group"]: item["outcome"] for item in Shown(done).published["rollback_result"].values()}
    assert found == {"prod": "refused", "test": "refused"}
