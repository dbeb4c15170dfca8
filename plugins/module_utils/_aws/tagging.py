# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Tags of many resources in a few requests: the Resource Groups Tagging API.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/Welcome.html. Its index lags behind the services
by some seconds, so that what it does not show may be there.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler

# TagResources takes so many ARNs, GetResources takes and gives so many.
ARNS_PER_CALL: t.Final = 20
_PER_PAGE: t.Final = 100

_Handler = error_handler("resourcegroupstaggingapi")


@_Handler.common_error_handler("read which task definitions have a tag")
def task_definitions_with(aws: Aws, key: str) -> frozenset[str]:
    """The ARNs of all task definitions of the account and Region that have a tag with this key.

    Raises AwsCallError or IncompleteAnswerError.
    """
    found: set[str] = set()
    token = ""
    while True:
        page = aws.call(
            "resourcegroupstaggingapi",
            "get_resources",
            TagFilters=[{"Key": key}],
            ResourceTypeFilters=["ecs:task-definition"],
            ResourcesPerPage=_PER_PAGE,
            **({"PaginationToken": token} if token else {}),
        )
        found.update(str(item["ResourceARN"]) for item in require(page, "ResourceTagMappingList", "get_resources"))
        token = str(page.get("PaginationToken") or "")
        if not token:
            return frozenset(found)


def tags_of(aws: Aws, arns: t.Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags of those of these resources that have any, by ARN. Raises AwsCallError or IncompleteAnswerError."""
    return {arn: tags for batch in batches(arns, _PER_PAGE) for arn, tags in _tags_of(aws, batch).items()}


@_Handler.common_error_handler("read the tags of some resources")
def _tags_of(aws: Aws, arns: t.Sequence[str]) -> dict[str, dict[str, str]]:
    # For ARNs there are no pages, and no other filters.
    answer = aws.call("resourcegroupstaggingapi", "get_resources", ResourceARNList=list(arns))
    return {
        str(item["ResourceARN"]): {str(tag["Key"]): str(tag["Value"]) for tag in item.get("Tags") or ()}
        for item in require(answer, "ResourceTagMappingList", "get_resources")
    }


def tag_all(aws: Aws, arns: t.Sequence[str], tags: t.Mapping[str, str]) -> dict[str, str]:
    """Give all of these resources the same tags. Returns, by ARN, what AWS says of those that it did not tag.

    Raises AwsCallError or IncompleteAnswerError; some may have been tagged by then.
    """
    failed: dict[str, str] = {}
    for batch in batches(arns, ARNS_PER_CALL):
        failed.update(_tag(aws, batch, tags))
    return failed


@_Handler.common_error_handler("tag some resources")
def _tag(aws: Aws, arns: t.Sequence[str], tags: t.Mapping[str, str]) -> dict[str, str]:
    answer = aws.call("resourcegroupstaggingapi", "tag_resources", ResourceARNList=list(arns), Tags=dict(tags))
    failed = answer.get("FailedResourcesMap") or {}
    return {
        arn: str(why.get("ErrorMessage") or why.get("ErrorCode") or "no reason given") for arn, why in failed.items()
    }
