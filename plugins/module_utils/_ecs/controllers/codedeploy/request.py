# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What CodeDeploy is asked for when it is to deploy an older version of an ECS service. Pure.

AWS's own rollback deploys the earlier revision again as a new deployment
(https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html), and so is ours: the
AppSpec file of the last deployment that ran the target successfully, with its network, platform version and hooks.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.records import (
    APPSPEC,
    LOCATION,
    Unread,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Finding,
    Revision,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

# Without steps, of the predefined configurations
# (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html).
ALL_AT_ONCE: t.Final = "CodeDeployDefault.ECSAllAtOnce"


@dataclass(frozen=True)
class Request:
    """A deployment to ask for. ``config`` is empty and ``rollback_events`` None if the group's apply."""

    group: Group
    content: str
    config: str = ""
    overrides_alarms: bool = False
    rollback_events: tuple[str, ...] | None = None
    # The alarms that stop this one deployment, in place of the group's.
    alarms: tuple[str, ...] = ()
    # The place in S3 that holds exactly this content; empty if the content is sent along.
    location: Location = field(default_factory=dict)

    def parameters(self, description: str, copy: str = "") -> dict[str, t.Any]:
        """What CreateDeployment takes besides the group. ``copy`` takes the place of the task definition."""
        content = appspec.with_task_definition(self.content, copy) if copy else self.content
        revision = dict(self.location) if self.location and not copy else appspec.location(content)
        made: dict[str, t.Any] = {"revision": revision, "description": description}
        if self.config:
            made["deploymentConfigName"] = self.config
        if self.overrides_alarms or self.alarms:
            made["overrideAlarmConfiguration"] = self._alarm_configuration()
        if self.rollback_events is not None:
            made["autoRollbackConfiguration"] = {
                "enabled": bool(self.rollback_events),
                "events": list(self.rollback_events),
            }
        return made

    def _alarm_configuration(self) -> dict[str, t.Any]:
        """What takes the place of the group's: without any alarm "set its alarm configuration to turn off alarm
        polling" (https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html).
        """
        if not self.alarms:
            return {"enabled": False}
        made: dict[str, t.Any] = {"enabled": True, "alarms": [{"name": name} for name in self.alarms]}
        if self.group.ignores_unreadable_alarms:
            made["ignorePollAlarmFailure"] = True
        return made


@dataclass(frozen=True)
class Create:
    """A deployment to create, and what has to end before: CodeDeploy runs one deployment of a group at a time."""

    request: Request
    in_the_way: ServiceDeployment | None = None
    # What the deployment is called; empty: by its direction.
    called: t.Literal["", "deploy"] = ""
    # Digests by container name, for the copy of the target to register; None if the target itself will do.
    copy: t.Mapping[str, str] | None = None


@dataclass(frozen=True)
class Follow:
    """A deployment to follow that the history does not point to."""

    id: str


def request(
    service: Service,
    group: Group | None,
    history: History | None,
    target: str,
    good: Revision | None,
    alarms: t.Mapping[str, str] | str | None,
    fast: bool,
    rollback_events: tuple[str, ...] | None,
) -> tuple[Request | None, list[Finding]]:
    """The deployment that takes a service back, or None if none can be made, and findings.

    ``good`` is what proved the target good, or ran it last. ``alarms`` are as in :class:`.plans.Facts`.
    """
    if group is None:
        return None, [Finding("deployment_group", "block", f"no deployment group deploys {service.name}")]
    findings: list[Finding] = []
    content = str(good.settings.get(APPSPEC) or "") if good is not None else ""
    if not content:
        content, finding = _in_place_of_it(service, history, target)
        findings.append(finding)
    if not content:
        return None, findings
    unknown = alarms if isinstance(alarms, str) else ""
    firing = cloudwatch.judge(group.alarms, alarms or {}).ringing if not isinstance(alarms, str) else ()
    findings += _told_of_alarms(group, firing, unknown)
    another = _names_another(content, target)
    made = Request(
        group=group,
        content=appspec.with_task_definition(content, target) if another else content,
        location={} if good is None or another else good.settings.get(LOCATION) or {},
        config=ALL_AT_ONCE if fast else "",
        overrides_alarms=bool(firing),
        alarms=_quiet(group, firing) if firing else (),
        rollback_events=rollback_events,
    )
    return made, findings


def _names_another(content: str, target: str) -> bool:
    return not names.same(appspec.task_definition(content), target)


def _in_place_of_it(service: Service, history: History | None, target: str) -> tuple[str, Finding]:
    """The AppSpec file of another version, for one that CodeDeploy did not deploy as far as the record goes."""
    name = names.short(target)
    deployed = [d for d in (history.deployments if history else ()) if d.target.settings.get(APPSPEC)]
    best = [d for d in deployed if d.status == "SUCCESSFUL"] or deployed
    if best:
        other = names.short(best[-1].target.task_definition)
        what = f"no deployment of {name} is on record: the AppSpec file of {other} is used with this task definition"
        return str(best[-1].target.settings[APPSPEC]), Finding("appspec", "warn", what)
    balancer = next((lb for lb in service.load_balancers if lb.get("containerName") and lb.get("containerPort")), None)
    if balancer is None:
        what = (
            f"there is no AppSpec file to deploy {name} with: none is on record, and the service has no load balancer"
        )
        return "", Finding("appspec", "block", what)
    what = (
        f"no deployment of {name} is on record: an AppSpec file is made from the service's load balancer, without hooks"
    )
    made = appspec.made_for(target, str(balancer["containerName"]), int(balancer["containerPort"]))
    return made, Finding("appspec", "warn", what)


def _quiet(group: Group, firing: t.Collection[str]) -> tuple[str, ...]:
    """Alarms of the group that are not firing: they stay in force."""
    return tuple(name for name in group.alarms if name not in firing)


def _told_of_alarms(group: Group, ringing: t.Sequence[str], unknown: str) -> list[Finding]:
    if unknown:
        what = f"whether alarms of deployment group {group.name} are firing is not known. {unknown.rstrip('.')}. "
        return [Finding("alarms", "unknown", f"{what}If one is, CodeDeploy stops the deployment")]
    if not ringing:
        return []
    firing, quiet = ", ".join(ringing), _quiet(group, ringing)
    what = f"{cloudwatch.say_ringing(ringing, group.name)} and would stop the deployment: "
    what += f"{firing} {'is' if len(ringing) == 1 else 'are'} ignored for this one deployment"
    return [Finding("alarms", "warn", f"{what}, and {', '.join(quiet)} stays in force" if quiet else what)]


def passed_by(
    history: History | None, unread: t.Sequence[Unread], target: str, as_of: datetime | None
) -> list[Finding]:
    """What stands against a target that was found in the history: a deployment that succeeded after it, or before the
    time that was asked for, and does not say what it deployed. The version that is looked for may be that one.
    """
    arrivals = history.arrivals if history is not None else ()
    reached = [a.at for a in arrivals if names.same(a.task_definition, target) and (as_of is None or a.at <= as_of)]
    if not reached:
        return []
    later = [u for u in unread if u.status == "SUCCESSFUL" and u.created_at > reached[-1]]
    later = [u for u in later if as_of is None or u.created_at <= as_of]
    if not later:
        return []
    what = (
        f"deployment {later[-1].id} succeeded after {names.short(target)} did, and what it deployed is not known "
        f"({later[-1].why}). Nothing is guessed: name a version with revision"
    )
    return [Finding("unread_deployment", "block", what)]


def told_of_blocking(running: ServiceDeployment, lands_on: str | None, target: str) -> Finding:
    """Why another deployment has to end first, in words."""
    what = f"deployment {running.id} to {names.short(running.target.task_definition)} is running ({running.status})"
    lands = f"on {names.short(lands_on)}" if lands_on else "on a version that is not known"
    first = "is waited for" if running.status in ROLLING_BACK else "is stopped first"
    why = f"CodeDeploy runs one deployment at a time, and that one, undone, lands {lands}, not on {names.short(target)}"
    return Finding("in_flight", "info", f"{what} and {first}: {why}")


def balanced(service: Service, request_: Request | None) -> Service:
    """The service as it is balanced with this request: its AppSpec file names the container that gets the traffic."""
    named = appspec.container(request_.content) if request_ is not None else None
    if named is None:
        return service
    return replace(service, load_balancers=({"containerName": named[0], "containerPort": named[1]},))
