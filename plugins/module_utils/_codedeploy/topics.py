# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a deployment group's notifications can reach anybody. Pure except :func:`read`.

CodeDeploy publishes with the deployment group's service role, which needs sns:Publish ("Grant Amazon SNS permissions to
a CodeDeploy service role" in the user guide). Only the topic's policy is read, not the role's own.
"""

from __future__ import annotations

import fnmatch
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

_SnsErrors: t.Final = error_handler("sns")
# Conditions in topic policies that name accounts; SNS puts the first into a new topic's policy.
_ACCOUNT_KEYS: t.Final = frozenset({"aws:sourceowner", "aws:sourceaccount", "aws:principalaccount"})


@dataclass(frozen=True)
class Topic:
    """A topic, as far as it can be read. ``unknown`` says why not; ``missing``: it does not exist."""

    arn: str
    missing: bool = False
    unknown: str = ""
    policy: t.Any = None
    subscribed: int | None = None
    pending: int = 0
    key: str = ""


def read(aws: Aws, arns: t.Iterable[str]) -> dict[str, Topic]:
    """The topics by ARN. A topic that cannot be read is not an error."""
    return {arn: _read(aws, arn) for arn in dict.fromkeys(arns)}


def _read(aws: Aws, arn: str) -> Topic:
    try:
        attributes = _attributes(aws, arn)
    except (AwsCallError, IncompleteAnswerError) as exc:
        # NotFoundException has the code NotFound on the wire (botocore's model of SNS).
        return Topic(arn, missing=True) if exc.code == "NotFound" else Topic(arn, unknown=exc.explain())
    confirmed = attributes.get("SubscriptionsConfirmed")
    return Topic(
        arn,
        policy=_parsed(attributes.get("Policy") or ""),
        subscribed=int(confirmed) if confirmed is not None else None,
        pending=int(attributes.get("SubscriptionsPending") or 0),
        key=attributes.get("KmsMasterKeyId") or "",
    )


@_SnsErrors.common_error_handler("read the attributes of topic {arn}")
def _attributes(aws: Aws, arn: str) -> dict[str, str]:
    answer = aws.beside.call("sns", "get_topic_attributes", TopicArn=arn)
    return dict(require(answer, "Attributes", "get_topic_attributes"))


def _parsed(policy: str) -> t.Any:
    try:
        return json.loads(policy)
    except ValueError:
        return None


def findings(topic: Topic, role_arn: str) -> tuple[Finding, ...]:
    """Findings before CodeDeploy is configured to publish to a topic with this role."""
    if topic.missing:
        message = f"there is no topic {topic.arn}, so nobody would be notified: create it first"
        return (Finding("notifications", "block", message),)
    if topic.unknown:
        message = f"it is not known whether topic {topic.arn} notifies anybody: {topic.unknown}"
        return (Finding("notifications", "unknown", message),)
    found = []
    refusal = _refusal(topic, role_arn)
    if refusal:
        found.append(Finding("notifications", "warn", refusal))
    if topic.subscribed == 0:
        waiting = f" ({topic.pending} not confirmed yet)" if topic.pending else ""
        message = f"topic {topic.arn} has no confirmed subscription{waiting}, so nobody is notified"
        found.append(Finding("notifications", "warn", message))
    if topic.key:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        message = (
            f"topic {topic.arn} is encrypted with the key {topic.key}: {role_arn} needs kms:GenerateDataKey and "
            "kms:Decrypt for it too"
        )
        found.append(Finding("notifications", "info", message))
    return tuple(found)


def _refusal(topic: Topic, role_arn: str) -> str:
    """Why the topic's policy keeps the role from publishing; empty if it does not, or if that is uncertain."""
    statements = topic.policy.get("Statement") if isinstance(topic.policy, dict) else None
    if not role_arn or not statements:
        return ""
    about_us = [item for item in _listed(statements) if _is_about(item, role_arn)]
    if any(item.get("Effect") == "Deny" and not item.get("Condition") for item in about_us):
        return (
            f"the policy of topic {topic.arn} denies sns:Publish to the group's role {role_arn}, so nobody is notified"
        )
    # Within an account the role's own policies are enough
    # (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
    ours = _account(role_arn)
    if _account(topic.arn) == ours:
        return ""
    if any(item.get("Effect") == "Allow" and _allows_account(item, ours) for item in about_us):
        return ""
    return (
        f"the policy of topic {topic.arn}, which is in another account, does not allow sns:Publish to the group's "
        f"role {role_arn}, so nobody is notified"
    )


def _account(arn: str) -> str:
    return str((parse_aws_arn(arn) or {}).get("account_id") or "")


def _listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else [value]


def _is_about(statement: t.Mapping[str, t.Any], role_arn: str) -> bool:
    actions = [str(action).lower() for action in _listed(statement.get("Action", []))]
    if not any(fnmatch.fnmatchcase("sns:publish", action) for action in actions):
        return False
    principal = statement.get("Principal")
    named = _listed(principal.get("AWS", [])) if isinstance(principal, dict) else _listed(principal)
    account = _account(role_arn)
    return any(who in ("*", role_arn, account) or str(who).endswith(f"::{account}:root") for who in named)


def _allows_account(statement: t.Mapping[str, t.Any], account: str) -> bool:
    """Whether the policy allows this account; conditions on anything else are assumed to hold."""
    for operator, conditions in (statement.get("Condition") or {}).items():
        if operator != "StringEquals":
            continue
        for key, values in conditions.items():
            if key.lower() in _ACCOUNT_KEYS and account not in [str(value) for value in _listed(values)]:
                return False
    return True
