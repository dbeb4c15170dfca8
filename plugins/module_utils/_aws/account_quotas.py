# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The account's own request quotas, which may be higher than those that AWS publishes.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
"""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import quotas
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import of_aws

# With so many services or fewer the published burst is enough.
WORTH_IT: t.Final = 50
# An operation that draws from each of the buckets.
_DRAWS: t.Final = {
    quotas.SERVICE_MODIFY.name: "UpdateService",
    quotas.TASK_DEFINITION_READ.name: "DescribeTaskDefinition",
    quotas.DEPLOYMENT_READ.name: "ListServiceDeployments",
    quotas.SERVICE_READ.name: "DescribeServices",
}


def learn_meanwhile(aws: Aws) -> threading.Thread:
    """Ask for them while the call goes on; until they are known, the published ones hold.

    Nothing depends on it, so that the thread does not keep the process alive, and errors are not said.
    """
    thread = threading.Thread(target=learn, args=(aws,), name="account quotas", daemon=True)
    thread.start()
    return thread


def learn(aws: Aws) -> None:
    """Pace requests by the account's own figures, as far as Service Quotas tells them. Stops at the first refusal."""
    for quota in quotas.TOLD:
        figures = [_figure(aws, code) for code in quota.codes]
        if None in figures:
            return
        burst, rate = t.cast("list[float]", figures)
        aws.learn_quota("ecs", _DRAWS[quota.name], burst, rate)


def _figure(aws: Aws, code: str) -> float | None:
    """The value of a quota; None if it cannot be read or makes no sense."""
    try:
        answer = aws.beside.call("service-quotas", "get_service_quota", ServiceCode="ecs", QuotaCode=code)
    except Exception as exc:
        # Whatever else it is, it is a bug, and worth a line on stderr from the thread.
        if of_aws(exc) is None:
            raise
        return None
    value = (answer.get("Quota") or {}).get("Value")
    return float(value) if isinstance(value, (int, float)) and value > 0 else None
