# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who started a run, from the variables of AWX, events and pipelines."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._results.who import who

CASES: list[tuple[dict[str, t.Any], dict[str, str], str, list[tuple[str, str]]]] = [
    ({}, {}, "", []),
    ({}, {}, "ada@bastion", [("User on the control node", "ada@bastion")]),
    (
        {"awx_job_id": 4711, "awx_user_name": "ada", "tower_user_name": "other"},
        {},
        "",
        [("AWX user", "ada"), ("AWX job", "4711")],
    ),
    ({"tower_job_id": "7"}, {}, "", [("AWX job", "7")]),
    (
        {"ansible_eda": {"ruleset": "ecs", "rule": "alarm", "event": {"meta": {"uuid": "e-1"}, "detail": "not shown"}}},
        {},
        "",
        [("Event: ruleset", "ecs"), ("Event: rule", "alarm"), ("Event: id", "e-1")],
    ),
    ({"ansible_eda": "nonsense"}, {}, "", []),
    ({"ansible_eda": {"event": "nonsense"}}, {}, "", []),
    (
        {},
        {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "ada", "GITHUB_TOKEN": "secret"},
        "",
        [("GitHub Actions: GITHUB_ACTOR", "ada")],
    ),
    # A variable that others may set for reasons of their own says nothing.
    ({}, {"BUILD_URL": "x", "GITHUB_ACTOR": "ada"}, "", []),
]


@pytest.mark.parametrize(("variables", "environment", "login", "expected"), CASES)
def test_who(
    variables: dict[str, t.Any], environment: dict[str, str], login: str, expected: list[tuple[str, str]]
) -> None:
    assert who(variables, environment, login) == expected
