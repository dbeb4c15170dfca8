# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Who suspends which Auto Scaling processes for a deployment: CodeDeploy or autoscaling_suspend. Pure.

CodeDeploy can suspend a few of them and resumes them when the deployment ends, however it ends
(https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling-suspend-processes.html). No
process may be given to both: if CodeDeploy resumed it, that would look as if somebody had taken over, and the rest
would stay suspended.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group

# AutoScalingGroupProcess in botocore's model.
NATIVE: t.Final = ("Terminate", "AZRebalance", "InstanceRefresh", "ScheduledActions")


@dataclass(frozen=True)
class Suspension:
    """``by_codedeploy`` and ``by_us`` have no process in common. ``why``: why no more is left to CodeDeploy."""

    by_codedeploy: tuple[str, ...] = ()
    by_us: tuple[str, ...] = ()
    why: str = ""

    def request(self) -> dict[str, t.Any]:
        """The members for CreateDeployment."""
        if not self.by_codedeploy:
            return {}
        return {"ec2DeploymentOptions": {"autoScalingGroupProcessesToSuspend": list(self.by_codedeploy)}}


def of(group: Group | None, given: Suspension | None = None) -> dict[str, list[str]]:
    """For results: the Auto Scaling groups of an in-place deployment, and what CodeDeploy suspends there."""
    if group is None or group.blue_green:
        return {"auto_scaling_groups": [], "suspended_by_codedeploy": []}
    suspended = given.by_codedeploy if given is not None and given.by_codedeploy else group.suspends
    return {"auto_scaling_groups": list(group.auto_scaling_groups), "suspended_by_codedeploy": list(suspended)}


def left_suspended(given: Suspension, group: Group, now: t.Mapping[str, t.Collection[str]]) -> dict[str, list[str]]:
    """By Auto Scaling group: what CodeDeploy suspended for a deployment that has ended and did not resume.

    Processes that the group's own setting suspends may have been suspended before; nobody has looked at those.
    """
    ours = [process for process in given.by_codedeploy if process not in group.suspends]
    found = {name: [process for process in ours if process in processes] for name, processes in now.items()}
    return {name: processes for name, processes in found.items() if processes}


def split(
    wanted: t.Iterable[str], group: Group, suspended: t.Mapping[str, t.Collection[str]], known_to_botocore: bool
) -> Suspension:
    """Who suspends the ``wanted`` processes during a deployment to ``group``.

    ``suspended``: the processes suspended now, by Auto Scaling group. ``known_to_botocore``:
    :func:`~..api.suspends_processes`.
    """
    processes = tuple(dict.fromkeys(wanted))
    # Only groups on the platform Server can have one.
    if not group.auto_scaling_groups:
        return Suspension(why="the deployment group has no Auto Scaling group, so there is nothing to suspend")
    if group.blue_green:
        return Suspension(why="a blue/green deployment goes to instances of its own, so there is nothing to suspend")
    if not known_to_botocore:
        return Suspension(by_us=processes, why="the installed botocore is older than 1.44.0")
    before = {process for names in suspended.values() for process in names}
    by_codedeploy = _by_codedeploy(processes, group, before)
    by_us = tuple(process for process in processes if process not in by_codedeploy)
    return Suspension(by_codedeploy, by_us, _why_left([process for process in by_us if process in before]))


def _by_codedeploy(wanted: t.Sequence[str], group: Group, before: t.Collection[str]) -> tuple[str, ...]:
    """What to ask CodeDeploy for. An explicit list replaces the group's own setting, so that has to be part of it.

    AWS does not say whether CodeDeploy would resume a process it found suspended, so we do not give it those.
    """
    ours = [process for process in wanted if process in NATIVE and process not in before]
    native = tuple(process for process in NATIVE if process in ours or process in group.suspends)
    known = tuple(process for process in group.suspends if process not in NATIVE)
    return (*native, *known)


def _why_left(left: t.Sequence[str]) -> str:
    if not left:
        return ""
    return f"{', '.join(left)} suspended before, and it is not known whether CodeDeploy would keep that"
