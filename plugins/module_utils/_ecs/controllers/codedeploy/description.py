# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The description of a deployment that we create in CodeDeploy: it is the record of the move, made with it. Pure.

CodeDeploy takes 256 characters (https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html). The names of long
families and the reason are cut, the run never is.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.undo import UNDO

_MOVE: t.Final = re.compile(
    r"lastgood\.aws (?P<what>rollback|redeploy|undo) (?:(?P<left>\S+) to )?(?P<to>[^\s,]+), "
    r"run (?P<run>[0-9a-f]{8})\)?$"
)
# A redeploy can go anywhere: the history knows.
_DIRECTIONS: t.Final[t.Mapping[str, marks.Direction]] = {"rollback": "back", "undo": "forward"}


def made(reason: str | None, left: str | None, target: str, run: str, what: str = "rollback") -> str:
    """What people and a later run know the deployment by, see :func:`.writes.described`."""
    to = marks.name_in_a_record(target)
    route = f"{marks.name_in_a_record(left)} to {to}" if left else to
    return writes.described(reason, f"{what} {route}", run)


def read(text: str, created_at: datetime) -> marks.RolledBack | None:
    """The move that a description of ours announces; None if it is somebody else's, or that of a plain deployment."""
    found = _MOVE.search(text)
    if found is None:
        return None
    what = found["what"]
    return marks.RolledBack(
        left=found["left"] or "-",
        target=found["to"],
        at="",
        deployment="",
        direction=_DIRECTIONS.get(what, "unknown"),
        run=found["run"],
        began=created_at,
        todo=(UNDO,) if what == "undo" else (),
    )
