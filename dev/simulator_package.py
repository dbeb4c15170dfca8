# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the simulator as its users do, and lets a deployment happen in it. Used by the gate "simulator-package".

A copy of the project is installed by pip into a fresh environment, with what it says that it needs and nothing else.
Its command is started far from the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from artifact import run
from setup import BUILD, REQUIREMENTS, ROOT

# Those that start it, and those that look at moto.
SELFTESTS = ("selftests/test_moto.py", "selftests/test_server.py")
ROLLOUT = """\
import sys
import boto3
from lastgood_simulator.control import Control

url = sys.argv[1]
control = Control(url)
control.stop_clock()
ecs = boto3.client(
    "ecs", endpoint_url=url, region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
)
ecs.create_cluster(clusterName="prod")
for image in ("web:1", "web:2"):
    ecs.register_task_definition(
        family="web", containerDefinitions=[{"name": "app", "image": image}], networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
    )
ecs.create_service(
    cluster="prod", serviceName="web", taskDefinition="web:1", desiredCount=2, launchType="FARGATE",
    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
)
control.advance(300)
control.image("web:2", "cannot_pull")
ecs.update_service(cluster="prod", service="web", taskDefinition="web:2")
seen = []
for seconds in (5, 3600):
    control.advance(seconds)
    service = ecs.describe_services(cluster="prod", services=["web"])["services"][0]
    seen.append(service["taskDefinition"].rpartition("/")[2])
print(*seen)
"""


def rollout(programs: Path, cwd: Path) -> str:
    """Start the command, and ask it for a deployment that fails. Returns the versions that the service was on."""
    command = [str(programs / "lastgood-simulator"), "--port", "0", "--speed", "1"]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            ready, _space, url = line.strip().rpartition(" ")
            if ready != "simulator ready on":
                raise SystemExit(f"{' '.join(command)}\nsaid {line!r}")
            return run(programs / "python", "-c", ROLLOUT, url, cwd=cwd).strip()
        finally:
            process.terminate()


def main() -> int:
    os.environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory(dir=BUILD) as directory:
        elsewhere = Path(directory)
        # pip builds in the folder of the project.
        project = elsewhere / "simulator"
        shutil.copytree(
            ROOT / "simulator", project, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
        )
        environment = elsewhere / "venv"
        run(sys.executable, "-m", "venv", environment, cwd=elsewhere)
        programs = environment / "bin"
        constraints = ("--constraint", REQUIREMENTS / "constraints.txt")
        pip = (programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, *constraints, f"{project}[test]", cwd=elsewhere)
        version = run(programs / "lastgood-simulator", "--version", cwd=elsewhere).strip()
        versions = rollout(programs, elsewhere)
        if versions != "web:2 web:1":
            raise SystemExit(f"a deployment that fails should go from web:2 back to web:1, and went {versions}")
        # Of the package that is installed: without its source, the tests import that.
        shutil.rmtree(project / "src" / "lastgood_simulator")
        tests = run(programs / "python", "-m", "pytest", "--quiet", *SELFTESTS, cwd=project)
    print(f"{version}: {versions}; {tests.splitlines()[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
