# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The notification of a rollback. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core import text as core_text

# "No line breaks or control characters, and less than 100 characters long":
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. ASCII, because not all mail programs show more.
_SUBJECT_LENGTH: t.Final = 99
# A message holds 256 KiB at most. The rest is in the report of the run.
_MOST_ITEMS: t.Final = 50
_MOST_TEXT: t.Final = 600
# The commands that resume auto scaling are useful only if they are complete.
_MOST_COMMANDS: t.Final = 100_000
# What a result is about, in the words of ecs_rollback and codedeploy_redeploy.
_PLACE: t.Final = ("cluster", "service", "application", "deployment_group")
_NAMES: t.Final = (*_PLACE, "region", "account", "deployment_id")
_TOPIC: t.Final = re.compile(r"arn:[a-z0-9-]+:sns:(?P<region>[a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}(?P<fifo>\.fifo)?")

Document = t.Dict[str, t.Any]


class BadTopic(ValueError):
    """Not the ARN of an SNS topic."""


@dataclass(frozen=True)
class Topic:
    """An SNS topic and its Region, which may differ from the rollback's."""

    arn: str
    region: str
    fifo: bool

    @classmethod
    def of(cls, arn: str) -> Topic:
        """Parse the ARN. Raises :class:`BadTopic` if it is not a topic's."""
        found = _TOPIC.fullmatch(arn.strip())
        if found is None:
            raise BadTopic(f"topic_arn must be the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME), not {arn!r}")
        return cls(found[0], found["region"], bool(found["fifo"]))


@dataclass(frozen=True)
class Run:
    """One run of a rollback. ``results`` are items as ecs_rollback or codedeploy_redeploy return them.

    Without an ``outcome``, the worst of the results counts.
    """

    id: str
    results: t.Sequence[Document]
    outcome: str = ""
    summary: str = ""
    still_suspended: str = ""
    reason: str = ""
    account: str | None = None
    region: str | None = None


def message(run: Run) -> Document:
    """The message, to be sent as JSON. It must be safe to print in terminals and mail programs."""
    items = sorted((_item(result) for result in run.results), key=lambda item: outcomes.badness(item["outcome"]))
    told = {
        "source": "lastgood.aws",
        "run_id": run.id,
        "outcome": run.outcome or outcomes.worst(item["outcome"] for item in items),
        "summary": _cut(run.summary),
        "still_suspended": _cut(run.still_suspended, _MOST_COMMANDS) or None,
        "reason": _cut(run.reason) or None,
        "account": run.account,
        "region": run.region,
        "results": items[:_MOST_ITEMS],
        "results_left_out": max(0, len(items) - _MOST_ITEMS),
    }
    return t.cast(Document, core_text.clean(told))


def subject(told: Document) -> str:
    """The subject of an email: how it ended, and for what."""
    items = told["results"]
    if not items:
        text = f"{told['outcome']}: {told['summary'] or 'the rollback did not begin'}"
    elif len(items) == 1:
        text = f"{told['outcome']}: {_where(items[0])}{_route(items[0])}"
    else:
        counts = Counter(item["outcome"] for item in items)
        text = f"{told['outcome']}: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}"
        if told["results_left_out"]:
            text += f" and {told['results_left_out']} more"
    text = re.sub(r"[^\x20-\x7e]", "?", text)
    return text if len(text) <= _SUBJECT_LENGTH else f"{text[: _SUBJECT_LENGTH - 3]}..."


def request(topic: Topic, told: Document) -> Document:
    """The parameters of Publish. ``outcome`` is also an attribute, so that subscriptions can filter on it."""
    more = {"MessageGroupId": "lastgood.aws", "MessageDeduplicationId": told["run_id"]} if topic.fifo else {}
    return {
        "TopicArn": topic.arn,
        "Subject": subject(told),
        "Message": json.dumps(told, ensure_ascii=False, indent=2),
        "MessageAttributes": {"outcome": {"DataType": "String", "StringValue": told["outcome"]}},
        **more,
    }


def _item(result: Document) -> Document:
    outcome = str(result.get("outcome") or "failed")
    reason = str(result.get("reason") or "")
    if outcome == "planned":
        outcome, reason = "not_attempted", "the run ended before anything was done for it"
    return {
        **{key: result[key] for key in _NAMES if result.get(key)},
        "outcome": outcome,
        "from": _version(result.get("left")) or _version(result.get("before") or result.get("current")),
        "to": _version(result.get("target_name") or result.get("target")),
        "reason": _cut(reason),
    }


def _version(value: t.Any) -> str | None:
    """A version's name; the version is a name or a dictionary."""
    if isinstance(value, dict):
        value = value.get("task_definition") or value.get("revision_name")
    return str(value) if value else None


def _where(item: Document) -> str:
    names = (item.get(key) for key in _PLACE)
    return "/".join(str(name).rpartition("/")[2] for name in names if name)


def _route(item: Document) -> str:
    # An unchanged item moves nowhere, and a refused one may not know its ends.
    ends = [str(end).rpartition("/")[2] for end in (item["from"], item["to"]) if end]
    # An object's version is long, and says something only if both objects have the same name.
    names = [end.partition(" (")[0] for end in ends]
    ends = names if len(set(names)) == len(names) else ends
    return f" {' -> '.join(ends)}" if ends else ""


def _cut(text: str, most: int = _MOST_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
