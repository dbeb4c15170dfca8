# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody reads at 3 a.m. when a call fails."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import errors, identity
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    action_of,
    error_handler,
)


def client_error(code: str, message: str = "AWS's own words.", operation: str = "UpdateService") -> Exception:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, operation)


def answered(code: str, status: int) -> Exception:
    found: t.Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return botocore.exceptions.ClientError(found, "DescribeServices")


def failed(exception: Exception, service: str = "ecs") -> AwsCallError:
    @error_handler(service).common_error_handler("update service {name}")
    def update(name: str) -> None:
        raise exception

    with pytest.raises(AwsCallError) as caught:
        update("web")
    return caught.value


DENIED = [
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
    "AuthorizationError",
    "403",
]


@pytest.mark.parametrize("code", DENIED)
def test_denied_names_the_permission(code: str) -> None:
    error = failed(client_error(code))
    assert (error.is_denied, error.no_answer, error.is_throttled) == (True, False, False)
    assert error.explain() == (
        f"Failed to update service web: {code} (AWS's own words). "
        "The identity in use needs the permission ecs:UpdateService."
    )


def test_a_denial_names_what_aws_names_and_not_the_operation() -> None:
    """UpdateService passes the roles of the tasks on, and AWS asks for iam:PassRole."""
    role = "arn:aws:iam::123456789012:role/execution"
    words = f"User: x is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy …"
    assert failed(client_error("AccessDeniedException", words)).explain() == (
        "Failed to update service web: AccessDeniedException. The identity in use needs the permission iam:PassRole on "
        f"{role}."
    )


@pytest.mark.parametrize("code", ["403", "502", "ServiceUnavailable"])
def test_a_proxy_that_answers_in_place_of_aws(code: str) -> None:
    """botocore takes whatever is no JSON for AWS's own message."""
    page = "<!DOCTYPE html>\n<html><head><title>Web Gateway:\n blocked</title></head>\n<body>…</body></html>\n"
    error = failed(client_error(code, page))
    assert not error.is_denied
    assert error.explain() == (
        f"Failed to update service web: {code} (an HTML page: Web Gateway: blocked). "
        "Something between here and AWS answered instead of AWS: check the proxy and the endpoint."
    )


def test_aws_own_words_stay_on_one_line() -> None:
    error = failed(client_error("InvalidParameterException", "no\n[web] rolled_back: \x1b[1mweb:1\u202e"))
    assert error.detail == r"no [web] rolled_back: web:1\u202e"


@pytest.mark.parametrize(
    ("service", "operation", "permission"),
    [
        ("ecs", "ListServiceDeployments", "ecs:ListServiceDeployments"),
        ("application-autoscaling", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
        ("elbv2", "DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth"),
        ("s3", "HeadObject", "s3:GetObject (and s3:ListBucket, to tell a missing object from a forbidden one)"),
    ],
)
def test_permissions_are_spelt_as_iam_does(service: str, operation: str, permission: str) -> None:
    assert (
        f"needs the permission {permission}." in failed(client_error("AccessDenied", "", operation), service).explain()
    )


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "MissingAuthenticationToken",
        "IncompleteSignature",
    ],
)
def test_credentials_that_are_refused(code: str) -> None:
    error = failed(client_error(code))
    assert not error.is_denied
    assert error.explain().endswith(f" {identity.ADVICE[code]}.")


@pytest.mark.parametrize(
    "exception",
    [
        botocore.exceptions.NoCredentialsError(),
        botocore.exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        botocore.exceptions.CredentialRetrievalError(provider="sso", error_msg="expired"),
        botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
        botocore.exceptions.SSOTokenLoadError(error_msg="expired"),
        botocore.exceptions.UnauthorizedSSOTokenError(),
    ],
)
def test_credentials_that_cannot_be_had(exception: Exception) -> None:
    # Nothing was sent: a write was certainly not applied, and the network is not at fault.
    error = failed(exception)
    assert not error.no_answer
    assert error.explain().endswith(f" {identity.ADVICE[type(exception).__name__]}.")
    assert "network" not in error.explain()


# Whether asking again may help, by what came back: a code with its HTTP status, or botocore's error of no answer.
PASSES: list[tuple[Exception, bool]] = [
    (botocore.exceptions.EndpointConnectionError(endpoint_url="https://x"), True),
    (botocore.exceptions.ConnectTimeoutError(endpoint_url="https://x"), True),
    (botocore.exceptions.ReadTimeoutError(endpoint_url="https://x"), True),
    (botocore.exceptions.ConnectionClosedError(endpoint_url="https://x"), True),
    (botocore.exceptions.SSLError(endpoint_url="https://x", error="eof"), True),
    (botocore.exceptions.ProxyConnectionError(proxy_url="http://x", error="gone"), True),
    # The metadata service, or whatever else hands out credentials, is reached over a network, too.
    (botocore.exceptions.CredentialRetrievalError(provider="iam-role", error_msg="timeout"), True),
    (answered("ServerException", 500), True),
    (answered("502", 502), True),
    (answered("ServiceUnavailableException", 503), True),
    (answered("504", 504), True),
    (answered("SomethingNew", 500), True),
    (answered("SomethingNew", 429), True),
    (answered("RequestTimeoutException", 400), True),
    *((answered(code, 400), True) for code in errors.RETRIED_CODES),
    (answered("SomethingNew", 400), False),
    (answered("ClusterNotFoundException", 400), False),
    (answered("InvalidParameterException", 400), False),
    (answered("ExpiredTokenException", 400), False),
    (answered("UnrecognizedClientException", 400), False),
    (answered("AccessDeniedException", 400), False),
    (answered("AccessDenied", 403), False),
    (botocore.exceptions.NoCredentialsError(), False),
    (botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="expired"), False),
    (botocore.exceptions.UnauthorizedSSOTokenError(), False),
    (botocore.exceptions.ParamValidationError(report="no"), False),
]


@pytest.mark.parametrize(("exception", "passes"), PASSES, ids=lambda value: str(value)[:60])
def test_what_may_pass(exception: Exception, passes: bool) -> None:
    assert failed(exception).may_pass is passes


def test_an_answer_that_was_cut_may_pass() -> None:
    assert IncompleteAnswerError("cut").may_pass
    assert not errors.UnknownOperationError("NewOperation", "1.38.10").may_pass


def test_what_is_an_error_of_aws() -> None:
    cut = IncompleteAnswerError("cut")
    raw = botocore.exceptions.ConnectTimeoutError(endpoint_url="https://x")
    assert errors.of_aws(cut) is cut
    found = errors.of_aws(raw)
    assert (found is not None and found.code, found is not None and found.may_pass) == ("ConnectTimeoutError", True)
    assert errors.of_aws(ValueError("a defect")) is None


def test_a_request_that_botocore_refuses_to_send() -> None:
    error = failed(botocore.exceptions.ParamValidationError(report="Invalid type for parameter taskDefinition"))
    assert (error.code, error.no_answer) == ("ParamValidationError", False)
    assert "Invalid type for parameter taskDefinition" in error.explain()


@pytest.mark.parametrize("code", errors.THROTTLING_CODES)
def test_throttled(code: str) -> None:
    error = failed(client_error(code))
    assert (error.is_throttled, error.is_denied) == (True, False)
    assert "AWS throttled this through all retries: run the same command again in a minute." in error.explain()
    assert code in errors.RETRIED_CODES


@pytest.mark.parametrize(
    "exception",
    [
        botocore.exceptions.EndpointConnectionError(endpoint_url="https://ecs.eu-central-1.amazonaws.com/"),
        botocore.exceptions.ConnectionClosedError(endpoint_url="https://ecs.eu-central-1.amazonaws.com/"),
        botocore.exceptions.ReadTimeoutError(endpoint_url="https://ecs.eu-central-1.amazonaws.com/"),
        botocore.exceptions.ConnectTimeoutError(endpoint_url="https://ecs.eu-central-1.amazonaws.com/"),
        botocore.exceptions.ProxyConnectionError(proxy_url="http://proxy:3128"),
    ],
)
def test_no_answer(exception: Exception) -> None:
    error = failed(exception)
    assert (error.no_answer, error.is_denied, error.operation) == (True, False, "")
    assert error.code == type(exception).__name__
    assert "No answer came from AWS: check the network and the endpoint, then run the same command again." in (
        error.explain()
    )


def test_other_errors_are_told_in_aws_s_words() -> None:
    error = failed(client_error("InvalidParameterException", "TaskDefinition is inactive"))
    assert error.explain() == "Failed to update service web: InvalidParameterException (TaskDefinition is inactive)."
    assert (error.code, error.operation, error.detail) == (
        "InvalidParameterException",
        "UpdateService",
        "TaskDefinition is inactive",
    )


@pytest.mark.parametrize("exception", [None, client_error("", "")])
def test_errors_that_say_nothing(exception: Exception | None) -> None:
    error = AwsCallError("", exception)
    assert error.explain().startswith("A call to AWS failed: ")
    assert (error.code, error.detail, error.is_denied, error.no_answer) == ("", "", False, False)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:s3cret@proxy.example:3128/", "https://proxy.example:3128/"),
        ("https://user:s3cr@s3cret@proxy.example/", "https://proxy.example/"),
        ("https://AKIA:s3cret@ecs.example/", "https://ecs.example/"),
        ("https://ecs.example/path?a=b@c", "https://ecs.example/path?a=b@c"),
    ],
)
def test_no_credentials_of_an_url_are_shown(url: str, shown: str) -> None:
    for exception in (
        botocore.exceptions.EndpointConnectionError(endpoint_url=url),
        botocore.exceptions.ProxyConnectionError(proxy_url=url),
        client_error("Some", f"cannot reach {url}"),
    ):
        error = failed(exception)
        assert "s3cret" not in error.explain() + error.detail
        assert shown in error.detail


def test_the_handler_keeps_what_was_raised() -> None:
    denied = client_error("AccessDenied")
    error = failed(denied)
    assert error.exception is denied
    assert error.__cause__ is denied
    assert error.message == "Failed to update service web"


def test_other_exceptions_are_left_alone() -> None:
    @error_handler("ecs").common_error_handler("do it")
    def broken() -> None:
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        broken()


def test_a_cut_answer() -> None:
    error = IncompleteAnswerError("The answer to describe_services lacks 'services', so it was cut off on the way")
    assert (error.code, error.no_answer, error.is_denied, error.is_throttled) == (
        "IncompleteAnswer",
        True,
        False,
        False,
    )
    assert error.explain() == (
        "The answer to describe_services lacks 'services', so it was cut off on the way. "
        "It proves nothing: run the same command again."
    )
    assert error.detail == str(error.message)


def test_every_explanation_ends_as_a_sentence() -> None:
    cases: list[t.Any] = [client_error(c) for c in ("AccessDenied", "ExpiredToken", "Throttling", "Other", "")]
    assert all(failed(case).explain().endswith(".") and ".." not in failed(case).explain() for case in cases)


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ecs", "UpdateService", "ecs:UpdateService"),
        ("elbv2", "DescribeRules", "elasticloadbalancing:DescribeRules"),
        ("efs", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems"),
        ("s3", "HeadObject", "s3:GetObject"),
    ],
)
def test_actions_have_the_names_that_policies_give_them(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action
