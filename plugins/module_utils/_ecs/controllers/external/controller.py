# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The controller of services that something outside of AWS deploys."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, deployments, plans, writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys as any_deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets as any_task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Advanced,
    Begun,
    End,
    Going,
    Known,
    Look,
    Meant,
    OutOfSight,
    Record,
    TakenAway,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import deploys, task_sets, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.task_sets import TaskSet
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Goal,
    GoBack,
    GoTo,
    Need,
    Past,
    Way,
    refused,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Method, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate


class External(base.Controller):
    """Something outside of AWS deploys: here it is this run, and nothing in AWS keeps a record of it."""

    thing = "task set"
    method = "primary_task_set"
    operation = "create_task_set"
    held_tasks = "Their task set stays as it is; it cannot be scaled down before it ends"

    def candidates(self, service: Service, past: Past, known: t.Mapping[str, TaskDefinition]) -> tuple[Candidate, ...]:
        return task_sets.candidates(service, known)

    def choose(
        self,
        selection: Selection,
        service: Service,
        past: Past,
        known: t.Mapping[str, TaskDefinition],
        registered: t.Sequence[str] | None,
    ) -> Choice:
        return task_sets.choose(selection, service, known)

    def way_back(self, goal: GoBack, facts: Facts, choice: Choice, between: Between) -> Way:
        service, target = facts.service, between.target
        if choice.unfinished:
            return Way("act", "adopt")
        preparing = task_sets.in_preparation(service)
        if preparing is not None and goal.in_flight == "refuse":
            return refused((), f"{task_sets.told_of(preparing)}, and in_flight is refuse")
        if preparing is not None and names.same(preparing.task_definition, choice.left or ""):
            return Way("act", "stop_deployment", change=TaskSet(in_preparation=preparing))
        if names.same(target.arn, between.current):
            return Way("nothing", "none", f"it is on {names.short(target.arn)} already")
        standing = task_sets.standing(service, target.arn)
        way = Way("act", "primary_task_set", change=TaskSet(standing), deploys=standing is None)
        found = [*task_sets.not_ours(service, standing), *task_sets.left_alone(service, standing)]
        if standing is not None:
            return replace(way, findings=tuple(found))
        copy, fit = plans.copy_of(goal, facts, target)
        return replace(way, findings=(*found, *plans.missed_ports(service, target), *fit), change=TaskSet(copy=copy))

    def undeployable(self, service: Service) -> list[Finding]:
        if service.primary is not None:
            return []
        what = f"no task set of {service.name} is PRIMARY, so there is none that a new one could be made like"
        return [any_deploys.block("task_set", what)]

    def way_to(self, goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
        return deploys.way(goal, facts, target)

    def deciding_alarms(self, goal: Goal, facts: Facts) -> tuple[str, ...]:
        return goal.alarms if isinstance(goal, GoTo) and "DEPLOYMENT_STOP_ON_ALARM" in goal.asked else ()

    def needs(self, planned: plans.Plan) -> dict[Method, tuple[Need, ...]]:
        service, primary = planned.service, planned.service.primary
        task_set = primary.arn if primary is not None else ""
        make = (Need("ecs:CreateTaskSet"), Need("ecs:UpdateTaskSet", task_set), *writes.passed_roles(planned.target))
        return {
            "primary_task_set": (Need("ecs:UpdateServicePrimaryTaskSet", service.arn), *make),
            "stop_deployment": (Need("ecs:DeleteTaskSet", task_set),),
        }

    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        return any_task_sets.meant(service, wanted)

    def _begin(self, planned: plans.Plan, tasks: int | None, reason: str | None) -> Begun:
        return write.begin(self._aws, planned, tasks)

    def _adopt(self, planned: plans.Plan) -> Begun:
        primary = planned.service.primary
        return Begun(planned.service, wrote=False, deployment_id=primary.id if primary else "")

    def going(self, planned: plans.Plan, begun: Begun) -> Going:
        change = write.task_set_of(planned)
        created = begun.wrote and change.standing is None and change.in_preparation is None
        return replace(super().going(planned, begun), is_bare=True, created=created)

    def _known(self, planned: plans.Plan, begun: Begun) -> frozenset[str]:
        # Somebody can make any of the others PRIMARY: that is a deployment too.
        primary = planned.service.primary
        return frozenset({primary.id} if primary else ())

    def advance(self, going: Going, service: Service) -> Advanced:
        """Make our task set PRIMARY. If another one than that before it is so by now, the next looks tell."""
        now = write.look(self._aws, service)
        if not write.is_replaceable(now, going.known_deployments):
            return Advanced(now)
        return write.promote(self._aws, now, going.deployment_id)

    def out_of_sight(self, going: Going, service: Service | None) -> OutOfSight:
        """Nothing in AWS makes a task set PRIMARY: that was left to this run."""
        primary = service.primary if service is not None else None
        if going.read_only or primary is None or primary.id == going.deployment_id:
            return super().out_of_sight(going, service)
        did = "AWS has created" if going.created else "AWS was bringing up"
        return OutOfSight(
            f"{did} task set {going.deployment_id} of {names.short(going.target)}, which was not PRIMARY yet",
            f"Nothing was undone. AWS does not make the task set PRIMARY by itself: as long as nobody does, "
            f"{names.short(primary.task_definition)} stays PRIMARY. The same command goes on and makes it PRIMARY",
        )

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        return replace(any_task_sets.assess(going, service), ours=service.deployment(going.deployment_id))

    def end_of(self, going: Going, service: Service, past: Past, ending: deployments.Ending) -> End:
        service = self._with_ours(going, service)
        event = deploys.event_of(service, going.deployment_id, ending.alarmed)
        return End(event, deploys.then(service, going.deployment_id, event, ending.asked))

    def _with_ours(self, going: Going, service: Service) -> Service:
        """A look that shows our task set, unless it is really gone: an old one may be from before it was created."""
        id_ = going.deployment_id
        if service.deployment(id_) is not None:
            return service
        try:
            return settled.once_right(
                lambda: write.look(self._aws, service), lambda seen: seen.deployment(id_) is not None, self._clock
            )
        except (AwsCallError, IncompleteAnswerError):
            return service

    def take_away(self, going: Going, service: Service) -> TakenAway:
        """Our task set has not taken over: it goes, and what is PRIMARY stays."""
        id_ = going.deployment_id
        deleted = TakenAway(f"Its task set {id_} was deleted by somebody")
        ours = service.deployment(id_)
        if (ours is None and not going.created) or (ours is not None and ours.status == "DRAINING"):
            return deleted
        if not going.created:
            return TakenAway(f"Its task set {id_} stood before this run, and is left")
        try:
            api.delete_task_set(self._aws, service.cluster_arn, service.name, id_)
        except (AwsCallError, IncompleteAnswerError) as exc:
            if exc.code == "TaskSetNotFoundException":
                return deleted
            why = Finding("task_set", "warn", f"task set {id_} is still there. {exc.explain()}")
            return TakenAway(f"Its task set {id_} could not be deleted", findings=(why,))
        return TakenAway(f"Its task set {id_} was deleted", deleted=True)
