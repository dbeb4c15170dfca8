# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on services."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import configuration, engine, ids, records, tags, task_sets, tasks, views
from lastgood_simulator.ecs.model import Service, ServiceRevision, TaskDefinition
from lastgood_simulator.ecs.state import EcsState, invalid
from lastgood_simulator.operations import Context, operation, page

# What a service revision fixes besides the task definition.
TEMPLATE = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
# "When you update any of the following parameters, Amazon ECS starts new tasks with the new configuration".
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
STARTS_A_DEPLOYMENT = (
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
KEPT = (
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)
DEFAULTS: dict[str, Any] = {
    "placementConstraints": [],
    "placementStrategy": [],
    "schedulingStrategy": "REPLICA",
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
    # "For create service requests, when no value is specified …, Amazon ECS defaults the value to ENABLED."
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
    "availabilityZoneRebalancing": "ENABLED",
}


@operation("ecs", "CreateService")
def create_service(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"""
    state = context.world.ecs(context)
    cluster = state.cluster(params)
    name = params["serviceName"]
    present = state.lookup(cluster, name)
    if present is not None and present.status == "ACTIVE":
        raise invalid("Creation of service was not idempotent.")
    if present is not None and present.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    controller = (params.get("deploymentController") or {}).get("type", "ECS")
    if controller == "EXTERNAL" and params.get("taskDefinition"):
        raise invalid("TaskDefinition should not be specified for services with an EXTERNAL deployment controller.")
    if controller != "EXTERNAL" and not params.get("taskDefinition"):
        raise invalid("TaskDefinition cannot be blank.")
    definition = state.deployable(params["taskDefinition"]) if params.get("taskDefinition") else None
    template = {"loadBalancers": [], "serviceRegistries": []} | _chosen(params, TEMPLATE)
    if not template.get("launchType") and not template.get("capacityProviderStrategy") and controller != "EXTERNAL":
        template["launchType"] = "EC2"
    daemon = params.get("schedulingStrategy") == "DAEMON"
    if daemon and (controller != "ECS" or template.get("launchType") == "FARGATE"):
        raise invalid(
            "The daemon scheduling strategy is not supported with the Fargate launch type or the CODE_DEPLOY or "
            "EXTERNAL deployment controller types."
        )
    deployment_configuration = configuration.created(controller, params.get("deploymentConfiguration") or {}, daemon)
    configuration.check_load_balancers(deployment_configuration, template["loadBalancers"])
    service = Service(
        arn=state.arn("service", f"{cluster}/{name}"),
        name=name,
        cluster_arn=state.arn("cluster", cluster),
        cluster_name=cluster,
        settings=DEFAULTS
        | _chosen(params, (*KEPT, "schedulingStrategy"))
        | {
            "deploymentController": {"type": controller},
            "createdBy": context.principal,
            "roleArn": params.get("role") or _service_linked_role(context.account),
        },
        created_at=context.now,
        tags=tags.checked(params.get("tags")),
        desired_count=state.env.instances(cluster) if daemon else params.get("desiredCount") or 0,
        controller=controller,
        configuration=deployment_configuration,
        template=template,
        next_due=context.now,
    )
    state.services[f"{cluster}:{name}"] = service
    if controller == "ECS" and definition is not None:
        records.begin(service, new_revision(service, definition, context.now), context.now, state.env)
    elif definition is not None:
        service.task_definition = definition
        first = task_sets.create(service, new_revision(service, definition, context.now), 100, context.now)
        first.status = "PRIMARY"
    state.touch(service)
    return {"service": views.service(service, with_tags=bool(service.tags))}


def _service_linked_role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def _chosen(params: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: params[name] for name in names if params.get(name) is not None}


def new_revision(service: Service, definition: TaskDefinition, at: float) -> ServiceRevision:
    """A service revision of what the service is configured to be now."""
    arn = f"{service.arn.replace(':service/', ':service-revision/')}/{ids.digits()}"
    return ServiceRevision(arn, definition, dict(service.template), at)


@operation("ecs", "UpdateService")
def update_service(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"""
    state = context.world.ecs(context)
    service = state.service(params, active=True)
    _refuse_for_controller(service, params)
    definition = service.task_definition
    if params.get("taskDefinition"):
        definition = state.deployable(params["taskDefinition"])
    template = service.template | _chosen(params, TEMPLATE)
    if "capacityProviderStrategy" in params:
        # An empty list goes back to the launch type.
        template.pop("launchType" if params["capacityProviderStrategy"] else "capacityProviderStrategy", None)
        if not params["capacityProviderStrategy"]:
            template["launchType"] = "EC2"
    deploys = (
        bool(params.get("forceNewDeployment"))
        or definition is not service.task_definition
        or any(template.get(name) != service.template.get(name) for name in STARTS_A_DEPLOYMENT)
    )
    deployment_configuration = configuration.updated(service.configuration, params.get("deploymentConfiguration") or {})
    configuration.check_load_balancers(deployment_configuration, template.get("loadBalancers") or [])
    # Nothing is changed before this line: a refused update changes nothing.
    service.template = template
    service.settings |= _chosen(params, KEPT)
    service.configuration = deployment_configuration
    wanted = params.get("desiredCount")
    if service.settings["schedulingStrategy"] == "DAEMON":
        wanted = state.env.instances(service.cluster_name) if deploys else None
    if wanted is not None and wanted != service.desired_count:
        service.desired_count = wanted
        service.steady = False
    if deploys and service.controller == "ECS" and definition is not None:
        records.begin(service, new_revision(service, definition, context.now), context.now, state.env)
    state.touch(service)
    return {"service": views.service(service, with_tags=False)}


def _refuse_for_controller(service: Service, params: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html"""
    if service.controller == "ECS":
        return
    other = (
        "Use AWS CodeDeploy to trigger a new deployment."
        if service.controller == "CODE_DEPLOY"
        else "Create a new task set."
    )
    where = f"on services with a {service.controller} deployment controller. {other}"
    if params.get("taskDefinition"):
        raise invalid(f"Unable to update task definition {where}")
    if params.get("forceNewDeployment"):
        raise invalid(f"Cannot force a new deployment {where}")
    if params.get("networkConfiguration"):
        raise invalid(f"Unable to update network parameters {where}")
    if params.get("platformVersion"):
        raise invalid(f"Unable to update platform version {where}")
    if params.get("loadBalancers") or params.get("serviceRegistries"):
        raise invalid(f"Unable to update load balancers or service registries {where}")


@operation("ecs", "DescribeServices")
def describe_services(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""
    state = context.world.ecs(context)
    cluster = state.cluster(params)
    references = params.get("services") or []
    if not references:
        raise invalid("Services cannot be empty.")
    if len(references) > 10:
        raise invalid("Services cannot have more than 10 elements.")
    found, failures = [], []
    with_tags = "TAGS" in (params.get("include") or [])
    for reference in references:
        service = state.lookup(cluster, reference)
        if service is None:
            arn = reference if reference.startswith("arn:") else state.arn("service", f"{cluster}/{reference}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(views.service(service, with_tags))
    return {"services": found, "failures": failures}


@operation("ecs", "ListServices")
def list_services(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """A service that is deleted "is no longer visible in … the ListServices API operation".

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html and API_DeleteService.html
    """
    state = context.world.ecs(context)
    services = [service for service in state.services_in(state.cluster(params)) if service.status == "ACTIVE"]
    if params.get("launchType"):
        services = [item for item in services if item.template.get("launchType") == params["launchType"]]
    if params.get("schedulingStrategy"):
        wanted = params["schedulingStrategy"]
        services = [item for item in services if item.settings["schedulingStrategy"] == wanted]
    shown, token = page(services, params, default=10, most=100, bad="InvalidParameterException")
    return {"serviceArns": [service.arn for service in shown], "nextToken": token}


@operation("ecs", "DeleteService")
def delete_service(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html"""
    state = context.world.ecs(context)
    service = state.service(params, active=True)
    if service.desired_count > 0 and not params.get("force"):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    service.status, service.desired_count, service.steady = "DRAINING", 0, False
    for task in service.tasks.values():
        if task.live:
            reason = f"Scaling activity initiated by (deployment {task.started_by})"
            tasks.stop(task, context.now, state.env.timings.draining, "ServiceSchedulerInitiated", reason)
    state.touch(service)
    return {"service": views.service(service, with_tags=False)}


def set_desired_count(state: EcsState, service: Service, count: int) -> None:
    """What Application Auto Scaling does to a service."""
    engine.catch_up(service, state.now, state.env)
    service.desired_count, service.steady = count, False
    state.touch(service)
