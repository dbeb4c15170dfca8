# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advice in the words of whoever has to follow it."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import called

OPTIONS = {
    "cluster": {},
    "service": {},
    "revision": {},
    "steps_back": {},
    "from_revision": {},
    "in_flight": {},
    "pin_images": {},
    "force": {},
    "wait": {},
    "wait_timeout": {},
    "rollback_events": {},
    "max_fail_percentage": {},
    "plan": {},
}

WORDS = [
    (
        "To go further back, give steps_back, revision or force: [again]",
        "To go further back, give rollback_steps_back, rollback_revision or -e rollback_force=again",
    ),
    ("To deploy it all the same, give force: [marked]", "To deploy it all the same, give -e rollback_force=marked"),
    ("or force: [again, barrier].", "or -e rollback_force=again,barrier."),
    ("Run it again with wait: true to follow it", "Run it again with -e rollback_wait=true to follow it"),
    ("Try revision: web:38", "Try -e rollback_revision=web:38"),
    (
        "Name one with revision, or give fallback: previous_registered.",
        "Name one with rollback_revision, or give -e rollback_fallback=previous_registered.",
    ),
    (
        "a deployment to web:3 is running, and in_flight is refuse",
        "a deployment to web:3 is running, and rollback_in_flight is refuse",
    ),
    ("steps_back: 0 is not a number of steps: give 1", "rollback_steps_back: 0 is not a number of steps: give 1"),
    (
        "deregister and wait: false contradict each other",
        "rollback_deregister and -e rollback_wait=false contradict each other",
    ),
    ("tasks: -1 is not a number of tasks", "rollback_tasks: -1 is not a number of tasks"),
    # It has the prefix already.
    ("give rollback_events", "give rollback_events"),
    # Not ours: a path, an assignment in a command, a parameter of AWS, plain English.
    ("see /tmp/steps_back and -e rollback_steps_back=2", "see /tmp/steps_back and -e rollback_steps_back=2"),
    ("the revision that it left, with 2 tasks, and in force", "the revision that it left, with 2 tasks, and in force"),
    ("the service revision with revision 3", "the service revision with revision 3"),
]


@pytest.mark.parametrize(("options", "variables"), WORDS)
def test_options_become_variables_of_the_role(options: str, variables: str) -> None:
    assert called.worded(options, OPTIONS, "rollback_") == variables


@pytest.mark.parametrize(("options", "_variables"), WORDS)
def test_a_task_is_told_of_its_options(options: str, _variables: str) -> None:
    assert called.worded(options, OPTIONS, "") == options


def test_only_advice_is_worded_and_no_data() -> None:
    result = {
        "msg": "give steps_back",
        "services": [
            {"service": "steps_back", "findings": [{"check": "from_revision", "message": "from_revision names it"}]}
        ],
        "api_calls": {"steps_back": 1},
    }
    assert called.in_words(result, OPTIONS, "deploy_") == {
        "msg": "give deploy_steps_back",
        "services": [
            {
                "service": "steps_back",
                "findings": [{"check": "from_revision", "message": "deploy_from_revision names it"}],
            }
        ],
        "api_calls": {"steps_back": 1},
    }
    assert called.in_words(result, OPTIONS, "") is result


def test_the_environment_says_how_we_were_called() -> None:
    assert called.prefix({}) == ""
    assert called.prefix({called.VARIABLE: "rollback_"}) == "rollback_"
