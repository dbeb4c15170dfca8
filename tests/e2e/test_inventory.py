# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS services as hosts: what the real ansible-inventory shows."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.world import REGION

PAGE = play.ROOT / "docs" / "inventory.md"
GRAPH = re.compile(r"^\$ ansible-inventory (.*)\n((?:[@ ].*\n)+)", re.MULTILINE)
FILE = re.compile(r"^# (prod\.ecs_services\.yml)\n((?:.*\n)+?)```", re.MULTILINE)
# What AWX sets when it updates an inventory (awx/main/tasks/jobs.py, RunInventoryUpdate.build_env).
AWX = {"ANSIBLE_INVENTORY_UNPARSED_FAILED": "True"}


@pytest.fixture
def services(stage: Stage) -> Stage:
    """What the page shows."""
    stage.world.create_cluster("annexe")
    version = stage.world.register("web", "registry/web:1")
    for cluster, name, team in ((CLUSTER, "api", "data"), (CLUSTER, "web", "payments"), ("annexe", "mail", "payments")):
        stage.world.create_service(cluster, name, version, tags=[{"key": "team", "value": team}])
    return stage


def write(folder: Path) -> str:
    """The file of the page, in a folder; returns its name."""
    [(name, text)] = FILE.findall(PAGE.read_text(encoding="utf-8"))
    (folder / name).write_text(text)
    return str(name)


def inventory(stage: Stage, programs: Path, folder: Path, *options: str, **env: str) -> play.Play:
    command = [str(programs / "ansible-inventory"), *options]
    return play.run_as_users_do(stage.url, command, folder, play.environment(stage.url, programs, **env))


def plain(value: t.Any) -> t.Any:
    """Without what says that a value is no template."""
    if isinstance(value, dict):
        return (
            plain(value["__ansible_unsafe"]) if "__ansible_unsafe" in value else {k: plain(v) for k, v in value.items()}
        )
    return [plain(item) for item in value] if isinstance(value, list) else value


def test_the_graph_on_the_page(services: Stage, tmp_path: Path) -> None:
    [(options, shown)] = GRAPH.findall(PAGE.read_text(encoding="utf-8"))
    write(tmp_path)
    done = inventory(services, play.BIN, tmp_path, *options.split())
    assert (done.rc, done.stdout) == (0, shown), done.stderr


@pytest.mark.parametrize("oldest", [False, True])
def test_as_awx_reads_a_project(services: Stage, tmp_path: Path, oldest: bool) -> None:
    """The credential in the environment, the file in the project. A file that cannot be read fails."""
    if oldest:
        play.set_up_oldest()
    programs = play.OLDEST if oldest else play.BIN
    source = tmp_path / "project" / "inventories"
    source.mkdir(parents=True)
    name = write(source)
    options = ("-i", f"inventories/{name}", "--list", "--export")
    done = inventory(services, programs, source.parent, *options, **AWX)
    assert done.rc == 0, done.stderr
    found = json.loads(done.stdout)
    web = f"web.{CLUSTER}.{REGION}"
    assert found["tag_team_payments"]["hosts"] == [f"mail.annexe.{REGION}", web]
    variables = plain(found["_meta"]["hostvars"][web])
    assert (variables["ecs_service"], variables["ecs_cluster"], variables["ecs_tags"]) == (
        "web",
        CLUSTER,
        {"team": "payments"},
    )
    services.control.fail("ListClusters", "AccessDeniedException", times=None)
    denied = inventory(services, programs, source.parent, *options, **AWX)
    assert denied.rc != 0
    assert "ecs:ListClusters" in denied.stderr
