# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scalable targets: late answers, flags that are left out, and writes at the same time."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from tests.live.check import Answer, check
from tests.live.lab import Lab, refusal

_IN, _OUT, _SCHEDULED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
_WRITERS = 4


@check(
    8,
    "scalable-targets",
    "How late is DescribeScalableTargets, what happens to flags that are left out, and to writes at the same time?",
    "Up to 2 s; flags that are left out keep their value; writes at the same time are all accepted",
)
def scalable_targets(lab: Lab) -> Answer:
    service = lab.service(lab.define())
    which = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{lab.run}/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling = lab.client("application-autoscaling")

    def flags() -> dict[str, bool]:
        found = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[which["ResourceId"]])
        return dict(found["ScalableTargets"][0]["SuspendedState"]) if found["ScalableTargets"] else {}

    def register(client: t.Any = scaling, **flag: bool) -> None:
        client.register_scalable_target(**which, SuspendedState=flag)

    lab.cleanup.add("the scalable target", lambda: scaling.deregister_scalable_target(**which))
    scaling.register_scalable_target(**which, MinCapacity=0, MaxCapacity=1)
    lab.wait("the scalable target", lambda: bool(flags()), 60, 0.25)
    lags = []
    for value in (True, False, True, False, True):
        register(**{_IN: value, _OUT: value, _SCHEDULED: value})
        lags.append(lab.wait("the flags", lambda v=value: set(flags().values()) == {v}, 60, 0.25))
    # All three are set; only one is named.
    register(**{_IN: False})
    lab.wait("the flag", lambda: flags().get(_IN) is False, 60, 0.25)
    left_out = "kept" if flags().get(_OUT) and flags().get(_SCHEDULED) else "set to false"
    clients = [lab.client("application-autoscaling", f"writer-{number}", patient=False) for number in range(_WRITERS)]

    def write(number: int) -> str:
        return refusal(lambda: register(clients[number], **{_IN: bool(number % 2)}))[0]

    with ThreadPoolExecutor(_WRITERS) as pool:
        codes = sorted({code for _round in range(5) for code in pool.map(write, range(_WRITERS)) if code})
    facts = {
        "lag_at_most_seconds": max(lags),
        "flags_left_out": left_out,
        "parallel_writes": ", ".join(codes) or "accepted",
    }
    return Answer(
        f"late by at most {max(lags)} s; flags left out: {left_out}; parallel writes: {facts['parallel_writes']}", facts
    )
