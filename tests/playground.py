# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.playground``: a small shop in a simulator that stays, where every last deployment was a bad one.

It prints the shell lines that point anybody's ansible-playbook at it. ``--again`` deploys the next bad version to a
playground that runs.
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading

from tests.e2e import fleet
from tests.e2e.code_deploy import PORT, CodeDeploy
from tests.e2e.stage import CLUSTER, SPEED, Stage
from tests.module.code_deploy import appspec, content
from tests.simulator import Control
from tests.simulator_process import SimulatorProcess
from tests.world import World, aws_environment

BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}
# Services that ECS deploys, and the one that CodeDeploy deploys.
ROLLING, SHIFTED, BY_CODEDEPLOY = "web", "api", "cart"

LINES = """\
The playground is at {url} until you press Ctrl-C. In another terminal:

{exports}
export PATH="$PWD/.venv/bin:$PATH"   # or your own ansible-playbook, with the collection installed

Could the services of the cluster be rolled back?

ansible-playbook lastgood.aws.status -e status_cluster={cluster}

Look first, then do it:

ansible-playbook lastgood.aws.rollback -e rollback_cluster={cluster} -e rollback_services=web --check --diff
ansible-playbook lastgood.aws.rollback -e rollback_cluster={cluster} -e rollback_services=web,api,cart
ansible-playbook lastgood.aws.redeploy -e rollback_application={application} -e rollback_deployment_group={group}

Once more, with the next bad version of web, api and cart:

make playground-break
"""


def build(stage: Stage) -> None:
    """Services on a bad version, with a good one before it, and a deployment group of instances."""
    stage.good_service(ROLLING)
    stage.good_service(SHIFTED, deploymentConfiguration=BLUE_GREEN)
    cart = CodeDeploy(stage, BY_CODEDEPLOY)
    for name in (ROLLING, SHIFTED):
        stage.deploy(name, 2)
    # CodeDeploy keeps no record of the version that the service was created with.
    for version in (2, 3):
        cart.deploy(version)
    fleet.Fleet(stage).story()


def break_again(world: World) -> list[str]:
    """Deploy the next version of each service; returns their names."""
    deployed = []
    for name in (ROLLING, SHIFTED, BY_CODEDEPLOY):
        newest = world.ecs.list_task_definitions(familyPrefix=name, sort="DESC")["taskDefinitionArns"][0]
        version = int(newest.rpartition(":")[2]) + 1
        world.register(name, f"registry/{name}:{version}", **(PORT if name == BY_CODEDEPLOY else {}))
        if name == BY_CODEDEPLOY:
            world.client("codedeploy").create_deployment(
                applicationName="shop", deploymentGroupName=name, revision=content(appspec(f"{name}:{version}"))
            )
        else:
            world.deploy(CLUSTER, name, f"{name}:{version}")
        deployed.append(f"{name}:{version}")
    return deployed


def lines(url: str) -> str:
    """What to type in another terminal."""
    exports = "\n".join(f"export {name}={value}" for name, value in aws_environment(url).items())
    return LINES.format(url=url, exports=exports, cluster=CLUSTER, application=fleet.APPLICATION, group=fleet.GROUP)


def is_taken(port: int) -> bool:
    """Whether something answers there already."""
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    """Build the playground and keep it, or deploy to one that runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.playground", description=__doc__)
    parser.add_argument("--port", type=int, default=5123, help="0 picks a free one (default: 5123)")
    parser.add_argument("--again", action="store_true", help="deploy the next bad version to the one that runs there")
    options = parser.parse_args()
    if options.again:
        url = f"http://127.0.0.1:{options.port}"
        try:
            Control(url).now()
        except OSError:
            print(f"No playground is at {url}. Start one with make playground, in another terminal", file=sys.stderr)
            return 1
        world = World(url)
        if not world.ecs.list_task_definitions(familyPrefix=ROLLING)["taskDefinitionArns"]:
            print(
                f"What answers at {url} is no playground: it has no service {ROLLING}. Nothing was deployed",
                file=sys.stderr,
            )
            return 1
        print(f"Deployed: {', '.join(break_again(world))}. Give it some seconds, and roll back again")
        return 0
    if options.port and is_taken(options.port):
        print(
            f"Port {options.port} is taken, perhaps by a playground. Give another one: make playground PORT=5124",
            file=sys.stderr,
        )
        return 1
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: over.set())
    with SimulatorProcess(SPEED, port=options.port) as served:
        stage = Stage(served)
        build(stage)
        stage.control.start_clock()
        print(lines(served.url), flush=True)
        over.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
