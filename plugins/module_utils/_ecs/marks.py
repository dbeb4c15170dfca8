# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Marks: tags that outlive the run. Pure; :mod:`.recorder` and :mod:`.revision_marks` write them.

On a task definition: ``lastgood:bad``, ``lastgood:good``, ``lastgood:pinned``, ``lastgood:barrier``, each with when and
why. Services can share a task definition, so a rollback also writes for which of them its bad mark speaks
(``lastgood:bad-of``). A mark that somebody set by hand counts everywhere.

On a service: ``lastgood:rolled-back-from`` and ``lastgood:rolled-back-to``, with the deployment that did it and its
direction, so that the next run knows that the work is done; and ``lastgood:rollback-started``, written as soon as
AWS has accepted the rollback, so that a run after a crash can tell its own half-done work from somebody else's return.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._core import findings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names

Direction = findings.Direction
Verdict = findings.Verdict

PREFIX: t.Final = "lastgood:"
BAD: t.Final = "lastgood:bad"
# For which services a rollback set the bad mark.
BAD_OF: t.Final = "lastgood:bad-of"
GOOD: t.Final = "lastgood:good"
# It must not be deregistered.
PINNED: t.Final = "lastgood:pinned"
# Nothing older than it can run any more (a database was migrated, say).
BARRIER: t.Final = "lastgood:barrier"
# It was made from another revision, with its images named by digest.
COPY_OF: t.Final = "lastgood:copy-of"
ROLLED_BACK_FROM: t.Final = "lastgood:rolled-back-from"
ROLLED_BACK_TO: t.Final = "lastgood:rolled-back-to"
ROLLED_BACK_AT: t.Final = "lastgood:rolled-back-at"
STARTED: t.Final = "lastgood:rollback-started"

# Tag values: letters, digits, spaces and + - = . _ : / @, at most 256 characters
# (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html).
_FORBIDDEN: t.Final = re.compile(r"[^\w\s+\-=.:/@]")
_VALUE_LIMIT: t.Final = 256
# The longest name of a revision that stands in a tag as it is: two of them and an id have room in one.
_LONGEST_NAME: t.Final = 100
_NAME: t.Final = re.compile(r"[A-Za-z0-9_-]+(\.\.[0-9a-f]{16})?:[1-9][0-9]*")
# In place of the services, if they do not fit.
_EVERYWHERE: t.Final = "*"
_STAMP: t.Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class RolledBack:
    """What the tags of a service say about the last move that this collection made with it.

    ``left`` and ``target`` are names as :func:`tag_name` makes them.
    """

    left: str
    target: str
    at: str
    deployment: str
    direction: Direction


def tag_value(text: str) -> str:
    """Text as a tag can hold it: other characters become underscores, and it is cut to 256."""
    return _FORBIDDEN.sub("_", " ".join(text.split()))[:_VALUE_LIMIT]


def tag_name(task_definition: str) -> str:
    """``family:revision``. A long family is cut, with a hash that tells it from others like it.

    A family can have 255 characters
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html).
    """
    text = names.short(task_definition)
    name = names.parse(text)
    if len(text) <= _LONGEST_NAME or name is None:
        return text
    digest = hashlib.sha256(name.family.encode()).hexdigest()[:16]
    return f"{name.family[:64]}..{digest}:{name.revision}"


def is_tag_name(text: str) -> bool:
    """Whether :func:`tag_name` could have made this."""
    return bool(_NAME.fullmatch(text))


def speaks_for(tags: t.Mapping[str, str]) -> tuple[str, ...] | None:
    """The services that a bad mark speaks for, each as ``cluster/service``; None if it counts everywhere.

    Both tags of a rollback's mark have the same time. If they differ, somebody has written the mark by hand since.
    """
    at, *services = tags.get(BAD_OF, "").split(" ")
    if not services or services == [_EVERYWHERE] or at != tags.get(BAD, "").partition(" ")[0]:
        return None
    return tuple(services)


def is_bad_for(tags: t.Mapping[str, str], service: str) -> bool:
    """Whether a bad mark counts for a service (``cluster/service``)."""
    speaks = speaks_for(tags)
    return BAD in tags and (speaks is None or service in speaks)


def bad_elsewhere(tags: t.Mapping[str, str], service: str) -> str:
    """A bad mark that rollbacks of other services set, in words; empty if there is none or it counts here too."""
    if BAD not in tags or is_bad_for(tags, service):
        return ""
    return f"a rollback of {', '.join(speaks_for(tags) or ())} marked it bad ({tags[BAD] or 'no reason given'})"


def weigh(tags: t.Mapping[str, str], verdict: Verdict, why: str, service: str) -> tuple[Verdict, str]:
    """A mark outweighs what the history proves, a bad one a good one.

    What only other services had to leave is not bad for this one, but it is not good either, unless somebody says so.
    """
    if is_bad_for(tags, service):
        return "bad", f"marked bad: {tags[BAD] or 'no reason given'}"
    if GOOD in tags:
        return "good", f"marked good: {tags[GOOD] or 'no reason given'}"
    elsewhere = bad_elsewhere(tags, service)
    if elsewhere and verdict != "bad":
        return "unknown", f"{elsewhere}; here: {why}"
    return verdict, why


def bad_mark(now: datetime, reason: str | None, service: str, tags: t.Mapping[str, str]) -> dict[str, str]:
    """The mark of a version that a service (``cluster/service``) left. ``tags`` are those that the version has.

    A mark that counts everywhere goes on to do so.
    """
    mark = {BAD: tag_value(f"{_stamp(now)} {reason or 'rolled back from'}")}
    before = speaks_for(tags)
    if BAD in tags and before is None:
        return mark
    return {**mark, BAD_OF: _bad_of(_stamp(now), (*(before or ()), service))}


def _bad_of(stamp: str, services: t.Iterable[str]) -> str:
    value = " ".join([stamp, *dict.fromkeys(services)])
    return value if value == tag_value(value) else f"{stamp} {_EVERYWHERE}"


@dataclass(frozen=True)
class Change:
    """What to do to the tags of a resource."""

    put: t.Mapping[str, str]
    remove: tuple[str, ...]


def without_bad_of(tags: t.Mapping[str, str], service: str) -> Change:
    """What takes back the bad mark that a rollback of a service gave: it stays for the other services."""
    others = [other for other in speaks_for(tags) or () if other != service]
    if others:
        return Change({BAD_OF: _bad_of(tags[BAD].partition(" ")[0], others)}, ())
    return Change({}, tuple(key for key in (BAD, BAD_OF) if key in tags))


def marked_bad_at(tags: t.Mapping[str, str]) -> datetime | None:
    """When it was marked bad; None if it was not, or if the mark does not say when."""
    return time_of(tags.get(BAD, "").partition(" ")[0])


def mark_value(now: datetime, reason: str | None) -> str:
    """A mark set by hand: when, and why if a reason was given."""
    return tag_value(f"{_stamp(now)} {reason or ''}")


def given_by(service_tags: t.Mapping[str, str], version: str, tags: t.Mapping[str, str], service: str) -> bool:
    """A rollback of the service (``cluster/service``) set the bad mark of ``version``, which has these ``tags``.

    If the mark does not say for which services it speaks, the record on the service decides: it has the time of the
    mark, so a mark that somebody set before or after it is theirs.
    """
    speaks = speaks_for(tags)
    if speaks is not None:
        return service in speaks
    last = rolled_back(service_tags)
    if last is None or last.direction != "back" or last.left != tag_name(version):
        return False
    at = marked_bad_at(tags)
    return at is not None and at == time_of(last.at)


def started_tag(left: str | None, target: str, deployment: str, direction: Direction) -> dict[str, str]:
    """The record that a move of ours was accepted, for the run that comes after a crash."""
    return {STARTED: tag_value(f"{deployment} {tag_name(left) if left else '-'} {tag_name(target)} {direction}")}


def done_tags(left: str | None, target: str, deployment: str, now: datetime, direction: Direction) -> dict[str, str]:
    """The record of a move that was verified."""
    return {
        ROLLED_BACK_FROM: tag_value(tag_name(left)) if left else "-",
        ROLLED_BACK_TO: tag_value(tag_name(target)),
        ROLLED_BACK_AT: tag_value(f"{_stamp(now)} {deployment} {direction}"),
    }


def rolled_back(tags: t.Mapping[str, str]) -> RolledBack | None:
    """What :func:`done_tags` recorded; None if there is no record or only part of one."""
    if not all(key in tags for key in (ROLLED_BACK_FROM, ROLLED_BACK_TO)):
        return None
    at, deployment, direction, *_more = [*tags.get(ROLLED_BACK_AT, "").split(" "), "", ""]
    return RolledBack(tags[ROLLED_BACK_FROM], tags[ROLLED_BACK_TO], at, deployment, _direction(direction) or "unknown")


def started(tags: t.Mapping[str, str]) -> RolledBack | None:
    """What :func:`started_tag` recorded; None if there is no record or it cannot be read."""
    parts = tags.get(STARTED, "").split(" ")
    direction = _direction(parts[-1])
    if len(parts) != 4 or direction is None:
        return None
    return RolledBack(left=parts[1], target=parts[2], at="", deployment=parts[0], direction=direction)


def time_of(stamp: str) -> datetime | None:
    """The time in one of our tags; None if there is none."""
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _direction(word: str) -> Direction | None:
    """The direction in one of our tags; None if it is not one of our words."""
    return t.cast("Direction", word) if word in t.get_args(Direction) else None


def _stamp(now: datetime) -> str:
    return now.astimezone(timezone.utc).strftime(_STAMP)
