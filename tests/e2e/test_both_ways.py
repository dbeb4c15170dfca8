# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module gives the same result in the worker process and in a process of its own."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.e2e.warm import modules

# What differs from run to run: times, ids and random parts, seconds that passed.
VARIABLE = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"
    r"|\b\d{8}T\d{6}Z-"
    r"|(?<=service-deployment/shop/)\w+/[\w-]+"
    r"|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(\d{10,}|[0-9a-f]{8}|[0-9a-f]{12}|[0-9a-f]{32,})\b"
    r"|\b\d+ s\b"
)
# Requests that are sent while waiting, more or fewer of them; and the id of a deployment, which is any letters.
NOT_COMPARED = ("DescribeServices", "ListTasks", "DescribeTasks", "deployment", "tasks_over_time")


def comparable(value: t.Any) -> t.Any:
    """The result without what differs from run to run."""
    if isinstance(value, dict):
        return {
            key: sorted(inner) if key == "timings" else comparable(inner)
            for key, inner in value.items()
            if key not in NOT_COMPARED
        }
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return VARIABLE.sub("…", value) if isinstance(value, str) else value


def lines(result: dict[str, t.Any]) -> list[str]:
    """What is compared, as a text, for a difference that people can read."""
    return json.dumps(comparable(result), indent=1, sort_keys=True).splitlines()


def deployment_group(stage: Stage) -> None:
    """The deployment group ``prod`` of the application ``shop``."""
    client = stage.world.client("codedeploy")
    client.create_application(applicationName="shop", computePlatform="Server")
    role = "arn:aws:iam::123456789012:role/codedeploy"
    client.create_deployment_group(applicationName="shop", deploymentGroupName="prod", serviceRoleArn=role)


@pytest.mark.long
def test_both_ways_give_the_same_result(stage: Stage) -> None:
    runs = {}
    for in_process in ("true", "false"):
        stage.control.reset()
        stage.world.create_cluster(CLUSTER)
        stage.story()
        stage.story("api")
        stage.world.make_scalable(CLUSTER, "web", scheduled=True)
        deployment_group(stage)
        stage.control.fail("UpdateService", "AccessDeniedException", when={"service": "api"})
        variables = {"lastgood_aws_in_process": in_process}
        if in_process == "false":
            variables["ansible_python_interpreter"] = modules.python()
        playbook = Path(__file__).parent / "both_ways.yml"
        runs[in_process] = play.run(stage.url, playbook, *play.arguments(variables), in_real_time=True)
        assert stage.runs() == {"web:1": 3}
    inside, apart = (run.tasks for run in runs.values())
    assert len(inside) == 13
    assert inside.keys() == apart.keys()
    for name, (status, result) in inside.items():
        assert status == apart[name][0], name
        assert lines(result) == lines(apart[name][1]), name
    statuses = {name: status for name, (status, _result) in inside.items()}
    assert [name for name, status in statuses.items() if status == "failed"] == [
        "Look up nothing",
        "Suspend what does not scale",
        "Roll back what is denied",
        "Roll back with contradictory options",
        "Redeploy where nothing was deployed yet",
        "Protect what is not there",
    ]
    # Only inside the worker a module can be heard while it runs.
    assert "[web] 3/3 on web:1" in runs["true"].stderr
    assert "[web] 3/3" not in runs["false"].stderr
