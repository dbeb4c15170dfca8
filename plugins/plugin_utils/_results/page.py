# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a report for people shows, in its order, from the document that a report for programs has. Pure.

Nothing is worked out here: what a result does not have is not in the report either.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, outcomes
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.host import Item, Result
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.timeline import chart, drawing

Pairs = t.Sequence[t.Tuple[str, str]]
View = t.Dict[str, t.Any]

_FIRST: t.Final = ("block", "warn", "unknown", "info")
# Of outcomes.WORST_FIRST only runs know; a status has these.
_READY: t.Final = ("not_ready", "ready_with_warnings", "ready")
_STATE: t.Final = {
    "task_definition": "task definition",
    "service_revision": "service revision",
    "revision_name": "revision",
    "deployment_id": "deployment",
    "status": "status of the deployment",
    "rollout_state": "rollout",
    "since": "since",
    "desired_count": "tasks wanted",
    "running_count": "tasks running",
}
_FACTS: t.Final = {
    "cluster": "cluster",
    "application": "application",
    "region": "Region",
    "account": "account",
    "direction": "direction",
    "method": "method",
    "target_source": "target found as",
    "target_why": "why this target",
    "as_of": "as of",
    "copy_of": "copy of",
    "deployment_id": "deployment",
    "rolled_back_to": "rolled back to",
    "rolled_back_by": "rolled back by",
    "unchanged_because": "unchanged because",
    "deregistered": "deregistered",
    "plan_id": "plan",
}


@dataclass(frozen=True)
class Around:
    """What is not in the document: who started the run, why, and what the steps have returned besides items."""

    role: str
    who: Pairs = ()
    reasons: t.Sequence[str] = ()
    plans: t.Mapping[str, t.Mapping[str, t.Any]] | None = None
    requests: t.Mapping[str, int] | None = None


def view(document: t.Mapping[str, t.Any], around: Around) -> View:
    """Everything that the templates show, as texts and lists. No key is ever missing."""
    items = dict(document.get("services") or document.get("deployment_groups") or {})
    parts = [_part(key, item, (around.plans or {}).get(key)) for key, item in items.items()]
    parts.sort(key=lambda part: (part["badness"], part["key"]))
    # Without any item the variables were refused, or AWS could not be asked.
    outcome = str(document.get("outcome") or (parts[0]["outcome"] if parts else "failed"))
    return {
        "role": around.role,
        "outcome": outcome,
        "tone": _tone(outcome),
        "summary": str(document.get("summary") or ""),
        "run_id": str(document.get("run_id") or ""),
        "reasons": list(around.reasons),
        "who": [list(pair) for pair in around.who],
        "parts": parts,
        "suspended": [_suspended(one) for one in document.get("still_suspended") or ()],
        "requests": sorted((around.requests or {}).items()),
    }


def plans(results: t.Iterable[Result]) -> dict[str, t.Mapping[str, t.Any]]:
    """The plans in the results of steps, by key. The last one counts."""
    items = (item for result in results for item in (result.get("services") or [result]))
    return {keys.key(item): item["plan"] for item in items if item.get("plan")}


def requests(results: t.Iterable[Result]) -> dict[str, int]:
    """The requests of all these steps, by operation; of each item of a loop."""
    found: dict[str, int] = {}
    for result in results:
        for one in result.get("results", [result]):
            for operation, times in (one.get("api_calls") or {}).items():
                found[operation] = found.get(operation, 0) + int(times)
    return found


def _part(key: str, item: Item, planned: t.Mapping[str, t.Any] | None) -> View:
    outcome = str(item.get("readiness") or item.get("outcome") or "")
    plan = item.get("plan") or planned or {}
    findings = sorted(item.get("findings") or (), key=lambda one: _rank(_FIRST, str(one.get("severity"))))
    return {
        "key": key,
        "name": str(item.get("deployment_group") or item.get("service") or key),
        "outcome": outcome,
        "tone": _tone(outcome),
        "badness": _rank(_READY, outcome) if item.get("readiness") else outcomes.badness(outcome),
        "summary": str(item.get("summary") or ""),
        "reason": str(item.get("reason") or ""),
        "left": _left(item),
        "target": _target(item),
        "facts": [[label, _text(item[name])] for name, label in _FACTS.items() if item.get(name)],
        "plan": [
            [name.replace("_", " "), _text(value)] for name, value in plan.items() if value not in (None, "", {}, [])
        ],
        "states": _states(item),
        "drawing": drawing(item.get("timings")),
        "chart": chart(item.get("tasks_over_time"), item.get("timings")),
        "tasks": _tasks(item.get("tasks_over_time") or ()),
        "findings": [{name: str(one.get(name) or "") for name in ("severity", "check", "message")} for one in findings],
        "diagnosis": _diagnosis(item.get("diagnosis") or {}),
        "warnings": [str(one) for one in item.get("content_warnings") or ()],
        "instances": [[name, _text(number)] for name, number in (item.get("instances") or {}).items()],
        "content": _content(item.get("content") or {}),
    }


def _tasks(looks: t.Sequence[t.Mapping[str, t.Any]]) -> View:
    """The same as rows of text: the versions, and for each look its seconds and their running tasks."""
    versions = list(dict.fromkeys(name for one in looks for name in one.get("running") or {}))
    rows = []
    for one in looks:
        running = one.get("running") or {}
        rows.append([f"{float(one.get('seconds') or 0.0):.1f} s", *(str(running.get(name, 0)) for name in versions)])
    return {"versions": versions, "rows": rows if len(rows) > 1 else []}


def _rank(order: t.Sequence[str], word: str) -> int:
    return order.index(word) if word in order else -1


def _tone(outcome: str) -> str:
    """How it is coloured."""
    if outcome in (*outcomes.ENDED_BADLY, "not_ready"):
        return "bad"
    return "so" if outcome in ("planned", "started", "ready_with_warnings") else "good"


def _left(item: Item) -> str:
    before = item.get("before") or item.get("running") or {}
    return _text(item.get("left") or before.get("revision_name") or before.get("task_definition"))


def _target(item: Item) -> str:
    target = item.get("target") or {}
    return _text(item.get("target_name") or target.get("task_definition") or item.get("task_definition"))


def _states(item: Item) -> list[list[str]]:
    """Rows of what it is, before, after. Digests are whole: they are for comparing."""
    sides = [item.get("before") or item.get("running") or {}, item.get("after") or {}]
    rows = [[label, *(_text(side.get(name)) for side in sides)] for name, label in _STATE.items()]
    digests = [side.get("image_digests") or {} for side in sides]
    rows += [
        [f"image of {name}", *(_text(side.get(name)) for side in digests)]
        for name in sorted({name for side in digests for name in side})
    ]
    return [row for row in rows if any(row[1:])]


def _diagnosis(found: t.Mapping[str, t.Any]) -> View:
    """Short facts as pairs, lists as lists, and the last lines of scripts as they are."""
    failed = found.get("failed_targets") or ()
    lines = [f"{one['tasks']} × {one['reason']}" for one in found.get("stopped_tasks") or ()]
    lines += [
        " ".join(filter(None, (str(one.get(name) or "") for name in ("event", "status", "error_code", "message"))))
        for one in found.get("lifecycle_events") or ()
    ]
    lines += [_failed(one) for one in failed]
    lines += [str(one) for one in found.get("advice") or ()]
    lines += [f"not known: {one}" for one in found.get("unknown") or ()]
    facts = {name: found.get(name) for name in ("rollout_reason", "deployment_id", "error_code", "error", "targets")}
    return {
        "facts": [[name.replace("_", " "), _text(value)] for name, value in facts.items() if value],
        "lines": lines,
        "events": [[str(one.get("at") or ""), str(one.get("message") or "")] for one in found.get("events") or ()],
        "logs": [[str(one.get("target") or ""), str(one["log_tail"])] for one in failed if one.get("log_tail")],
    }


def _failed(one: t.Mapping[str, t.Any]) -> str:
    where = " ".join(filter(None, (str(one.get(name) or "") for name in ("target", "event", "script"))))
    what = ". ".join(str(one[name]).rstrip(".") for name in ("message", "advice") if one.get(name))
    return ": ".join(filter(None, (where, what)))


def _content(found: t.Mapping[str, t.Any]) -> View:
    """What is known of files on the instances."""
    return {
        "instances": _text(found.get("instances")),
        "restored": [[host, _text(number)] for host, number in sorted((found.get("restored") or {}).items())],
        "not_back": [
            [host, ", ".join(map(str, one.get("files") or ())), str(one.get("reason") or ""), _text(one.get("copies"))]
            for host, one in sorted((found.get("not_back") or {}).items())
        ],
    }


def _suspended(one: t.Mapping[str, t.Any]) -> str:
    return f"{one.get('resource_id')}: {', '.join(map(str, one.get('suspended') or ()))}"


def _text(value: t.Any) -> str:
    """A value on one line. Of an ARN of ECS only the last part: the account and the Region are shown once."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return keys.last(str(value))
