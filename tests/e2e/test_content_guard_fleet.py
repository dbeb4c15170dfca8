# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guarded redeploys of several instances: what is said at the end is what is on the disks."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.instances import FILES, Instances
from tests.e2e.stage import Stage
from tests.e2e.warm.programs import PYTHON
from tests.mailbox import Mailbox

DONE = "Succeeded"


@pytest.fixture
def mailbox(stage: Stage) -> Mailbox:
    return Mailbox(stage.world)


@pytest.fixture
def instances(stage: Stage, tmp_path: Path) -> Instances:
    return Instances(stage, tmp_path)


def content(done: t.Any) -> dict[str, t.Any]:
    found: dict[str, t.Any] = done.of("prod")["content"]
    return found


def test_what_is_not_back_is_named_everywhere_and_the_others_are_back(instances: Instances, tmp_path: Path) -> None:
    """The good revision's own script puts a directory in the file's place, on one instance. One at a time: the batches
    after it are restored all the same.
    """
    spoil = f"test ! -e {instances.mark()} || {{ rm {instances.settings}; mkdir {instances.settings}; }}\n"
    instances.trap("ValidateService", spoil)
    instances.machines["web2"].breaks()
    report = tmp_path / "report.json"
    done = instances.redeploy(guard_serial="1", report=str(report))
    assert instances.contents == {**instances.edits, "web2": "no file"}
    assert (done.rc, done.outcomes) == (2, {"prod": "failed"}), told(done)

    path = str(instances.machines["web2"].settings)
    assert content(done)["instances"] == 3
    assert sorted(content(done)["restored"]) == ["web1", "web3"]
    [(host, not_back)] = content(done)["not_back"].items()
    assert (host, not_back["files"]) == ("web2", [path])
    assert "neither a regular file" in not_back["reason"]
    for text in (
        done.summary,
        done.messages[-1],
        done.of("prod")["summary"],
        done.findings("content_not_back", "prod")[0],
        json.loads(report.read_text())["summary"],
    ):
        assert path in text
        assert "web2" in text
        assert "web1" not in text
    assert done.summary.startswith(f"[prod] failed: Not back on web2: {path} is neither")
    assert "The redeploy itself ended as rolled_back: " in done.summary
    assert done.published["rollback_outcome"] == "failed"
    # Its copy is the last one there is.
    assert [name for name, machine in instances.machines.items() if machine.has_copies()] == ["web2"]


def told(done: play.Play) -> str:
    return "\n".join([*done.messages, done.stderr])


def in_flight(instances: Instances) -> str:
    """A bad deployment that overwrites what was kept: it is done on the first instance, and not on the others."""
    assert instances.group.deploy("one", files=FILES, fileExistsBehavior="RETAIN")["status"] == "Succeeded"
    id_ = instances.group.begin("two", files=FILES, fileExistsBehavior="OVERWRITE")
    while (
        instances.contents["web1"] != "two" or instances.group.statuses({"deploymentId": id_})[first(instances)] != DONE
    ):
        instances.group.work()
        instances.stage.control.advance(0.1)
    instances.machines["web1"].settings.write_text(instances.machines["web1"].edit)
    instances.stage.control.reset_calls()
    return id_


def first(instances: Instances) -> str:
    return instances.group.instances[0]


@pytest.mark.parametrize("in_time", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_deployment_that_is_stopped_on_its_way(instances: Instances, in_time: bool) -> None:
    """What it had overwritten on one instance is back. If it comes to another one before it is stopped, but after files
    were saved there, that is said: what it overwrites there has no copy.
    """
    id_ = in_flight(instances)
    client = instances.stage.world.client("codedeploy")

    def work() -> None:
        if not in_time or client.get_deployment(deploymentId=id_)["deploymentInfo"]["status"] == "Stopped":
            instances.group.work()

    done = instances.redeploy(between=work)
    # Stopped so that CodeDeploy goes back by itself.
    assert "CreateDeployment" not in instances.stage.writes()
    assert "StopDeployment" in instances.stage.writes()
    assert content(done)["instances"] == 3
    assert content(done)["restored"] == {"web1": 1}
    if in_time:
        assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), told(done)
        assert instances.contents == instances.edits
        assert done.summary.endswith("Files put back: 1 on 1 of 3 instances")
    else:
        assert (done.rc, done.outcomes) == (2, {"prod": "failed"}), told(done)
        assert instances.contents == {**instances.edits, "web2": "one"}
        assert list(content(done)["not_back"]) == ["web2"]
        assert f"on web2: perhaps files: {id_} came there after files were saved" in done.summary


def test_codedeploys_own_rollback_is_followed(stage: Stage, tmp_path: Path) -> None:
    """It began when the bad deployment failed on the second of three instances."""
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    instances = Instances(stage, tmp_path, autoRollbackConfiguration=rollback)
    assert instances.group.deploy("one", files=FILES, fileExistsBehavior="RETAIN")["status"] == "Succeeded"
    instances.machines["web2"].breaks()
    looks = f"test ! -e {instances.mark()}\n"
    bad = instances.group.deploy("two", "ValidateService", looks, files=FILES, fileExistsBehavior="OVERWRITE")
    assert (bad["status"], sorted(instances.contents.values())) == ("Failed", ["by hand on web3", "two", "two"])
    for machine in instances.machines.values():
        machine.settings.write_text(machine.edit)
    stage.control.reset_calls()
    done = instances.redeploy()
    assert (done.rc, done.outcomes, stage.writes()) == (0, {"prod": "rolled_back"}, []), told(done)
    assert done.of("prod")["method"] == "adopt"
    assert instances.contents == instances.edits
    assert content(done) == {"instances": 3, "restored": {"web1": 1, "web2": 1}, "not_back": {}}


def test_a_redeploy_that_fails_midway(instances: Instances) -> None:
    """The good revision's own script fails on the second instance: the third one is not reached. All files are back."""
    instances.trap("ValidateService", f"test ! -e {instances.mark()}\n")
    instances.machines["web2"].breaks()
    done = instances.redeploy()
    assert (done.rc, done.outcomes) == (2, {"prod": "failed"}), told(done)
    assert instances.contents == instances.edits
    indexes = [(machine.base / "site" / "index.html").read_text() for machine in instances.machines.values()]
    assert indexes == ["one", "one", "two"]
    assert content(done)["not_back"] == {}
    assert sorted(content(done)["restored"]) == ["web1", "web2", "web3"]
    assert done.summary.startswith("[prod] failed: deployment ")
    assert done.summary.endswith("Files put back: 3 on 3 of 3 instances")


def test_an_instance_that_hangs_and_one_that_cannot_be_reached(instances: Instances, mailbox: Mailbox) -> None:
    """Neither keeps the others waiting for longer than the limit, and both are named, to the topic too."""
    instances.trap("ValidateService", f"test ! -e {instances.mark()} || touch {instances.mark('hangs')}\n")
    instances.machines["web3"].breaks()
    python = instances.machines["web3"].base / "python"
    python.write_text(f'#!/bin/sh\ntest ! -e {python.parent}/hangs || exec sleep 80\nexec "{PYTHON}" "$@"\n')
    python.chmod(0o755)
    nowhere = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
    hosts = instances.inventory(web2=nowhere, web3={"ansible_python_interpreter": str(python)})
    done = instances.redeploy(
        inventory=hosts, restore_timeout="5", guard_max_fail_percentage="34", notify_topic_arn=mailbox.topic
    )
    assert (done.rc, done.outcomes) == (2, {"prod": "failed"}), told(done)
    assert instances.contents == {"web1": "by hand on web1", "web2": "one", "web3": "one"}
    not_back = content(done)["not_back"]
    assert sorted(not_back) == ["web2", "web3"]
    assert not_back["web2"]["reason"].startswith("not saved before the redeploy: ")
    assert "ssh" in not_back["web2"]["reason"].lower()
    path = str(instances.machines["web3"].settings)
    assert (not_back["web3"]["files"], not_back["web3"]["reason"]) == (
        [path],
        "it took longer than rollback_restore_timeout",
    )
    assert instances.machines["web3"].has_copies()
    [mail] = mailbox.read()
    assert mail["Subject"].startswith("failed: ")
    assert path in mail["Message"]


def test_two_groups_in_one_run(stage: Stage, tmp_path: Path) -> None:
    """Each says what is on its own instances. What the first has registered is not taken for the second's."""
    fleets = [Instances(stage, tmp_path / name, 2, name) for name in ("prod", "blue")]
    spoil = f"test ! -e {fleets[0].mark()} || {{ rm {fleets[0].settings}; mkdir {fleets[0].settings}; }}\n"
    fleets[0].trap("ValidateService", spoil)
    fleets[1].trap()
    book = [
        {
            "import_playbook": play.REDEPLOY,
            "vars": {"rollback_deployment_group": one.name, "rollback_instances": one.pattern},
        }
        for one in fleets
    ]
    (tmp_path / "both.yml").write_text(json.dumps(book))
    given = play.arguments({"rollback_guard_content": "true", "rollback_application": "web"})
    hosts = [*fleets[0].inventory(), *fleets[1].inventory()]

    def work() -> None:
        for one in fleets:
            one.group.work()

    done = play.run(stage.url, tmp_path / "both.yml", *hosts, *given, between=work)
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back", "blue": "rolled_back"}), told(done)
    for one, names in ((fleets[0], ["web1", "web2"]), (fleets[1], ["blue1", "blue2"])):
        assert one.contents == one.edits
        assert sorted(done.of(one.name)["content"]["restored"]) == sorted(names)

    # The same again: nothing to do for the first; for the second, no host of the inventory is one of its instances.
    book[1]["vars"] = {"rollback_deployment_group": "blue", "rollback_instances": "no_such_group"}
    for machine in fleets[1].machines.values():
        machine.settings.write_text("changed")
    fleets[1].group.deploy("three", files=FILES, fileExistsBehavior="OVERWRITE")
    (tmp_path / "both.yml").write_text(json.dumps(book))
    stage.control.reset_calls()
    again = play.run(stage.url, tmp_path / "both.yml", *hosts, *given, between=work)
    assert (again.rc, again.outcomes) == (2, {"prod": "unchanged", "blue": "not_attempted"}), again.stdout
    assert "matches no host of the inventory" in again.messages[-1]
    assert stage.writes() == []
