# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a look at a service or a deployment group says, as far as an event is answered by it. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

Look = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Seen:
    """``deployment`` is the id of the newest deployment, and ``runs`` the version that it deploys.

    ``failed``: it failed. ``going_back``: AWS takes it back by itself, in words. ``settled``: why there is nothing
    to go back from. ``problem``: why nothing can be done. ``goes_to``: what a rollback would go to, and why.
    ``marked_bad``: the mark of what runs. ``last_rollback``: when this collection rolled back last, or began to;
    ``unfinished``: that rollback did not end. Text is empty, and a time None, if there is none.
    """

    account: str
    deployment: str
    runs: str
    failed: bool
    going_back: str
    settled: str
    problem: str
    goes_to: str
    marked_bad: str
    deployed_at: datetime | None
    last_rollback: datetime | None
    unfinished: bool


def of_service(look: Look) -> Seen:
    """What ``ecs_rollback_info`` says of a service."""
    current = look.get("current") or {}
    running = look.get("in_flight") or {}
    here: Look = next((c for c in look.get("candidates") or () if c.get("current")), {})
    marks = here.get("marks") or {}
    last = look.get("last_rollback") or {}
    status = str(running.get("status") or "")
    return Seen(
        account=str(look.get("account") or ""),
        deployment=str(current.get("deployment_id") or ""),
        runs=short(current.get("task_definition")),
        failed=current.get("rollout_state") == "FAILED",
        going_back=f"ECS takes it back by itself ({status})" if status.startswith("ROLLBACK_") else "",
        marked_bad=str(marks.get("lastgood:bad") or "no reason given") if "lastgood:bad" in marks else "",
        # While something is in flight, that is what counts as running.
        deployed_at=moment(running.get("created_at") or here.get("last_used")),
        last_rollback=moment(last.get("ended") or last.get("began")),
        unfinished=bool(last) and not last.get("ended"),
        **_plan(look, short((look.get("target") or {}).get("task_definition"))),
    )


def of_group(look: Look) -> Seen:
    """What ``codedeploy_deployment_info`` says of a deployment group. It has no marks."""
    current = look.get("current") or {}
    running = look.get("in_flight") or {}
    here: Look = next((c for c in look.get("candidates") or () if c.get("current")), {})
    last = look.get("last_rollback") or {}
    by_itself = running.get("creator") == "codeDeployRollback"
    # Also a deployment that failed, if CodeDeploy is about to take it back.
    about_to = running.get("status") in ("Failed", "Stopped")
    return Seen(
        account=str(look.get("account") or ""),
        deployment=str(current.get("deployment_id") or ""),
        runs=str(current.get("revision_name") or ""),
        failed=current.get("status") == "Failed",
        going_back=f"CodeDeploy takes it back by itself ({running['deployment_id']})" if by_itself or about_to else "",
        marked_bad="",
        deployed_at=moment(running.get("created_at") or here.get("last_used")),
        last_rollback=moment(last.get("ended") or last.get("began")),
        unfinished=False,
        **_plan(look, str(look.get("target_name") or "")),
    )


def _plan(look: Look, target: str) -> dict[str, str]:
    outcome, reason = look.get("outcome"), str(look.get("reason") or "")
    return {
        "settled": reason if outcome == "unchanged" else "",
        "problem": reason or "it could not be looked at" if outcome not in ("unchanged", "planned") else "",
        "goes_to": f"{target} ({look.get('target_why') or reason})" if target else "",
    }


def short(arn: t.Any) -> str:
    """``family:revision`` of a task definition."""
    return str(arn or "").rpartition("/")[2]


def moment(text: t.Any) -> datetime | None:
    """A time in UTC as our results and our event filter have it."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
