# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that wait at a PAUSE hook."""

from __future__ import annotations

import typing as t

from tests.live.check import Answer, Fact, Never, check
from tests.live.lab import IMAGE, OTHER_IMAGE, Lab, refusal

_EARLY = {
    "minimumHealthyPercent": 50,
    "earlySuccessCriteria": {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"},
}


def _pause(stage: str) -> dict[str, t.Any]:
    return {
        "targetType": "PAUSE",
        "lifecycleStages": [stage],
        "timeoutConfiguration": {"timeoutInMinutes": 15, "action": "ROLLBACK"},
    }


def _parked(lab: Lab, arn: str) -> str:
    """The id of the hook that a deployment waits at; empty if it does not wait within three minutes."""
    found: list[str] = []

    def waits() -> bool:
        record = lab.record(arn)
        hooks = record.get("lifecycleHookDetails") or []
        found[:] = [hook["hookId"] for hook in hooks if hook.get("status") == "AWAITING_ACTION"]
        return bool(found) or record.get("status") == "SUCCESSFUL"

    try:
        lab.wait("a pause", waits, 180)
    except Never:
        return ""
    lab.settle()
    return found[0] if found else ""


def _proceed(lab: Lab, arn: str, hook: str, action: str) -> str:
    return refusal(lambda: lab.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook, action=action))[0]


@check(
    14,
    "blue-green-at-a-pause",
    "Can a BLUE_GREEN deployment that waits at a PAUSE hook be stopped and continued, and what if it is done twice?",
    "StopServiceDeployment takes it back, twice is accepted; a second ContinueServiceDeployment is refused",
)
def blue_green_at_a_pause(lab: Lab) -> Answer:
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    blue_green: dict[str, t.Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
    service = lab.service(first, deploymentConfiguration=blue_green)
    lab.wait("the first deployment", lambda: lab.completed(service))
    hooked = {"deploymentConfiguration": {**blue_green, "lifecycleHooks": [_pause("POST_SCALE_UP")]}}
    facts: dict[str, Fact] = {}

    stopped = lab.begun(service, second, **hooked)
    facts["waits"] = bool(_parked(lab, stopped))
    facts["stage"] = str(lab.record(stopped).get("lifecycleStage", "none"))
    for name in ("stop", "second_stop"):
        code = refusal(lambda: lab.ecs.stop_service_deployment(serviceDeploymentArn=stopped, stopType="ROLLBACK"))[0]
        facts[name] = code or "accepted"
    facts["after_the_stop"] = lab.followed(stopped)[-1]
    lab.wait("the old version alone", lambda: lab.completed(service))

    for action in ("ROLLBACK", "CONTINUE"):
        arn = lab.begun(service, second, **hooked)
        hook = _parked(lab, arn)
        facts[f"{action.lower()}"] = (_proceed(lab, arn, hook, action) or "accepted") if hook else "does not wait"
        facts[f"{action.lower()}_twice"] = (_proceed(lab, arn, hook, action) or "accepted") if hook else "does not wait"
        facts[f"after_{action.lower()}"] = lab.followed(arn)[-1]
        lab.wait("one version alone", lambda: lab.completed(service))
    text = f"stop: {facts['stop']}, again {facts['second_stop']} ({facts['after_the_stop']}); continue: "
    text += f"{facts['continue']}, again {facts['continue_twice']} ({facts['after_continue']})"
    return Answer(text if facts["waits"] else f"it does not wait; {text}", facts)


@check(
    15,
    "rolling-with-a-pause",
    "Does a ROLLING deployment wait at PAUSE hooks, does it show a stage, and is early success accepted with them?",
    "It waits at PRE_SCALE_UP and POST_SCALE_UP without a lifecycleStage; early success is accepted",
)
def rolling_with_a_pause(lab: Lab) -> Answer:
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    facts: dict[str, Fact] = {}
    for stage in ("PRE_SCALE_UP", "POST_SCALE_UP"):
        settings = {"strategy": "ROLLING", "lifecycleHooks": [_pause(stage)]}
        code = refusal(lambda s=settings: lab.update(service, deploymentConfiguration=s))[0]
        facts[f"{stage}_accepted"] = code or "accepted"
        if code:
            continue
        arn = lab.begun(service, second if stage == "PRE_SCALE_UP" else first)
        hook = _parked(lab, arn)
        facts[f"{stage}_waits"] = bool(hook)
        facts[f"{stage}_shows"] = str(lab.record(arn).get("lifecycleStage", "none"))
        if hook:
            _proceed(lab, arn, hook, "CONTINUE")
        facts[f"{stage}_ends"] = lab.followed(arn)[-1]
        lab.wait("one version alone", lambda: lab.completed(service))
    early = refusal(lambda: lab.update(service, deploymentConfiguration={"strategy": "ROLLING", **_EARLY}))[0]
    facts["early_success"] = early or "accepted"
    waits = [stage for stage in ("PRE_SCALE_UP", "POST_SCALE_UP") if facts.get(f"{stage}_waits")]
    shown = sorted({str(facts[f"{stage}_shows"]) for stage in waits})
    return Answer(
        f"waits at {', '.join(waits) or 'none'}, lifecycleStage {', '.join(shown) or 'none'}; early success: "
        f"{facts['early_success']}",
        facts,
    )
