# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Take a revision out of use after a rollback, but only if nothing uses it any more."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service


class Deregistrar:
    """Deregisters revisions that nobody pinned and that no service and no task of any cluster uses.

    The whole account is looked at in its Region, since services of different clusters may share a task definition.
    Services are read once for all revisions of a call.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._clusters: list[str] | None = None
        self._services: list[Service] | None = None

    def deregister(self, arn: str) -> tuple[bool, Finding]:
        """Whether it was deregistered, and what there is to say about it. Never raises for AWS's refusals."""
        name = names.short(arn)
        try:
            pinned = self._pinned(arn)
            if pinned is not None:
                return False, Finding(
                    "deregister", "warn", f"{name} was not deregistered: it is marked {marks.PINNED} ({pinned})"
                )
            users = self._users(arn)
            if users:
                return False, Finding(
                    "deregister", "warn", f"{name} was not deregistered: it is still in use by {', '.join(users)}"
                )
            api.deregister_task_definition(self._aws, arn)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return False, Finding("deregister", "warn", f"{name} was not deregistered. {exc.explain()}")
        return True, Finding("deregister", "info", f"{name} was deregistered")

    def _pinned(self, arn: str) -> str | None:
        # Read now, not with the plan: somebody may have pinned it since.
        task_definition = api.describe_task_definition(self._aws, arn)
        return task_definition.tags.get(marks.PINNED) if task_definition else None

    def _users(self, arn: str) -> list[str]:
        users = [
            f"service {s.cluster}/{s.name}"
            for s in self._all_services()
            if s.status != "INACTIVE" and arn in {s.task_definition, *(d.task_definition for d in s.deployments)}
        ]
        return users or self._tasks_of(arn)

    def _all_clusters(self) -> list[str]:
        if self._clusters is None:
            self._clusters = api.list_clusters(self._aws)
        return self._clusters

    def _all_services(self) -> list[Service]:
        if self._services is None:
            self._services = []
            for cluster in self._all_clusters():
                for batch in batches(api.list_services(self._aws, cluster), api.SERVICES_PER_CALL):
                    found = api.describe_services(self._aws, cluster, batch).values()
                    self._services += [service for service in found if isinstance(service, Service)]
        return self._services

    def _tasks_of(self, arn: str) -> list[str]:
        name = names.parse(arn)
        if name is None:
            return []
        users: list[str] = []
        for cluster in self._all_clusters():
            # desiredStatus RUNNING covers tasks that are still being started.
            tasks = api.list_tasks(self._aws, cluster, family=name.family, desiredStatus="RUNNING")
            described = api.describe_tasks(self._aws, cluster, tasks) if tasks else []
            users += [f"task {task['taskArn']}" for task in described if task.get("taskDefinitionArn") == arn]
        return users
