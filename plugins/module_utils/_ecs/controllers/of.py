# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which controller deploys a service, the only place that asks, and what they have on record of all services of a call.

Code for controllers other than ECS is imported only when a service needs it: most calls never do.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.controller import Ecs
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service


class Unknown(Ecs):
    """A kind that this version does not know. It reads nothing and does nothing."""

    def read_past(
        self, services: t.Sequence[Service], everything: bool = False, now: datetime | None = None
    ) -> dict[str, Past]:
        return {service.name: Past() for service in services}

    def unfit(self, service: Service) -> list[Finding]:
        what = f"service {service.name} has the deployment controller {service.controller}, which this version does "
        what += f"not know; it rolls back services with {', '.join(sorted(_KINDS))}"
        return [Finding("deployment_controller", "block", what)]

    def undeployable(self, service: Service) -> list[Finding]:
        what = f"the deployment controller is {service.controller}, which is not known here"
        return [deploys.block("deployment_controller", what)]

    def protection(self, planned: Plan) -> None:
        return None

    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        return Known("refused", f"the deployment controller is {service.controller}, which is not known here")


def _ecs() -> type[Controller]:
    return Ecs


def _codedeploy() -> type[Controller]:
    from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.controller import CodeDeploy

    return CodeDeploy


def _external() -> type[Controller]:
    from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.controller import External

    return External


def _unknown() -> type[Controller]:
    return Unknown


_KINDS: t.Final[t.Mapping[str, t.Callable[[], type[Controller]]]] = {
    "ECS": _ecs,
    "CODE_DEPLOY": _codedeploy,
    "EXTERNAL": _external,
}


class Controllers:
    """The controllers of one call, each made once."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._made: dict[str, Controller] = {}

    def of(self, service: Service) -> Controller:
        """What deploys this service."""
        kind = service.controller
        if kind not in self._made:
            self._made[kind] = _KINDS.get(kind, _unknown)()(self._aws, self._clock)
        return self._made[kind]

    @property
    def brisk(self) -> Controllers:
        """The same for looks that are repeated anyway, as :attr:`.Aws.brisk`."""
        return Controllers(self._aws.brisk, self._clock)


class Pasts:
    """Pasts by the services' names. With a ``clock``, a rollback that AWS may still be about to make counts too."""

    def __init__(self, controllers: Controllers, clock: Clock | None = None) -> None:
        self._controllers = controllers
        self._clock = clock
        self._services: dict[str, Service] = {}
        self._found: dict[str, Past] = {}

    def of(self, name: str) -> Past:
        """What is on record of a service; nothing, if it was not read."""
        return self._found.get(name, Past())

    def read(self, services: t.Iterable[Service], everything: bool = False) -> None:
        """Read the newest deployments of these services, or all that AWS keeps."""
        chosen = list(services)
        self._services.update({service.name: service for service in chosen})
        now = self._clock.now() if self._clock is not None else None
        for controller in dict.fromkeys(self._controllers.of(service) for service in chosen):
            here = [service for service in chosen if self._controllers.of(service) is controller]
            self._found.update(controller.read_past(here, everything, now))

    def describe(self, wanted: t.Mapping[str, t.Iterable[str]]) -> bool:
        """Read how many tasks deployments had, by service name. Returns whether more is known now."""
        more: dict[str, Past] = {}
        read = {name: self._services[name] for name in wanted if name in self._services}
        for controller in dict.fromkeys(self._controllers.of(service) for service in read.values()):
            here = {n: wanted[n] for n, service in read.items() if self._controllers.of(service) is controller}
            more.update(controller.describe(self._found, here))
        self._found.update(more)
        return bool(more)

    def learn_copies(self, name: str, copies: t.Mapping[str, str]) -> None:
        """These versions of a service are pinned copies of others."""
        self._found[name] = self._found[name].with_copies(copies)
