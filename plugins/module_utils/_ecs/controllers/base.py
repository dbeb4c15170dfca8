# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a deployment controller is asked, and the data that it answers in."""

from __future__ import annotations

import abc
import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Accepted,
    Advanced,
    Begun,
    End,
    Ending,
    Going,
    Known,
    Look,
    Meant,
    More,
    OutOfSight,
    Record,
    Restored,
    Standing,
    TakenAway,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Goal,
    GoBack,
    GoTo,
    Need,
    Past,
    Plan,
    Way,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Method, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate


class Controller(abc.ABC):
    """What deploys a service. There is one for each kind and call, chosen in :mod:`.of`; no method sleeps."""

    # Who deploys, in sentences.
    deployer: t.ClassVar[str] = "ECS"
    # What to say if AWS was to go back from a deployment, and did not, so that this run has to. Empty: if AWS does not
    # go back, the deployment has come up after all.
    no_way_back: t.ClassVar[str] = ""

    # Rollback events are settings of its deployments.
    takes_events: t.ClassVar[bool] = False
    # What a deployment is called, the method that makes one, and the operation.
    thing: t.ClassVar[str] = "deployment"
    method: t.ClassVar[Method] = "update_service"
    operation: t.ClassVar[str] = "update_service"
    # See Plan.primary_tells.
    primary_tells: t.ClassVar[bool] = True
    # See Plan.held_tasks.
    held_tasks: t.ClassVar[str] = "They go on running next to the target's until it ends"

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock

    # -- read

    def read_past(
        self, services: t.Sequence[Service], everything: bool = False, now: datetime | None = None
    ) -> dict[str, Past]:
        """What is on record of these services, by their names: the newest, or all that AWS keeps.

        With ``now``, a rollback that AWS may still be about to make counts too. Raises nothing.
        """
        return {service.name: Past() for service in services}

    def describe(self, pasts: t.Mapping[str, Past], wanted: t.Mapping[str, t.Iterable[str]]) -> dict[str, Past]:
        """Read how many tasks deployments had. Returns, by service name, the pasts about which more is known now."""
        return {}

    # -- decide

    def candidates(self, service: Service, past: Past, known: t.Mapping[str, TaskDefinition]) -> tuple[Candidate, ...]:
        """The versions on record, with verdicts. Pure."""
        return past.history.candidates(known, service.in_cluster) if past.history is not None else ()

    def choose(
        self,
        selection: Selection,
        service: Service,
        past: Past,
        known: t.Mapping[str, TaskDefinition],
        registered: t.Sequence[str] | None,
    ) -> Choice:
        """The target, as in :func:`.past.target.choose`. Pure."""
        return target.choose(selection, service, past.history, known, registered, past.problem)

    def unfit(self, service: Service) -> list[Finding]:
        """What makes it impossible to take this service back, whatever its history is. Pure."""
        return []

    def undeployable(self, service: Service) -> list[Finding]:
        """What makes it impossible to deploy anything to this service. Pure."""
        return []

    @abc.abstractmethod
    def way_back(self, goal: GoBack, facts: Facts, choice: Choice, between: Between) -> Way:
        """How to get to the target. Pure."""

    @abc.abstractmethod
    def way_to(self, goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
        """How a revision gets deployed. Pure."""

    def pins(self, planned: Plan) -> t.Mapping[str, str]:
        """The digests that a copy of the target is to name, by container name; empty if it needs no copy. Pure."""
        return dict(getattr(planned.way.change, "copy", None) or {})

    def deciding_alarms(self, goal: Goal, facts: Facts) -> tuple[str, ...]:
        """The alarms whose states the way depends on: they come back in Facts.alarms. Pure."""
        return ()

    def watched_alarms(self, planned: Plan) -> tuple[str, ...]:
        """Alarms that AWS will watch and that only warn; they are read for all services together. Pure."""
        return ()

    def told_of_alarms(self, planned: Plan, states: t.Mapping[str, str] | str) -> list[Finding]:
        """What those alarms say. Pure."""
        return []

    def protection(self, planned: Plan) -> tuple[t.Mapping[str, t.Any], t.Mapping[str, t.Any]] | None:
        """What AWS itself rolls back by, before and with this deployment, for results. None if that is not a setting
        of the service. Pure.
        """
        return None

    def lingers(self, planned: Plan) -> int:
        """Minutes for which the old tasks stay after the traffic has left them. Pure."""
        return 0

    def advice(self, planned: Plan, error: AwsCallError | IncompleteAnswerError) -> str:
        """What to add to a write that AWS refused: what else it needs, or another way. Pure."""
        return ""

    def announces(self, planned: Plan) -> bool:
        """Whether the write itself says on AWS's record of it what it is, so that no tag has to say so before. Pure."""
        return False

    def needs(self, planned: Plan) -> t.Mapping[Method, t.Sequence[Need]]:
        """What the writes of each method need, whichever the plan has chosen. Pure."""
        return {}

    def left_over(self, service: Service) -> str:
        """What an earlier run has changed for one deployment and not put back, in words; empty if nothing. Pure."""
        return ""

    @abc.abstractmethod
    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        """Which deployment is meant by an id or ARN, or without one the newest. Pure."""

    # -- write

    def begin(self, planned: Plan, tasks: int | None, reason: str | None) -> Accepted:
        """The write that the plan asks for, or none if what runs already is followed.

        ``tasks`` is the task count that was asked for. Raises PlanIsStale, AnswerLost, :class:`AlreadyThere`,
        :class:`NotDeployed`, AwsCallError or IncompleteAnswerError.
        """
        if planned.verb != "act":
            raise PlanIsStale("the plan asks for nothing")
        if planned.method == "adopt":
            return self.adopt(planned)
        return self._accepted(planned, self._begin(planned, tasks, reason))

    def adopt(self, planned: Plan, copy: str = "") -> Accepted:
        """Follow what is already running: a deployment of ``copy``, if that is given. Raises PlanIsStale."""
        return self._accepted(planned, replace(self._adopt(planned), copy=copy))

    @abc.abstractmethod
    def _begin(self, planned: Plan, tasks: int | None, reason: str | None) -> Begun:
        """Write. See :meth:`begin`."""

    @abc.abstractmethod
    def _adopt(self, planned: Plan) -> Begun:
        """Find what is running. See :meth:`adopt`."""

    def _accepted(self, planned: Plan, begun: Begun) -> Accepted:
        return Accepted(begun.service, begun.wrote, self.going(planned, begun), begun.findings, begun.copy)

    def going(self, planned: Plan, begun: Begun) -> Going:
        """What to watch, given what was begun. Pure."""
        target = planned.target.arn if planned.target else planned.current
        running = planned.running.id if planned.running is not None and begun.wrote else ""
        return Going(
            target=begun.copy or target,
            deployment_id=begun.deployment_id,
            back_of=begun.back_of,
            known_deployments=self._known(planned, begun) - {begun.deployment_id},
            strategy=begun.service.strategy,
            makes_room=begun.makes_room,
            record=begun.back_of or self._own_record(planned, begun),
            known_records=planned.known_records,
            predecessor=running,
            events_before=frozenset(event.id for event in planned.service.events),
            run=begun.run,
        )

    def _known(self, planned: Plan, begun: Begun) -> frozenset[str]:
        """The deployments that can be PRIMARY although nobody has deployed over ours."""
        return planned.known_deployments

    def _own_record(self, planned: Plan, begun: Begun) -> str:
        """The record of our own deployment, empty if it is not known or is not needed."""
        return ""

    def advance(self, going: Going, service: Service) -> Advanced:
        """The next write of a deployment that a look found ``ready`` for it. Raises what the write raises."""
        return Advanced(service)

    def out_of_sight(self, going: Going, service: Service | None) -> OutOfSight:
        """What to say of a deployment that contact is lost with. ``service`` is as it was seen last. Pure."""
        if not going.deployment_id:
            return OutOfSight(f"AWS was going back from deployment {going.id} to {names.short(going.target)}")
        return OutOfSight(f"AWS has accepted the deployment of {names.short(going.target)} ({going.id})")

    def restore(self, service: Service, planned: Plan | None, state: Standing) -> Restored:
        """Put back what this run, or an earlier one that was killed, changed for one deployment only.

        Not while the deployment may still run: it might take over what is changed under it. ``planned`` is None if
        nothing was attempted.
        """
        return Restored()

    def take_away(self, going: Going, service: Service) -> TakenAway:
        """Delete what this run created, after it has failed."""
        return TakenAway()

    # -- watch

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        """The records of these deployments, None if there is none. Raises AwsCallError or IncompleteAnswerError if a
        look says nothing without them.
        """
        return [None for _one in watched]

    @abc.abstractmethod
    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        """What one look says. Pure. An unknown status counts as going on."""

    def contradicts(self, going: Going, service: Service, look: Look) -> bool:
        """Whether the record of our own deployment says that it did not end as this look shows it. Raises nothing."""
        return False

    def undone(self, going: Going, service: Service) -> str:
        """How AWS itself undid a deployment that another one has replaced; empty if it did not."""
        return ""

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        """What to add to a diagnosis, None if nothing else is known."""
        return None

    def goes_on(self, going: Going, record: Record | None) -> str:
        """What to say about a deployment that seems to have failed, but that AWS has not ended. Pure."""
        return ""

    @abc.abstractmethod
    def end_of(self, going: Going, service: Service, past: Past, ending: Ending) -> End:
        """What ended a deployment that did not come up, and what comes then. Reads, and raises nothing."""

    def went_back(self, going: Going) -> tuple[str | None, str]:
        """Who went back to where the service is now (None if nobody had to), and how, in words."""
        return self.deployer, ""
