# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alarms where moto differs from AWS: composite ones, their history, and what they publish when their state changes.

Clients speak three protocols with Amazon CloudWatch, so answers are written by moto, from botocore's model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.sns.models import sns_backends

from lastgood_simulator.alarm_rules import holds
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation

SERVICE = "cloudwatch"
_ATTRIBUTE, _REPLACED = "lastgood_history", "lastgood_replaced"
_ACTIONS = {"ALARM": "alarm_actions", "OK": "ok_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}
# "The maximum number of alarm history records to retrieve": API_DescribeAlarmHistory.html
_MOST = 100


def _alarms(account: str, region: str) -> dict[str, Any]:
    alarms: dict[str, Any] = cloudwatch_backends[account][region].alarms
    return alarms


def _state_of(alarms: dict[str, Any], reference: str) -> str | None:
    name = reference.rpartition(":alarm:")[2]
    return str(alarms[name].state_value) if name in alarms else None


def _kind(alarm: Any) -> str:
    return "MetricAlarm" if alarm.rule is None else "CompositeAlarm"


def _note(alarm: Any, now: float, kind: str, summary: str, data: dict[str, Any]) -> None:
    """Keep it for the history, the newest first."""
    item = {
        "AlarmName": alarm.name,
        "AlarmType": _kind(alarm),
        "Timestamp": datetime.fromtimestamp(now, UTC),
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps({"version": "1.0"} | data),
    }
    alarm.__dict__.setdefault(_ATTRIBUTE, []).insert(0, item)


@operation(SERVICE, "PutMetricAlarm")
def put_metric_alarm(context: Context, params: dict[str, Any]) -> None:
    """moto makes a new alarm, even if there is one; its state and its history go over to it in :func:`date`."""
    _keep(context, params)


def _keep(context: Context, params: dict[str, Any]) -> None:
    backend = cloudwatch_backends[context.account][context.region]
    backend.__dict__[_REPLACED] = backend.alarms.get(str(params.get("AlarmName")))


@operation(SERVICE, "PutCompositeAlarm")
def put_composite_alarm(context: Context, params: dict[str, Any]) -> None:
    """Check the rule; what moto lacks is answered by :class:`_Response`."""
    alarms = _alarms(context.account, context.region)
    try:
        holds(str(params.get("AlarmRule") or ""), lambda reference: _state_of(alarms, reference))
    except ValueError as error:
        raise AwsError("ValidationError", str(error)) from None
    _keep(context, params)


@operation(SERVICE, "SetAlarmState")
def set_alarm_state(context: Context, params: dict[str, Any]) -> None:
    """moto sets the state afterwards; the consequences are drawn in :func:`date`."""
    alarm = _alarms(context.account, context.region).get(str(params.get("AlarmName")))
    if alarm is not None:
        alarm.lastgood_before = alarm.state_value


def date(context: Context, operation_name: str, params: dict[str, Any]) -> None:
    """After a request that changes alarms: date the change by the simulator's clock, and draw its consequences."""
    alarms = _alarms(context.account, context.region)
    alarm = alarms.get(str(params.get("AlarmName")))
    if alarm is None:
        return
    moment = datetime.fromtimestamp(context.now, UTC).replace(tzinfo=None)
    alarm.state_updated_timestamp = moment
    if operation_name == "SetAlarmState":
        before = alarm.__dict__.pop("lastgood_before", alarm.state_value)
        if before != alarm.state_value:
            _changed(context, alarm, before)
    else:
        alarm.configuration_updated_timestamp = moment
        _configured(context, alarm)
    _evaluate(context, alarms)


def _configured(context: Context, alarm: Any) -> None:
    """ "When you update an existing alarm, its state is left unchanged": API_PutMetricAlarm.html"""
    replaced = cloudwatch_backends[context.account][context.region].__dict__.pop(_REPLACED, None)
    if replaced is None:
        _note(alarm, context.now, "ConfigurationUpdate", f'Alarm "{alarm.name}" created', {"type": "Create"})
        return
    for name in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp"):
        setattr(alarm, name, getattr(replaced, name))
    alarm.__dict__[_ATTRIBUTE] = replaced.__dict__.get(_ATTRIBUTE, [])
    _note(alarm, context.now, "ConfigurationUpdate", f'Alarm "{alarm.name}" updated', {"type": "Update"})


def _evaluate(context: Context, alarms: dict[str, Any]) -> None:
    """Set the states of composite alarms, which may depend on each other."""
    for _turn in range(len(alarms)):
        changed = False
        for alarm in alarms.values():
            if alarm.rule is None:
                continue
            state = "ALARM" if holds(alarm.rule, lambda reference: _state_of(alarms, reference)) else "OK"
            if state != alarm.state_value:
                before, changed = alarm.state_value, True
                reason = f"{alarm.alarm_arn} transitioned to {state}"
                alarm.update_state(reason, "{}", state)
                alarm.state_updated_timestamp = datetime.fromtimestamp(context.now, UTC).replace(tzinfo=None)
                _changed(context, alarm, before)
        if not changed:
            return


def _changed(context: Context, alarm: Any, before: str) -> None:
    """An alarm has changed its state: note it and carry out its actions."""
    states = {
        "oldState": {"stateValue": before},
        "newState": {"stateValue": alarm.state_value, "stateReason": alarm.state_reason},
    }
    summary = f"Alarm updated from {before} to {alarm.state_value}"
    _note(alarm, context.now, "StateUpdate", summary, states)
    for arn in getattr(alarm, _ACTIONS[alarm.state_value]) or () if alarm.actions_enabled else ():
        topic = sns_backends[context.account][context.region].topics.get(arn)
        done = "Successfully executed" if topic is not None else "Failed to execute"
        if topic is not None:
            subject = f'{alarm.state_value}: "{alarm.name}" in {context.region}'
            topic.publish(json.dumps(_message(context, alarm, before)), subject=subject[:99])
        state = "Succeeded" if topic is not None else "Failed"
        data = {"actionState": state, "notificationResource": arn, "stateUpdateTimestamp": context.now * 1000}
        _note(alarm, context.now, "Action", f"{done} action {arn}", data)


def _message(context: Context, alarm: Any, before: str) -> dict[str, Any]:
    """What Amazon SNS gets.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": context.account,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": datetime.fromtimestamp(context.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Region": context.region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is not None:
        return message | {"AlarmRule": alarm.rule}
    trigger = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic": (alarm.statistic or "").upper(),
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
    }
    return message | {"Trigger": trigger}


def _history(alarms: dict[str, Any], name: str | None, kinds: list[str]) -> Iterator[dict[str, Any]]:
    for alarm in alarms.values():
        if name in (None, alarm.name) and _kind(alarm) in kinds:
            yield from alarm.__dict__.get(_ATTRIBUTE, [])


class _Response:
    """Methods that moto's class is given. moto reads the parameters and writes the answers."""

    def put_composite_alarm(self: Any) -> Any:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
        alarm = self.cloudwatch_backend.put_metric_alarm(
            name=self._get_param("AlarmName"),
            namespace="",
            metric_name="",
            comparison_operator="",
            evaluation_periods=0,
            period=0,
            threshold=0.0,
            statistic="",
            description=self._get_param("AlarmDescription"),
            dimensions=[],
            alarm_actions=self._get_param("AlarmActions", []),
            ok_actions=self._get_param("OKActions", []),
            insufficient_data_actions=self._get_param("InsufficientDataActions", []),
            actions_enabled=self._get_bool_param("ActionsEnabled", True),
            rule=self._get_param("AlarmRule"),
            tags=self._get_param("Tags", []),
        )
        alarm.alarm_rule = alarm.rule
        return EmptyResult()

    def describe_alarms(self: Any) -> Any:
        """ "If you omit this parameter, only metric alarms are returned": API_DescribeAlarms.html, AlarmTypes."""
        result = _DESCRIBE_ALARMS(self).result
        kinds = self._get_param("AlarmTypes") or ["MetricAlarm"]
        for kind in ("MetricAlarm", "CompositeAlarm"):
            if kind not in kinds:
                result[f"{kind}s"] = []
        return ActionResult(result)

    def describe_alarm_history(self: Any) -> Any:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html

        "If you omit this parameter, only metric alarm history is returned": AlarmTypes.
        """
        start, end = (_moment(self._get_param(name)) for name in ("StartDate", "EndDate"))
        kind = self._get_param("HistoryItemType")
        kinds = self._get_param("AlarmTypes") or ["MetricAlarm"]
        items = [
            item
            for item in _history(self.cloudwatch_backend.alarms, self._get_param("AlarmName"), kinds)
            if kind in (None, item["HistoryItemType"])
            and (start is None or item["Timestamp"] >= start)
            and (end is None or item["Timestamp"] <= end)
        ]
        items.sort(key=lambda item: item["Timestamp"], reverse=True)
        if self._get_param("ScanBy") == "TimestampAscending":
            items.reverse()
        first = int(self._get_param("NextToken") or 0)
        last = first + int(self._get_param("MaxRecords") or _MOST)
        token = str(last) if last < len(items) else None
        return ActionResult({"AlarmHistoryItems": items[first:last], "NextToken": token})


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)


_DESCRIBE_ALARMS = CloudWatchResponse.describe_alarms


def install() -> None:
    """Give moto's class the methods."""
    for name in ("put_composite_alarm", "describe_alarms", "describe_alarm_history"):
        setattr(CloudWatchResponse, name, getattr(_Response, name))


install()
