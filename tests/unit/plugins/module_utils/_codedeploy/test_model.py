# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether CodeDeploy may still be about to roll back a deployment that we have stopped."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import model
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import at, made


@pytest.mark.parametrize(
    ("stopped", "events", "due"),
    [
        # Somebody stopped it, and may have asked for a rollback.
        ("", (), True),
        ("d-2", (), True),
        ("d-1", (), False),
        ("d-1", ("DEPLOYMENT_FAILURE",), False),
        ("d-1", ("DEPLOYMENT_STOP_ON_REQUEST",), True),
    ],
)
def test_what_we_stopped_without_a_rollback_gets_none(stopped: str, events: tuple[str, ...], due: bool) -> None:
    ended = made(1, 1, "Stopped", rollback_events=events)
    assert model.is_due(model.not_rolled_back(ended, stopped), at(60 + 10.5)) is due


def test_what_codedeploy_says_itself_stays() -> None:
    ended = made(1, 1, "Stopped", rollback_message="no revision to go back to")
    assert model.not_rolled_back(ended, "d-1").rollback_message == "no revision to go back to"
