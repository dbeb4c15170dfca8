# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many services at once, with the request quotas that AWS publishes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t
from collections import Counter
from dataclasses import dataclass

from tests.e2e import play
from tests.simulator.quotas import BUCKETS
from tests.simulator_process import SimulatorProcess
from tests.world import World

CLUSTER = "fleet"
# Seconds from UpdateService until the new tasks run and the old ones are gone.
ROLLOUT = 5.0
POLLS = frozenset({"DescribeServices", "DescribeServiceDeployments"})


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
    throttled: int

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
        stdout=subprocess.DEVNULL if not os.environ.get("SHOW") else None,
        stderr=subprocess.DEVNULL if not os.environ.get("SHOW") else None,
    )
    _pid, _status, usage = os.wait4(process.pid, 0)
    returned = time.monotonic() - started
    log = control.log()
    writes = [call["time"] - begin for call in log if call["operation"] == "UpdateService"]
    ends = []
    control.quotas(False)
    for number in range(count):
        service = world.service(CLUSTER, f"web{number}")
        if service["taskDefinition"].endswith(":1") and service["runningCount"] >= 1:
            ends += [max(e["createdAt"].timestamp() for e in service["events"] if "completed" in e["message"]) - begin]
    return Fleet(
        what,
        count,
        min(writes, default=-1),
        max(writes, default=-1),
        max(ends, default=-1),
        returned,
        Counter(call["operation"] for call in log),
        usage.ru_maxrss / 1024,
        len(ends),
        usage.ru_utime + usage.ru_stime,
        sum(1 for call in log if call.get("error")),
    )


def playbook(count: int) -> list[str]:
    """The command of the collection."""
    names = ",".join(f"web{number}" for number in range(count))
    variables = play.arguments({"rollback_cluster": CLUSTER, "rollback_services": names})
    return [str(play.BIN / "ansible-playbook"), play.ROLLBACK, *variables]


def show(found: Fleet) -> str:
    """Some lines about it."""
    calls = ", ".join(f"{name} {count}" for name, count in sorted(found.calls.items()))
    return (
        f"{found.what}: {found.back} of {found.services} back; first write {found.first_write:.1f} s, "
        f"last {found.last_write:.1f} s (floor {found.floor:.0f} s), all back {found.all_back:.1f} s, "
        f"returned {found.returned:.1f} s; {found.a_service:.1f} requests a service, {found.peak:.0f} MiB, "
        f"{found.cpu:.1f} s of CPU\n  {calls}"
    )


if __name__ == "__main__":
    size = int(sys.argv[1])
    with SimulatorProcess() as served:
        print(show(measure("playbook", served, size, playbook(size))))
