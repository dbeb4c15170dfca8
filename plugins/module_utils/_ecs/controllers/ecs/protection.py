# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""ECS's own protection of a service: what it is, what it should be, and what to send for that. Pure.

What UpdateService does to the members that a request leaves out is not in AWS's documentation, but somebody measured
it (https://github.com/go-to-k/cdkd/pull/1805 and /pull/1848, us-east-1, 2026-08-13):

* of deploymentConfiguration, a member that is left out stays as it is;
* of deploymentCircuitBreaker and alarms, ``enable`` and ``rollback`` become false if they are left out.

So exactly the blocks that change are sent, each of them whole, with what was read in it. To send the other blocks
back as they were read would undo what somebody else changes meanwhile, and would need iam:PassRole for the roles of
lifecycle hooks.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding

BREAKER: t.Final = "deploymentCircuitBreaker"
ALARMS: t.Final = "alarms"
# Members of DeploymentCircuitBreaker that AWS announced on 2026-07-01
# (https://aws.amazon.com/about-aws/whats-new/2026/07/amazon-ecs-circuit-breaker-settings/), by the option's name.
NEWER_MEMBERS: t.Final = {"reset_on_healthy_task": "resetOnHealthyTask", "threshold": "thresholdConfiguration"}
_KNOWS_THEM: t.Final = "1.44.5"
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
_IN_ALARM: t.Final = (
    "If a deployment starts while one of its alarms is in ALARM, ECS ignores the alarms for all of that deployment"
)


class BadRequest(ValueError):
    """The options cannot be meant. The message names the option and says what to give."""


@dataclass(frozen=True)
class Threshold:
    """When the circuit breaker trips. ``value`` is in tasks for COUNT, otherwise in percent of the desired count."""

    type: str
    value: int


# "By default, the threshold configuration uses a type of BOUNDED_PERCENT with a value of 50", and of resetOnHealthyTask
# "the default is true" (API_ThresholdConfiguration and API_DeploymentCircuitBreaker in the ECS API reference).
_DEFAULT_THRESHOLD: t.Final = Threshold("BOUNDED_PERCENT", 50)
_DEFAULT_RESET: t.Final = True


@dataclass(frozen=True)
class CircuitBreaker:
    """The block deploymentCircuitBreaker. None stands for what AWS, or an older botocore, does not show."""

    enable: bool = False
    rollback: bool = False
    reset_on_healthy_task: bool | None = None
    threshold: Threshold | None = None

    def does(self) -> tuple[t.Any, ...]:
        """The resulting behaviour, for comparing."""
        reset = _DEFAULT_RESET if self.reset_on_healthy_task is None else self.reset_on_healthy_task
        return self.enable, self.rollback, reset, self.threshold or _DEFAULT_THRESHOLD

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        threshold = {"type": self.threshold.type, "value": self.threshold.value} if self.threshold else None
        return {
            "enable": self.enable,
            "rollback": self.rollback,
            "reset_on_healthy_task": self.reset_on_healthy_task,
            "threshold": threshold,
        }


@dataclass(frozen=True)
class Alarms:
    """The block alarms."""

    enable: bool = False
    rollback: bool = False
    names: tuple[str, ...] = ()

    def does(self) -> tuple[t.Any, ...]:
        """The resulting behaviour, for comparing: the order of names does not matter."""
        return self.enable, self.rollback, frozenset(self.names)

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {"enable": self.enable, "rollback": self.rollback, "names": list(self.names)}


@dataclass(frozen=True)
class Protection:
    """Both blocks. ``raw`` is the deploymentConfiguration that they were read from."""

    circuit_breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    alarms: Alarms = field(default_factory=Alarms)
    raw: t.Mapping[str, t.Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, configuration: t.Mapping[str, t.Any]) -> Protection:
        """What a deploymentConfiguration of DescribeServices or UpdateService says."""
        breaker = configuration.get(BREAKER) or {}
        threshold = breaker.get("thresholdConfiguration") or {}
        alarms = configuration.get(ALARMS) or {}
        return cls(
            CircuitBreaker(
                enable=bool(breaker.get("enable")),
                rollback=bool(breaker.get("rollback")),
                reset_on_healthy_task=breaker.get("resetOnHealthyTask"),
                threshold=Threshold(str(threshold["type"]), int(threshold["value"])) if threshold else None,
            ),
            Alarms(
                enable=bool(alarms.get("enable")),
                rollback=bool(alarms.get("rollback")),
                names=tuple(alarms.get("alarmNames") or ()),
            ),
            configuration,
        )

    def same_as(self, other: Protection) -> bool:
        """Both come to the same."""
        return self.circuit_breaker.does() == other.circuit_breaker.does() and self.alarms.does() == other.alarms.does()

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {"circuit_breaker": self.circuit_breaker.as_dict(), "alarms": self.alarms.as_dict()}


@dataclass(frozen=True)
class BreakerWish:
    """What is asked for; None is what is not to be touched."""

    enable: bool | None = None
    rollback: bool | None = None
    reset_on_healthy_task: bool | None = None
    threshold: Threshold | None = None


@dataclass(frozen=True)
class AlarmsWish:
    """What is asked for; None is what is not to be touched."""

    enable: bool | None = None
    rollback: bool | None = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    circuit_breaker: BreakerWish | None = None
    alarms: AlarmsWish | None = None


@dataclass(frozen=True)
class Subject:
    """A service, as far as its protection is concerned."""

    name: str
    arn: str
    status: str
    controller: str
    strategy: str
    classic_load_balancer: bool
    in_flight: bool
    protection: Protection


def wish(params: t.Mapping[str, t.Any]) -> Wish:
    """What the options ask for. Raises :class:`BadRequest`."""
    found = Wish(_breaker_wish(params["circuit_breaker"]), _alarms_wish(params["alarms"]))
    if found.circuit_breaker in (None, BreakerWish()) and found.alarms in (None, AlarmsWish()):
        raise BadRequest(
            "circuit_breaker and alarms: nothing is asked for. Give at least one setting, such as "
            "circuit_breaker: {enable: true}"
        )
    return found


def _breaker_wish(given: t.Mapping[str, t.Any] | None) -> BreakerWish | None:
    if given is None:
        return None
    threshold = given["threshold"]
    if threshold is not None and threshold["value"] < 1:
        raise BadRequest(f"circuit_breaker.threshold.value: {threshold['value']} is no threshold: give 1 or more")
    return BreakerWish(
        enable=given["enable"],
        rollback=_rollback(given),
        reset_on_healthy_task=given["reset_on_healthy_task"],
        threshold=Threshold(threshold["type"], threshold["value"]) if threshold else None,
    )


def _alarms_wish(given: t.Mapping[str, t.Any] | None) -> AlarmsWish | None:
    if given is None:
        return None
    names = given["names"]
    if names is not None:
        # An empty string means that nothing was given, as from a survey in AWX; an empty list means no alarms.
        present = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        names = present if present or not names else None
    return AlarmsWish(enable=given["enable"], rollback=_rollback(given), names=names)


def _rollback(given: t.Mapping[str, t.Any]) -> bool | None:
    # Somebody who turns detection on, and says nothing else, wants failed deployments to be rolled back.
    return True if given["rollback"] is None and given["enable"] else given["rollback"]


def too_new(wanted: Wish, known_members: t.Container[str], botocore_version: str) -> str:
    """Which options the installed botocore cannot send; empty if it can send all.

    ``known_members`` are those of DeploymentCircuitBreaker in botocore's model.
    """
    breaker = wanted.circuit_breaker or BreakerWish()
    missing = [
        f"circuit_breaker.{option}"
        for option, member in NEWER_MEMBERS.items()
        if getattr(breaker, option) is not None and member not in known_members
    ]
    if not missing:
        return ""
    return (
        f"{' and '.join(missing)}: the installed botocore, {botocore_version}, does not know this. AWS announced it on "
        f"2026-07-01 and botocore {_KNOWS_THEM} knows it: install a newer boto3, or leave it out"
    )


def desired(present: Protection, wanted: Wish) -> Protection:
    """What the protection should be."""
    breaker, alarms = present.circuit_breaker, present.alarms
    return replace(
        present,
        circuit_breaker=replace(breaker, **_given(wanted.circuit_breaker)),
        alarms=replace(alarms, **_given(wanted.alarms)),
    )


def _given(wanted: BreakerWish | AlarmsWish | None) -> dict[str, t.Any]:
    return {name: value for name, value in vars(wanted).items() if value is not None} if wanted else {}


def request(present: Protection, wanted: Protection) -> dict[str, t.Any]:
    """The deploymentConfiguration to send: the blocks that change, each complete. Empty if nothing changes."""
    found: dict[str, t.Any] = {}
    breaker, alarms = wanted.circuit_breaker, wanted.alarms
    if breaker.does() != present.circuit_breaker.does():
        found[BREAKER] = {
            **(present.raw.get(BREAKER) or {}),
            "enable": breaker.enable,
            "rollback": breaker.rollback,
        }
        if breaker.reset_on_healthy_task is not None:
            found[BREAKER]["resetOnHealthyTask"] = breaker.reset_on_healthy_task
        if breaker.threshold is not None:
            threshold = {"type": breaker.threshold.type, "value": breaker.threshold.value}
            found[BREAKER]["thresholdConfiguration"] = threshold
    if alarms.does() != present.alarms.does():
        found[ALARMS] = {
            **(present.raw.get(ALARMS) or {}),
            "enable": alarms.enable,
            "rollback": alarms.rollback,
            "alarmNames": list(alarms.names),
        }
    return found


def findings(subject: Subject, wanted: Protection, asked: Wish) -> tuple[Finding, ...]:
    """What is to be known before the protection of this service becomes ``wanted``. A ``block`` must not be written."""
    blocks = _blocks(subject, wanted, asked)
    if blocks:
        return blocks
    breaker, alarms = wanted.circuit_breaker, wanted.alarms
    found = []
    if breaker.enable and subject.strategy != "ROLLING":
        found.append(Finding("strategy", "warn", _other_strategy(subject.strategy)))
    if breaker.enable and subject.classic_load_balancer:
        message = "the circuit breaker does not work for services behind a Classic Load Balancer"
        found.append(Finding("load_balancer", "warn", message))
    if breaker.enable and alarms.enable:
        found.append(_both(breaker, alarms))
    for what, block in (("circuit breaker", breaker), ("alarms", alarms)):
        if block.enable and not block.rollback:
            message = f"a deployment that fails by the {what} is stopped and not rolled back"
            found.append(Finding("rollback", "info", message))
    if subject.in_flight and not wanted.same_as(subject.protection):
        message = "a deployment is in flight. AWS does not document whether it is already held to the new settings"
        found.append(Finding("in_flight", "info", message))
    return tuple(found)


def _blocks(subject: Subject, wanted: Protection, asked: Wish) -> tuple[Finding, ...]:
    if subject.status != "ACTIVE":
        message = f"the service is {subject.status}: AWS changes only ACTIVE ones"
        return (Finding("status", "block", message),)
    if subject.controller != "ECS":
        return (Finding("controller", "block", _other_controller(subject.controller)),)
    if asked.alarms is not None and wanted.alarms.enable and not wanted.alarms.names:
        message = "no alarms are named, neither by alarms.names nor in the service, so there is nothing to enable"
        return (Finding("alarms", "block", message),)
    return ()


def _other_controller(controller: str) -> str:
    # "You can only use the DeploymentAlarms method to detect failures when the DeploymentController is set to ECS",
    # and the circuit breaker likewise (API_DeploymentAlarms, API_DeploymentCircuitBreaker in the ECS API reference).
    if controller == "CODE_DEPLOY":
        return (
            "the deployment controller is CODE_DEPLOY, so CodeDeploy decides about rollbacks: "
            "codedeploy_auto_rollback sets when, at the deployment group"
        )
    if controller == "EXTERNAL":
        return (
            "the deployment controller is EXTERNAL: ECS has no automatic rollback for it. Whatever deploys must do it"
        )
    return f"the deployment controller is {controller}, which is not known here"


def _other_strategy(strategy: str) -> str:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html and
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html
    if strategy == "BLUE_GREEN":
        return (
            "AWS's pages differ on whether the circuit breaker works with the strategy BLUE_GREEN: the API reference "
            "says that it is for rolling updates only, the developer guide names both. Alarms work with it"
        )
    return f"AWS documents the circuit breaker for rolling updates only, and the strategy is {strategy}. Use alarms"


def _both(breaker: CircuitBreaker, alarms: Alarms) -> Finding:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html
    either = "circuit breaker and alarms are both enabled, and whichever is first fails a deployment"
    if breaker.rollback == alarms.rollback:
        return Finding("both", "info", either)
    one, other = ("the circuit breaker", "the alarms") if breaker.rollback else ("the alarms", "the circuit breaker")
    return Finding("both", "warn", f"{either}. Only {one} would roll it back, {other} would just stop it")


def watched(protections: t.Iterable[Protection]) -> list[str]:
    """The alarms that are enabled somewhere, without duplicates."""
    return list(dict.fromkeys(name for item in protections if item.alarms.enable for name in item.alarms.names))


def alarm_findings(wanted: Protection, states: t.Mapping[str, str] | str) -> tuple[Finding, ...]:
    """What is to be known of the alarms. ``states`` by name, without those that do not exist; text: why unknown."""
    return cloudwatch.alarm_findings(wanted.alarms.names, states, _IN_ALARM) if wanted.alarms.enable else ()
