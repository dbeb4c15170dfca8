# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The way back for services that CodeDeploy deploys, and what may come in between. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import InFlight
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Way, refused
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import STOPPABLE
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def by_codedeploy(in_flight: InFlight, history: History | None, target: str, current: str) -> Way:
    """CodeDeploy runs one deployment of a group at a time, so one that runs cannot be superseded, only stopped.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
    """
    if history is None:
        return refused((), "without the deployments of CodeDeploy nothing can be decided")
    running = history.running
    if running is None:
        if names.same(target, current):
            return Way("nothing", "none", f"it is on {names.short(target)} already")
        return Way("act", "codedeploy_deployment")
    if history.lands_on is not None and names.same(history.lands_on, target):
        return Way("act", "adopt")
    what = f"deployment {running.id} to {names.short(running.target.task_definition)} is running ({running.status})"
    if in_flight == "refuse":
        return refused((), f"{what}, and in_flight is refuse")
    native = history.native_stop_lands_on
    if running.status in STOPPABLE and native is not None and names.same(native, target):
        return Way("act", "codedeploy_stop")
    # It has to end first.
    return Way("act", "codedeploy_deployment")
