# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the agent was recorded doing, as the tests need it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[4] / "recordings" / "codedeploy-agent"
PARSER = "parse-remove-commands"


def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != PARSER)


def content(encoded: str | None) -> bytes | None:
    """A cleanup file of a recording."""
    return None if encoded is None else base64.b64decode(encoded)
