# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which of the versions that many services left have no mark: they are asked about together."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import tagging
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun


def unmarked(aws: Aws, runs: t.Sequence[RollbackRun], known: t.Collection[str]) -> frozenset[str]:
    """The ARNs of what these left, as far as it has no mark. Those that are ``known`` are not asked about.

    What has one is to be read from ECS itself, since the Resource Groups Tagging API is behind by seconds. Empty if it
    cannot be asked: each by itself needs no permission but ECS's own.
    """
    plans = [run.plan for run in runs if run.plan is not None and run.plan.direction == "back"]
    left = {str(planned.left): planned.left_tags for planned in plans if (planned.left or "").startswith("arn:")}
    without = [arn for arn, tags in left.items() if arn not in known and not _has_a_mark(tags)]
    if len(without) < 2:
        return frozenset()
    try:
        found = tagging.tags_of(aws, without)
    except (AwsCallError, IncompleteAnswerError):
        return frozenset()
    return frozenset(arn for arn in without if not _has_a_mark(found.get(arn, {})))


def _has_a_mark(tags: t.Mapping[str, str]) -> bool:
    return any(key.startswith(marks.PREFIX) for key in tags)
