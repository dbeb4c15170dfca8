# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a deployment that is in the way of another one is ended, whoever needs it out of the way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import in_the_way
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment


@pytest.mark.parametrize(
    ("status", "more", "rolls_back"),
    [
        ("Created", {}, False),
        ("Queued", {}, False),
        ("InProgress", {}, True),
        ("Ready", {}, True),
        ("Baking", {}, True),
        ("SomethingNew", {}, True),
        # All the traffic is on its tasks.
        ("InProgress", {"waits_for_termination": True}, False),
        # It goes back itself.
        ("InProgress", {"triggered_by": "d-2", "creator": "codeDeployRollback"}, False),
        # In place there is no traffic to give back.
        ("InProgress", {"style": "IN_PLACE"}, False),
    ],
)
def test_whether_what_is_in_the_way_is_rolled_back(status: str, more: dict[str, object], rolls_back: bool) -> None:
    given = {"style": "BLUE_GREEN", **more}
    running = Deployment("d-3", "app", "group", status, datetime(2026, 1, 1, tzinfo=UTC), **given)
    assert in_the_way.with_rollback(running) is rolls_back
