# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which revision to go back to, and how that was found. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location

Source = t.Literal["deployment_id", "revision", "as_of", "steps_back", "last_good", "running_rollback", "none"]


@dataclass(frozen=True)
class Selection:
    """What the user asked for. ``revision`` is a location as the API has it."""

    deployment_id: str | None = None
    revision: Location | None = None
    as_of: datetime | None = None
    steps_back: int = 1
    force: bool = False


@dataclass(frozen=True)
class Choice:
    """The target, or why there is none.

    Exactly one of these holds: ``target`` is set; ``settled`` says why there is nothing to do; ``problem`` says why no
    target could be chosen. ``good`` is the deployment that proved the target good, None where none is on record.
    ``left`` is the revision that is left behind. ``settled_by`` is the deployment that brought the group to where it
    is: CodeDeploy's own rollback, or an earlier redeploy.
    """

    source: Source = "none"
    target: Location | None = None
    good: Deployment | None = None
    why: str = ""
    left: Location | None = None
    left_out: tuple[str, ...] = ()
    settled: str | None = None
    settled_by: str = ""
    problem: str | None = None
    needs_more_history: bool = False
