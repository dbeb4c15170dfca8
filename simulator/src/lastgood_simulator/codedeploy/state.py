# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of AWS CodeDeploy in one account and Region, kept on moto's backend so that moto's reset clears it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from moto.codedeploy.models import codedeploy_backends

from lastgood_simulator.codedeploy import engine, errors
from lastgood_simulator.codedeploy.model import Application, Deployment, Group, OnPremises, Shape
from lastgood_simulator.ecs import engine as ecs_engine
from lastgood_simulator.ecs.state import EcsState
from lastgood_simulator.operations import Context

if TYPE_CHECKING:
    from lastgood_simulator.world import World

_ATTRIBUTE = "lastgood_simulator"


class CodeDeployState:
    """Finds things and brings deployments up to the present before anybody sees them."""

    def __init__(self, backend: Any, ecs: EcsState, world: World) -> None:
        self.ecs = ecs
        self.bundles = world.bundles
        self.agents = world.agents
        self.faults = world.faults
        self.region: str = backend.region_name
        self.account: str = backend.account_id
        self.now = 0.0
        self.applications: dict[str, Application] = {}
        # The user's own deployment configurations.
        self.configs: dict[str, Shape] = {}
        # Every deployment, also those whose group is gone, by id, oldest first.
        self.deployments: dict[str, Deployment] = {}
        self.on_premises: dict[str, OnPremises] = {}
        # ARN to tags.
        self.tags: dict[str, dict[str, str]] = {}

    def arn(self, kind: str, name: str) -> str:
        """``arn:aws:codedeploy:…:kind:name``."""
        return f"arn:aws:codedeploy:{self.region}:{self.account}:{kind}:{name}"

    def application(self, params: dict[str, Any]) -> Application:
        """The application that the parameters name. Raises ApplicationDoesNotExistException."""
        name = errors.required(params, "applicationName", "ApplicationName")
        if name not in self.applications:
            raise errors.error("ApplicationDoesNotExist", f"No application found for name: {name}")
        return self.applications[name]

    def group(self, params: dict[str, Any], member: str = "deploymentGroupName") -> Group:
        """The group that the parameters name, up to date. Raises DeploymentGroupDoesNotExistException."""
        application = self.application(params)
        name = errors.required(params, member, "DeploymentGroupName")
        if name not in application.groups:
            raise errors.error("DeploymentGroupDoesNotExist", f"No Deployment Group found for name: {name}")
        self.refresh(application.groups[name])
        return application.groups[name]

    def deployment(self, params: dict[str, Any]) -> Deployment:
        """The deployment that the parameters name, up to date. Raises DeploymentDoesNotExistException."""
        reference = checked_id(errors.required(params, "deploymentId", "DeploymentId"))
        if reference not in self.deployments:
            raise errors.error("DeploymentDoesNotExist", f"The deployment {reference} could not be found")
        deployment = self.deployments[reference]
        self.refresh(deployment.group)
        return deployment

    def refresh(self, group: Group) -> None:
        """Let everything happen in a group that is due."""
        for deployment in list(group.deployments):
            if deployment.service is not None:
                ecs_engine.catch_up(deployment.service, self.now, self.ecs.env)
        if group.application.platform != "ECS":
            engine.catch_up(self, group, self.now)

    def touch(self, deployment: Deployment) -> None:
        """Something about a deployment was changed: let what follows from it happen."""
        if deployment.service is not None:
            ecs_engine.touch(deployment.service, self.now, self.ecs.env)
        else:
            self.refresh(deployment.group)

    def look(self) -> None:
        """Auto Scaling groups may have changed."""
        for application in self.applications.values():
            for group in application.groups.values():
                if group.settings.get("autoScalingGroups"):
                    self.refresh(group)
                    engine.look(self, group, self.now)

    def due(self) -> Iterator[float]:
        """When something will happen by itself."""
        for deployment in self.deployments.values():
            yield from engine.timers(deployment)

    def catch_up(self) -> None:
        """Bring everything up to the present."""
        for group in {id(item.group): item.group for item in self.deployments.values()}.values():
            self.refresh(group)


def checked_id(reference: str) -> str:
    """Raise InvalidDeploymentIdException for what cannot be a deployment's id."""
    if not re.fullmatch(r"d-[A-Z0-9]{9}", reference):
        raise errors.error("InvalidDeploymentId", f"Specified DeploymentId is not in the valid format: {reference}")
    return reference


def state_of(context: Context) -> CodeDeployState:
    """The state for the caller's account and Region at the time of the call, made on first use."""
    backend = codedeploy_backends[context.account][context.region]
    state = backend.__dict__.get(_ATTRIBUTE)
    ecs = context.world.ecs(context)
    if state is None:
        state = backend.__dict__[_ATTRIBUTE] = CodeDeployState(backend, ecs, context.world)
    found: CodeDeployState = state
    found.now = context.now
    return found


def all_states() -> Iterator[CodeDeployState]:
    """Every state that exists."""
    for accounts in list(codedeploy_backends.values()):
        for backend in list(accounts.values()):
            state = backend.__dict__.get(_ATTRIBUTE)
            if state is not None:
                yield state
