# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moto's Amazon EventBridge sends to a target that has no InputTransformer: the event itself.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html. moto needs a package for it that is not
here.
"""

from __future__ import annotations

from typing import Any

from moto.events.utils import EventTemplateParser

_PARSE = EventTemplateParser.parse


def _parse(input_template: str | None, input_paths_map: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    if input_template or input_paths_map:
        return dict(_PARSE(input_template, input_paths_map, event))
    return {name: value for name, value in event.items() if name != "ingestion-time"}


def install() -> None:
    """Let moto use it."""
    EventTemplateParser.parse = staticmethod(_parse)


install()
