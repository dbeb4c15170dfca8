# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which permissions a rollback of a service lacks, and what that costs. Pure: it takes what AWS said."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Denied
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Need, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import ScalableTarget
from ansible_collections.lastgood.aws.plugins.module_utils._status import permissions
from ansible_collections.lastgood.aws.plugins.module_utils._status.permissions import Weight
from ansible_collections.lastgood.aws.plugins.module_utils._status.simulation import Decision

# What cannot be told from reading, whoever deploys the service, and on which of its resources it is needed.
_MARKS: t.Final = ("ecs:TagResource", "ecs:UntagResource")
_REASONS: t.Final = ("ecs:ListTasks", "ecs:DescribeTasks")
_DEREGISTER: t.Final = ("ecs:DeregisterTaskDefinition", "ecs:ListClusters", "ecs:ListServices")
_ORDER: t.Final[t.Sequence[Weight]] = t.get_args(Weight)
_SCALING: t.Final = tuple(
    f"application-autoscaling:{name}" for name in ("RegisterScalableTarget", "TagResource", "UntagResource")
)


class Lack(t.NamedTuple):
    """A permission that is missing, or of which it is not known. ``resources`` are empty if AWS names none."""

    action: str
    state: t.Literal["missing", "unknown"]
    weight: Weight
    resources: tuple[str, ...] = ()
    # It was met while reading, so the plan takes it into account already.
    met: bool = False

    @property
    def stops(self) -> bool:
        """Whether AWS would refuse the rollback because of it, though its plan can be made."""
        return self.state == "missing" and self.weight == "required" and not self.met

    @property
    def cost(self) -> str:
        """What happens without it, as a clause."""
        return permissions.of(self.action).cost

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "permission": self.action,
            "state": self.state,
            "weight": self.weight,
            "cost": self.cost,
            "resources": list(self.resources),
        }


class Wanted(t.NamedTuple):
    """A need of a service, and what it means for this service to lack it."""

    need: Need
    weight: Weight


def of_plan(planned: Plan, controller: Controller, target: ScalableTarget | None) -> list[Wanted]:
    """What a rollback of this service may write. ``target`` is its scalable target."""
    service = planned.service
    found = [*_of_the_methods(planned, controller), *_of_the_versions(planned, controller)]
    found += [Wanted(Need(action), "lesser") for action in _REASONS]
    if service.load_balancers:
        found.append(Wanted(Need("elasticloadbalancing:DescribeTargetHealth"), "lesser"))
    found += [Wanted(Need(action), "option") for action in _DEREGISTER]
    if target is not None:
        found += [Wanted(Need(action, target.arn), "option") for action in _SCALING]
    return found


def _of_the_methods(planned: Plan, controller: Controller) -> list[Wanted]:
    """Without what the plan's own method needs it is refused; if it asks for nothing, the usual method counts."""
    each = controller.needs(planned)
    own = planned.method if planned.verb == "act" and planned.method in each else controller.method
    return [Wanted(need, "required" if method == own else "lesser") for method, needs in each.items() for need in needs]


def _of_the_versions(planned: Plan, controller: Controller) -> list[Wanted]:
    """The record, the marks, and a copy that pins images, if the plan has one or another rollback will."""
    current = planned.current
    found = [Wanted(Need(action, arn), "lesser") for action in _MARKS for arn in (planned.service.arn, current)]
    copies = planned.verb == "act" and bool(controller.pins(planned))
    version = planned.target.arn if planned.target is not None else current
    return [*found, Wanted(Need("ecs:RegisterTaskDefinition", version), "required" if copies else "lesser")]


def lacks(
    wanted: t.Iterable[Wanted], said: t.Callable[[Need], Decision], met: t.Iterable[Denied], asked: bool
) -> list[Lack]:
    """What is missing: ``met`` while reading, and what IAM ``said``. If IAM was not ``asked``, nothing of that counts.

    Each once for all resources; what is required comes first. Of what only one option needs, no doubt is told.
    """
    found = [Lack(one.action, "missing", permissions.of(one.action).weight, _some(one.resource), True) for one in met]
    known = {one.action for one in found}
    for need, weight in wanted if asked else ():
        decision = said(need)
        if decision == "denied" and need.action not in known:
            found.append(Lack(need.action, "missing", weight, _some(need.resource)))
        elif decision == "unknown" and need.action not in known and weight != "option":
            found.append(Lack(need.action, "unknown", weight, _some(need.resource)))
    return sorted(_together(found), key=lambda one: (one.state, _ORDER.index(one.weight)))


def _some(resource: str) -> tuple[str, ...]:
    return (resource,) if resource else ()


def _together(found: t.Iterable[Lack]) -> list[Lack]:
    """One for each permission: the worst that is known of it, with all resources of that."""
    by_action: dict[str, list[Lack]] = {}
    for one in found:
        by_action.setdefault(one.action, []).append(one)
    merged = []
    for some in by_action.values():
        worst = min(some, key=lambda one: (one.state, _ORDER.index(one.weight)))
        resources = [name for one in some if one.state == worst.state for name in one.resources]
        merged.append(worst._replace(resources=tuple(dict.fromkeys(resources))))
    return merged


def concerning(met: t.Iterable[Denied], service_arn: str, told: t.Sequence[str]) -> list[Denied]:
    """What AWS denied because of one service, or for all of them. ``told`` are sentences about this service.

    ``service_arn`` is empty if the service could not be read: then everything may be about it.
    """
    return [one for one in met if _concerns(one, service_arn, told)]


def _concerns(one: Denied, service_arn: str, told: t.Sequence[str]) -> bool:
    if not service_arn or not one.resource:
        return True
    own = service_arn.rpartition(":")[2].partition("/")[2]
    kind, _slash, rest = one.resource.rpartition(":")[2].partition("/")
    if kind in ("service", "service-deployment", "service-revision"):
        return f"{rest}/".startswith(f"{own}/")
    return any(f"{one.action} on {one.resource}" in text for text in told)
