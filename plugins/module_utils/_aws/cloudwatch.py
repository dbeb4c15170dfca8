# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""CloudWatch alarms that watch deployments: whether they exist, and their states."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

_CloudWatchErrors: t.Final = error_handler("cloudwatch")
# DescribeAlarms takes at most 100 names and answers with at most 100 alarms
# (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html).
_ALARMS_PER_CALL: t.Final = 100


@_CloudWatchErrors.common_error_handler("describe the alarms")
def alarm_states(aws: Aws, names: t.Sequence[str]) -> dict[str, str]:
    """The states of the alarms that exist, by name: OK, ALARM or INSUFFICIENT_DATA.

    Raises :class:`AwsCallError` or :class:`IncompleteAnswerError`.
    """
    # Without AlarmTypes, AWS returns metric alarms only. Newer botocores know more types.
    types = list(aws.client("cloudwatch").meta.service_model.shape_for("AlarmType").enum)
    found: dict[str, str] = {}
    for batch in batches(names, _ALARMS_PER_CALL):
        params: dict[str, t.Any] = {"AlarmNames": batch, "AlarmTypes": types, "MaxRecords": _ALARMS_PER_CALL}
        while True:
            page = aws.call("cloudwatch", "describe_alarms", **params)
            # There is one list for each type; all their names end alike.
            require(page, "MetricAlarms", "describe_alarms")
            for key, alarms in page.items():
                if key.endswith("Alarms"):
                    found.update((alarm["AlarmName"], alarm.get("StateValue", "")) for alarm in alarms)
            if not page.get("NextToken"):
                break
            params["NextToken"] = page["NextToken"]
    return found


def alarm_states_if_readable(aws: Aws, names: t.Sequence[str]) -> dict[str, str] | str:
    """The states by name, or a sentence that says why they are not known."""
    try:
        return alarm_states(aws, names)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return exc.explain()


def in_alarm(aws: Aws, names: t.Sequence[str]) -> tuple[str, ...]:
    """Those of the alarms that are in ALARM now. Raises :class:`AwsCallError` or :class:`IncompleteAnswerError`."""
    return judge(names, alarm_states(aws, names)).ringing


class Judged(t.NamedTuple):
    """Alarms that are in ALARM now, and alarms that do not exist."""

    ringing: tuple[str, ...]
    missing: tuple[str, ...]


def judge(names: t.Sequence[str], states: t.Mapping[str, str]) -> Judged:
    """What the states, by name, say of these alarms. One that has none does not exist. Pure."""
    return Judged(
        ringing=tuple(name for name in names if states.get(name) == "ALARM"),
        missing=tuple(name for name in names if name not in states),
    )


def say_ringing(ringing: t.Sequence[str], group: str = "") -> str:
    """That these alarms, of this deployment group, are in ALARM now, in words. Pure."""
    of = f" of deployment group {group}" if group else ""
    return f"{', '.join(ringing)}{of} {'is' if len(ringing) == 1 else 'are'} in ALARM now"


def say_missing(missing: t.Sequence[str]) -> str:
    """That these alarms do not exist, in words. Pure."""
    return f"there is no alarm {' and no alarm '.join(missing)} in this account and Region"


def alarm_findings(names: t.Sequence[str], found: t.Mapping[str, str] | str, in_alarm: str) -> tuple[Finding, ...]:
    """Findings about the alarms that watch a deployment. Pure.

    ``found``: the states by name without alarms that do not exist, or a sentence that says why they are not known.
    ``in_alarm``: what it means if one of them is in ALARM now.
    """
    if isinstance(found, str):
        message = f"whether the alarms {', '.join(names)} exist and what state they are in is not known: {found}"
        return (Finding("alarms", "unknown", message),)
    told = []
    ringing, missing = judge(names, found)
    if missing:
        told.append(Finding("alarms", "warn", f"{say_missing(missing)}, so it cannot go off"))
    if ringing:
        told.append(Finding("alarms", "warn", f"{say_ringing(ringing)}. {in_alarm}"))
    return tuple(told)
