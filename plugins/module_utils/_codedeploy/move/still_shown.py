# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether the plan that a look showed of a deployment group still holds. Pure.

Somebody else may deploy between a look and the write. It does not matter how a deployment already seen has ended since,
nor whether CodeDeploy has rolled it back: the group still goes where the look said. A deployment that the look had not
seen does matter.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import asg_processes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.shown import Shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Choice, Source
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, bound, keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Direction, Finding

# Characters of a description to quote; it may have 256.
_QUOTED: t.Final = 100
# These were good when they were chosen. If somebody names a revision, or follows what runs, it is taken as it is.
_WERE_GOOD: t.Final = frozenset({"last_good", "steps_back"})


def judge(shown: Shown, planned: Plan, now: datetime, max_age: float = bound.MAX_AGE) -> Plan:
    """The plan that may be carried out; it may be one that refuses. ``max_age`` is in seconds.

    ``planned`` was made for :meth:`.Shown.wish`.
    """
    other = bound.other_account(shown.account, keys.account(planned.group.service_role))
    if other:
        return _refused(planned, f"{other}. {advice.AGAIN}")
    old = bound.too_old(vars(shown), now, max_age)
    if old:
        return _refused(planned, old, bound.TOO_OLD)
    changed = _changed(shown, planned.deployments)
    if changed:
        return _refused(planned, changed)
    # Once the deployment it waits for has ended, it is planned and judged again.
    if shown.target is None or planned.verb in ("refuse", "wait"):
        return planned
    if not _leads_there(shown, planned):
        what = f"{shown.name}, which the look-up had shown, is not what would be deployed now. {advice.AGAIN}"
        return _refused(planned, what)
    if planned.verb == "nothing":
        return planned
    bad = _bad_by_now(shown, planned)
    return _refused(planned, bad) if bad else _with_suspension(shown, _as_shown(shown, planned))


def was_done(shown: Shown, planned: Plan) -> bool:
    """Whether somebody has deployed the target since. Then ``force`` does not mean to deploy it once more."""
    since = _since(shown, planned.deployments)
    return bool(since) and shown.is_target(since[-1].revision)


def _changed(shown: Shown, deployments: t.Sequence[Deployment]) -> str:
    """What somebody has deployed since, in words; empty if nobody has."""
    if shown.deployment and shown.deployment not in [deployment.id for deployment in deployments]:
        return (
            f"deployment {shown.deployment}, the newest one that the look-up had seen, is no longer on record, so "
            f"it is not known whether anybody has deployed since. {advice.AGAIN}"
        )
    wanted = _since(shown, deployments)
    # What the look could not read may have been there then.
    if not wanted or shown.account is None or shown.is_target(wanted[-1].revision):
        return ""
    return _told(wanted[-1], shown)


def _since(shown: Shown, deployments: t.Sequence[Deployment]) -> list[Deployment]:
    """CodeDeploy's own rollbacks and deployments to single instances are nobody's decision."""
    ids = [deployment.id for deployment in deployments]
    since = deployments[ids.index(shown.deployment) + 1 :] if shown.deployment in ids else deployments
    return [d for d in since if not d.is_rollback and d.creator not in PARTIAL]


def _told(newer: Deployment, shown: Shown) -> str:
    by = f" by {newer.creator}" if newer.creator not in ("", "user") else ""
    says = " ".join(newer.description.split())
    text = f"{says[:_QUOTED]}…" if len(says) > _QUOTED else says
    described = f', described as "{text}"' if text else ""
    return (
        f"somebody deployed {revisions.text(newer.revision)} (deployment {newer.id}, created{by} at "
        f"{stamp(newer.created_at)}, {newer.status}{described}) since the look-up"
        f"{bound.which_had_shown(shown.left, shown.name)}. {advice.LOOK}"
    )


def _leads_there(shown: Shown, planned: Plan) -> bool:
    """Whether the plan leads to the target that was shown. What we deploy must be exactly that; what is there already
    may be described less fully.
    """
    there = planned.chosen or planned.now or {}
    ours = planned.verb == "act" and planned.method == "codedeploy_deployment"
    less = not ours and isinstance(shown.target, t.Mapping) and revisions.matches(there, shown.target)
    return shown.is_target(there) or less


def _bad_by_now(shown: Shown, planned: Plan) -> str:
    """That a target which was good when it was shown is known to be bad by now, in words; empty if it is not."""
    bad = next((c for c in planned.candidates if c.verdict == "bad" and shown.is_target(c.location)), None)
    if bad is None or shown.source not in _WERE_GOOD:
        return ""
    return f"{shown.name}, which the look-up had shown, counts as bad now ({bad.why.rstrip('.')}). {advice.AGAIN}"


def _with_suspension(shown: Shown, planned: Plan) -> Plan:
    """The plan with the suspensions that were shown.

    The earlier step left these processes to CodeDeploy because the look said CodeDeploy would suspend them.
    """
    by_codedeploy = asg_processes.of(planned.group, planned.suspension)["suspended_by_codedeploy"]
    missing = ", ".join(process for process in shown.suspended_by_codedeploy if process not in by_codedeploy)
    if not missing:
        return planned
    if planned.method == "adopt":
        followed = planned.running.id if planned.running is not None else "that is running"
        what = f"{missing} are not suspended: CodeDeploy was not asked to for deployment {followed}, which is followed"
        return replace(planned, findings=(*planned.findings, Finding("suspend_processes", "warn", what)))
    told = planned.suspension.why.rstrip(".") if planned.suspension is not None else ""
    why = f" ({told})" if told else ""
    return _refused(planned, f"CodeDeploy was to suspend {missing}, and would not now{why}. {advice.AGAIN}")


def _as_shown(shown: Shown, planned: Plan) -> Plan:
    """The plan, with the target's original explanation. It was made from less than the whole history."""
    why = shown.why or "it was shown, and nobody has deployed since"
    direction = t.cast(t.Optional[Direction], shown.direction or planned.choice.direction)
    choice = replace(planned.choice, source=t.cast(Source, shown.source), why=why, direction=direction)
    return replace(planned, reason=why, choice=choice)


def _refused(planned: Plan, why: str, check: str = bound.CHANGED) -> Plan:
    """The plan that writes nothing and says why."""
    return replace(
        planned,
        verb="refuse",
        method="none",
        reason=why,
        choice=Choice(problem=why),
        target=None,
        chosen=None,
        request=None,
        findings=(*planned.findings, Finding(check, "block", why)),
        content_warnings=(),
    )
