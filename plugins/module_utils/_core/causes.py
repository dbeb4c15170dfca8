# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether AWS names a cause of a failure that lies outside of the version that was deployed. Pure.

A cause that is not listed here counts as the version's own. So does one that is not named at all: a circuit breaker, an
alarm and health checks that fail say that it does not work, and not why.
"""

from __future__ import annotations

import re
import typing as t

# What such a cause is called in a sentence.
Cause = t.Literal[
    "",
    "capacity",
    "a quota",
    "a role",
    "the network",
    "the registry",
    "the instances",
    "the revision that was there before",
    "AWS itself",
]

# ErrorCode in botocore's model of CodeDeploy
# (https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html says what each of them means).
CODES: t.Final[t.Mapping[str, Cause]] = {
    "AUTOSCALING_VALIDATION_ERROR": "capacity",
    "AUTO_SCALING_CONFIGURATION": "capacity",
    "AUTO_SCALING_IAM_ROLE_PERMISSIONS": "a role",
    "ELASTIC_LOAD_BALANCING_INVALID": "the network",
    "ELB_INVALID_INSTANCE": "the network",
    # Fewer instances are healthy before it begins than the deployment configuration wants to stay so.
    "HEALTH_CONSTRAINTS_INVALID": "capacity",
    "IAM_ROLE_MISSING": "a role",
    "IAM_ROLE_PERMISSIONS": "a role",
    "INTERNAL_ERROR": "AWS itself",
    "MISSING_ELB_INFORMATION": "the network",
    # The bundle comes from there.
    "MISSING_GITHUB_TOKEN": "the registry",
    "NO_INSTANCES": "capacity",
    "OVER_MAX_INSTANCES": "a quota",
    "RESOURCE_LIMIT_EXCEEDED": "a quota",
    "THROTTLED": "a quota",
}
OF_ROLE: t.Final = frozenset(code for code, cause in CODES.items() if cause == "a role")
_CODE: t.Final = re.compile(r"^([A-Z][A-Z0-9_]+)(?::|$)")

# An image that is gone or was never there, and a registry that lets nobody in: waiting cures neither
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html).
_IMAGE_GONE: t.Final = r"not found|manifest unknown|does not exist|invalid reference"
_NOT_LET_IN: t.Final = r"repository.*denied|no basic auth"
PULL_CANNOT_SUCCEED: t.Final = re.compile(f"{_IMAGE_GONE}|{_NOT_LET_IN}", re.IGNORECASE)

# What proves something about a version, whatever else a text says: what it names is gone, it exits, or it
# does not pass its health checks. "CannotPullContainerError" and "ResourceInitializationError":
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html; the errors of Secrets
# Manager and Systems Manager are those of GetSecretValue and GetParameters in their API references.
_ITS_OWN: t.Final = re.compile(
    rf"CannotPull.*(?:{_IMAGE_GONE}|descriptor matching platform)"
    r"|ResourceNotFoundException|can't find the specified secret|invalid ssm parameters|ParameterNotFound"
    r"|essential container|health check|is unhealthy in"
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html
    r"|returned FAILED status",
    re.IGNORECASE | re.DOTALL,
)

_EVENTS: t.Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"
_TASKS: t.Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
_PULLS: t.Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html"
_FAILURES: t.Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html"
_BLUE_GREEN: t.Final = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"

# Pieces of AWS's texts, each with the page that has it. The first that fits is taken.
TEXTS: t.Final[t.Sequence[tuple[str, Cause, str]]] = (
    (r"reached the limit on the number of|configuration is above your limit", "a quota", _EVENTS),
    (r"operations are being throttled|provisioning capacity limit was exceeded", "a quota", _EVENTS),
    (r"capacity is unavailable at this time", "capacity", _EVENTS),
    (r"no container instance met all of its requirements|no container instances were found", "capacity", _EVENTS),
    (r"could not launch \d+ tasks? for deployment", "capacity", _EVENTS),
    (r"\bRESOURCE:(?:CPU|MEMORY|PORTS|ENI|GPU)\b|\bRESOURCE:\*", "capacity", _FAILURES),
    (r"spot task was interrupted|waiting for EphemeralStorage provisioning", "capacity", _TASKS),
    (r"IAM (?:permissions policies have|trust relationship has) been misconfigured", "a role", _EVENTS),
    (r"unable to assume (?:the )?(?:service linked )?role|missing permissions on .*role", "a role", _BLUE_GREEN),
    (r"is not authorized to perform|AccessDenied", "a role", _BLUE_GREEN),
    (r"invalid networking configuration", "the network", _BLUE_GREEN),
    (r"waiting for network interface provisioning", "the network", _TASKS),
    (r"toomanyrequests|too many requests|pull rate limit", "the registry", _PULLS),
    (rf"CannotPull.*(?:{_NOT_LET_IN})", "the registry", _PULLS),
    (r"CannotPull.*(?:500 internal|502 bad gateway|503 service unavailable)", "the registry", _PULLS),
    (r"i/o timeout|context deadline exceeded|no such host|network is unreachable", "the network", _PULLS),
    (r"connection (?:refused|reset|timed out)|request canceled while waiting for connection", "the network", _PULLS),
)
_COMPILED: t.Final = [(re.compile(text, re.IGNORECASE | re.DOTALL), cause) for text, cause, _page in TEXTS]


def outside(*texts: str) -> Cause:
    """The cause that AWS names, in what it says about one failure; empty if that does not lie outside of the version.

    A text can begin with an error code of CodeDeploy (``NO_INSTANCES: …``).
    """
    if any(_ITS_OWN.search(text) for text in texts):
        return ""
    codes = [CODES.get(found[1], "") for found in map(_CODE.match, texts) if found is not None]
    named = [cause for text in texts for pattern, cause in _COMPILED if pattern.search(text)]
    return next((cause for cause in (*codes, *named) if cause), "")
