# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Task definition names, as people write them and as AWS does."""

from __future__ import annotations

import functools
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

_FAMILY: t.Final = r"[A-Za-z0-9_-]{1,255}"
_FAMILY_REVISION: t.Final = re.compile(rf"(?P<family>{_FAMILY}):(?P<revision>[1-9][0-9]*)")
_NUMBER: t.Final = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True)
class TaskDefinitionName:
    """A family and a revision number."""

    family: str
    revision: int

    def __str__(self) -> str:
        return f"{self.family}:{self.revision}"


# Each look at hundreds of services asks for the same few.
@functools.lru_cache(maxsize=1024)
def parse(task_definition: str) -> TaskDefinitionName | None:
    """The family and revision of an ARN or of ``family:revision``; None if it is neither."""
    text = task_definition
    if text.startswith("arn:"):
        arn = parse_aws_arn(text) or {}
        if arn.get("service") != "ecs" or arn.get("resource_type") != "task-definition":
            return None
        text = arn.get("resource_id", "")
    match = _FAMILY_REVISION.fullmatch(text)
    return TaskDefinitionName(match["family"], int(match["revision"])) if match else None


def short(task_definition: str) -> str:
    """``family:revision``, the form in which people talk about it."""
    name = parse(task_definition)
    return str(name) if name else task_definition


def from_option(value: str, current: str) -> str | None:
    """What a user's ``revision`` means: a number of the current family, ``family:number`` or an ARN.

    Returns something that DescribeTaskDefinition takes, or None if it is none of these.
    """
    text = value.strip()
    if _NUMBER.fullmatch(text):
        name = parse(current)
        return f"{name.family}:{text}" if name else None
    return text if parse(text) else None


def older_and_newer(arns: t.Iterable[str], than: str) -> tuple[list[str], list[str]]:
    """Those of the same family with a lower revision number, and those with a higher one, in the order they come."""
    now = parse(than)
    older: list[str] = []
    newer: list[str] = []
    for arn in arns:
        name = parse(arn)
        if now is None or name is None or name.family != now.family:
            continue
        if name.revision < now.revision:
            older.append(arn)
        elif name.revision > now.revision:
            newer.append(arn)
    return older, newer


def same(one: str, other: str) -> bool:
    """Two ways of writing the same task definition. An ARN and a short name are compared by their short form."""
    if one.startswith("arn:") and other.startswith("arn:"):
        return one == other
    return short(one) == short(other)
