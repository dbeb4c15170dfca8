# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs, values
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES

BLANKS = (None, "", "  ")
SWITCHES = sorted(
    (role, entry, name)
    for role, entries in specs.entry_points().items()
    for entry, spec in entries.items()
    for name, attributes in spec.items()
    if isinstance(attributes.get("default"), bool)
)


@pytest.mark.parametrize(("role", "entry"), sorted(ENTRIES))
def test_null_empty_and_absent_are_the_same_for_each_variable(role: str, entry: str) -> None:
    spec, prefix = specs.entry_points()[role][entry], ENTRIES[role, entry].prefix
    absent = values.cleaned(spec, prefix, {})
    assert len(absent) == len(spec)
    for name in spec:
        for blank in BLANKS:
            assert values.cleaned(spec, prefix, {name: blank}) == absent, name
    for blank in BLANKS:
        assert values.cleaned(spec, prefix, dict.fromkeys(spec, blank)) == absent


@pytest.mark.parametrize(("role", "entry", "name"), SWITCHES)
def test_a_switch_is_true_or_false(role: str, entry: str, name: str) -> None:
    spec, prefix = specs.entry_points()[role][entry], ENTRIES[role, entry].prefix
    for value, meant in ((True, True), ("true", True), ("Yes", True), (1, True), ("off", False), ("0", False)):
        assert values.cleaned(spec, prefix, {name: value})[name.removeprefix(prefix)] is meant
    for value in ("flase", "2", 2, "none", [], {}):
        with pytest.raises(values.BadInput) as refused:
            values.cleaned(spec, prefix, {name: value})
        assert str(refused.value) == f"{name} is '{value}', which is neither true nor false"


def test_there_are_switches() -> None:
    assert {name for _role, _entry, name in SWITCHES} >= {
        "rollback_wait",
        "rollback_mark",
        "rollback_suspend_auto_scaling",
        "rollback_guard_content",
        "deploy_wait",
        "content_guard_become",
    }


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("tasks", 0, 0),
        ("reason", " 500s since 13:52", " 500s since 13:52"),
        ("events", [], []),
        ("as_of", datetime.date(2026, 11, 20), "2026-11-20"),
        (
            "as_of",
            datetime.datetime(2026, 11, 20, 13, 50, tzinfo=datetime.UTC),
            "2026-11-20T13:50:00+00:00",
        ),
    ],
)
def test_what_is_given_stays(name: str, value: t.Any, meant: t.Any) -> None:
    spec = specs.entry_points()["rollback"]["main"]
    assert values.cleaned(spec, "rollback_", {f"rollback_{name}": value})[name] == meant


@pytest.mark.parametrize(
    ("split", "value", "parts"),
    [
        (values.words, None, []),
        (values.words, " , ", []),
        (values.words, "web, api worker", ["web", "api", "worker"]),
        (values.words, ["web", "", None], ["web"]),
        (values.words, 7, ["7"]),
        (values.between_commas, "too many errors, 5xx ,, slow", ["too many errors", "5xx", "slow"]),
        (values.between_commas, "x", ["x"]),
        (values.between_commas, ["too many, really"], ["too many, really"]),
        (values.lines, "/srv/a b\n/srv/c\n", ["/srv/a b", "/srv/c"]),
        (values.lines, ["/srv/a"], ["/srv/a"]),
    ],
)
def test_lists_may_be_written_as_text(split: t.Callable[..., list[str]], value: object, parts: list[str]) -> None:
    assert split(value) == parts


@pytest.mark.parametrize(("given", "found"), [("600", 600), (600, 600), (" 5 ", 5)])
def test_seconds(given: object, found: int) -> None:
    assert values.seconds("limit", given) == found


@pytest.mark.parametrize(("given", "found"), [("4", 4), (4, 4), (" 1 ", 1)])
def test_count(given: object, found: int) -> None:
    assert values.count("slices", given) == found


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "two", "", "٣", True])
def test_what_is_no_count(given: object) -> None:
    with pytest.raises(values.BadInput, match=r"slices is .* give a whole number, at least 1"):
        values.count("slices", given)


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "10m", "", "٣", True])
def test_what_is_no_number_of_seconds(given: object) -> None:
    with pytest.raises(values.BadInput, match=r"limit is .* give a number of seconds, at least 1"):
        values.seconds("limit", given)
