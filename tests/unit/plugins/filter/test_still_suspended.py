# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter: results of steps, of loops, and what are none."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lastgood.aws.plugins.filter.still_suspended import FilterModule, still_suspended

TARGET = {
    "resource_id": "service/prod/web",
    "outcome": "suspended",
    "before": {"dynamic_scaling_in_suspended": False},
    "after": {"dynamic_scaling_in_suspended": True},
    "record": {"flags": ["dynamic_scaling_in"]},
}
NOTHING = {"targets": [], "text": ""}


@pytest.mark.parametrize(
    "results",
    [
        [{"targets": [TARGET]}, {}],
        [{}, {"results": [{"targets": [TARGET]}]}],
        [{"skipped": True}, {"targets": [TARGET], "failed": True}],
    ],
)
def test_what_is_left(results: list[dict[str, t.Any]]) -> None:
    found = still_suspended(results, "eu-central-1")
    assert found["targets"] == [
        {"resource_id": "service/prod/web", "suspended": ["dynamic_scaling_in"], "recorded": True}
    ]
    assert found["text"] == (
        "Auto scaling is still suspended: scale-in of service/prod/web. Put it back with: ansible-playbook "
        "lastgood.aws.restore_scaling -e rollback_cluster=prod -e rollback_services=web -e rollback_region=eu-central-1"
    )


@pytest.mark.parametrize("results", [[], [{}, {"results": []}], [{"skipped": True}], [{"failed": True, "msg": "no"}]])
def test_nothing_is_left(results: list[dict[str, t.Any]]) -> None:
    assert still_suspended(results) == NOTHING


@pytest.mark.parametrize("wrong", [None, 1, ["text"], [{"targets": [{"resource_id": "x"}]}], [{"targets": ["text"]}]])
def test_what_are_no_results_is_refused(wrong: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="still_suspended takes results of autoscaling_suspend"):
        still_suspended(wrong)


def test_its_name() -> None:
    assert FilterModule().filters() == {"still_suspended": still_suspended}
