# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""CodeDeploy's deployments of an ECS service, expressed as service deployments. Pure.

What each end means, and where that comes from:

* A rollback of CodeDeploy is a deployment of its own, of the revision that was last deployed successfully. It belongs
  to the one that it undoes, as ECS's own rollbacks do, and is not a deployment that anybody wanted
  (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html).
* "CodeDeploy reroutes traffic from the replacement task set to the original task set" when it is stopped with a
  rollback, as long as that stands, also while it waits for the original one's termination
  (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html).
* The PRIMARY task set says which version the service is on, no matter how a deployment ended.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, appspec, s3
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment as CodeDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment as ModelDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group, Location, is_due, undone_by
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import reads as codedeploy
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import description
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Deployment,
    Revision,
    Service,
    ServiceDeployment,
)

CODEDEPLOY: t.Final = "CodeDeploy"
# DeploymentStatus in botocore's model; Ready waits for somebody's ContinueDeployment. An unknown one is running.
_RUNNING: t.Final = {"Created": "PENDING", "Queued": "PENDING"}
_ROLLED_BACK_BY: t.Final = {
    "Succeeded": "ROLLBACK_SUCCESSFUL",
    "Failed": "ROLLBACK_FAILED",
    "Stopped": "ROLLBACK_FAILED",
}
_ENDED: t.Final = {"Succeeded": "SUCCESSFUL", "Failed": "FAILED", "Stopped": "STOPPED"}


@dataclass(frozen=True)
class Unread:
    """A deployment that has to be left out, since nothing says what it deployed; ``status`` is in ECS's words."""

    id: str
    status: str
    created_at: datetime
    why: str


def status(deployment: CodeDeployment, rollback: CodeDeployment | None) -> str:
    """A deployment's status in ECS's words; ``rollback`` is the one that CodeDeploy made to undo it."""
    if deployment.running:
        return _RUNNING.get(deployment.status, "IN_PROGRESS")
    if rollback is None or deployment.status == "Succeeded":
        return _ENDED[deployment.status]
    return _ROLLED_BACK_BY.get(rollback.status, "ROLLBACK_IN_PROGRESS")


def reason(deployment: CodeDeployment) -> str:
    """Why it is where it is, in CodeDeploy's words; empty if it says nothing."""
    if deployment.status == "Ready":
        return "it waits for ContinueDeployment"
    return "; ".join(text.rstrip(".") for text in (deployment.why, deployment.rollback_message) if text)


def records(
    service: Service,
    deployments: t.Iterable[CodeDeployment],
    revisions: t.Mapping[str, Revision],
    problems: t.Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> tuple[list[ServiceDeployment], list[Unread]]:
    """The records, and the deployments left out because nothing says what they deployed.

    ``revisions`` are what the deployments deploy, by deployment id; ``problems`` say why that is not known. Without
    ``now``, deployments that have ended without a rollback are assumed to get none.
    """
    ordered = sorted(deployments, key=lambda d: d.created_at)
    by_id = {d.id: d for d in ordered}
    rollbacks = undone_by(ordered)
    due = {d.id for d in ordered[-1:] if d.id not in rollbacks and is_due(d, now)}
    told = {**revisions, **_told_by_task_sets(service, ordered, revisions)}
    wanted = _asked_for(ordered, rollbacks)
    known = [d for d in wanted if d.id in told]
    made = [_record(service, d, rollbacks.get(d.id), told, newest=d is wanted[-1], due=d.id in due) for d in known]
    why = problems or {}
    unread = [
        Unread(d.id, status(d, rollbacks.get(d.id)), d.created_at, why.get(d.id, ""))
        for d in wanted
        if d.id not in told
    ]
    return [*_standing(service, by_id), *made], unread


def _asked_for(ordered: t.Sequence[CodeDeployment], rollbacks: t.Mapping[str, CodeDeployment]) -> list[CodeDeployment]:
    """The deployments that somebody wanted: all but the rollbacks of those that are there."""
    ids = {d.id for d in ordered}
    undoing = {rollback.id for id_, rollback in rollbacks.items() if id_ in ids}
    return [d for d in ordered if not (d.is_rollback and d.id in undoing)]


def original(service: Service, deployment: CodeDeployment) -> Deployment | None:
    """The task set that a running deployment replaces; None if that is uncertain."""
    own, primary = service.made_by(deployment.id), service.primary
    if primary is not None and primary is not own:
        return primary
    others = [d for d in service.deployments if d is not own and d.status == "ACTIVE"]
    return others[0] if len(others) == 1 else None


def _told_by_task_sets(
    service: Service, deployments: t.Iterable[CodeDeployment], revisions: t.Mapping[str, Revision]
) -> dict[str, Revision]:
    """What was deployed by deployments with an unreadable AppSpec file but an existing task set."""
    stands = {d.id: service.made_by(d.id) for d in deployments if d.id not in revisions}
    return {id_: _bare(task_set) for id_, task_set in stands.items() if task_set is not None}


def _bare(task_set: Deployment) -> Revision:
    """What a task set runs, if there is no AppSpec file for it."""
    return Revision("", task_set.task_definition, settings=task_set.settings)


def _record(
    service: Service,
    deployment: CodeDeployment,
    rollback: CodeDeployment | None,
    told: t.Mapping[str, Revision],
    newest: bool,
    due: bool,
) -> ServiceDeployment:
    state = "ROLLBACK_REQUESTED" if due else status(deployment, rollback)
    going_back = state in ROLLING_BACK
    finished = rollback.completed_at if rollback is not None else deployment.completed_at
    back: Revision | None = None
    if state == "ROLLBACK_SUCCESSFUL" or (state in ("FAILED", "STOPPED") and newest):
        back = _on_now(service, deployment, told) if newest else None
    if back is None and state.startswith("ROLLBACK") and rollback is not None:
        back = told.get(rollback.id)
    sources: tuple[Revision, ...] = ()
    if deployment.running or going_back:
        source = original(service, deployment)
        sources = (_revision_of(source, told),) if source is not None else ()
    return ServiceDeployment(
        id=deployment.id,
        status=state,
        created_at=deployment.created_at,
        finished_at=None if going_back else finished,
        target=told[deployment.id],
        reason=reason(deployment),
        sources=sources,
        rolled_back_to=back,
        rollback_reason=deployment.why,
        by=CODEDEPLOY,
        announced=description.read(deployment.description, deployment.created_at),
    )


def _on_now(service: Service, deployment: CodeDeployment, told: t.Mapping[str, Revision]) -> Revision | None:
    """What the service is on after a deployment that failed; None if it is on the deployed version all the same."""
    primary = service.primary
    if primary is None or primary.external_id == deployment.id:
        return None
    return _revision_of(primary, told)


def _revision_of(task_set: Deployment, told: t.Mapping[str, Revision]) -> Revision:
    revision = told.get(task_set.external_id)
    if revision is not None and revision.task_definition == task_set.task_definition:
        return revision
    same = (r for r in told.values() if r.task_definition == task_set.task_definition)
    return next(same, _bare(task_set))


def _standing(service: Service, by_id: t.Mapping[str, CodeDeployment]) -> list[ServiceDeployment]:
    """The task set that the service was created with, if it exists: no CodeDeploy deployment mentions it."""
    return [
        ServiceDeployment(
            id=d.id,
            status="SUCCESSFUL" if d.rollout_state == "COMPLETED" else "STOPPED",
            created_at=d.created_at,
            finished_at=d.created_at,
            target=_bare(d),
            reason="its task set is not in a steady state",
            proof="the service was created with it, and its task set stands in a steady state",
        )
        for d in service.deployments
        if d.created_at is not None and not d.external_id and d.status in ("PRIMARY", "ACTIVE")
    ]


# Where a revision made from an AppSpec file keeps that file, and the place in S3 that it can be deployed from again.
APPSPEC: t.Final = "appSpec"


LOCATION: t.Final = "revisionLocation"


@dataclass(frozen=True)
class Seen:
    """What was read of a service besides its history: its deployment group, and what does not say what it deployed."""

    group: Group | None = None
    unread: tuple[Unread, ...] = ()


def seen(more: object) -> Seen:
    """What was read besides the history; nothing, if that is all."""
    return more if isinstance(more, Seen) else Seen()


class NoGroup(Exception):
    """It is not known which single deployment group deploys the service. The message says so."""


class CodeDeploy:
    """The deployment groups and deployments of services that CodeDeploy deploys."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._found = codedeploy.EcsGroups(aws)
        self.groups: dict[str, Group] = {}
        # Objects in S3, or why they cannot be read: many deployments can share one.
        self._objects: dict[str, s3.Stored | str] = {}

    def find_groups(self, services: t.Sequence[Service]) -> None:
        """Find the groups of these services by the deployments that made their task sets: one call for 25 of them.

        "The external ID associated with the task set. If a task set is created by an CodeDeploy deployment, the
        externalId parameter contains the CodeDeploy deployment ID"
        (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html).
        """
        ids = {name: id_ for service in services for name, id_ in [(service.name, _deployed_by(service))] if id_}
        made = api.batch_get_deployments(self._aws, list(dict.fromkeys(ids.values())))
        named = {name: (made[id_].application, made[id_].group) for name, id_ in ids.items() if id_ in made}
        groups = self._found.named(named.values())
        for service in services:
            group = groups.get(named.get(service.name, ("", "")))
            # A group can be given another service, or be recreated for one.
            if group is not None and group.deploys(service.cluster, service.name):
                self.groups[service.name] = group

    def records(
        self, service: Service, everything: bool, now: datetime | None = None
    ) -> tuple[list[ServiceDeployment], list[Unread]]:
        """See the function :func:`.records`. Raises :class:`NoGroup`, AwsCallError or IncompleteAnswerError."""
        group = self.groups.get(service.name) or self._only_group(service)
        self.groups[service.name] = group
        deployments = codedeploy.newest_deployments(self._aws, group, everything)
        have = {d.id for d in deployments}
        late = [
            d.rollback_deployment for d in deployments if d.rollback_deployment and d.rollback_deployment not in have
        ]
        deployments += api.batch_get_deployments(self._aws, late).values()
        revisions, problems = self._revisions(service, group, deployments)
        return records(service, deployments, revisions, problems, now)

    def _only_group(self, service: Service) -> Group:
        named = self._found.of(service.cluster, service.name)
        which = f"service {service.name} of cluster {service.cluster}"
        if not named:
            raise NoGroup(f"no deployment group of CodeDeploy in this Region names {which}, so nothing can deploy it")
        if len(named) > 1:
            raise NoGroup(
                f"several deployment groups of CodeDeploy name {which}: "
                f"{' and '.join(f'{g.application}/{g.name}' for g in named)}. None of them has made its present task "
                "set, so which one deploys it is not known. Take the service out of the others"
            )
        return named[0]

    def _revisions(
        self, service: Service, group: Group, deployments: t.Sequence[ModelDeployment]
    ) -> tuple[dict[str, Revision], dict[str, str]]:
        """What deployments deploy, by their ids, and why that is not known."""
        files = codedeploy.contents(self._aws, group.application, [d.revision for d in deployments])
        found: dict[str, Revision] = {}
        problems: dict[str, str] = {}
        for deployment in deployments:
            location: Location = {}
            try:
                if s3.place(deployment.revision):
                    content, location = self._in_s3(deployment)
                else:
                    content = files.get(appspec.digest(deployment.revision), "")
                    if not content:
                        raise appspec.Unreadable("CodeDeploy does not show its AppSpec file")
                arn = arn_of(content, service)
            except appspec.Unreadable as exc:
                problems[deployment.id] = str(exc)
                continue
            task_set = service.made_by(deployment.id)
            settings = {**(task_set.settings if task_set is not None else {}), APPSPEC: content}
            if location:
                settings[LOCATION] = location
            found[deployment.id] = Revision("", arn, settings=settings)
        return found, problems

    def _in_s3(self, deployment: ModelDeployment) -> tuple[str, Location]:
        """An AppSpec file in S3, and the location to deploy it from again. Raises :class:`.appspec.Unreadable`."""
        where = s3.key(deployment.revision)
        why = s3.unreadable(deployment.revision)
        if why:
            raise appspec.Unreadable(f"{where}: {why}")
        if where not in self._objects:
            self._objects[where] = s3.read(self._aws, deployment.revision)
        stored = self._objects[where]
        if isinstance(stored, str):
            raise appspec.Unreadable(f"{where}: {stored.rstrip('.')}")
        why = s3.changed(deployment.revision, stored, deployment.created_at)
        if why:
            raise appspec.Unreadable(f"{where}: {why}")
        return stored.content, s3.guarded(deployment.revision, stored)


def _deployed_by(service: Service) -> str:
    """The deployment that made its PRIMARY task set, or else one of its others."""
    ordered = sorted(service.deployments, key=lambda d: d.status != "PRIMARY")
    return next((d.external_id for d in ordered if d.external_id.startswith("d-")), "")


def arn_of(content: str, service: Service) -> str:
    """The ARN of the task definition of an AppSpec file. Raises :class:`.appspec.Unreadable`."""
    named = appspec.task_definition(content)
    if names.parse(named) is None:
        raise appspec.Unreadable(f"its TaskDefinition {named} does not say which revision of it")
    if named.startswith("arn:"):
        return named
    own = parse_aws_arn(service.arn) or {}
    return f"arn:{own.get('partition')}:ecs:{own.get('region')}:{own.get('account_id')}:task-definition/{named}"
