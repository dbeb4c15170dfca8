# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a deployment group deployed before, and what each revision proved. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location
from ansible_collections.lastgood.aws.plugins.module_utils._findings import Verdict

How = t.Literal["deployed", "returned", "rolled_back"]


@dataclass(frozen=True)
class Evidence:
    """One thing that a deployment proved about a revision."""

    at: datetime
    verdict: Verdict
    why: str
    deployment: str


@dataclass(frozen=True)
class Arrival:
    """A revision came to the group: by a deployment, by somebody's return to it, or by CodeDeploy's own rollback.

    ``revision`` and ``left`` are keys (see ``revisions.key``); ``deployment`` is what brought it there.
    """

    revision: str
    at: datetime
    how: How
    left: str | None
    deployment: str


@dataclass(frozen=True)
class Candidate:
    """A revision that was deployed before (or was tried), with a verdict and why.

    ``deployment`` is the one that proved it good, or else the last one that tried it; its content option and its
    location are what a redeploy takes. ``past`` is what happened to it, the oldest first.
    """

    key: str
    location: Location
    verdict: Verdict
    why: str
    last_used: datetime
    deployment: Deployment
    past: tuple[Evidence, ...] = field(default_factory=tuple)
