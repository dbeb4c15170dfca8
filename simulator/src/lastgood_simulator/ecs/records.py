# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service deployments from their beginning to their end, whatever the strategy.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html,
deployment-circuit-breaker.html, deployment-alarm-failure.html and stop-service-deployment.html beside it. The wording
of rolloutStateReason and of events is what DescribeServices has been seen to return.
"""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import failures, ids
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Deployment, Service, ServiceDeployment, ServiceRevision, TaskSet
from lastgood_simulator.ecs.strategies import traffic
from lastgood_simulator.ecs.tasks import starting

# What the first deployment of a service ends with. Terraform passes it on to its users: "waiting for ECS Service (…)
# create: No rollback candidate was found to run the rollback."
NO_CANDIDATE = "No rollback candidate was found to run the rollback."


def begin(service: Service, revision: ServiceRevision, at: float, env: Environment) -> Deployment:
    """Start a deployment of ``revision``; one that is under way is superseded."""
    prefix = service.arn.replace(":service/", ":service-deployment/")
    sources = [
        deployment.revision
        for deployment in service.deployments
        if unstopped(service, deployment) or deployment is service.last_completed
    ]
    if service.records and not service.records[-1].finished:
        superseded = service.records[-1]
        superseded.status, superseded.updated_at = "STOP_REQUESTED", at
        superseded.due = at + env.timings.stop_requested
    record = ServiceDeployment(
        arn=f"{prefix}/{ids.service_deployment_id()}",
        target=revision,
        sources=sources,
        created_at=at,
        updated_at=at,
        configuration=service.configuration,
        due=at + env.timings.pending,
    )
    if failures.breaker(service.configuration):
        record.breaker_status = "MONITORING"
    names = failures.alarm_names(service.configuration)
    if names:
        record.alarms_ignored = bool(env.alarms_in_alarm(names))
        record.alarm_status = "DISABLED" if record.alarms_ignored else "MONITORING"
    current = service.primary.revision if service.primary is not None else None
    predecessor = service.last_completed.revision if service.last_completed is not None else current
    traffic.resolve(revision, predecessor, shifts(record.configuration))
    if not shifts(record.configuration):
        service.production_traffic, service.test_traffic = {}, {}
    service.records.append(record)
    service.revisions.append(revision)
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
        deployment.updated_at = at
        deployment.kept = sum(task.live for task in service.tasks_of(deployment.id))
        deployment.cleaned_until = None
    # Both identifiers end in the same number, as can be seen in what AWS answers.
    number = revision.arn.rsplit("/", 1)[-1]
    deployment = Deployment(id=f"ecs-svc/{number}", revision=revision, created_at=at, updated_at=at)
    deployment.rollout_reason = f"ECS deployment {deployment.id} in progress."
    service.deployments.insert(0, deployment)
    service.task_definition = revision.task_definition
    service.steady = False
    return deployment


def request_rollback(service: Service, record: ServiceDeployment, at: float, env: Environment) -> None:
    """StopServiceDeployment(ROLLBACK): it takes effect a moment later, unless the deployment ends first."""
    record.status, record.updated_at = "ROLLBACK_REQUESTED", at
    record.status_reason = "Rollback requested by a user."
    record.due = at + env.timings.stop_requested


def advance(service: Service, at: float) -> None:
    """Take the steps of the records themselves that are due: started, stopped, rolling back."""
    for record in service.records:
        if record.due is None or record.due > at:
            continue
        record.due = None
        record.updated_at = at
        if record.status == "PENDING":
            record.status, record.started_at = "IN_PROGRESS", at
        elif record.status == "STOP_REQUESTED":
            record.status, record.stopped_at = "STOPPED", at
            record.status_reason = "Service deployment stopped because a newer service deployment was started."
            finish(service, record, at)
        elif record.status == "ROLLBACK_REQUESTED":
            reason = "Service deployment rolled back because a user requested it."
            if service.primary is not None:
                service.primary.rollout_reason = f"ECS deployment {service.primary.id} stopped by a user."
            fail(service, record, at, reason, "ECS deployment stopped", rollback=True)


def judge(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Fail the deployment that is under way if the breaker or an alarm says so."""
    record = service.records[-1]
    if primary.rollout_state != "IN_PROGRESS" or record.finished:
        return
    configuration = in_force(service, record)
    breaker = failures.breaker(configuration)
    limit = failures.threshold(configuration, service.desired_count)
    if breaker and primary.failed_tasks >= limit:
        record.breaker_status = "TRIGGERED"
        service.say(at, f"(deployment {primary.id}) deployment failed: tasks failed to start.")
        reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
        primary.rollout_reason = "ECS deployment circuit breaker: tasks failed to start."
        fail(service, record, at, reason, "ECS deployment circuit breaker", bool(breaker.get("rollback")))
        return
    if record.alarm_status != "MONITORING" or record.status == "ROLLBACK_IN_PROGRESS":
        return
    if primary.next_alarm_check is None or primary.next_alarm_check <= at:
        primary.next_alarm_check = at + env.timings.alarm_check
        fired = env.alarms_in_alarm(failures.alarm_names(configuration))
        if fired:
            record.alarm_status, record.triggered_alarms = "TRIGGERED", fired
            service.say(at, f"(deployment {primary.id}) deployment failed: alarm detected.")
            reason = f"Service deployment rolled back because of the CloudWatch alarms {', '.join(fired)}."
            primary.rollout_reason = "ECS deployment failed: alarm detected."
            rollback = bool(configuration["alarms"].get("rollback"))
            fail(service, record, at, reason, "ECS deployment alarm detected", rollback)


def in_force(service: Service, record: ServiceDeployment) -> dict[str, Any]:
    """The configuration that the deployment follows.

    One that shifts traffic follows the configuration that it was started with. To a rolling one each update of the
    service applies at once.
    """
    return record.configuration if shifts(record.configuration) else service.configuration


def shifts(configuration: dict[str, Any]) -> bool:
    """Whether the strategy is BLUE_GREEN, LINEAR or CANARY."""
    return str(configuration.get("strategy", "ROLLING")) != "ROLLING"


def fail(service: Service, record: ServiceDeployment, at: float, reason: str, cause: str, rollback: bool) -> None:
    """The PRIMARY deployment has failed or is given up: go back to the last completed one, or stop where we are.

    A failure during a rollback has nothing left to go back to: the deployment stalls.
    """
    primary = service.primary
    assert primary is not None
    primary.rollout_state, primary.updated_at, primary.next_alarm_check = "FAILED", at, None
    primary.settles_at = primary.bake_until = None
    record.updated_at, record.due = at, None
    rollback = rollback or record.status == "ROLLBACK_REQUESTED"
    target = service.last_completed
    if record.status == "ROLLBACK_IN_PROGRESS":
        record.status = "ROLLBACK_FAILED"
        record.status_reason = primary.rollout_reason
        finish(service, record, at)
    elif rollback and target is not None and target is not primary:
        record.status, record.status_reason = "ROLLBACK_IN_PROGRESS", reason
        record.rollback = {"reason": reason, "startedAt": at, "serviceRevisionArn": target.revision.arn}
        _return_to(service, target, at, cause)
    elif rollback and shifts(record.configuration):
        record.status, record.status_reason = "ROLLBACK_FAILED", NO_CANDIDATE
        finish(service, record, at)
    else:
        record.status, record.stopped_at = "STOPPED", at
        record.status_reason = primary.rollout_reason
        finish(service, record, at)


def give_up(service: Service, record: ServiceDeployment, reason: str, at: float) -> None:
    """A lifecycle stage has failed the deployment: go back."""
    primary = service.primary
    assert primary is not None
    service.say(at, f"(deployment {primary.id}) deployment failed: {reason}")
    primary.rollout_reason = f"ECS deployment {primary.id} failed: {reason}"
    fail(service, record, at, reason, "ECS deployment failed", rollback=True)


def _return_to(service: Service, target: Deployment, at: float, cause: str) -> None:
    """Make the last completed deployment PRIMARY again: the same id, at its old place in the list."""
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    if target not in service.deployments:
        service.deployments.append(target)
    target.status, target.rollout_state, target.updated_at = "PRIMARY", "IN_PROGRESS", at
    target.rollout_reason = f"{cause}: rolling back to deploymentId {target.id}."
    target.failed_tasks, target.retries, target.start_after = 0, 0, at
    service.task_definition, service.template = target.revision.task_definition, target.revision.settings
    service.steady = False
    service.say(at, f"rolling back to deployment {target.id}.")


def complete(service: Service, primary: Deployment, record: ServiceDeployment, at: float) -> None:
    """Everything that must be is in place: the PRIMARY deployment is COMPLETED; others stay while they have tasks."""
    primary.rollout_state, primary.updated_at = "COMPLETED", at
    primary.rollout_reason = f"ECS deployment {primary.id} completed."
    service.deployments = [entry for entry in service.deployments if entry is primary or unstopped(service, entry)]
    service.say(at, f"(deployment {primary.id}) deployment completed.")
    succeed(service, primary, record, at)


def succeed(service: Service, primary: Deployment, record: ServiceDeployment, at: float) -> None:
    """The service deployment, or its rollback, has succeeded; nothing if it has ended before."""
    service.last_completed = primary
    if record.finished:
        return
    if record.status == "ROLLBACK_IN_PROGRESS":
        record.status = "ROLLBACK_SUCCESSFUL"
    else:
        record.status, record.status_reason = "SUCCESSFUL", None
    record.started_at = record.started_at or at
    record.due = primary.next_alarm_check = None
    finish(service, record, at)


def finish(service: Service, record: ServiceDeployment, at: float) -> None:
    """The service deployment has ended. Its counts and weights are a snapshot from now on."""
    record.finished_at = record.updated_at = at
    if record.breaker_status == "MONITORING":
        record.breaker_status = "MONITORING_COMPLETE"
    if record.alarm_status == "MONITORING":
        record.alarm_status = "MONITORING_COMPLETE"
    record.snapshot = {
        revision.arn: summary(service, record, revision) for revision in (record.target, *record.sources)
    }


def summary(service: Service, record: ServiceDeployment, revision: ServiceRevision) -> dict[str, float]:
    """Counts of a service revision now, and its traffic weights if the strategy shifts traffic."""
    numbers: dict[str, float] = dict(counts(service, revision))
    if shifts(record.configuration):
        numbers["requestedTestTrafficWeight"] = service.test_traffic.get(revision.arn, 0.0)
        numbers["requestedProductionTrafficWeight"] = service.production_traffic.get(revision.arn, 0.0)
    return numbers


def counts(service: Service, revision: ServiceRevision) -> dict[str, int]:
    """Requested, running and pending tasks of a service revision now."""
    entries: list[Deployment | TaskSet] = [*service.deployments, *service.task_sets]
    owners = {entry.id: entry.status for entry in entries if entry.revision is revision}
    requested = running = pending = 0
    for task in service.tasks.values():
        if task.started_by in owners:
            requested += task.live
            running += task.last_status == "RUNNING"
            pending += starting(task)
    if "PRIMARY" in owners.values():
        requested = service.desired_count
    return {"requestedTaskCount": requested, "runningTaskCount": running, "pendingTaskCount": pending}


def count_failure(service: Service, deployment: Deployment, at: float, env: Environment) -> None:
    """A task of the deployment failed to start: count it, and wait before the next attempt."""
    set_failures(service, deployment, deployment.failed_tasks + 1, at)
    delay = max(env.timings.restart, 0.001) * 2 ** max(0, deployment.retries - 3)
    deployment.start_after = at + min(delay, env.timings.longest_restart)
    if deployment.retries > 3:
        service.say(
            at,
            "is unable to consistently start tasks successfully. For more information, see the Troubleshooting "
            "section of the Amazon ECS Developer Guide.",
        )


def set_failures(service: Service, deployment: Deployment, count: int, at: float) -> None:
    """Set the number of consecutive failures."""
    if deployment.failed_tasks != count:
        deployment.failed_tasks, deployment.updated_at = count, at
    if deployment.status == "PRIMARY" and service.records and not service.records[-1].finished:
        service.records[-1].failure_count = count


def unstopped(service: Service, deployment: Deployment) -> bool:
    """Whether the deployment has tasks that are not STOPPED."""
    return any(task.last_status != "STOPPED" for task in service.tasks_of(deployment.id))
