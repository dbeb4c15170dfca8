# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's own texts, and what to do about each."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import identity
from ansible_collections.lastgood.aws.plugins.module_utils._aws.identity import Denial

USER = "User: arn:aws:sts::123456789012:assumed-role/ci/b-1 is not authorized to perform: "
WEB, ROLE = "arn:aws:ecs:eu-central-1:123456789012:service/shop/web", "arn:aws:iam::123456789012:role/execution"
BOUNDARY = "arn:aws:iam::123456789012:policy/limits"

DENIALS = [
    (
        f"{USER}ecs:UpdateService on resource: {WEB} because no identity-based policy allows the ecs:UpdateService "
        "action",
        Denial("ecs:UpdateService", WEB, "identity-based policy", False, ""),
        f"The identity in use needs the permission ecs:UpdateService on {WEB}",
    ),
    # UpdateService, for the role of the task.
    (
        f"{USER}iam:PassRole on resource: {ROLE} because no identity-based policy allows the iam:PassRole action",
        Denial("iam:PassRole", ROLE, "identity-based policy", False, ""),
        f"The identity in use needs the permission iam:PassRole on {ROLE}",
    ),
    (
        f"{USER}ecs:UpdateService on resource: {WEB} with an explicit deny in a service control policy",
        Denial("ecs:UpdateService", WEB, "service control policy", True, ""),
        f"A service control policy denies ecs:UpdateService on {WEB} explicitly: only whoever manages the "
        "organization can change that",
    ),
    (
        f"{USER}ecs:UpdateService on resource: {WEB} with an explicit deny in an identity-based policy",
        Denial("ecs:UpdateService", WEB, "identity-based policy", True, ""),
        f"An identity-based policy denies ecs:UpdateService on {WEB} explicitly: another policy that allows it does "
        "not help",
    ),
    (
        f"{USER}ecs:ListServices on resource: * because no permissions boundary allows the ecs:ListServices action",
        Denial("ecs:ListServices", "", "permissions boundary", False, ""),
        "No permissions boundary allows ecs:ListServices: more permissions for the identity do not help, the boundary "
        "has to allow it",
    ),
    (
        f"{USER}ecs:UpdateService on resource: {WEB} with an explicit deny in a permissions boundary: {BOUNDARY}",
        Denial("ecs:UpdateService", WEB, "permissions boundary", True, BOUNDARY),
        f"A permissions boundary {BOUNDARY} denies ecs:UpdateService on {WEB} explicitly: more permissions for the "
        "identity do not help, the boundary has to allow it",
    ),
    (
        f"{USER}ecs:UpdateService on resource: {WEB} because no session policy allows the ecs:UpdateService action",
        Denial("ecs:UpdateService", WEB, "session policy", False, ""),
        f"No session policy allows ecs:UpdateService on {WEB}: whoever assumes the role passes that policy, and has to "
        "allow it there",
    ),
    (
        f"{USER}sns:Publish on resource: arn:aws:sns:eu-central-1:1:t because no VPC endpoint policy allows the "
        "sns:Publish action",
        Denial("sns:Publish", "arn:aws:sns:eu-central-1:1:t", "VPC endpoint policy", False, ""),
        "No VPC endpoint policy allows sns:Publish on arn:aws:sns:eu-central-1:1:t: the policy of the VPC endpoint has "
        "to allow it, or the request has to go another way",
    ),
    # The older, shorter text.
    (
        f"{USER}ecs:UpdateService on resource: {WEB}",
        Denial("ecs:UpdateService", WEB, "", False, ""),
        f"The identity in use needs the permission ecs:UpdateService on {WEB}",
    ),
    ("Forbidden", None, "The identity in use needs the permission ecs:DescribeServices"),
    ("", None, "The identity in use needs the permission ecs:DescribeServices"),
]


@pytest.mark.parametrize(("text", "said", "advice"), DENIALS)
def test_a_denial(text: str, said: Denial | None, advice: str) -> None:
    assert identity.denial(text) == said
    assert identity.on_denial(text, "ecs:DescribeServices") == advice


EARLIER = "Signature expired: 20260921T141320Z is now earlier than 20260921T141921Z (20260921T142421Z - 5 min.)"
LATER = "Signature not yet current: 20260921T141320Z is still later than 20260921T140000Z (20260921T135500Z + 5 min.)"

CODES = [
    ("ExpiredToken", "The security token included in the request is expired", "credentials in use have expired"),
    ("ExpiredTokenException", "", "credentials in use have expired"),
    ("InvalidSignatureException", "The request signature we calculated does not match", "secret access key"),
    ("SignatureDoesNotMatch", "The request signature we calculated does not match", "secret access key"),
    ("InvalidSignatureException", EARLIER, "clock of this machine is wrong"),
    ("SignatureDoesNotMatch", LATER, "clock of this machine is wrong"),
    ("RequestTimeTooSkewed", "", "clock of this machine is wrong"),
    ("RequestExpired", "Request has expired.", "clock of this machine is wrong"),
    ("InvalidClientTokenId", "", "does not know the access key"),
    ("UnrecognizedClientException", "", "does not know the access key"),
    ("InvalidAccessKeyId", "", "does not know the access key"),
    ("AuthFailure", "", "does not know the access key"),
    ("OptInRequired", "", "Region is not enabled"),
    ("NoCredentialsError", "", "No credentials were found"),
    ("PartialCredentialsError", "", "Only half of the credentials"),
    ("UnauthorizedSSOTokenError", "", "aws sso login"),
    ("SSOTokenLoadError", "", "aws sso login"),
    ("TokenRetrievalError", "", "aws sso login"),
    ("MfaCodeNeededError", "", "aws sts get-session-token"),
    ("CredentialRetrievalError", "", "What should hand out the credentials did not"),
]


@pytest.mark.parametrize(("code", "text", "advice"), CODES)
def test_credentials(code: str, text: str, advice: str) -> None:
    assert advice in identity.on_code(code, text)
    assert ("expired" in identity.on_code(code, text)) is ("ExpiredToken" in code or "sso" in advice)


def test_every_code_has_a_line_in_the_table_and_others_have_no_advice() -> None:
    assert {code for code, _text, _advice in CODES} | {"IncompleteSignature", "MissingAuthenticationToken"} == set(
        identity.ADVICE
    )
    assert identity.on_code("ClusterNotFoundException", EARLIER) == ""
