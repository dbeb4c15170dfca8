# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a command, over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

import lastgood_simulator
from lastgood_simulator.control import Control, ControlError
from selftests.cluster import client, refused

READY = "simulator ready on "


def _start() -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "lastgood_simulator", "--port", "0"]
    # Where this one was imported from.
    env = {**os.environ, "PYTHONPATH": str(Path(lastgood_simulator.__file__).parents[1])}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY)
    return process, line.removeprefix(READY).strip()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    process, url = _start()
    yield url
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.fixture
def control(url: str) -> Control:
    control = Control(url)
    control.reset()
    control.start_clock()
    control.set_speed(60)
    return control


@pytest.fixture
def ecs(url: str, control: Control) -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    ecs = client("ecs", endpoint_url=url, **keys)
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(
        family="web",
        containerDefinitions=[{"name": "app", "image": "web:1"}],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
    )
    ecs.create_service(cluster="prod", serviceName="web", taskDefinition="web", desiredCount=2, launchType="FARGATE")
    return ecs


def _service(ecs: Any) -> dict[str, Any]:
    return dict(ecs.describe_services(cluster="prod", services=["web"])["services"][0])


def test_it_runs_by_itself_at_sixty_times_the_speed(ecs: Any) -> None:
    begin = time.monotonic()
    while _service(ecs)["deployments"][0]["rolloutState"] != "COMPLETED":
        assert time.monotonic() - begin < 5
        time.sleep(0.05)
    # 31 s of starting and 15 s of being steady.
    assert time.monotonic() - begin > 46 / 60 - 0.2


def test_timestamps_follow_the_wall_clock_and_what_was_skipped(ecs: Any, control: Control) -> None:
    created = _service(ecs)["createdAt"].timestamp()
    skipped = control.now() - time.time()
    assert created == pytest.approx(time.time() + skipped, abs=5)
    control.advance(3600)
    assert control.now() - time.time() == pytest.approx(skipped + 3600, abs=1)


def test_every_answer_is_dated_by_the_same_clock(ecs: Any, control: Control) -> None:
    control.advance(86400)
    answers = [ecs.list_clusters()]
    with pytest.raises(ClientError) as caught:
        ecs.describe_task_definition(taskDefinition="none:1")
    answers.append(caught.value.response)
    for answer in answers:
        # botocore joins what comes twice.
        dated = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        assert abs(dated.timestamp() - control.now()) < 3600


def test_time_stands_still_while_the_clock_is_stopped(ecs: Any, control: Control) -> None:
    control.stop_clock()
    stopped = control.now()
    time.sleep(0.05)
    assert control.now() == stopped
    control.start_clock()
    assert control.now() > stopped


def test_the_control_methods_arrive(ecs: Any, control: Control) -> None:
    control.advance(10)
    assert control.advance_to_next(at_most=10) <= control.now()
    assert control.image("web:2", "crash", digest="sha256:" + "a" * 64)["behaviour"] == "crash"
    control.hook("check", "fail", after=3)
    control.bundle("app.zip", event="AfterInstall")
    control.agent("i-0123456789abcdef0", running=False)
    control.listing_order("oldest_first")
    control.fail("DescribeServices", "ThrottlingException")
    assert refused(_service, ecs=ecs)[0] == "ThrottlingException"
    control.on(
        "ListServices",
        {"operation": "UpdateService", "params": {"cluster": "prod", "service": "web", "desiredCount": 5}},
    )
    ecs.list_services(cluster="prod")
    assert _service(ecs)["desiredCount"] == 5
    assert control.timings(draining=1)["draining"] == 1
    control.quotas(scale=0.005)
    assert refused(_service, ecs=ecs)[0] == "ThrottlingException"
    control.quotas(enabled=False)
    assert control.calls()["DescribeServices"] == 3
    assert control.log()[-1]["operation"] == "DescribeServices"
    control.reset_calls()
    assert control.calls() == {}
    control.fail("DescribeServices", times=None)
    control.clear_failures()
    _service(ecs)
    control.reset()
    assert ecs.list_clusters()["clusterArns"] == []


def test_mistakes_in_control_requests_are_told(control: Control) -> None:
    with pytest.raises(ControlError, match="unknown behaviour"):
        control.image("web:1", "sing")
    with pytest.raises(ControlError, match="unknown behaviour"):
        control.hook("check", "sing")
    with pytest.raises(ControlError, match="unknown lifecycle event"):
        control.bundle("app.zip", event="Lunch")
    with pytest.raises(ControlError, match="No application found for name: none"):
        control.deployment_by("CloudFormation", {"applicationName": "none"})
    with pytest.raises(ControlError, match="cannot go back"):
        control.advance(-1)
    with pytest.raises(ControlError, match="no control method nonsense"):
        control._do("nonsense")


def test_broken_answers(ecs: Any, control: Control) -> None:
    for kind in ("truncate", "empty"):
        control.fail("DescribeServices", kind=kind, after=True)
        assert "services" not in ecs.describe_services(cluster="prod", services=["web"])
    control.fail("UpdateService", kind="drop", after=True)
    with pytest.raises(ConnectionClosedError):
        ecs.update_service(cluster="prod", service="web", desiredCount=7)
    assert _service(ecs)["desiredCount"] == 7


def test_errors_are_never_pages_of_html(ecs: Any, url: str) -> None:
    assert refused(ecs.list_services_by_namespace, namespace="prod")[0] == "UnknownOperationException"
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    groups = client("autoscaling", endpoint_url=url, **keys)
    assert refused(groups.describe_account_limits)[0] == "InvalidAction"
    assert client("sts", endpoint_url=url, **keys).get_caller_identity()["Account"] == "123456789012"


def test_many_clients_at_once(ecs: Any, control: Control) -> None:
    control.reset_calls()

    def work(number: int) -> int:
        name = f"s{number}"
        ecs.create_service(cluster="prod", serviceName=name, taskDefinition="web", desiredCount=1, launchType="FARGATE")
        for count in (2, 3):
            ecs.update_service(cluster="prod", service=name, desiredCount=count)
        (service,) = ecs.describe_services(cluster="prod", services=[name])["services"]
        return int(service["desiredCount"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [3] * 40
    assert control.calls() == {"CreateService": 40, "UpdateService": 80, "DescribeServices": 40}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_and_ends_when_told(number: signal.Signals) -> None:
    process, url = _start()
    Control(url).now()
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "", "")


def test_who_waits_for_a_message_keeps_nobody_waiting(url: str, ecs: Any) -> None:
    sqs = client("sqs", endpoint_url=url, aws_access_key_id="testing", aws_secret_access_key="testing")
    queue = sqs.create_queue(QueueName="patient")["QueueUrl"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        assert ecs.describe_clusters(clusters=["prod"])["clusters"]
        assert not waiting.done()
        sqs.send_message(QueueUrl=queue, MessageBody="here")
        assert [message["Body"] for message in waiting.result(timeout=15)["Messages"]] == ["here"]
    begin = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
    assert time.monotonic() - begin >= 1
