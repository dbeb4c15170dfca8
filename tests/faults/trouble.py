# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can happen to a request, and to the run that sends it. Pure."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

READS = ("BatchGet", "Describe", "Get", "Head", "List")


class Answer(enum.Enum):
    """What comes back."""

    WHOLE = "whole"
    ERROR = "error"
    CLOSED = "closed"
    TRUNCATED = "truncated"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Call:
    """A request. ``number`` counts those of its run from 0."""

    service: str
    operation: str
    params: t.Mapping[str, t.Any]
    number: int

    @property
    def name(self) -> str:
        """``ecs:UpdateService``."""
        return f"{self.service}:{self.operation}"

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return not self.operation.startswith(READS)


@dataclass(frozen=True)
class Fate:
    """What becomes of a request. ``applied``: AWS does it. ``code``, ``message`` and ``status``: of an error."""

    applied: bool = True
    answer: Answer = Answer.WHOLE
    code: str = ""
    message: str = ""
    status: int = 400
    killed_before: bool = False
    killed_after: bool = False


GOOD = Fate()


class Trouble(t.Protocol):
    """What a run meets. Asked once for each request, in order."""

    def meets(self, call: Call) -> Fate:
        """What becomes of this request."""


class _Calm:
    def meets(self, call: Call) -> Fate:
        return GOOD


CALM: Trouble = _Calm()

# Of the services that answer in XML.
_XML = frozenset({"autoscaling", "ec2", "elasticloadbalancing", "elbv2", "s3", "sns", "sts", "iam", "monitoring"})


def _throttled(service: str) -> Fate:
    code = "Throttling" if service in _XML else "ThrottlingException"
    return Fate(False, Answer.ERROR, code, "Rate exceeded", 400)


def _failed(service: str) -> Fate:
    code = "InternalFailure" if service in _XML or service == "codedeploy" else "ServerException"
    return Fate(False, Answer.ERROR, code, "An internal error occurred.", 500)


def _unavailable(service: str) -> Fate:
    code = "ServiceUnavailable" if service in _XML else "ServiceUnavailableException"
    return Fate(False, Answer.ERROR, code, "The service is not available. Try again later.", 503)


def _denied(service: str) -> Fate:
    code = "AccessDenied" if service in _XML else "AccessDeniedException"
    message = "User: arn:aws:iam::123456789012:user/oncall is not authorized to perform this operation"
    return Fate(False, Answer.ERROR, code, message, 403 if service in _XML else 400)


@dataclass(frozen=True)
class Kind:
    """A kind of fault: what it makes of a request, and how many requests of the operation it hits (None: all)."""

    name: str
    fate: t.Callable[[str], Fate]
    times: int | None = 1
    # Whether trying again helps, so that a rollback which only reads meanwhile has to get over it.
    passes: bool = True


KINDS: t.Final = {
    kind.name: kind
    for kind in (
        Kind("throttled-once", _throttled),
        Kind("throttled-thrice", _throttled, times=3),
        Kind("500-once", _failed),
        Kind("503-for-good", _unavailable, times=None, passes=False),
        Kind("reset-before", lambda _service: Fate(False, Answer.CLOSED)),
        Kind("cut-after", lambda _service: Fate(True, Answer.CLOSED)),
        Kind("truncated", lambda _service: Fate(True, Answer.TRUNCATED)),
        Kind("timeout", lambda _service: Fate(False, Answer.TIMEOUT)),
        Kind("denied", _denied, times=None, passes=False),
    )
}


class Fault:
    """A kind of fault that hits an operation from its ``nth`` request on (1: the first)."""

    def __init__(self, kind: Kind, name: str, nth: int = 1) -> None:
        self._kind = kind
        self._name = name
        self._nth = nth
        self._seen = 0
        self.hits = 0

    def meets(self, call: Call) -> Fate:
        """What becomes of this request."""
        if call.name != self._name:
            return GOOD
        self._seen += 1
        if self._seen < self._nth or (self._kind.times is not None and self.hits >= self._kind.times):
            return GOOD
        self.hits += 1
        return self._kind.fate(call.service)


class Kill:
    """SIGKILL before the request of this number is done, or after it is, and before its answer arrives."""

    def __init__(self, number: int, after: bool) -> None:
        self._number = number
        self._after = after

    def meets(self, call: Call) -> Fate:
        """What becomes of this request."""
        if call.number != self._number:
            return GOOD
        return Fate(killed_before=not self._after, killed_after=self._after)
