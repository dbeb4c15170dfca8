# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading again until AWS lists the deployment that it names as the current one.

DescribeServices and ListServiceDeployments do not agree at once: Amazon's own action for express deployments asks again
after an empty list, "to avoid DB consistency issues" (https://github.com/aws-actions/amazon-ecs-deploy-express-service).
Whoever chose from such a list would go back one version too many.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service

# Seconds. How late the list can be, nobody has measured; the simulator's guess is 2 s.
_WAIT: t.Final = 15.0
_BETWEEN: t.Final = 1.0


def wait_for(
    late: t.Mapping[str, Service],
    look: t.Callable[[list[str]], t.Mapping[str, Service]],
    lacks: t.Callable[[Service], bool],
    clock: Clock,
) -> dict[str, Service]:
    """The services, read again with their pasts until none ``lacks`` its newest deployment, but not for long.

    ``look`` reads those of these names. If it raises what AWS or the network says, that is one look less.
    """
    until = clock.monotonic() + _WAIT
    left, found = list(late), dict(late)
    named = ", ".join(service.name for service in late.values())
    progress.say(f"AWS does not list the current deployment of {named} yet. Looking again for up to {_WAIT:.0f} s")
    while left and clock.monotonic() < until:
        clock.sleep(_BETWEEN)
        try:
            again = look(left)
        except (AwsCallError, IncompleteAnswerError):
            continue
        found.update(again)
        left = [name for name, service in again.items() if lacks(service)]
    return found
