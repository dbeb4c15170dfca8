# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many looks it takes until a bad end is believed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Look
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.doubt import Doubt
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import deployment

OURS = deployment(41, "ecs-svc/ours")


def believed_at(state: deployments.State, *, listed: bool = True, once: bool = False, contradicted: int = 0) -> int:
    """The number of the look that is believed, 0 if none of twenty is."""
    doubt = Doubt(once)
    if listed:
        doubt.looked(Look("going", ours=OURS))
    for number in range(1, 21):
        look = Look(state, "it ended")
        doubt.looked(look)
        if doubt.is_over(look, lambda number=number: number <= contradicted):  # type: ignore[misc]
            return number
    return 0


# listed before, never listed, the only look, the record contradicts four times, it always does
BELIEVED: t.Final[dict[str, tuple[int, int, int, int, int]]] = {
    "went_back": (3, 3, 1, 5, 10),
    "replaced": (3, 3, 1, 5, 10),
    "unlisted": (3, 5, 1, 5, 10),
    # A rollout that ECS calls FAILED was not FAILED before.
    "failed": (1, 1, 1, 1, 1),
}


@pytest.mark.parametrize("state", sorted(BELIEVED))
def test_looks_until_it_is_believed(state: deployments.State) -> None:
    found = (
        believed_at(state),
        believed_at(state, listed=False),
        believed_at(state, once=True),
        believed_at(state, contradicted=4),
        believed_at(state, contradicted=20),
    )
    assert found == BELIEVED[state]


def test_another_look_in_between_begins_anew() -> None:
    doubt = Doubt()
    over = []
    for state in ("going", "went_back", "went_back", "going", "went_back", "went_back", "unlisted"):
        look = Look(t.cast(deployments.State, state), ours=OURS if state != "unlisted" else None)
        doubt.looked(look)
        over.append(state != "going" and doubt.is_over(look, lambda: False))
    assert over == [False, False, False, False, False, False, True]
