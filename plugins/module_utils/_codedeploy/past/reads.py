# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading: which deployment group deploys an ECS service, its newest deployments, and what they deployed."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location

# Older deployments are read only if the newest do not decide.
NEWEST_DEPLOYMENTS: t.Final = 25


class EcsGroups:
    """The deployment groups of ECS services. A service has at most one
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html).

    Methods raise :class:`AwsCallError` or :class:`IncompleteAnswerError`.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._everything: list[Group] | None = None

    def named(self, names: t.Iterable[tuple[str, str]]) -> dict[tuple[str, str], Group]:
        """Groups by application and name; one call for each application."""
        by_application: dict[str, list[str]] = {}
        for application, group in dict.fromkeys(names):
            by_application.setdefault(application, []).append(group)
        return {
            (group.application, group.name): group
            for application, groups in by_application.items()
            for group in api.batch_get_deployment_groups(self._aws, application, groups)
        }

    def of(self, cluster: str, service: str) -> list[Group]:
        """The groups that name this service, found by going through all groups of all applications: one or none.

        If there are several, some are left over; which one counts cannot be known here.
        """
        if self._everything is None:
            self._everything = [
                group
                for application in api.list_applications(self._aws)
                for group in api.batch_get_deployment_groups(
                    self._aws, application, api.list_deployment_groups(self._aws, application)
                )
            ]
        return [group for group in self._everything if group.deploys(cluster, service)]


def newest_deployments(aws: Aws, group: Group, everything: bool = False) -> list[Deployment]:
    """A group's deployments in the order they were created: the newest, or all.

    ListDeployments promises no order. In practice the newest come first. To be sure, all are read unless the list goes
    back in time and starts with the group's last attempted deployment. Nor does it promise that a new deployment is
    listed at once: those that the group itself names are read by their ids.

    Raises :class:`IncompleteAnswerError` if AWS does not describe the group's last attempted deployment.
    """
    most = None if everything else NEWEST_DEPLOYMENTS
    ids = api.list_deployments(aws, group.application, group.name, most)
    found = api.batch_get_deployments(aws, ids)
    listed = [found[id_] for id_ in ids if id_ in found]
    if not everything and len(ids) == most and not _newest_first(listed, group.last_attempted):
        return newest_deployments(aws, group, everything=True)
    return sorted([*listed, *_unlisted(aws, group, listed)], key=lambda deployment: deployment.created_at)


def _unlisted(aws: Aws, group: Group, listed: t.Sequence[Deployment]) -> list[Deployment]:
    """What the group names and the list lacks, if it is newer than all of that."""
    have = {deployment.id for deployment in listed}
    named = [id_ for id_ in dict.fromkeys((group.last_attempted, group.last_successful)) if id_ and id_ not in have]
    if not named:
        return []
    found = api.batch_get_deployments(aws, named)
    if group.last_attempted in named and group.last_attempted not in found:
        raise IncompleteAnswerError(
            f"The last deployment of group {group.name} is {group.last_attempted}, a deployment that AWS does not list "
            "yet and does not describe, so what was deployed last is not known"
        )
    newest = max((deployment.created_at for deployment in listed), default=None)
    return [deployment for deployment in found.values() if newest is None or deployment.created_at > newest]


def _newest_first(listed: t.Sequence[Deployment], last_attempted: str) -> bool:
    times = [deployment.created_at for deployment in listed]
    # A deployment created while we read is newer than the group's last attempt as we read it.
    has_newest = not last_attempted or any(deployment.id == last_attempted for deployment in listed)
    return has_newest and times == sorted(times, reverse=True)


def contents(aws: Aws, application: str, locations: t.Sequence[Location]) -> dict[str, str]:
    """AppSpec files by digest, for the locations whose content CodeDeploy itself stores.

    "The content property … is always null. Use GetApplicationRevision and the sha256 property … to get the content"
    (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html).
    """
    found = {appspec.digest(place): appspec.held(place) for place in locations if appspec.digest(place)}
    wanted = {appspec.digest(p): appspec.by_digest(p) for p in locations if appspec.digest(p) and not appspec.held(p)}
    try:
        for answer in api.batch_get_application_revisions(aws, application, list(wanted.values())):
            found[appspec.digest(answer)] = appspec.held(answer)
    except AwsCallError as exc:
        if not exc.is_denied:
            raise
    for digest, location in wanted.items():
        if not found.get(digest):
            try:
                found[digest] = appspec.held(api.get_application_revision(aws, application, location))
            except AwsCallError as exc:
                if exc.code != "RevisionDoesNotExistException":
                    raise
    return {digest: content for digest, content in found.items() if content}
