# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import options
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn


def params(**given: t.Any) -> dict[str, t.Any]:
    return {
        "cluster": "prod",
        "service": ["web"],
        "revision": None,
        "as_of": None,
        "steps_back": None,
        "undo": False,
        "from_revision": None,
        "fallback": "fail",
        "in_flight": "stop",
        "pin_images": "auto",
        "force": [],
        **given,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["web"], ["web"]),
        (["web", "api", "web"], ["web", "api"]),
        ([" web ", "web"], ["web"]),
    ],
)
def test_services_each_once_in_their_order(given: list[str], expected: list[str]) -> None:
    assert options.service_names(params(service=given)) == expected


@pytest.mark.parametrize("given", [[], [""], ["  "], ["web", ""]])
def test_a_list_of_services_that_cannot_be_meant(given: list[str]) -> None:
    with pytest.raises(options.BadOption, match="service: no service is named"):
        options.service_names(params(service=given))


def test_the_defaults() -> None:
    wish = options.goal(params())
    assert wish.selection == Selection()
    assert (wish.in_flight, wish.tasks) == ("stop", None)
    assert {name: spec.get("default") for name, spec in options.SELECTION_SPEC.items() if "default" in spec} == {
        "cluster": "default",
        "undo": False,
        "fallback": "fail",
        "in_flight": "stop",
        "pin_images": "auto",
        "force": [],
    }


def test_everything_is_handed_on() -> None:
    wish = options.goal(
        params(
            steps_back=2,
            from_revision="43",
            fallback="previous_registered",
            in_flight="refuse",
            force=["again"],
            tasks=0,
        )
    )
    assert wish.selection == Selection(
        steps_back=2, from_revision="43", fallback="previous_registered", force=AGAIN, natively=False
    )
    assert (wish.in_flight, wish.tasks) == ("refuse", 0)


@pytest.mark.parametrize("option", ["revision", "from_revision"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [("41", "41"), (" 41 ", "41"), ("web:41", "web:41"), (arn(41), arn(41)), ("", None), ("  ", None), (None, None)],
)
def test_revisions(option: str, given: str | None, expected: str | None) -> None:
    assert getattr(options.goal(params(**{option: given})).selection, option) == expected


@pytest.mark.parametrize("option", ["revision", "from_revision"])
@pytest.mark.parametrize("given", ["latest", "0", "-1", "4.1", "web", "web:", "web:latest", "arn:aws:ecs:x", "41 42"])
def test_revisions_that_cannot_be_meant(option: str, given: str) -> None:
    with pytest.raises(options.BadOption) as caught:
        options.goal(params(**{option: given}))
    assert str(caught.value).startswith(f"{option}: '{given}' is neither")
    assert "web:41" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-20T13:50:00Z", (13, 50, 0)),
        ("2026-11-20T13:50:00z", (13, 50, 0)),
        ("2026-11-20T13:50:00+00:00", (13, 50, 0)),
        ("2026-11-20T14:50:00+0100", (13, 50, 0)),
        ("2026-11-20T14:50:00+01:00", (13, 50, 0)),
        ("2026-11-20T08:50:00-0500", (13, 50, 0)),
        ("2026-11-20 13:50", (13, 50, 0)),
        (" 2026-11-20T13:50:07 ", (13, 50, 7)),
        ("2026-11-20", (0, 0, 0)),
    ],
)
def test_times_without_a_zone_are_utc(given: str, expected: tuple[int, int, int]) -> None:
    found = options.goal(params(as_of=given)).selection.as_of
    assert found == datetime(2026, 11, 20, *expected, tzinfo=UTC)


@pytest.mark.parametrize("given", ["", "  ", None])
def test_an_empty_time_is_none(given: str | None) -> None:
    wish = options.goal(params(as_of=given))
    assert (wish.selection.as_of, wish.as_of) == (None, None)


def test_how_long_ago_it_was_is_known_once_there_is_a_clock() -> None:
    wish = options.goal(params(as_of="-2h"))
    assert wish.selection.as_of is None
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    dated = wish.dated(noon)
    assert dated.selection.as_of == datetime(2026, 11, 20, 10, tzinfo=UTC)
    # It stays what it was when it was said, however long all the rest takes.
    assert dated.dated(noon + timedelta(hours=5)) == dated
    assert options.goal(params()).dated(noon).selection.as_of is None


@pytest.mark.parametrize("given", ["yesterday", "14:00", "2026-13-01", "1763640000.5x", "20.11.2026"])
def test_times_that_cannot_be_meant(given: str) -> None:
    with pytest.raises(
        options.BadOption,
        match=r"as_of: .* is not a time in ISO 8601, such as .*Z, nor how long ago it was, such as -2h",
    ):
        options.goal(params(as_of=given))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"steps_back": 0}, "steps_back: 0"),
        ({"steps_back": -1}, "steps_back: -1"),
        ({"tasks": -1}, "tasks: -1"),
    ],
)
def test_numbers_that_cannot_be_meant(given: dict[str, int], words: str) -> None:
    with pytest.raises(options.BadOption, match=words):
        options.goal(params(**given))


def test_the_smallest_numbers_that_can_be_meant() -> None:
    wish = options.goal(params(steps_back=1, tasks=0))
    assert (wish.selection.steps_back, wish.tasks) == (1, 0)


def test_only_one_way_of_naming_a_version() -> None:
    assert options.SELECTION_EXCLUSIVE == [["revision", "as_of", "steps_back"]]


@pytest.mark.parametrize(
    ("mode", "copies", "to_the_letter"), [("auto", False, False), ("always", True, False), ("never", False, True)]
)
def test_what_pin_images_means_for_the_choice(mode: str, copies: bool, to_the_letter: bool) -> None:
    wish = options.goal(params(pin_images=mode))
    assert (wish.pin_images, wish.selection.copies, wish.selection.to_the_letter) == (mode, copies, to_the_letter)


@pytest.mark.parametrize(("given", "expected"), [({}, False), ({"fast": True}, True), ({"fast": False}, False)])
def test_fast_is_for_those_that_ask(given: dict[str, bool], expected: bool) -> None:
    assert options.goal(params(**given)).fast is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ([], ()),
        # What a survey sends for a question left blank.
        ([""], None),
        (["none"], ()),
        (["DEPLOYMENT_FAILURE"], ("DEPLOYMENT_FAILURE",)),
        ([" deployment_failure ", "DEPLOYMENT_FAILURE"], ("DEPLOYMENT_FAILURE",)),
        (
            ["DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
            ("DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"),
        ),
    ],
)
def test_rollback_events(given: list[str] | None, expected: tuple[str, ...] | None) -> None:
    assert options.goal(params(rollback_events=given)).rollback_events == expected


@pytest.mark.parametrize("given", [["DEPLOYMENT_LATE"], ["none", "DEPLOYMENT_FAILURE"]])
def test_rollback_events_that_there_are_not(given: list[str]) -> None:
    with pytest.raises(options.BadOption, match=r"rollback_events: '.*' is not one of CodeDeploy's events"):
        options.goal(params(rollback_events=given))


def test_undo_is_a_choice_of_its_own() -> None:
    assert options.goal(params(undo=True)).selection == Selection(undo=True)


@pytest.mark.parametrize(
    ("given", "others"),
    [
        ({"revision": "41"}, "revision"),
        ({"as_of": "-2h"}, "as_of"),
        ({"steps_back": 1}, "steps_back"),
        ({"from_revision": "43"}, "from_revision"),
        ({"fallback": "previous_registered"}, "fallback"),
        ({"revision": "41", "from_revision": "43"}, "revision, from_revision"),
    ],
)
def test_undo_goes_with_nothing_else_that_chooses(given: dict[str, t.Any], others: str) -> None:
    with pytest.raises(options.BadOption) as refused:
        options.goal(params(undo=True, **given))
    assert str(refused.value).endswith(f"so it cannot be given with {others}")
    options.goal(params(**given))
