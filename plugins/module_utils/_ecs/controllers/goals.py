# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a call asks for: to take services back, or to deploy a revision to them.

The rollback events have CodeDeploy's names (AutoRollbackEvent in its API). For services that ECS deploys they mean:

* ``DEPLOYMENT_FAILURE``: the deployment does not come up. ECS's circuit breaker sees part of that, and rolls back;
  it does not see crash loops of tasks that were RUNNING, or deployments that get nowhere.
* ``DEPLOYMENT_STOP_ON_ALARM``: one of the deployment's alarms goes into ALARM. ECS sees that, and rolls back.
* ``DEPLOYMENT_STOP_ON_REQUEST``: somebody stops the deployment. StopServiceDeployment rolls back by itself: ROLLBACK is
  the only documented stopType
  (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks.settings import Mode
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection

EVENTS: t.Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
# What to do with a deployment that is running, before a rollback and before a deployment.
InFlight = t.Literal["stop", "supersede", "refuse"]


@dataclass(frozen=True)
class GoBack:
    """Take a service back."""

    selection: Selection
    in_flight: InFlight = "stop"
    tasks: int | None = None
    pin_images: images.PinImages = "auto"
    # Skip bake time, steps and PAUSE hooks.
    fast: bool = False
    # Deregister the version that was left, afterwards.
    deregister: bool = False
    # What a check that blocks comes to.
    checks: Mode = "enforce"
    # None: as the deployment group says. Empty: none.
    rollback_events: tuple[str, ...] | None = None
    # As it was written; the selection has the time that it stands for, once that is known.
    as_of: AsOf | None = None
    # When the plan was made that is carried out, by AWS's clock; None if there is none.
    shown_at: datetime | None = None
    # That plan has the digests of the target's images.
    pinned: bool = False
    # What is asked for each service, by name, if that differs.
    each: t.Mapping[str, GoBack] = field(default_factory=dict)

    def of(self, service: str) -> GoBack:
        """What is asked for this service."""
        return self.each.get(service, self)

    def dated(self, now: datetime) -> GoBack:
        """The same at this time, with the time that ``as_of`` stands for; both stay once they are known."""
        selection = replace(self.selection, now=self.selection.now or now)
        if self.as_of is not None and selection.as_of is None:
            selection = replace(selection, as_of=self.as_of.seen_from(now))
        return replace(self, selection=selection)

    def going_to(self, target: str) -> GoBack:
        """The same, for a target that was chosen already."""
        chosen = Selection(
            revision=target,
            chosen=True,
            # It was chosen already, and all other guards stand.
            force=self.selection.force | AGAIN,
            copies=self.selection.copies,
            to_the_letter=self.selection.to_the_letter,
            finishes=self.selection.finishes,
        )
        # Whether what is left may be deregistered was decided with the plan that chose the target.
        return replace(self, selection=chosen, as_of=None, deregister=False, each={})


@dataclass(frozen=True)
class GoTo:
    """Deploy a revision to a service."""

    revision: str
    # None: the deployment group's setting if CodeDeploy deploys, else none.
    events: tuple[str, ...] | None = None
    alarms: tuple[str, ...] = ()
    in_flight: t.Literal["supersede", "refuse"] = "supersede"
    force: Force = NOTHING
    # What a check that blocks comes to.
    checks: Mode = "enforce"

    # The task count stays.
    tasks: t.ClassVar[None] = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The events asked for here."""
        return self.events or ()

    def of(self, service: str) -> GoTo:
        """What is asked for this service."""
        return self

    def going_to(self, target: str) -> GoTo:
        """The same: the revision is the target."""
        return self


Goal = t.Union[GoBack, GoTo]
AnyGoal_co = t.TypeVar("AnyGoal_co", bound=Goal, covariant=True)
