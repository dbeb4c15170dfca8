# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Options that several modules share. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf


class BadOption(ValueError):
    """An option has an impossible value. The message names the option and says what to give instead."""


def names(params: t.Mapping[str, t.Any], option: str, what: str) -> list[str]:
    """The names given, in order, without duplicates. Raises :class:`BadOption` for an empty list or name."""
    given = [str(name).strip() for name in params[option]]
    if not given or not all(given):
        raise BadOption(f"{option}: no {what} is named. Give at least one, and no empty names")
    return list(dict.fromkeys(given))


def steps_back(value: int | None) -> int:
    """How many good versions to go back, 1 by default. Raises :class:`BadOption`."""
    if value is not None and value < 1:
        raise BadOption(f"steps_back: {value} is not a number of steps: give 1 or more")
    return value or 1


def wait_timeout(seconds: int) -> int:
    """How many seconds to wait. Raises :class:`BadOption`."""
    if seconds < 1:
        raise BadOption(f"wait_timeout: {seconds} is not a number of seconds to wait")
    return seconds


def contact_timeout(seconds: int) -> int:
    """How many seconds to keep asking while AWS does not answer. Raises :class:`BadOption`."""
    if seconds < 0:
        raise BadOption(f"contact_timeout: {seconds} is not a number of seconds to go on asking")
    return seconds


class Size(t.NamedTuple):
    """How many services: so many, or a share of all of them, 0 to 1."""

    services: int
    share: float | None = None


def waves(given: t.Sequence[object]) -> list[Size]:
    """The sizes of waves: numbers of services (``1``), or shares (``10%``). Raises :class:`BadOption`."""
    return [_size(str(size).strip()) for size in given]


def _size(text: str) -> Size:
    number = text[:-1].strip() if text.endswith("%") else text
    try:
        value = float(number) if text.endswith("%") else int(number)
    except ValueError:
        value = 0
    if value <= 0 or (text.endswith("%") and value > 100):
        raise BadOption(f"waves: {text} is neither a number of services, such as 1, nor a share of them, such as 10%")
    return Size(0, value / 100) if text.endswith("%") else Size(int(value))


def bake(seconds: int) -> int:
    """How many seconds lie between two waves. Raises :class:`BadOption`."""
    if seconds < 0:
        raise BadOption(f"bake: {seconds} is not a number of seconds to wait between two waves")
    return seconds


# A call for more services than this is one of many: nothing of it waits for all the others.
FEW_SERVICES: t.Final = 10


def slices(count: int) -> int:
    """How many jobs share the account's request quotas. Raises :class:`BadOption`."""
    if count < 1:
        raise BadOption(f"slices: {count} is not a number of jobs that run at the same time")
    return count


def plan_max_age(seconds: int) -> int:
    """How old a plan may be, in seconds. Raises :class:`BadOption`."""
    if seconds < 1:
        raise BadOption(f"plan_max_age: {seconds} is not a number of seconds that a plan may be old")
    return seconds


def as_of(value: str | None) -> AsOf | None:
    """A time in the past, or None if none is given. Raises :class:`BadOption`."""
    text = (value or "").strip()
    if not text:
        return None
    try:
        return core_as_of.parse(text)
    except core_as_of.NotATime as exc:
        raise BadOption(
            f"as_of: '{text}' is not a time in ISO 8601, such as 2026-11-20T13:50:00Z, nor how long ago it was, such "
            "as -2h, -90m or -1d"
        ) from exc
