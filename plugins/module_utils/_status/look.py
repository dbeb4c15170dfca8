# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Looking at services on a calm day: the plans of rollbacks that nobody makes, and what would stand against them.

Reading only. What is decided is decided where a rollback decides it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import services as scaled
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import Unread
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import ScalableTarget
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.targets import ScalableTargets
from ansible_collections.lastgood.aws.plugins.module_utils._status import needs, unfinished
from ansible_collections.lastgood.aws.plugins.module_utils._status.result import Seen
from ansible_collections.lastgood.aws.plugins.module_utils._status.simulation import Simulation

Planned = t.Union[Plan, Refusal]


class Status:
    """One call of the module."""

    def __init__(self, aws: Aws, goal: GoBack, clock: Clock, full_names: bool) -> None:
        self._aws = aws
        self._goal = goal
        self._clock = clock
        self._full_names = full_names
        self._controllers = Controllers(aws, clock)
        self._targets = ScalableTargets(aws.beside, "ecs", "ecs:service:DesiredCount")
        self.simulation = Simulation(aws.beside)

    def of_all(self, clusters: t.Sequence[str], services: t.Sequence[str]) -> tuple[list[Seen], list[str]]:
        """What is to be known of services, by default of all, in these clusters, by default in all of them.

        Also returns sentences about the clusters of which nothing is known. Raises nothing.
        """
        seen: list[Seen] = []
        problems: list[str] = []
        try:
            named = list(clusters) or sorted(api.list_clusters(self._aws))
        except (AwsCallError, IncompleteAnswerError) as exc:
            return [], [exc.explain()]
        self._full_names = self._full_names or len(named) > 1
        for cluster in named:
            try:
                names = list(services) or self._listed(cluster)
            except (AwsCallError, IncompleteAnswerError) as exc:
                problems.append(_why_not(cluster, exc))
                continue
            seen += self.of(cluster, names)
            problems += [] if names else [f"Cluster {keys.last(cluster)} has no services."]
        return seen, problems if named else ["There is no cluster in this account and Region."]

    def _listed(self, cluster: str) -> list[str]:
        return sorted(arn.rpartition("/")[2] for arn in api.list_services(self._aws, cluster))

    def of(self, cluster: str, names: t.Sequence[str]) -> list[Seen]:
        """What is to be known of these services. Raises nothing: what cannot be read is said in the results."""
        # As many as one request describes: so few that all of the checks are made.
        planner = Planner(self._aws, cluster, self._goal, clock=self._clock)
        found = []
        for batch in batches(list(names), api.SERVICES_PER_CALL):
            with progress.idle():
                seen = self._batch(cluster, planner.make_plans(batch))
            for one in seen:
                progress.say(str(one.line))
            found += seen
        return found

    def _batch(self, cluster: str, plans: t.Mapping[str, Planned]) -> list[Seen]:
        services = {name: self._service(cluster, name, planned) for name, planned in plans.items()}
        targets, problem = self._scalable([service for service in services.values() if service is not None])
        wanted = {
            name: needs.of_plan(planned, self._controllers.of(planned.service), targets.get(_id(planned.service)))
            for name, planned in plans.items()
            if isinstance(planned, Plan)
        }
        arn = next((service.cluster_arn for service in services.values() if service is not None), "")
        self.simulation.ask((need for some in wanted.values() for need, _weight in some), arn)
        return [
            self._one(cluster, planned, services[name], targets, problem, wanted.get(name, ()))
            for name, planned in plans.items()
        ]

    def _service(self, cluster: str, name: str, planned: Planned) -> Service | None:
        """The service, also of one that no plan could be made for."""
        if isinstance(planned, Plan):
            return planned.service
        try:
            found = reads.services(self._aws, cluster, [name])[name]
        except (AwsCallError, IncompleteAnswerError):
            return None
        return found if isinstance(found, Service) else None

    def _scalable(self, services: t.Sequence[Service]) -> tuple[dict[str, ScalableTarget], str]:
        """The scalable targets of these services by resource id, and why they cannot be read."""
        try:
            return self._targets.find([_id(service) for service in services]) if services else {}, ""
        except (AwsCallError, IncompleteAnswerError) as exc:
            return {}, exc.explain()

    def _one(
        self,
        cluster: str,
        planned: Planned,
        service: Service | None,
        targets: t.Mapping[str, ScalableTarget],
        problem: str,
        wanted: t.Sequence[needs.Wanted],
    ) -> Seen:
        half, findings = self._half_done(planned, service, targets, problem)
        place = keys.Place(self._aws.region("ecs"), self._full_names)
        told = [finding.message for finding in (*planned.findings, *findings)] + [planned.reason]
        met = needs.concerning(self._aws.denied, service.arn if service is not None else "", told)
        asked = not self.simulation.problem
        if wanted and not asked:
            what = f"what the identity may write is not known. {self.simulation.problem}"
            findings.append(Finding("permissions", "unknown", what))
        lacks = needs.lacks(wanted, self.simulation.of, met, asked)
        return Seen(planned, service, cluster, place, lacks, half, findings)

    def _half_done(
        self, planned: Planned, service: Service | None, targets: t.Mapping[str, ScalableTarget], problem: str
    ) -> tuple[list[unfinished.Unfinished], list[Finding]]:
        half: list[unfinished.Unfinished] = []
        findings: list[Finding] = []
        if isinstance(planned, Plan):
            half += unfinished.of_plan(planned, self._controllers.of(planned.service).left_over(planned.service))
        if service is not None and problem:
            findings.append(Finding("auto_scaling", "unknown", f"what is suspended is not known. {problem}"))
        target = targets.get(_id(service)) if service is not None else None
        if service is not None and target is not None:
            more, told = self._of_scaling(target)
            half += more
            findings += told
            bounds = scaled.capacity_findings(target, scaled.ServiceFact(service.desired))
            findings += [Finding(one.check, one.severity, one.message) for one in bounds]
        return half, findings

    def _of_scaling(self, target: ScalableTarget) -> tuple[list[unfinished.Unfinished], list[Finding]]:
        try:
            journal = self._targets.read_journal(target)
        except (AwsCallError, IncompleteAnswerError) as exc:
            journal = Unread(exc.explain())
        more, told = unfinished.of_scaling(target, journal, self._aws.region("ecs"))
        return more, [Finding(one.check, one.severity, one.message) for one in told]


def _id(service: Service) -> str:
    return f"service/{service.cluster}/{service.name}"


def _why_not(cluster: str, error: AwsCallError | IncompleteAnswerError) -> str:
    if error.code == "ClusterNotFoundException":
        return f"There is no cluster {keys.last(cluster)}. Check its name, the Region and the account."
    return error.explain()
