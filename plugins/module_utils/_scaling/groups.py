# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""EC2 Auto Scaling groups: the calls, one function each.

All raise :class:`AwsCallError` if AWS refuses or does not answer, and the reading ones :class:`IncompleteAnswerError`
if an answer was cut off on the way.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import journal
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import PROCESSES, Flags, Group, ordered

_SERVICE: t.Final = "autoscaling"
_Errors: t.Final = error_handler(_SERVICE)
# "By default, you can only specify up to 50 names" (AutoScalingGroupNames in botocore's model).
_BATCH: t.Final = 50
# SuspensionReason is "User suspended at 2017-12-09T19:00:23Z" after SuspendProcesses, no matter who called it. AWS
# publishes no list of reasons, so any other is treated as AWS's own.
_BY_USERS: t.Final = "User suspended"


class Groups:
    """The Auto Scaling groups of one account and Region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def find(self, names: t.Sequence[str]) -> dict[str, Group]:
        """The existing groups among these, by name."""
        found: dict[str, Group] = {}
        for batch in batches(names, _BATCH):
            found.update((item["AutoScalingGroupName"], _group(item)) for item in self._describe_batch(batch))
        return found

    def find_recorded(self) -> dict[str, Group]:
        """All groups that have a record, by name."""
        return {item["AutoScalingGroupName"]: _group(item) for item in self._describe_recorded()}

    @_Errors.common_error_handler("describe the Auto Scaling groups {names}")
    def _describe_batch(self, names: list[str]) -> list[Answer]:
        return self._pages(AutoScalingGroupNames=names)

    @_Errors.common_error_handler("describe the Auto Scaling groups that have a record")
    def _describe_recorded(self) -> list[Answer]:
        return self._pages(Filters=[{"Name": "tag-key", "Values": [journal.KEY]}])

    def _pages(self, **params: t.Any) -> list[Answer]:
        return list(self._aws.pages(_SERVICE, "describe_auto_scaling_groups", "AutoScalingGroups", **params))

    @_Errors.common_error_handler("record on the Auto Scaling group {target.resource_id} what is suspended")
    def write_record(self, target: Group, record: journal.Record) -> None:
        """Write the record. The tag is not propagated to instances."""
        tag = {**_key(target), "Value": journal.encode(record), "PropagateAtLaunch": False}
        self._aws.call(_SERVICE, "create_or_update_tags", Tags=[tag])

    @_Errors.common_error_handler("read the record on the Auto Scaling group {target.resource_id}")
    def read_journal(self, target: Group) -> journal.Journal:
        """The group's current record."""
        filters = [
            {"Name": "auto-scaling-group", "Values": [target.resource_id]},
            {"Name": "key", "Values": [journal.KEY]},
        ]
        return journal.parse(_tags(self._aws.pages(_SERVICE, "describe_tags", "Tags", Filters=filters)), PROCESSES)

    @_Errors.common_error_handler(
        "delete the record of what was suspended on the Auto Scaling group {target.resource_id}"
    )
    def delete_record(self, target: Group) -> None:
        """Delete the record, whatever it says."""
        self._aws.call(_SERVICE, "delete_tags", Tags=[_key(target)])

    def set_flags(self, target: Group, suspended: Flags) -> None:
        """Have users suspend exactly these processes. Only those that differ are sent.

        A call without names would apply to all processes
        (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses.html).
        """
        for method, names in (
            ("suspend_processes", suspended - target.suspended),
            ("resume_processes", target.suspended - suspended),
        ):
            if names:
                self._set(target, method, ordered(names))

    @_Errors.common_error_handler("set what is suspended on the Auto Scaling group {target.resource_id}")
    def _set(self, target: Group, method: str, names: list[str]) -> None:
        self._aws.call(_SERVICE, method, AutoScalingGroupName=target.resource_id, ScalingProcesses=names)


def _key(target: Group) -> Answer:
    return {"ResourceType": "auto-scaling-group", "ResourceId": target.resource_id, "Key": journal.KEY}


def _tags(items: t.Iterable[Answer]) -> dict[str, str]:
    return {str(item["Key"]): str(item.get("Value") or "") for item in items}


def _group(item: Answer) -> Group:
    reasons = {
        str(process["ProcessName"]): str(process.get("SuspensionReason") or "")
        for process in item.get("SuspendedProcesses") or []
    }
    by_users = frozenset(name for name, reason in reasons.items() if reason.startswith(_BY_USERS))
    return Group(
        resource_id=item["AutoScalingGroupName"],
        suspended=by_users,
        by_aws={name: reason for name, reason in reasons.items() if name not in by_users},
        tags=_tags(item.get("Tags") or []),
    )
