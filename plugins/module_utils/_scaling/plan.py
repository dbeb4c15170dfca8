# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Read everything and decide what to do with each target, before anything is written."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import services
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import Decision, SetFlags, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.earlier import Settling, decide_after, stamped
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import Journal, Unread
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import (
    Finding,
    Missing,
    ScalableTarget,
    Severity,
    State,
    Target,
    sentence,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.options import Request
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.targets import ScalableTargets

_VERB: t.Final[dict[State, str]] = {"suspended": "suspend", "resumed": "resume", "restored": "restore"}
# How bad it is if a target does not exist.
MISSING: t.Final[dict[Missing, Severity]] = {"ignore": "info", "warn": "warn", "fail": "block"}


@dataclass(frozen=True)
class Plan:
    """What will be done with one target. ``target`` is None if it does not exist."""

    resource_id: str
    target: Target | None
    decision: Decision
    journal: Journal = None

    @property
    def blocked(self) -> bool:
        """Whether it must not be done."""
        return any(finding.severity == "block" for finding in self.decision.findings)


def plan(aws: Aws, targets: ScalableTargets, request: Request, settling: Settling[ScalableTarget]) -> list[Plan]:
    """A plan for each target, in the order of the request. Writes nothing.

    Raises :class:`AwsCallError` or :class:`IncompleteAnswerError` if the targets themselves cannot be read.
    """
    if request.everything_in:
        return _plan_everything(aws, targets, request, settling)
    found = targets.find(request.resource_ids)
    wish = stamped(request.wish, settling.now())
    drafts = {rid: _draft(targets, wish, settling, target) for rid, target in found.items()}
    absent = [rid for rid in request.resource_ids if rid not in found]
    facts = services.look_up(aws, [rid for rid in request.resource_ids if rid in absent or _sets_flags(drafts[rid])])
    return [
        _with_capacity(drafts[rid], facts.get(rid)) if rid in found else _absent(request, rid, facts.get(rid))
        for rid in request.resource_ids
    ]


def _plan_everything(
    aws: Aws, targets: ScalableTargets, request: Request, settling: Settling[ScalableTarget]
) -> list[Plan]:
    """Plans for the targets of a cluster that have a record, or may have one."""
    prefix = f"service/{request.everything_in}/"
    found = targets.find_all(prefix)
    absence = "" if found else services.cluster_absence(aws, request.everything_in)
    if absence:
        return [_absent(request, f"{prefix}*", services.ServiceFact(absent=absence))]
    wish = stamped(request.wish, settling.now())
    drafts = [_draft(targets, wish, settling, target) for target in found.values()]
    drafts = [draft for draft in drafts if draft.journal is not None]
    facts = services.look_up(aws, [draft.resource_id for draft in drafts if _sets_flags(draft)])
    return [_with_capacity(draft, facts.get(draft.resource_id)) for draft in drafts]


def _draft(targets: ScalableTargets, wish: Wish, settling: Settling[ScalableTarget], target: ScalableTarget) -> Plan:
    target, journal, suspended = settling.settle(wish, target, _read_journal(targets, target))
    decision = decide_after(settling.of(target.resource_id), wish, suspended, journal)
    return Plan(target.resource_id, replace(target, suspended=suspended), decision, journal)


def _read_journal(targets: ScalableTargets, target: ScalableTarget) -> Journal:
    if not target.arn:
        return Unread(f"AWS gives no ARN for the scalable target {target.resource_id}, so its tags cannot be read.")
    try:
        return targets.read_journal(target)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return Unread(sentence(exc.explain()))


def _sets_flags(draft: Plan) -> bool:
    return any(isinstance(step, SetFlags) for step in draft.decision.steps)


def _with_capacity(draft: Plan, fact: services.ServiceFact | None) -> Plan:
    if not isinstance(draft.target, ScalableTarget) or not _sets_flags(draft):
        return draft
    findings = draft.decision.findings + services.capacity_findings(draft.target, fact)
    return replace(draft, decision=replace(draft.decision, findings=findings))


def _absent(request: Request, resource_id: str, fact: services.ServiceFact | None) -> Plan:
    """The plan for a target that does not exist. If the service itself does not exist, it is always an error."""
    severity: Severity = MISSING[request.missing]
    if fact and fact.absent:
        check, why = "service_missing", f"{fact.absent}. Check the names, the Region and the credentials"
        severity = "info" if request.missing == "ignore" else "block"
    else:
        check = "scalable_target_missing"
        why = f"there is no scalable target for {request.dimension}, so there is nothing to {_VERB[request.wish.state]}"
    reason = f"{why}. Nothing was changed here"
    finding = Finding(check, severity, reason)
    return Plan(resource_id, None, Decision("missing", reason, frozenset(), None, (), (finding,)))
