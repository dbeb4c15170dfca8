# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long things take, in realistic seconds; the simulator's speed divides them."""

from __future__ import annotations

DEFAULTS: dict[str, float] = {
    # From CreateTask to RUNNING. 30-60 s is what Fargate needs for an image of some 100 MB.
    "task_start": 30.0,
    # The same for an image that is `slow`.
    "slow_start": 300.0,
    # Between two starts of one batch: tasks of a batch do not become RUNNING in the same instant.
    "launch_interval": 1.0,
    # Until a pull is given up.
    "pull_failure": 5.0,
    # Between a task becoming RUNNING and its crash. 0: the container exits before the task is ever RUNNING.
    "crash": 10.0,
    # Between RUNNING and HEALTHY, for tasks with a container health check or behind a load balancer.
    "healthy": 15.0,
    # Between RUNNING and the verdict UNHEALTHY: three failed checks, 10 s apart.
    "unhealthy": 30.0,
    # From the decision to stop a RUNNING task until it is STOPPED.
    "draining": 20.0,
    # Between a failed start and the next attempt.
    "restart": 10.0,
    # After three failed attempts in a row that pause doubles each time, up to this:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
    "longest_restart": 1620.0,
    # All tasks in place until ECS calls it a steady state. Longer than "crash": a crash loop is never steady.
    "steady_state": 15.0,
    # PENDING of a service deployment: AWS's own sample shows 1.6 s between createdAt and startedAt.
    "pending": 1.6,
    # STOP_REQUESTED until STOPPED, and ROLLBACK_REQUESTED until ROLLBACK_IN_PROGRESS.
    "stop_requested": 3.0,
    # How often ECS looks at the alarms of a deployment.
    "alarm_check": 10.0,
    # Bake time of a rolling deployment with alarms and no bakeTimeInMinutes.
    "alarm_bake": 300.0,
    # A lifecycle stage in which nothing happens but its hooks.
    "stage": 2.0,
    # A shift of traffic: the listener rules are changed and have taken effect.
    "traffic_shift": 5.0,
    # The same behind a Network Load Balancer: "adds 10 minutes to the TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT".
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
    "network_traffic_shift": 600.0,
    # CLEAN_UP, beside the time that tasks need to leave RUNNING.
    "clean_up": 5.0,
    # Until the Lambda function of a lifecycle hook has answered.
    "hook": 5.0,
    # "IN_PROGRESS – Amazon ECS invokes the function again after a delay. By default, the delay is 30 seconds."
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
    "hook_callback": 30.0,
    # Stopped tasks are listed and described for this long.
    "stopped_tasks_kept": 3600.0,
    # DRAINING until INACTIVE of a deleted service whose tasks are gone.
    "service_inactive": 5.0,
    # Created until Queued, and Queued until InProgress, of a deployment of CodeDeploy.
    "deployment_created": 2.0,
    "deployment_queued": 2.0,
    # One lifecycle event of such a deployment. AWS's samples show 0.1-1 s.
    "lifecycle_event": 1.0,
    # Until CodeDeploy gives up an agent that does not take a lifecycle event. Five minutes:
    # https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
    "agent_silent": 300.0,
    # Until CodeDeploy gives up a replacement task set that does not become healthy:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
    "replacement_timeout": 3600.0,
    # From Failed or Stopped until CodeDeploy has created the rollback deployment.
    "rollback_started": 5.0,
    # From then until the deployment that it undoes names it in its rollbackInfo.
    "rollback_named": 0.0,
    # DELETE_IN_PROGRESS until a task definition is gone.
    "task_definition_deleted": 86400.0,
}


class Timings:
    """``timings.task_start`` and so on: the default or set duration, divided by the speed."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._seconds = dict(DEFAULTS)

    def set(self, **seconds: float) -> dict[str, float]:
        """Change some durations (realistic seconds) and return all. Raises ValueError for an unknown name."""
        unknown = sorted(set(seconds) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"unknown timing {', '.join(unknown)}; there are {', '.join(sorted(DEFAULTS))}")
        self._seconds.update({name: float(value) for name, value in seconds.items()})
        return dict(self._seconds)

    def scaled(self, seconds: float) -> float:
        """A duration that a request named, such as a bake time, at the simulator's speed."""
        return seconds / self.speed

    def __getattr__(self, name: str) -> float:
        try:
            return self._seconds[name] / self.speed
        except KeyError:
            raise AttributeError(name) from None
