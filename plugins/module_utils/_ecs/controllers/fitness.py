# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a task definition is fit to be deployed to a service, no matter who deploys it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition


def ports(service: Service, target: TaskDefinition) -> list[Finding]:
    """What its load balancers would miss."""
    return settings.load_balancer_ports(service, target) if target.content else []


def copy_of(goal: GoBack, facts: Facts, target: TaskDefinition) -> tuple[t.Mapping[str, str] | None, list[Finding]]:
    """The copy that is deployed in place of the target, and what there is to say.

    Digests by container name; None if the target itself will do. Empty is a copy that pins nothing.
    """
    decision = images.decide(goal.pin_images, target, facts.images or ())
    copy = decision.pin or ({} if _copy_anyway(goal, target) else None)
    return copy, [*decision.findings, *(settings.target_state(target) if copy is None else _whole(target))]


def _whole(target: TaskDefinition) -> list[Finding]:
    """That a copy would lack something. botocore drops what it does not know, and RegisterTaskDefinition could not
    send it either.
    """
    if not target.unknown:
        return []
    name = names.short(target.arn)
    what = (
        f"a copy of {name} with its images pinned would lack {', '.join(target.unknown)}, which the installed botocore "
        f"does not know. Install a newer boto3, name another revision, or deploy {name} itself: pin_images=never"
    )
    return [Finding("copy_members", "block", what)]


def _copy_anyway(goal: GoBack, target: TaskDefinition) -> bool:
    """A task definition that is not ACTIVE but can still be read is deployed as a copy, if copies were asked for."""
    return goal.pin_images == "always" and target.status != "ACTIVE" and bool(target.content)
