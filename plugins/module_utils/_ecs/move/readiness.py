# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading what the checks of a plan decide on: all for one service at the same time."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.together import Check, check, together
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, registry
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import references, settings, surroundings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads

# With more services in a call, the checks that read beyond ECS are left out: their quotas are too small for that.
MOST_SERVICES: t.Final = 10


class Beside:
    """What a plan depends on and is not for ECS or CodeDeploy to say: it is asked together with the checks."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws.beside
        self.checks: list[Check] = []
        # What ECR says of an image, by its name. One that is not here is not in ECR.
        self.images: dict[str, images.Resolution] = {}
        # As in :class:`.plans.Facts`.
        self.alarms: t.Mapping[str, str] | str | None = None

    def ask_about_alarms(self, names: t.Sequence[str]) -> None:
        """Ask for the states of these alarms."""
        if not names:
            return

        def ask() -> list[Finding]:
            self.alarms = cloudwatch.alarm_states_if_readable(self._aws, names)
            return []

        def unknown(why: str) -> list[Finding]:
            self.alarms = why
            return []

        self.checks.append(Check("cloudwatch", ask, unknown))

    def ask_about_images(self, good: Revision | None, target: TaskDefinition) -> None:
        """Ask about the images that the target names by a tag and whose digest is on record."""
        for container, image in images.by_tag(target).items():
            recorded = good.digests.get(container, "") if good is not None else ""
            if recorded and images.parse(image).ecr is not None:
                self.checks.append(self._about(image, recorded))

    def _about(self, image: str, recorded: str) -> Check:
        def ask() -> list[Finding]:
            found = registry.resolve(self._aws, images.parse(image), recorded)
            self.images.update({image: found} if found is not None else {})
            return []

        def unknown(why: str) -> list[Finding]:
            self.images[image] = images.Resolution("unknown", "", why.rstrip("."))
            return []

        return Check("ecr", ask, unknown)


class Readiness:
    """The checks of one call. Without ``thorough`` only what ECS itself tells is looked at."""

    def __init__(
        self,
        aws: Aws,
        task_definitions: reads.TaskDefinitions,
        goal: GoBack,
        thorough: bool,
        barriers: t.Container[str] | None = None,
    ) -> None:
        # None of it is worth a wait.
        self._aws = aws.beside
        self._task_definitions = task_definitions
        self._goal = goal
        self._thorough = thorough
        self._barriers = barriers

    def of(self, planned: plans.Plan, held_tasks: str, more: t.Sequence[Check] = ()) -> tuple[Finding, ...]:
        """All findings on a plan. One that writes nothing is not looked at.

        ``held_tasks`` is what happens to tasks that are protected from scale-in, ``more`` is asked at the same time.
        """
        if planned.verb != "act" or planned.method == "adopt" or planned.target is None:
            return tuple(together(self._aws, more))
        found = self._barrier(planned, planned.target)
        if planned.way.deploys:
            found += self._deploying(planned, planned.target)
        asked = self._asked(planned, planned.target, held_tasks) if planned.way.deploys and self._thorough else []
        return (*found, *together(self._aws, [*more, *asked]))

    def _barrier(self, planned: plans.Plan, target: TaskDefinition) -> list[Finding]:
        found: list[Finding] = []
        left_behind = []
        known = list(self._task_definitions.known)
        for name in surroundings.crossed(planned.history, known, planned.current, target.arn):
            if self._barriers is not None and name not in self._barriers:
                continue
            try:
                left_behind.append(self._task_definitions.read(name))
            except (AwsCallError, IncompleteAnswerError) as exc:
                found.append(
                    Finding("barrier", "unknown", f"whether a barrier is crossed is not known. {exc.explain()}")
                )
        return surroundings.barrier(left_behind, target.arn, self._goal.selection.force) + found

    def _deploying(self, planned: plans.Plan, target: TaskDefinition) -> list[Finding]:
        service = planned.service
        found = surroundings.circuit_breaker(service)
        found += settings.grace_period(service, target)
        found += settings.compatibility(service, planned.now, target, lambda: self._runs(planned))
        if not self._thorough:
            text = (
                f"with more than {MOST_SERVICES} services in a call, what lies outside of ECS (secrets, roles, log "
                "groups, alarms, listeners, stacks, protected tasks) is not looked at"
            )
            found.append(Finding("checks_skipped", "info", text))
        return found

    def _asked(self, planned: plans.Plan, target: TaskDefinition, held_tasks: str) -> list[Check]:
        return [*self._of_service(planned, held_tasks), *references.checks(self._aws, planned.service, target)]

    def _runs(self, planned: plans.Plan) -> TaskDefinition | None:
        """The task definition in service. It was read for its marks, unless the move is forward."""
        try:
            return self._task_definitions.read(planned.current)
        except (AwsCallError, IncompleteAnswerError):
            return None

    def _of_service(self, planned: plans.Plan, held_tasks: str) -> list[Check]:
        aws, service = self._aws, planned.service
        checks = []
        if service.running:
            what = "whether tasks are protected from scale-in"
            run = functools.partial(surroundings.read_protected, aws, service, held_tasks)
            checks.append(check("ecs", "protected_tasks", what, run))
        if surroundings.alarm_names(service):
            what = "whether the deployment's alarms fire already"
            checks.append(
                check("cloudwatch", "alarms", what, functools.partial(surroundings.read_alarms, aws, service))
            )
        if surroundings.stack_of(service):
            what = "whether the service's CloudFormation stack is at work"
            run = functools.partial(surroundings.read_stack, aws, service, self._goal.selection.force)
            checks.append(check("cloudformation", "stack", what, run))
        if surroundings.production_rules(service) and planned.running is None:
            what = "where the production listener rules send the traffic"
            checks.append(
                check("elbv2", "listener_weights", what, functools.partial(surroundings.read_listeners, aws, service))
            )
        if self._goal.tasks is not None and service.scheduling == "REPLICA":
            what = "whether tasks is within the bounds of the service's scalable target"
            run = functools.partial(surroundings.read_bounds, aws, service, self._goal.tasks)
            checks.append(check("application-autoscaling", "bounds", what, run))
        return checks
