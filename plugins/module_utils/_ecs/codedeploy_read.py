# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading what CodeDeploy knows of ECS services: their deployment groups and their histories."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, appspec, s3
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import reads as codedeploy
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import codedeploy_history, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Revision, Service, ServiceDeployment

# Where a revision made from an AppSpec file keeps that file, and the place in S3 that it can be deployed from again.
APPSPEC: t.Final = "appSpec"
LOCATION: t.Final = "revisionLocation"


class NoGroup(Exception):
    """No one deployment group is known to deploy the service. The message says so."""


class CodeDeploy:
    """The deployment groups and deployments of services with the controller CODE_DEPLOY.

    With a ``clock`` a rollback counts that CodeDeploy can still be about to make.
    """

    def __init__(self, aws: Aws, clock: Clock | None = None) -> None:
        self._aws = aws
        self._clock = clock
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
            # A group can be given another service, or be made anew for one.
            if group is not None and group.deploys(service.cluster, service.name):
                self.groups[service.name] = group

    def records(
        self, service: Service, everything: bool
    ) -> tuple[list[ServiceDeployment], list[codedeploy_history.Unread]]:
        """See :func:`.codedeploy_history.records`. Raises :class:`NoGroup`, AwsCallError or IncompleteAnswerError."""
        group = self.groups.get(service.name) or self._only_group(service)
        self.groups[service.name] = group
        deployments = codedeploy.newest_deployments(self._aws, group, everything)
        have = {d.id for d in deployments}
        late = [
            d.rollback_deployment for d in deployments if d.rollback_deployment and d.rollback_deployment not in have
        ]
        deployments += api.batch_get_deployments(self._aws, late).values()
        revisions, problems = self._revisions(service, group, deployments)
        now = self._clock.now() if self._clock is not None else None
        return codedeploy_history.records(service, deployments, revisions, problems, now)

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
        self, service: Service, group: Group, deployments: t.Sequence[Deployment]
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

    def _in_s3(self, deployment: Deployment) -> tuple[str, Location]:
        """An AppSpec file in S3, and from where the same is deployed again. Raises :class:`.appspec.Unreadable`."""
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


def firing(aws: Aws, group: Group) -> tuple[tuple[str, ...], str]:
    """Alarms of the group that are in ALARM now, and why that is not known where it is not."""
    if not group.alarms:
        return (), ""
    try:
        return tuple(api.alarms_in_alarm(aws, group.alarms)), ""
    except (AwsCallError, IncompleteAnswerError) as exc:
        return (), exc.explain()
