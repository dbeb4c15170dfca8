# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one deployment group: its state, the target, the method, the findings. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import in_the_way, revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import asg_processes, content, fitness
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import pinning
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import Candidate, History, doubts
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding, blocked
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN

InFlight = t.Literal["stop", "wait", "refuse"]
ContentOption = t.Literal["inherit", "disallow", "overwrite", "retain"]
OverrideAlarms = t.Literal["auto", "true", "false"]
Method = t.Literal["none", "adopt", "codedeploy_stop", "codedeploy_deployment"]
# ``wait``: the running deployment must end by itself; then everything is planned again.
Verb = t.Literal["act", "nothing", "refuse", "wait"]
# The methods by which CodeDeploy deploys a revision anew.
_DEPLOYS: t.Final = ("codedeploy_deployment", "codedeploy_stop")


@dataclass(frozen=True)
class Wish:
    """What the user asked for, for one deployment group."""

    selection: Selection
    in_flight: InFlight = "stop"
    file_exists_behavior: ContentOption = "inherit"
    # None: the deployment group's setting. Empty: none.
    rollback_events: tuple[str, ...] | None = None
    override_alarms: OverrideAlarms = "auto"
    deployment_config: str = ""
    ignore_application_stop_failures: bool = False
    update_outdated_instances_only: bool = False
    require_pinned: bool = False
    # Processes of the Auto Scaling groups that CodeDeploy should suspend during the deployment.
    suspend_processes: tuple[str, ...] = ()
    # As written by the user; the selection has the resulting time once that is known.
    as_of: AsOf | None = None
    # Of the plan that is carried out: when it was made, by AWS's clock, its target, and the newest deployment it knew.
    shown_at: datetime | None = None
    shown: Location | None = None
    newest: str = ""

    def dated(self, now: datetime) -> Wish:
        """The same wish with the time that ``as_of`` stands for, fixed once it is known."""
        if self.as_of is None or self.selection.as_of is not None:
            return self
        return replace(self, selection=replace(self.selection, as_of=self.as_of.seen_from(now)))

    def unless_there(self) -> Wish:
        """The same wish, but a group that is on the target already is left alone."""
        return replace(self, selection=replace(self.selection, force=self.selection.force - AGAIN))

    def going_to(self, deployment_id: str | None, revision: Location | None) -> Wish:
        """The same wish, for a target that was chosen already: by the deployment that proved it good, if there is one.

        All guards stand that have not been turned off, but for that of a group that is there already.
        """
        by_deployment = deployment_id or None
        selection = Selection(
            deployment_id=by_deployment,
            revision=None if by_deployment else revision,
            force=self.selection.force | AGAIN,
        )
        return replace(self, selection=selection, as_of=None)


@dataclass(frozen=True)
class Facts:
    """What was read about one deployment group."""

    group: Group
    history: History
    # The deployment the user named; None if none was named or it does not exist.
    named: Deployment | None = None
    # Locations as CodeDeploy has them, by deployment. The history adds the versions they took.
    recorded: t.Mapping[str, Location] = field(default_factory=dict)
    # What is known about the bundle and the alarms; None if not read yet.
    bundle: pinning.Decision | None = None
    alarms: fitness.Alarms | None = None
    # On ECS and Lambda: the AppSpec file and what it applies to; None if not read yet.
    file: fitness.File | None = None
    # The targets that were read, by deployment.
    targets: t.Mapping[str, t.Sequence[Target]] = field(default_factory=dict)
    # What CodeDeploy suspends in the Auto Scaling groups; None if nothing was asked for.
    suspension: asg_processes.Suspension | None = None
    # Findings made while reading.
    findings: tuple[Finding, ...] = ()
    # Whether CreateDeployment would accept the options and the targets.
    acceptance: tuple[Finding, ...] = ()
    # A look has just shown what is known of files and scripts on the instances.
    fresh: bool = False


@dataclass(frozen=True)
class Request:
    """A deployment to create: CreateDeployment's members besides the group and the description."""

    group: Group
    members: t.Mapping[str, t.Any]
    # The group's alarms are overridden; for that the identity needs codedeploy:UpdateDeploymentGroup too.
    overrides_alarms: bool = False

    def parameters(self, description: str) -> dict[str, t.Any]:
        """The members of CreateDeployment, without applicationName and deploymentGroupName."""
        return {**self.members, "description": description}


@dataclass(frozen=True)
class Refusal:
    """A deployment group for which no plan could be made. ``reason`` names the resource and the next step."""

    name: str
    reason: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Plan:
    """What will be done with one deployment group.

    ``verb``: ``act``; ``nothing`` ends as unchanged; ``refuse`` ends as refused, with ``reason``; ``wait`` waits for
    the running deployment and plans again.

    ``target`` is what CreateDeployment gets: pinned if possible. ``good`` is the deployment that proved it good.
    ``now`` is what the group is on, or was moving to when the last deployment ended without success.
    """

    group: Group
    verb: Verb
    method: Method
    reason: str
    choice: Choice
    target: Location | None
    good: Deployment | None
    now: Location | None
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...]
    # The deployment that has not ended, or that CodeDeploy may still roll back. With the method adopt, the one to
    # follow.
    running: Deployment | None = None
    # The newest deployment on record, however it ended.
    newest: Deployment | None = None
    # What was last deployed successfully, before the running deployment began.
    served: Location | None = None
    # What CodeDeploy is asked for; only with the method codedeploy_deployment.
    request: Request | None = None
    # The deployments on record when the plan was made, oldest first.
    deployments: tuple[Deployment, ...] = ()
    # The target as chosen: tied to a version, but without what a platform's deployment needs besides.
    chosen: Location | None = None
    # The deployment in the way is stopped with a rollback, so that its traffic goes back before ours begins.
    stop_rolls_back: bool = False
    # What the request has CodeDeploy suspend in the Auto Scaling groups.
    suspension: asg_processes.Suspension | None = None
    # What the redeploy does to files already on the instances, in words.
    content_warnings: tuple[str, ...] = field(default_factory=tuple)

    @property
    def known_deployments(self) -> frozenset[str]:
        """Ids of the deployments on record when the plan was made."""
        return frozenset(d.id for d in self.deployments)

    @property
    def in_the_way(self) -> Deployment | None:
        """The deployment that must end before ours can begin: a group runs one at a time.

        With the verb ``wait`` it may have ended already; whether CodeDeploy rolls it back shows within
        :data:`.rollbacks.AFTERMATH` seconds.
        """
        return self.running if self.method == "codedeploy_deployment" or self.verb == "wait" else None

    @property
    def left(self) -> Location | None:
        """The revision left behind; None if nothing moves."""
        return self.choice.left


@dataclass(frozen=True)
class _Way:
    """The part of a plan that is decided: what is done and why, for which target, and what was found out about that."""

    verb: Verb
    reason: str
    target: Location | None
    method: Method = "none"
    request: Request | None = None
    findings: tuple[Finding, ...] = ()


def make(wish: Wish, facts: Facts, choice: Choice) -> Plan:
    """Decide what to do with one deployment group, given the facts and the chosen target."""
    history = facts.history
    chosen = facts.bundle.location if facts.bundle is not None else choice.target
    noticed = (*facts.findings, *fitness.of_history(history), *core_as_of.findings(wish.as_of))
    way = _way(wish, facts, choice, chosen)
    found = (*noticed, *way.findings)
    allowed = _unless_blocked(way, found)
    return Plan(
        group=facts.group,
        verb=allowed.verb,
        method=allowed.method,
        reason=allowed.reason,
        choice=choice,
        target=allowed.target,
        good=choice.good,
        now=history.location(history.now),
        findings=found,
        candidates=history.candidates(),
        running=history.running or history.due,
        newest=history.newest,
        served=history.location(history.last_success),
        request=allowed.request,
        deployments=history.deployments,
        chosen=chosen,
        stop_rolls_back=history.running is not None and in_the_way.with_rollback(history.running),
        suspension=facts.suspension if allowed.request is not None else None,
        # Also if a finding is in its way: they belong to what was asked for.
        content_warnings=_content_warnings(wish, facts, choice) if way.method in _DEPLOYS else (),
    )


def _way(wish: Wish, facts: Facts, choice: Choice, target: Location | None) -> _Way:
    """What is done for the chosen target, as if no finding were in the way."""
    if choice.settled:
        return _Way("nothing", choice.settled, target)
    if choice.problem or target is None:
        return _Way("refuse", choice.problem or "no target was found", target)
    verb, method, reason = _step(wish, facts, choice)
    findings = [Finding("left_out", "info", text) for text in choice.left_out]
    findings += doubts(facts.history.candidates(), choice.key)
    findings += facts.acceptance
    if verb == "act":
        findings += _of_target(wish, facts, choice, target)
    if method == "codedeploy_stop":
        # The alarms stop CodeDeploy's own rollback, too.
        alarms = facts.alarms or fitness.Alarms()
        findings += fitness.of_alarms(facts.group, alarms, wish.override_alarms)
    way = _Way(verb, reason, target, method, findings=tuple(findings))
    return _by_deployment(way, wish, facts, choice, target) if method == "codedeploy_deployment" else way


def _by_deployment(way: _Way, wish: Wish, facts: Facts, choice: Choice, target: Location) -> _Way:
    """The same way with the deployment to create; nothing is done if the platform is on the target already."""
    running = facts.history.running
    fit = fitness.fit(facts.group.platform, target, facts.file, in_motion=running is not None)
    request, found = _request(wish, facts, choice, fit.location)
    found = [*fit.findings, *found, *([_told_of_blocking(running, choice)] if running is not None else [])]
    way = replace(way, target=fit.location, request=request, findings=(*way.findings, *found))
    if fit.there and "again" not in wish.selection.force:
        return replace(way, verb="nothing", reason=fit.there, method="none", request=None)
    return way


def _unless_blocked(way: _Way, found: t.Sequence[Finding]) -> _Way:
    why = blocked(found) if way.verb in ("act", "wait") else ""
    return replace(way, verb="refuse", reason=why, method="none", request=None) if why else way


def _step(wish: Wish, facts: Facts, choice: Choice) -> tuple[Verb, Method, str]:
    """How to get there. Preferred in this order: adopt, let CodeDeploy roll back, deploy."""
    history = facts.history
    running = history.running
    if running is None:
        if history.due is not None:
            return "wait", "none", f"{_told(history.due)}, and CodeDeploy may be about to roll it back"
        return "act", "codedeploy_deployment", choice.why
    if history.lands_on == choice.key:
        return "act", "adopt", choice.why
    if wish.in_flight == "refuse":
        return "refuse", "none", f"{_told(running)}, and in_flight is refuse"
    if wish.in_flight == "wait":
        return "wait", "none", f"{_told(running)}, and in_flight is wait"
    if _stop_is_enough(wish, facts, choice, running):
        return "act", "codedeploy_stop", choice.why
    return "act", "codedeploy_deployment", choice.why


def _stop_is_enough(wish: Wish, facts: Facts, choice: Choice, running: Deployment) -> bool:
    """Whether CodeDeploy's own rollback leads to the target in the way the user wants.

    It deploys the last successful revision, with that deployment's content option and the group's alarms
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html).
    """
    as_usual = (
        wish.file_exists_behavior == "inherit"
        and wish.rollback_events is None
        and wish.override_alarms != "true"
        and not wish.deployment_config
        and not wish.ignore_application_stop_failures
        and not wish.update_outdated_instances_only
    )
    firing = facts.alarms.firing if facts.alarms is not None and wish.override_alarms == "auto" else ()
    moved = facts.bundle is not None and facts.bundle.moved
    lands = facts.history.last_success == choice.key and not running.is_rollback
    return as_usual and lands and not firing and not moved


def _told(running: Deployment) -> str:
    what = "is running" if running.running else "has ended"
    return f"deployment {running.id} of {revisions.text(running.revision)} {what} ({running.status})"


def _told_of_blocking(running: Deployment, choice: Choice) -> Finding:
    target = revisions.text(choice.target or {})
    why = (
        f"a deployment group runs one deployment at a time, and that one does not lead to {target} in the way you "
        "asked for"
    )
    what = "waited for" if running.is_rollback else "stopped"
    return Finding("in_flight", "info", f"{_told(running)} and is {what} first: {why}")


def _of_target(wish: Wish, facts: Facts, choice: Choice, target: Location) -> list[Finding]:
    """Findings about the target."""
    found = list(facts.bundle.findings) if facts.bundle is not None else []
    found += fitness.of_group(facts.group, facts.history)
    found += fitness.of_revision(facts.group, target, choice.good)
    if choice.source in ("last_good", "steps_back", "as_of"):
        found += fitness.passed_by(facts.history, choice.good, wish.selection.as_of)
    return found


def _request(wish: Wish, facts: Facts, choice: Choice, target: Location) -> tuple[Request, list[Finding]]:
    """The deployment to create, and findings about its settings."""
    group, history = facts.group, facts.history
    members: dict[str, t.Any] = {"revision": dict(target)}
    if group.platform == "Server":
        members.update(_of_server(wish, choice))
        members.update(facts.suspension.request() if facts.suspension is not None else {})
    if wish.deployment_config:
        members["deploymentConfigName"] = wish.deployment_config
    if wish.rollback_events is not None:
        members["autoRollbackConfiguration"] = {
            "enabled": bool(wish.rollback_events),
            "events": list(wish.rollback_events),
        }
    alarms = facts.alarms or fitness.Alarms()
    overriding = fitness.override(group, alarms, wish.override_alarms)
    if overriding is not None:
        members["overrideAlarmConfiguration"] = overriding
    found = fitness.of_alarms(group, alarms, wish.override_alarms)
    found += fitness.of_rollbacks(group, history, choice.key, wish.rollback_events)
    if not facts.fresh:
        found += fitness.of_options(
            group,
            history,
            facts.targets,
            ignores_stop_failures=wish.ignore_application_stop_failures,
            outdated_only=wish.update_outdated_instances_only,
        )
    if wish.suspend_processes and facts.suspension is not None:
        found += _not_suspended(wish, facts.suspension)
    return Request(group, members, overrides_alarms=overriding is not None), found


def _not_suspended(wish: Wish, given: asg_processes.Suspension) -> list[Finding]:
    """Findings about processes that CodeDeploy should have suspended and does not."""
    left = [process for process in wish.suspend_processes if process not in given.by_codedeploy]
    what = f"CodeDeploy does not suspend {', '.join(left)} in the Auto Scaling groups: {given.why}"
    return [Finding("suspend_processes", "info", what)] if left else []


def _of_server(wish: Wish, choice: Choice) -> dict[str, t.Any]:
    members: dict[str, t.Any] = {"fileExistsBehavior": _option(wish, choice)}
    if wish.ignore_application_stop_failures:
        members["ignoreApplicationStopFailures"] = True
    if wish.update_outdated_instances_only:
        members["updateOutdatedInstancesOnly"] = True
    return members


def _option(wish: Wish, choice: Choice) -> str:
    """The content option; by default the good deployment's, as in CodeDeploy's own rollbacks."""
    return content.option(choice.good) if wish.file_exists_behavior == "inherit" else wish.file_exists_behavior.upper()


def _content_warnings(wish: Wish, facts: Facts, choice: Choice) -> tuple[str, ...]:
    """Warnings about files on the instances. New instances of a blue/green deployment have none."""
    if facts.fresh or facts.group.platform != "Server" or facts.group.blue_green or not facts.history.records:
        return ()
    between = content.since(choice.good, facts.history.deployments)
    reached = {d.id: content.reach(d, facts.targets.get(d.id)) for d in between}
    return content.warnings(_option(wish, choice), choice.good, between, reached)
