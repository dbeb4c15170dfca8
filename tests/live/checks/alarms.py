# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployment alarms."""

from __future__ import annotations

import typing as t

from tests.live.check import Answer, Fact, check
from tests.live.lab import IMAGE, OTHER_IMAGE, Lab


@check(
    16,
    "alarms-before-and-during",
    "What does an alarm do that is in ALARM before a deployment starts, and one that gets there during it?",
    "The first is ignored for that deployment; the second takes it back",
)
def alarms(lab: Lab) -> Answer:
    cloudwatch, name = lab.client("cloudwatch"), lab.name("alarm")
    lab.cleanup.add(f"alarm {name}", lambda: cloudwatch.delete_alarms(AlarmNames=[name]))
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=lab.run,
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        # No data ever comes, and the state stays as it is set.
        TreatMissingData="ignore",
        Tags=[{"Key": key, "Value": value} for key, value in lab.tags.items()],
    )

    def set_state(state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="asked by make live")

    watched: dict[str, t.Any] = {
        "deploymentConfiguration": {
            "bakeTimeInMinutes": 3,
            "alarms": {"alarmNames": [name], "enable": True, "rollback": True},
        }
    }
    set_state("OK")
    first, second = lab.define(IMAGE), lab.define(OTHER_IMAGE)
    service = lab.service(first)
    lab.wait("the first deployment", lambda: lab.completed(service))
    set_state("ALARM")
    lab.place.sleep(10)
    before = lab.begun(service, second, **watched)
    begin = lab.place.now()
    statuses_before = lab.followed(before, 1200, 5)
    baked = round(lab.place.now() - begin)
    shown = lab.record(before).get("alarms", {})
    set_state("OK")
    lab.wait("one version alone", lambda: lab.completed(service), 600)
    during = lab.begun(service, first, **watched)
    lab.place.sleep(45)
    set_state("ALARM")
    statuses_during = lab.followed(during, 1200, 5)
    facts: dict[str, Fact] = {
        "before": statuses_before[-1],
        "before_shows": str(shown.get("status", "none")),
        "before_took_seconds": baked,
        "during": statuses_during[-1],
        "during_shows": str(lab.record(during).get("alarms", {}).get("status", "none")),
        "during_names_the_alarm": name in lab.record(during).get("alarms", {}).get("triggeredAlarmNames", []),
    }
    return Answer(
        f"before: {facts['before']} ({facts['before_shows']}, {baked} s); during: {' > '.join(statuses_during)}", facts
    )
