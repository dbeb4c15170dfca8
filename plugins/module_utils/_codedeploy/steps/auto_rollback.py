# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""CodeDeploy's own protection of a deployment group: what it is, what it should be, what to send. Pure.

UpdateDeploymentGroup leaves alone what a request omits and replaces what it contains: a list of triggers replaces all
existing ones ("Edit a trigger in a CodeDeploy deployment group" in the user guide sends them all, and so does
Terraform, which sends an empty list to remove all). So we send exactly the members that change, each complete,
including what was read.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import TERMINAL
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

ROLLBACK: t.Final = "autoRollbackConfiguration"
ALARMS: t.Final = "alarmConfiguration"
TRIGGERS: t.Final = "triggerConfigurations"

ON_FAILURE: t.Final = "DEPLOYMENT_FAILURE"
ON_ALARM: t.Final = "DEPLOYMENT_STOP_ON_ALARM"
# TriggerEventType in botocore's model.
NOTIFICATION_EVENTS: t.Final = (
    "DeploymentStart",
    "DeploymentSuccess",
    "DeploymentFailure",
    "DeploymentStop",
    "DeploymentRollback",
    "DeploymentReady",
    "InstanceStart",
    "InstanceSuccess",
    "InstanceFailure",
    "InstanceReady",
)
DEFAULT_NOTIFICATION_EVENTS: t.Final = ("DeploymentFailure", "DeploymentRollback")
# overrideAlarmConfiguration in https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
_IN_ALARM: t.Final = "Until that ends, CodeDeploy stops each deployment of the group that does not override the alarms"


class BadRequest(ValueError):
    """The options are impossible. The message names the option and says what to give instead."""


@dataclass(frozen=True)
class Notification:
    """A trigger of a deployment group: which topic is notified of which events. ``raw`` is what it was read from."""

    name: str
    topic_arn: str
    events: tuple[str, ...]
    raw: t.Mapping[str, t.Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, trigger: t.Mapping[str, t.Any]) -> Notification:
        """Parse a TriggerConfig."""
        return cls(
            str(trigger.get("triggerName") or ""),
            str(trigger.get("triggerTargetArn") or ""),
            tuple(trigger.get("triggerEvents") or ()),
            trigger,
        )

    def does(self) -> tuple[t.Any, ...]:
        """For comparing: the order of events does not matter."""
        return self.name, self.topic_arn, frozenset(self.events)

    def as_request(self) -> dict[str, t.Any]:
        """As a TriggerConfig."""
        return {
            **self.raw,
            "triggerName": self.name,
            "triggerTargetArn": self.topic_arn,
            "triggerEvents": list(self.events),
        }

    def as_dict(self) -> dict[str, t.Any]:
        """As a TriggerConfig."""
        return {"name": self.name, "topic_arn": self.topic_arn, "events": list(self.events)}


@dataclass(frozen=True)
class Settings:
    """What protects a group's deployments. ``raw`` is the DeploymentGroupInfo it was read from."""

    enabled: bool = False
    events: tuple[str, ...] = ()
    alarms_enabled: bool = False
    alarms: tuple[str, ...] = ()
    ignore_poll_alarm_failure: bool = False
    notifications: tuple[Notification, ...] = ()
    raw: t.Mapping[str, t.Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def read(cls, info: t.Mapping[str, t.Any]) -> Settings:
        """Parse a DeploymentGroupInfo."""
        rollback, alarms = info.get(ROLLBACK) or {}, info.get(ALARMS) or {}
        return cls(
            enabled=bool(rollback.get("enabled")),
            events=tuple(rollback.get("events") or ()),
            alarms_enabled=bool(alarms.get("enabled")),
            alarms=tuple(str(alarm["name"]) for alarm in alarms.get("alarms") or () if alarm.get("name")),
            ignore_poll_alarm_failure=bool(alarms.get("ignorePollAlarmFailure")),
            notifications=tuple(Notification.read(trigger) for trigger in info.get(TRIGGERS) or ()),
            raw=info,
        )

    @property
    def watched(self) -> tuple[str, ...]:
        """The alarms that stop a deployment."""
        return self.alarms if self.alarms_enabled else ()

    def rollback(self) -> tuple[t.Any, ...]:
        """The meaning of autoRollbackConfiguration, for comparing."""
        return self.enabled, frozenset(self.events)

    def alarming(self) -> tuple[t.Any, ...]:
        """The meaning of alarmConfiguration, for comparing."""
        return self.alarms_enabled, frozenset(self.alarms), self.ignore_poll_alarm_failure

    def notifying(self) -> frozenset[tuple[t.Any, ...]]:
        """The meaning of triggerConfigurations, for comparing."""
        return frozenset(item.does() for item in self.notifications)

    def same_as(self, other: Settings) -> bool:
        """Whether both mean the same."""
        mine, others = [(s.rollback(), s.alarming(), s.notifying()) for s in (self, other)]
        return mine == others

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "enabled": self.enabled,
            "events": list(self.events),
            "alarms_enabled": self.alarms_enabled,
            "alarms": list(self.alarms),
            "ignore_poll_alarm_failure": self.ignore_poll_alarm_failure,
            "notifications": [item.as_dict() for item in self.notifications],
        }


@dataclass(frozen=True)
class Subject:
    """A deployment group as far as its protection is concerned."""

    name: str
    role_arn: str
    # Ids of running deployments, in one text; empty if there are none.
    in_flight: str
    last_successful: str
    settings: Settings

    @classmethod
    def read(cls, info: t.Mapping[str, t.Any]) -> Subject:
        """Parse a DeploymentGroupInfo."""
        attempted = info.get("lastAttemptedDeployment") or {}
        running = attempted.get("status") and attempted["status"] not in TERMINAL
        return cls(
            name=str(info["deploymentGroupName"]),
            role_arn=str(info.get("serviceRoleArn") or ""),
            in_flight=str(attempted.get("deploymentId") or "") if running else "",
            last_successful=str((info.get("lastSuccessfulDeployment") or {}).get("deploymentId") or ""),
            settings=Settings.read(info),
        )


@dataclass(frozen=True)
class Wish:
    """What is asked for; None means "leave alone". ``removed`` are names of notifications."""

    enabled: bool | None = None
    events: tuple[str, ...] | None = None
    alarms_enabled: bool | None = None
    alarms: tuple[str, ...] | None = None
    ignore_poll_alarm_failure: bool | None = None
    notifications: tuple[Notification, ...] = ()
    removed: frozenset[str] = frozenset()
    purge_notifications: bool = False

    @property
    def about_alarms(self) -> bool:
        """Whether it says anything about alarms."""
        return any(given is not None for given in (self.alarms_enabled, self.alarms, self.ignore_poll_alarm_failure))


def group_names(params: t.Mapping[str, t.Any]) -> list[str]:
    """The deployment groups, in order, without duplicates. Raises :class:`BadRequest` for an empty list or name."""
    given = [str(name).strip() for name in params["deployment_group"]]
    if not given or not all(given):
        raise BadRequest("deployment_group: no deployment group is named. Give at least one, and no empty names")
    return list(dict.fromkeys(given))


def wish(params: t.Mapping[str, t.Any]) -> Wish:
    """What the options ask for, which must be something. Raises :class:`BadRequest`."""
    found = wish_or_none(params)
    if found == Wish():
        raise BadRequest("nothing is asked for. Give at least one setting, such as enabled: true")
    return found


def wish_or_none(params: t.Mapping[str, t.Any]) -> Wish:
    """What the options ask for, which may be nothing. Raises :class:`BadRequest`."""
    given = params["notifications"] or []
    names = [item["name"].strip() for item in given]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or not all(names):
        raise BadRequest(f"notifications: the name '{twice or ''}' is empty or given twice: each needs its own")
    return Wish(
        enabled=params["enabled"],
        events=_texts(params["events"]),
        alarms_enabled=params["alarms_enabled"],
        alarms=_texts(params["alarms"]),
        ignore_poll_alarm_failure=params["ignore_poll_alarm_failure"],
        notifications=tuple(_notification(item) for item in given if item["state"] == "present"),
        removed=frozenset(item["name"].strip() for item in given if item["state"] == "absent"),
        purge_notifications=params["purge_notifications"] and params["notifications"] is not None,
    )


def _texts(given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    present = tuple(dict.fromkeys(text.strip() for text in given if text.strip()))
    # An empty string means nothing was given: AWX surveys send those. An empty list means "none".
    return present if present or not given else None


def _notification(given: t.Mapping[str, t.Any]) -> Notification:
    name, topic = given["name"].strip(), (given["topic_arn"] or "").strip()
    parsed = parse_aws_arn(topic)
    if not parsed or parsed["service"] != "sns" or ":" in parsed["resource"]:
        raise BadRequest(
            f"notifications: topic_arn of {name}: '{topic}' is not the ARN of an SNS topic, such as "
            "arn:aws:sns:eu-central-1:123456789012:deployments"
        )
    return Notification(name, topic, _texts(given["events"]) or DEFAULT_NOTIFICATION_EVENTS)


def desired(present: Settings, wanted: Wish) -> Settings:
    """What the settings should be."""
    alarms = present.alarms if wanted.alarms is None else wanted.alarms
    alarms_enabled = wanted.alarms_enabled
    if alarms_enabled is None:
        # Somebody who names alarms wants them watched.
        alarms_enabled = present.alarms_enabled if wanted.alarms is None else bool(wanted.alarms)
    enabled = present.enabled if wanted.enabled is None else wanted.enabled
    events = present.events if wanted.events is None else wanted.events
    if wanted.enabled and wanted.events is None and not events:
        events = (ON_FAILURE, ON_ALARM) if alarms_enabled and alarms else (ON_FAILURE,)
    ignore = wanted.ignore_poll_alarm_failure
    return replace(
        present,
        enabled=enabled,
        events=events,
        alarms_enabled=alarms_enabled,
        alarms=alarms,
        ignore_poll_alarm_failure=present.ignore_poll_alarm_failure if ignore is None else ignore,
        notifications=_merged(present.notifications, wanted),
    )


def _merged(present: t.Sequence[Notification], wanted: Wish) -> tuple[Notification, ...]:
    asked = {item.name: item for item in wanted.notifications}
    kept = []
    for item in present:
        mine = asked.pop(item.name, None)
        if mine is not None:
            kept.append(item if item.does() == mine.does() else replace(mine, raw=item.raw))
        elif item.name not in wanted.removed and not wanted.purge_notifications:
            kept.append(item)
    return (*kept, *asked.values())


def request(present: Settings, wanted: Settings) -> dict[str, t.Any]:
    """The members of UpdateDeploymentGroup to send: those that change, each complete. Empty if nothing changes."""
    found: dict[str, t.Any] = {}
    if wanted.rollback() != present.rollback():
        found[ROLLBACK] = {
            **(present.raw.get(ROLLBACK) or {}),
            "enabled": wanted.enabled,
            "events": list(wanted.events),
        }
    if wanted.alarming() != present.alarming():
        found[ALARMS] = {
            **(present.raw.get(ALARMS) or {}),
            "enabled": wanted.alarms_enabled,
            "ignorePollAlarmFailure": wanted.ignore_poll_alarm_failure,
            "alarms": [{"name": name} for name in wanted.alarms],
        }
    if wanted.notifying() != present.notifying():
        found[TRIGGERS] = [item.as_request() for item in wanted.notifications]
    return found


def told(present: Settings, wanted: Settings) -> str:
    """What changes, in words."""
    found = []
    if wanted.rollback() != present.rollback():
        on = f"on {', '.join(wanted.events)}" if wanted.enabled else "off"
        found.append(f"automatic rollback {on}")
    if wanted.alarming() != present.alarming():
        unread = ", also while they cannot be read" if wanted.watched and wanted.ignore_poll_alarm_failure else ""
        found.append(f"alarms on: {', '.join(wanted.watched)}{unread}" if wanted.watched else "alarms off")
    before = {item.name: item for item in present.notifications}
    after = {item.name: item for item in wanted.notifications}
    for name, item in after.items():
        if name not in before or before[name].does() != item.does():
            found.append(f"{item.topic_arn} gets {', '.join(item.events)} ({name})")
    gone = [name for name in before if name not in after]
    if gone:
        found.append(f"notifications removed: {', '.join(gone)}")
    return "; ".join(found)


def findings(subject: Subject, wanted: Settings, asked: Wish) -> tuple[Finding, ...]:
    """Findings before the group's settings become ``wanted``. A ``block`` must not be written."""
    blocks = _blocks(wanted, asked)
    if blocks:
        return blocks
    return (*_of_what_never_happens(wanted, asked), *_of_watching(wanted), *_of_deployments(subject, wanted))


def _of_what_never_happens(wanted: Settings, asked: Wish) -> t.Iterator[Finding]:
    """Findings about events that roll nothing back."""
    if asked.events and not wanted.enabled:
        message = "events are named, but automatic rollback is off: nothing is rolled back. Give enabled: true"
        yield Finding("events", "warn", message)
    if _is_on_alarm(wanted) and not wanted.watched:
        yield Finding("alarms", "warn", f"{ON_ALARM} never happens, since no alarms are watched")


def _of_watching(wanted: Settings) -> t.Iterator[Finding]:
    """Findings about what the watched alarms do not do."""
    if wanted.watched and not _is_on_alarm(wanted):
        message = f"an alarm stops a deployment, but does not roll it back: {ON_ALARM} is not among the events"
        if wanted.enabled:
            yield Finding("events", "warn", message)
        else:
            yield Finding("events", "info", f"{message}, and they are off")
    if wanted.watched and wanted.ignore_poll_alarm_failure:
        message = "a deployment goes on while the alarms cannot be read, and is not stopped by them then"
        yield Finding("alarms", "info", message)


def _of_deployments(subject: Subject, wanted: Settings) -> t.Iterator[Finding]:
    """Findings about the group's last successful deployment and the one in flight."""
    if wanted.enabled and not subject.last_successful:
        # "rolled back … to the last known good version": deployments-rollback-and-redeploy.html in the user guide.
        message = "no deployment of this group has succeeded yet, so CodeDeploy has nothing to roll back to"
        yield Finding("history", "info", message)
    if subject.in_flight and not wanted.same_as(subject.settings):
        message = (
            f"deployment {subject.in_flight} is in flight. AWS does not document whether the new settings already "
            "apply to it"
        )
        yield Finding("in_flight", "info", message)


def _is_on_alarm(wanted: Settings) -> bool:
    return wanted.enabled and ON_ALARM in wanted.events


def _blocks(wanted: Settings, asked: Wish) -> tuple[Finding, ...]:
    found = []
    if wanted.enabled and not wanted.events and (asked.enabled or asked.events is not None):
        message = "automatic rollback would be on without any event, which AWS refuses: name events, or turn it off"
        found.append(Finding("events", "block", message))
    if asked.about_alarms and wanted.alarms_enabled and not wanted.alarms:
        message = "no alarms are named, neither by alarms nor in the deployment group, so there is nothing to enable"
        found.append(Finding("alarms", "block", message))
    elif wanted.enabled and ON_ALARM in (asked.events or ()) and not wanted.watched:
        message = (
            f"events has {ON_ALARM}, but no alarms would be watched, so it could never happen: name alarms, or leave "
            "that event out"
        )
        found.append(Finding("alarms", "block", message))
    return tuple(found)


def alarm_findings(wanted: Settings, states: t.Mapping[str, str] | str) -> tuple[Finding, ...]:
    """Findings about the alarms. ``states`` by name, without alarms that do not exist, or a text: why they are not
    known.
    """
    return cloudwatch.alarm_findings(wanted.watched, states, _IN_ALARM) if wanted.watched else ()
