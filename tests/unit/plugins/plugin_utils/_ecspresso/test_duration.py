# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.duration import parse_go_duration, whole_seconds

SECOND = 10**9

# What Go 1.26 answers; the unusual ones are from Go's own table (src/time/time_test.go, parseDurationTests).
GOOD = [
    ("0", 0),
    ("-0", 0),
    ("+0", 0),
    ("5s", 5 * SECOND),
    ("30s", 30 * SECOND),
    ("1478s", 1478 * SECOND),
    ("-5s", -5 * SECOND),
    ("+5s", 5 * SECOND),
    ("5.0s", 5 * SECOND),
    ("5.6s", 5_600_000_000),
    ("5.s", 5 * SECOND),
    (".5s", 500_000_000),
    ("1.004s", 1_004_000_000),
    ("100.00100s", 100_001_000_000),
    ("10ns", 10),
    ("11us", 11_000),
    ("12\u00b5s", 12_000),
    ("12\u03bcs", 12_000),
    ("13ms", 13_000_000),
    ("15m", 900 * SECOND),
    ("16h", 57600 * SECOND),
    ("3h30m", 12600 * SECOND),
    ("10m0s", 600 * SECOND),
    ("1h30m", 5400 * SECOND),
    ("1.5h", 5400 * SECOND),
    ("10.5s4m", 250_500_000_000),
    ("-2m3.4s", -123_400_000_000),
    ("1h2m3s4ms5us6ns", 3_723_004_005_006),
    ("39h9m14.425s", 140_954_425_000_000),
    ("52763797000ns", 52_763_797_000),
    ("0.3333333333333333333h", 1200 * SECOND),
    ("9007199254740993ns", 9_007_199_254_740_993),
    ("9223372036854775807ns", 2**63 - 1),
    ("-9223372036854775808ns", -(2**63)),
    ("0.100000000000000000000h", 360 * SECOND),
    ("0.830103483285477580700h", 2_988_372_539_827),
]

BAD = [
    ("", 'invalid duration ""'),
    ("-", 'invalid duration "-"'),
    ("+", 'invalid duration "+"'),
    (".", 'invalid duration "."'),
    ("s", 'invalid duration "s"'),
    (".s", 'invalid duration ".s"'),
    ("-.s", 'invalid duration "-.s"'),
    ("--1s", 'invalid duration "--1s"'),
    (" 1s", 'invalid duration " 1s"'),
    ("ten minutes", 'invalid duration "ten minutes"'),
    ("3", 'missing unit in duration "3"'),
    ("300", 'missing unit in duration "300"'),
    ("1.5", 'missing unit in duration "1.5"'),
    ("1s2", 'missing unit in duration "1s2"'),
    ("1d", 'unknown unit "d" in duration "1d"'),
    ("1S", 'unknown unit "S" in duration "1S"'),
    ("1s ", 'unknown unit "s " in duration "1s "'),
    ("1m-5s", 'unknown unit "m-" in duration "1m-5s"'),
    ("1h 30m", 'unknown unit "h " in duration "1h 30m"'),
    ("\u0663s", 'invalid duration "\u0663s"'),
    ("9223372036854775808ns", 'invalid duration "9223372036854775808ns"'),
    ("-9223372036854775809ns", 'invalid duration "-9223372036854775809ns"'),
    ("3000000h", 'invalid duration "3000000h"'),
]


@pytest.mark.parametrize(("text", "nanoseconds"), GOOD)
def test_reads_what_go_reads(text: str, nanoseconds: int) -> None:
    assert parse_go_duration(text) == nanoseconds


@pytest.mark.parametrize(("text", "message"), BAD)
def test_refuses_what_go_refuses(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_go_duration(text)


@pytest.mark.parametrize(
    ("nanoseconds", "seconds"), [(1, 1), (SECOND - 1, 1), (SECOND, 1), (SECOND + 1, 2), (600 * SECOND, 600)]
)
def test_seconds_are_rounded_up(nanoseconds: int, seconds: int) -> None:
    assert whole_seconds(nanoseconds) == seconds
