# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Short ways to follow deployments that shift traffic."""

from __future__ import annotations

from typing import Any

from lastgood_simulator import Simulator
from selftests.cluster import Cluster

BLUE_GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
STAGES = [
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:check"


def pause(*stages: str, **timeout: Any) -> dict[str, Any]:
    """A PAUSE hook."""
    return {"targetType": "PAUSE", "lifecycleStages": list(stages), "timeoutConfiguration": timeout}


def function(*stages: str, **timeout: Any) -> dict[str, Any]:
    """A Lambda hook."""
    return {
        "hookTargetArn": FUNCTION,
        "roleArn": "arn:aws:iam::123456789012:role/hooks",
        "lifecycleStages": list(stages),
        "timeoutConfiguration": timeout,
    }


def stages_seen(sim: Simulator, cluster: Cluster, seconds: int) -> list[str]:
    """The stages that a deployment shows, looked at each second."""
    seen: list[str] = []
    for _second in range(seconds):
        sim.advance(1)
        stage = cluster.history()[0].get("lifecycleStage")
        if stage is not None and seen[-1:] != [stage]:
            seen.append(stage)
    return seen


def until(sim: Simulator, cluster: Cluster, stage: str) -> dict[str, Any]:
    """Go on until a stage is reached; returns the service deployment."""
    for _second in range(2000):
        record = cluster.history()[0]
        if record.get("lifecycleStage") == stage:
            return record
        sim.advance(1)
    raise AssertionError(f"{stage} was never reached")


def production(record: dict[str, Any]) -> list[float]:
    """Production traffic of the target, then of the sources."""
    revisions = [record["targetServiceRevision"], *record["sourceServiceRevisions"]]
    return [item["requestedProductionTrafficWeight"] for item in revisions]


def under_test(record: dict[str, Any]) -> list[float]:
    """Test traffic of the target, then of the sources."""
    revisions = [record["targetServiceRevision"], *record["sourceServiceRevisions"]]
    return [item["requestedTestTrafficWeight"] for item in revisions]


def proceed(cluster: Cluster, record: dict[str, Any], hook: str, **params: str) -> dict[str, Any]:
    """ContinueServiceDeployment."""
    answer: dict[str, Any] = cluster.ecs.continue_service_deployment(
        serviceDeploymentArn=record["serviceDeploymentArn"], hookId=hook, **params
    )
    return answer
