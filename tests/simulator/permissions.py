# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM policies for the JSON services, once moto's enforcement is switched on (``POST /moto-api/reset-auth``).

moto refuses in XML whatever the service speaks; here the refusal is what AWS sends.
"""

from __future__ import annotations

from typing import Any

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError
from moto.iam.access_control import IAMRequest
from werkzeug.exceptions import HTTPException

from tests.simulator.errors import AwsError
from tests.simulator.operations import OPERATIONS, Context
from tests.simulator.requests import Request


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
        iam.check_action_permitted(resource_of(request, context))
    except AccessDeniedError:
        raise AwsError("AccessDeniedException", denied(request, context)) from None
    except HTTPException:
        message = "The security token included in the request is invalid."
        raise AwsError("UnrecognizedClientException", message) from None


def resource_of(request: Request, context: Context) -> str:
    """The ARN of what the request is about, ``*`` where it is about no single thing."""
    prefix = f"arn:aws:{request.service}:{context.region}:{context.account}"
    params = request.params
    for name in ("resourceArn", "ResourceARN", "serviceDeploymentArn"):
        if isinstance(params.get(name), str):
            return str(params[name])
    cluster = str(params.get("cluster") or "default").rpartition("/")[2]
    for name in ("service", "serviceName"):
        if isinstance(params.get(name), str):
            return f"{prefix}:service/{cluster}/{params[name].split('/')[-1]}"
    services = params.get("services")
    if request.service == "ecs" and isinstance(services, list) and services:
        return f"{prefix}:service/{cluster}/{str(services[0]).rpartition('/')[2]}"
    return "*"


def denied(request: Request, context: Context) -> str:
    """The text of AWS's AccessDeniedException.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    action = f"{request.service}:{request.operation}"
    return (
        f"User: {context.principal} is not authorized to perform: {action} on resource: "
        f"{resource_of(request, context)} because no identity-based policy allows the {action} action"
    )
