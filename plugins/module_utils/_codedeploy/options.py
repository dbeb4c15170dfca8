# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Options that mean the same wherever deployments of CodeDeploy are asked for. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import ROLLBACK_EVENTS
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption


def rollback_events(given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    """CodeDeploy's rollback events, or None if not given. Raises :class:`BadOption` for an unknown one."""
    if given is None:
        return None
    events = [str(event).strip().upper() for event in given if str(event).strip()]
    if events == ["NONE"] or not given:
        return ()
    if not events:
        # A list of nothing but empty texts is what a survey sends for a question left blank.
        return None
    unknown = [event for event in events if event not in ROLLBACK_EVENTS]
    if unknown:
        raise BadOption(
            f"rollback_events: '{unknown[0]}' is not one of CodeDeploy's events. Give {', '.join(ROLLBACK_EVENTS)}, "
            "or none alone for no automatic rollback"
        )
    return tuple(dict.fromkeys(events))
