# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is known of a version that somebody names, and what speaks against going there. Pure.

A named version always wins over what the record shows, but it should surprise nobody.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.from_revision import on_record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History

CHECK: t.Final = "named"
# Families that a message names.
_NAMED: t.Final = 6


def strange_family(service: Service, history: History | None, target: str) -> str:
    """Why a version (ARN or ``family:revision``) is more likely a mistake; empty if the service ran its family.

    A service seldom changes its family, and a wrong one deploys another program.
    """
    name = names.parse(target)
    if name is None:
        return ""
    ran = [found.family for one in on_record(service, history) for found in [names.parse(one)] if found is not None]
    last = [record for record in (marks.rolled_back(service.tags), marks.started(service.tags)) if record is not None]
    tagged = [one for record in last for one in (record.left, record.target)]
    if name.family in ran or any(marks.is_of_family(one, target) for one in tagged):
        return ""
    known = ", ".join(list(dict.fromkeys(ran))[:_NAMED]) or "none"
    return (
        f"{service.name} never ran a version of the family {name.family}, as far as is on record (it ran: {known}), so "
        f"{name} is most likely a mistake. If you mean it, give force: [family]"
    )


def _known_bad(target: TaskDefinition, service: Service, found: t.Iterable[Candidate]) -> str:
    """Why a version is known to be bad; empty if it is not."""
    bad = next((c.why for c in found if c.verdict == "bad"), "")
    if not bad and marks.is_bad_for(target.tags, service.in_cluster):
        return f"marked bad: {target.tags[marks.BAD] or 'no reason given'}"
    return bad


def findings(
    choice: Choice,
    target: TaskDefinition,
    service: Service,
    history: History | None,
    candidates: t.Iterable[Candidate],
) -> list[Finding]:
    """What is known against a version that was named, or that ran at a time that was named."""
    if choice.source not in ("revision", "as_of"):
        return []
    versions = {target.arn} if history is None else {target.arn, history.root(target.arn)}
    found = [c for c in candidates if c.task_definition in versions]
    short = names.short(target.arn)
    if any(c.verdict == "good" for c in found):
        return []
    bad = _known_bad(target, service, found)
    if bad:
        return [Finding(CHECK, "warn", f"{short} is taken because you named it, but it is known to be bad: {bad}")]
    if marks.GOOD in target.tags:
        return []
    if history is None:
        what = f"whether {short}, which you named, was ever healthy here is not known: no history can be read"
        return [Finding(CHECK, "unknown", what)]
    why = next((c.why for c in found), f"no deployment of it to {service.name} is on record")
    what = f"{short} is taken because you named it, but nothing shows that it was ever healthy here: {why}"
    return [Finding(CHECK, "warn", what)]
