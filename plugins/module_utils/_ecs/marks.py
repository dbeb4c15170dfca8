# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Marks: tags that outlive the run. Pure; :mod:`.recorder` and :mod:`.revision_marks` write them.

On a task definition: ``lastgood:bad``, ``lastgood:good``, ``lastgood:pinned``, ``lastgood:barrier``, each with when and
why. Services can share a task definition, so a rollback also writes for which of them its bad mark speaks
(``lastgood:bad-of``). A mark that somebody set by hand counts everywhere.

On a service: ``lastgood:rollback``, the record of what a run is about to do, written before it is done, so that a run
after a crash can tell its own half-done work from somebody else's return; and ``lastgood:rollback-done``, which ends
it. Older versions of this collection wrote ``lastgood:rollback-started`` and ``lastgood:rolled-back-*``, with the
deployment in place of the PRIMARY one before it. These are still read.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._core import findings
from ansible_collections.lastgood.aws.plugins.module_utils._core import text as core_text
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
RECORD: t.Final = "lastgood:rollback"
DONE: t.Final = "lastgood:rollback-done"
# Of older versions.
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
# In a record there is more beside them.
_LONGEST_IN_A_RECORD: t.Final = 76
_NAME: t.Final = re.compile(r"[A-Za-z0-9_-]+(\.\.[0-9a-f]{16})?:[1-9][0-9]*")
# In place of the services, if they do not fit.
_EVERYWHERE: t.Final = "*"
_STAMP: t.Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class RolledBack:
    """What the tags of a service say about the last move that this collection made with it.

    ``left`` and ``target`` are names as :func:`is_name_of` knows them. ``at`` is when it was verified, empty if it was
    not. Either ``deployment`` is known, or the record was written before there was one: then ``primary`` is the id of
    the PRIMARY deployment or task set at the time ``began``, and ``todo`` what is to be done once the target is in
    service. ``still_open`` is what was not done in the end.
    """

    left: str
    target: str
    at: str
    deployment: str
    direction: Direction
    run: str = ""
    primary: str = ""
    began: datetime | None = None
    todo: tuple[str, ...] = ()
    still_open: tuple[str, ...] = ()


def tag_value(text: str) -> str:
    """Text as a tag can hold it: other characters become underscores, and it is cut to 256 UTF-16 units."""
    return core_text.cut(_FORBIDDEN.sub("_", " ".join(text.split())), _VALUE_LIMIT)


def tag_name(task_definition: str) -> str:
    """``family:revision``. A long family is cut, with a hash that tells it from others like it.

    A family can have 255 characters
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html).
    """
    return _name_within(_LONGEST_NAME, 64, task_definition)


def name_in_a_record(task_definition: str) -> str:
    return _name_within(_LONGEST_IN_A_RECORD, 40, task_definition)


def _name_within(limit: int, beginning: int, task_definition: str) -> str:
    text = names.short(task_definition)
    name = names.parse(text)
    if len(text) <= limit or name is None:
        return text
    digest = hashlib.sha256(name.family.encode()).hexdigest()[:16]
    return f"{name.family[:beginning]}..{digest}:{name.revision}"


def is_name_of(tag: str, task_definition: str) -> bool:
    """Whether this name in a tag is that of a version."""
    return tag in (tag_name(task_definition), name_in_a_record(task_definition))


def is_of_family(tag: str, task_definition: str) -> bool:
    """Whether this name in a tag is that of any version of the same family."""
    family = tag.rpartition(":")[0]
    return family in (name(task_definition).rpartition(":")[0] for name in (tag_name, name_in_a_record))


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
    if last is None or last.direction != "back" or not is_name_of(last.left, version):
        return False
    at = marked_bad_at(tags)
    return at is not None and at == time_of(last.at)


def record_tag(
    run: str,
    now: datetime,
    primary: str,
    left: str | None,
    target: str,
    direction: Direction,
    todo: t.Sequence[str] = (),
) -> dict[str, str]:
    """The record of what is about to be done, see :class:`RolledBack`. ``run`` has 8 characters, and stays whole."""
    parts = (run, _stamp(now), primary, name_in_a_record(left) if left else "-", name_in_a_record(target), direction)
    return {RECORD: tag_value(" ".join([*parts, "+".join(todo) or "-"]))}


def done_tag(run: str, now: datetime, still_open: t.Sequence[str] = ()) -> dict[str, str]:
    """The end of a record: the same for all services of a run of which nothing is still open."""
    return {DONE: tag_value(" ".join([run, _stamp(now), *(["+".join(still_open)] if still_open else [])]))}


def recorded(tags: t.Mapping[str, str]) -> RolledBack | None:
    """What :func:`record_tag` recorded, and :func:`done_tag` ended; None if it is not there or cannot be read."""
    parts = tags.get(RECORD, "").split(" ")
    if len(parts) != 7:
        return None
    run, at, primary, left, target, word, todo = parts
    began, direction = time_of(at), _direction(word)
    if began is None or direction is None:
        return None
    made = RolledBack(left, target, "", "", direction, run, primary, began, _words(todo))
    return ended(made, tags)


def without(tags: t.Mapping[str, str], void: t.Mapping[str, str]) -> t.Mapping[str, str]:
    """The tags, with what stands in the place of a record that is void; an empty one stands for none."""
    record = tags.get(RECORD, "")
    if record not in void:
        return tags
    others = {key: value for key, value in tags.items() if key != RECORD}
    return {**others, RECORD: void[record]} if void[record] else others


def ended(record: RolledBack, tags: t.Mapping[str, str]) -> RolledBack:
    """The record with what :func:`done_tag` says of its end, if that is of the same run."""
    run, at, still_open, *_more = [*tags.get(DONE, "").split(" "), "", ""]
    if run != record.run or time_of(at) is None:
        return record
    return replace(record, at=at, still_open=_words(still_open))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("+")) if text not in ("", "-") else ()


def rolled_back(tags: t.Mapping[str, str]) -> RolledBack | None:
    """The last move that was verified; None if there is no record of one, or only part of it."""
    record = recorded(tags)
    if record is not None and record.at:
        return record
    if not all(key in tags for key in (ROLLED_BACK_FROM, ROLLED_BACK_TO)):
        return None
    at, deployment, direction, *_more = [*tags.get(ROLLED_BACK_AT, "").split(" "), "", ""]
    return RolledBack(tags[ROLLED_BACK_FROM], tags[ROLLED_BACK_TO], at, deployment, _direction(direction) or "unknown")


def started(tags: t.Mapping[str, str]) -> RolledBack | None:
    """The move that was begun and not ended; None if there is no record of one, or it cannot be read."""
    record = recorded(tags)
    if record is not None:
        return None if record.at else record
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
