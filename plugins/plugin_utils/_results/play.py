# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The result of a role in the whole play, for all hosts and all its uses together. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import GOOD_ENDS
from ansible_collections.lastgood.aws.plugins.plugin_utils._results.host import Item, Left, Report, Steps, with_left

# What an earlier use of the role in the same play has published.
Data = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Role:
    """What is specific to a role: its steps, the outcomes that are not failures, and what it publishes besides
    items.
    """

    name: str
    steps: Steps
    good: frozenset[str] = frozenset()
    more: tuple[str, ...] = ()

    def items_name(self, check_mode: bool) -> str:
        """The name under which the items are published. A role that only looks things up uses the same one in check
        mode.
        """
        return f"{self.name}_{'plan' if check_mode and self.good else 'result'}"


ROLES: t.Final = {
    role.name: role
    for role in (
        Role(
            "rollback",
            Steps(
                ("plan", "guarded", "suspended", "done"),
                ("done", "plan"),
                ("put_back", "restored"),
                "the rollback did not begin",
            ),
            GOOD_ENDS,
            ("outcome", "summary", "still_suspended", "run_id"),
        ),
        Role(
            "deploy",
            Steps(("done",), ("done",), not_begun="the deployment did not begin"),
            frozenset({"deployed", "unchanged", "started", "planned"}),
            ("summary",),
        ),
        Role("history", Steps(("found",), ("found",))),
        Role("status", Steps(("found",), ("found",)), more=("summary",)),
    )
}


@dataclass(frozen=True)
class Result:
    """The whole result. ``items`` are by key; ``told`` are the keys of the new ones."""

    items: t.Mapping[str, Item]
    told: tuple[str, ...]
    outcome: str
    summary: str
    left: tuple[Left, ...]

    @property
    def kind(self) -> str:
        """What a report calls the items."""
        return "deployment_groups" if any(map(_is_group, self.items.values())) else "services"

    @property
    def still_suspended(self) -> str:
        """What is still suspended, in words; empty if nothing is."""
        return with_left("", self.left)


def result(role: Role, reports: t.Sequence[Report], earlier: t.Sequence[Data], check_mode: bool) -> Result:
    """One result for all hosts. ``earlier`` is what the role has published before."""
    before = {key: item for data in earlier for key, item in data.get(role.items_name(check_mode), {}).items()}
    new = {keys.key(item): item for report in reports for item in report.items}
    items = {**before, **new}
    lost = [report for report in reports if not report.items]
    left = tuple(dict.fromkeys((*_left_before(reports, earlier), *(one for report in reports for one in report.left))))
    ends = [*(str(item["outcome"]) for item in items.values()), *(report.outcome for report in lost)]
    if len(reports) == 1 and not before:
        text = reports[0].text
    else:
        lines = [_line(item, role) for item in items.values()]
        lines += [outcomes.Line(report.host, report.outcome, False, report.text) for report in lost]
        text = outcomes.tally(lines, f"{_of(items.values())}{' and hosts' if lost else ''}")
    return Result(items, tuple(new), outcomes.worst(ends), with_left(text, left), left)


def ending(role: Role, one: Report) -> dict[str, t.Any]:
    """What to say about a host at the end: ``msg``, whether it fails the play, and whether it is news.

    What was shown line by line is not repeated.
    """
    lines = [_line(item, role) for item in one.items]
    text = one.text
    if one.shown and len(lines) > 1 and one.text == outcomes.tally(lines, _of(one.items)):
        text = outcomes.counted(lines, _of(one.items), named=True)
    said = with_left(text, one.left)
    return {"msg": said, "failed": one.ended_badly, "shown": said == one.shown}


def data(role: Role, found: Result, check_mode: bool, run_id: str) -> dict[str, t.Any]:
    """What is published."""
    more = {
        "outcome": found.outcome,
        "summary": found.summary,
        "still_suspended": [one.as_dict() for one in found.left],
        "run_id": run_id,
    }
    return {
        role.items_name(check_mode): {
            key: _handed_on(item) if check_mode else item for key, item in found.items.items()
        },
        **{f"{role.name}_{name}": more[name] for name in role.more},
    }


def suffix(slices: t.Iterable[object], job: object) -> str:
    """What the names of everything published end with.

    AWX divides a job into slices, and merges what they publish by name: only the last of several ``rollback_result``
    would be left (``artifacts.update`` in WorkflowJob.get_effective_artifacts, awx/main/models/workflow.py). ``slices``
    are how many there are, by each host.
    """
    several = any(str(one).strip().isdecimal() and int(str(one)) > 1 for one in slices)
    return f"_{job}" if job and several else ""


def with_suffix(found: Data, end: str) -> dict[str, t.Any]:
    """The same under longer names."""
    return {f"{name}{end}": value for name, value in found.items()}


def without_suffix(found: Data, end: str) -> dict[str, t.Any]:
    """The same under the usual names."""
    return {name.removesuffix(end) if end else name: value for name, value in found.items()}


def document(role: Role, found: Result, published: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The same as a document of its own."""
    more = {name: published[f"{role.name}_{name}"] for name in role.more}
    return {**more, found.kind: dict(found.items)}


def _handed_on(item: Item) -> Item:
    """An item whose plan a later job of AWX can carry out.

    AWX hands on a dictionary as YAML in which each text is ``!unsafe``. ansible-core since 2.19 then reads a text that
    looks like a number, a time or nothing as that (https://github.com/ansible/awx/issues/16205), and an account such as
    012345670123 cannot be restored. A text that is JSON looks like nothing else.
    """
    return {**item, "plan_json": json.dumps(item["plan"])} if item.get("plan") else item


def _line(item: Item, role: Role) -> outcomes.Line:
    name = str(item.get("deployment_group") or item.get("service"))
    outcome = str(item["outcome"])
    label, found, text = str(item.get("summary") or "").partition("] ")
    if not (found and label.startswith("[")):
        return outcomes.Line(name, outcome, outcome in role.good, f"{outcome}: {item.get('reason')}")
    return outcomes.Line(label[1:], outcome, outcome in role.good, text)


def _left_before(reports: t.Sequence[Report], earlier: t.Sequence[Data]) -> list[Left]:
    """What was left suspended before, except on the resources of these reports, which know better."""
    newer = {where for report in reports for where in report.scaled}
    found = [Left.of(one) for data_ in earlier for one in data_.get("rollback_still_suspended", ())]
    return [one for one in found if one.where not in newer]


def _is_group(item: Item) -> bool:
    return "deployment_group" in item


def _of(items: t.Collection[Item]) -> str:
    """The plural noun for the items."""
    groups = sum(map(_is_group, items))
    if not groups:
        return "services"
    return "deployment groups" if groups == len(items) else "services and deployment groups"
