# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategies BLUE_GREEN, LINEAR and CANARY: two revisions side by side, and traffic that moves between them.

The steps are data (:mod:`.stages`); here is what takes a service through them. *Blue* is the revision that is replaced,
*green* the one that is deployed, in a rollback too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from lastgood_simulator.ecs import launch, records
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Deployment, Service, ServiceDeployment, Shift, Step
from lastgood_simulator.ecs.strategies import hooks, stages, traffic


def concerns(record: ServiceDeployment) -> bool:
    """Whether this service deployment is under way and shifts traffic."""
    return not record.finished and records.shifts(record.configuration)


def reconcile(service: Service, record: ServiceDeployment, at: float, env: Environment) -> None:
    """Do what is to be done at this instant."""
    service.steady = False
    if record.status in ("PENDING", "ROLLBACK_REQUESTED") and record.shift is None:
        return
    shift = record.shift = record.shift or _begin(service, record, at, env)
    if record.status == "ROLLBACK_IN_PROGRESS" and not shift.backward:
        _turn_back(service, shift, record, at, env)
    while not record.finished:
        reason = hooks.settle(shift.hooks, at, env) or _invalid(shift, env)
        if reason is None and shift.expires_at <= at:
            reason = f"Service deployment rolled back because the lifecycle stage {shift.step.stage} timed out."
        if reason is not None:
            records.give_up(service, record, reason, at)
            if not record.finished:
                _turn_back(service, shift, record, at, env)
            continue
        _hold(service, shift, at, env)
        waits = any(hook.status in hooks.ACTIVE for hook in shift.hooks)
        if waits or shift.until > at or not _reached(service, shift):
            return
        if shift.steps:
            _enter(service, record, shift, shift.steps.popleft(), at, env)
        else:
            kept = shift.blue if shift.backward else shift.green
            assert kept is not None
            records.succeed(service, kept, record, at)


def timers(shift: Shift) -> Iterator[float]:
    """When something of the present step is due."""
    yield shift.until
    if shift.expires_at < math.inf:
        yield shift.expires_at
    yield from hooks.timers(shift.hooks)


def _begin(service: Service, record: ServiceDeployment, at: float, env: Environment) -> Shift:
    green = next(entry for entry in service.deployments if entry.revision is record.target)
    others = [entry for entry in service.deployments if entry is not green]
    # Only after CLEAN_UP is "the green service revision … the production service revision": what an interrupted
    # deployment left behind is not the one to stay.
    blue = service.last_completed if service.last_completed in others else next(iter(others), None)
    plan = stages.forward(
        record.configuration, blue is None, len(others) > 1, traffic.through_network(record.target), env.timings
    )
    traffic.begin(service, blue)
    shift = Shift(blue, green, plan[0], deque(plan[1:]), at, math.inf)
    _enter(service, record, shift, plan[0], at, env)
    return shift


def _turn_back(service: Service, shift: Shift, record: ServiceDeployment, at: float, env: Environment) -> None:
    assert service.last_completed is not None
    shift.blue, shift.backward = service.last_completed, True
    arn = shift.green.revision.arn
    plan = stages.backward(
        service.production_traffic.get(arn, 0.0),
        service.test_traffic.get(arn, 0.0),
        _complete(service, shift.blue),
        traffic.through_network(record.target),
        env.timings,
    )
    shift.steps = deque(plan)
    _enter(service, record, shift, shift.steps.popleft(), at, env)


def _enter(service: Service, record: ServiceDeployment, shift: Shift, step: Step, at: float, env: Environment) -> None:
    shift.step, shift.until, shift.expires_at = step, at + step.seconds, at + step.limit
    # What made it go back stays to be seen.
    shift.failed += [hook for hook in shift.hooks if shift.backward and hook.status in ("FAILED", "TIMED_OUT")]
    shift.hooks = hooks.begin(record.configuration, step.stage, at, env)
    record.updated_at = at
    if step.stage == "RECONCILE_SERVICE":
        traffic.reconcile(service, shift.blue, env)
    traffic.shift(service, shift, step, env)


def _hold(service: Service, shift: Shift, at: float, env: Environment) -> None:
    """Give each deployment the tasks that the present step wants it to have."""
    for deployment in list(service.deployments):
        kept = shift.step.green if deployment is shift.green else shift.step.blue and deployment is shift.blue
        _scale(service, deployment, service.desired_count if kept else 0, at, env)
        beside = deployment not in (shift.blue, shift.green)
        if beside and not records.unstopped(service, deployment):
            service.deployments.remove(deployment)


def _scale(service: Service, deployment: Deployment, desired: int, at: float, env: Environment) -> None:
    live = [task for task in service.tasks_of(deployment.id) if task.live]
    if len(live) > desired:
        chosen = sorted(live, key=lambda task: (task.last_status == "RUNNING", -task.created_at))
        launch.stop_tasks(service, chosen[: len(live) - desired], deployment.id, at, env)
        return
    # "A deployment in FAILED state doesn't launch any new tasks".
    if len(live) == desired or deployment.rollout_state == "FAILED" or deployment.start_after > at:
        return
    deployment.retries += 1
    if launch.placeable(deployment.revision.settings, service.cluster_name, env):
        launch.start_tasks(service, deployment.id, deployment.revision, desired - len(live), at, env)
    else:
        service.say(at, launch.NO_INSTANCES)
        records.count_failure(service, deployment, at, env)


def _reached(service: Service, shift: Shift) -> bool:
    """Whether the tasks are as the present step wants them to be."""
    step = shift.step
    kept = [entry for entry, keeps in ((shift.blue, step.blue), (shift.green, step.green)) if entry and keeps]
    awaited = {"blue": shift.blue, "green": shift.green}.get(step.ready)
    if awaited is not None and not _complete(service, awaited):
        return False
    others = [entry for entry in service.deployments if entry not in kept]
    running = any(task.last_status == "RUNNING" for entry in others for task in service.tasks_of(entry.id))
    return not (step.empty and running)


def _complete(service: Service, deployment: Deployment) -> bool:
    live = [task for task in service.tasks_of(deployment.id) if task.live]
    return len(live) == service.desired_count and all(task.ready for task in live)


def _invalid(shift: Shift, env: Environment) -> str | None:
    """Why the listener rules do not allow this deployment, as ECS finds when it begins."""
    if shift.backward or shift.step.stage != "PRE_SCALE_UP":
        return None
    return traffic.problem(shift.green.revision, env)
