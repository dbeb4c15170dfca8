# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Durations as Go writes them, because ecspresso hands ``timeout`` to Go's ``time.ParseDuration``."""

from __future__ import annotations

import re
import typing as t

# https://pkg.go.dev/time#ParseDuration. Go writes micro with either of Unicode's two characters for it.
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LARGEST = 2**63 - 1
_PART = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>[^.0-9]*)")


def parse_go_duration(text: str) -> int:
    """Nanoseconds of a Go duration text (``10m0s``, ``1h30m``, ``1.5h``, ``-3s``).

    Accepts exactly what Go's ``time.ParseDuration`` accepts, with its error texts. Raises :class:`ValueError`, which
    says what is wrong.
    """
    rest = text[1:] if text[:1] in ("+", "-") else text
    negative = text[:1] == "-"
    if rest == "0":
        return 0
    if not rest:
        raise ValueError(f'invalid duration "{text}"')
    total = 0
    while rest:
        # Every part of the pattern is optional, so it always matches.
        part = t.cast("re.Match[str]", _PART.match(rest))
        whole, fraction, unit = part["whole"], part["fraction"] or "", part["unit"]
        if not whole and not fraction:
            raise ValueError(f'invalid duration "{text}"')
        if not unit:
            raise ValueError(f'missing unit in duration "{text}"')
        if unit not in _NANOSECONDS:
            raise ValueError(f'unknown unit "{unit}" in duration "{text}"')
        total += int(whole or "0") * _NANOSECONDS[unit] + _fraction(fraction, _NANOSECONDS[unit])
        rest = rest[part.end() :]
    # Go's time.Duration is an int64, so there is one more value below zero.
    if total > _LARGEST + negative:
        raise ValueError(f'invalid duration "{text}"')
    return -total if negative else total


def _fraction(digits: str, unit: int) -> int:
    # Go computes this part in floating point and drops digits that do not fit into an int64: 0.3333333333333333333h is
    # exactly 20 minutes.
    value, scale = 0, 1.0
    for digit in digits:
        if value > _LARGEST // 10 or value * 10 + int(digit) > _LARGEST + 1:
            break
        value, scale = value * 10 + int(digit), scale * 10
    return int(float(value) * (float(unit) / scale))


def whole_seconds(nanoseconds: int) -> int:
    """Seconds, rounded up: a wait must not end before the time asked for."""
    return -(-nanoseconds // _NANOSECONDS["s"])
