# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run says, read from what the role publishes and its steps return. Pure."""

from __future__ import annotations

import typing as t

from tests.faults.truth import Claim


def claim_of(result: t.Mapping[str, t.Any]) -> Claim:
    """``result`` is that of :meth:`tests.faults.role.Role.run`."""
    data, steps = result["data"], result["steps"]
    item = next(iter(data["rollback_result"].values()), {})
    findings = item.get("findings") or []
    done = steps.get("done") or {}
    return Claim(
        outcome=str(data["rollback_outcome"]),
        changed=bool(done.get("changed")),
        target=_short(item.get("target")),
        marked=any(f["check"] == "marked" and "is marked bad" in f["message"] for f in findings),
        deregistered=str(item.get("deregistered") or "").rpartition("/")[2],
        still_suspended=frozenset(part for left in data["rollback_still_suspended"] for part in left["suspended"]),
        warned=frozenset(f["check"] for f in findings if f["severity"] in ("warn", "unknown")),
        failed=bool(result["failed"]),
        steps_failed=frozenset(name for name, step in steps.items() if step.get("failed") or step.get("ended_badly")),
        text="\n".join([str(data["rollback_summary"]), *(f["message"] for f in findings), *result["said"]]),
    )


def _short(target: t.Any) -> str:
    if not target:
        return ""
    if "task_definition" in target:
        return str(target["task_definition"]).rpartition("/")[2]
    return str((target.get("s3Location") or {}).get("key", ""))


def requests_of(result: t.Mapping[str, t.Any], step: str) -> int:
    """How many requests a step has sent."""
    return sum(((result["steps"].get(step) or {}).get("api_calls") or {}).values())
