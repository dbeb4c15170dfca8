# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is wished for, what was read for it, and the plan that comes of both: the data of planning."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images as ecs_images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Direction,
    Finding,
    Method,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History

InFlight = t.Literal["stop", "supersede", "refuse"]


Verb = t.Literal["act", "nothing", "refuse"]


# Methods by which ECS itself goes back, and those that write at all.
NATIVE: t.Final = frozenset({"continue_rollback", "stop_deployment"})


# Methods that deploy the target's task definition, so that it must be fit for that.
DEPLOYS: t.Final = frozenset({"update_service", "codedeploy_deployment"})


WRITES: t.Final = NATIVE | DEPLOYS


@dataclass(frozen=True)
class Step:
    verb: Verb
    method: Method
    reason: str = ""
    force_new_deployment: bool = False


@dataclass(frozen=True)
class Wish:
    """What the user asked for, of one service."""

    selection: Selection
    in_flight: InFlight = "stop"
    tasks: int | None = None
    pin_images: ecs_images.PinImages = "auto"
    fast: bool = False
    # Take what is left out of use afterwards.
    deregister: bool = False
    # None: as the deployment group says. Empty: none.
    rollback_events: tuple[str, ...] | None = None
    # As it was written; the selection has the time that it stands for, once that is known.
    as_of: AsOf | None = None

    def dated(self, now: datetime) -> Wish:
        """The same wish at this time, with the time that ``as_of`` stands for; both stay once they are known."""
        selection = replace(self.selection, now=self.selection.now or now)
        if self.as_of is not None and selection.as_of is None:
            selection = replace(selection, as_of=self.as_of.seen_from(now))
        return replace(self, selection=selection)

    def going_to(self, target: str) -> Wish:
        """The same wish, for a target that was chosen already."""
        chosen = Selection(
            revision=target,
            chosen=True,
            # It was chosen already, and all other guards stand.
            force=self.selection.force | AGAIN,
            copies=self.selection.copies,
            to_the_letter=self.selection.to_the_letter,
        )
        # Whether what is left may be deregistered was decided with the plan that chose the target.
        return replace(self, selection=chosen, as_of=None, deregister=False)


@dataclass(frozen=True)
class Past:
    """What is on record of a service. ``history`` is None if nothing can be read; ``problem`` says why, or what of it
    was left out.
    """

    history: History | None = None
    problem: str = ""
    # The newest deployment, if that one does not say what it deployed.
    newest_unread: str = ""
    # What else its controller has read. Nobody else looks into it.
    more: t.Any = None

    @property
    def newest_id(self) -> str:
        """The newest deployment on record, empty if none is."""
        newest = self.history.newest if self.history is not None else None
        return self.newest_unread or (newest.arn if newest is not None else "")


@dataclass(frozen=True)
class Facts:
    """What was read of one service."""

    service: Service
    past: Past
    known: t.Mapping[str, TaskDefinition]
    # What the registries say about the target's images; None if not asked yet.
    images: tuple[ecs_images.Check, ...] | None = None
    # What the alarms say that its controller asked for, None if they were not asked yet.
    alarms: t.Any = None
    # What the checks found that look beyond the service and its task definitions.
    readiness: tuple[Finding, ...] = ()

    @property
    def history(self) -> History | None:
        """What the service ran, None if that cannot be read."""
        return self.past.history


@dataclass(frozen=True)
class Between:
    """From where to where a service goes. ``now`` and ``good`` are what ran both of them, as far as that is known."""

    current: str
    target: TaskDefinition
    now: Revision | None
    good: Revision | None


@dataclass(frozen=True)
class Way:
    """How a service goes to its target, what stands against that, and what it needs. See :class:`Plan`."""

    step: Step
    findings: tuple[Finding, ...] = ()
    copy: t.Mapping[str, str] | None = None
    override: t.Mapping[str, t.Any] = field(default_factory=dict)
    request: t.Any = None
    task_set: Deployment | None = None


@dataclass(frozen=True)
class Plan:
    """What will be done with one service.

    ``verb`` says whether there is anything to do: ``nothing`` ends as unchanged, ``refuse`` as refused, with
    ``reason``. ``known_deployments`` are the ids of the deployments that were there when the plan was made: a
    PRIMARY that is not among them is somebody else's, or ours.
    """

    service: Service
    verb: Verb
    method: Method
    current: str
    reason: str
    choice: Choice
    target: TaskDefinition | None
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...]
    running: ServiceDeployment | None
    now: Revision | None
    good: Revision | None
    force_new_deployment: bool = False
    # Digests by container name, for the copy of the target to register; None if the target itself will do. Empty is a
    # copy that pins nothing: of a task definition that is no longer ACTIVE.
    copy: t.Mapping[str, str] | None = None
    # Changes of the deployment configuration for this one deployment.
    override: t.Mapping[str, t.Any] = field(default_factory=dict)
    # ARNs of the service deployments that were on record when the plan was made.
    known_records: frozenset[str] = frozenset()
    # The newest deployment on record, however it ended.
    newest: ServiceDeployment | None = None
    # Its id, or that of a newer one that does not say what it deployed; empty if there is no record.
    newest_id: str = ""
    # Pinned copies among the versions on record, and what they were made of.
    copies: t.Mapping[str, str] = field(default_factory=dict)
    # What the service ran before; None if not known.
    history: History | None = None
    # What CodeDeploy is asked for, with the method codedeploy_deployment.
    request: t.Any = None
    # The tags of the version that is left, as far as they were read.
    left_tags: t.Mapping[str, str] = field(default_factory=dict)
    # The version whose mark a move forward takes back.
    taken_back: str | None = None
    # With the method primary_task_set, the task set that becomes PRIMARY; None if one has to be created.
    task_set: Deployment | None = None
    # Any deployment makes another one PRIMARY at once. If not, its own record is what tells of it.
    primary_tells: bool = True
    # What happens to tasks that are protected from scale-in.
    held_tasks: str = ""
    # What the deployment is called in CodeDeploy; empty: by its direction.
    what: t.Literal["", "deploy"] = ""
    # A deploymentConfiguration that stays, sent with the deployment.
    configuration: t.Mapping[str, t.Any] = field(default_factory=dict)
    # The deployment of CodeDeploy to follow, with the method adopt, if the history does not say which.
    follows: str = ""
    # Tells this step from the same one of another run, if it must not find what that one created and deleted again.
    attempt: str = ""

    @property
    def in_the_way(self) -> ServiceDeployment | None:
        """The deployment that has to end before ours can begin: CodeDeploy runs one of a group at a time."""
        return self.running if self.method == "codedeploy_deployment" else None

    @property
    def deploys(self) -> bool:
        """Whether the target's task definition is deployed again, and so must be fit for that."""
        return self.method in DEPLOYS or (self.method == "primary_task_set" and self.task_set is None)

    def is_version(self, one: str, other: str) -> bool:
        """Two names of the same version; a pinned copy counts as what it was made of."""
        return names.same(one, other) or names.same(self.copies.get(one, one), self.copies.get(other, other))

    @property
    def known_deployments(self) -> frozenset[str]:
        """Ids of all deployments that were there when the plan was made."""
        return frozenset(d.id for d in self.service.deployments)

    @property
    def left(self) -> str | None:
        """The version left behind; None if nothing moves."""
        return self.choice.left

    @property
    def direction(self) -> Direction | None:
        """The direction from what is left to the target; None if there is no target."""
        return self.choice.direction

    def leaving(self, left: str) -> Plan:
        """The same plan as a move from another version: from the one that ran when the target was chosen."""
        seen = next((c for c in self.candidates if names.same(c.task_definition, left)), None)
        target = self.target.arn if self.target is not None else self.current
        went = direction.between(target, left, self.history, {})
        back = direction.taken_back(self.service, target, self.history, {}) if went == "forward" else None
        choice = replace(self.choice, left=left, direction=went)
        return replace(self, choice=choice, left_tags=seen.marks if seen else {}, taken_back=back)


@dataclass(frozen=True)
class Refusal:
    """A service for which no plan could be made. ``reason`` names the resource and the next step."""

    name: str
    reason: str
    findings: tuple[Finding, ...]
