# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of Amazon ECS in one account and Region, kept on moto's backend so that moto's reset clears it too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends

from lastgood_simulator.ecs import engine, tasks
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, ServiceDeployment, Task, TaskDefinition
from lastgood_simulator.ecs.past import EcsPast
from lastgood_simulator.errors import AwsError
from lastgood_simulator.functions import Functions
from lastgood_simulator.images import Registry
from lastgood_simulator.listeners import Listeners
from lastgood_simulator.past import History
from lastgood_simulator.timings import Timings

_ATTRIBUTE = "lastgood_simulator"


def invalid(message: str) -> AwsError:
    """InvalidParameterException."""
    return AwsError("InvalidParameterException", message)


def client_error(message: str) -> AwsError:
    """ClientException."""
    return AwsError("ClientException", message)


class EcsState:
    """Finds things and brings services up to the present before anybody sees them."""

    def __init__(self, backend: Any, env: Environment) -> None:
        self.backend = backend
        self.env = env
        self.region: str = backend.region_name
        self.account: str = backend.account_id
        # The clock's time when the current request arrived.
        self.now = 0.0
        # Tasks that no service started, by id.
        self.loose_tasks: dict[str, Task] = {}
        # Family to revision number to task definition.
        self.definitions: dict[str, dict[int, TaskDefinition]] = backend.task_definitions
        # "cluster:service", moto's key.
        self.services: dict[str, Service] = backend.services

    def arn(self, kind: str, name: str) -> str:
        """``arn:aws:ecs:…:kind/name``."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{kind}/{name}"

    def cluster(self, params: dict[str, Any]) -> str:
        """The name of the cluster that the parameters name. Raises ClusterNotFoundException."""
        name = str(params.get("cluster") or "default").rpartition("/")[2]
        if name not in self.backend.clusters:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        return name

    def lookup(self, cluster: str, reference: str) -> Service | None:
        """The service with this name or ARN. Raises InvalidParameterException for the ARN of another cluster."""
        parts = reference.split("/")
        if reference.startswith("arn:") and len(parts) == 3 and parts[1] != cluster:
            raise invalid(f"Identifier is for {parts[1]}. Your cluster is {cluster}")
        service = self.services.get(f"{cluster}:{parts[-1]}")
        if service is not None:
            engine.catch_up(service, self.now, self.env)
        return self.env.past.service(service)

    def service(self, params: dict[str, Any], active: bool = False) -> Service:
        """The service that the parameters name, up to date.

        Raises ServiceNotFoundException, and ServiceNotActiveException when it must be ``active`` and is not.
        """
        service = self.lookup(self.cluster(params), str(params["service"]))
        if service is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        if active and service.status != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
        return service

    def services_in(self, cluster: str, caught_up: bool = False) -> list[Service]:
        """All services of a cluster, as they were when last looked at, or ``caught_up``."""
        present = [service for service in self.services.values() if service.cluster_name == cluster]
        for service in present if caught_up else ():
            engine.catch_up(service, self.now, self.env)
        shown = (self.env.past.service(service) for service in present)
        return [service for service in shown if service is not None]

    def all_services(self) -> list[Service]:
        """Those of all clusters, as they were when last looked at."""
        shown = (self.env.past.service(service) for service in self.services.values())
        return [service for service in shown if service is not None]

    def touch(self, service: Service) -> None:
        """A service was changed."""
        engine.touch(service, self.now, self.env)

    def catch_up(self) -> None:
        """Bring everything up to the present."""
        for service in self.services.values():
            engine.catch_up(service, self.now, self.env)
        self.catch_up_loose_tasks()

    def due(self) -> Iterator[float]:
        """When something will happen by itself."""
        yield from (service.next_due for service in self.services.values())
        yield from (task.agenda[0][0] for task in self.loose_tasks.values() if task.agenda)

    def catch_up_loose_tasks(self) -> None:
        """The same for tasks that no service started."""
        for task in list(self.loose_tasks.values()):
            while task.agenda and task.agenda[0][0] <= self.now:
                if tasks.step(task, self.env.timings) == "forgotten":
                    del self.loose_tasks[task.id]
                    break

    def task(self, cluster: str, task_id: str) -> Task | None:
        """The task with this id in this cluster, up to date."""
        for service in self.services.values():
            if service.cluster_name == cluster and task_id in service.tasks:
                engine.catch_up(service, self.now, self.env)
                shown = self.env.past.service(service)
                return shown.tasks.get(task_id) if shown is not None else None
        self.catch_up_loose_tasks()
        task = self.loose_tasks.get(task_id)
        return task if task is not None and task.cluster_arn == self.arn("cluster", cluster) else None

    def definition(self, reference: str) -> TaskDefinition | None:
        """``family`` (its newest ACTIVE revision), ``family:revision`` or an ARN."""
        family, _colon, revision = reference.rsplit("/", maxsplit=1)[-1].partition(":")
        revisions = self.definitions.get(family, {})
        if not revision:
            active = [item for item in self.revisions_of(family) if item.status == "ACTIVE"]
            return max(active, key=lambda item: item.revision, default=None)
        if not revision.isdigit():
            # Users of CodeDeploy have met it: "Invalid revision number. Number: latest (Service: AmazonECS; …; Error
            # Code: InvalidParameterException".
            raise invalid(f"Invalid revision number. Number: {revision}")
        found = revisions.get(int(revision))
        if found is not None and self._deleted(found):
            del revisions[found.revision]
            return None
        return self.env.past.definition(found)

    def revisions_of(self, family: str) -> list[TaskDefinition]:
        """All task definitions of a family, oldest first."""
        shown = (self.env.past.definition(item) for item in self.definitions.get(family, {}).values())
        return sorted((item for item in shown if item is not None), key=lambda item: item.revision)

    def note(self, at: float) -> None:
        """Something may have changed at ``at``."""
        for service in self.services.values():
            self.env.past.note(service, at)
        for revisions in self.definitions.values():
            for definition in revisions.values():
                self.env.past.note_definition(definition, at)

    def _deleted(self, definition: TaskDefinition) -> bool:
        requested = definition.data.get("deleteRequestedAt")
        if requested is None or self.now - requested < self.env.timings.task_definition_deleted:
            return False
        return not any(
            task.task_definition is definition
            for service in self.services.values()
            for task in service.tasks.values()
            if task.last_status != "STOPPED"
        )

    def deployable(self, reference: str) -> TaskDefinition:
        """A task definition that a service may be given. Raises ClientException."""
        definition = self.definition(reference)
        if definition is None:
            raise client_error("TaskDefinition not found.")
        if definition.status != "ACTIVE":
            raise client_error("TaskDefinition is inactive")
        return definition

    def record(self, arn: str) -> tuple[Service, ServiceDeployment] | None:
        """The service deployment with this ARN, and its service, up to date."""
        service = self.owner(arn)
        records = service.records if service is not None else []
        found = next((record for record in records if record.arn == arn), None)
        return (service, found) if service is not None and found is not None else None

    def owner(self, arn: str) -> Service | None:
        """The service that a service deployment or service revision with this ARN belongs to, up to date."""
        parts = arn.split("/")
        if len(parts) < 4 or f":{self.region}:" not in arn:
            return None
        service = self.services.get(f"{parts[1]}:{parts[2]}")
        if service is not None:
            engine.catch_up(service, self.now, self.env)
        return self.env.past.service(service)


def state_of(
    account: str, region: str, timings: Timings, registry: Registry, functions: Functions, history: History
) -> EcsState:
    """The state for an account and Region, made on first use."""
    backend = ecs_backends[account][region]
    state = backend.__dict__.get(_ATTRIBUTE)
    if state is None:
        alarms = cloudwatch_backends[account][region]

        def in_alarm(names: list[str]) -> list[str]:
            return [name for name in names if name in alarms.alarms and alarms.alarms[name].state_value == "ALARM"]

        def instances(cluster: str) -> int:
            present = backend.container_instances.get(cluster) or {}
            return sum(instance.status == "ACTIVE" for instance in present.values())

        listeners, past = Listeners(elbv2_backends[account][region]), EcsPast(history)
        state = EcsState(backend, Environment(timings, registry, functions, listeners, in_alarm, instances, past))
        backend.__dict__[_ATTRIBUTE] = state
    found: EcsState = state
    return found


def all_states() -> Iterator[EcsState]:
    """Every state that exists."""
    for accounts in list(ecs_backends.values()):
        for backend in list(accounts.values()):
            state = backend.__dict__.get(_ATTRIBUTE)
            if state is not None:
                yield state
