# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is on record of the services of a call, read by their controllers for all of them together."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history


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
        past = self._found[name]
        if past.history is not None:
            self._found[name] = replace(
                past, history=history.read(past.history.deployments, copies, past.history.unlisted)
            )
