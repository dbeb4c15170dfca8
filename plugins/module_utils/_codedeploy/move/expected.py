# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What an earlier look at a deployment group showed, and whether it still holds. Pure.

Somebody else may deploy between a look and the write. It does not matter how a deployment already seen has ended since,
nor whether CodeDeploy has rolled it back: the group still goes where the look said. A deployment that the look had not
seen does matter.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import asg_processes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Refusal, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Choice, Source
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

CHECK: t.Final = "plan_changed"
# Characters of a description to quote; it may have 256.
_QUOTED: t.Final = 100
SPEC: t.Final[dict[str, t.Any]] = {
    "type": "dict",
    "options": {
        "deployment": {"type": "str"},
        "target": {
            "type": "dict",
            "options": {"revision": {"type": "raw"}, "deployment_id": {"type": "str"}, "source": {"type": "str"}},
        },
        "suspended_by_codedeploy": {"type": "list", "elements": "str"},
    },
}


@dataclass(frozen=True)
class Expected:
    """What an earlier look showed. ``deployment`` is the id of the newest deployment on record, empty if there was
    none.

    ``revision`` is the target it showed, in the form that gets deployed, with its version if it has one; None if there
    was nothing to do. ``good`` is the deployment that proved it, ``source`` how it was found. ``processes`` are those
    of Auto Scaling groups that CodeDeploy was to suspend.
    """

    deployment: str = ""
    revision: Location | None = None
    good: str = ""
    source: str = ""
    processes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, t.Any]:
        """In the form the option takes."""
        target = {"revision": self.revision, "deployment_id": self.good or None, "source": self.source or None}
        return {
            "deployment": self.deployment or None,
            "target": target if self.revision is not None else None,
            "suspended_by_codedeploy": list(self.processes),
        }


def of(planned: Plan) -> Expected:
    """What a look at this plan shows."""
    newest = planned.deployments[-1].id if planned.deployments else ""
    if planned.verb not in ("act", "wait") or planned.chosen is None:
        return Expected(newest)
    return Expected(
        deployment=newest,
        revision=planned.chosen,
        good=planned.good.id if planned.good is not None else "",
        source=planned.choice.source,
        processes=planned.suspension.by_codedeploy if planned.suspension is not None else (),
    )


def read(given: t.Mapping[str, t.Any] | None) -> Expected | None:
    """The option, or None if not given. Raises :class:`.BadOption`."""
    if not given:
        return None
    target = given.get("target") or {}
    revision = revisions.if_given(target.get("revision"))
    if target and revision is None:
        raise BadOption("expect: target has no revision. Give expect as the look returned it")
    return Expected(
        deployment=_text(given.get("deployment")),
        revision=revision,
        good=_text(target.get("deployment_id")),
        source=_text(target.get("source")),
        processes=tuple(given.get("suspended_by_codedeploy") or ()),
    )


def _text(value: t.Any) -> str:
    return str(value or "").strip()


def bind(
    expected: Expected, planned: Plan | Refusal, wish: Wish, plan_for: t.Callable[[Wish], Plan | Refusal]
) -> Plan | Refusal:
    """The plan to carry out: this one, a new one for the target that was shown, or one that refuses."""
    judged = judge(expected, planned) if isinstance(planned, Plan) else planned
    if not isinstance(judged, Elsewhere):
        return judged
    anew = plan_for(wish.going_to(expected.good, expected.revision))
    judged = judge(expected, anew) if isinstance(anew, Plan) else anew
    if isinstance(judged, Elsewhere):
        name = revisions.text(expected.revision or {})
        return _refused(
            judged.plan, f"{name}, which the look-up had shown, is not what would be deployed now. {advice.AGAIN}"
        )
    return _as_shown(judged, expected) if isinstance(judged, Plan) else judged


@dataclass(frozen=True)
class Elsewhere:
    """Nobody has deployed, but the plan now leads elsewhere."""

    plan: Plan


def judge(expected: Expected, planned: Plan) -> Plan | Elsewhere:
    """The plan that may be carried out; it may be one that refuses.

    It is :class:`Elsewhere` if the plan leads to another target than the one shown.
    """
    changed = _changed(expected, planned.deployments)
    if expected.revision is None:
        if planned.verb in ("nothing", "refuse"):
            return planned
        return _refused(
            planned, changed or f"the look-up had found nothing to do, and now there is something. {advice.AGAIN}"
        )
    if changed:
        return _refused(planned, changed)
    if planned.verb in ("refuse", "wait"):
        # Once the deployment it waits for has ended, it is planned and judged again.
        return planned
    if _leads_to(expected.revision, planned):
        return _with_suspension(expected, planned)
    bad = next((c for c in planned.candidates if c.verdict == "bad" and _is(expected.revision, c.location)), None)
    if bad is None:
        return Elsewhere(planned)
    name = revisions.text(expected.revision)
    return _refused(
        planned, f"{name}, which the look-up had shown, counts as bad now ({bad.why.rstrip('.')}). {advice.AGAIN}"
    )


def _changed(expected: Expected, deployments: t.Sequence[Deployment]) -> str:
    """What somebody has deployed since, in words; empty if nobody has."""
    ids = [deployment.id for deployment in deployments]
    if expected.deployment and expected.deployment not in ids:
        return (
            f"deployment {expected.deployment}, the newest one that the look-up had seen, is no longer on record, so "
            f"it is not known whether anybody has deployed since. {advice.AGAIN}"
        )
    since = deployments[ids.index(expected.deployment) + 1 :] if expected.deployment else deployments
    # CodeDeploy's own rollbacks and deployments to single instances are nobody's decision.
    wanted = [d for d in since if not d.is_rollback and d.creator not in PARTIAL]
    if not wanted or (expected.revision is not None and _is(expected.revision, wanted[-1].revision)):
        return ""
    return _told(wanted[-1], expected)


def _told(newer: Deployment, expected: Expected) -> str:
    by = f" by {newer.creator}" if newer.creator not in ("", "user") else ""
    says = " ".join(newer.description.split())
    text = f"{says[:_QUOTED]}…" if len(says) > _QUOTED else says
    described = f', described as "{text}"' if text else ""
    shown = (
        f"which had shown {revisions.text(expected.revision)}" if expected.revision else "which had found nothing to do"
    )
    return (
        f"somebody deployed {revisions.text(newer.revision)} (deployment {newer.id}, created{by} at "
        f"{stamp(newer.created_at)}, {newer.status}{described}) since the look-up, {shown}. {advice.LOOK}"
    )


def _leads_to(wanted: Location, planned: Plan) -> bool:
    """Whether the plan leads to the expected target. What we deploy must be exactly that; what is there already may be
    described less fully.
    """
    there = planned.chosen or planned.now or {}
    ours = planned.verb == "act" and planned.method == "codedeploy_deployment"
    return _is(wanted, there) or (not ours and revisions.matches(there, wanted))


def _is(wanted: Location, revision: Location) -> bool:
    return revisions.same(wanted, revision) or revisions.matches(wanted, revision)


def _with_suspension(expected: Expected, planned: Plan) -> Plan:
    """The plan with the expected suspensions.

    The earlier step left these processes to CodeDeploy because the look said CodeDeploy would suspend them.
    """
    by_codedeploy = asg_processes.of(planned.group, planned.suspension)["suspended_by_codedeploy"]
    missing = ", ".join(process for process in expected.processes if process not in by_codedeploy)
    if not missing or planned.verb == "nothing":
        return planned
    if planned.method == "adopt":
        followed = planned.running.id if planned.running is not None else "that is running"
        what = f"{missing} are not suspended: CodeDeploy was not asked to for deployment {followed}, which is followed"
        return replace(planned, findings=(*planned.findings, Finding("suspend_processes", "warn", what)))
    told = planned.suspension.why.rstrip(".") if planned.suspension is not None else ""
    why = f" ({told})" if told else ""
    return _refused(planned, f"CodeDeploy was to suspend {missing}, and would not now{why}. {advice.AGAIN}")


def _as_shown(anew: Plan, expected: Expected) -> Plan:
    """The new plan, with the target's original explanation."""
    if anew.verb == "refuse":
        return anew
    why = "it was shown, and nobody has deployed since"
    source = t.cast(Source, expected.source or anew.choice.source)
    return replace(anew, choice=replace(anew.choice, why=why, source=source))


def _refused(planned: Plan, why: str) -> Plan:
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
        findings=(*planned.findings, Finding(CHECK, "block", why)),
        content_warnings=(),
    )
