# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What speaks against a redeploy, or must be known before it. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec, revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL, History
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import LifecycleEvent, Target
from ansible_collections.lastgood.aws.plugins.module_utils._core import causes
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

_STOP: t.Final = "ApplicationStop"


@dataclass(frozen=True)
class Alarms:
    """A deployment group's alarms that are in ALARM now; ``unknown`` says why they could not be read."""

    firing: tuple[str, ...] = ()
    unknown: str = ""


def of_history(history: History) -> list[Finding]:
    """Findings about the deployments themselves."""
    found = []
    creators = {d.creator: d for d in history.unknown_creators}
    for creator, last in creators.items():
        what = f"deployment {last.id} was made by {creator}, which is not known here: it does not count as good"
        found.append(Finding("unknown_creator", "warn", what))
    alongside = history.alongside
    if alongside:
        which = ", ".join(d.id for d in alongside)
        what = (
            f"{which} is deploying to single instances now ({alongside[0].creator}); CodeDeploy may refuse another "
            "deployment until that ends"
        )
        found.append(Finding("group_busy", "warn", what))
    return found


def of_group(group: Group, history: History) -> list[Finding]:
    """Findings about the group: whether it can deploy at all."""
    found = []
    newest = history.newest
    last = newest.error_code if newest is not None and newest.status == "Failed" else ""
    if not group.service_role:
        found.append(Finding("service_role", "block", f"deployment group {group.name} has no service role"))
    elif last in causes.OF_ROLE and newest is not None:
        what = f"the service role {group.service_role} failed the last deployment {newest.id} ({newest.why})"
        found.append(Finding("service_role", "warn", what))
    if group.platform != "Server":
        return found
    if not group.has_instance_tags and not group.auto_scaling_groups:
        what = f"deployment group {group.name} names neither tags of instances nor an Auto Scaling group"
        # The instances of a blue/green deployment can be chosen by hand.
        found.append(Finding("instances", "warn" if group.blue_green else "block", f"{what}, so it has no instances"))
    elif last == "NO_INSTANCES" and newest is not None:
        what = f"the last deployment {newest.id} found no instances: check that the group's instances are running"
        found.append(Finding("instances", "warn", what))
    if group.blue_green:
        what = (
            "the group deploys blue/green: a redeploy provisions new instances again and moves the traffic there, "
            "even if the original ones still exist"
        )
        found.append(Finding("blue_green", "info", what))
    return found


def of_revision(group: Group, target: Location, good: Deployment | None) -> list[Finding]:
    """Findings about the target: whether the platform can deploy it, and what its deployment says about it."""
    found = []
    unfit = revisions.unfit(target, group.platform)
    if unfit:
        found.append(Finding("revision", "block", f"{revisions.text(target)} cannot be deployed here: {unfit}"))
    if good is None:
        what = f"no deployment of {revisions.text(target)} to this group is on record: nothing shows that it works here"
        found.append(Finding("never_deployed", "warn", what))
    elif good.status in ("Failed", "Stopped"):
        what = f"{good.id}, the deployment of {revisions.text(target)}, ended {good.status}"
        found.append(Finding("not_good", "warn", f"{what} ({good.why or 'no reason given'})"))
    if good is not None and good.mode == "RESTART":
        what = (
            f"{good.id} was a restart of {revisions.text(target)}, without a download; the redeploy downloads and "
            "installs it"
        )
        found.append(Finding("restart", "info", what))
    return found


def passed_by(history: History, good: Deployment | None, as_of: datetime | None) -> list[Finding]:
    """Why a target that was found may be wrong: a later success does not say what it deployed."""
    later = [
        d
        for d in history.deployments
        if d.creator not in PARTIAL
        and d.status == "Succeeded"
        and not revisions.key(d.revision)
        and (good is None or d.created_at > good.created_at)
        and (as_of is None or d.created_at <= as_of)
    ]
    if not later:
        return []
    what = (
        f"deployment {later[-1].id} succeeded later, and CodeDeploy does not say which revision it deployed. We do "
        "not guess: name what to deploy with revision or deployment_id"
    )
    return [Finding("unread_deployment", "block", what)]


def override(group: Group, alarms: Alarms, wanted: str) -> dict[str, t.Any] | None:
    """overrideAlarmConfiguration; None if the group's alarms apply.

    With ``auto``, firing alarms are left out and the others stay in force. To ignore all alarms, "set its alarm
    configuration to turn off alarm polling"
    (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html).
    """
    if not group.alarms or wanted == "false" or (wanted == "auto" and not alarms.firing):
        return None
    quiet = _quiet(group, alarms) if wanted == "auto" else []
    if not quiet:
        return {"enabled": False}
    made: dict[str, t.Any] = {"enabled": True, "alarms": [{"name": name} for name in quiet]}
    if group.ignores_unreadable_alarms:
        made["ignorePollAlarmFailure"] = True
    return made


def of_alarms(group: Group, alarms: Alarms, wanted: str) -> list[Finding]:
    """Findings about the group's alarms: what they do to the redeploy."""
    if not group.alarms:
        return []
    if wanted == "true":
        which = ", ".join(group.alarms)
        what = f"the alarms of deployment group {group.name} ({which}) are ignored for this deployment"
        return [Finding("alarms", "warn", what)]
    if alarms.unknown:
        what = (
            f"it is not known whether alarms of deployment group {group.name} are firing. {alarms.unknown.rstrip('.')}."
        )
        return [Finding("alarms", "unknown", f"{what} If one is, CodeDeploy stops the deployment")]
    if not alarms.firing:
        return []
    firing, quiet = ", ".join(alarms.firing), ", ".join(_quiet(group, alarms))
    what = f"{cloudwatch.say_ringing(alarms.firing, group.name)} and would stop the deployment"
    if wanted == "false":
        advice = "Wait until it is OK again, or give override_alarms: auto to ignore it for this one deployment"
        return [Finding("alarms", "block", f"{what}, and override_alarms is false. {advice}")]
    what += f": {firing} {'is' if len(alarms.firing) == 1 else 'are'} ignored for this one deployment"
    return [Finding("alarms", "warn", f"{what}, and {quiet} stays in force" if quiet else what)]


def of_rollbacks(group: Group, history: History, target: str, events: t.Sequence[str] | None) -> list[Finding]:
    """Findings about what CodeDeploy does by itself if the redeploy fails: it rolls back to the last successful
    revision.
    """
    counts = group.rollback_events if events is None else tuple(events)
    if not counts or not history.last_success or history.last_success == target:
        return []
    back = revisions.text(history.location(history.last_success) or {})
    what = (
        f"if this deployment fails, CodeDeploy rolls it back to {back}, the last one deployed successfully "
        f"({', '.join(counts)})"
    )
    if events is None:
        what += ". To turn that off for this deployment, give rollback_events: none"
    return [Finding("rollback_events", "warn", what)]


def of_options(
    group: Group,
    history: History,
    targets: t.Mapping[str, t.Sequence[Target]],
    ignores_stop_failures: bool,
    outdated_only: bool,
) -> list[Finding]:
    """Findings about options that matter on this platform."""
    if group.platform != "Server":
        return []
    found = _of_application_stop(history, targets, ignores_stop_failures) if not group.blue_green else []
    if outdated_only:
        what = (
            "update_outdated_instances_only skips instances that CodeDeploy believes to be on the group's latest "
            "revision: after a deployment that half failed, these may be on the bad one. Give it only if you know "
            "which instances those are"
        )
        found.append(Finding("outdated_only", "warn", what))
    return found


def _of_application_stop(history: History, targets: t.Mapping[str, t.Sequence[Target]], ignored: bool) -> list[Finding]:
    """Findings about the script that runs first: it comes from the installed revision, not from the one being deployed.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
    """
    newest = history.newest
    if newest is None or ignored or newest.status == "Succeeded":
        return []
    seen = targets.get(newest.id, ())
    broken = _broken_stops(seen)
    if broken:
        before = revisions.text(history.location(history.last_success) or {})
        script = f" ({broken[0].script})" if broken[0].script else ""
        what = (
            f"{_STOP}{script} failed on {len(broken)} of {len(seen)} targets in {newest.id}. It is the "
            f"script of what they have installed, as a rule {before}, and runs again before anything else: if it "
            "cannot be repaired there, give ignore_application_stop_failures: true"
        )
        return [Finding("application_stop", "warn", what)]
    installed = [target for target in seen if _installed(target)]
    if newest.status in ("Failed", "Stopped") and installed:
        what = (
            f"{len(installed)} of {len(seen)} targets of {newest.id} have installed "
            f"{revisions.text(newest.revision)}, so that its {_STOP} script runs first there. If that is broken, give "
            "ignore_application_stop_failures: true"
        )
        return [Finding("application_stop", "info", what)]
    return []


def _broken_stops(targets: t.Sequence[Target]) -> list[LifecycleEvent]:
    """The runs of the ApplicationStop script that failed, one for each target on which it failed."""
    events = (target.event(_STOP) for target in targets)
    return [event for event in events if event is not None and event.failed]


def _installed(target: Target) -> bool:
    event = target.event("Install")
    return event is not None and event.status == "Succeeded"


def _quiet(group: Group, alarms: Alarms) -> list[str]:
    return [name for name in group.alarms if name not in alarms.firing]


@dataclass(frozen=True)
class Alias:
    """What Lambda says about an alias, and about the version it is to point to."""

    # The version the alias points to, and any others that get part of the traffic.
    version: str = ""
    others: tuple[str, ...] = ()
    has_target: bool = False
    # Why this is not known.
    unknown: str = ""


@dataclass(frozen=True)
class File:
    """The target's AppSpec file, and the function it applies to; ``unknown`` says why it cannot be read."""

    content: str = ""
    unknown: str = ""
    alias: Alias | None = None


@dataclass(frozen=True)
class Fit:
    """What is sent, and findings about it. ``there``: nothing would move."""

    location: Location
    findings: tuple[Finding, ...] = ()
    there: str = ""


def fit(platform: str, target: Location, file: File | None, in_motion: bool) -> Fit:
    """What CreateDeployment gets for the target.

    ``in_motion``: a deployment has to be stopped first, so where the traffic is will be read again.
    """
    if platform == "Server" or file is None:
        return Fit(target)
    name = revisions.text(target)
    if not file.content and platform == "ECS" and target.get("revisionType") == "S3":
        # CodeDeploy reads it itself.
        what = f"it is not known which task definition {name} deploys. {file.unknown}"
        return Fit(target, (Finding("appspec", "unknown", what.strip()),))
    if not file.content:
        what = f"the AppSpec file of {name} cannot be read, so it cannot be deployed again. {file.unknown}"
        return Fit(target, (Finding("appspec", "block", what.strip()),))
    location = target if target.get("revisionType") == "S3" else appspec.location(file.content)
    if platform == "ECS":
        return _ecs(location, file)
    if platform == "Lambda":
        return _lambda(location, file, in_motion)
    what = f"we do not know the compute platform {platform}, nor how a redeploy behaves there"
    return Fit(location, (Finding("platform", "block", what),))


def _ecs(location: Location, file: File) -> Fit:
    try:
        named = appspec.task_definition(file.content)
    except appspec.Unreadable as exc:
        return Fit(location, (Finding("appspec", "block", f"the AppSpec file says nothing to ECS: {exc}"),))
    what = (
        f"this deploys {named.rpartition('/')[2]} as its AppSpec file says. lastgood.aws.ecs_rollback knows more of "
        "ECS services: which versions ran, their images, and whether tasks start"
    )
    return Fit(location, (Finding("platform", "warn", what),))


def _lambda(location: Location, file: File, in_motion: bool) -> Fit:
    """The alias must be on one version, and the AppSpec file must start from it.

    An alias left on two versions fails all further deployments, and so does a CurrentVersion that the alias is not on
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-deployments-lambda.html).
    """
    try:
        function = appspec.function(file.content)
    except appspec.Unreadable as exc:
        return Fit(location, (Finding("appspec", "block", f"the AppSpec file says nothing to Lambda: {exc}"),))
    alias, name = file.alias or Alias(unknown="It was not read"), f"alias {function.alias} of {function.name}"
    if alias.unknown:
        what = f"it is not known which version {name} is on, and without that a redeploy is not safe. {alias.unknown}"
        return Fit(location, (Finding("alias", "block", what),))
    if not alias.has_target:
        what = f"version {function.target} of {function.name} no longer exists"
        return Fit(location, (Finding("version", "block", f"{what}: publish it again, or choose another revision"),))
    if in_motion:
        return Fit(location)
    if alias.others:
        what = (
            f"{name} is on version {alias.version} and on {' and '.join(alias.others)} at once, and CodeDeploy deploys "
            "only from one version: point the alias to one of them first (lambda update-alias)"
        )
        return Fit(location, (Finding("alias", "block", what),))
    if alias.version == function.target:
        return Fit(location, there=f"{name} is on version {function.target} already")
    if alias.version == function.current:
        return Fit(location)
    changed = appspec.location(appspec.with_current_version(file.content, alias.version))
    what = (
        f"the AppSpec file is from when {name} was on version {function.current}; it is on {alias.version} now, so "
        f"that CurrentVersion is set to {alias.version} for this deployment"
    )
    return Fit(changed, (Finding("current_version", "info", what),))


def asks(content: str) -> appspec.Function | None:
    """The function to look up in Lambda; None if the file does not name one."""
    try:
        return appspec.function(content)
    except appspec.Unreadable:
        return None
