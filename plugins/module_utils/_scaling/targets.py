# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Scalable targets of Application Auto Scaling: the calls, one function each.

All raise :class:`AwsCallError` if AWS refuses or does not answer, and the reading ones :class:`IncompleteAnswerError`
if an answer was cut off on the way.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import journal
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS, Flags, ScalableTarget

_SERVICE: t.Final = "application-autoscaling"
_Errors: t.Final = error_handler(_SERVICE)
# DescribeScalableTargets takes at most 50 ids (ResourceIdsMaxLen1600 in botocore's model).
_BATCH: t.Final = 50
_AWS_NAMES: t.Final = dict(
    zip(FLAGS, ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"))
)


class ScalableTargets:
    """The scalable targets of one dimension, for example ``ecs:service:DesiredCount`` in the namespace ``ecs``."""

    def __init__(self, aws: Aws, namespace: str, dimension: str) -> None:
        self._aws = aws
        self.namespace = namespace
        self.dimension = dimension

    def find(self, resource_ids: t.Sequence[str]) -> dict[str, ScalableTarget]:
        """The existing targets among these, by resource id."""
        found: dict[str, ScalableTarget] = {}
        for batch in batches(resource_ids, _BATCH):
            found.update((item["ResourceId"], _target(item)) for item in self._describe_batch(batch))
        return found

    def find_all(self, prefix: str) -> dict[str, ScalableTarget]:
        """All targets of this dimension whose resource id begins with ``prefix``, by resource id."""
        return {
            item["ResourceId"]: _target(item)
            for item in self._describe_all()
            if item["ResourceId"].startswith(prefix) and item["ScalableDimension"] == self.dimension
        }

    @_Errors.common_error_handler("describe the scalable targets {resource_ids}")
    def _describe_batch(self, resource_ids: list[str]) -> list[Answer]:
        return self._pages(ResourceIds=resource_ids, ScalableDimension=self.dimension)

    @_Errors.common_error_handler("describe the scalable targets of the account")
    def _describe_all(self) -> list[Answer]:
        return self._pages()

    def _pages(self, **params: t.Any) -> list[Answer]:
        found = self._aws.pages(
            _SERVICE, "describe_scalable_targets", "ScalableTargets", ServiceNamespace=self.namespace, **params
        )
        return list(found)

    @_Errors.common_error_handler("list the tags of the scalable target {target.resource_id}")
    def read_journal(self, target: ScalableTarget) -> journal.Journal:
        """The target's current record. Raises :class:`IncompleteAnswerError`."""
        answer = self._aws.call(_SERVICE, "list_tags_for_resource", ResourceARN=target.arn)
        # A record that is overlooked would be overwritten. AWS does not say whether it sends an empty map or omits it.
        # `{}`, which is two bytes, is a complete answer; any other answer without tags was cut off on the way.
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if headers.get("content-length") != "2":
            require(answer, "Tags", "ListTagsForResource")
        return journal.parse(answer.get("Tags", {}))

    @_Errors.common_error_handler("record on the scalable target {target.resource_id} what is suspended")
    def write_record(self, target: ScalableTarget, record: journal.Record) -> None:
        """Write the record. RegisterScalableTarget takes tags only when it creates a target, so this is TagResource."""
        self._aws.call(_SERVICE, "tag_resource", ResourceARN=target.arn, Tags={journal.KEY: journal.encode(record)})

    @_Errors.common_error_handler("delete the record of what was suspended on the scalable target {target.resource_id}")
    def delete_record(self, target: ScalableTarget) -> None:
        """Delete the record, whatever it says."""
        self._aws.call(_SERVICE, "untag_resource", ResourceARN=target.arn, TagKeys=[journal.KEY])

    @_Errors.common_error_handler("set what is suspended on the scalable target {target.resource_id}")
    def set_flags(self, target: ScalableTarget, suspended: Flags) -> None:
        """Suspend exactly these flags.

        All three are sent, because AWS does not say what happens to one that is omitted. Capacities are not sent, so
        they stay; but Application Auto Scaling moves the resource's capacity between them on any update
        (https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html).
        """
        self._aws.call(
            _SERVICE,
            "register_scalable_target",
            ServiceNamespace=self.namespace,
            ResourceId=target.resource_id,
            ScalableDimension=self.dimension,
            SuspendedState={_AWS_NAMES[name]: name in suspended for name in FLAGS},
        )


def _target(item: Answer) -> ScalableTarget:
    # A target that was never suspended may come without SuspendedState; its documented default is false.
    state = item.get("SuspendedState") or {}
    return ScalableTarget(
        resource_id=item["ResourceId"],
        arn=item.get("ScalableTargetARN", ""),
        min_capacity=item["MinCapacity"],
        max_capacity=item["MaxCapacity"],
        suspended=frozenset(name for name, key in _AWS_NAMES.items() if state.get(key)),
    )
