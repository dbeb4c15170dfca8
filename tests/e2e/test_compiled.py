# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether Python keeps what it has compiled of this collection makes no difference but time.

Run as users do: what a warm process has imported would not be imported again.
"""

from __future__ import annotations

import json
import shutil
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage

SERVICE = {"cluster": CLUSTER, "service": "web"}
TASKS: list[dict[str, t.Any]] = [
    {"name": "In process", "lastgood.aws.ecs_rollback_info": SERVICE},
    {
        "name": "In a process of its own",
        "lastgood.aws.ecs_rollback_info": SERVICE,
        "vars": {"lastgood_aws_in_process": False},
    },
    {"name": "Plan", "lastgood.aws.ecs_rollback": SERVICE, "check_mode": True},
    {"name": "Refuse", "lastgood.aws.ecs_rollback": {**SERVICE, "revision": "0"}, "ignore_errors": True},
    {"name": "Variables", "lastgood.aws.role_inputs": {"role": "rollback"}},
]
# What differs from run to run: how long it took, and when the plan was made.
VARYING = frozenset({"tasks_over_time", "timings", "plan", "plan_id"})


def constant(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: constant(item) for key, item in value.items() if key not in VARYING}
    return [constant(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An installed collection without anything compiled."""
    house = tmp_path / "collections" / "ansible_collections" / "lastgood" / "aws"
    for part in ("plugins", "roles", "playbooks", "meta"):
        shutil.copytree(play.ROOT / part, house / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(play.ROOT / "galaxy.yml", house)
    return house


def kept(house: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (house / "plugins").glob("*_utils/**/*.pyc")}


@pytest.mark.long
def test_the_same_results_with_and_without_what_is_kept(stage: Stage, house: Path, tmp_path: Path) -> None:
    stage.story()
    head = {"hosts": "localhost", "gather_facts": False, "connection": "local"}
    own = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "rollback_cluster": CLUSTER,
        "rollback_services": "web",
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([{**head, "vars": own, "tasks": TASKS}]))
    paths = f"{play.TEST_COLLECTIONS}:{house.parents[2]}:{play.COLLECTIONS}"

    def results(**more: str) -> dict[str, t.Any]:
        env = play.environment(
            stage.url,
            ANSIBLE_COLLECTIONS_PATH=paths,
            ANSIBLE_STDOUT_CALLBACK="lastgood_test.probe.json_lines",
            **more,
        )
        done = play.run_as_users_do(stage.url, [str(play.BIN / "ansible-playbook"), str(playbook)], env=env)
        assert done.rc == 0, done.stdout + done.stderr
        return {name: (status, constant(found)) for name, (status, found) in done.tasks.items()}

    without = results(PYTHONDONTWRITEBYTECODE="1")
    assert set(without) == {task["name"] for task in TASKS}
    assert without["Plan"][1]["services"][0]["target"]["task_definition"].endswith(":1")
    assert without["Refuse"][0] == "failed"
    assert kept(house) == {}
    assert results() == without
    first = kept(house)
    assert house / "plugins" / "module_utils" / "_ecs" / "move" in {path.parents[1] for path in first}
    assert results() == without
    assert kept(house) == first
    # An install that nobody can write to. As the superuser can write everywhere, a file is where the cache would be.
    for cache in {path.parent for path in first}:
        shutil.rmtree(cache)
        cache.write_text("")
    assert results() == without
    assert kept(house) == {}
