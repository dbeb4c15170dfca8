# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what: IAM policies for the JSON services, once moto's enforcement is switched on (``POST
/moto-api/reset-auth``), and what the control method ``deny`` forbids.

moto refuses in XML whatever the service speaks; here the refusal is what AWS sends. A request about several resources
is refused as a whole if one of them is forbidden.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.iam.access_control import IAMPolicy, IAMRequest
from werkzeug.exceptions import HTTPException

from lastgood_simulator.condition_keys import values_of
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import OPERATIONS, Context
from lastgood_simulator.passed_roles import passed_roles
from lastgood_simulator.policies import effects
from lastgood_simulator.requests import Request

# The name of a policy's kind, and what AWS calls it in its messages.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
POLICIES = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "endpoint": "VPC endpoint policy",
}
# The prefix of a service's actions where it is not the name that boto3 uses.
_PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
# Actions of S3 that are not named like their operations, by operation: HeadObject needs s3:GetObject
# (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html), ListObjectVersions s3:ListBucketVersions
# (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html).
_ACTIONS_OF_S3 = {"HeadObject": "GetObject", "ListObjectVersions": "ListBucketVersions"}


@dataclass(frozen=True)
class Denial:
    """``action`` and ``resource`` may have wildcards; a resource may also be named as in the request (``web``)."""

    action: str
    resource: str
    policy: str
    explicit: bool
    arn: str | None

    def concerns(self, action: str, resource: str) -> bool:
        """Whether it forbids an action on the resource with this ARN."""
        name = resource.rpartition("/")[2] or resource
        return fnmatch.fnmatchcase(action, self.action) and (
            fnmatch.fnmatchcase(resource, self.resource) or fnmatch.fnmatchcase(name, self.resource)
        )


class Denials:
    """What a test has forbidden."""

    def __init__(self) -> None:
        self._denials: list[Denial] = []

    def add(self, denial: Denial) -> None:
        """Raises ValueError for a kind of policy that does not exist."""
        if denial.policy not in POLICIES:
            raise ValueError(f"unknown policy {denial.policy!r}; there are {', '.join(POLICIES)}")
        self._denials.append(denial)

    def clear(self) -> None:
        """Forbid nothing."""
        self._denials.clear()

    def of(self, action: str, resource: str) -> list[Denial]:
        """Those that forbid an action on a resource."""
        return [denial for denial in self._denials if denial.concerns(action, resource)]

    def check(self, request: Request, context: Context) -> None:
        """Raise AWS's error for a request that is forbidden."""
        if not self._denials or not request.operation:
            return
        for action, resource in needed(request, context):
            for denial in self._denials:
                if denial.concerns(action, resource):
                    text = refusal(context, action, resource, denial.policy, denial.explicit, denial.arn)
                    raise refused(request, text)


def refused(request: Request, text: str) -> AwsError:
    """The error as the service of the request sends it."""
    if request.protocol == "json":
        return AwsError("AccessDeniedException", text)
    return AwsError("UnauthorizedOperation" if request.protocol == "ec2" else "AccessDenied", text, 403)


def check(request: Request, context: Context) -> None:
    """Raise AccessDeniedException unless the caller's policies allow the request."""
    if request.protocol != "json":
        return
    if ActionAuthenticatorMixin.request_count < settings.INITIAL_NO_AUTH_ACTION_COUNT:
        if (request.service, request.operation) in OPERATIONS:
            # moto counts the requests that it sees itself.
            ActionAuthenticatorMixin.request_count += 1
        return
    names = {"authorization": "Authorization", "x-amz-security-token": "X-Amz-Security-Token"}
    headers = {names[name]: value for name, value in request.headers.items() if name in names}
    try:
        iam: Any = IAMRequest(
            account_id=context.account,
            method=request.method,
            path=request.path,
            data=request.params,
            body=request.body,
            headers=headers,
            action=request.operation,
        )
    except HTTPException:
        message = "The security token included in the request is invalid."
        raise AwsError("UnrecognizedClientException", message) from None
    documents = [IAMPolicy(policy)._policy_json["Statement"] for policy in iam._access_key.collect_policies()]
    statements = [one for said in documents for one in (said if isinstance(said, list) else [said])]
    for action, resource in needed(request, context):
        said = effects(statements, values_of(request, context, action, resource), action, resource)
        if "Deny" in said or "Allow" not in said:
            raise refused(request, refusal(context, action, resource, explicit="Deny" in said))


def needed(request: Request, context: Context) -> Iterator[tuple[str, str]]:
    """The actions that a request needs, each with the ARN of a resource: its own, and iam:PassRole."""
    action = action_of(request)
    for resource in resources_of(request, context):
        yield action, resource
    for role in passed_roles(request, context):
        yield "iam:PassRole", role


def action_of(request: Request) -> str:
    """``ecs:UpdateService``."""
    named = _ACTIONS_OF_S3 if request.service == "s3" else {}
    operation = named.get(request.operation, request.operation)
    return f"{_PREFIXES.get(request.service, request.service)}:{operation}"


def resources_of(request: Request, context: Context) -> list[str]:
    """The ARNs of what the request is about, ``*`` if it is about no single thing."""
    prefix = f"arn:aws:{request.service}:{context.region}:{context.account}"
    params = request.params
    for name in ("resourceArn", "ResourceARN", "serviceDeploymentArn"):
        if isinstance(params.get(name), str):
            return [str(params[name])]
    for name in ("serviceDeploymentArns", "serviceRevisionArns", "ResourceARNList"):
        if isinstance(params.get(name), list) and params[name]:
            return [str(arn) for arn in params[name]]
    cluster = str(params.get("cluster") or "default").rpartition("/")[2]
    services = params.get("services") if request.service == "ecs" else None
    if not isinstance(services, list):
        services = [params[name] for name in ("service", "serviceName") if isinstance(params.get(name), str)][:1]
    return [f"{prefix}:service/{cluster}/{str(service).rpartition('/')[2]}" for service in services] or ["*"]


def refusal(
    context: Context,
    action: str,
    resource: str,
    policy: str = "identity",
    explicit: bool = False,
    arn: str | None = None,
) -> str:
    """The text of AWS's AccessDeniedException. ``arn`` is the policy's, which AWS names in newer messages.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    kind = POLICIES[policy]
    article = "an" if kind[0] in "aeiou" else "a"
    why = f"with an explicit deny in {article} {kind}" if explicit else f"because no {kind} allows the {action} action"
    named = f": {arn}" if arn else ""
    return f"User: {context.principal} is not authorized to perform: {action} on resource: {resource} {why}{named}"


def denied(request: Request, context: Context) -> str:
    """The text for a request that no policy allows."""
    return refusal(context, action_of(request), resources_of(request, context)[0])
