# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Making plans: read, choose, read what the choice needs, until nothing changes. Reading only."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.pasts import Pasts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.readiness import MOST_SERVICES, Readiness
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import from_revision, reads, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


class Planner:
    """Makes the plans of one call. Task definitions are read once for all services.

    With ``all_marks`` those of all candidates are read, so that each verdict takes its marks into account; without,
    only as many as the choice needs.
    """

    def __init__(
        self, aws: Aws, cluster: str, wish: plans.Wish, all_marks: bool = False, clock: Clock | None = None
    ) -> None:
        self._aws = aws
        self._cluster = cluster
        self.wish = wish
        self._all_marks = all_marks
        self._clock = clock
        self._task_definitions = reads.TaskDefinitions(aws)
        self._controllers = Controllers(aws, clock or Clock())
        self._thorough = True

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, plans.Plan | Refusal]:
        """A plan or a refusal for each name, in the order of the names. A service that is named twice gets one."""
        # A service of a large call that is planned again is still one of many.
        self._thorough = self._thorough and (self._all_marks or len(service_names) <= MOST_SERVICES)
        try:
            found = reads.services(self._aws, self._cluster, service_names)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return {name: _refused(name, self._why_no_service(exc)) for name in service_names}
        present = {name: service for name, service in found.items() if isinstance(service, Service)}
        self.wish = self.wish.dated(self._now())
        problem = self.wish.as_of.problem(self._now()) if self.wish.as_of is not None else ""
        if problem:
            return {name: _refused(name, problem, "as_of") for name in service_names}
        pasts = Pasts(self._controllers, self._clock)
        pasts.read(service for service in present.values() if service.status == "ACTIVE")
        self._learn_who_ran_from_revision(present.values(), pasts)
        self._describe_together(present.values(), pasts)
        return {
            name: self._plan_one(present[name], pasts) if name in present else self._missing(name, str(found[name]))
            for name in _once(service_names, present)
        }

    def _now(self) -> datetime:
        """AWS's clock, if it has answered yet."""
        return self._aws.date or (self._clock or Clock()).now()

    def _learn_who_ran_from_revision(self, services: t.Iterable[Service], pasts: Pasts) -> None:
        """What one of the services ran is no mistake, though others never did."""
        selection = self.wish.selection
        wanted = selection.from_revision
        if wanted is None or selection.from_revision_ran:
            return
        if any(from_revision.ran(service, pasts.of(service.name).history, wanted) for service in services):
            self.wish = replace(self.wish, selection=replace(selection, from_revision_ran=True))

    def _describe_together(self, services: t.Iterable[Service], pasts: Pasts) -> None:
        """Ask about the deployments of all services at once, as far as it shows by now that choices depend on them."""
        wanted: dict[str, t.Iterable[str]] = {}
        for service in services:
            past = pasts.of(service.name).history
            if past is not None and self._all_marks:
                wanted[service.name] = past.not_told()
            elif past is not None:
                known, controller = self._task_definitions.known, self._controllers.of(service)
                choice = controller.choose(self.wish.selection, service, pasts.of(service.name), known, None)
                wanted[service.name] = choice.not_told
        pasts.describe(wanted)

    def _plan_one(self, service: Service, pasts: Pasts) -> plans.Plan | Refusal:
        try:
            return self._choose(service, pasts)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return _refused(service.name, exc.explain())

    def _choose(self, service: Service, pasts: Pasts) -> plans.Plan:
        controller, selection = self._controllers.of(service), self.wish.selection
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
            break
        facts = plans.Facts(
            service=service,
            past=pasts.of(service.name),
            known=self._task_definitions.known,
        )
        planned = plan.make(controller, self.wish, facts, choice)
        if planned.deploys and planned.target is not None:
            checks = self._check_images(planned.target, planned.good, history)
            facts = replace(facts, images=checks, alarms=controller.alarms(planned))
            planned = plan.make(controller, self.wish, facts, choice)
        ready = Readiness(self._aws, self._task_definitions, self.wish, self._thorough).of(planned, history)
        return plan.make(controller, self.wish, replace(facts, readiness=ready), choice) if ready else planned

    def _read_for(self, choice: target.Choice, service: Service, pasts: Pasts) -> bool:
        """Whether something is known now that was not before, and that the choice depends on."""
        if pasts.describe({service.name: choice.not_told}):
            return True
        needed = [*choice.weighed, *([choice.target] if choice.target is not None else [])]
        unread = [name for name in needed if name not in self._task_definitions.known]
        for name in unread:
            self._task_definitions.read(name)
        return bool(unread) or self._learned(choice.seen_from)

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
        self, target_: TaskDefinition, good: Revision | None, history: History | None
    ) -> tuple[images.Check, ...]:
        """What can be known of the target's images that go by a tag."""
        checks = []
        seen = [d.target for d in reversed(history.deployments)] if history else []
        for container, image in images.by_tag(target_).items():
            recorded = good.digests.get(container, "") if good else ""
            resolution = images.Resolution("unknown")
            if recorded and self.wish.pin_images != "never":
                asked = images.resolve(self._aws, images.parse(image), recorded)
                resolution = asked or images.last_known(image, seen, recorded)
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
    """Versions that may be pinned copies, and what of."""
    ran: dict[str, list[Revision]] = {}
    for deployment in history.deployments:
        for revision in (*deployment.sources, deployment.target):
            ran.setdefault(revision.task_definition, []).append(revision)
    found: dict[str, list[str]] = {}
    for name, copies in ran.items():
        if any(images.by_digest(copy) for copy in copies):
            originals = [o for o, others in ran.items() if any(images.may_pin(c, r) for c in copies for r in others)]
            found.update({name: originals} if originals else {})
    return found


def _once(service_names: t.Sequence[str], present: t.Mapping[str, Service]) -> list[str]:
    """Each service once: by name and by ARN it is still one."""
    named = set({present[name].arn if name in present else name: name for name in reversed(service_names)}.values())
    return list(dict.fromkeys(name for name in service_names if name in named))


def _refused(name: str, reason: str, check: str = "unreadable") -> Refusal:
    return Refusal(name, reason, (Finding(check, "block", reason),))
