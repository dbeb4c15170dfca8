# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services of the same name: on several hosts, in several Regions, in several clusters, in one play."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.mailbox import Mailbox
from tests.world import REGION, World

ACCOUNT = "123456789012"
ELSEWHERE = "us-west-2"
OTHER = "annexe"
HERE_KEY = f"web.{CLUSTER}.{REGION}.{ACCOUNT}"
THERE_KEY = f"web.{CLUSTER}.{ELSEWHERE}.{ACCOUNT}"
INVENTORY = f"""
[all]
here rollback_region={REGION}
there rollback_region={ELSEWHERE}
"""
LOOP = f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Take web back in each cluster
      ansible.builtin.include_role:
        name: lastgood.aws.rollback
      vars:
        rollback_services: web
        rollback_cluster: "{{{{ item }}}}"
      loop: [{CLUSTER}, {OTHER}, nonesuch]
"""
PLAY = f"""
- hosts: all
  gather_facts: false
  connection: local
  vars:
    ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"
    rollback_cluster: {CLUSTER}
    rollback_services: web
  roles:
    - lastgood.aws.rollback
"""


def other_place(stage: Stage, region: str = REGION, cluster: str = CLUSTER) -> World:
    """web in another Region or cluster, on the bad web:2 after web:1."""
    world = World(stage.url, region)
    world.create_cluster(cluster)
    versions = [world.register("web", f"registry/other:{number}") for number in (1, 2)]
    world.create_service(cluster, "web", versions[0])
    stage.pass_time(300)
    world.deploy(cluster, "web", versions[1])
    stage.pass_time(300)
    stage.control.reset_calls()
    return world


class Shown:
    """What a play with several hosts came to. ``published`` is what the artifacts have in the end."""

    def __init__(self, done: play.Play) -> None:
        self.rc, self.stderr = done.rc, done.stderr
        self.documents = [json.loads(line) for line in done.stdout.splitlines()]
        stats = [result["ansible_stats"] for result in self.of("Publish the result").values()]
        self.times = len(self.results("Publish the result"))
        self.published: dict[str, t.Any] = stats[-1]["data"]

    def results(self, task: str) -> list[tuple[str, dict[str, t.Any]]]:
        """Host and result, in order."""
        return [(doc["host"], doc["result"]) for doc in self.documents if doc["task"].endswith(task)]

    def of(self, task: str) -> dict[str, dict[str, t.Any]]:
        """By host."""
        return dict(self.results(task))


def newest(stage: Stage, *arguments: str) -> play.Play:
    return play.run(stage.url, *arguments)


def oldest(stage: Stage, *arguments: str) -> play.Play:
    play.set_up_oldest()
    env = play.environment(stage.url, play.OLDEST, ANSIBLE_STDOUT_CALLBACK="lastgood_test.probe.json_lines")
    return play.run_as_users_do(stage.url, [str(play.OLDEST / "ansible-playbook"), *arguments], env=env)


@pytest.mark.parametrize("run", [newest, pytest.param(oldest, marks=pytest.mark.long)])
def test_two_hosts_with_a_service_of_the_same_name(
    stage: Stage, tmp_path: Path, run: t.Callable[..., play.Play]
) -> None:
    """One goes back, the other cannot. Everything is said of both, once."""
    stage.story()
    there = other_place(stage, ELSEWHERE)
    good = f"arn:aws:ecs:{ELSEWHERE}:{ACCOUNT}:task-definition/web:1"
    stage.control.fail("UpdateService", "AccessDeniedException", times=None, when={"taskDefinition": good})
    mailbox, report = Mailbox(stage.world), tmp_path / "report.json"
    (tmp_path / "hosts.ini").write_text(INVENTORY)
    variables = {
        "rollback_hosts": "all",
        "rollback_cluster": CLUSTER,
        "rollback_services": "web",
        "rollback_report": str(report),
        "rollback_notify_topic_arn": mailbox.topic,
    }
    done = Shown(run(stage, play.ROLLBACK, "-i", str(tmp_path / "hosts.ini"), *play.arguments(variables)))
    assert done.rc == 2, done.stderr
    assert done.times == 1
    items = done.published["rollback_result"]
    assert {key: item["outcome"] for key, item in items.items()} == {HERE_KEY: "rolled_back", THERE_KEY: "refused"}
    assert {key: (item["region"], item["account"]) for key, item in items.items()} == {
        HERE_KEY: (REGION, ACCOUNT),
        THERE_KEY: (ELSEWHERE, ACCOUNT),
    }
    assert done.published["rollback_outcome"] == "refused"
    summary = done.published["rollback_summary"]
    assert summary.startswith(f"2 services: 1 refused, 1 rolled_back. [web.{CLUSTER}.{ELSEWHERE}] refused: ")
    ended = {host: result["msg"] for host, result in done.of("Say how it ended").items()}
    assert ended["here"].startswith(f"[web.{CLUSTER}.{REGION}] rolled_back: web:3 → web:1 in ")
    assert ended["there"].startswith(f"[web.{CLUSTER}.{ELSEWHERE}] refused: ")
    assert "[web] " not in done.stderr
    written = json.loads(report.read_text())
    assert (written["outcome"], written["summary"], written["services"]) == ("refused", summary, items)
    [mail] = mailbox.read()
    told = json.loads(mail["Message"])
    assert (told["outcome"], told["summary"], told["run_id"]) == ("refused", summary, written["run_id"])
    assert [(item["region"], item["outcome"]) for item in told["results"]] == [
        (ELSEWHERE, "refused"),
        (REGION, "rolled_back"),
    ]
    assert there.running(CLUSTER, "web") == {"web:2": 2}


def test_a_list_of_regions(stage: Stage) -> None:
    """Each is a host, so that no inventory file is needed. They go back at the same time, each with its own limits."""
    stage.story()
    there = other_place(stage, ELSEWHERE)
    variables = {
        "rollback_hosts": "all",
        "rollback_cluster": CLUSTER,
        "rollback_services": "web",
        "rollback_region": "{{ inventory_hostname }}",
    }
    done = Shown(play.run(stage.url, play.ROLLBACK, "-i", f"{REGION},{ELSEWHERE}", *play.arguments(variables)))
    assert done.rc == 0, done.stderr
    found = {key: item["outcome"] for key, item in done.published["rollback_result"].items()}
    assert found == {HERE_KEY: "rolled_back", THERE_KEY: "rolled_back"}
    assert (stage.on(), there.running(CLUSTER, "web")) == ("web:1", {"web:1": 2})


def test_one_host_after_the_other_and_one_that_does_not_begin(stage: Stage, tmp_path: Path) -> None:
    """What is published last is all of it."""
    stage.story()
    other_place(stage, ELSEWHERE)
    (tmp_path / "hosts.ini").write_text(f"{INVENTORY}never rollback_region={REGION} rollback_wait=perhaps\n")
    (tmp_path / "play.yml").write_text(PLAY.replace("  gather_facts", "  serial: 1\n  gather_facts", 1))
    done = Shown(play.run(stage.url, tmp_path / "play.yml", "-i", str(tmp_path / "hosts.ini"), cwd=tmp_path))
    assert (done.rc, done.times) == (2, 3), done.stderr
    found = {key: item["outcome"] for key, item in done.published["rollback_result"].items()}
    assert found == {HERE_KEY: "rolled_back", THERE_KEY: "rolled_back"}
    assert done.published["rollback_outcome"] == "refused"
    assert done.published["rollback_summary"].startswith(
        "3 services and hosts: 1 refused, 2 rolled_back. [never] rollback_"
    )


def test_hosts_that_do_not_wait_for_each_other(stage: Stage, tmp_path: Path) -> None:
    """With the strategy free each host publishes what is known, and the last one knows it all."""
    stage.story()
    other_place(stage, ELSEWHERE)
    (tmp_path / "hosts.ini").write_text(f"{INVENTORY}never rollback_region={REGION} rollback_wait=perhaps\n")
    (tmp_path / "play.yml").write_text(PLAY.replace("  gather_facts", "  strategy: free\n  gather_facts", 1))
    done = Shown(play.run(stage.url, tmp_path / "play.yml", "-i", str(tmp_path / "hosts.ini"), cwd=tmp_path))
    assert (done.rc, done.times) == (2, 3), done.stderr
    found = {key: item["outcome"] for key, item in done.published["rollback_result"].items()}
    assert found == {HERE_KEY: "rolled_back", THERE_KEY: "rolled_back"}
    assert done.published["rollback_outcome"] == "refused"
    assert done.published["rollback_summary"].startswith(
        "3 services and hosts: 1 refused, 2 rolled_back. [never] rollback_"
    )


def test_one_cluster_after_the_other(stage: Stage, tmp_path: Path) -> None:
    """The role is used three times on one host. Of the last, nothing that was left over is said."""
    stage.story()
    other_place(stage, cluster=OTHER)
    (tmp_path / "play.yml").write_text(LOOP)
    done = Shown(play.run(stage.url, tmp_path / "play.yml", cwd=tmp_path))
    assert done.rc == 2, done.stderr
    other_key, missing_key = f"web.{OTHER}.{REGION}.{ACCOUNT}", f"web.nonesuch.{REGION}"
    found = {key: item["outcome"] for key, item in done.published["rollback_result"].items()}
    assert found == {HERE_KEY: "rolled_back", other_key: "rolled_back", missing_key: "refused"}
    assert done.published["rollback_outcome"] == "refused"
    label = f"[web.nonesuch.{REGION}] refused: there is no cluster nonesuch"
    assert done.published["rollback_summary"].startswith(f"3 services: 1 refused, 2 rolled_back. {label}")
    ended = [result["msg"].partition(": ")[0] for _host, result in done.results("Say how it ended")]
    assert ended == [
        f"[web.{CLUSTER}.{REGION}] rolled_back",
        f"[web.{OTHER}.{REGION}] rolled_back",
        f"[web.nonesuch.{REGION}] refused",
    ]


def test_the_role_once_more(stage: Stage, tmp_path: Path) -> None:
    """From its second use on, lines say which cluster they are about."""
    stage.story()
    other_place(stage, cluster=OTHER)
    uses = "".join(
        f"    - role: lastgood.aws.rollback\n      vars: {{rollback_services: web, rollback_cluster: {name}}}\n"
        for name in (CLUSTER, OTHER)
    )
    (tmp_path / "play.yml").write_text(f"- hosts: localhost\n  gather_facts: false\n  roles:\n{uses}")
    done = Shown(play.run(stage.url, tmp_path / "play.yml", cwd=tmp_path))
    assert (done.rc, done.published["rollback_summary"]) == (0, "2 services: 2 rolled_back"), done.stderr
    ended = [result["msg"].partition(": ")[0] for _host, result in done.results("Say how it ended")]
    assert ended == ["[web] rolled_back", f"[web.{OTHER}.{REGION}] rolled_back"]
