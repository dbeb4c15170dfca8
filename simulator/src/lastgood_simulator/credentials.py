# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS says when it does not accept who asks, or when.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lastgood_simulator.errors import AwsError
from lastgood_simulator.requests import Request

_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
TEXTS = {
    "OptInRequired": "The AWS access key ID needs a subscription for the service.",
    "RequestExpired": "Request has expired.",
    "AuthFailure": "AWS was not able to validate the provided access credentials",
    "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
    "InvalidClientTokenId": _INVALID,
    "UnrecognizedClientException": _INVALID,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "SignatureDoesNotMatch": _SIGNATURE,
    "InvalidSignatureException": _SIGNATURE,
    "RequestTimeTooSkewed": "The difference between the request time and the current time is too large.",
}
STATUSES = {
    "AuthFailure": 401,
    "ExpiredToken": 403,
    "InvalidAccessKeyId": 403,
    "InvalidClientTokenId": 403,
    "OptInRequired": 403,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
}
# "within five minutes of the timestamp in the request":
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
TOLERANCE = 300.0


def check_time(request: Request, skew: float) -> None:
    """Raise AWS's error for a request that is signed by a clock too far from its own, which is ``skew`` seconds ahead.

    Amazon S3 has a code of its own. The wording of the others is what botocore's users report: "Signature expired: … is
    now earlier than … (… - 5 min.)", "Signature not yet current: … is still later than … (… + 5 min.)".
    """
    if abs(skew) <= TOLERANCE:
        return
    if request.protocol == "rest-xml":
        raise error("RequestTimeTooSkewed")
    stamp = request.headers.get("x-amz-date", "")
    try:
        signed = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        signed = datetime.now(UTC)
    now = signed + timedelta(seconds=skew)
    if skew > 0:
        limit = now - timedelta(seconds=TOLERANCE)
        text = f"Signature expired: {signed:{_STAMP}} is now earlier than {limit:{_STAMP}} ({now:{_STAMP}} - 5 min.)"
    else:
        limit = now + timedelta(seconds=TOLERANCE)
        text = (
            f"Signature not yet current: {signed:{_STAMP}} is still later than {limit:{_STAMP}} "
            f"({now:{_STAMP}} + 5 min.)"
        )
    raise error("InvalidSignatureException" if request.protocol == "json" else "SignatureDoesNotMatch", text)


_STAMP = "%Y%m%dT%H%M%SZ"


def error(code: str, text: str | None = None) -> AwsError:
    """The error with this code, in AWS's words."""
    return AwsError(code, text or TEXTS[code], STATUSES.get(code, 400))
