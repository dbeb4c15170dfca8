# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A time in the past, as people write one: ``2026-11-20T13:50:00Z``, or ``-2h`` for two hours ago. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

# fromisoformat alone would not do: before Python 3.11 each version accepts something different.
_TIME: t.Final = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?P<fraction>\.\d{1,9})?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)
# The digits are limited so that no sum of them leaves the calendar.
_AGO: t.Final = re.compile(
    r"-\s*(?=\d)(?:(?P<weeks>\d{1,4})w)?\s*(?:(?P<days>\d{1,4})d)?\s*(?:(?P<hours>\d{1,5})h)?\s*"
    r"(?:(?P<minutes>\d{1,6})m)?\s*(?:(?P<seconds>\d{1,8})s)?",
    re.IGNORECASE | re.ASCII,
)
# HTTP Date headers are in whole seconds, and people read the time off their own machine's clock.
_TOLERANCE: t.Final = timedelta(seconds=60)


class NotATime(ValueError):
    """The text is neither a point in time nor an age such as ``-2h``."""


@dataclass(frozen=True)
class AsOf:
    """A time as the user gave it in ``text``. ``at`` is None if it was given as an age (``ago``)."""

    text: str
    at: datetime | None = None
    ago: timedelta = timedelta()
    zone_assumed: bool = False

    def seen_from(self, now: datetime) -> datetime:
        """The point in time, given the time ``now``."""
        return self.at if self.at is not None else now - self.ago

    def problem(self, now: datetime) -> str:
        """Why this time cannot be used: it lies in the future. Empty if it has passed."""
        if self.seen_from(now) <= now + _TOLERANCE:
            return ""
        told = f"in the future: it is {stamp(now)} now"
        if self.zone_assumed:
            return f"{self.note}, which is {told}. Give your own time with its offset, such as {self.text}+02:00"
        return f"as_of {self.text} is {told}. Give a time that has passed"

    @property
    def note(self) -> str:
        """The zone that was assumed, in words; empty if the user gave one."""
        return f"as_of {self.text} names no zone and was taken as UTC" if self.zone_assumed else ""


def parse(text: str) -> AsOf:
    """Parse a time or an age. Without a zone it is UTC. Raises :class:`NotATime`."""
    ago = _AGO.fullmatch(text)
    if ago:
        return AsOf(text, ago=timedelta(**{unit: int(count) for unit, count in ago.groupdict().items() if count}))
    found = _TIME.fullmatch(text)
    if not found:
        raise NotATime(text)
    try:
        when = datetime.fromisoformat(f"{found['day']}T{found['time'] or '00:00'}")
        zone = _zone(found["zone"] or "")
    except ValueError as exc:
        raise NotATime(text) from exc
    when += timedelta(seconds=float(found["fraction"] or 0))
    return AsOf(text, when.replace(tzinfo=zone), zone_assumed=not found["zone"])


def notes(as_of: AsOf | None) -> list[str]:
    """Warnings about the time given, once for all services of a call."""
    return [as_of.note] if as_of is not None and as_of.note else []


def findings(as_of: AsOf | None) -> list[Finding]:
    """The same warnings as findings of a service or a deployment group."""
    return [Finding("as_of", "info", note) for note in notes(as_of)]


def _zone(text: str) -> timezone:
    if text[:1] not in ("+", "-"):
        return timezone.utc
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:].lstrip(":") or 0))
    return timezone(-offset if text[0] == "-" else offset)


def shown(at: datetime | None) -> str | None:
    """A time for results: ISO 8601 in UTC, or None."""
    return stamp(at) if at is not None else None


def stamp(at: datetime) -> str:
    """A time as ``2026-11-20T13:50:00Z``."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
