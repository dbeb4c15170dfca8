# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The last look before a write."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service


def still_as_planned(planned: plans.Plan, now: Service) -> bool:
    """Nobody deployed since the plan was made."""
    before, after = planned.service.primary, now.primary
    if now.status != planned.service.status or (before is None) != (after is None):
        return False
    return before is None or after is None or (before.id, before.task_definition) == (after.id, after.task_definition)
