# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make demo` runs: a broken ECS service in the local simulator, rolled back by the real playbook."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

from tests.simulator import Control
from tests.simulator_process import SimulatorProcess
from tests.world import REGION, World, aws_environment

ROOT = Path(__file__).resolve().parent.parent
# Slow enough to watch, fast enough not to wait.
SPEED = 8.0
CLUSTER = "shop"


def main() -> int:
    """Break a service, show it, roll it back, show it again, and run the same command once more."""
    with SimulatorProcess(speed=SPEED) as simulator:
        world = World(simulator.url)
        control = Control(simulator.url)
        build(world, control)
        show(world, "Before: web:3 runs, and it is the one that answers with errors")
        code = rollback(simulator.url, "500s since 13:52")
        show(world, "After")
        print("\nThe same command again, as AWX's relaunch would run it:")
        code = rollback(simulator.url, "500s since 13:52") or code
    return code


def build(world: World, control: Control) -> None:
    """web:1 was good, web:2 never started, web:3 starts but answers with errors (which ECS cannot see)."""
    control.image("registry/web:2", behaviour="cannot_pull")
    for version in (1, 2, 3):
        world.register("web", f"registry/web:{version}")
    world.create_cluster(CLUSTER)
    world.create_service(CLUSTER, "web", "web:1", desired=4)
    world.settle(control, 600)
    world.deploy(CLUSTER, "web", "web:2")
    control.advance(300)
    world.deploy(CLUSTER, "web", "web:3")
    world.settle(control, 900)


def rollback(url: str, reason: str) -> int:
    """Run the playbook as a user would, with its output on the terminal."""
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "lastgood.aws.rollback",
        "-e",
        f"rollback_cluster={CLUSTER}",
        "-e",
        "rollback_services=web",
        "-e",
        f"rollback_reason='{reason}'",
    ]
    # As it can be typed: a shell would take away a text's only quotes.
    shown = " ".join(f'"{word}"' if " " in word else word for word in ["ansible-playbook", *command[1:]])
    print(f"\n$ {shown}\n", flush=True)
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **aws_environment(url)}, check=False).returncode


def show(world: World, title: str) -> None:
    """The service's deployments, and its history as ECS records it."""
    print(f"\n{title}")
    service = world.service(CLUSTER, "web")
    for deployment in service["deployments"]:
        print(
            f"  {deployment['status']:8} {_short(deployment['taskDefinition']):7} "
            f"{deployment['runningCount']}/{deployment['desiredCount']} running   {deployment.get('rolloutState', '')}"
        )
    print("  history, newest first:")
    for record in world.history(CLUSTER, "web"):
        print(f"    {_short(record['task_definition']):7} {record['status']:20} {record['created_at']:%H:%M:%S}")
    sys.stdout.flush()


def _short(arn: t.Any) -> str:
    return str(arn).rpartition("/")[2]


if __name__ == "__main__":
    print(f"A local simulator of AWS in Region {REGION}; nothing leaves this machine.")
    sys.exit(main())
