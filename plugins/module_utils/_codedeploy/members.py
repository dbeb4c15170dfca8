# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Instances that a deployment group deployed to and that are no longer in it. They keep what was installed.

CodeDeploy uninstalls nothing from an instance that is removed from a deployment group
(https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html), and a redeploy does
not reach it. CodeDeploy does not list a group's instances, so those of its last deployments are compared with the
group's tags and Auto Scaling groups. Pure except :func:`read`.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, revisions, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

_Ec2Errors: t.Final = error_handler("ec2")

CHECK: t.Final = "removed_instances"
# Only the targets of so many deployments are listed.
_MOST_DEPLOYMENTS: t.Final = 3
_MOST_TARGETS: t.Final = 500
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html: 200 values of a filter.
_VALUES_PER_FILTER: t.Final = 200
# EC2 Auto Scaling puts this tag on the instances of a group.
_OF_SCALING_GROUP: t.Final = "aws:autoscaling:groupName"
# InstanceStateName in botocore's model: of these nothing is left.
_GONE: t.Final = frozenset({"terminated", "shutting-down"})

Tags = t.Mapping[str, str]


@dataclass(frozen=True)
class Removed:
    """An instance that is no longer in the group, and what CodeDeploy installed there last, as far as known."""

    id: str
    revision: Location | None = None
    deployment: str = ""

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "instance_id": self.id,
            "revision": dict(self.revision) if self.revision else None,
            "revision_name": revisions.text(self.revision) if self.revision else None,
            "deployment_id": self.deployment or None,
        }


def belongs(group: Group, tags: Tags, on_premises: bool) -> bool:
    """Whether an instance with these tags is in the group."""
    if not on_premises and tags.get(_OF_SCALING_GROUP) in group.auto_scaling_groups:
        return True
    sets = group.on_premises_tags if on_premises else group.ec2_tags
    return bool(sets) and all(any(_fits(tag, tags) for tag in alternatives) for alternatives in sets)


def _fits(wanted: tuple[str, str, str], tags: Tags) -> bool:
    """A filter of key, value and EC2TagFilterType."""
    key, value, kind = wanted
    if kind == "KEY_ONLY":
        return key in tags
    if kind == "VALUE_ONLY":
        return value in tags.values()
    return tags.get(key) == value


def findings(group: Group, removed: t.Sequence[Removed]) -> tuple[Finding, ...]:
    """What to say about instances that are no longer in the group."""
    if not removed:
        return ()
    has = {item.id: revisions.text(item.revision) if item.revision else "" for item in removed}
    shown = [f"{id_} ({name})" if name else id_ for id_, name in has.items()]
    verb = "is" if len(removed) == 1 else "are"
    what = (
        f"{targets.named(shown)} {verb} no longer in deployment group {group.name}. A redeploy does not reach "
        f"{'it' if len(removed) == 1 else 'them'}: what was installed there stays, and CodeDeploy does not remove it"
    )
    return (Finding(CHECK, "warn", what),)


def read(aws: Aws, group: Group, deployments: t.Sequence[Deployment]) -> tuple[list[Removed], tuple[Finding, ...]]:
    """Instances of the last of these deployments (oldest first) that exist and are no longer in the group.

    Blue/green deployments make or choose their instances anew each time, so nothing is read for them.
    """
    if group.platform != "Server" or group.blue_green:
        return [], ()
    ended = [d for d in reversed(deployments) if not d.running][:_MOST_DEPLOYMENTS]
    try:
        listed = {d.id: api.list_deployment_targets(aws, d.id, most=_MOST_TARGETS) for d in ended}
        tagged = _tags(aws, list(dict.fromkeys(id_ for ids in listed.values() for id_ in ids)))
        outside = [id_ for id_, tags in tagged.items() if not belongs(group, tags, on_premises=not _in_ec2(id_))]
        removed = [_with_revision(aws, id_, ended, listed) for id_ in outside]
    except (AwsCallError, IncompleteAnswerError) as exc:
        what = f"it is not known whether instances were removed from deployment group {group.name}. {exc.explain()}"
        return [], (Finding(CHECK, "unknown", what),)
    return removed, findings(group, removed)


def _with_revision(
    aws: Aws, id_: str, ended: t.Sequence[Deployment], listed: t.Mapping[str, t.Sequence[str]]
) -> Removed:
    """What it got from the newest of these deployments that succeeded there."""
    for deployment in ended:
        if id_ in listed[deployment.id]:
            [answer] = api.batch_get_deployment_targets(aws, deployment.id, [id_]) or [{}]
            if targets.of(answer).status == "Succeeded":
                return Removed(id_, deployment.revision, deployment.id)
    return Removed(id_)


def _in_ec2(id_: str) -> bool:
    """Instances on premises have names; they cannot look like this ("Register on-premises instances" in the guide)."""
    return id_.startswith("i-")


def _tags(aws: Aws, ids: t.Sequence[str]) -> dict[str, Tags]:
    """The tags of the instances that exist, by id."""
    found: dict[str, Tags] = {}
    for batch in batches([id_ for id_ in ids if _in_ec2(id_)], _VALUES_PER_FILTER):
        found.update(_of_ec2(aws, batch))
    for batch in batches([id_ for id_ in ids if not _in_ec2(id_)], api.ON_PREMISES_PER_CALL):
        found.update(api.tags_of_on_premises_instances(aws, batch))
    return found


@_Ec2Errors.common_error_handler("describe the instances of the last deployments")
def _of_ec2(aws: Aws, ids: t.Sequence[str]) -> dict[str, Tags]:
    # By a filter, because a request that names instances fails if one of them no longer exists.
    filters = [{"Name": "instance-id", "Values": list(ids)}]
    return {
        str(instance["InstanceId"]): {
            str(tag["Key"]): str(tag.get("Value") or "") for tag in instance.get("Tags") or []
        }
        for reservation in aws.beside.pages("ec2", "describe_instances", "Reservations", Filters=filters)
        for instance in require(reservation, "Instances", "describe_instances")
        if (instance.get("State") or {}).get("Name") not in _GONE
    }
