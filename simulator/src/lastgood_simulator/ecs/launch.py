# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping the tasks of a service."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import ids, tasks
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, ServiceRevision, Task, TaskDefinition
from lastgood_simulator.images import Image

NO_INSTANCES = (
    "was unable to place a task because no container instance met all of its requirements. "
    "Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting "
    "section of the Amazon ECS Developer Guide."
)


def placeable(settings: dict[str, Any], cluster: str, env: Environment) -> bool:
    """Whether there is anything to run tasks on: Fargate, or container instances in the cluster."""
    providers = {item["capacityProvider"] for item in settings.get("capacityProviderStrategy") or []}
    if settings.get("launchType") == "FARGATE" or providers & {"FARGATE", "FARGATE_SPOT"}:
        return True
    return env.instances(cluster) > 0


def resolve_images(revision: ServiceRevision, env: Environment) -> dict[str, Image]:
    """What the containers of a new task run.

    ECS resolves a tag to its digest once for a deployment, so that all its tasks run the same image, unless the
    container has versionConsistency disabled.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
    """
    images = {}
    for container in revision.task_definition.containers:
        name, reference = container["name"], container["image"]
        if name in revision.digests:
            images[name] = env.registry.pinned(reference, revision.digests[name])
            continue
        image = images[name] = env.registry.resolve(reference)
        if image.behaviour != "cannot_pull" and container.get("versionConsistency") != "disabled":
            revision.digests[name] = image.digest
    return images


def start_tasks(
    service: Service, owner: str, revision: ServiceRevision, count: int, at: float, env: Environment
) -> None:
    """Start ``count`` tasks for the deployment or task set ``owner`` and say so in an event."""
    started = []
    groups = revision.target_groups
    for index in range(count):
        task = new_task(
            arn_prefix=service.cluster_arn.replace(":cluster/", ":task/"),
            cluster_arn=service.cluster_arn,
            definition=revision.task_definition,
            images=resolve_images(revision, env),
            group=f"service:{service.name}",
            started_by=owner,
            settings=revision.settings,
            tags=_propagated_tags(service, revision.task_definition),
            at=at,
        )
        task.target_groups = groups
        task.checked = revision.task_definition.has_health_check or bool(groups)
        tasks.plan(task, env.timings, at, index * env.timings.launch_interval)
        service.tasks[task.id] = task
        started.append(task)
    service.say(at, f"has started {count} tasks: {_listed(started)}.")
    for group in groups:
        service.say(at, f"registered {count} targets in (target-group {group})")


def new_task(
    arn_prefix: str,
    cluster_arn: str,
    definition: TaskDefinition,
    images: dict[str, Image],
    group: str,
    started_by: str | None,
    settings: dict[str, Any],
    tags: list[dict[str, str]],
    at: float,
) -> Task:
    """A task that is PROVISIONING since ``at`` and has no agenda yet."""
    task_id = ids.task_id()
    return Task(
        id=task_id,
        arn=f"{arn_prefix}/{task_id}",
        cluster_arn=cluster_arn,
        task_definition=definition,
        group=group,
        started_by=started_by,
        created_at=at,
        settings=settings,
        tags=tags,
        images=images,
        container_ids=[ids.event_id() for _turn in definition.containers],
    )


def stop_tasks(service: Service, chosen: list[Task], owner: str, at: float, env: Environment) -> None:
    """Stop tasks because the deployment or task set ``owner`` needs them no more, and say so."""
    if not chosen:
        return
    groups = chosen[0].target_groups
    for task in chosen:
        reason = f"Scaling activity initiated by (deployment {owner})"
        tasks.stop(task, at, env.timings.draining, "ServiceSchedulerInitiated", reason)
    for group in groups:
        service.say(at, f"deregistered {len(chosen)} targets in (target-group {group})")
    if groups:
        service.say(at, f"has begun draining connections on {len(chosen)} tasks.")
    service.say(at, f"has stopped {len(chosen)} running tasks: {_listed(chosen)}.")


def _listed(chosen: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in chosen)


def _propagated_tags(service: Service, definition: TaskDefinition) -> list[dict[str, str]]:
    source = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(
        service.settings.get("propagateTags", "")
    )
    return [dict(tag) for tag in source or []]
