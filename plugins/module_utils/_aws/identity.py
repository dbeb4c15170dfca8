# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What to do if AWS does not let us: who has to change what, taken from AWS's own words. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN

_RENEW: t.Final = f"The credentials in use have expired: renew them and {RUN_AGAIN}"
_CLOCK: t.Final = f"The clock of this machine is wrong, and the credentials are not at fault: set it and {RUN_AGAIN}"
_UNKNOWN_KEY: t.Final = (
    "AWS does not know the access key: it was deleted or deactivated, comes without its session token, or belongs to "
    "other Regions than the one asked (an account has to enable newer Regions). Check it"
)
_WRONG_SECRET: t.Final = "The secret access key does not belong to the access key: check that both are whole"
_SIGN_IN: t.Final = f"The sign-in is missing or has expired: run 'aws sso login' with this profile and {RUN_AGAIN}"

# By AWS's code, or by the name of botocore's exception. The codes of AWS:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
ADVICE: t.Final[t.Mapping[str, str]] = {
    "AuthFailure": _UNKNOWN_KEY,
    "CredentialRetrievalError": f"What should hand out the credentials did not: look at its error, and {RUN_AGAIN}",
    "ExpiredToken": _RENEW,
    "ExpiredTokenException": _RENEW,
    "IncompleteSignature": "The request was changed on its way: check the proxy and the endpoint",
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "InvalidSignatureException": _WRONG_SECRET,
    "MfaCodeNeededError": "Nobody can type its code here: assume the role before, as with 'aws sts get-session-token "
    "--serial-number … --token-code …', and give the keys and the token that come out",
    "MissingAuthenticationToken": "The request came without a signature: check the proxy and the endpoint",
    "NoCredentialsError": "No credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and its secret, give the "
    "option profile, or run this where a role is attached",
    "OptInRequired": "The account is not signed up for this service, or the Region is not enabled for it: enable it, "
    "or check the Region",
    "PartialCredentialsError": "Only half of the credentials is there: give the access key and its secret",
    # "the request reached the service more than 15 minutes after the date stamp", or a presigned one is old.
    "RequestExpired": _CLOCK,
    "RequestTimeTooSkewed": _CLOCK,
    "SSOTokenLoadError": _SIGN_IN,
    "SignatureDoesNotMatch": _WRONG_SECRET,
    "TokenRetrievalError": _SIGN_IN,
    "UnauthorizedSSOTokenError": _SIGN_IN,
    "UnrecognizedClientException": _UNKNOWN_KEY,
}
# "Signature expired: 20260921T141320Z is now earlier than …": the codes are those of a wrong secret.
_SKEWED: t.Final = re.compile(r"Signature (?:expired|not yet current)\b")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html has these texts.
_DENIED: t.Final = re.compile(
    r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?(?P<why>.*)", re.DOTALL
)
_POLICY: t.Final = re.compile(
    r"(?:no|in an?) (?P<kind>service control policy|resource control policy|permissions boundary|session policy"
    r"|VPC endpoint policy|resource-based policy|identity-based policy)(?::? (?P<arn>arn:\S+))?"
)
# Who can change each kind of policy, if that is not the policies of the identity in use.
_OWNERS: t.Final[t.Mapping[str, str]] = {
    "service control policy": "only whoever manages the organization can change that",
    "resource control policy": "only whoever manages the organization can change that",
    "permissions boundary": "more permissions for the identity do not help, the boundary has to allow it",
    "session policy": "whoever assumes the role passes that policy, and has to allow it there",
    "VPC endpoint policy": "the policy of the VPC endpoint has to allow it, or the request has to go another way",
    "resource-based policy": "the policy of the resource has to allow it",
}


class Denial(t.NamedTuple):
    """What AWS says about a request that it denied. ``kind`` is the kind of policy, empty if AWS does not name one."""

    action: str
    resource: str
    kind: str
    explicit: bool
    policy: str


def denial(text: str) -> Denial | None:
    """What AWS's text says, or None if it says nothing."""
    found = _DENIED.search(text)
    if found is None:
        return None
    policy = _POLICY.search(found["why"])
    # A role is passed *on* a resource; "*" stands for all of them.
    resource = (found["resource"] or "").rstrip(".,")
    return Denial(
        found["action"],
        "" if resource == "*" else resource,
        policy["kind"] if policy else "",
        "explicit deny" in found["why"],
        (policy["arn"] or "").rstrip(".,") if policy else "",
    )


def on_denial(text: str, permission: str) -> str:
    """What to do about it. ``permission`` is the one that the operation needs, if AWS does not name another."""
    said = denial(text)
    if said is None:
        return f"The identity in use needs the permission {permission}"
    what = said.action + (f" on {said.resource}" if said.resource else "")
    owner = _OWNERS.get(said.kind)
    article = "An" if said.kind.startswith("identity") else "A"
    named = f"{said.kind} {said.policy}".strip()
    if said.explicit and said.kind:
        then = owner or "another policy that allows it does not help"
        return f"{article} {named} denies {what} explicitly: {then}"
    if owner is not None:
        return f"No {named} allows {what}: {owner}"
    return f"The identity in use needs the permission {what}"


def on_code(code: str, text: str) -> str:
    """What to do about credentials that AWS does not accept, or that there are none of; empty for any other error."""
    if code in ADVICE and _SKEWED.search(text):
        return _CLOCK
    return ADVICE.get(code, "")
