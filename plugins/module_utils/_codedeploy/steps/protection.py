# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The options that say how a deployment group is protected. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import ROLLBACK_EVENTS
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.auto_rollback import (
    DEFAULT_NOTIFICATION_EVENTS,
    NOTIFICATION_EVENTS,
)

SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "enabled": {"type": "bool"},
    "events": {"type": "list", "elements": "str", "choices": list(ROLLBACK_EVENTS)},
    "alarms": {"type": "list", "elements": "str"},
    "alarms_enabled": {"type": "bool"},
    "ignore_poll_alarm_failure": {"type": "bool"},
    "notifications": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "topic_arn": {"type": "str"},
            "events": {
                "type": "list",
                "elements": "str",
                "choices": list(NOTIFICATION_EVENTS),
                "default": list(DEFAULT_NOTIFICATION_EVENTS),
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    },
    "purge_notifications": {"type": "bool", "default": False},
}
