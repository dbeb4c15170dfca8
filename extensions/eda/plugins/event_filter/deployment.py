# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event filter of ansible-rulebook: what AWS says about deployments and alarms, in one form. Pure.

ansible-rulebook runs this file by its path, without the collection on Python's path. So it imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime, timezone

DOCUMENTATION = r"""
---
short_description: Bring what AWS says about deployments and alarms into one form
description:
  - Reads events of Amazon ECS, CodeDeploy and CloudWatch as EventBridge sends them to an SQS queue or to a webhook, and
    what CodeDeploy's triggers and CloudWatch's alarms send to an SNS topic whose subscriber is a queue or a webhook.
  - Either way the event becomes C(event.deployment), a dictionary of strings. All keys are always there, and what the
    event does not say is an empty string.
  - C(kind) is V(deployment), V(service) (an ECS service action), V(hook), V(instance) or V(alarm), and C(platform) is
    V(ecs), V(codedeploy) or V(cloudwatch).
  - C(name) is what the event is about. C(service.cluster.region) for a service, C(group.application.region) for a
    deployment group, and the alarm's name for an alarm.
  - C(state) is V(in_progress), V(succeeded), V(failed), V(stopped), V(ready), V(waiting), V(timed_out), V(info),
    V(warning), V(error), V(ok), V(alarm), V(suppressed) (an alarm whose actions are suppressed), or
    V(insufficient_data). C(reported) is AWS's own word for it.
  - C(account), C(region), C(cluster), C(service), C(application), C(deployment_group), C(instance), C(alarm),
    C(deployment_id), C(service_deployment), C(stage), C(hook_id), C(expires_at), C(reason), C(time) (ISO 8601, UTC),
    C(id) (the same if an event arrives twice) and C(wrapper) say the rest.
  - What cannot be read becomes C(event.set_aside) with C(why) and C(text), and never an error, since an error would end
    the source. C(why) is V(malformed), V(foreign) (somebody else's event, which keeps its own keys), or V(unknown) (of
    these services, and new).
  - Everything that others wrote is cleaned. Control characters are removed, and nothing in it can be a Jinja template.
options: {}
"""

EXAMPLES = r"""
---
- name: Deployments
  hosts: localhost
  sources:
    - amazon.aws.aws_sqs_queue:
        region: eu-central-1
        name: lastgood-deployments
      filters:
        - lastgood.aws.deployment:
  rules:
    - name: A deployment failed
      condition: event.deployment.kind == "deployment" and event.deployment.state == "failed"
      action:
        print_event:
"""

Body = t.Mapping[str, t.Any]

KEYS: t.Final = (
    *("kind", "platform", "name", "state", "reported", "account", "region", "cluster", "service", "application"),
    *("deployment_group", "instance", "alarm", "deployment_id", "service_deployment", "stage", "hook_id"),
    *("expires_at", "reason", "time", "id", "wrapper"),
)
LONGEST_REASON: t.Final = 500

# Names of clusters and services: "Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens".
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
_ECS_NAME: t.Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_REGION: t.Final = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_ACCOUNT: t.Final = re.compile(r"[0-9]{12}")
_ID: t.Final = re.compile(r"[A-Za-z0-9_./:-]{1,512}")
# Control characters, invisible ones, those that change the direction of text, and halves of surrogate pairs.
_CONTROLS: t.Final = r"\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
# Applications, groups and alarms may have almost any name, but none that Jinja or a terminal would act upon.
_FREE_NAME: t.Final = re.compile(f"[^{_CONTROLS}]{{1,255}}")
_UNSAFE: t.Final = re.compile(f"[{_CONTROLS}]+")
_TEMPLATE: t.Final = re.compile(r"(\{)(?=[{%#])|([}%#])(?=\})")

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
_ECS_DEPLOYMENT: t.Final = {
    "SERVICE_DEPLOYMENT_IN_PROGRESS": "in_progress",
    "SERVICE_DEPLOYMENT_COMPLETED": "succeeded",
    "SERVICE_DEPLOYMENT_FAILED": "failed",
}
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_hook_state_change_events.html
_ECS_HOOK: t.Final = {
    "HOOK_IN_PROGRESS": "in_progress",
    "HOOK_AWAITING_ACTION": "waiting",
    "HOOK_SUCCEEDED": "succeeded",
    "HOOK_FAILED": "failed",
    "HOOK_TIMED_OUT": "timed_out",
}
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
_ECS_ACTION: t.Final = {"INFO": "info", "WARN": "warning", "ERROR": "error"}
# EventBridge has START, SUCCESS, FAILURE, STOP, READY:
# https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-codedeploy.html
# Triggers have the words of the API, in the guide as "Failed", in messages that were seen as "FAILED".
_CODEDEPLOY: t.Final = {
    **dict.fromkeys(("START", "STARTED", "CREATED", "QUEUED", "PENDING", "INPROGRESS"), "in_progress"),
    **dict.fromkeys(("SUCCESS", "SUCCEEDED"), "succeeded"),
    **dict.fromkeys(("FAILURE", "FAILED"), "failed"),
    **dict.fromkeys(("STOP", "STOPPED", "ABORTED"), "stopped"),
    "READY": "ready",
}
_ALARM: t.Final = {"OK": "ok", "ALARM": "alarm", "INSUFFICIENT_DATA": "insufficient_data"}
_SNS_TYPES: t.Final = ("Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation")


class SetAside(Exception):
    """An event that is not acted upon. ``why`` is malformed, foreign or unknown."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why
        self.text = text


def main(event: t.Any) -> dict[str, t.Any]:
    """ansible-rulebook's entry point. Never raises, because that would end the source."""
    kept: dict[str, t.Any] = {}
    try:
        found: dict[str, t.Any] = {"deployment": read(event)}
    except SetAside as aside:
        found = {"set_aside": {"why": aside.why, "text": clean(aside.text)}}
        # Other rules on the same source may be waiting for it.
        kept = dict(event) if aside.why == "foreign" and isinstance(event, dict) else {}
    except Exception as problem:  # noqa: BLE001
        found = {"set_aside": {"why": "malformed", "text": clean(f"it cannot be read: {problem!r}")}}
    meta = event.get("meta") if isinstance(event, dict) else None
    return {**kept, **found, **({"meta": meta} if isinstance(meta, dict) else {})}


def read(event: t.Any) -> dict[str, str]:
    """What AWS says in an event of a source. Raises :class:`SetAside`."""
    wrapper, body, envelope = unwrap(event)
    if "detail-type" in body and "source" in body:
        found = _from_eventbridge(body)
    elif "AlarmName" in body and "NewStateValue" in body:
        found = _alarm_from_sns(body)
    elif "eventTriggerName" in body and "deploymentId" in body:
        found = _trigger(body)
    else:
        raise SetAside("foreign", f"it is not an event of ECS, CodeDeploy or CloudWatch: it has {_some_keys(body)}")
    found = {"id": _text(envelope, "MessageId"), "time": moment(envelope.get("Timestamp")), **found, "wrapper": wrapper}
    return {key: found.get(key, "") for key in KEYS}


def unwrap(event: t.Any) -> tuple[str, Body, Body]:
    """How it came, what was sent, and the envelope of SNS if there was one. Raises :class:`SetAside`."""
    if not isinstance(event, dict):
        raise SetAside("malformed", f"the source sent {type(event).__name__}, not a dictionary")
    # The keys of the sources aws_sqs_queue and webhook.
    wrapper, key = next(((w, k) for w, k in (("sqs", "body"), ("webhook", "payload")) if k in event), ("", ""))
    body = _parsed(event[key] if key else event)
    if body.get("Type") not in _SNS_TYPES or "TopicArn" not in body:
        return wrapper, body, {}
    if body["Type"] != "Notification":
        raise SetAside(
            "unknown",
            f"SNS asks to confirm the subscription to {body['TopicArn']}: somebody has to open its SubscribeURL",
        )
    try:
        return f"{wrapper}+sns".lstrip("+"), _parsed(body.get("Message")), body
    except SetAside:
        raise SetAside("foreign", f"a message of the topic {body['TopicArn']} that is not JSON") from None


def _parsed(body: t.Any) -> Body:
    """A JSON object. Some senders encode twice."""
    for _encoding in range(3):
        if not isinstance(body, (str, bytes)):
            break
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            raise SetAside("malformed", f"it is not JSON: {clean(str(body))[:80]}") from None
    if not isinstance(body, dict):
        raise SetAside("malformed", f"it is {type(body).__name__}, not a JSON object")
    return body


def _from_eventbridge(event: Body) -> dict[str, str]:
    kind = (event["source"], event["detail-type"])
    if kind[0] not in ("aws.ecs", "aws.codedeploy", "aws.cloudwatch"):
        raise SetAside("foreign", f"it is an event of {kind[0]}")
    reader = _READERS.get(kind)
    if reader is None:
        raise SetAside("unknown", f"it is of the type {kind[1]}, which is none about a deployment or an alarm")
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise SetAside("malformed", f"{kind[1]} without a detail")
    resources = event.get("resources")
    arns = [arn for arn in resources if isinstance(arn, str)] if isinstance(resources, list) else []
    return {
        "account": _named(event, "account", _ACCOUNT),
        "region": _named(event, "region", _REGION),
        "id": _named(event, "id", _ID),
        "time": moment(event.get("time")),
        "reason": clean(_text(detail, "reason")),
        **reader(event, detail, arns),
    }


def _ecs_deployment(event: Body, detail: Body, arns: t.Sequence[str]) -> dict[str, str]:
    name = _text(detail, "eventName")
    return {
        "kind": "deployment",
        "state": _known(_ECS_DEPLOYMENT, name),
        "deployment_id": _named(detail, "deploymentId", _ID),
        **_service(event, _one(arns, ":service/"), detail, name),
    }


def _ecs_action(event: Body, detail: Body, arns: t.Sequence[str]) -> dict[str, str]:
    name = _text(detail, "eventName")
    # The guide lists SERVICE_DEPLOYMENT_FAILED among these too. Then it is about a deployment, whose id is not said.
    state = _ECS_DEPLOYMENT.get(name) or _known(_ECS_ACTION, _text(detail, "eventType"))
    kind = "deployment" if name in _ECS_DEPLOYMENT else "service"
    return {"kind": kind, "state": state, **_service(event, _one(arns, ":service/"), detail, name)}


def _ecs_hook(event: Body, detail: Body, arns: t.Sequence[str]) -> dict[str, str]:
    name = _text(detail, "eventName")
    deployment = _text(detail, "serviceDeploymentArn") or _one(arns, ":service-deployment/")
    if not _ID.fullmatch(deployment):
        raise SetAside("malformed", "its service deployment is not an ARN")
    return {
        "kind": "hook",
        "state": _known(_ECS_HOOK, name),
        "service_deployment": deployment,
        "deployment_id": deployment.rpartition("/")[2],
        "stage": clean(_text(detail, "lifecycleStage")),
        "hook_id": _named(detail, "hookId", _ID),
        "expires_at": moment(detail.get("expiresAt")),
        **_service(event, _text(detail, "serviceArn") or deployment, detail, name),
    }


def _service(event: Body, arn: str, detail: Body, reported: str) -> dict[str, str]:
    """The service of an ARN. An old short one has no cluster; then the detail may name it."""
    parts = arn.split(":", 5)[-1].split("/")[1:]
    cluster = parts[0] if len(parts) > 1 else _text(detail, "clusterArn").rpartition("/")[2]
    service = parts[1] if len(parts) > 1 else "".join(parts)
    if not cluster and _ECS_NAME.fullmatch(service):
        raise SetAside("unknown", f"the ARN of the service {service} has the old short form, without its cluster")
    if not (_ECS_NAME.fullmatch(cluster) and _ECS_NAME.fullmatch(service)):
        raise SetAside("malformed", f"{clean(arn) or 'no ARN'} does not name a service of ECS")
    return {
        "platform": "ecs",
        "name": f"{service}.{cluster}.{_text(event, 'region')}",
        "reported": clean(reported),
        "cluster": cluster,
        "service": service,
    }


def _codedeploy(event: Body, detail: Body, arns: t.Sequence[str]) -> dict[str, str]:
    state = _text(detail, "state")
    application, group = _free(detail, "application"), _free(detail, "deploymentGroup")
    instance = _text(detail, "instanceId")
    return {
        "kind": "instance" if event["detail-type"].startswith("CodeDeploy Instance") else "deployment",
        "platform": "codedeploy",
        "name": f"{group}.{application}.{_text(event, 'region')}",
        "state": _known(_CODEDEPLOY, state.upper()),
        "reported": clean(state),
        "application": application,
        "deployment_group": group,
        "deployment_id": _named(detail, "deploymentId", _ID),
        "instance": clean(instance),
    }


def _trigger(body: Body) -> dict[str, str]:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-sns-event-notifications-json-format.html"""
    is_instance = "instanceStatus" in body
    status = _text(body, "instanceStatus" if is_instance else "status")
    region = _named(body, "region", _REGION)
    found = {
        "kind": "instance" if is_instance else "deployment",
        "platform": "codedeploy",
        "state": _known(_CODEDEPLOY, status.upper()),
        "reported": clean(status),
        "account": _named(body, "accountId", _ACCOUNT),
        "region": region,
        "deployment_id": _named(body, "deploymentId", _ID),
        "time": moment(body.get("lastUpdatedAt") or body.get("completeTime") or body.get("createTime")),
    }
    if is_instance:
        # It names neither the application nor the deployment group.
        return {**found, "instance": clean(_text(body, "instanceId").rpartition("/")[2])}
    application, group = _free(body, "applicationName"), _free(body, "deploymentGroupName")
    error = body.get("errorInformation")
    # In the guide it is an object, in messages that were seen it is JSON in a string.
    error = _parsed(error) if error else {}
    return {
        **found,
        "name": f"{group}.{application}.{region}",
        "application": application,
        "deployment_group": group,
        "reason": clean(": ".join(filter(None, (_text(error, "ErrorCode"), _text(error, "ErrorMessage"))))),
    }


def _alarm(_event: Body, detail: Body, _arns: t.Sequence[str]) -> dict[str, str]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    state = detail.get("state")
    if not isinstance(state, dict):
        raise SetAside("malformed", "an alarm without a state")
    name, value = _free(detail, "alarmName"), _text(state, "value")
    found = _known(_ALARM, value)
    # A composite alarm can be told to keep quiet, during maintenance for example.
    suppressed = found == "alarm" and _text(state, "actionsSuppressedBy")
    return {
        "kind": "alarm",
        "platform": "cloudwatch",
        "name": name,
        "alarm": name,
        "state": "suppressed" if suppressed else found,
        "reported": clean(value),
        "reason": clean(_text(state, "reason")),
        **({"time": at} if (at := moment(state.get("timestamp"))) else {}),
    }


def _alarm_from_sns(body: Body) -> dict[str, str]:
    """Of a metric or a composite alarm. The Region is there as people say it, so it comes from the ARN."""
    name, value = _free(body, "AlarmName"), _text(body, "NewStateValue")
    parts = _text(body, "AlarmArn").split(":")
    region, account = (parts[3], parts[4]) if len(parts) > 5 else ("", "")
    return {
        "kind": "alarm",
        "platform": "cloudwatch",
        "name": name,
        "alarm": name,
        "state": _known(_ALARM, value),
        "reported": clean(value),
        "account": account if _ACCOUNT.fullmatch(account) else "",
        "region": region if _REGION.fullmatch(region) else "",
        "reason": clean(_text(body, "NewStateReason")),
        **({"time": at} if (at := moment(body.get("StateChangeTime"))) else {}),
    }


_READERS: t.Final[t.Mapping[tuple[str, str], t.Callable[[Body, Body, t.Sequence[str]], dict[str, str]]]] = {
    ("aws.ecs", "ECS Deployment State Change"): _ecs_deployment,
    ("aws.ecs", "ECS Service Action"): _ecs_action,
    ("aws.ecs", "ECS Hook State Change"): _ecs_hook,
    ("aws.codedeploy", "CodeDeploy Deployment State-change Notification"): _codedeploy,
    ("aws.codedeploy", "CodeDeploy Instance State-change Notification"): _codedeploy,
    ("aws.cloudwatch", "CloudWatch Alarm State Change"): _alarm,
}


def clean(text: str) -> str:
    """Text that others wrote: on one line, not too long, and never a template, wherever it is put."""
    line = re.sub(r" +", " ", _UNSAFE.sub(" ", text)).strip()
    return _TEMPLATE.sub(lambda found: f"{found[0]} ", line)[:LONGEST_REASON]


def moment(value: t.Any) -> str:
    """A time of AWS as ISO 8601 in UTC, to the second. Empty if there is none, or none that can be read."""
    text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    for parse in (_from_iso, _from_seconds, _from_words):
        try:
            return parse(text).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError, OSError):
            continue
    return ""


def _from_iso(text: str) -> datetime:
    # Nanoseconds, and +0000 without a colon, as Python before 3.11 does not read them.
    plain = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)", text)
    if plain is None:
        raise ValueError(text)
    return datetime.strptime(f"{plain[1]}{plain[2].replace('Z', '+0000').replace(':', '')}", "%Y-%m-%dT%H:%M:%S%z")


def _from_seconds(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), timezone.utc)


def _from_words(text: str) -> datetime:
    """As triggers have it: Thu Oct 13 15:59:37 UTC 2022."""
    return datetime.strptime(text, "%a %b %d %H:%M:%S UTC %Y").replace(tzinfo=timezone.utc)


def _text(body: Body, key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _named(body: Body, key: str, pattern: re.Pattern[str]) -> str:
    value = _text(body, key)
    if not pattern.fullmatch(value):
        raise SetAside("malformed", f"its {key} is {value or repr(body.get(key))}")
    return value


def _free(body: Body, key: str) -> str:
    value = _named(body, key, _FREE_NAME)
    if _TEMPLATE.search(value):
        raise SetAside("malformed", f"its {key} is a template")
    return value


def _known(table: t.Mapping[str, str], word: str) -> str:
    if word not in table:
        raise SetAside("unknown", f"it says {word or 'nothing'}, which is not among {', '.join(table)}")
    return table[word]


def _one(arns: t.Sequence[str], of: str) -> str:
    return next((arn for arn in arns if of in arn), "")


def _some_keys(body: Body) -> str:
    return ", ".join(sorted(map(str, body))[:8]) or "no keys"
