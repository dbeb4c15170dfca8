# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying by task sets: the alarms that nothing in AWS watches for such services, and the way back."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.deploy_run import DeployRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding

# Less than the time between two looks at the services, so that each of these has a reading of its own.
_LOOK_EVERY: t.Final = 1.0


class AlarmWatch:
    """Says why a deployment is to be stopped: one of the alarms rings. One reading serves all services of the call."""

    def __init__(self, aws: Aws, clock: Clock, alarms: t.Sequence[str]) -> None:
        self._aws = aws
        self._clock = clock
        self._alarms = alarms
        self._read_at = float("-inf")
        self._ringing: tuple[str, ...] = ()
        self._problem = ""

    def __call__(self, run: DeployRun) -> str:
        """What a :class:`.sweep.Sweeper` asks at each look."""
        if run.plan is None or run.plan.controller != "EXTERNAL":
            return ""
        if self._clock.monotonic() - self._read_at >= _LOOK_EVERY:
            self._read()
        if self._problem and not any(f.check == "alarms" for f in run.findings):
            run.findings.append(Finding("alarms", "unknown", f"the alarms could not be watched. {self._problem}"))
        if not self._ringing:
            return ""
        run.event = "DEPLOYMENT_STOP_ON_ALARM"
        return f"{', '.join(self._ringing)} went into ALARM"

    def _read(self) -> None:
        self._read_at = self._clock.monotonic()
        try:
            states = cloudwatch.alarm_states(self._aws, self._alarms)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self._problem = exc.explain()
            return
        self._ringing = tuple(name for name in self._alarms if states.get(name) == "ALARM")


def remove(aws: Aws, run: DeployRun) -> str:
    """Delete the task set that this run created; returns what was done with it, in words."""
    planned, accepted = run.plan, run.accepted
    if planned is None or accepted is None:
        return ""
    id_ = accepted.deployment_id
    ours = run.service.deployment(id_) if run.service is not None else None
    if ours is None or ours.status == "DRAINING":
        return f"Its task set {id_} was deleted by somebody"
    if not accepted.wrote or planned.task_set is not None:
        return f"Its task set {id_} stood before this run, and is left"
    try:
        api.delete_task_set(aws, planned.service.cluster_arn, run.name, id_)
    except (AwsCallError, IncompleteAnswerError) as exc:
        run.findings.append(Finding("task_set", "warn", f"task set {id_} is still there. {exc.explain()}"))
        return f"Its task set {id_} could not be deleted"
    return f"Its task set {id_} was deleted"
