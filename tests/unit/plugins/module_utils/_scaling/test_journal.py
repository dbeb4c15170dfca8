# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record as a tag's value."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import (
    KEY,
    Garbled,
    Origin,
    Record,
    encode,
    origin,
    parse,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS, Flags

NOW = datetime(2026, 11, 22, 15, 2, 11, tzinfo=timezone(timedelta(hours=1)))
ALL = frozenset(FLAGS)
GOOD = "1 ours=in+out old=in new=in+out at=2026-11-22T14:02:11Z run=4f3a9c2e by=awx/4711 why=500s since 13:52"


def subsets(flags: Flags) -> list[Flags]:
    names = sorted(flags)
    return [frozenset(some) for size in range(len(names) + 1) for some in itertools.combinations(names, size)]


def test_the_value_can_be_read_by_people() -> None:
    who = origin(NOW, "4f3a9c2e", "awx/4711", "500s since 13:52")
    flags = frozenset({"dynamic_scaling_in", "dynamic_scaling_out"})
    assert encode(Record(flags, frozenset({"dynamic_scaling_in"}), flags, who)) == GOOD


def test_every_record_comes_back_as_it_was_written() -> None:
    who = origin(NOW, "4f3a9c2e", "ops@host", "because")
    for ours in subsets(ALL):
        for old, new in itertools.permutations(subsets(ours), 2):
            record = Record(ours, old, new, who)
            assert parse({"Name": "web", KEY: encode(record)}) == record


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("ops@host", ""),
        ("", "because"),
        ("Jörg Müller@host", "Überlast, 500er; siehe <https://wiki/x?y=1&z> ±5 % §1"),
        ("a" * 300, "b" * 300),
        ("ops@host", "line one\n\tline two   " + "c " * 200),
        ("ops@host", "why=because by=nobody"),
        ("日本@host", "負荷 " * 90),
        ("ops@host", "   "),
    ],
)
def test_any_text_fits_into_a_tag_and_comes_back(by: str, why: str) -> None:
    who = origin(NOW, "4f3a9c2e", by, why)
    record = Record(ALL, frozenset({"dynamic_scaling_in", "dynamic_scaling_out"}), ALL, who)
    value = encode(record)
    assert len(value) <= 256
    assert re.fullmatch(r"[\w +\-=.:/@]+", value)
    assert parse({KEY: value}) == record


def test_the_time_is_utc() -> None:
    assert origin(NOW, "4f3a9c2e", "x", "").at == "2026-11-22T14:02:11Z"


def test_no_tag_is_no_record() -> None:
    assert parse({"Name": "web"}) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2" + GOOD[1:],
        GOOD.replace("ours=in+out ", ""),
        GOOD.replace("ours=in+out", "ours=out+in"),
        GOOD.replace("ours=in+out", "ours=in+in"),
        GOOD.replace("ours=in+out", "ours=in+out+cooldown"),
        GOOD.replace("ours=in+out", "ours=none").replace("old=in", "old=none"),
        GOOD.replace("old=in ", "old=scheduled "),
        GOOD.replace("new=in+out", "new=in"),
        GOOD.replace("new=in+out", "new=in+out+scheduled"),
        GOOD.replace("14:02:11Z", "14:02:11"),
        GOOD.replace("4f3a9c2e", "4F3A9C2E"),
        GOOD.replace("by=awx/4711 ", ""),
        GOOD.replace("why=500s since 13:52", "why="),
        GOOD + "\n",
        " " + GOOD,
    ],
)
def test_what_we_did_not_write_is_garbled(value: str) -> None:
    assert parse({KEY: value}) == Garbled(value)


def test_results_name_the_flags_as_the_options_do() -> None:
    record = parse({KEY: GOOD})
    assert isinstance(record, Record)
    assert record.origin == Origin("2026-11-22T14:02:11Z", "4f3a9c2e", "awx/4711", "500s since 13:52")
    assert record.as_dict() == {
        "flags": ["dynamic_scaling_in", "dynamic_scaling_out"],
        "at": "2026-11-22T14:02:11Z",
        "run": "4f3a9c2e",
        "by": "awx/4711",
        "reason": "500s since 13:52",
    }
