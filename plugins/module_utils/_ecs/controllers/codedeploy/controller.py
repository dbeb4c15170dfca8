# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The controller of services that CodeDeploy deploys."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import (
    deployments as controllers_deployments,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets as any_task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    deploys,
    meant,
    records,
    request,
    watch,
    write,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Begun,
    End,
    Going,
    Known,
    Look,
    Meant,
    More,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Goal,
    GoBack,
    GoTo,
    InFlight,
    Need,
    Past,
    Way,
    refused,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    STOPPABLE,
    TERMINAL,
    Finding,
    Method,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, reads
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

# The sources of a target that was found in the history.
_FOUND: t.Final = frozenset({"last_good", "steps_back", "as_of"})
# Deployments that a message names.
_SHOWN: t.Final = 3
_HAS_THE_TRAFFIC: t.Final = (
    f"It takes all the traffic, and CodeDeploy has yet to end the original task set. {advice.WATCH_ON}"
)


class CodeDeploy(base.Controller):
    """CodeDeploy deploys, by deployments of its own that make task sets."""

    deployer = "CodeDeploy"
    takes_events = True
    method = "codedeploy_deployment"
    operation = "create_deployment"
    # Its deployments make their task set PRIMARY late, or never.
    primary_tells = False
    held_tasks = (
        "The traffic leaves them all the same, but the original task set stays until it ends, and the deployment may "
        "time out over that"
    )
    no_way_back = "CodeDeploy has not rolled it back"

    def __init__(self, aws: Aws, clock: Clock) -> None:
        super().__init__(aws, clock)
        self._looker = watch.Looker(aws)
        self._reads = records.CodeDeploy(aws)

    def read_past(
        self, services: t.Sequence[Service], everything: bool = False, now: datetime | None = None
    ) -> dict[str, Past]:
        groups = self._reads.groups
        try:
            self._reads.find_groups([service for service in services if service.name not in groups])
        except (AwsCallError, IncompleteAnswerError) as exc:
            return {service.name: self._unreadable(service, _cannot_be_read(exc)) for service in services}
        return {service.name: self._past_of(service, everything, now) for service in services}

    def _past_of(self, service: Service, everything: bool, now: datetime | None) -> Past:
        try:
            told, unread = self._reads.records(service, everything, now)
        except records.NoGroup as exc:
            return self._unreadable(service, str(exc))
        except (AwsCallError, IncompleteAnswerError) as exc:
            return self._unreadable(service, _cannot_be_read(exc))
        return past_of(told, unread, self._reads.groups.get(service.name))

    def _unreadable(self, service: Service, problem: str) -> Past:
        return Past(problem=problem, more=records.Seen(self._reads.groups.get(service.name)))

    def way_back(self, goal: GoBack, facts: Facts, choice: Choice, between: Between) -> Way:
        history, target, seen = facts.history, between.target, records.seen(facts.past.more)
        if choice.unfinished:
            return Way("act", "adopt")
        way = by_codedeploy(goal.in_flight, history, target.arn, between.current)
        if way.method != "codedeploy_deployment" or history is None:
            return way
        found = []
        if history.running is not None:
            found.append(request.told_of_blocking(history.running, history.native_stop_lands_on, target.arn))
        if choice.source in _FOUND:
            found += request.passed_by(history, seen.unread, target.arn, goal.selection.as_of)
        made, told = request.request(
            facts.service,
            seen.group,
            history,
            target.arn,
            between.good,
            facts.alarms,
            goal.fast,
            goal.rollback_events,
        )
        found += told
        found += plans.missed_ports(request.balanced(facts.service, made), target)
        copy, fit = plans.copy_of(goal, facts, target)
        change = request.Create(made, history.running, copy=copy) if made is not None else None
        return replace(way, findings=(*found, *fit), change=change, deploys=True)

    def way_to(self, goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
        return deploys.way(goal, facts, target)

    def deciding_alarms(self, goal: Goal, facts: Facts) -> tuple[str, ...]:
        return deploys.watched_alarms(goal, facts)

    def announces(self, planned: plans.Plan) -> bool:
        create = write.create_of(planned)
        return create is not None and create.in_the_way is None

    def lingers(self, planned: plans.Plan) -> int:
        create = write.create_of(planned)
        return int(create.request.group.termination_wait) if create is not None and create.in_the_way is None else 0

    def advice(self, planned: plans.Plan, error: AwsCallError | IncompleteAnswerError) -> str:
        return write.denied_override(planned, error)

    def needs(self, planned: plans.Plan) -> dict[Method, tuple[Need, ...]]:
        group = records.seen(planned.past.more).group
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
        _arn, partition, _ecs, region, account, *_rest = [*planned.service.arn.split(":"), "", "", "", ""]
        named = f"deploymentgroup:{group.application}/{group.name}" if group is not None else ""
        arn = f"arn:{partition}:codedeploy:{region}:{account}:{named}" if named else ""
        return {
            "codedeploy_deployment": (Need("codedeploy:CreateDeployment", arn),),
            "codedeploy_stop": (Need("codedeploy:StopDeployment", arn),),
        }

    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        return meant.meant(service, past.history, past.problem, wanted)

    def _begin(self, planned: plans.Plan, tasks: int | None, reason: str | None) -> Begun:
        if planned.method == "codedeploy_stop":
            return write.stop(self._aws, planned)
        create = write.create_of(planned)
        if create is not None and create.in_the_way is not None:
            return write.make_room(self._aws, planned, create.in_the_way)
        return write.deploy(self._aws, planned, reason, tasks)

    def _adopt(self, planned: plans.Plan) -> Begun:
        return write.adopt(planned)

    def _known(self, planned: plans.Plan, begun: Begun) -> frozenset[str]:
        # The task set of a deployment that is followed has an id of its own.
        deployments = planned.service.deployments
        return frozenset(d.id for d in deployments if d.external_id != (begun.deployment_id or None))

    def _own_record(self, planned: plans.Plan, begun: Begun) -> str:
        return begun.deployment_id

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        """The service alone does not tell how such a deployment ends."""
        places = {going.record: (service, going.target) for going, service in watched if not going.is_bare}
        found = self._looker.records(places, self._clock.now()) if places else {}
        return [found.get(going.record) for going, _service in watched]

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        if going.is_bare:
            # The task set that the service was created with.
            return replace(any_task_sets.assess(going, service), ours=service.deployment(going.deployment_id))
        return replace(watch.assess(going, service, record), ours=service.made_by(going.deployment_id))

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        if going.is_bare:
            return None
        reason = record.reason if record is not None else ""
        return More(reason, self._looker.failed_events(going.record, service))

    def goes_on(self, going: Going, record: Record | None) -> str:
        if record is None or record.status in TERMINAL:
            return ""
        return f"Deployment {going.record} is still running in CodeDeploy"

    def end_of(self, going: Going, service: Service, past: Past, ending: controllers_deployments.Ending) -> End:
        id_ = going.deployment_id
        try:
            deployment, _rollback = write.look(self._aws, id_)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"it is not known what happened to deployment {id_}. {exc.explain()}"
            return End(None, "leave", findings=(Finding("event", "unknown", what),))
        if deployment is None:
            return End(None, "leave")
        event = deploys.event_of(deployment)
        then = deploys.then(deployment, event, ending.asked)
        if then == "leave" and deployment.running and deployment.waits_for_termination:
            return End(event, then, note=_HAS_THE_TRAFFIC)
        if then != "follow":
            return End(event, then)
        known = past.history.deployments if past.history is not None else ()
        record = next((d for d in known if d.id == id_), None)
        return End(
            event,
            then,
            Going(
                target=_goes_back_to(id_, ending.before, service, record),
                deployment_id="",
                back_of=id_,
                known_deployments=frozenset(d.id for d in service.deployments),
                strategy=service.strategy,
                record=id_,
                events_before=frozenset(event.id for event in service.events),
            ),
        )

    def went_back(self, going: Going) -> tuple[str | None, str]:
        try:
            deployment, rollback = write.look(self._aws, going.record)
        except (AwsCallError, IncompleteAnswerError):
            return self.deployer, ""
        if rollback is not None or deployment is None:
            return self.deployer, ""
        said = f" ({deployment.rollback_message.rstrip('.')})" if deployment.rollback_message else ""
        return None, f"CodeDeploy made no deployment to roll it back{said}, and the service is on"


def past_of(
    told: t.Sequence[ServiceDeployment], unread: t.Sequence[records.Unread], group: Group | None = None
) -> Past:
    """What the deployments of a group say of a service. Pure."""
    past = history.read(told)
    known = [(past.newest.created_at, past.newest.id)] if past.newest is not None else []
    newest = max([*known, *((u.created_at, u.id) for u in unread)], default=None)
    is_unread = newest is not None and newest[1] in {u.id for u in unread}
    seen = records.Seen(group, tuple(unread))
    return Past(past, _left_out(unread), newest[1] if newest is not None and is_unread else "", seen)


def _cannot_be_read(error: AwsCallError | IncompleteAnswerError) -> str:
    return f"the deployments of CodeDeploy cannot be read. {reads.explain(error)}"


def _left_out(unread: t.Sequence[records.Unread]) -> str:
    if not unread:
        return ""
    shown = "; ".join(f"{u.id} ({u.why})" for u in unread[-_SHOWN:])
    more = f" and {len(unread) - _SHOWN} older ones" if len(unread) > _SHOWN else ""
    return (
        f"{len(unread)} deployments of CodeDeploy do not say which task definition they deployed, and were left out: "
        f"{shown}{more}"
    )


def _goes_back_to(ours: str, before: Service, service: Service, record: ServiceDeployment | None) -> str:
    """What its record says, or else what ran before ours: the record of the rollback appears a little later."""
    others = [d for d in (*before.deployments, *service.deployments) if d.external_id != ours]
    primary_first = sorted(others, key=lambda d: d.status != "PRIMARY")
    on_record = controllers_deployments.goes_back_to(record)
    return on_record or (primary_first[0].task_definition if primary_first else service.task_definition)


def by_codedeploy(in_flight: InFlight, history: History | None, target: str, current: str) -> Way:
    """CodeDeploy runs one deployment of a group at a time, so one that runs cannot be superseded, only stopped.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
    """
    if history is None:
        return refused((), "without the deployments of CodeDeploy nothing can be decided")
    running = history.running
    if running is None:
        if names.same(target, current):
            return Way("nothing", "none", f"it is on {names.short(target)} already")
        return Way("act", "codedeploy_deployment")
    if history.lands_on is not None and names.same(history.lands_on, target):
        return Way("act", "adopt")
    what = f"deployment {running.id} to {names.short(running.target.task_definition)} is running ({running.status})"
    if in_flight == "refuse":
        return refused((), f"{what}, and in_flight is refuse")
    native = history.native_stop_lands_on
    if running.status in STOPPABLE and native is not None and names.same(native, target):
        return Way("act", "codedeploy_stop")
    # It has to end first.
    return Way("act", "codedeploy_deployment")
