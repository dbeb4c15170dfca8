# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Planning deployments: read what decides, for all services of a call. Reading only."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys as controllers_deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import Facts, Plan, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.pasts import Pasts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun, Order


class Planning:
    """The plans of one call."""

    def __init__(self, aws: Aws, order: Order) -> None:
        self._aws = aws
        self._order = order
        self._controllers = Controllers(aws, Clock())
        self._pasts = Pasts(self._controllers)
        self._task_definitions = reads.TaskDefinitions(aws)

    def make(self, services: t.Sequence[str]) -> list[DeployRun]:
        """A run for each of these services, with its plan or refused. Errors of AWS end up in the outcomes."""
        order = self._order
        place = keys.Place(self._aws.region("ecs"), order.full_names)
        named = [DeployRun(name, order.cluster, place=place) for name in services]
        try:
            found = reads.services(self._aws, order.cluster, services)
        except (AwsCallError, IncompleteAnswerError) as exc:
            for run in named:
                run.outcome, run.reason = "refused", exc.explain()
            return named
        services_ = [service for service in found.values() if isinstance(service, Service)]
        self._pasts.read(service for service in services_ if service.status == "ACTIVE")
        runs: list[DeployRun] = []
        # By name and by ARN it is still one service.
        seen: set[str] = set()
        for run in named:
            service = found[run.name]
            if not isinstance(service, Service):
                run.outcome = "refused"
                run.reason = f"there is no service {run.name} in cluster {order.cluster} ({service})"
            elif service.arn in seen:
                continue
            else:
                seen.add(service.arn)
                run.name, run.service = service.name, service
                self._plan_one(run, service)
            runs.append(run)
        self._look_at_alarms_of_aws(runs)
        return runs

    def _plan_one(self, run: DeployRun, service: Service) -> None:
        wish = self._order.wish
        wanted = names.from_option(wish.revision, controllers_deploys.current(service))
        try:
            target = self._task_definitions.read(wanted) if wanted else None
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.outcome, run.reason = "refused", exc.explain()
            return
        if target is not None and target.status == reads.MISSING:
            target = None
        facts = Facts(
            service=service,
            past=self._pasts.of(service.name),
            target=target,
        )
        planned = self._with_alarms(wish, facts)
        run.plan, run.findings = planned, list(planned.findings)
        if planned.verb == "refuse":
            run.outcome, run.reason = "refused", planned.reason
        elif planned.verb == "nothing":
            run.outcome, run.reason = "unchanged", planned.reason

    def _with_alarms(self, wish: Wish, facts: Facts) -> Plan:
        """The plan, with the alarms looked at that decide about it. Those of ECS only warn, and are read for all."""
        controller = self._controllers.of(facts.service)
        watched = controller.deciding_alarms(wish, facts)
        if watched and facts.target is not None:
            facts = replace(facts, alarms=cloudwatch.alarm_states_if_readable(self._aws, watched))
        return controller.way_to(wish, facts)

    def _look_at_alarms_of_aws(self, runs: t.Sequence[DeployRun]) -> None:
        if "DEPLOYMENT_STOP_ON_ALARM" not in self._order.wish.asked:
            return
        going = [(run, run.plan) for run in runs if run.outcome is None and run.plan and not run.plan.adopt]
        by_run = [(run, planned, self._controllers.of(planned.service)) for run, planned in going]
        alarms = list(dict.fromkeys(name for _run, planned, c in by_run for name in c.watched_alarms(planned)))
        states = cloudwatch.alarm_states_if_readable(self._aws, alarms) if alarms else {}
        for run, planned, controller in by_run:
            run.findings += controller.told_of_alarms(planned, states)
