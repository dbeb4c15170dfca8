# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the compute platform Lambda: an alias of moto's Lambda moves from one version to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import lambda_backends

from lastgood_simulator.codedeploy import appspec, configs, hooks
from lastgood_simulator.codedeploy.model import (
    Deployment,
    DeploymentFailed,
    LifecycleEvent,
    Script,
    Shape,
    Target,
    Wait,
)

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState


def script(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html"""
    timings = state.ecs.env.timings
    at = yield Wait(at + timings.deployment_created)
    deployment.status = "Queued"
    at = yield Wait(at + timings.deployment_queued)
    deployment.status, deployment.started_at = "InProgress", at
    failed = deployment.triggered_by
    spec = appspec.of(state, deployment if failed is None else failed)
    name, alias, current, wanted = _properties(spec.properties)
    if failed is not None:
        yield from _return(state, deployment, failed, (name, alias, current, wanted), at)
        return
    moved = _alias(state, name, alias)
    if (moved.routing_config or {}).get("AdditionalVersionWeights"):
        # https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-deployments-lambda.html
        text = f"The alias {alias} of {name} shifts traffic between two versions already."
        raise DeploymentFailed("INVALID_LAMBDA_CONFIGURATION", text)
    if moved.function_version != current:
        # "CurrentVersion: the version of the Lambda function to which traffic currently points":
        # https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
        raise DeploymentFailed(
            "INVALID_LAMBDA_FUNCTION", f"The alias {alias} of {name} does not point to the CurrentVersion {current}."
        )
    _check_version(state, name, wanted)
    events = [LifecycleEvent(event) for event in ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")]
    target = _target(state, (name, alias, current, wanted), events, at)
    deployment.targets = [target]
    steps = configs.steps(configs.find(state.configs, deployment.settings["deploymentConfigName"]))
    for event in events:
        event.status, event.started_at = "InProgress", at
        at = yield Wait(at + timings.lifecycle_event)
        if event.name in spec.hooks:
            at = yield from hooks.run(state, event.name, spec.hooks[event.name], at)
        for weight, minutes in steps if event.name == "AllowTraffic" else []:
            target.details["lambdaFunctionInfo"]["targetVersionWeight"] = weight / 100
            target.updated_at = at
            routing = {} if weight == 100 else {"AdditionalVersionWeights": {wanted: weight / 100}}
            version = wanted if weight == 100 else current
            _backend(state).update_alias(alias, name, version, None, routing)
            if minutes:
                at = yield Wait(at + timings.scaled(60.0 * minutes))
        event.status, event.ended_at = "Succeeded", at


def _target(
    state: CodeDeployState, names: tuple[str, str, str, str], events: list[LifecycleEvent], at: float
) -> Target:
    name, alias, current, wanted = names
    arn = f"arn:aws:lambda:{state.region}:{state.account}:function:{name}"
    info = {"functionName": name, "functionAlias": alias, "currentVersion": current, "targetVersion": wanted}
    details: Shape = {"lambdaFunctionInfo": {**info, "targetVersionWeight": 0.0}}
    return Target("LambdaTarget", f"{name}:{alias}", arn, events, "InProgress", at, details)


def _return(
    state: CodeDeployState,
    deployment: Deployment,
    failed: Deployment,
    names: tuple[str, str, str, str],
    at: float,
) -> Script:
    """A rollback: all traffic to the version that the alias pointed to before the deployment that failed."""
    name, alias, current, wanted = names
    events = [LifecycleEvent(event) for event in ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")]
    deployment.targets = [_target(state, (name, alias, wanted, current), events, at)]
    events[1].status, events[1].started_at = "InProgress", at
    at = yield Wait(at + state.ecs.env.timings.lifecycle_event)
    if failed.targets:
        _backend(state).update_alias(alias, name, current, None, {})
    deployment.targets[0].details["lambdaFunctionInfo"]["targetVersionWeight"] = 1.0
    deployment.targets[0].updated_at = at
    events[1].status, events[1].ended_at = "Succeeded", at


def _check_version(state: CodeDeployState, name: str, version: str) -> None:
    known = [str(item.version) for item in _backend(state).list_versions_by_function(name)]
    if version not in known:
        raise DeploymentFailed("INVALID_LAMBDA_FUNCTION", f"The Lambda function {name} has no version {version}.")


def _backend(state: CodeDeployState) -> Any:
    return lambda_backends[state.account][state.region]


def _properties(properties: dict[str, Any]) -> tuple[str, str, str, str]:
    names = ("Name", "Alias", "CurrentVersion", "TargetVersion")
    missing = [name for name in names if not properties.get(name)]
    if missing:
        raise appspec.invalid(f"{missing[0]} is missing")
    name, alias, current, wanted = (str(properties[item]) for item in names)
    return name, alias, current, wanted


def _alias(state: CodeDeployState, name: str, alias: str) -> Any:
    try:
        return _backend(state).get_alias(alias, name)
    except Exception as error:
        # moto has a different class for each thing that does not exist.
        if type(error).__module__.startswith("moto."):
            raise DeploymentFailed(
                "INVALID_LAMBDA_FUNCTION", f"The Lambda function {name} has no alias {alias}."
            ) from None
        raise
