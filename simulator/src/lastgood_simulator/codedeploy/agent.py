# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the agent on an instance does for a deployment, lifecycle event after lifecycle event.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html and the source of
the agent, https://github.com/aws/aws-codedeploy-agent.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from lastgood_simulator import s3
from lastgood_simulator.codedeploy import balancing, bundles, fleet
from lastgood_simulator.codedeploy.bundles import Bundle
from lastgood_simulator.codedeploy.model import Deployment, Host, LifecycleEvent, Script, Target, Wait

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

# In their order: https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
BLOCKING = ("BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic")
INSTALLING = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
ALLOWING = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
# "The CodeDeploy agent runs the scripts specified for ApplicationStop, BeforeBlockTraffic, and AfterBlockTraffic in the
# AppSpec file from the previous successful deployment", and ignoreApplicationStopFailures is about these three:
# https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
OF_THE_PREVIOUS = ("BeforeBlockTraffic", "AfterBlockTraffic", "ApplicationStop")
SUCCESS = {"errorCode": "Success", "scriptName": "", "message": "Succeeded", "logTail": ""}
# https://github.com/aws/aws-codedeploy-agent/issues/307
_SILENT = (
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your host and "
    "make sure the agent is running and can connect to the CodeDeploy server."
)


class _Failed(Exception):
    """What the agent does by itself in a lifecycle event failed."""


def deploy(state: CodeDeployState, deployment: Deployment, target: Target, at: float) -> Script:
    """All events of a target; in the end it has Succeeded or Failed."""
    at = yield from install(state, deployment, target, tuple(event.name for event in target.events), at)
    if target.status != "Failed":
        target.status, target.updated_at = "Succeeded", at


def install(
    state: CodeDeployState, deployment: Deployment, target: Target, names: tuple[str, ...], at: float
) -> Generator[Wait, float, float]:
    """The events that make an instance healthy with a new revision, or unhealthy."""
    host = deployment.group.hosts.setdefault(target.id, Host())
    # "The attempt to deploy a revision to the instance failed" makes it unhealthy; so does one that never ends.
    host.healthy = False
    at = yield from run(state, deployment, target, names, at)
    if target.status != "Failed":
        host.healthy, host.deployed = True, deployment.revision
    return at


def run(
    state: CodeDeployState, deployment: Deployment, target: Target, names: tuple[str, ...], at: float
) -> Generator[Wait, float, float]:
    """Some events of a target, which has Failed if one of them does."""
    host = deployment.group.hosts.setdefault(target.id, Host())
    bundle: Bundle | None = None
    for event in [item for item in target.events if item.name in names]:
        if not _can_run(state, deployment, target, event):
            limit = at + state.ecs.env.timings.agent_silent
            at = yield Wait(limit, lambda: fleet.answers(state, deployment, target.id))
        if not _can_run(state, deployment, target, event):
            event.started_at = at
            _end(target, event, _unknown(_SILENT), at)
        else:
            target.status = event.status = "InProgress"
            target.updated_at = event.started_at = at
            scripts = host.installed if bundle is None or event.name in OF_THE_PREVIOUS else bundle
            try:
                if event.name == "DownloadBundle":
                    scripts = bundle = _download(state, deployment, host)
                at = yield from _run(state, target, event, scripts, at)
            except _Failed as problem:
                at = yield Wait(at + state.ecs.env.timings.lifecycle_event)
                _end(target, event, _unknown(str(problem)), at)
            if event.status == "Succeeded":
                _take_effect(state, deployment, event.name, target.id, bundle)
        ignored = deployment.settings["ignoreApplicationStopFailures"] and event.name in OF_THE_PREVIOUS
        if event.status == "Failed" and not ignored:
            _skip_the_rest(target)
            target.status, target.updated_at = "Failed", at
            return at
    return at


def _can_run(state: CodeDeployState, deployment: Deployment, target: Target, event: LifecycleEvent) -> bool:
    """Traffic is led by CodeDeploy itself."""
    return event.name in ("BlockTraffic", "AllowTraffic") or fleet.answers(state, deployment, target.id)


def _take_effect(
    state: CodeDeployState, deployment: Deployment, event: str, instance: str, bundle: Bundle | None
) -> None:
    if event == "Install":
        # "_last_successful_install" of the agent, whatever becomes of the deployment.
        deployment.group.hosts[instance].installed = bundle
    elif event == "BlockTraffic":
        balancing.deregister(state, deployment, instance)
    elif event == "AllowTraffic":
        balancing.register(state, deployment, instance)


def _run(
    state: CodeDeployState, target: Target, event: LifecycleEvent, scripts: Bundle | None, at: float
) -> Generator[Wait, float, float]:
    timings = state.ecs.env.timings
    trouble = state.bundles.trouble(scripts, event.name, target.id)
    hangs = trouble is not None and trouble.seconds is not None
    at = yield Wait(at + (timings.scaled(trouble.seconds) if hangs else timings.lifecycle_event))
    _end(target, event, SUCCESS if trouble is None else trouble.diagnostics, at)
    return at


def _end(target: Target, event: LifecycleEvent, diagnostics: dict[str, str], at: float) -> None:
    event.status = "Succeeded" if diagnostics["errorCode"] == "Success" else "Failed"
    event.diagnostics = dict(diagnostics)
    event.ended_at = target.updated_at = at


def _unknown(message: str) -> dict[str, str]:
    return {"errorCode": "UnknownError", "scriptName": "", "message": message, "logTail": ""}


def _skip_the_rest(target: Target) -> None:
    for event in target.events:
        if event.status == "Pending":
            event.status = "Skipped"


def _download(state: CodeDeployState, deployment: Deployment, host: Host) -> Bundle:
    """Fetch the revision. Texts: Amazon S3's, and those of the agent's command_executor.rb."""
    if deployment.settings.get("deploymentMode") == "RESTART" and host.installed is not None:
        # "Without downloading a new revision": API_CreateDeployment.html
        return host.installed
    if "gitHubLocation" in deployment.revision:
        return bundles.of_github(deployment.revision["gitHubLocation"])
    place = deployment.revision["s3Location"]
    if not s3.exists(state.account, state.region, place["bucket"]):
        raise _Failed("The specified bucket does not exist")
    found = s3.find(state.account, state.region, place["bucket"], place["key"], place.get("version"))
    if found is None:
        raise _Failed(f"The specified {'version' if place.get('version') else 'key'} does not exist.")
    wanted, actual = place.get("eTag"), found.etag
    if wanted and wanted.strip('"') != actual.strip('"'):
        raise _Failed(f"Expected deployment artifact bundle etag {wanted} but was actually {actual}")
    return bundles.of_s3(place, found.version_id, actual)
