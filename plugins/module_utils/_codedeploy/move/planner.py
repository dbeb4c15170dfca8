# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Making the plan for a deployment group: read, choose, decide. Nothing is written.

It reads little: the group, its deployments (one list, 25 in a batch), and beyond that only what the decision needs.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import (
    api,
    appspec,
    model,
    revisions,
    s3,
    targets,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import (
    acceptance,
    asg_processes,
    content,
    diagnosis,
    fitness,
    plan,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history, pinning, reads, target
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, bound
from ansible_collections.lastgood.aws.plugins.module_utils._core.causes import Cause
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

# How many deployments' targets are read; each costs two calls or more.
_MOST_LOOKED_AT: t.Final = 3
_MOST_TARGETS: t.Final = 100


@dataclass
class _Reading:
    """What has been read about one group so far."""

    group: Group
    deployments: list[Deployment]
    everything: bool
    recorded: dict[str, Location]
    findings: list[Finding]


class Planner:
    """Makes the plan for one group, as often as asked. With ``everything``, all deployments are always read.

    ``stopped`` is a deployment that this call has stopped without a rollback.
    """

    def __init__(
        self,
        aws: Aws,
        application: str,
        group: str,
        wish: plan.Wish,
        clock: Clock | None = None,
        everything: bool = False,
        stopped: str = "",
    ) -> None:
        self._aws = aws
        self._application = application
        self._group = group
        self.wish = wish
        self._clock = clock
        self._everything = everything
        self._stopped = stopped
        # What targets say about why deployments failed.
        self._causes: dict[str, Cause] = {}

    def make_plan(self) -> plan.Plan | plan.Refusal:
        """The plan, or why there is none."""
        try:
            groups = api.batch_get_deployment_groups(self._aws, self._application, [self._group])
            if not groups:
                return self._missing()
            self.wish = self.wish.dated(self._now())
            problem = self.wish.as_of.problem(self._now()) if self.wish.as_of is not None else ""
            return self._refused(problem, "as_of") if problem else self._plan(groups[0])
        except (AwsCallError, IncompleteAnswerError) as exc:
            return self._refused(exc.explain(), "unreadable")

    def _now(self) -> datetime:
        """AWS's clock if it has answered yet, else ours."""
        return self._aws.date or (self._clock or self._aws.clock).now()

    def _plan(self, group: Group) -> plan.Plan:
        reading = self._read(group, self._everything)
        choice, past, named = self._choose(reading)
        if choice.needs_more_history and not reading.everything and not self._is_settled:
            reading = self._read(group, everything=True)
            choice, past, named = self._choose(reading)
        facts = plan.Facts(group, past, named=named, recorded=reading.recorded, findings=tuple(reading.findings))
        planned = plan.make(self.wish, facts, choice)
        if planned.verb not in ("act", "wait") or planned.method == "adopt":
            return planned
        return plan.make(self.wish, self._look_closer(facts, choice), choice)

    @property
    def _is_settled(self) -> bool:
        """Whether a look at the whole history has chosen a deployment to go back to, and which way that is."""
        return self.wish.shown_at is not None and self.wish.selection.deployment_id is not None

    def _missing(self) -> plan.Refusal:
        what = (
            f"there is no deployment group {self._group} of application {self._application}. Check the names, the "
            "Region and the account"
        )
        return self._refused(what, "group_missing")

    def _refused(self, reason: str, check: str) -> plan.Refusal:
        return plan.Refusal(self._group, reason, (Finding(check, "block", reason),))

    def _choose(self, reading: _Reading) -> tuple[target.Choice, history.History, Deployment | None]:
        past = self._history(reading)
        selection = self.wish.selection
        named = None
        if selection.deployment_id is not None:
            known = {d.id for d in past.deployments}
            if selection.deployment_id not in known:
                named = api.batch_get_deployments(self._aws, [selection.deployment_id]).get(selection.deployment_id)
        return target.choose(selection, reading.group, past, named), past, named

    def _history(self, reading: _Reading) -> history.History:
        now = self._now() if self._clock is not None else None
        past = history.read(reading.deployments, now)
        for id_ in past.unexplained[-_MOST_LOOKED_AT:]:
            if id_ not in self._causes:
                self._causes[id_] = diagnosis.cause(self._aws, id_)
        return history.read(reading.deployments, now, self._causes) if past.unexplained else past

    def _read(self, group: Group, everything: bool) -> _Reading:
        found = reads.newest_deployments(self._aws, group, everything)
        have = {d.id for d in found}
        # The list lags. What a deployment or the plan that is carried out names is read by its id.
        named = [*(d.rollback_deployment for d in found), self.wish.newest]
        late = [id_ for id_ in dict.fromkeys(named) if id_ and id_ not in have]
        found += api.batch_get_deployments(self._aws, late).values()
        reading = _Reading(
            group=group,
            deployments=found,
            everything=everything or len(found) < reads.NEWEST_DEPLOYMENTS,
            recorded={d.id: d.revision for d in found},
            findings=[],
        )
        whole = [d for d in found if d.creator not in history.PARTIAL]
        if not reading.everything and not self._is_settled and self._may_be_older(whole):
            return self._read(group, everything=True)
        versions, unknown = pinning.read_versions(self._aws, pinning.worth_asking(whole))
        reading.findings += unknown
        reading.deployments = [model.not_rolled_back(pinning.told(d, versions), self._stopped) for d in found]
        return reading

    def _may_be_older(self, whole: t.Sequence[Deployment]) -> bool:
        """Whether a revision that seems new here may have been deployed before what was read.

        Revisions belong to the application, so its earlier use may have been in another group, such as one for tests.
        This only decides whether to look further back.
        """
        if not whole:
            return False
        # The oldest revision here stays the oldest, however old it is.
        first = revisions.key(whole[0].revision)
        locations = {revisions.key(d.revision): d.revision for d in whole}
        wanted = {key: location for key, location in locations.items() if key not in ("", first)}
        if not wanted:
            return False
        asked = [appspec.by_digest(at) if appspec.digest(at) else at for at in wanted.values()]
        try:
            used = {revisions.key(at): when for at, when in api.first_uses(self._aws, self._application, asked)}
        except (AwsCallError, IncompleteAnswerError):
            return True
        return any(key not in used or used[key] < whole[0].created_at for key in wanted)

    def _look_closer(self, facts: plan.Facts, choice: target.Choice) -> plan.Facts:
        """Read what only a plan that writes needs: the bundle, the alarms, how far deployments got.

        If a look has just done so, only what may have changed since is read: the alarms, and what is suspended.
        """
        fresh = bound.is_fresh(self.wish.shown_at, self._now())
        bundle = self._bundle(facts, choice, fresh)
        location = bundle.location if bundle is not None else None
        return replace(
            facts,
            bundle=bundle,
            file=self._file(facts.group, location) if location is not None else None,
            alarms=self._alarms(facts.group),
            targets={} if fresh else self._targets(facts, choice),
            suspension=self._suspension(facts.group),
            acceptance=() if fresh else self._acceptance(facts),
            fresh=fresh,
        )

    def _bundle(self, facts: plan.Facts, choice: target.Choice, fresh: bool) -> pinning.Decision | None:
        if choice.target is None:
            return None
        shown = self.wish.shown if fresh else None
        # An object that is known only by its ETag may have been replaced since.
        if shown is not None and revisions.where(shown).get("version"):
            return pinning.as_shown(shown, facts.recorded.get(choice.good.id) if choice.good is not None else None)
        wanted = self.wish.selection.revision
        in_s3 = pinning.place(choice.target) is not None
        return pinning.decide(
            choice.target,
            facts.recorded.get(choice.good.id) if choice.good is not None else None,
            choice.good,
            pinning.read_head(self._aws, choice.target) if in_s3 else pinning.Head(),
            as_it_is_now=wanted is not None and not revisions.is_pinned(wanted),
            require_pinned=self.wish.require_pinned,
        )

    def _file(self, group: Group, location: Location) -> fitness.File | None:
        return file(self._aws, group.platform, self._application, location)

    def _alarms(self, group: Group) -> fitness.Alarms:
        if not group.alarms:
            return fitness.Alarms()
        try:
            return fitness.Alarms(cloudwatch.in_alarm(self._aws.beside, group.alarms))
        except (AwsCallError, IncompleteAnswerError) as exc:
            return fitness.Alarms(unknown=exc.explain())

    def _acceptance(self, facts: plan.Facts) -> tuple[Finding, ...]:
        """The targets are read only if a deployment may be stopped for ours: else a refusal does no harm."""
        found = acceptance.of_config(self._aws, facts.group, self.wish.deployment_config)
        stops = facts.history.running is not None and self.wish.in_flight == "stop"
        return (*found, *acceptance.of_targets(self._aws, facts.group)) if stops else found

    def _suspension(self, group: Group) -> asg_processes.Suspension | None:
        wanted = self.wish.suspend_processes
        if not wanted:
            return None
        known, suspended = api.suspends_processes(self._aws), {}
        if known and group.auto_scaling_groups and not group.blue_green:
            # If the step between has left it to CodeDeploy as shown, the answer decides whether anything is deployed.
            # While looking, all is left to that step if nothing is known.
            aws = self._aws if self.wish.shown_at is not None else self._aws.beside
            try:
                suspended = api.suspended_processes(aws, group.auto_scaling_groups)
            except (AwsCallError, IncompleteAnswerError) as exc:
                return asg_processes.Suspension(
                    by_us=wanted, why=f"what is suspended now is not known. {exc.explain()}"
                )
        return asg_processes.split(wanted, group, suspended, known)

    def _targets(self, facts: plan.Facts, choice: target.Choice) -> dict[str, list[Target]]:
        """The targets of the deployments since the good one that ended without success, if they matter."""
        if facts.group.platform != "Server" or facts.group.blue_green:
            return {}
        newest = facts.history.newest
        wanted = content.unread(content.since(choice.good, facts.history.deployments))
        if newest is not None and newest.status in ("Failed", "Stopped"):
            wanted.append(newest.id)
        found: dict[str, list[Target]] = {}
        for id_ in list(dict.fromkeys(reversed(wanted)))[:_MOST_LOOKED_AT]:
            try:
                found[id_] = targets.read(self._aws, id_, most=_MOST_TARGETS)
            except (AwsCallError, IncompleteAnswerError):
                # If it matters, it will be reported as unknown.
                continue
        return found


def wish_again(given: Wish, first: Plan) -> Wish:
    """The same wish, for the target already chosen: making room for it must not change it."""
    named = given.selection
    if named.deployment_id is not None or named.revision is not None:
        return given.going_to(named.deployment_id, named.revision)
    return given.going_to(first.good.id if first.good is not None else None, first.target)


def as_chosen(planned: Plan, first: Plan) -> Plan:
    """A plan for that wish, with the target's original source and what was left for it."""
    if planned.verb != "act":
        return planned
    was = first.choice
    chosen = replace(planned.choice, source=was.source, why=was.why, left=was.left, direction=was.direction)
    return replace(planned, choice=chosen)


def came_between(before: Plan, now: Plan) -> Deployment | None:
    """What somebody has deployed since the first plan; None if nobody has.

    CodeDeploy's rollbacks and deployments to single instances are nobody's decision.
    """
    newest = now.running or now.newest
    if newest is None or newest.id in before.known_deployments or now.method == "adopt":
        return None
    return None if newest.is_rollback or newest.creator in PARTIAL else newest


def told_of(between: Deployment, before: Plan) -> str:
    """Why the plan may not be carried out."""
    target = revisions.text(before.target) if before.target else "the target"
    return (
        f"somebody deployed {revisions.text(between.revision)} (deployment {between.id}, {between.status}) while the "
        f"redeploy of {target} was being prepared. {advice.LOOK}"
    )


_LambdaErrorHandler: t.Final = error_handler("lambda")


_MISSING: t.Final = "ResourceNotFoundException"


def file(aws: Aws, platform: str, application: str, target: Location) -> fitness.File | None:
    """A revision's AppSpec file; None on the platform Server, where it is in the bundle."""
    if platform == "Server":
        return None
    try:
        content = _content(aws, application, target)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return fitness.File(unknown=exc.explain())
    except appspec.Unreadable as exc:
        return fitness.File(unknown=f"{exc}".rstrip(".") + ".")
    function = fitness.asks(content) if platform == "Lambda" else None
    return fitness.File(content, alias=_alias(aws, function) if function is not None else None)


def _content(aws: Aws, application: str, target: Location) -> str:
    """The AppSpec file's text. Raises :class:`AwsCallError`, :class:`IncompleteAnswerError` or
    :class:`.appspec.Unreadable`.
    """
    if s3.place(target):
        why = s3.unreadable(target)
        stored = why or s3.read(aws, target)
        if isinstance(stored, str):
            raise appspec.Unreadable(f"{s3.key(target)}: {stored}")
        return stored.content
    content = reads.contents(aws, application, [target]).get(appspec.digest(target), "")
    if not content:
        raise appspec.Unreadable("CodeDeploy does not show it")
    return content


def _alias(aws: Aws, function: appspec.Function) -> fitness.Alias:
    try:
        answer = _get_alias(aws, function.name, function.alias)
        version = str(require(answer, "FunctionVersion", "get_alias"))
        weights = (answer.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return fitness.Alias(version, tuple(sorted(weights)), _has_version(aws, function.name, function.target))
    except (AwsCallError, IncompleteAnswerError) as exc:
        return fitness.Alias(unknown=exc.explain())


@_LambdaErrorHandler.common_error_handler("read alias {alias} of function {name}")
def _get_alias(aws: Aws, name: str, alias: str) -> Answer:
    answer: Answer = aws.beside.call("lambda", "get_alias", FunctionName=name, Name=alias)
    return answer


def _has_version(aws: Aws, name: str, version: str) -> bool:
    try:
        _get_version(aws, name, version)
    except AwsCallError as exc:
        if exc.code == _MISSING:
            return False
        raise
    return True


@_LambdaErrorHandler.common_error_handler("read version {version} of function {name}")
def _get_version(aws: Aws, name: str, version: str) -> None:
    aws.beside.call("lambda", "get_function_configuration", FunctionName=name, Qualifier=version)
