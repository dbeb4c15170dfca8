# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the compute platform ECS: task sets, traffic, and the deployment controller CODE_DEPLOY.

Order of the lifecycle events:
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#appspec-hooks-ecs
What happens: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from moto.elbv2.models import elbv2_backends

from lastgood_simulator.codedeploy import appspec, configs, hooks
from lastgood_simulator.codedeploy.appspec import AppSpec
from lastgood_simulator.codedeploy.model import Deployment, DeploymentFailed, LifecycleEvent, Script, Target, Wait
from lastgood_simulator.ecs import engine as ecs_engine
from lastgood_simulator.ecs import services, task_sets
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, ServiceRevision, Task, TaskSet
from lastgood_simulator.errors import AwsError

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState


class _Controller:
    """Task sets as with EXTERNAL, moved by the deployments of CodeDeploy."""

    def note_step(self, service: Service, task: Task, step: str, at: float, env: Environment) -> None:
        task_sets.note_step(service, task, step, at, env)

    def reconcile(self, service: Service, at: float, env: Environment) -> None:
        task_sets.reconcile(service, at, env)
        while self._tick(service, at):
            service.drivers = [driver for driver in service.drivers if not driver.over]
            task_sets.reconcile(service, at, env)

    @staticmethod
    def _tick(service: Service, at: float) -> bool:
        """Whether one of the drivers moved; each gets its turn."""
        moved = [driver.tick(at) for driver in service.drivers]
        return any(moved)

    def timers(self, service: Service, at: float) -> Iterator[float]:
        yield from task_sets.timers(service, at)
        for driver in service.drivers:
            yield from (time for time in driver.timers() if time > at)


ecs_engine.CONTROLLERS["CODE_DEPLOY"] = _Controller()


def script(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """From Created to Succeeded."""
    timings = state.ecs.env.timings
    service = deployment.service
    assert service is not None
    deployment.targets = [
        Target(
            kind="ECSTarget",
            id=f"{service.cluster_name}:{service.name}",
            arn=service.arn,
            events=[LifecycleEvent(name) for name in _event_names(deployment)],
        )
    ]
    at = yield Wait(at + timings.deployment_created)
    deployment.status = "Queued"
    at = yield Wait(at + timings.deployment_queued)
    deployment.status, deployment.started_at = "InProgress", at
    deployment.targets[0].status, deployment.targets[0].updated_at = "InProgress", at
    if deployment.triggered_by is not None and _stands(deployment.triggered_by):
        yield from _reroute(state, deployment, deployment.triggered_by, at)
    else:
        yield from _replace(state, deployment, at)


def _event_names(deployment: Deployment) -> list[str]:
    pairs = (deployment.settings.get("loadBalancerInfo") or {}).get("targetGroupPairInfoList") or [{}]
    test = ["AllowTestTraffic", "AfterAllowTestTraffic"] if pairs[0].get("testTrafficRoute") else []
    before = ["BeforeInstall", "Install", "AfterInstall"]
    return [*before, *test, "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"]


def _replace(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """The whole way: a replacement task set, the traffic, the end of the original one."""
    timings = state.ecs.env.timings
    service = deployment.service
    assert service is not None
    spec = appspec.of(state, deployment)
    at = yield from _event(state, deployment, spec, "BeforeInstall", at)
    install = _begin(deployment, "Install", at)
    green = _install(state, deployment, service, spec, at)
    at = yield Wait(at + timings.replacement_timeout, lambda: green.stability == "STEADY_STATE")
    if green.stability != "STEADY_STATE":
        # The text as people report it; "The default timeout is 60 minutes" is in deployment-type-bluegreen.html.
        raise DeploymentFailed(
            "TIMEOUT",
            "The deployment timed out while waiting for the replacement task set to become healthy. "
            "This time out period is 60 minutes.",
        )
    _end(install, at)
    for name in _event_names(deployment)[2:-3]:
        at = yield from _event(state, deployment, spec, name, at)
        if name == "AllowTestTraffic":
            _lead(state, deployment, "testTrafficRoute", {green.id: 100.0})
    at = yield from _wait_until_ready(state, deployment, at)
    at = yield from _event(state, deployment, spec, "BeforeAllowTraffic", at)
    at = yield from _shift(state, deployment, green, at)
    at = yield from _event(state, deployment, spec, "AfterAllowTraffic", at)
    yield from _terminate(state, deployment, at)


def _event(
    state: CodeDeployState, deployment: Deployment, spec: AppSpec, name: str, at: float
) -> Generator[Wait, float, float]:
    """An event that is a hook's, or over at once."""
    event = _begin(deployment, name, at)
    at = yield Wait(at + state.ecs.env.timings.lifecycle_event)
    if name in spec.hooks:
        at = yield from hooks.run(state, name, spec.hooks[name], at)
    _end(event, at)
    return at


def _begin(deployment: Deployment, name: str, at: float) -> LifecycleEvent:
    target = deployment.targets[0]
    event = next(item for item in target.events if item.name == name)
    event.status, event.started_at, target.updated_at = "InProgress", at, at
    return event


def _end(event: LifecycleEvent, at: float) -> None:
    event.status, event.ended_at = "Succeeded", at


def _install(state: CodeDeployState, deployment: Deployment, service: Service, spec: AppSpec, at: float) -> TaskSet:
    """Create the replacement task set."""
    blue = next((item for item in service.task_sets if item.status == "PRIMARY"), None)
    if blue is None:
        raise DeploymentFailed("ECS_UPDATE_ERROR", "The ECS service has no primary task set.")
    for leftover in service.task_sets:
        # What a deployment left that was stopped or has failed, and was not rolled back.
        if leftover is not blue and leftover.status != "DRAINING":
            leftover.status, leftover.updated_at = "DRAINING", at
    green = task_sets.create(service, _service_revision(state, deployment, service, blue, spec, at), 100, at)
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
    green.external_id, green.started_by = deployment.id, "CODE_DEPLOY"
    deployment.blue, deployment.green = blue, green
    deployment.traffic = {blue.id: 100.0, green.id: 0.0}
    return green


def _service_revision(
    state: CodeDeployState, deployment: Deployment, service: Service, blue: TaskSet, spec: AppSpec, at: float
) -> ServiceRevision:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html"""
    reference = spec.properties.get("TaskDefinition")
    balancer = spec.properties.get("LoadBalancerInfo")
    if not isinstance(reference, str) or not reference:
        raise appspec.invalid("TaskDefinition is missing")
    if not isinstance(balancer, dict) or not balancer.get("ContainerName") or not balancer.get("ContainerPort"):
        raise appspec.invalid("LoadBalancerInfo must have ContainerName and ContainerPort")
    try:
        definition = state.ecs.deployable(reference)
    except AwsError as error:
        raise _refused(error.code, error.message) from None
    name = str(balancer["ContainerName"])
    if name not in {container["name"] for container in definition.containers}:
        raise _refused("InvalidParameterException", f"The container {name} does not exist in the task definition.")
    revision = services.new_revision(service, definition, at)
    first, second = _target_groups(deployment)
    mine = next((lb["targetGroupArn"].split("/")[1] for lb in _balanced(blue)), first)
    other = first if mine == second else second
    deployment.target_groups = {"blue": mine, "green": other}
    revision.settings["loadBalancers"] = [
        {
            "targetGroupArn": _target_group_arn(state, other),
            "containerName": name,
            "containerPort": int(balancer["ContainerPort"]),
        }
    ]
    if spec.properties.get("PlatformVersion"):
        revision.settings["platformVersion"] = spec.properties["PlatformVersion"]
    if spec.properties.get("NetworkConfiguration"):
        revision.settings["networkConfiguration"] = _camel(spec.properties["NetworkConfiguration"])
    if spec.properties.get("CapacityProviderStrategy"):
        revision.settings["capacityProviderStrategy"] = _camel(spec.properties["CapacityProviderStrategy"])
        revision.settings.pop("launchType", None)
    return revision


def _refused(code: str, message: str) -> DeploymentFailed:
    """What ECS refuses, in the words that people report."""
    return DeploymentFailed(
        "ECS_UPDATE_ERROR",
        f"The ECS service cannot be updated due to an unexpected error: {message} (Service: AmazonECS; Status Code: "
        f"400; Error Code: {code}; Request ID: {uuid.uuid4()}; Proxy: null). Check your ECS service status.",
    )


def _camel(value: Any) -> Any:
    """``{"Subnets": […]}`` of the AppSpec file to ``{"subnets": […]}`` of the API."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(item) for name, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _target_groups(deployment: Deployment) -> tuple[str, str]:
    pair = deployment.settings["loadBalancerInfo"]["targetGroupPairInfoList"][0]
    names = [group["name"] for group in pair["targetGroups"]]
    return names[0], names[1]


def _balanced(task_set: TaskSet) -> list[dict[str, Any]]:
    return [lb for lb in task_set.revision.settings.get("loadBalancers") or [] if "targetGroupArn" in lb]


def _target_group_arn(state: CodeDeployState, name: str) -> str:
    for group in elbv2_backends[state.account][state.region].target_groups.values():
        if group.name == name:
            return str(group.arn)
    suffix = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"arn:aws:elasticloadbalancing:{state.region}:{state.account}:targetgroup/{name}/{suffix}"


def _wait_until_ready(state: CodeDeployState, deployment: Deployment, at: float) -> Generator[Wait, float, float]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentReadyOption.html"""
    option = _blue_green(deployment, "deploymentReadyOption")
    if option.get("actionOnTimeout") != "STOP_DEPLOYMENT":
        return at
    target = deployment.targets[0]
    deployment.status = target.status = "Ready"
    deployment.waits_for = "READY_WAIT"
    limit = state.ecs.env.timings.scaled(60.0 * float(option.get("waitTimeInMinutes") or 0))
    at = yield Wait(at + limit, lambda: "READY_WAIT" in deployment.continued)
    deployment.waits_for = None
    if "READY_WAIT" not in deployment.continued:
        text = "The traffic was not rerouted to the replacement task set before the end of the wait time."
        raise DeploymentFailed("TIMEOUT", text, status="Stopped")
    deployment.status = target.status = "InProgress"
    return at


def _blue_green(deployment: Deployment, option: str) -> dict[str, Any]:
    found: dict[str, Any] = (deployment.settings.get("blueGreenDeploymentConfiguration") or {}).get(option) or {}
    return found


def _shift(state: CodeDeployState, deployment: Deployment, green: TaskSet, at: float) -> Generator[Wait, float, float]:
    """AllowTraffic: step by step as the deployment configuration says; then the replacement is PRIMARY."""
    event = _begin(deployment, "AllowTraffic", at)
    timings = state.ecs.env.timings
    config = configs.find(state.configs, deployment.settings["deploymentConfigName"])
    at = yield Wait(at + timings.lifecycle_event)
    for weight, minutes in configs.steps(config):
        _weigh(state, deployment, weight)
        deployment.targets[0].updated_at = at
        if minutes:
            at = yield Wait(at + timings.scaled(60.0 * minutes))
    _promote(deployment, green, at)
    _end(event, at)
    return at


def _weigh(state: CodeDeployState, deployment: Deployment, weight: float) -> None:
    """Lead ``weight`` per cent of the production traffic to the replacement."""
    if deployment.blue is not None and deployment.green is not None:
        deployment.traffic = {deployment.blue.id: 100.0 - weight, deployment.green.id: weight}
        _lead(state, deployment, "prodTrafficRoute", deployment.traffic)


def _lead(state: CodeDeployState, deployment: Deployment, route: str, traffic: dict[str, float]) -> None:
    """Let the listeners of a route share traffic between task sets; those that exist in moto follow."""
    groups = {
        lb["targetGroupArn"]: traffic[task_set.id]
        for task_set in (deployment.blue, deployment.green)
        if task_set is not None and traffic.get(task_set.id)
        for lb in _balanced(task_set)
    }
    pair = deployment.settings["loadBalancerInfo"]["targetGroupPairInfoList"][0]
    for listener in (pair.get(route) or {}).get("listenerArns") or []:
        state.ecs.env.listeners.forward(listener, groups)


def _promote(deployment: Deployment, chosen: TaskSet, at: float) -> None:
    service = deployment.service
    assert service is not None
    for task_set in service.task_sets:
        status = "PRIMARY" if task_set is chosen else "ACTIVE"
        if task_set.status not in ("DRAINING", status):
            task_set.status, task_set.updated_at = status, at
    service.task_definition = chosen.revision.task_definition
    service.template = dict(chosen.revision.settings)


def _terminate(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """Wait, still InProgress, then stop the original task set.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BlueInstanceTerminationOption.html
    """
    blue, service = deployment.blue, deployment.service
    assert blue is not None
    assert service is not None
    option = _blue_green(deployment, "terminateBlueInstancesOnDeploymentSuccess")
    if option.get("action", "TERMINATE") == "KEEP_ALIVE":
        return
    deployment.termination_wait_started = True
    deployment.waits_for = "TERMINATION_WAIT"
    limit = state.ecs.env.timings.scaled(60.0 * float(option.get("terminationWaitTimeInMinutes") or 0))
    at = yield Wait(at + limit, lambda: "TERMINATION_WAIT" in deployment.continued)
    deployment.waits_for = None
    blue.status, blue.updated_at = "DRAINING", at
    yield Wait(ready=lambda: not _present(service, blue))


def _present(service: Service, task_set: TaskSet) -> bool:
    return any(item is task_set for item in service.task_sets)


def _stands(failed: Deployment) -> bool:
    """Whether the original task set of a deployment can take the traffic again."""
    if failed.blue is None or failed.service is None:
        # It never created a replacement.
        return True
    return failed.blue.status != "DRAINING" and _present(failed.service, failed.blue)


def _reroute(state: CodeDeployState, deployment: Deployment, failed: Deployment, at: float) -> Script:
    """The fast way back: production traffic to the original task set, and the end of the replacement.

    "CodeDeploy reroutes traffic from the replacement task set to the original task set": deployment-steps-ecs.html.
    """
    deployment.blue, deployment.green = failed.blue, failed.green
    deployment.target_groups, deployment.traffic = failed.target_groups, dict(failed.traffic)
    event = _begin(deployment, "AllowTraffic", at)
    at = yield Wait(at + state.ecs.env.timings.lifecycle_event)
    return_traffic(state, deployment, at)
    _end(event, at)


def return_traffic(state: CodeDeployState, deployment: Deployment, at: float) -> None:
    """All production traffic to the original task set; the replacement is stopped."""
    if deployment.blue is None or deployment.green is None or not _stands(deployment):
        return
    _weigh(state, deployment, 0.0)
    _lead(state, deployment, "testTrafficRoute", deployment.traffic)
    _promote(deployment, deployment.blue, at)
    if deployment.green.status != "DRAINING":
        deployment.green.status, deployment.green.updated_at = "DRAINING", at
