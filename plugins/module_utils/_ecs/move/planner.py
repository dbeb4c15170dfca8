# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Making plans: read, choose, read what the choice needs, until nothing changes. Reading only."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch, tagging
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.together import together
from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers, Pasts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Goal, GoBack, GoTo, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import listing, plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.readiness import MOST_SERVICES, Beside, Readiness
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import from_revision, moves, reads, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


class Planner:
    """Makes the plans of one call. Task definitions are read once for all services.

    With ``all_marks`` those of all candidates are read, so that each verdict takes its marks into account; without,
    only as many as the choice needs. With a ``clock``, a rollback that AWS may still be about to make counts too.
    ``many``: the service is one of many, and only what decides is read. In ``haste`` a service whose history cannot be
    read now gets a refusal, even if a plan could do without. ``void`` has records on services that this call has taken
    back, each with what stands in its place: AWS may still show them.
    """

    # No earlier look showed where the plans lead.
    binds: t.Final = False

    def __init__(
        self,
        aws: Aws,
        cluster: str,
        goal: Goal,
        all_marks: bool = False,
        clock: Clock | None = None,
        many: bool = False,
        haste: bool = False,
        void: t.Mapping[str, str] | None = None,
    ) -> None:
        self._aws = aws
        self._cluster = cluster
        self.goal = goal
        self._all_marks = all_marks
        self._clock = clock
        self._task_definitions = reads.TaskDefinitions(aws)
        self._controllers = Controllers(aws, clock or aws.clock)
        # A batch of a large call, or a service of it that is planned again, is one of many.
        self._thorough = not many
        self._haste = haste
        self._void = {} if void is None else void
        # A planner keeps what it has read, and services of a large call are planned again side by side.
        self._one_at_a_time = threading.Lock()
        # What Resource Groups Tagging says of barriers, once it was asked; None if it did not say.
        self._barriers: tuple[frozenset[str] | None] | None = None

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, plans.Plan | Refusal]:
        """A plan or a refusal for each name, in the order of the names. A service that is named twice gets one."""
        with self._one_at_a_time:
            return self._make_plans(service_names)

    def _make_plans(self, service_names: t.Sequence[str]) -> dict[str, plans.Plan | Refusal]:
        self._thorough = self._thorough and (self._all_marks or len(service_names) <= MOST_SERVICES)
        try:
            found = self._read(service_names)
        except (AwsCallError, IncompleteAnswerError) as exc:
            why = self._why_no_service(exc)
            return {name: _refused(name, why, may_pass=exc.may_pass) for name in service_names}
        present = {name: service for name, service in found.items() if isinstance(service, Service)}
        problem = self._date()
        if problem:
            return {name: _refused(name, problem, "as_of") for name in service_names}
        pasts = Pasts(self._controllers, self._clock)
        pasts.read(service for service in present.values() if service.status == "ACTIVE")
        present.update(self._list_again(present, pasts))
        self._learn_together(present.values(), pasts)
        made = {
            name: self._plan_one(present[name], pasts) if name in present else self._missing(name, str(found[name]))
            for name in _once(service_names, present)
        }
        return self._told_of_alarms(made)

    def _read(self, service_names: t.Sequence[str]) -> dict[str, Service | str]:
        found = reads.services(self._aws, self._cluster, service_names)
        present = {name: service for name, service in found.items() if isinstance(service, Service)}
        true = {name: replace(now, tags=marks.without(now.tags, self._void)) for name, now in present.items()}
        return {**found, **true}

    def go_on(self, first: plans.Plan) -> plans.Plan | Refusal:
        """A new plan to the target of the first one, after what was in its way has ended."""
        name, goal = first.service.name, self.goal.of(first.service.name)
        goal = goal.going_to(first.target.arn) if first.target is not None else goal
        # By now it is known whether a rollback was asked for, so that none has to be waited for.
        planned = next(iter(Planner(self._aws, self._cluster, goal, void=self._void).make_plans([name]).values()))
        return plan.as_chosen(planned, first)

    def _list_again(self, services: t.Mapping[str, Service], pasts: Pasts) -> dict[str, Service]:
        """Wait until AWS lists what it names; the services, read again."""
        if not isinstance(self.goal, GoBack):
            return {}
        selection = self.goal.selection

        def lacks(service: Service) -> bool:
            past = pasts.of(service.name).history
            return past is not None and target.needs_the_list(selection, service, past)

        late = {name: service for name, service in services.items() if lacks(service)}

        def look(again: list[str]) -> dict[str, Service]:
            read = self._read(again)
            found = {name: service for name, service in read.items() if isinstance(service, Service)}
            pasts.read(service for service in found.values() if service.status == "ACTIVE")
            return found

        return listing.wait_for(late, look, lacks, self._clock or self._aws.clock) if late else {}

    def _date(self) -> str:
        """Find out which time ``as_of`` stands for. Returns what is wrong with it."""
        if not isinstance(self.goal, GoBack):
            return ""
        self.goal = self.goal.dated(self._now())
        return self.goal.as_of.problem(self._now()) if self.goal.as_of is not None else ""

    @property
    def dated(self) -> datetime | None:
        """The time that ``as_of`` stands for, None if none was given."""
        return self.goal.selection.as_of if isinstance(self.goal, GoBack) else None

    def _now(self) -> datetime:
        """AWS's clock, if it has answered yet."""
        return self._aws.date or (self._clock or self._aws.clock).now()

    def _learn_together(self, services: t.Collection[Service], pasts: Pasts) -> None:
        """What the choices of all services depend on."""
        if isinstance(self.goal, GoBack):
            self.goal = self._with_who_ran_from_revision(self.goal, services, pasts)
            self._describe_together(self.goal, services, pasts)

    def _with_who_ran_from_revision(self, goal: GoBack, services: t.Iterable[Service], pasts: Pasts) -> GoBack:
        """A version that one of the services ran is not a mistake, even if the others never did."""
        wanted = goal.selection.from_revision
        if wanted is None or goal.selection.from_revision_ran:
            return goal
        if any(from_revision.ran(service, pasts.of(service.name).history, wanted) for service in services):
            return replace(goal, selection=replace(goal.selection, from_revision_ran=True))
        return goal

    def _describe_together(self, goal: GoBack, services: t.Iterable[Service], pasts: Pasts) -> None:
        """Ask about the deployments of all services at once, as far as it shows by now that choices depend on them."""
        wanted: dict[str, t.Iterable[str]] = {}
        for service in services:
            past = pasts.of(service.name).history
            if past is not None and self._all_marks:
                wanted[service.name] = past.not_told()
            elif past is not None:
                known, controller = self._task_definitions.known, self._controllers.of(service)
                selection = self._selection(goal.of(service.name), service, past)
                if selection.given is None:
                    choice = controller.choose(selection, service, pasts.of(service.name), known, None)
                    wanted[service.name] = choice.not_told
        pasts.describe(wanted)

    def _plan_one(self, service: Service, pasts: Pasts) -> plans.Plan | Refusal:
        past = pasts.of(service.name)
        if self._haste and past.may_pass:
            return _refused(service.name, past.problem, may_pass=True)
        try:
            if isinstance(self.goal, GoTo):
                return self._to_deploy(self.goal, service, pasts.of(service.name))
            return self._to_go_back(self.goal.of(service.name), service, pasts)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return _refused(service.name, exc.explain(), may_pass=exc.may_pass)

    # -- deploying a revision

    def _to_deploy(self, goal: GoTo, service: Service, past: plans.Past) -> plans.Plan:
        wanted = names.from_option(goal.revision, deploys.current(service))
        target_ = self._task_definitions.read(wanted) if wanted else None
        there = target_ is not None and target_.status != reads.MISSING
        left = service.primary.task_definition if service.primary is not None else None
        choice = Choice("revision", wanted if there else None, left=left)
        facts = plans.Facts(service, past, self._task_definitions.known)
        if there:
            facts = self._with_alarms(goal, facts)
        return plan.to_deploy(self._controllers.of(service), goal, facts, choice)

    def _with_alarms(self, goal: Goal, facts: plans.Facts) -> plans.Facts:
        alarms = self._controllers.of(facts.service).deciding_alarms(goal, facts)
        states = cloudwatch.alarm_states_if_readable(self._aws.beside, alarms) if alarms else None
        return replace(facts, alarms=states)

    def _told_of_alarms(self, made: dict[str, plans.Plan | Refusal]) -> dict[str, plans.Plan | Refusal]:
        """The alarms of services that ECS deploys only warn, and are read for all of them together."""
        if not isinstance(self.goal, GoTo) or "DEPLOYMENT_STOP_ON_ALARM" not in self.goal.asked:
            return made
        acts = {n: p for n, p in made.items() if isinstance(p, plans.Plan) and p.verb == "act" and p.method != "adopt"}
        each = {name: self._controllers.of(planned.service) for name, planned in acts.items()}
        alarms = list(dict.fromkeys(a for name, planned in acts.items() for a in each[name].watched_alarms(planned)))
        states = cloudwatch.alarm_states_if_readable(self._aws.beside, alarms) if alarms else {}
        told = {
            name: replace(planned, findings=(*planned.findings, *each[name].told_of_alarms(planned, states)))
            for name, planned in acts.items()
        }
        return {**made, **told}

    # -- going back

    def _to_go_back(self, goal: GoBack, service: Service, pasts: Pasts) -> plans.Plan:
        controller = self._controllers.of(service)
        fresh = bound.is_fresh(goal.shown_at, self._now())
        choice = self._choose(goal, service, pasts)
        facts = plans.Facts(service=service, past=pasts.of(service.name), known=self._task_definitions.known)
        planned = plan.to_go_back(controller, goal, facts, choice)
        deployed = planned.target if planned.way.deploys else None
        beside = Beside(self._aws)
        if deployed is not None:
            beside.ask_about_alarms(controller.deciding_alarms(goal, facts))
            if goal.pin_images != "never" and not fresh:
                beside.ask_about_images(planned.good, deployed)
        if fresh:
            # The look that has just been made checked the rest.
            ready = tuple(together(self._aws.beside, beside.checks))
        else:
            barriers = None if self._thorough else self._read_barriers()
            checks = Readiness(self._aws, self._task_definitions, goal, self._thorough, barriers)
            ready = checks.of(planned, controller.held_tasks, beside.checks)
        if deployed is not None:
            images_ = self._check_images(goal, planned, deployed, fresh, beside.images)
            facts = replace(facts, images=images_, alarms=beside.alarms)
        if deployed is None and not ready:
            return planned
        return plan.to_go_back(controller, goal, replace(facts, readiness=ready), choice)

    def _read_barriers(self) -> frozenset[str] | None:
        """The task definitions with a barrier, for many services at once; None if each has to be read for it."""
        if self._barriers is None:
            try:
                self._barriers = (tagging.task_definitions_with(self._aws.beside, marks.BARRIER),)
            except (AwsCallError, IncompleteAnswerError):
                self._barriers = (None,)
        return self._barriers[0]

    @staticmethod
    def _selection(goal: GoBack, service: Service, past: History | None) -> Selection:
        """What to choose by, with the whole name of a version that was too long for a plan."""
        revision = goal.selection.revision
        if revision is None or not bound.is_cut(revision):
            return goal.selection
        known = [*(past.records if past is not None else ()), *(d.task_definition for d in service.deployments)]
        return replace(goal.selection, revision=bound.whole(revision, map(names.short, known)))

    def _choose(self, goal: GoBack, service: Service, pasts: Pasts) -> Choice:
        """The target, once everything that the choice depends on is read."""
        if goal.selection.given is not None:
            return goal.selection.given
        controller = self._controllers.of(service)
        selection = self._selection(goal, service, pasts.of(service.name).history)
        registered: list[str] | None = None
        everything_read = False
        ran = pasts.of(service.name).history
        if self._all_marks and ran is not None:
            for name in ran.records:
                self._task_definitions.read(name)
        while True:
            self._learn_copies(service, pasts)
            history = pasts.of(service.name).history
            known = self._task_definitions.known
            choice = controller.choose(selection, service, pasts.of(service.name), known, registered)
            if choice.needs_more_history and history is not None and not everything_read:
                everything_read = True
                pasts.read([service], everything=True)
                continue
            if self._read_for(choice, service, pasts):
                continue
            if choice.needs_registered:
                family = names.parse(target.what_runs_now(service, history))
                registered = self._task_definitions.registered(family.family) if family else []
                continue
            return choice

    def _read_for(self, choice: Choice, service: Service, pasts: Pasts) -> bool:
        """Whether something is known now that was not before, and that the choice depends on."""
        if pasts.describe({service.name: choice.not_told}):
            return True
        needed = [*choice.weighed, *([choice.target] if choice.target is not None else [])]
        unread = [name for name in needed if name not in self._task_definitions.known]
        for name in unread:
            self._task_definitions.read(name)
        base, past = choice.seen_from, pasts.of(service.name).history
        if base is not None and not self._thorough and not moves.may_be_a_copy(base, service, past):
            # Only its tags would matter, and only those of a copy.
            return bool(unread)
        return bool(unread) or self._learned(base)

    def _learned(self, name: str | None) -> bool:
        """Whether a task definition is known now that was not before. One that cannot be read holds nothing up."""
        if name is None or name in self._task_definitions.known:
            return False
        try:
            self._task_definitions.read(name)
        except (AwsCallError, IncompleteAnswerError):
            return False
        return True

    def _learn_copies(self, service: Service, pasts: Pasts) -> None:
        """Tell the history which of its versions are pinned copies of others. Only those that may be are read."""
        history = pasts.of(service.name).history
        if history is None:
            return
        copies = {}
        for name, originals in _possible_copies(history).items():
            read_ = self._task_definitions.read
            original = images.original_of(read_(name), [read_(other) for other in originals])
            if original is not None:
                copies[name] = original
        if copies != history.copies:
            pasts.learn_copies(service.name, copies)

    def _check_images(
        self,
        goal: GoBack,
        planned: plans.Plan,
        target_: TaskDefinition,
        fresh: bool,
        asked: t.Mapping[str, images.Resolution],
    ) -> tuple[images.Check, ...]:
        """What can be known of the target's images that go by a tag. Nothing was asked if that was done just now."""
        if fresh and not goal.pinned:
            return ()
        checks, good, history = [], planned.good, planned.history
        seen = [d.target for d in reversed(history.deployments)] if history else []
        for container, image in images.by_tag(target_).items():
            recorded = good.digests.get(container, "") if good else ""
            resolution = images.Resolution("unknown")
            if recorded and fresh:
                resolution = images.Resolution("same", recorded)
            elif recorded and goal.pin_images != "never":
                resolution = asked.get(image) or images.last_known(image, seen, recorded)
            checks.append(images.Check(container, image, recorded, resolution))
        return tuple(checks)

    def _missing(self, name: str, reason: str) -> Refusal:
        if reason == "MISSING":
            return _refused(
                name,
                f"there is no service {name} in cluster {self._cluster}. Check the names, the Region and the account",
                "service_missing",
            )
        return _refused(name, f"ECS does not describe service {name} of cluster {self._cluster}: {reason}")

    def _why_no_service(self, error: AwsCallError | IncompleteAnswerError) -> str:
        if error.code == "ClusterNotFoundException":
            return f"there is no cluster {self._cluster}. Check its name, the Region and the account"
        return error.explain()


def _possible_copies(history: History) -> dict[str, list[str]]:
    """Versions that may be pinned copies, and the versions that they may be copies of."""
    ran: dict[str, list[Revision]] = {}
    for deployment in history.deployments:
        for revision in (*deployment.sources, deployment.target):
            ran.setdefault(revision.task_definition, []).append(revision)
    found: dict[str, list[str]] = {}
    for name, copies in ran.items():
        if any(images.by_digest(copy) for copy in copies):
            others = {other: revisions for other, revisions in ran.items() if other != name}
            originals = [o for o, theirs in others.items() if any(images.may_pin(c, r) for c in copies for r in theirs)]
            found.update({name: originals} if originals else {})
    return found


def _once(service_names: t.Sequence[str], present: t.Mapping[str, Service]) -> list[str]:
    """Each service once: by name and by ARN it is still one."""
    named = set({present[name].arn if name in present else name: name for name in reversed(service_names)}.values())
    return list(dict.fromkeys(name for name in service_names if name in named))


def _refused(name: str, reason: str, check: str = "unreadable", may_pass: bool = False) -> Refusal:
    return Refusal(name, reason, (Finding(check, "block", reason),), may_pass)
