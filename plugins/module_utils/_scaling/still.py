# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the steps of a run have left suspended, and how to put it back. Pure.

It is read from the results of autoscaling_suspend in the order of the steps, and from codedeploy_redeploy's for what
CodeDeploy has suspended and not resumed. What somebody else suspended is not included.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS, NONE, Flags, ordered, words

_PROCESSES: t.Final = "suspended_processes"
_SERVICE: t.Final = re.compile(r"service/(?P<cluster>[^/]+)/(?P<service>[^/]+)")
# Text that needs no quotes in a shell or in key=value, and is not a list with commas.
_PLAIN: t.Final = re.compile(r"[A-Za-z0-9_./:@-]+")
_RESTORE: t.Final = "ansible-playbook lastgood.aws.restore_scaling"
_RESUME: t.Final = "ansible localhost -m lastgood.aws.autoscaling_suspend"

Result = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Still:
    """What is still suspended: ``parts`` of a scalable target or Auto Scaling group. If there is no record,
    ``restored`` does not find them.
    """

    resource_id: str
    parts: Flags
    recorded: bool

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {"resource_id": self.resource_id, "suspended": ordered(self.parts), "recorded": self.recorded}


@dataclass
class _Seen:
    """One resource: what is ours, what is suspended now (None: nobody knows), and which of it is in a record."""

    ours: Flags = NONE
    now: Flags | None = None
    recorded: Flags = NONE

    def still(self, resource_id: str) -> list[Still]:
        """What is still suspended, with and without a record apart: they are put back differently."""
        left = self.ours if self.now is None else self.ours & self.now
        parts = ((left & self.recorded, True), (left - self.recorded, False))
        return [Still(resource_id, some, recorded) for some, recorded in parts if some]


def still_suspended(results: t.Iterable[Result]) -> list[Still]:
    """What is still suspended after these steps, by resource id."""
    seen: dict[str, _Seen] = {}
    for result in results:
        for item in result.get("targets") or ():
            if item["outcome"] != "planned":
                _learn(seen.setdefault(item["resource_id"], _Seen()), item)
        for item in result.get("left_suspended") or ():
            one, parts = seen.setdefault(item["resource_id"], _Seen()), frozenset(item["suspended"])
            one.ours |= parts
            one.now = None if one.now is None else one.now | parts
    return [left for id_ in sorted(seen) for left in seen[id_].still(id_)]


def _learn(seen: _Seen, item: Result) -> None:
    before, after, record = parts_of(item["before"]), parts_of(item["after"]), item["record"]
    seen.recorded = frozenset(record.get("flags") or record.get("processes") or ())
    # What was put back is no longer ours, even if a later answer shows it as suspended: that one is old, or somebody
    # has suspended it since.
    put_back = before - after if item["after"] else NONE
    seen.ours = (seen.ours - put_back) | seen.recorded | (after - before)
    seen.now = after if item["after"] else None


def parts_of(picture: Result) -> Flags:
    """What is suspended in the ``before`` or ``after`` of a result."""
    if _PROCESSES in picture:
        return frozenset(picture[_PROCESSES])
    return frozenset(name for name in FLAGS if picture.get(f"{name}_suspended"))


def in_words(still: t.Sequence[Still], region: str = "") -> str:
    """What is suspended and the commands that put it back; empty if nothing is."""
    if not still:
        return ""
    what = "; ".join(f"{words(one.parts)} of {one.resource_id}" for one in still)
    return f"Auto scaling is still suspended: {what}. Put it back with: {'; '.join(_commands(still, region))}"


def _commands(still: t.Sequence[Still], region: str) -> list[str]:
    services: dict[str, list[str]] = {}
    groups: list[str] = []
    others: list[Still] = []
    for one in still:
        match = _SERVICE.fullmatch(one.resource_id)
        if not one.recorded:
            others.append(one)
        elif match:
            services.setdefault(match["cluster"], []).append(match["service"])
        else:
            groups.append(one.resource_id)
    where = [_variable("rollback_region", [region])] if region else []
    made = [
        [_variable("rollback_cluster", [cluster]), _variable("rollback_services", names), *where]
        for cluster, names in services.items()
    ]
    if groups:
        made.append([_variable("rollback_auto_scaling_groups", groups), *where])
    return [" ".join([_RESTORE, *variables]) for variables in made] + [_resume(one, region) for one in others]


def _variable(name: str, values: t.Sequence[str]) -> str:
    if all(_PLAIN.fullmatch(value) for value in values):
        return f"-e {name}={','.join(values)}"
    return f"-e {_quoted({name: list(values)})}"


def _resume(one: Still, region: str) -> str:
    """The command if no record could be written: it names only these parts."""
    options: dict[str, t.Any] = {"state": "resumed"}
    if one.parts.issubset(FLAGS):
        options["resource_id"] = one.resource_id
        options.update({name: False for name in FLAGS if name not in one.parts})
    else:
        options.update(auto_scaling_group=[one.resource_id], processes=ordered(one.parts))
    return f"{_RESUME} -a {_quoted({**options, **({'region': region} if region else {})})}"


def _quoted(value: t.Any) -> str:
    # Like shlex.quote, which does not know that JSON always needs quotes.
    return "'" + json.dumps(value, ensure_ascii=True).replace("'", "\\u0027") + "'"
