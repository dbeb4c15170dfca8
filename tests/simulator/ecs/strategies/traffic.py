# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How traffic is shared between service revisions."""

from __future__ import annotations

from tests.simulator.ecs.environment import Environment
from tests.simulator.ecs.model import Deployment, Service, ServiceRevision, Shift, Step


def begin(service: Service, blue: Deployment | None) -> None:
    """The weights that a deployment begins with: as its predecessor left production, or all on blue; nothing tested."""
    service.test_traffic.clear()
    if blue is not None and not service.production_traffic:
        give_all(service, blue)


def give_all(service: Service, to: Deployment | None) -> None:
    """All production traffic to one revision, and no test traffic."""
    service.test_traffic.clear()
    service.production_traffic.clear()
    if to is not None:
        service.production_traffic[to.revision.arn] = 100.0


def shift(service: Service, state: Shift, step: Step, env: Environment) -> None:
    """Set the weights that a step begins with."""
    for weights, percent in ((service.production_traffic, step.production), (service.test_traffic, step.test)):
        if percent is None:
            continue
        weights.clear()
        weights[state.green.revision.arn] = percent
        # Test traffic comes with the revision that is tested and goes with it.
        if state.blue is not None:
            weights[state.blue.revision.arn] = 100.0 - percent if weights is service.production_traffic else 0.0


def through_network(revision: ServiceRevision) -> bool:
    """Whether traffic comes through a Network Load Balancer."""
    advanced = [lb.get("advancedConfiguration") or {} for lb in revision.settings.get("loadBalancers") or []]
    return any(":listener/net/" in item.get("productionListenerRule", "") for item in advanced)


def problem(revision: ServiceRevision, env: Environment) -> str | None:
    """Why the listener rules do not allow a deployment, None when they do."""
    return None
