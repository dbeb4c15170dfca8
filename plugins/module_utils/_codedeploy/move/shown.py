# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan that a look showed of a deployment group. Pure.

Whether it still holds is in :mod:`.still_shown`.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Refusal, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._core import bound, force, keys, text
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

# A revision as CodeDeploy's API has it, or the beginning of its key and a fingerprint if it is too long for a plan.
Target = t.Union[Location, str]


@dataclass(frozen=True)
class Shown(bound.AsPlan):
    """What a look showed of one deployment group, as it stands in its plan.

    ``left`` is what the group is on, in words, and ``deployment`` the id of the newest deployment on record.
    ``target`` is in the form that gets deployed, with its version if it has one; None if there is nothing to do.
    ``target_deployment`` is the deployment that proved it, or that brought the group to where it is.
    ``source`` is how the target was found; without a target it is ``unchanged`` or ``refused``.
    ``suspended_by_codedeploy`` are the processes of Auto Scaling groups that CodeDeploy was to suspend.
    ``guard_content`` says that files on the instances are kept through the redeploy.
    ``made`` is when the look was, by AWS's clock (``2026-11-29T18:34:46Z``). The rest are options of the call.
    """

    account: str | None
    region: str
    application: str
    deployment_group: str
    left: str = ""
    deployment: str = ""
    target: Target | None = None
    target_deployment: str = ""
    direction: str = ""
    in_flight: str = "stop"
    file_exists_behavior: str = "inherit"
    rollback_events: t.Sequence[str] | None = None
    override_alarms: str = "auto"
    deployment_config: str = ""
    ignore_application_stop_failures: bool = False
    update_outdated_instances_only: bool = False
    require_pinned: bool = False
    suspended_by_codedeploy: t.Sequence[str] = field(default_factory=list)
    guard_content: bool = False
    force: t.Sequence[str] = field(default_factory=list)
    source: str = "refused"
    why: str = ""
    made: str = ""

    @property
    def name(self) -> str:
        """What people call the target; empty if there is none."""
        return self.target if isinstance(self.target, str) else revisions.text(self.target) if self.target else ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """The options that have to be given beside it, because it has only a fingerprint of them."""
        revision = isinstance(self.target, str) and not self._by_deployment
        needed = {"revision": revision, "deployment_config": bound.is_cut(self.deployment_config)}
        return tuple(name for name, is_needed in needed.items() if is_needed)

    @property
    def _by_deployment(self) -> bool:
        # A revision that was named may not be what the deployment that is on record for it would deploy by now.
        return bool(self.target_deployment) and self.source != "revision"

    def is_target(self, revision: Location) -> bool:
        """Whether a revision is the target, described more or less fully."""
        if self.target is None or isinstance(self.target, str):
            return self.target is not None and self.target == _cut(revision)
        return revisions.same(self.target, revision) or revisions.matches(self.target, revision)

    def wish(self, revision: Location | None = None, deployment_config: str = "") -> Wish:
        """What carrying it out asks for. Raises :class:`.BadOption` if what it lacks is not given, or is another one.

        CodeDeploy is asked to suspend what it was to suspend, and nothing more: the rest was left to others.
        """
        config = _whole("deployment_config", self.deployment_config, deployment_config, bound.cut(deployment_config))
        return Wish(
            selection=self._selection(revision),
            in_flight=t.cast("t.Any", self.in_flight),
            file_exists_behavior=t.cast("t.Any", self.file_exists_behavior),
            rollback_events=tuple(self.rollback_events) if self.rollback_events is not None else None,
            override_alarms=t.cast("t.Any", self.override_alarms),
            deployment_config=config,
            ignore_application_stop_failures=self.ignore_application_stop_failures,
            update_outdated_instances_only=self.update_outdated_instances_only,
            require_pinned=self.require_pinned,
            suspend_processes=tuple(self.suspended_by_codedeploy),
            shown_at=bound.when(vars(self)),
            shown=None if isinstance(self.target, str) else self.target,
            newest=self.deployment,
        )

    def _selection(self, given: Location | None) -> Selection:
        if self.target is None:
            settled = self.why if self.source == bound.UNCHANGED else None
            problem = None if settled else bound.no_target("revision", self.deployment_group, self.why)
            return Selection(given=Choice(settled=settled, settled_by=self.target_deployment, problem=problem))
        guards = force.parse(list(self.force))
        if self._by_deployment:
            return Selection(deployment_id=self.target_deployment, force=guards)
        if not isinstance(self.target, str):
            return Selection(revision=self.target, force=guards)
        if given is None:
            _whole("revision", self.target, "", "")
        return Selection(revision=given, force=guards)


class Place(t.NamedTuple):
    """Where and when a look was made, and whether files on the instances are kept through the redeploy."""

    region: str
    application: str
    group: str
    now: datetime
    guard_content: bool = False


def of(planned: Plan | Refusal, wish: Wish, place: Place) -> Shown:
    """What a look at a group shows. ``wish`` is what was asked for."""
    shown = Shown(
        None,
        place.region,
        place.application,
        place.group,
        in_flight=wish.in_flight,
        file_exists_behavior=wish.file_exists_behavior,
        rollback_events=list(wish.rollback_events) if wish.rollback_events is not None else None,
        override_alarms=wish.override_alarms,
        deployment_config=wish.deployment_config,
        ignore_application_stop_failures=wish.ignore_application_stop_failures,
        update_outdated_instances_only=wish.update_outdated_instances_only,
        require_pinned=wish.require_pinned,
        guard_content=place.guard_content,
        force=sorted(wish.selection.force & force.REDEPLOY.keys()),
        why=planned.reason,
        made=stamp(place.now),
    )
    if isinstance(planned, Refusal):
        return _fitting(shown)
    shown = replace(
        shown,
        account=keys.account(planned.group.service_role),
        deployment=planned.deployments[-1].id if planned.deployments else "",
        source=bound.UNCHANGED if planned.verb == "nothing" else shown.source,
        target_deployment=planned.choice.settled_by,
    )
    return _fitting(_to_a_target(shown, planned))


def _to_a_target(shown: Shown, planned: Plan) -> Shown:
    if planned.verb not in ("act", "wait") or planned.chosen is None:
        return shown
    choice = planned.choice
    return replace(
        shown,
        left=revisions.text(planned.left) if planned.left else "",
        target=planned.chosen,
        target_deployment=planned.good.id if planned.good is not None else "",
        direction=choice.direction or "",
        suspended_by_codedeploy=list(planned.suspension.by_codedeploy) if planned.suspension is not None else [],
        source=choice.source,
        why=choice.why,
    )


def _fitting(shown: Shown) -> Shown:
    """The same, short enough for a plan, and so that it stays the same on its way to the user and back."""
    content = {**vars(shown), "why": text.line(shown.why), "left": text.line(shown.left)}
    if shown.target is not None and not _travels(shown.target):
        content["target"] = _cut(shown.target)
    content = bound.fitting(content, "why", ("left",))
    if content["target"] and not isinstance(content["target"], str) and bound.excess(content) > 0:
        content["target"] = _cut(content["target"])
    return Shown(**bound.fitting(content, "why", ("deployment_config",)))


def _travels(target: Target) -> bool:
    """Whether it stays as it is. Results are cleaned, and an AppSpec file has several lines."""
    return text.clean(target) == target and not (
        isinstance(target, t.Mapping) and revisions.where(target).get("content")
    )


def _cut(target: Target) -> str:
    return target if isinstance(target, str) else bound.cut(text.line(revisions.key(target)))


def _whole(option: str, shown: str, given: str, cut: str) -> str:
    """An option that a plan may be too short for: as it stands there, or as it is given beside it."""
    if not bound.is_cut(shown):
        return shown
    if not given:
        raise BadOption(f"plan: {option} is too long for it, and so it has only a fingerprint. Give {option} as well")
    if cut != shown:
        raise BadOption(f"plan: it was made for another {option} than the one that is given")
    return given


def read(plan: t.Mapping[str, t.Any], region: str) -> Shown:
    """The option, for a call in this Region. Raises :class:`.BadOption`."""
    shown = Shown(**bound.read(plan, vars(Shown("", "", "", "")), "deployment_group"))
    bound.same_place(shown.deployment_group, "Region", shown.region, region)
    return shown
