# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks and task sets."""

from __future__ import annotations

from lastgood_simulator import Simulator
from lastgood_simulator.ecs.tasks import pull_error
from selftests.cluster import HEALTH_CHECK, START, Cluster, refused


def test_the_life_of_a_task(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1", healthCheck=HEALTH_CHECK), count=1)
    seen: list[tuple[str, str]] = []
    for _second in range(100):
        (task,) = cluster.tasks()
        state = (task["lastStatus"], task["healthStatus"])
        if not seen or seen[-1] != state:
            seen.append(state)
        sim.advance(1)
    assert seen == [
        ("PROVISIONING", "UNKNOWN"),
        ("PENDING", "UNKNOWN"),
        ("ACTIVATING", "UNKNOWN"),
        ("RUNNING", "UNKNOWN"),
        ("RUNNING", "HEALTHY"),
    ]
    assert task["group"] == "service:web"
    assert task["startedBy"] == cluster.primary()["id"]
    assert task["taskDefinitionArn"].endswith("/web:1")
    assert (task["launchType"], task["cpu"], task["memory"]) == ("FARGATE", "256", "512")
    times = [task[name].timestamp() - START for name in ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt")]
    assert times == [0, 6, 24, 30]
    (container,) = task["containers"]
    assert (container["name"], container["image"], container["lastStatus"]) == ("app", "web:1", "RUNNING")
    assert container["healthStatus"] == "HEALTHY"


def test_a_stopped_task_is_replaced_and_seen_for_an_hour(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2)
    task = cluster.tasks()[0]["taskArn"]
    stopped = cluster.ecs.stop_task(cluster="prod", task=task, reason="because")["task"]
    assert (stopped["desiredStatus"], stopped["lastStatus"]) == ("STOPPED", "DEACTIVATING")
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "because")
    assert len(cluster.tasks()) == 2
    sim.advance(100)
    (shown,) = cluster.tasks("STOPPED")
    assert shown["taskArn"] == task
    assert shown["lastStatus"] == "STOPPED"
    assert shown["containers"][0]["exitCode"] == 143
    assert shown["stoppingAt"] < shown["stoppedAt"]
    assert cluster.service()["runningCount"] == 2
    sim.advance(3600)
    assert cluster.tasks("STOPPED") == []
    answer = cluster.ecs.describe_tasks(cluster="prod", tasks=[task])
    assert answer["failures"] == [{"arn": task, "reason": "MISSING"}]


def test_an_image_that_cannot_be_pulled(sim: Simulator, cluster: Cluster) -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"
    sim.image(image, "cannot_pull")
    cluster.create(revision=cluster.register(image), count=1)
    sim.advance(5)
    (task,) = cluster.tasks("STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {image}: {image}: not found"
    )
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task
    assert cluster.messages()[-1] == f"was unable to place a task. Reason: {task['stoppedReason']}."


def test_images_without_a_registry_come_from_docker_hub() -> None:
    assert pull_error("nginx:1").endswith("ref docker.io/library/nginx:1: docker.io/library/nginx:1: not found")
    assert "failed to resolve ref docker.io/user/web:1:" in pull_error("user/web:1")
    assert "failed to resolve ref localhost:5000/web:1:" in pull_error("localhost:5000/web:1")


def test_lists_and_limits(sim: Simulator, cluster: Cluster) -> None:
    sim.timings(launch_interval=0)
    cluster.running(count=110)
    listed = cluster.ecs.list_tasks(cluster="prod", serviceName="web")
    assert len(listed["taskArns"]) == 100
    assert len(cluster.ecs.list_tasks(cluster="prod", nextToken=listed["nextToken"])["taskArns"]) == 10
    started_by = cluster.primary()["id"]
    pages = cluster.ecs.get_paginator("list_tasks").paginate(cluster="prod", startedBy=started_by)
    assert len([arn for page in pages for arn in page["taskArns"]]) == 110
    assert cluster.ecs.list_tasks(cluster="prod", family="other")["taskArns"] == []
    code = refused(cluster.ecs.list_tasks, cluster="prod", serviceName="ghost")[0]
    assert code == "ServiceNotFoundException"
    for wrong in ([], ["0"] * 101):
        assert refused(cluster.ecs.describe_tasks, cluster="prod", tasks=wrong)[0] == "InvalidParameterException"


def test_tasks_without_a_service(sim: Simulator, cluster: Cluster) -> None:
    cluster.register("job:1", family="job")
    params = {
        "cluster": "prod",
        "taskDefinition": "job",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    }
    sim.image("job:1", "crash", exit_code=2)
    (task,) = cluster.ecs.run_task(**params, startedBy="me")["tasks"]
    assert (task["group"], task["startedBy"], task["lastStatus"]) == ("family:job", "me", "PROVISIONING")
    sim.advance(35)
    assert cluster.ecs.list_tasks(cluster="prod", startedBy="me")["taskArns"] == [task["taskArn"]]
    sim.advance(10)
    (shown,) = cluster.ecs.describe_tasks(cluster="prod", tasks=[task["taskArn"]])["tasks"]
    assert (shown["lastStatus"], shown["containers"][0]["exitCode"]) == ("STOPPED", 2)
    assert refused(cluster.ecs.run_task, **params | {"launchType": "EC2"})[0] == "ClientException"
    del params["networkConfiguration"]
    assert refused(cluster.ecs.run_task, **params)[0] == "InvalidParameterException"


class TestTaskSets:
    def _service(self, cluster: Cluster) -> None:
        cluster.register("web:1")
        cluster.register("web:2")
        cluster.ecs.create_service(
            cluster="prod", serviceName="web", desiredCount=4, deploymentController={"type": "EXTERNAL"}
        )

    def _create(self, cluster: Cluster, revision: str, percent: float) -> str:
        created = cluster.ecs.create_task_set(
            cluster="prod",
            service="web",
            taskDefinition=revision,
            launchType="FARGATE",
            scale={"value": percent, "unit": "PERCENT"},
        )["taskSet"]
        return str(created["taskSetArn"])

    def test_shift_from_one_to_another(self, sim: Simulator, cluster: Cluster) -> None:
        self._service(cluster)
        named = {"cluster": "prod", "service": "web"}
        blue = self._create(cluster, "web:1", 100)
        cluster.ecs.update_service_primary_task_set(**named, primaryTaskSet=blue)
        sim.advance(100)
        green = self._create(cluster, "web:2", 30)
        shown = {item["taskSetArn"]: item for item in cluster.ecs.describe_task_sets(**named)["taskSets"]}
        assert (shown[blue]["status"], shown[blue]["stabilityStatus"]) == ("PRIMARY", "STEADY_STATE")
        assert (shown[green]["status"], shown[green]["stabilityStatus"]) == ("ACTIVE", "STABILIZING")
        assert shown[green]["computedDesiredCount"] == 2
        sim.advance(100)
        cluster.ecs.update_task_set(**named, taskSet=green, scale={"value": 100, "unit": "PERCENT"})
        cluster.ecs.update_service_primary_task_set(**named, primaryTaskSet=green)
        assert refused(cluster.ecs.delete_task_set, **named, taskSet=blue)[0] == "InvalidParameterException"
        deleted = cluster.ecs.delete_task_set(**named, taskSet=blue, force=True)["taskSet"]
        assert deleted["status"] == "DRAINING"
        sim.advance(100)
        (only,) = cluster.service()["taskSets"]
        assert (only["taskSetArn"], only["runningCount"]) == (green, 4)
        assert cluster.service()["taskDefinition"].endswith(":2")

    def test_what_is_refused(self, cluster: Cluster) -> None:
        self._service(cluster)
        code = refused(cluster.ecs.delete_task_set, cluster="prod", service="web", taskSet="no")[0]
        assert code == "TaskSetNotFoundException"
        cluster.create("rolling")
        code = refused(cluster.ecs.create_task_set, cluster="prod", service="rolling", taskDefinition="web:1")[0]
        assert code == "InvalidParameterException"
        answer = cluster.ecs.describe_task_sets(cluster="prod", service="web", taskSets=["no"])
        assert answer["failures"] == [{"arn": "no", "reason": "MISSING"}]

    def test_a_code_deploy_service_starts_with_a_primary_one(self, sim: Simulator, cluster: Cluster) -> None:
        created = cluster.create(revision=cluster.register("web:1"), deploymentController={"type": "CODE_DEPLOY"})
        assert created["deployments"] == []
        (task_set,) = created["taskSets"]
        assert (task_set["status"], task_set["computedDesiredCount"]) == ("PRIMARY", 4)
        sim.advance(100)
        assert cluster.service()["runningCount"] == 4
        assert cluster.ecs.list_service_deployments(cluster="prod", service="web")["serviceDeployments"] == []
