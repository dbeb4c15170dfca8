# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history: service deployments, service revisions, stopping."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

from lastgood_simulator import Simulator
from selftests.cluster import START, Cluster, client, refused


def test_a_deployment_goes_from_pending_to_successful(sim: Simulator, cluster: Cluster) -> None:
    created = cluster.create(revision=cluster.register("web:1"))
    (record,) = cluster.history()
    assert created["currentServiceDeployment"] == record["serviceDeploymentArn"]
    prefix = "arn:aws:ecs:us-east-1:123456789012"
    assert re.fullmatch(f"{prefix}:service-deployment/prod/web/[A-Za-z0-9_-]{{21}}", record["serviceDeploymentArn"])
    target = record["targetServiceRevision"]
    assert re.fullmatch(rf"{prefix}:service-revision/prod/web/\d{{19}}", target["arn"])
    assert record["status"] == "PENDING"
    assert "startedAt" not in record
    assert record["sourceServiceRevisions"] == []
    assert (target["requestedTaskCount"], target["pendingTaskCount"]) == (4, 4)
    sim.advance(2)
    assert cluster.history()[0]["status"] == "IN_PROGRESS"
    sim.advance(100)
    (record,) = cluster.history()
    assert record["status"] == "SUCCESSFUL"
    assert record["createdAt"] < record["startedAt"] < record["finishedAt"] == record["updatedAt"]
    assert record["deploymentCircuitBreaker"] == {"status": "DISABLED", "failureCount": 0, "threshold": 3}
    assert record["alarms"] == {"status": "DISABLED"}


def test_sources_and_counts_are_live_while_it_runs_and_a_snapshot_after(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    first = cluster.history()[0]["targetServiceRevision"]["arn"]
    cluster.deploy()
    sim.advance(31.5)
    record = cluster.history()[0]
    (source,) = record["sourceServiceRevisions"]
    assert (source["arn"], source["runningTaskCount"]) == (first, 2)
    assert record["targetServiceRevision"]["runningTaskCount"] == 2
    sim.advance(300)
    cluster.update(desiredCount=1)
    sim.advance(100)
    record = cluster.history()[0]
    assert record["targetServiceRevision"]["runningTaskCount"] == 4
    assert cluster.service()["currentServiceRevisions"] == [
        {
            "arn": record["targetServiceRevision"]["arn"],
            "requestedTaskCount": 1,
            "runningTaskCount": 1,
            "pendingTaskCount": 0,
        }
    ]


def test_the_list_is_newest_first_in_pages_with_filters(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1)
    for _number in range(24):
        cluster.update(forceNewDeployment=True)
        sim.advance(100)
    cluster.update(forceNewDeployment=True)

    def listed(**params: object) -> list[dict[str, object]]:
        answer = cluster.ecs.list_service_deployments(cluster="prod", service="web", **params)
        return [answer, answer["serviceDeployments"]][1]  # type: ignore[no-any-return]

    answer = cluster.ecs.list_service_deployments(cluster="prod", service="web")
    first = answer["serviceDeployments"]
    rest = listed(nextToken=answer["nextToken"])
    assert (len(first), len(rest)) == (20, 6)
    times = [item["createdAt"] for item in first + rest]
    assert times == sorted(times, reverse=True)
    assert "nextToken" not in cluster.ecs.list_service_deployments(cluster="prod", service="web", maxResults=100)
    assert [item["status"] for item in listed(status=["PENDING"])] == ["PENDING"]
    moment = datetime.fromtimestamp(START + 250, UTC)
    assert len(listed(createdAt={"before": moment})) == 1
    assert len(listed(createdAt={"after": moment, "before": moment + timedelta(seconds=150)})) == 2
    assert refused(cluster.ecs.list_service_deployments, cluster="prod", service="no")[0] == "ServiceNotFoundException"
    code = refused(cluster.ecs.list_service_deployments, cluster="prod", service="web", nextToken="?")[0]
    assert code == "InvalidParameterException"


def test_history_older_than_ninety_days_is_gone(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1)
    (old,) = cluster.history()
    sim.advance(91 * 86400)
    cluster.update(forceNewDeployment=True)
    assert len(cluster.history()) == 1
    answer = cluster.ecs.describe_service_deployments(serviceDeploymentArns=[old["serviceDeploymentArn"]])
    assert answer["failures"] == [{"arn": old["serviceDeploymentArn"], "reason": "MISSING"}]


def test_describing_takes_twenty(cluster: Cluster) -> None:
    cluster.running(count=1)
    arn = cluster.history()[0]["serviceDeploymentArn"]
    for call, name in (
        (cluster.ecs.describe_service_deployments, "serviceDeploymentArns"),
        (cluster.ecs.describe_service_revisions, "serviceRevisionArns"),
    ):
        assert call(**{name: [arn + "x"]})["failures"] == [{"arn": arn + "x", "reason": "MISSING"}]
        for wrong in ([arn] * 21, []):
            assert refused(call, **{name: wrong})[0] == "InvalidParameterException"


class TestStop:
    def test_it_goes_back_without_a_new_deployment(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        good = cluster.primary()["id"]
        cluster.deploy()
        sim.advance(32)
        record = cluster.history()[0]
        arn = record["serviceDeploymentArn"]
        answer = cluster.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
        assert answer["serviceDeploymentArn"] == arn
        statuses = [cluster.history()[0]["status"]]
        for _second in range(100):
            sim.advance(1)
            status = cluster.history()[0]["status"]
            if status != "ROLLBACK_SUCCESSFUL":
                # It may be sent again at any time until then.
                cluster.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
            if status != statuses[-1]:
                statuses.append(status)
        assert statuses == ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
        (only,) = cluster.service()["deployments"]
        assert (only["id"], only["rolloutState"]) == (good, "COMPLETED")
        assert cluster.service()["taskDefinition"].endswith(":1")
        assert len(cluster.history()) == 2
        code, message = refused(cluster.ecs.stop_service_deployment, serviceDeploymentArn=arn)
        assert code == "ConflictException"
        assert "ROLLBACK_SUCCESSFUL" in message

    def test_a_deployment_that_ends_first_is_successful(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        cluster.deploy()
        sim.advance(30 + 20 + 15 - 1)
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=cluster.history()[0]["serviceDeploymentArn"])
        sim.advance(10)
        assert cluster.history()[0]["status"] == "SUCCESSFUL"
        assert cluster.service()["taskDefinition"].endswith(":2")

    def test_the_first_deployment_just_stops(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.create(revision=cluster.register("web:1"))
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=cluster.history()[0]["serviceDeploymentArn"])
        sim.advance(100)
        assert cluster.history()[0]["status"] == "STOPPED"
        assert cluster.primary()["rolloutState"] == "FAILED"

    def test_what_is_refused(self, cluster: Cluster) -> None:
        cluster.create(revision=cluster.register("web:1"))
        arn = cluster.history()[0]["serviceDeploymentArn"]
        code = refused(cluster.ecs.stop_service_deployment, serviceDeploymentArn=arn[:-1])[0]
        assert code == "ServiceDeploymentNotFoundException"
        code = refused(cluster.ecs.stop_service_deployment, serviceDeploymentArn=arn, stopType="ABORT")[0]
        assert code == "InvalidParameterException"


class TestImages:
    def test_a_revision_keeps_the_digest_that_its_tag_had(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running("web:latest", count=2)
        first = cluster.history()[0]["targetServiceRevision"]["arn"]
        (digest,) = cluster.images(first).values()
        assert digest is not None
        assert re.fullmatch("sha256:[0-9a-f]{64}", digest)
        assert {task["containers"][0]["imageDigest"] for task in cluster.tasks()} == {digest}

        moved = "sha256:" + "b" * 64
        sim.image("web:latest", "crash", digest=moved, after=0)
        # A task of the same deployment is replaced by its like.
        cluster.ecs.stop_task(cluster="prod", task=cluster.tasks()[0]["taskArn"])
        sim.advance(100)
        assert {task["containers"][0]["imageDigest"] for task in cluster.tasks()} == {digest}

        cluster.update(forceNewDeployment=True)
        sim.advance(40)
        record = cluster.history()[0]
        assert cluster.images(record["targetServiceRevision"]["arn"]) == {"app": moved}
        # A native rollback reuses the digest of the revision.
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
        cluster.update(desiredCount=3)
        sim.advance(300)
        assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"
        assert len(cluster.tasks()) == 3
        assert {task["containers"][0]["imageDigest"] for task in cluster.tasks()} == {digest}

    def test_a_pinned_image_is_that_image(self, sim: Simulator, cluster: Cluster) -> None:
        digest = "sha256:" + "c" * 64
        cluster.running(f"web@{digest}", count=1)
        assert cluster.images(cluster.history()[0]["targetServiceRevision"]["arn"]) == {"app": digest}

    def test_no_digest_where_ecs_records_none(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.create("zero", cluster.register("web:1"), count=0)
        sim.image("web:2", "cannot_pull")
        cluster.create("unpullable", cluster.register("web:2"))
        cluster.create("free", cluster.register("web:3", versionConsistency="disabled"))
        sim.advance(100)
        for name in ("zero", "unpullable", "free"):
            assert cluster.images(cluster.history(name)[0]["targetServiceRevision"]["arn"]) == {"app": None}

    def test_a_repository_of_ecr_decides_where_there_is_one(self, sim: Simulator, cluster: Cluster) -> None:
        ecr = client("ecr")
        ecr.create_repository(repositoryName="web")
        layers = [{"digest": f"sha256:{digit * 64}"} for digit in "12"]
        for layer in layers:
            ecr.put_image(
                repositoryName="web",
                imageManifest=json.dumps({"layers": [layer]}),
                imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
                imageTag="stable",
            )
        images = ecr.describe_images(repositoryName="web")["imageDetails"]
        (digest,) = [image["imageDigest"] for image in images if image.get("imageTags") == ["stable"]]
        host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
        cluster.running(f"{host}/web:stable", count=1)
        assert cluster.images(cluster.history()[0]["targetServiceRevision"]["arn"]) == {"app": digest}
        cluster.deploy(f"{host}/web:gone")
        sim.advance(10)
        assert cluster.primary()["failedTasks"] == 1
        ecr.batch_delete_image(repositoryName="web", imageIds=[{"imageDigest": digest}])
        # Not even the recorded digest can be pulled again.
        record = cluster.history()[0]["serviceDeploymentArn"]
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=record)
        cluster.ecs.stop_task(cluster="prod", task=cluster.tasks()[0]["taskArn"])
        sim.advance(30)
        assert cluster.service()["runningCount"] == 0


def test_a_revision_fixes_what_was_deployed(sim: Simulator, cluster: Cluster) -> None:
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    cluster.running(networkConfiguration=network)
    cluster.update(networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-2"]}})
    newer, older = cluster.history()
    shown = cluster.revision(older["targetServiceRevision"]["arn"])
    assert shown["networkConfiguration"] == network
    assert shown["taskDefinition"].endswith("task-definition/web:1")
    assert (shown["launchType"], shown["platformVersion"], shown["platformFamily"]) == ("FARGATE", "1.4.0", "Linux")
    # Going back takes the network along.
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=newer["serviceDeploymentArn"])
    sim.advance(300)
    assert cluster.service()["networkConfiguration"] == network
