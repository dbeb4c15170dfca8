# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many services at once, with the request quotas that AWS publishes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.bench import peers
from tests.e2e import play
from tests.simulator import BUCKETS
from tests.simulator_process import SimulatorProcess
from tests.world import World

CLUSTER = "fleet"
# Seconds from UpdateService until the new tasks run and the old ones are gone.
ROLLOUT = 5.0
POLLS = frozenset({"DescribeServices", "DescribeServiceDeployments"})
# A hundred processes fit into the memory of most machines, a thousand do not.
PEERS_TAKE = 100


@dataclass(frozen=True)
class Fleet:
    """What one command did. Times are seconds since it was started; sizes MiB."""

    what: str
    services: int
    first_write: float
    last_write: float
    all_back: float
    returned: float
    calls: t.Mapping[str, int]
    peak: float
    back: int
    cpu: float

    @property
    def floor(self) -> float:
        """Seconds until the last UpdateService can be sent, by the published bucket."""
        burst, rate = BUCKETS["service modify"]
        return max(0.0, (self.services - burst) / rate)

    @property
    def a_service(self) -> float:
        """Requests for each service, but for looks at what goes on."""
        return sum(count for name, count in self.calls.items() if name not in POLLS) / self.services


def prepare(simulator: SimulatorProcess, count: int) -> None:
    """So many services that were good, and got a version that is not. The clock runs as on the wall afterwards."""
    control, world = simulator.control, World(simulator.url)
    control.reset()
    control.stop_clock()
    control.set_speed(60)
    world.create_cluster(CLUSTER)
    for number in range(count):
        name = f"web{number}"
        world.register(name, f"registry/{name}:1")
        world.create_service(CLUSTER, name, f"{name}:1", desired=1)
    control.advance(300)
    for number in range(count):
        name = f"web{number}"
        world.register(name, f"registry/{name}:2")
        world.deploy(CLUSTER, name, f"{name}:2")
    control.advance(300)
    control.reset_calls()
    control.set_speed(1)
    control.timings(pending=0.5, task_start=ROLLOUT - 1, healthy=0, draining=0.5, steady_state=0.5)
    control.start_clock()
    control.quotas(True)


def runs_the_first(world: World, service: dict[str, t.Any]) -> bool:
    """Whether it is on the image of its first version: ecs-deploy registers a task definition anew to go back to it."""
    found = world.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return bool(found["containerDefinitions"][0]["image"].endswith(":1"))


def measure(what: str, simulator: SimulatorProcess, count: int, command: t.Sequence[str], **environment: str) -> Fleet:
    """Prepare the services, run the command, and read the simulator's log."""
    prepare(simulator, count)
    control, world = simulator.control, World(simulator.url)
    begin, started = control.now(), time.monotonic()
    process = subprocess.Popen(
        list(command),
        cwd=play.ROOT,
        env=play.environment(simulator.url, **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _pid, _status, usage = os.wait4(process.pid, 0)
    returned = time.monotonic() - started
    log = control.log()
    writes = [call["time"] - begin for call in log if call["operation"] == "UpdateService"]
    ends = []
    control.quotas(False)
    for number in range(count):
        service = world.service(CLUSTER, f"web{number}")
        if runs_the_first(world, service) and service["runningCount"] >= 1:
            ends += [max(e["createdAt"].timestamp() for e in service["events"] if "completed" in e["message"]) - begin]
    return Fleet(
        what,
        count,
        min(writes, default=-1),
        max(writes, default=-1),
        max(ends, default=-1),
        returned,
        dict(Counter(call["operation"] for call in log)),
        usage.ru_maxrss / 1024,
        len(ends),
        usage.ru_utime + usage.ru_stime,
    )


def services(count: int) -> list[str]:
    """Their names."""
    return [f"web{number}" for number in range(count)]


def playbook(count: int) -> list[str]:
    """The command of the collection."""
    variables = play.arguments({"rollback_cluster": CLUSTER, "rollback_services": ",".join(services(count))})
    return [str(play.BIN / "ansible-playbook"), play.ROLLBACK, *variables]


def module(count: int, folder: Path) -> list[str]:
    """A play with one task, the module."""
    task = {"lastgood.aws.ecs_rollback": {"cluster": CLUSTER, "services": services(count)}}
    head = {"hosts": "localhost", "gather_facts": False, "connection": "local"}
    own = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    path = folder / f"many-{count}.yml"
    path.write_text(json.dumps([{**head, "vars": own, "tasks": [task]}]))
    return [str(play.BIN / "ansible-playbook"), str(path)]


def fleets(simulator: SimulatorProcess, folder: Path, sizes: t.Sequence[int]) -> list[Fleet]:
    """What we and others did, for each size. The others do not take a thousand at once."""
    found = []
    for count in sizes:
        commands = [("playbook", playbook(count)), ("module", module(count, folder))]
        others = peers.peers(CLUSTER, folder) if count <= PEERS_TAKE else []
        commands += [(peer.name, peer.line(services(count))) for peer in others]
        for name, command in commands:
            print(f"  {count} services, {name} …", file=sys.stderr, flush=True)
            found.append(measure(name, simulator, count, command))
    return found


def table(found: t.Sequence[Fleet]) -> list[str]:
    """The figures as lines of Markdown."""
    lines = [
        "| services | with | first write | last write | floor | all back | returned | requests a service | MiB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        back = "" if one.back == one.services else f" ({one.back} of them)"
        lines.append(
            f"| {one.services:,} | {one.what} | {one.first_write:.1f} | {one.last_write:.1f} | {one.floor:.0f} "
            f"| {one.all_back:.1f}{back} | {one.returned:.1f} | {one.a_service:.1f} | {one.peak:.0f} |"
        )
    return lines
