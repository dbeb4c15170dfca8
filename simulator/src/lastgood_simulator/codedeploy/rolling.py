# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Working on the instances of a deployment so many at a time as may be unhealthy, and when that has failed.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from lastgood_simulator.codedeploy.model import Deployment, DeploymentFailed, Script, Target, Wait

# https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html
_TOO_FEW = (
    "The deployment can't start because the minimum number of healthy instances, as defined by your deployment "
    "configuration, are not available. You can reduce the required number of healthy instances by updating your "
    "deployment configuration or increase the number of instances in this deployment group."
)
TOO_MANY_FAILED = (
    "The overall deployment failed because too many individual instances failed deployment, too few healthy instances "
    "are available for deployment, or some instances in your deployment group are experiencing problems."
)


@dataclass
class _Work:
    target: Target
    script: Script
    wait: Wait


def roll_out(
    deployment: Deployment,
    targets: list[Target],
    members: int,
    least: int,
    work: Callable[[Target, float], Script],
    at: float,
) -> Generator[Wait, float, float]:
    """Do some ``work`` on targets, so that of so many ``members`` at ``least`` so many stay healthy.

    Raises DeploymentFailed with HEALTH_CONSTRAINTS and HEALTH_CONSTRAINTS_INVALID.
    """
    if least >= members:
        _leave(deployment)
        raise DeploymentFailed("HEALTH_CONSTRAINTS_INVALID", _TOO_FEW)
    waiting = list(targets)
    running: list[_Work] = []
    failed = 0
    while waiting or running:
        if waiting and members - failed <= least:
            _leave(deployment)
            raise DeploymentFailed("HEALTH_CONSTRAINTS", TOO_MANY_FAILED)
        while waiting and len(running) < members - failed - least:
            target = waiting.pop(0)
            running.append(_begun(target, work(target, at)))
        at = yield _any([item.wait for item in running])
        for item in [item for item in running if item.wait.over(at)]:
            try:
                item.wait = item.script.send(at)
            except StopIteration:
                running.remove(item)
                failed += item.target.status == "Failed"
    # "Deployment to at least one instance must succeed."
    if members - failed < max(least, 1):
        _leave(deployment)
        raise DeploymentFailed("HEALTH_CONSTRAINTS", TOO_MANY_FAILED)
    return at


def _begun(target: Target, script: Script) -> _Work:
    return _Work(target, script, next(script))


def _any(waits: list[Wait]) -> Wait:
    dues = [wait.due for wait in waits if wait.due is not None]
    checks = [wait.ready for wait in waits if wait.ready is not None]
    return Wait(min(dues, default=None), lambda: any(check() for check in checks))


def _leave(deployment: Deployment) -> None:
    """What has not begun is not begun any more."""
    for left in deployment.targets:
        if left.status == "Pending":
            left.status = "Skipped"
            for event in left.events:
                event.status = "Skipped"
