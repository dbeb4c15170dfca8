# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Lambda functions of lifecycle event hooks.

They are not run: a function that exists succeeds, one that does not fails its event, as it does on AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.awslambda.models import lambda_backends

from tests.simulator.codedeploy.model import DeploymentFailed

if TYPE_CHECKING:
    from tests.simulator.codedeploy.state import CodeDeployState


def run(state: CodeDeployState, event: str, function: str) -> None:
    """Raises DeploymentFailed with HOOK_EXECUTION_FAILURE."""
    name = function.rsplit(":function:", maxsplit=1)[-1].split(":", maxsplit=1)[0]
    known = {item.function_name for item in lambda_backends[state.account][state.region].list_functions()}
    if name not in known:
        raise DeploymentFailed(
            "HOOK_EXECUTION_FAILURE",
            f"The lifecycle event hook {event} failed: the Lambda function {name} is not found.",
        )
