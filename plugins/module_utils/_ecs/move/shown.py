# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan that a look showed of a service, and whether that still holds. Pure.

Between a look and the write somebody else can deploy. How far a deployment got in the meantime makes no difference: the
service goes where it was shown to go. A deployment that nobody had seen does.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, bound, force, keys, options
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection

# These were good when they were chosen. Who names a version, or follows what runs, takes it as it is.
_WERE_GOOD: t.Final = frozenset({"last_good", "steps_back", "source_revision", "previous_registered"})
# In place of digests that do not fit: their fingerprint. No container has this name.
_ALL: t.Final = "*"


@dataclass(frozen=True)
class Shown(bound.AsPlan):
    """What a look showed of one service, as it stands in its plan.

    ``primary`` is the id of the PRIMARY deployment or task set, ``deployment`` that of the newest one on record.
    ``left`` and ``target`` are ``family:revision``. What is empty was not there, was not read, or was not shown.
    ``source`` is how the target was found; without one it is ``unchanged`` or ``refused``.
    ``digests`` are those that the target is pinned to, by container name. ``made`` is when the look was, by AWS's clock
    (``2026-11-29T18:34:46Z``).
    """

    account: str | None
    region: str
    cluster: str
    service: str
    left: str = ""
    primary: str = ""
    deployment: str = ""
    target: str = ""
    pin_images: str = "auto"
    digests: t.Mapping[str, str] = field(default_factory=dict)
    tasks: int | None = None
    fast: bool = False
    in_flight: str = "stop"
    deregister: bool = False
    force: t.Sequence[str] = field(default_factory=list)
    source: str = "refused"
    why: str = ""
    made: str = ""

    @property
    def options(self) -> tuple[t.Any, ...]:
        """What was asked for besides the target; the same for all services of a look."""
        return (self.tasks, self.fast, self.in_flight, self.deregister, self.pin_images, tuple(self.force))

    def goal(self, call: GoBack) -> GoBack:
        """What carrying it out asks for. Whether what is left may be deregistered was decided with the plan.

        ``call`` is what the call asks for: what a plan says nothing of holds as it is there.
        """
        guards = force.parse(list(self.force))
        selection = Selection(
            revision=self.target,
            chosen=True,
            force=guards,
            copies=self.pin_images == "always",
            to_the_letter=self.pin_images == "never",
            finishes=call.selection.finishes,
        )
        if not self.target:
            settled = self.why if self.source == bound.UNCHANGED else None
            shown = bound.no_target("version", self.service, self.why)
            selection = Selection(
                given=Choice(settled=settled, problem=None if settled else shown, direction="same" if settled else None)
            )
        return GoBack(
            selection,
            in_flight=t.cast("t.Any", self.in_flight),
            tasks=self.tasks,
            pin_images="always" if self.digests else t.cast("t.Any", self.pin_images),
            fast=self.fast,
            checks=call.checks,
            rollback_events=call.rollback_events,
            shown_at=bound.when(vars(self)),
            pinned=bool(self.digests),
        )


def of(name: str, planned: Plan | None, goal: GoBack, pins: t.Mapping[str, str], place: Place) -> Shown:
    """What a look at a service shows. ``planned`` is None if there is no plan because the service could not be read.

    ``goal`` is what was asked for, ``pins`` the digests that a copy of the target is to name.
    """
    shown = Shown(
        None,
        place.region,
        place.cluster,
        name_of(name),
        pin_images=goal.pin_images,
        tasks=goal.tasks,
        fast=goal.fast,
        in_flight=goal.in_flight,
        deregister=goal.deregister,
        force=sorted(goal.selection.force & force.ROLLBACK.keys()),
        why=place.why,
        made=stamp(place.now),
    )
    if planned is None:
        return _fitting(shown)
    primary = planned.service.primary
    shown = replace(
        shown,
        account=keys.account(planned.service.arn),
        service=planned.service.name,
        source=bound.UNCHANGED if planned.verb == "nothing" else shown.source,
        primary=primary.id if primary else "",
        deployment=_id(planned.past.newest_id),
        why=planned.reason,
    )
    if planned.verb != "act" or planned.target is None:
        return _fitting(shown)
    left, target = names.short(planned.left or ""), names.short(planned.target.arn)
    source, why = planned.choice.source, planned.choice.why
    return _fitting(replace(shown, left=left, target=target, digests=dict(pins), source=source, why=why))


class Place(t.NamedTuple):
    """Where and when a look was made, and what came of it if there is no plan."""

    region: str
    cluster: str
    now: datetime
    why: str = ""


def _id(deployment: str) -> str:
    return deployment.rpartition("/")[2]


def _fitting(shown: Shown) -> Shown:
    """The same, short enough for a plan."""
    content = dict(vars(shown))
    if shown.digests and bound.excess({**content, "why": ""}) > 0:
        content["digests"] = _together(shown.digests)
    return Shown(**bound.fitting(content, "why", ("left", "target")))


def _together(digests: t.Mapping[str, str]) -> dict[str, str]:
    return {_ALL: bound.fingerprint(digests)}


def read(items: t.Sequence[t.Mapping[str, t.Any]], region: str, cluster: str | None) -> dict[str, Shown]:
    """The option, by service name, for a call in this Region. Raises :class:`.BadOption`.

    ``cluster`` is the one that the call names, None if it names none.
    """
    if not items:
        raise options.BadOption("plan: it is empty. Give the plans of a run in check mode, or name services")
    found = {shown.service: shown for shown in map(_read, items)}
    first = next(iter(found.values()))
    if len(found) < len(items):
        raise options.BadOption("plan: a service has two plans. Give one of them")
    for shown in found.values():
        bound.same_place(shown.service, "Region", shown.region, region)
        bound.same_place(shown.service, "cluster", shown.cluster, keys.last(cluster or first.cluster))
        if shown.options != first.options:
            both = f"{first.service} and {shown.service}"
            raise options.BadOption(f"plan: {both} were planned with different options. Give each a call of its own")
    return found


def _read(item: t.Mapping[str, t.Any]) -> Shown:
    return Shown(**bound.read(item, vars(Shown("", "", "", "")), "service", " of each service"))


def name_of(service: str) -> str:
    """A service's name, from its name or ARN."""
    return service.rpartition("/")[2]


@dataclass(frozen=True)
class Holds:
    """The plan leads where it was shown to lead, or writes nothing."""

    plan: Plan


@dataclass(frozen=True)
class Changed:
    """What was shown must not be done. ``version`` is what somebody has deployed; empty if that is not the reason.

    ``in_doubt``: what was deployed is older than the look that did not show it, so that AWS may have answered with what
    was there before.
    """

    what: str
    version: str = ""
    then: str = advice.LOOK
    check: str = bound.CHANGED
    in_doubt: bool = False

    def why(self, registered_by: str = "") -> str:
        """The reason in words. ``registered_by`` is who registered the version, if that is known."""
        by = f" ({names.short(self.version)} was registered by {registered_by})" if registered_by else ""
        return ". ".join(filter(None, [f"{self.what}{by}", self.then]))


class Seen(t.NamedTuple):
    """What judging depends on besides the plans.

    ``primary_tells``: any deployment makes another one PRIMARY at once. If not, its own record shows it.
    ``pins`` are the digests that a copy of the target would name now. ``max_age`` is how old the plan may be, in
    seconds.
    """

    primary_tells: bool
    now: datetime
    pins: t.Mapping[str, str] = {}
    max_age: float = bound.MAX_AGE


def judge(shown: Shown, planned: Plan, seen: Seen) -> Holds | Changed:
    """Whether a plan that was made now may be carried out."""
    old = _other_account(shown, planned) or _too_old(shown, seen)
    if old is not None:
        return old
    witness = _other_primary if seen.primary_tells else _newer_record
    # What the look could not read may have been there then.
    newer = witness(shown, planned) if shown.primary else None
    if newer is not None:
        return newer
    if shown.target:
        return Holds(planned) if planned.verb == "refuse" else _leads_there(shown, planned, seen.pins)
    if planned.verb == "act":
        return Changed(f"the plan shows no version for {planned.service.name} to go back to", then=advice.AGAIN)
    return Holds(planned)


def _leads_there(shown: Shown, planned: Plan, pins: t.Mapping[str, str]) -> Holds | Changed:
    acts = planned.verb == "act"
    leads_to = planned.target.arn if acts and planned.target else planned.current
    if not _is_target(shown, planned, leads_to):
        return Changed(f"{planned.service.name} now leads to {names.short(leads_to)}{_shown(shown)}", then=advice.AGAIN)
    if not acts:
        return Holds(planned)
    return _bad_by_now(shown, planned) or _other_images(shown, planned, pins) or Holds(_leaving(shown, planned))


def as_shown(shown: Shown, anew: Plan) -> Plan:
    """The new plan, with the target's original explanation."""
    if anew.verb != "act" or not shown.target:
        return anew
    why = shown.why or "it was shown, and nobody has deployed since"
    return replace(anew, choice=replace(anew.choice, source=t.cast("t.Any", shown.source), why=why))


def refused(planned: Plan, changed: Changed, registered_by: str = "") -> Plan:
    """The plan that writes nothing, and says why."""
    why = changed.why(registered_by)
    return planned.refused(why, Finding(changed.check, "block", why))


def _other_primary(shown: Shown, planned: Plan) -> Changed | None:
    """Any deployment makes another one PRIMARY at once. So does ECS when it goes back itself, which does not count."""
    primary, newest = planned.service.primary, planned.newest
    if primary is None or primary.id == shown.primary:
        return None
    if shown.target and _is_target(shown, planned, primary.task_definition):
        return None
    if newest is not None and _id(newest.id) == shown.deployment and newest.status.startswith("ROLLBACK"):
        return None
    return _deployed(shown, primary.task_definition, primary.id, primary.created_at)


def _newer_record(shown: Shown, planned: Plan) -> Changed | None:
    """Deployments of CodeDeploy make their task set PRIMARY late, or never, so their own record is what tells."""
    newest = planned.newest
    if not planned.past.newest_id or _id(planned.past.newest_id) == shown.deployment:
        return None
    if newest is None or newest.id != planned.past.newest_id:
        what = f"somebody created deployment {planned.past.newest_id} since the look-up{_shown(shown)}"
        return Changed(f"{what}, and what it deploys cannot be read")
    version = newest.target.task_definition
    if shown.target and _is_target(shown, planned, version):
        return None
    return _deployed(shown, version, newest.id, newest.created_at)


def _deployed(shown: Shown, version: str, deployment: str, at: datetime | None) -> Changed:
    when = f", {stamp(at)}" if at else ""
    what = f"somebody deployed {names.short(version)} (deployment {deployment}{when}) since the look-up"
    made = bound.when(vars(shown))
    older = at is not None and made is not None and at < made
    return Changed(f"{what}{_shown(shown)}", version, in_doubt=older)


def _shown(shown: Shown) -> str:
    return bound.which_had_shown(names.short(shown.left), names.short(shown.target))


def _other_account(shown: Shown, planned: Plan) -> Changed | None:
    other = bound.other_account(shown.account, keys.account(planned.service.arn))
    return Changed(other, then=advice.AGAIN) if other else None


def _too_old(shown: Shown, seen: Seen) -> Changed | None:
    old = bound.too_old(vars(shown), seen.now, seen.max_age)
    return Changed(old, then="", check=bound.TOO_OLD) if old else None


def _is_target(shown: Shown, planned: Plan, name: str) -> bool:
    return planned.is_version(name, _on_record(planned, shown.target))


def _on_record(planned: Plan, version: str) -> str:
    """The ARN of a version in a plan; as it is if that is not known here."""
    known: list[str] = [*(planned.history.records if planned.history else ()), *planned.known, planned.current]
    by_name = {names.short(name): name for name in known}
    name = bound.whole(version, by_name)
    return by_name.get(name, name)


def _bad_by_now(shown: Shown, planned: Plan) -> Changed | None:
    """A target that was good when it was shown, and is known to be bad by now."""
    name = planned.target.arn if planned.target is not None else ""
    bad = next((c for c in planned.candidates if c.verdict == "bad" and names.same(c.task_definition, name)), None)
    if bad is None or shown.source not in _WERE_GOOD:
        return None
    what = f"{names.short(name)}, which the look-up had shown, counts as bad now ({bad.why.rstrip('.')})"
    return Changed(what, then=advice.AGAIN)


def _other_images(shown: Shown, planned: Plan, pins: t.Mapping[str, str]) -> Changed | None:
    """The digests on record are no longer those that were to be pinned."""
    if not shown.digests or not planned.way.deploys:
        return None
    if dict(shown.digests) in (dict(pins), _together(pins)):
        return None
    target = names.short(planned.target.arn) if planned.target is not None else shown.target
    return Changed(f"the images of {target} on record are not those that the look-up had shown", then=advice.AGAIN)


def _leaving(shown: Shown, planned: Plan) -> Plan:
    """What is left is what was shown, even if ECS or CodeDeploy has gone back from it since."""
    left = _on_record(planned, shown.left)
    if not left or (planned.left and names.same(planned.left, left)):
        return planned
    return planned.leaving(left)
