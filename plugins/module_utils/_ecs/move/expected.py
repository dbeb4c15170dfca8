# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What an earlier look saw of a service and showed for it, and whether that still holds. Pure.

Between a look and the write somebody else can deploy. How far a deployment got in the meantime makes no difference: the
service goes where it was shown to go. A deployment that nobody had seen does.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding

CHECK: t.Final = "plan_changed"
SPEC: t.Final[dict[str, t.Any]] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "service": {"type": "str", "required": True},
        "primary": {"type": "str"},
        "deployment": {"type": "str"},
        "left": {"type": "str"},
        "target": {"type": "str"},
    },
}


@dataclass(frozen=True)
class Expected:
    """``primary`` is the id of the PRIMARY deployment or task set, ``deployment`` that of the newest one on record.

    ``left`` and ``target`` are task definitions. What is empty was not there, was not read, or was not shown.
    """

    service: str
    primary: str = ""
    deployment: str = ""
    left: str = ""
    target: str = ""

    def as_dict(self) -> dict[str, str | None]:
        """As the option takes it."""
        return {name: value or None for name, value in vars(self).items()}


def of(name: str, planned: Plan | None) -> Expected:
    """What a look at a service shows. ``planned`` is None if there is no plan because the service could not be read."""
    if planned is None:
        return Expected(name)
    primary = planned.service.primary
    acts = planned.verb == "act" and planned.target is not None
    return Expected(
        service=planned.service.name,
        primary=primary.id if primary else "",
        deployment=planned.past.newest_id,
        left=(planned.left or "") if acts else "",
        target=planned.target.arn if acts and planned.target else "",
    )


def read(items: t.Iterable[t.Mapping[str, t.Any]] | None) -> dict[str, Expected]:
    """The option, by service name. Empty if it was not given."""
    found = [Expected(**{key: str(value or "").strip() for key, value in item.items()}) for item in items or ()]
    return {name_of(item.service): item for item in found}


def name_of(service: str) -> str:
    """A service's name, from its name or ARN."""
    return service.rpartition("/")[2]


@dataclass(frozen=True)
class Holds:
    """The plan leads where it was shown to lead, or writes nothing."""

    plan: Plan


@dataclass(frozen=True)
class Elsewhere:
    """Nobody has deployed, but the plan now leads elsewhere: plan again, for the target that was shown."""


@dataclass(frozen=True)
class Changed:
    """What was shown must not be done. ``version`` is what somebody has deployed; empty if that is not the reason."""

    what: str
    version: str = ""
    then: str = advice.LOOK

    def why(self, registered_by: str = "") -> str:
        """The reason in words. ``registered_by`` is who registered the version, if that is known."""
        by = f" ({names.short(self.version)} was registered by {registered_by})" if registered_by else ""
        return f"{self.what}{by}. {self.then}"


Judgement = t.Union[Holds, Elsewhere, Changed]


def judge(expected: Expected, planned: Plan, primary_tells: bool) -> Judgement:
    """Whether a plan that was made now may be carried out.

    ``primary_tells``: any deployment makes another one PRIMARY at once. If not, its own record is what tells of it.
    """
    witness = _other_primary if primary_tells else _newer_record
    # What the look could not read may have been there then.
    newer = witness(expected, planned) if expected.primary else None
    if not expected.target:
        if planned.verb != "act":
            return Holds(planned)
        nothing = f"the look-up showed no version for {planned.service.name} to go back to, and now there is one"
        return newer or Changed(nothing, then=advice.AGAIN)
    if newer is not None:
        return newer
    if planned.verb == "refuse":
        return Holds(planned)
    leads_to = planned.target.arn if planned.verb == "act" and planned.target else planned.current
    if not planned.is_version(leads_to, expected.target):
        return _unless_bad(expected, planned)
    return Holds(_leaving(expected, planned) if planned.verb == "act" else planned)


def as_shown(anew: Plan) -> Plan:
    """The new plan for the target that was shown, with the target's original explanation."""
    why = "it was shown, and nobody has deployed since"
    return replace(anew, choice=replace(anew.choice, why=why)) if anew.verb == "act" else anew


def refused(planned: Plan, changed: Changed, registered_by: str = "") -> Plan:
    """The plan that writes nothing, and says why."""
    why = changed.why(registered_by)
    return planned.refused(why, Finding(CHECK, "block", why))


def _other_primary(expected: Expected, planned: Plan) -> Changed | None:
    """Any deployment makes another one PRIMARY at once. So does ECS when it goes back by itself, which is no change."""
    primary, newest = planned.service.primary, planned.newest
    if primary is None or primary.id == expected.primary:
        return None
    if expected.target and planned.is_version(primary.task_definition, expected.target):
        return None
    if newest is not None and newest.id == expected.deployment and newest.status.startswith("ROLLBACK"):
        return None
    return _deployed(expected, primary.task_definition, primary.id, primary.created_at)


def _newer_record(expected: Expected, planned: Plan) -> Changed | None:
    """Deployments of CodeDeploy make their task set PRIMARY late, or never, so their own record is what tells."""
    newest = planned.newest
    if not planned.past.newest_id or planned.past.newest_id == expected.deployment:
        return None
    if newest is None or newest.id != planned.past.newest_id:
        what = f"somebody created deployment {planned.past.newest_id} since the look-up{_shown(expected)}"
        return Changed(f"{what}, and what it deploys cannot be read")
    version = newest.target.task_definition
    if expected.target and planned.is_version(version, expected.target):
        return None
    return _deployed(expected, version, newest.id, newest.created_at)


def _deployed(expected: Expected, version: str, deployment: str, at: datetime | None) -> Changed:
    when = f", {stamp(at)}" if at else ""
    what = f"somebody deployed {names.short(version)} (deployment {deployment}{when}) since the look-up"
    return Changed(f"{what}{_shown(expected)}", version)


def _shown(expected: Expected) -> str:
    if not expected.target:
        return ", which had found nothing to do"
    left = f"{names.short(expected.left)} → " if expected.left else ""
    return f", which had shown {left}{names.short(expected.target)}"


def _unless_bad(expected: Expected, planned: Plan) -> Judgement:
    """The target that was shown is used all the same, unless it is known to be bad by now."""
    bad = next(
        (c for c in planned.candidates if c.verdict == "bad" and names.same(c.task_definition, expected.target)), None
    )
    if bad is None:
        return Elsewhere()
    what = f"{names.short(expected.target)}, which the look-up had shown, counts as bad now ({bad.why.rstrip('.')})"
    return Changed(what, then=advice.AGAIN)


def _leaving(expected: Expected, planned: Plan) -> Plan:
    """What is left is what was shown, even if ECS or CodeDeploy has gone back from it since."""
    if not expected.left or (planned.left and names.same(planned.left, expected.left)):
        return planned
    return planned.leaving(expected.left)
