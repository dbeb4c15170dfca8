# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service's deploymentConfiguration: defaults, what an update does to it, what is refused.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html; the messages are those of
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html, if it lists them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lastgood_simulator.ecs.records import shifts
from lastgood_simulator.ecs.state import invalid
from lastgood_simulator.ecs.strategies.stages import HOOK_STAGES, NEVER_PAUSED

Configuration = dict[str, Any]

DEFAULTS: Configuration = {"maximumPercent": 200, "minimumHealthyPercent": 100}
# What DescribeServices shows of a service that was created without any of it (seen in 2026: no block alarms, and a
# bakeTimeInMinutes of 0, which :mod:`.views` adds because it is not the same as one that was asked for).
ECS_DEFAULTS: Configuration = DEFAULTS | {
    "deploymentCircuitBreaker": {
        "enable": False,
        "rollback": False,
        "resetOnHealthyTask": True,
        "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
    },
    "strategy": "ROLLING",
}
# Members that are structures, with what counts for their required members when a request leaves those out.
BLOCKS: dict[str, Configuration] = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "earlySuccessCriteria": {"enable": False},
    "linearConfiguration": {},
    "canaryConfiguration": {},
}
# What a strategy is given when nobody says so: API_LinearConfiguration.html, API_CanaryConfiguration.html.
OF_STRATEGY: dict[str, tuple[str, Configuration]] = {
    "LINEAR": ("linearConfiguration", {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}),
    "CANARY": ("canaryConfiguration", {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}),
}
RANGES: dict[tuple[str, str], tuple[float, float]] = {
    ("linearConfiguration", "stepPercent"): (3.0, 100.0),
    ("linearConfiguration", "stepBakeTimeInMinutes"): (0, 1440),
    ("canaryConfiguration", "canaryPercent"): (0.1, 100.0),
    ("canaryConfiguration", "canaryBakeTimeInMinutes"): (0, 1440),
}
# "You can configure a maximum of 10 pause hooks and 10 Lambda hooks per service." (pause-lifecycle-hooks.html)
MOST_HOOKS = 10
CLEANUPS = ("BLOCKING", "DEFERRED")
LONGEST_TIMEOUT = {"PAUSE": 20160, "AWS_LAMBDA": 1440}


def created(controller: str, given: Configuration, daemon: bool = False) -> Configuration:
    """The configuration of a new service. Raises InvalidParameterException."""
    defaults = ECS_DEFAULTS if controller == "ECS" else DEFAULTS
    # "The default minimumHealthyPercent value for a service using the DAEMON service schedule is 0% for the CLI, the
    # Amazon Web Services SDKs, and the APIs" (API_DeploymentConfiguration.html). That maximumPercent is 100 follows
    # from "exactly one task on each active container instance" (API_Service.html).
    return updated(defaults | ({"minimumHealthyPercent": 0, "maximumPercent": 100} if daemon else {}), given)


def updated(present: Configuration, given: Configuration) -> Configuration:
    """``present`` with ``given`` laid over it. Raises InvalidParameterException.

    What is left out stays, and in a block that is given too, except for the members that a block must have: those
    count as false then.
    """
    result = present | given
    for name, required in BLOCKS.items():
        if given.get(name) is not None:
            result[name] = (present.get(name) or {}) | required | given[name]
    if result.get("strategy") in OF_STRATEGY:
        name, defaults = OF_STRATEGY[result["strategy"]]
        result[name] = defaults | (result.get(name) or {})
    _check(result, given)
    return result


def _check(configuration: Configuration, given: Configuration) -> None:
    for (block, name), (least, most) in RANGES.items():
        value = (configuration.get(block) or {}).get(name)
        if value is not None and not least <= value <= most:
            raise invalid(f"{block}.{name} must be between {least} and {most}.")
    for strategy, (block, _defaults) in OF_STRATEGY.items():
        if given.get(block) and configuration.get("strategy") != strategy:
            raise invalid(f"{block} is only valid with the deployment strategy {strategy}.")
    if (given.get("earlySuccessCriteria") or {}).get("enable") and shifts(configuration):
        raise invalid("earlySuccessCriteria is only valid with the deployment strategy ROLLING.")
    _check_early_success(configuration)
    if not 0 <= (configuration.get("bakeTimeInMinutes") or 0) <= 1440:
        raise invalid("bakeTimeInMinutes must be between 0 and 1440.")
    _check_hooks(configuration.get("lifecycleHooks") or [])


def _check_early_success(configuration: Configuration) -> None:
    """API_DeploymentEarlySuccessCriteria.html: "You must also specify healthyPercent and sourceServiceRevisionCleanup";
    healthyPercent is between minimumHealthyPercent and 100.
    """
    criteria = configuration.get("earlySuccessCriteria") or {}
    cleanup = criteria.get("sourceServiceRevisionCleanup")
    if cleanup not in (None, *CLEANUPS):
        raise invalid(f"Invalid sourceServiceRevisionCleanup. Valid values are: {', '.join(CLEANUPS)}")
    if not criteria.get("enable"):
        return
    if criteria.get("healthyPercent") is None or cleanup is None:
        raise invalid("healthyPercent and sourceServiceRevisionCleanup are required for earlySuccessCriteria.")
    least = configuration.get("minimumHealthyPercent", 100)
    if not least <= criteria["healthyPercent"] <= 100:
        raise invalid("earlySuccessCriteria.healthyPercent must be between minimumHealthyPercent and 100.")


def _check_hooks(hooks: list[Configuration]) -> None:
    kinds = [hook.get("targetType") or "AWS_LAMBDA" for hook in hooks]
    for hook, kind in zip(hooks, kinds, strict=True):
        stages = hook.get("lifecycleStages") or []
        if kind not in LONGEST_TIMEOUT:
            raise invalid("Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE")
        if not stages or not set(stages) <= set(HOOK_STAGES):
            raise invalid("Invalid lifecycle stage provided for lifecycle hook")
        if kind == "PAUSE" and NEVER_PAUSED & set(stages):
            raise invalid("Invalid lifecycle stage provided for Pause Hook")
        if kind == "AWS_LAMBDA" and not hook.get("hookTargetArn"):
            raise invalid("hookTargetArn is required for lifecycle hooks of the targetType AWS_LAMBDA")
        minutes = (hook.get("timeoutConfiguration") or {}).get("timeoutInMinutes", 1)
        if not 1 <= minutes <= LONGEST_TIMEOUT[kind]:
            raise invalid(f"timeoutInMinutes must be between 1 and {LONGEST_TIMEOUT[kind]} for {kind} hooks")
    if any(kinds.count(kind) > MOST_HOOKS for kind in LONGEST_TIMEOUT):
        raise invalid(f"A service can have at most {MOST_HOOKS} lifecycle hooks of each targetType")


def check_load_balancers(configuration: Configuration, balancers: Iterable[Configuration]) -> None:
    """Raises InvalidParameterException for load balancers that the strategy cannot work with."""
    balancers = list(balancers)
    if len({"targetGroupArn" in balancer for balancer in balancers}) > 1:
        raise invalid(
            "All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining "
            "targetGroupArn)"
        )
    advanced = [balancer.get("advancedConfiguration") for balancer in balancers]
    if shifts(configuration) and balancers and not any(advanced):
        raise invalid(
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy"
        )
    if any(advanced) and not all(advanced):
        raise invalid("Either all or none of the provided loadBalancers must have advancedConfiguration defined")
    groups: list[str] = []
    for balancer, config in zip(balancers, advanced, strict=True):
        if config and "targetGroupArn" not in balancer:
            raise invalid("advancedConfiguration field is not allowed with ELBv1 loadBalancers")
        if config:
            groups += [balancer["targetGroupArn"], config.get("alternateTargetGroupArn", "")]
            _check_rules(config)
    for group in groups:
        if group and groups.count(group) > 1:
            raise invalid(f"Duplicate targetGroupArn found: {group}")


def _check_rules(config: Configuration) -> None:
    production, test = config.get("productionListenerRule"), config.get("testListenerRule")
    for name, arn in (("productionListenerRule", production), ("testListenerRule", test)):
        if arn and ":listener-rule/" not in arn and ":listener/net/" not in arn:
            raise invalid(
                f"{name} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: {arn}"
            )
    if production and production == test:
        raise invalid(f"The following rules cannot be used as both production and test listener rules: {production}")
