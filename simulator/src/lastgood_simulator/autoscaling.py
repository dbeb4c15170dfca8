# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon EC2 Auto Scaling where moto differs from AWS: suspending processes.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses.html
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, autoscaling_backends

from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation
from lastgood_simulator.past import History

SERVICE = "autoscaling"
PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
_ATTRIBUTE = "lastgood_suspension_reasons"
# Nobody has published the real one.
_BY_AWS = "Administratively suspended: the group has failed to launch instances for more than 24 hours"


def _suspended_processes(group: Any) -> list[dict[str, str]]:
    """moto keeps the names of suspended processes, but no reasons."""
    reasons = group.__dict__.get(_ATTRIBUTE, {})
    return [{"ProcessName": name, "SuspensionReason": reasons.get(name, "")} for name in group._suspended_processes]


def install() -> None:
    """Let moto's groups show the reasons."""
    present: property = FakeAutoScalingGroup.__dict__["suspended_processes"]
    setattr(FakeAutoScalingGroup, "suspended_processes", present.getter(_suspended_processes))  # noqa: B010


install()


def suspend_by_aws(account: str, region: str, name: str, processes: Sequence[str]) -> None:
    """What AWS does by itself to a group that keeps failing to launch instances.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
    """
    group = autoscaling_backends[account][region].autoscaling_groups[name]
    group.suspended_processes = [*group._suspended_processes, *processes]
    group.__dict__.setdefault(_ATTRIBUTE, {}).update(dict.fromkeys(processes, _BY_AWS))


_Group = tuple[list[str], dict[str, str], list[dict[str, Any]]]


def note(history: History, at: float) -> None:
    """Groups may have changed: their suspended processes with the reasons, and their tags."""
    for account, regions in list(autoscaling_backends.items()):
        for region, backend in list(regions.items()):
            history.note(("groups", account, region), at, _picture(backend))


def _picture(backend: Any) -> dict[str, _Group]:
    return {
        name: copy.deepcopy((group._suspended_processes, group.__dict__.get(_ATTRIBUTE, {}), group.tags))
        for name, group in backend.autoscaling_groups.items()
    }


@contextlib.contextmanager
def as_seen(context: Context) -> Iterator[None]:
    """In the `with` block moto's groups are as the current answer shows them."""
    history = context.world.history
    if history.view.moment is None:
        # moto has no Auto Scaling, nor the default VPC that comes with it, before somebody asks for that.
        yield
        return
    backend = autoscaling_backends[context.account][context.region]
    key = ("groups", context.account, context.region)
    present, all_groups = _picture(backend), dict(backend.autoscaling_groups)
    history.settle(key, present)
    seen = history.seen(key, history.view.moment) or {}
    for name in all_groups:
        if name in seen:
            _make(backend.autoscaling_groups[name], seen[name])
        else:
            del backend.autoscaling_groups[name]
    try:
        yield
    finally:
        backend.autoscaling_groups.clear()
        backend.autoscaling_groups.update(all_groups)
        for name, group in all_groups.items():
            _make(group, present[name])


def _make(group: Any, picture: _Group) -> None:
    processes, reasons, tags = copy.deepcopy(picture)
    group._suspended_processes, group.tags = processes, tags
    group.__dict__[_ATTRIBUTE] = reasons


def _checked(context: Context, params: dict[str, Any]) -> tuple[Any, list[str]]:
    group_name = params.get("AutoScalingGroupName", "")
    group = autoscaling_backends[context.account][context.region].autoscaling_groups.get(group_name)
    if group is None:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup {group_name} not found")
    names = params.get("ScalingProcesses") or list(PROCESSES)
    unknown = [name for name in names if name not in PROCESSES]
    if unknown:
        raise AwsError("ValidationError", f"Invalid scaling process types: {', '.join(unknown)}")
    return group, names


@operation(SERVICE, "SuspendProcesses")
def suspend_processes(context: Context, params: dict[str, Any]) -> None:
    """Check the names and note the reason; moto suspends. Without names: all."""
    group, names = _checked(context, params)
    moment = datetime.fromtimestamp(context.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    reasons = group.__dict__.setdefault(_ATTRIBUTE, {})
    for name in names:
        if name not in group._suspended_processes:
            reasons[name] = f"User suspended at {moment}"


@operation(SERVICE, "ResumeProcesses")
def resume_processes(context: Context, params: dict[str, Any]) -> None:
    """Check the names; moto resumes. Without names: all."""
    _checked(context, params)
