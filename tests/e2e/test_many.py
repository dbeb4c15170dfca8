# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More than ten services by the role: one call looks and acts, unless something has to stand between."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage

MANY = 12
# The names of two steps: one call does the work of both.
BOTH, ACTS = "Look up what to go back to, and go back", "Roll back and watch"


def fleet(stage: Stage, count: int = MANY) -> list[str]:
    """Names of services whose first version was good, and whose second has taken its place."""
    names = [f"s{number:02}" for number in range(count)]
    for name in names:
        stage.world.register(name, f"registry/{name}:1")
        stage.world.create_service(CLUSTER, name, f"{name}:1", desired=1)
    stage.pass_time(300)
    for name in names:
        stage.world.register(name, f"registry/{name}:2")
        stage.world.deploy(CLUSTER, name, f"{name}:2")
    stage.pass_time(300)
    stage.control.reset_calls()
    return names


def back(stage: Stage, names: list[str]) -> list[str]:
    """Those whose tasks are all of their first version."""
    return [name for name in names if stage.runs(name) == {f"{name}:1": 1}]


def bad(stage: Stage, name: str) -> str:
    """The ARN of its second version."""
    found = stage.world.ecs.describe_task_definition(taskDefinition=f"{name}:2")["taskDefinition"]
    return str(found["taskDefinitionArn"])


def marked(stage: Stage, names: list[str]) -> list[str]:
    """Those whose second version is known as bad."""
    return [name for name in names if "lastgood:bad" in stage.world.tags(bad(stage, name))]


def updates(stage: Stage) -> Counter[str]:
    """How often UpdateService was sent, by service."""
    return Counter(call["params"]["service"] for call in stage.control.log() if call["operation"] == "UpdateService")


def test_one_call_looks_and_acts(stage: Stage, rollback: Rollback) -> None:
    names = fleet(stage)
    shown = rollback("--check", services=names)
    assert (shown.rc, stage.writes()) == (0, []), shown.stdout
    assert BOTH not in shown.tasks

    done = rollback(services=names)
    assert done.rc == 0, done.stdout
    assert done.tasks[BOTH][1]["changed"]
    assert done.tasks[ACTS][0] == "skipped"
    assert done.outcomes == dict.fromkeys(names, "rolled_back")
    assert (back(stage, names), marked(stage, names)) == (names, names)
    assert set(updates(stage).values()) == {1}


@pytest.mark.parametrize("between", [{"suspend_auto_scaling": True}, {"before_tasks": "before.yml"}])
def test_what_has_to_stand_between_stands_between(
    stage: Stage, rollback: Rollback, tmp_path: Path, between: dict[str, object]
) -> None:
    names = fleet(stage)
    if "before_tasks" in between:
        (tmp_path / "before.yml").write_text("[{name: See the plan, ansible.builtin.debug: {var: rollback_plan}}]")
        between = {"before_tasks": str(tmp_path / "before.yml")}
    done = rollback(services=names, **between)
    assert done.rc == 0, done.stdout
    assert BOTH not in done.tasks
    assert done.tasks[ACTS][1]["changed"]
    assert back(stage, names) == names


def test_one_that_cannot_go_back_holds_back_all_of_its_batch(stage: Stage, rollback: Rollback) -> None:
    names = fleet(stage)
    stage.good_service("s00new")
    stage.control.reset_calls()
    done = rollback(services=["s00new", *names])
    assert done.rc == 2
    assert stage.count("UpdateService") == 0
    assert done.outcomes == {"s00new": "refused", **dict.fromkeys(names, "not_attempted")}
    [message] = done.messages
    assert "s00new" in message
    assert back(stage, names) == []


@pytest.mark.parametrize(("count", "after"), [(24, 14), pytest.param(100, 40, marks=pytest.mark.long)])
def test_killed_in_the_middle_and_run_again(
    stage: Stage, rollback: Rollback, tmp_path: Path, count: int, after: int
) -> None:
    """So many writes were carried out; the answer to the last of them never came. Later ones did not reach ECS."""
    names = fleet(stage, count)
    hang = {"operation": "UpdateService", "kind": "hang", "code": ""}
    for nth, more in ((after, {"times": 1, "after": True}), (after + 1, {"times": None})):
        stage.control.on("UpdateService", {"control": "fail", "params": {**hang, **more}}, nth=nth)
    started = play.Started(
        stage.url, tmp_path / "log", {"rollback_cluster": CLUSTER, "rollback_services": ",".join(names)}
    )
    reached = play.within(60, lambda: stage.count("UpdateService") >= after or not started.is_running)
    started.kill_all()
    assert reached, (tmp_path / "log").read_text()
    stage.control.clear_failures()
    # What was under way when it was killed may arrive after that.
    assert after <= sum(stage.on(name) == f"{name}:1" for name in names) < count

    done = rollback(services=names)
    assert done.rc == 0, done.stdout
    assert set(done.outcomes.values()) <= {"rolled_back", "unchanged"}
    assert {len(stage.world.history(CLUSTER, name)) for name in names} == {len(("1", "2", "1 again"))}
    assert (back(stage, names), marked(stage, names)) == (names, names)
