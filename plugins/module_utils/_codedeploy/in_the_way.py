# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Ending a deployment of CodeDeploy that is in the way of another one. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment


def with_rollback(running: Deployment) -> bool:
    """Whether a deployment that is only in the way is stopped with a rollback.

    A deployment group runs one deployment at a time, so that the other one has to end first. As a rule it is stopped
    with a rollback: "CodeDeploy reroutes traffic from the replacement task set to the original task set"
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html), and the next deployment does
    not begin with traffic that is half shifted. Without one

    * if nothing of it has begun, or if it is a rollback itself;
    * if all the traffic is on its tasks already: a rollback would lead it to a version that nobody has asked for, and
      from there to the target;
    * in place, where a rollback would only deploy a third revision between the two.
    """
    begun = running.status not in ("Created", "Queued")
    return running.blue_green and begun and not running.waits_for_termination and not running.is_rollback
