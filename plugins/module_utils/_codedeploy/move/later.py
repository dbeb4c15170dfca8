# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether our deployment deployed the target, and what was deployed to the group after it."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._aws import settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL


def read(aws: Aws, ours: Deployment, target: Location) -> Deployment | None:
    """The deployment after ours, to the group, of something else; None if there is none.

    Raises :class:`AwsCallError` or :class:`IncompleteAnswerError`.
    """
    groups = api.batch_get_deployment_groups(aws, ours.application, [ours.group])
    if not groups:
        raise IncompleteAnswerError(f"CodeDeploy does not describe deployment group {ours.group} any more")
    newest = groups[0].last_attempted
    if newest == ours.id:
        return None
    # The last one may be to single instances, with somebody's deployment before it.
    since = {"start": ours.created_at}
    ids = settled.once_right(
        lambda: api.list_deployments(aws, ours.application, ours.group, createTimeRange=since),
        # A list that lacks the newest one may lack others too.
        lambda listed: newest in listed or not newest,
        aws.clock,
    )
    found = api.batch_get_deployments(aws, list(dict.fromkeys(id_ for id_ in (newest, *ids) if id_)))
    if newest and newest not in found:
        raise IncompleteAnswerError(f"CodeDeploy does not describe deployment {newest}")
    after = [
        d
        for d in found.values()
        if d.id != ours.id
        and d.created_at >= ours.created_at
        and d.creator not in PARTIAL
        and not stays_with(d, ours, target)
    ]
    return max(after, key=lambda deployment: deployment.created_at, default=None)


def stays_with(later: Deployment, ours: Deployment, target: Location) -> bool:
    """Whether a deployment leaves the group on the target. A place without a version does not: its content may have
    changed.
    """
    restarts = later.mode == "RESTART" and not revisions.key(later.revision)
    return restarts or any(revisions.same(later.revision, location) for location in (target, ours.revision))


def is_of(deployment: Deployment, target: Location) -> bool:
    """Whether it deployed this revision, described more or less fully."""
    there = deployment.revision
    return revisions.same(there, target) or revisions.matches(target, there) or revisions.matches(there, target)
