# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.bench``: the figures of docs/performance.md, measured on this machine against the simulator.

What is compared takes turns, so that a machine that slows down meanwhile slows down all of it. Takes about ten minutes,
and writes its tables into docs/performance.md. ``--json FILE`` asks for all the samples.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from importlib.metadata import version
from pathlib import Path

from tests.bench import fleet, page
from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.simulator_process import SimulatorProcess

Samples = dict[str, list[float]]

# Services in one call.
SIZES = (1, 10, 100)
# Steps of a play beyond the first one, whose cost is averaged.
MORE_STEPS = 8
NOTHING = "a play that does nothing"
ACCEPTED = "ansible-playbook started -> UpdateService sent"
RETURNED = "stable -> command returned"
LAST_CALL = "stable -> last request of the command"
WAITER = "stable -> waiter of AWS's SDK and CLI returned"

INFO = {"cluster": CLUSTER, "service": "web"}
STEPS: dict[str, tuple[str, dict[str, t.Any], dict[str, t.Any]]] = {
    "debug": ("ansible.builtin.debug", {"msg": "nothing"}, {}),
    "autoscaling_suspend": ("lastgood.aws.autoscaling_suspend", {**INFO, "state": "restored"}, {}),
    "ecs_rollback_info": ("lastgood.aws.ecs_rollback_info", INFO, {}),
    "ecs_rollback_info, process of its own": (
        "lastgood.aws.ecs_rollback_info",
        INFO,
        {"lastgood_aws_in_process": False},
    ),
    "community.aws.ecs_service_info": ("community.aws.ecs_service_info", {**INFO, "details": True}, {}),
}


def main() -> int:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the steps of a play (default: 5)")
    parser.add_argument("--runs", type=int, default=25, help="rollbacks (default: 25)")
    parser.add_argument("--thousand", action="store_true", help="a thousand services, too: ten minutes more")
    parser.add_argument("--only", choices=("steps", "rollback", "many"), help="measure only this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all the samples there")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    figures = {"machine": [f"{machine()}."]}
    samples: dict[str, t.Any] = {"machine": machine()}
    with SimulatorProcess() as simulator, tempfile.TemporaryDirectory() as folder:
        if options.only in (None, "steps"):
            first, more = steps(Stage(simulator), Path(folder), options.rounds)
            samples |= {"first step": first, "one more step": more}
            figures["steps"] = table_of_steps(first, more)
        if options.only in (None, "rollback"):
            stage = Stage(simulator)
            stage.control.start_clock()
            rollbacks = rollback(stage, Path(folder), options.runs)
            rollbacks[WAITER] = waiters(stage, options.runs)
            samples["rollback"] = rollbacks
            figures["rollback"] = table_of_rollbacks(rollbacks)
        if options.only in (None, "many"):
            found = fleet.fleets(simulator, Path(folder), SIZES + ((1000,) if options.thousand else ()))
            samples["many"] = [dataclasses.asdict(one) for one in found]
            figures["many"] = fleet.table(found)
    for lines in figures.values():
        print("\n".join(["", *lines]))
    if options.json:
        options.json.write_text(json.dumps(samples, indent=1, ensure_ascii=False) + "\n")
    if not options.no_page:
        page.write(figures)
    return 0


def machine() -> str:
    """What the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("ansible-core", "boto3", "moto"))
    load = os.getloadavg()[0]
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {load:.1f} before, "
        f"Python {platform.python_version()}, {packages}"
    )


def timed(stage: Stage, playbook: str | Path, *options: str) -> float:
    """Seconds that an ansible-playbook takes from its start to its end."""
    begin = time.monotonic()
    done = subprocess.run(
        [str(play.BIN / "ansible-playbook"), str(playbook), *options],
        cwd=play.ROOT,
        env=play.environment(stage.url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begin
    if done.returncode:
        raise SystemExit(f"{playbook} failed:\n{done.stdout}{done.stderr}")
    return seconds


def playbook(folder: Path, module: str, options: dict[str, t.Any], variables: dict[str, t.Any], count: int) -> Path:
    """A play that runs a module so many times."""
    path = folder / f"{module}-{len(variables)}-{count}.yml"
    tasks = [{"name": f"Step {number}", module: options} for number in range(count)]
    head = {"name": "Steps", "hosts": "localhost", "gather_facts": False, "connection": "local"}
    own = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **variables}
    path.write_text(json.dumps([{**head, "vars": own, "tasks": tasks}]))
    return path


def steps(stage: Stage, folder: Path, rounds: int) -> tuple[Samples, Samples]:
    """What the first step of a kind adds to a play that does nothing, and what each further one adds."""
    first: Samples = {name: [] for name in STEPS}
    more: Samples = {name: [] for name in STEPS}
    stage.story()
    stage.world.make_scalable(CLUSTER, "web")
    nothing = playbook(folder, "ansible.builtin.debug", {}, {}, 0)
    timed(stage, nothing)
    for number in range(rounds):
        tell(f"steps, round {number + 1} of {rounds}")
        empty = timed(stage, nothing)
        for name, (module, options, variables) in STEPS.items():
            one = timed(stage, playbook(folder, module, options, variables, 1))
            many = timed(stage, playbook(folder, module, options, variables, 1 + MORE_STEPS))
            first[name].append(one - empty)
            more[name].append((many - one) / MORE_STEPS)
    return first, more


def rollback(stage: Stage, folder: Path, runs: int) -> Samples:
    """The real command, from its start to UpdateService, and from the target's health to its end.

    Health comes at a random moment between two looks, so that the latency of looking shows as it is.
    """
    found: Samples = {name: [] for name in (NOTHING, ACCEPTED, RETURNED, LAST_CALL)}
    nothing = playbook(folder, "ansible.builtin.debug", {}, {}, 0)
    variables = play.arguments({"rollback_cluster": CLUSTER, "rollback_services": "web"})
    for number in range(runs):
        tell(f"rollback {number + 1} of {runs}")
        found[NOTHING].append(timed(stage, nothing))
        stage.control.reset()
        stage.world.create_cluster(CLUSTER)
        stage.story()
        stage.control.timings(task_start=random.uniform(1, 5) * stage.speed)
        begin = stage.control.now()
        seconds = timed(stage, play.ROLLBACK, *variables)
        log = stage.control.log()
        stable = became_stable(stage, "web")
        found[ACCEPTED].append(next(call["time"] for call in log if call["operation"] == "UpdateService") - begin)
        found[RETURNED].append(begin + seconds - stable)
        found[LAST_CALL].append(log[-1]["time"] - stable)
    return found


def became_stable(stage: Stage, service: str) -> float:
    """When ECS completed the last deployment, by the simulator's clock."""
    events = stage.world.service(CLUSTER, service)["events"]
    return float(next(e["createdAt"].timestamp() for e in events if "deployment completed" in e["message"]))


def waiters(stage: Stage, count: int) -> list[float]:
    """The waiter `services_stable` of botocore, which is that of `aws ecs wait services-stable`: every 15 s a look.

    All at once, each on a service of its own that becomes stable at another moment.
    """
    tell(f"{count} waiters, half a minute")
    stage.control.reset()
    stage.world.create_cluster(CLUSTER)
    stage.control.timings(task_start=1)
    names = [f"web{number}" for number in range(count)]
    for name in names:
        stage.good_service(name)
        stage.world.register(name, f"registry/{name}:2")
    found: list[float] = []
    threads = [threading.Thread(target=wait_for, args=(stage, name, found)) for name in names]
    for name, thread in zip(names, threads, strict=True):
        stage.control.timings(task_start=random.uniform(2, 17) * stage.speed)
        stage.world.deploy(CLUSTER, name, f"{name}:2")
        thread.start()
    for thread in threads:
        thread.join()
    return found


def wait_for(stage: Stage, service: str, found: list[float]) -> None:
    """Wait as the SDK does, and note how long after the service was stable that ended."""
    stage.world.ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=[service])
    now = stage.control.now()
    found.append(now - became_stable(stage, service))


def tell(what: str) -> None:
    """Progress, for the person who waits."""
    print(f"  {what} …", file=sys.stderr, flush=True)


def table_of_steps(first: Samples, more: Samples) -> list[str]:
    """The steps of a play."""
    rounds = len(next(iter(first.values())))
    lines = [
        f"Seconds; median of {rounds} rounds (lowest to highest). The goal for one more step is 0.1 s.",
        "",
        "| step | the first one | one more | in process = 1 |",
        "|---|---|---|---|",
    ]
    own = statistics.median(more["ecs_rollback_info"])
    for name in first:
        ratio = statistics.median(more[name]) / own
        lines.append(f"| {name} | {spread(first[name])} | {spread(more[name])} | {ratio:.1f} |")
    return lines


def table_of_rollbacks(found: Samples) -> list[str]:
    """One service, from the command to its end."""
    ratio = statistics.median(found[ACCEPTED]) / statistics.median(found[NOTHING])
    returned = p95(found[RETURNED])
    lines = [
        f"Seconds; {len(found[NOTHING])} runs.",
        "",
        "| from → to | median (lowest to highest) | 95th percentile |",
        "|---|---|---|",
        *(f"| {name} | {spread(samples)} | {p95(samples):.2f} |" for name, samples in found.items()),
        "",
        f"The start until UpdateService takes {ratio:.2f} times as long as a play that does nothing; the goal is 1.8. "
        f"From stable until the command has returned it is {returned:.2f} s at the 95th percentile; the goal is 1.0 s. "
        f"The waiter takes {p95(found[WAITER]) / returned:.1f} times as long.",
    ]
    return lines


def spread(samples: list[float]) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(samples):.3f} ({min(samples):.3f} to {max(samples):.3f})"


def p95(samples: list[float]) -> float:
    """The 95th percentile of what was measured."""
    return statistics.quantiles(samples, n=20, method="inclusive")[18]


if __name__ == "__main__":
    sys.exit(main())
