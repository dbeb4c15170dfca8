# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The counts that moto's clusters show."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import engine
from lastgood_simulator.ecs.tasks import starting
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation


@operation("ecs", "DescribeClusters")
def describe_clusters(context: Context, params: dict[str, Any]) -> None:
    """Bring the counts up to date and let moto answer."""
    state = context.world.ecs(context)
    state.catch_up_loose_tasks()
    names = [reference.split("/")[-1] for reference in params.get("clusters") or ["default"]]
    for name in names:
        cluster = state.backend.clusters.get(name)
        if cluster is None:
            continue
        tasks = [task for task in state.loose_tasks.values() if task.cluster_arn == cluster.arn]
        services = state.services_in(name)
        for service in services:
            engine.catch_up(service, state.now, state.env)
            tasks += service.tasks.values()
        cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)
        cluster.running_tasks_count = sum(task.last_status == "RUNNING" for task in tasks)
        cluster.pending_tasks_count = sum(starting(task) for task in tasks)


@operation("ecs", "DeleteCluster")
def delete_cluster(context: Context, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html"""
    state = context.world.ecs(context)
    name = state.cluster(params)
    services = state.services_in(name)
    for service in services:
        engine.catch_up(service, state.now, state.env)
    if any(service.status == "ACTIVE" for service in services):
        raise AwsError("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if any(task.last_status != "STOPPED" for service in services for task in service.tasks.values()):
        raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
