# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of service deployments: its order, and how late it is."""

from __future__ import annotations

import statistics
import typing as t
from collections.abc import Sequence

from tests.live.check import Answer, check
from tests.live.lab import IMAGE, OTHER_IMAGE, Lab

_DEPLOYMENTS = 5
_ROUNDS = 5


def order(times: Sequence[float]) -> str:
    """How these moments are sorted."""
    if list(times) == sorted(times, reverse=True):
        return "newest first"
    return "oldest first" if list(times) == sorted(times) else "neither"


@check(
    1,
    "order-of-service-deployments",
    "In which order does ListServiceDeployments list, over several pages?",
    "The newest is first",
)
def order_over_pages(lab: Lab) -> Answer:
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    for number in range(_DEPLOYMENTS):
        arn = lab.begun(service, second if number % 2 == 0 else first)
        lab.followed(arn)
    lab.wait("the list of all of them", lambda: len(lab.records(service)) > _DEPLOYMENTS, 60)
    records = lab.records(service, maxResults=2)
    arns = [record["serviceDeploymentArn"] for record in records]
    found = order([record["createdAt"].timestamp() for record in records])
    facts = {"order": found, "each_once": len(arns) == len(set(arns)), "complete": len(set(arns)) == _DEPLOYMENTS + 1}
    return Answer(f"{found}, {len(arns)} records on pages of two", facts)


@check(
    2,
    "lag-of-service-deployments",
    "How long after UpdateService does ListServiceDeployments list the record, and DescribeServices name it?",
    "DescribeServices within 1 s, ListServiceDeployments within 2 s; its ARN can be read before that",
)
def lag_of_records(lab: Lab) -> Answer:
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    rounds = [_lags(lab, service, second if number % 2 == 0 else first) for number in range(_ROUNDS)]
    listed = [lags["listed"] for lags in rounds if "listed" in lags]
    named = [lags["named"] for lags in rounds if "named" in lags]
    early = [lags["read"] for lags in rounds if "read" in lags and lags["read"] < lags.get("listed", 0)]
    facts: dict[str, t.Any] = {
        "listed_seconds": _middle(listed),
        "listed_at_most_seconds": max(listed, default=-1.0),
        "named_seconds": _middle(named),
        "named_at_most_seconds": max(named, default=-1.0),
        "read_before_listed": bool(early),
        "always_listed": len(listed) == _ROUNDS,
        "always_named": len(named) == _ROUNDS,
    }
    text = f"listed after {facts['listed_seconds']} s (at most {facts['listed_at_most_seconds']} s), named after "
    text += f"{facts['named_seconds']} s (at most {facts['named_at_most_seconds']} s)"
    return Answer(text + (", read by ARN before it was listed" if early else ""), facts)


def _middle(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds), 2) if seconds else -1.0


def _lags(lab: Lab, service: str, task_definition: str) -> dict[str, float]:
    before = {record["serviceDeploymentArn"] for record in lab.records(service)}
    lab.update(service, taskDefinition=task_definition)
    begin, seen = lab.place.now(), {}
    current = ""
    while lab.place.now() - begin < 30 and not {"listed", "named", "read"} <= set(seen):
        since = round(lab.place.now() - begin, 2)
        shown = lab.current(service)
        if shown and shown not in before:
            current = shown
            seen.setdefault("named", since)
        if current and lab.record(current):
            seen.setdefault("read", since)
        fresh = [
            arn for arn in (record["serviceDeploymentArn"] for record in lab.records(service)) if arn not in before
        ]
        if fresh:
            current = fresh[0]
            seen.setdefault("listed", since)
        lab.place.sleep(0.25)
    if current:
        lab.followed(current)
    lab.wait("the end in DescribeServices", lambda: lab.completed(service), 120)
    lab.wait("the end in the list", lambda: current in {r["serviceDeploymentArn"] for r in lab.records(service)}, 60)
    return seen
