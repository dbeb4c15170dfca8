# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Lambda functions of lifecycle event hooks. The control method ``hook`` says how they behave.

"The Lambda function must use the PutLifecycleEventHookExecutionStatus operation to notify CodeDeploy", and "CodeDeploy
considers the hook failed if it has not been notified within one hour":
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#appspec-hooks-ecs
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from lastgood_simulator.codedeploy.model import DeploymentFailed, Wait

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

_LIMIT = 3600.0


def run(state: CodeDeployState, event: str, function: str, at: float) -> Generator[Wait, float, float]:
    """Wait for what the function reports. Raises DeploymentFailed with HOOK_EXECUTION_FAILURE."""
    timings, functions = state.ecs.env.timings, state.ecs.env.functions
    deadline = at + timings.scaled(_LIMIT)
    at = yield Wait(at + functions.duration(function, timings))
    # One that answers anything else than CodeDeploy's operation has not reported either.
    while functions.behaviour(function) in ("hang", "invalid"):
        if at >= deadline:
            text = f"The Lambda function {function} of the lifecycle event hook {event} did not report within one hour."
            raise DeploymentFailed("HOOK_EXECUTION_FAILURE", text)
        at = yield Wait(min(at + timings.hook_callback, deadline))
    if functions.behaviour(function) == "fail":
        text = f"The Lambda function {function} of the lifecycle event hook {event} reported Failed."
        raise DeploymentFailed("HOOK_EXECUTION_FAILURE", text)
    return at
