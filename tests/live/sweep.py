# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds what runs have left behind, by its tag, and deletes it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.live.lab import PREFIX, ROLE_PATH, TAG, Cleanup, forget_role, forget_service, forget_task_definition
from tests.live.place import PATIENT, Place


@dataclass(frozen=True)
class Leftover:
    """Something of a run that still exists."""

    what: str
    delete: Callable[[], t.Any]


def leftovers(place: Place) -> list[Leftover]:
    """Everything that has the tag, in the order in which it can be deleted."""
    session = place.session()

    def client(service: str) -> t.Any:
        return session.client(service, config=PATIENT)

    return [
        *_of_codedeploy(client("codedeploy"), place.region, str(client("sts").get_caller_identity()["Account"])),
        *_of_ecs(client("ecs"), client("application-autoscaling")),
        *_alarms(client("cloudwatch")),
        *_roles(client("iam")),
    ]


def sweep(place: Place) -> list[str]:
    """Delete it; returns what could not be deleted, and why."""
    cleanup = Cleanup(place.sleep)
    for leftover in reversed(leftovers(place)):
        cleanup.add(leftover.what, leftover.delete)
    return cleanup.run()


def _of_ecs(ecs: t.Any, scaling: t.Any) -> Iterator[Leftover]:
    arns = [arn for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]]
    ours = [arn for arn in arns if arn.rpartition("/")[2].startswith(PREFIX)]
    for start in range(0, len(ours), 100):
        answer = ecs.describe_clusters(clusters=ours[start : start + 100], include=["TAGS"])
        for cluster in answer["clusters"]:
            if cluster["status"] != "INACTIVE" and _has_tag(cluster.get("tags", [])):
                yield from _of_cluster(ecs, scaling, str(cluster["clusterName"]))
    pages = ecs.get_paginator("list_task_definition_families").paginate(familyPrefix=PREFIX, status="ALL")
    for family in [family for page in pages for family in page["families"]]:
        yield from _of_family(ecs, str(family))


def _of_cluster(ecs: t.Any, scaling: t.Any, cluster: str) -> Iterator[Leftover]:
    arns = [arn for page in ecs.get_paginator("list_services").paginate(cluster=cluster) for arn in page["serviceArns"]]
    names = [arn.rpartition("/")[2] for arn in arns]
    ids = [f"service/{cluster}/{name}" for name in names]
    for start in range(0, len(ids), 50):
        answer = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=ids[start : start + 50])
        for target in answer["ScalableTargets"]:
            which = {name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            yield Leftover(
                f"scalable target {target['ResourceId']}",
                lambda which=which: scaling.deregister_scalable_target(**which),
            )
    for name in names:
        yield Leftover(f"service {name}", lambda name=name: forget_service(ecs, cluster, name))
    yield Leftover(f"cluster {cluster}", lambda: ecs.delete_cluster(cluster=cluster))


def _of_family(ecs: t.Any, family: str) -> Iterator[Leftover]:
    for status in ("ACTIVE", "INACTIVE"):
        pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix=family, status=status)
        for arn in [arn for page in pages for arn in page["taskDefinitionArns"]]:
            if _has_tag(ecs.list_tags_for_resource(resourceArn=arn)["tags"]):
                yield Leftover(f"task definition {arn}", lambda arn=arn: forget_task_definition(ecs, arn))


def _of_codedeploy(codedeploy: t.Any, region: str, account: str) -> Iterator[Leftover]:
    names = [name for page in codedeploy.get_paginator("list_applications").paginate() for name in page["applications"]]
    for name in names:
        if name.startswith(PREFIX):
            arn = f"arn:aws:codedeploy:{region}:{account}:application:{name}"
            if _has_tag(codedeploy.list_tags_for_resource(ResourceArn=arn)["Tags"]):
                yield Leftover(
                    f"application {name}", lambda name=name: codedeploy.delete_application(applicationName=name)
                )


def _alarms(cloudwatch: t.Any) -> Iterator[Leftover]:
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=PREFIX):
        for alarm in page["MetricAlarms"]:
            if _has_tag(cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]):
                name = alarm["AlarmName"]
                yield Leftover(f"alarm {name}", lambda name=name: cloudwatch.delete_alarms(AlarmNames=[name]))


def _roles(iam: t.Any) -> Iterator[Leftover]:
    for page in iam.get_paginator("list_roles").paginate(PathPrefix=ROLE_PATH):
        for role in page["Roles"]:
            name = role["RoleName"]
            if _has_tag(iam.list_role_tags(RoleName=name)["Tags"]):
                yield Leftover(f"role {name}", lambda name=name: forget_role(iam, name))


def _has_tag(tags: list[dict[str, str]]) -> bool:
    return any(TAG in (tag.get("key"), tag.get("Key")) for tag in tags)
