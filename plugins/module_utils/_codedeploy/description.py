# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The description by which a deployment of ours is known again. Pure.

Deployments of CodeDeploy cannot be tagged, only their groups and applications
(https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TagResource.html). A tag on the group would be a second
write, which a run that is killed may never get to, and needs a permission of its own; the description is written with
the deployment itself, and everybody sees it in the console.
"""

from __future__ import annotations

import re
import typing as t

# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
LIMIT: t.Final = 256
_OURS: t.Final = re.compile(r"lastgood\.aws (?P<what>rollback|redeploy) .*\brun [0-9a-f]{8}\)?$", re.DOTALL)


def description(reason: str | None, left: str, target: str, run: str) -> str:
    """What people and a later look know the deployment by; ``run`` is unique to this call (8 hexadecimal digits).

    ``left`` and ``target`` are revisions in words; without ``left`` the deployment goes back from nothing. The mark at
    the end is never cut, whatever the lengths.
    """
    end = f", run {run}"
    route = f"rollback {left} to {target}" if left else f"redeploy {target}"
    mine = f"lastgood.aws {route}"[: LIMIT - len(end)] + end
    text = " ".join((reason or "").split())
    room = LIMIT - len(mine) - 3
    return f"{text[:room]} ({mine})" if text and room > 0 else mine


def is_ours(text: str) -> bool:
    """This collection made the deployment with this description."""
    return _OURS.search(text) is not None


def goes_back(text: str) -> bool:
    """This collection made it, to go back from something."""
    found = _OURS.search(text)
    return found is not None and found["what"] == "rollback"
