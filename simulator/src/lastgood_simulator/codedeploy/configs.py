# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployment configurations.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
"""

from __future__ import annotations

import uuid
from typing import Any

from lastgood_simulator.codedeploy import errors
from lastgood_simulator.codedeploy.model import Shape

# AWS's own have fixed times of creation; the oldest will do for all.
_CREATED = 1412694240.0
PREFIX = "CodeDeployDefault."


def _server(name: str, kind: str, value: int) -> Shape:
    return _config(name, "Server", minimumHealthyHosts={"type": kind, "value": value})


def _routing(name: str, platform: str, **routing: Any) -> Shape:
    return _config(name, platform, trafficRoutingConfig=routing)


def _canary(platform: str, minutes: int) -> Shape:
    canary = {"canaryPercentage": 10, "canaryInterval": minutes}
    name = f"{platform}Canary10Percent{minutes}Minutes"
    return _routing(name, platform, type="TimeBasedCanary", timeBasedCanary=canary)


def _linear(platform: str, minutes: int, unit: str) -> Shape:
    linear = {"linearPercentage": 10, "linearInterval": minutes}
    name = f"{platform}Linear10PercentEvery{minutes}{unit}"
    return _routing(name, platform, type="TimeBasedLinear", timeBasedLinear=linear)


def _config(name: str, platform: str, **members: Any) -> Shape:
    return {
        "deploymentConfigId": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "deploymentConfigName": PREFIX + name,
        "createTime": _CREATED,
        "computePlatform": platform,
        **members,
    }


PREDEFINED: dict[str, Shape] = {
    config["deploymentConfigName"]: config
    for config in (
        _server("OneAtATime", "HOST_COUNT", -1),
        _server("HalfAtATime", "FLEET_PERCENT", 50),
        _server("AllAtOnce", "HOST_COUNT", 0),
        _routing("LambdaAllAtOnce", "Lambda", type="AllAtOnce"),
        _canary("Lambda", 5),
        _canary("Lambda", 10),
        _canary("Lambda", 15),
        _canary("Lambda", 30),
        _linear("Lambda", 1, "Minute"),
        _linear("Lambda", 2, "Minutes"),
        _linear("Lambda", 3, "Minutes"),
        _linear("Lambda", 10, "Minutes"),
        _routing("ECSAllAtOnce", "ECS", type="AllAtOnce"),
        _canary("ECS", 5),
        _canary("ECS", 15),
        _linear("ECS", 1, "Minutes"),
        _linear("ECS", 3, "Minutes"),
    )
}
# "If not specified, CodeDeployDefault.OneAtATime is used by default", and the platform's AllAtOnce where that is none.
DEFAULTS = {
    "Server": PREFIX + "OneAtATime",
    "Lambda": PREFIX + "LambdaAllAtOnce",
    "ECS": PREFIX + "ECSAllAtOnce",
}


def find(own: dict[str, Shape], name: str) -> Shape:
    """A configuration, predefined or the user's own. Raises DeploymentConfigDoesNotExistException."""
    config = PREDEFINED.get(name) or own.get(name)
    if config is None:
        raise errors.error("DeploymentConfigDoesNotExist", f"No deployment configuration found for name: {name}")
    return config


def for_platform(own: dict[str, Shape], name: str, platform: str) -> str:
    """The name of a configuration of this platform. Raises also InvalidComputePlatformException."""
    if find(own, name)["computePlatform"] != platform:
        raise errors.error(
            "InvalidComputePlatform",
            f"The deployment configuration {name} is not one of the compute platform {platform}",
        )
    return name


def steps(config: Shape) -> list[tuple[float, float]]:
    """(percentage of the traffic, minutes until the next step) of a shift; the last is (100, 0)."""
    routing = config.get("trafficRoutingConfig") or {}
    if routing.get("type") == "TimeBasedCanary":
        canary = routing["timeBasedCanary"]
        return [(float(canary["canaryPercentage"]), float(canary["canaryInterval"])), (100.0, 0.0)]
    if routing.get("type") == "TimeBasedLinear":
        linear = routing["timeBasedLinear"]
        share, interval = int(linear["linearPercentage"]), float(linear["linearInterval"])
        return [(float(weight), interval) for weight in range(share, 100, share)] + [(100.0, 0.0)]
    return [(100.0, 0.0)]
