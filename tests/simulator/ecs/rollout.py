# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service with the deployment controller ECS and the strategy ROLLING, from event to event.

A state machine: :func:`reconcile` looks at a service at one instant and does what the scheduler of ECS would do then.
Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html, service-deployment.html,
deployment-circuit-breaker.html, stop-service-deployment.html and service-event-messages-list.html beside it. The
wording of rolloutStateReason and of events is what DescribeServices has been seen to return.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.simulator.ecs import failures, ids, launch
from tests.simulator.ecs.environment import Environment
from tests.simulator.ecs.model import Deployment, Service, ServiceDeployment, ServiceRevision, Task, TaskSet
from tests.simulator.ecs.tasks import starting


def begin(service: Service, revision: ServiceRevision, at: float, env: Environment) -> Deployment:
    """Start a deployment of ``revision``; one that is under way is superseded."""
    prefix = service.arn.replace(":service/", ":service-deployment/")
    sources = [deployment.revision for deployment in service.deployments if _unstopped(service, deployment)]
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
    service.records.append(record)
    service.revisions.append(revision)
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
        deployment.updated_at = at
    deployment = Deployment(id=f"ecs-svc/{ids.digits()}", revision=revision, created_at=at, updated_at=at)
    deployment.rollout_reason = f"ECS deployment {deployment.id} in progress."
    service.deployments.insert(0, deployment)
    service.task_definition = revision.task_definition
    service.steady = False
    return deployment


def note_step(service: Service, task: Task, step: str, at: float, env: Environment) -> None:
    """Draw the consequences of a task's step for its deployment: the failure count and the events."""
    deployment = next((entry for entry in service.deployments if entry.id == task.started_by), None)
    if step == "unhealthy":
        if task.task_definition.has_health_check:
            service.say(at, f"(task {task.id}) failed container health checks.")
        else:
            where = f"(target-group {task.target_groups[0]})"
            service.say(at, f"(task {task.id}) is unhealthy in {where} due to (reason Health checks failed)")
        service.say(at, f"has stopped 1 running tasks: (task {task.id}).")
    elif step == "pull_failed":
        service.say(at, f"was unable to place a task. Reason: {task.stopped_reason}.")
    if deployment is None:
        return
    if step in ("running", "healthy") and task.ready:
        deployment.retries = 0
        if failures.resets_on_healthy_task(service.configuration):
            _set_failures(service, deployment, 0, at)
    elif failures.is_failure(task, step):
        _count_failure(service, deployment, at, env)
    elif step == "exited":
        deployment.start_after = max(deployment.start_after, at + env.timings.restart)


def reconcile(service: Service, at: float, env: Environment) -> None:
    """Do what is to be done at this instant."""
    _advance_records(service, at)
    primary = service.primary
    if primary is None:
        return
    _judge(service, primary, at, env)
    primary = service.primary or primary
    # "A deployment in FAILED state doesn't launch any new tasks", and the old tasks stay.
    if primary.rollout_state != "FAILED":
        _replace(service, primary, at, env)
    for deployment in list(service.deployments):
        gone = deployment.status == "ACTIVE" and deployment.rollout_state != "FAILED"
        if gone and not _unstopped(service, deployment):
            service.deployments.remove(deployment)
    _settle(service, primary, at, env)


def timers(service: Service, at: float) -> Iterator[float]:
    """When something of the service itself (not of its tasks) is due after ``at``."""
    for record in service.records:
        if record.due is not None:
            yield record.due
    primary = service.primary
    if primary is not None:
        candidates = (primary.start_after, primary.settles_at, primary.bake_until, primary.next_alarm_check)
        yield from (time for time in candidates if time is not None and time > at)


def request_rollback(service: Service, record: ServiceDeployment, at: float, env: Environment) -> None:
    """StopServiceDeployment(ROLLBACK): it takes effect a moment later, unless the deployment ends first."""
    record.status, record.updated_at = "ROLLBACK_REQUESTED", at
    record.status_reason = "Rollback requested by a user."
    record.due = at + env.timings.stop_requested


def _advance_records(service: Service, at: float) -> None:
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
            _finish(service, record, at)
        elif record.status == "ROLLBACK_REQUESTED":
            reason = "Service deployment rolled back because a user requested it."
            if service.primary is not None:
                service.primary.rollout_reason = f"ECS deployment {service.primary.id} stopped by a user."
            _fail(service, record, at, reason, "ECS deployment stopped", rollback=True)


def _judge(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Fail the deployment that is under way if the breaker or an alarm says so."""
    record = service.records[-1]
    if primary.rollout_state != "IN_PROGRESS" or record.finished:
        return
    breaker = failures.breaker(service.configuration)
    limit = failures.threshold(service.configuration, service.desired_count)
    if breaker and primary.failed_tasks >= limit:
        record.breaker_status = "TRIGGERED"
        service.say(at, f"(deployment {primary.id}) deployment failed: tasks failed to start.")
        reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
        primary.rollout_reason = "ECS deployment circuit breaker: tasks failed to start."
        _fail(service, record, at, reason, "ECS deployment circuit breaker", bool(breaker.get("rollback")))
        return
    if record.alarm_status != "MONITORING" or record.status == "ROLLBACK_IN_PROGRESS":
        return
    if primary.next_alarm_check is None or primary.next_alarm_check <= at:
        primary.next_alarm_check = at + env.timings.alarm_check
        fired = env.alarms_in_alarm(failures.alarm_names(service.configuration))
        if fired:
            record.alarm_status, record.triggered_alarms = "TRIGGERED", fired
            service.say(at, f"(deployment {primary.id}) deployment failed: alarm detected.")
            reason = f"Service deployment rolled back because of the CloudWatch alarms {', '.join(fired)}."
            primary.rollout_reason = "ECS deployment failed: alarm detected."
            rollback = bool(service.configuration["alarms"].get("rollback"))
            _fail(service, record, at, reason, "ECS deployment alarm detected", rollback)


def _fail(service: Service, record: ServiceDeployment, at: float, reason: str, cause: str, rollback: bool) -> None:
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
        _finish(service, record, at)
    elif rollback and target is not None and target is not primary:
        record.status = "ROLLBACK_IN_PROGRESS"
        record.rollback = {"reason": reason, "startedAt": at, "serviceRevisionArn": target.revision.arn}
        _return_to(service, target, at, cause)
    else:
        record.status, record.stopped_at = "STOPPED", at
        record.status_reason = primary.rollout_reason
        _finish(service, record, at)


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


def _replace(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Start and stop tasks within minimumHealthyPercent and maximumPercent."""
    desired = service.desired_count
    live = [task for task in service.tasks.values() if task.live]
    mine = [task for task in live if task.started_by == primary.id]
    old = [task for task in live if task.started_by != primary.id]
    surplus = len(mine) - desired
    if surplus > 0:
        # Those that are not RUNNING yet go first, then the newest.
        chosen = sorted(mine, key=lambda task: (task.last_status == "RUNNING", -task.created_at))[:surplus]
        launch.stop_tasks(service, chosen, primary.id, at, env)
        mine = [task for task in mine if task not in chosen]
    upper = math.floor(desired * service.configuration.get("maximumPercent", 200) / 100)
    lower = math.ceil(desired * service.configuration.get("minimumHealthyPercent", 100) / 100)

    missing = desired - len(mine)
    room = max(0, upper - len(mine) - len(old))
    ready = sum(task.ready for task in mine)
    old_ready = [task for task in old if task.ready]
    old_unready = [task for task in old if not task.ready]
    # An old task goes when a new one that is ready replaces it, or when new ones have no room to start.
    replaced = ready + len(old) - desired
    wanted = min(len(old), max(replaced, missing - room))
    spare = max(0, ready + len(old_ready) - lower)
    chosen = (old_unready + old_ready[: min(spare, len(old_ready))])[: max(0, wanted)]
    launch.stop_tasks(service, chosen, primary.id, at, env)

    count = min(missing, max(0, upper - len(mine) - len(old) + len(chosen)))
    if count <= 0 or primary.start_after > at:
        return
    primary.retries += 1
    if launch.placeable(primary.revision.settings, service.cluster_name, env):
        launch.start_tasks(service, primary.id, primary.revision, count, at, env)
    else:
        service.say(at, launch.NO_INSTANCES)
        _count_failure(service, primary, at, env)


def _settle(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Complete the deployment once everything has been in place for a while, after the bake time if there is one."""
    mine = [task for task in service.tasks_of(primary.id) if task.live]
    placed = len(mine) == service.desired_count and all(task.ready for task in mine)
    others = any(task.started_by != primary.id and task.last_status != "STOPPED" for task in service.tasks.values())
    if not placed or others or primary.rollout_state == "FAILED":
        primary.settles_at = primary.bake_until = None
        service.steady = False
        return
    if service.steady:
        return
    if primary.settles_at is None:
        primary.settles_at = at + env.timings.steady_state
    if primary.settles_at > at:
        return
    record = service.records[-1]
    if primary.rollout_state == "IN_PROGRESS" and record.alarm_status == "MONITORING" and not record.rollback:
        if primary.bake_until is None:
            minutes = service.configuration.get("bakeTimeInMinutes")
            bake = env.timings.alarm_bake if minutes is None else env.timings.scaled(minutes * 60)
            primary.bake_until = at + bake
        if primary.bake_until > at:
            return
    if primary.rollout_state == "IN_PROGRESS":
        _complete(service, primary, record, at)
    primary.settles_at = primary.bake_until = primary.next_alarm_check = None
    service.steady = True
    service.say(at, "has reached a steady state.")


def _complete(service: Service, primary: Deployment, record: ServiceDeployment, at: float) -> None:
    primary.rollout_state, primary.updated_at = "COMPLETED", at
    primary.rollout_reason = f"ECS deployment {primary.id} completed."
    service.deployments = [primary]
    service.last_completed = primary
    service.say(at, f"(deployment {primary.id}) deployment completed.")
    if not record.finished:
        record.status = "ROLLBACK_SUCCESSFUL" if record.status == "ROLLBACK_IN_PROGRESS" else "SUCCESSFUL"
        record.started_at = record.started_at or at
        record.due, record.status_reason = None, None
        _finish(service, record, at)


def _finish(service: Service, record: ServiceDeployment, at: float) -> None:
    record.finished_at = record.updated_at = at
    if record.breaker_status == "MONITORING":
        record.breaker_status = "MONITORING_COMPLETE"
    if record.alarm_status == "MONITORING":
        record.alarm_status = "MONITORING_COMPLETE"
    record.snapshot = {revision.arn: counts(service, revision) for revision in (record.target, *record.sources)}


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


def _count_failure(service: Service, deployment: Deployment, at: float, env: Environment) -> None:
    _set_failures(service, deployment, deployment.failed_tasks + 1, at)
    delay = max(env.timings.restart, 0.001) * 2 ** max(0, deployment.retries - 3)
    deployment.start_after = at + min(delay, env.timings.longest_restart)
    if deployment.retries > 3:
        service.say(
            at,
            "is unable to consistently start tasks successfully. For more information, see the Troubleshooting "
            "section of the Amazon ECS Developer Guide.",
        )


def _set_failures(service: Service, deployment: Deployment, count: int, at: float) -> None:
    if deployment.failed_tasks != count:
        deployment.failed_tasks, deployment.updated_at = count, at
    if deployment.status == "PRIMARY" and service.records and not service.records[-1].finished:
        service.records[-1].failure_count = count


def _unstopped(service: Service, deployment: Deployment) -> bool:
    return any(task.last_status != "STOPPED" for task in service.tasks_of(deployment.id))
