# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""AWS's errors in words that somebody can act on at 3 a.m."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ansible_collections.lastgood.aws.plugins.module_utils._aws import identity
from ansible_collections.lastgood.aws.plugins.module_utils._core import text as core_text
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN

THROTTLING_CODES: t.Final = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
)
# Codes that AWSRetry does not know (it knows `Throttling`; ECS and CodeDeploy send `ThrottlingException`).
RETRIED_CODES: t.Final = (
    *THROTTLING_CODES,
    "ServerException",
    "InternalServerError",
    "InternalServiceException",
    "ServiceUnavailableException",
    "ConcurrentUpdateException",
    # EC2 Auto Scaling: "You already have a pending update to an Amazon EC2 Auto Scaling resource".
    "ResourceContention",
)
# Other answers from AWS that mean "not now".
_NOT_NOW: t.Final = ("RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "CredentialRetrievalError")
DENIED_CODES: t.Final = (
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
    "AuthorizationError",
    "403",
)
# What botocore raises if it has no credentials to sign a request with.
_NO_CREDENTIALS: t.Final = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "MfaCodeNeededError",
    "TokenRetrievalError",
    "SSOTokenLoadError",
    "UnauthorizedSSOTokenError",
)
# What botocore raises before sending anything, so a write was certainly not applied.
_NEVER_SENT: t.Final = (*_NO_CREDENTIALS, "ParamValidationError", "NoRegionError")
# IAM's prefix if it differs from botocore's service name.
_IAM_PREFIX: t.Final = {
    "efs": "elasticfilesystem",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
}
# The permission if it is not named like the operation. Without s3:ListBucket, AWS answers 403 for a missing object too
# (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
_PERMISSION: t.Final = {"HeadObject": "s3:GetObject (and s3:ListBucket, to tell a missing object from a forbidden one)"}
# The same as IAM has it in a policy.
_ACTION: t.Final = {"HeadObject": "s3:GetObject"}
_URL_USERINFO: t.Final = re.compile(r"(?<=://)[^/\s]+@")


def action_of(service: str, operation: str) -> str:
    """IAM's name of what an operation of one of botocore's services needs: ``ecs:DescribeServices``."""
    return _ACTION.get(operation, f"{_IAM_PREFIX.get(service, service)}:{operation}")


class AwsCallError(AnsibleAWSError):
    """A call to AWS failed.

    ``message`` says what we tried ("Failed to describe service web"), ``exception`` is botocore's error.
    """

    def __init__(self, message: str, exception: BaseException | None = None, **kwargs: t.Any) -> None:
        super().__init__(message=message, exception=exception, **kwargs)  # type: ignore[no-untyped-call]

    @property
    def code(self) -> str:
        """AWS's error code, or the name of botocore's exception if there was no answer."""
        response = getattr(self.exception, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        return type(self.exception).__name__ if self.exception is not None else ""

    @property
    def detail(self) -> str:
        """AWS's own words on one line, with any credentials in an endpoint's URL removed."""
        return core_text.line(core_text.without_page(_URL_USERINFO.sub("", self._words)))

    @property
    def _words(self) -> str:
        response = getattr(self.exception, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Message", ""))
        return str(self.exception or "")

    @property
    def operation(self) -> str:
        """The API operation (``DescribeServices``); empty if the request never got that far."""
        return str(getattr(self.exception, "operation_name", "") or "")

    @property
    def is_denied(self) -> bool:
        """Whether the identity lacks a permission."""
        return self.code in DENIED_CODES and not self._is_page

    @property
    def is_throttled(self) -> bool:
        """Whether AWS was still throttling after all retries."""
        return self.code in THROTTLING_CODES

    @property
    def no_answer(self) -> bool:
        """Whether no answer came, so a write may or may not have been applied."""
        if self.exception is None or self.code in _NEVER_SENT:
            return False
        # botocore's errors for a broken connection have a `response` too; it is None.
        return not isinstance(getattr(self.exception, "response", None), dict)

    @property
    def status(self) -> int:
        """The HTTP status of the answer, or 0 if there was none."""
        response = getattr(self.exception, "response", None)
        found = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
        return int(found.get("HTTPStatusCode") or 0)

    @property
    def may_pass(self) -> bool:
        """Whether asking again may help: no answer came, AWS is throttling, or its servers are in trouble.

        Anything else is an answer, including expired credentials and missing permissions.
        """
        if self.no_answer or self._is_page or self.is_throttled or self.code in (*RETRIED_CODES, *_NOT_NOW):
            return True
        return self.status == 429 or self.status >= 500

    @property
    def _is_page(self) -> bool:
        """Whether a proxy or the like answered: if an answer is not JSON, botocore uses its text as AWS's message."""
        return core_text.is_page(self._words)

    def explain(self) -> str:
        """One sentence: what failed, AWS's words, and what to do."""
        text = f"{self.message or 'A call to AWS failed'}: {self.code}"
        # What AWS says of a denial is said again in the advice, without the noise.
        said_in_the_advice = self.is_denied and identity.denial(self._words) is not None
        if self.detail and self.detail != self.code and not said_in_the_advice:
            text += f" ({self.detail.rstrip('.')})"
        advice = self._advice()
        return f"{text}. {advice}." if advice else f"{text}."

    def _advice(self) -> str:
        if self._is_page:
            return "Something between here and AWS answered instead of AWS: check the proxy and the endpoint"
        if self.is_denied:
            permission = action_of(str(self.kwargs.get("service", "")) or "ecs", self.operation)
            permission = _PERMISSION.get(self.operation, permission) if self.operation else "it"
            return identity.on_denial(self._words, permission)
        about_credentials = identity.on_code(self.code, self._words)
        if about_credentials:
            return about_credentials
        if self.is_throttled:
            return f"AWS throttled this through all retries: {RUN_AGAIN} in a minute"
        if self.no_answer:
            return f"No answer came from AWS: check the network and the endpoint, then {RUN_AGAIN}"
        return ""


class IncompleteAnswerError(AnsibleAWSError):
    """An answer lacks a field that AWS always sends, so it was cut off on the way.

    botocore turns a truncated body into ``{}``.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message=message)  # type: ignore[no-untyped-call]

    code = "IncompleteAnswer"
    is_denied = False
    is_throttled = False
    no_answer = True
    may_pass = True

    @property
    def detail(self) -> str:
        """What was missing."""
        return str(self.message)

    def explain(self) -> str:
        """One sentence for the person on call."""
        return f"{self.message}. It proves nothing: {RUN_AGAIN}."


class UnknownOperationError(AwsCallError):
    """The installed botocore has no such operation, so nothing was sent."""

    def __init__(self, operation: str, botocore_version: str) -> None:
        super().__init__(message=f"The installed botocore {botocore_version} does not know {operation}")
        self._operation = operation

    code = "UnknownOperation"
    is_denied = False
    is_throttled = False
    no_answer = False
    may_pass = False

    @property
    def operation(self) -> str:
        """The API operation (``ContinueServiceDeployment``)."""
        return self._operation

    @property
    def detail(self) -> str:
        """What is missing."""
        return str(self.message)

    def explain(self) -> str:
        """One sentence for the person on call."""
        return (
            f"{self.message}, so it was not called. Install a newer boto3 and botocore on the machine that runs this, "
            f"then {RUN_AGAIN}."
        )


def of_aws(error: BaseException) -> AwsCallError | IncompleteAnswerError | None:
    """The error if it came from a call to AWS, translated or straight from botocore; None for any other."""
    if isinstance(error, (AwsCallError, IncompleteAnswerError)):
        return error
    # By module name, because botocore may not be installed on the machine that imports this.
    botocores = any(kind.__module__ == "botocore.exceptions" for kind in type(error).__mro__)
    return AwsCallError("", error) if botocores else None


_Function = t.TypeVar("_Function", bound=t.Callable[..., t.Any])


class ServiceErrorHandler(AWSErrorHandler):
    """amazon.aws's error handler, but keeping the types of the functions it decorates."""

    @classmethod
    def common_error_handler(cls, description: str) -> t.Callable[[_Function], _Function]:
        """Raise botocore's errors as :class:`AwsCallError`: "Failed to {description}"."""
        # amazon.aws's handler has no type hints.
        handler: t.Callable[[_Function], _Function] = super().common_error_handler(description)  # type: ignore[no-untyped-call]
        return handler


def error_handler(service: str) -> type[ServiceErrorHandler]:
    """amazon.aws's error handler for one service, raising :class:`AwsCallError`.

    ``service`` is botocore's name of the service; it appears in the permission named when a call is denied.
    """

    class ServiceCallError(AwsCallError):
        def __init__(self, message: str, exception: BaseException | None = None, **kwargs: t.Any) -> None:
            super().__init__(message=message, exception=exception, service=service, **kwargs)

    class Handler(ServiceErrorHandler):
        _CUSTOM_EXCEPTION: type[AnsibleAWSError] = ServiceCallError

    return Handler
