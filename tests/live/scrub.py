# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes out of a trace what belongs to an account: a pure function over JSON, and a table of what to look for.

The same thing gets the same placeholder throughout a trace, in the form that AWS gives such things, so that a trace can
still be sent to the simulator.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

Json = t.Any

ACCOUNT = "123456789012"
# Members that are left out: they say who asked, and nothing about the answer.
DROPPED = frozenset({"ResponseMetadata", "RequestId", "requestId", "ClientRequestToken", "clientToken"})
# Members whose value opens something, or may.
SECRET = frozenset({"AccessKeyId", "SecretAccessKey", "SessionToken", "PackedPolicySize"})
_TOKENS = frozenset({"nextToken", "NextToken", "Marker", "NextMarker"})


def _hex(number: int, digits: int) -> str:
    return format(number, "x").zfill(digits)


def _account(text: str, number: int) -> str:
    del text
    # The first is the account of the run.
    return ACCOUNT if number == 1 else str(210000000000 + number)


def _resource(text: str, number: int) -> str:
    kind, _dash, digits = text.partition("-")
    return f"{kind}-{_hex(number, len(digits))}"


# What it is, how to find it, and its placeholder. The order counts: a UUID has parts that look like something else.
RULES: tuple[tuple[str, str, Callable[[str, int], str]], ...] = (
    (
        "a caller",
        r"(?<=:sts::)\d{12}:(?:assumed-role|federated-user)/[^\s\"']+|(?<=:iam::)\d{12}:user/[^\s\"']+",
        lambda _text, number: f"{ACCOUNT}:assumed-role/caller-{number}/session",
    ),
    (
        "a role",
        r"(?<=:role/)(?!lastgood-live)[\w+=,.@/-]+",
        lambda _text, number: f"role-{number}",
    ),
    ("a key", r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{12,}", lambda _text, number: f"EXAMPLEKEY{number}"),
    (
        "a UUID",
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        lambda _text, number: f"00000000-0000-0000-0000-{_hex(number, 12)}",
    ),
    ("an e-mail address", r"[\w.+-]+@[\w-]+\.[\w.-]+\w", lambda _text, number: f"person-{number}@example.com"),
    (
        "a host",
        r"\bip-\d+-\d+-\d+-\d+[\w.-]*|\b[\w-]+\.[\w.-]+\.amazonaws\.com(?:\.cn)?\b",
        lambda _text, number: f"host-{number}.example.com",
    ),
    ("an address", r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", lambda _text, number: f"192.0.2.{number}"),
    (
        "a hardware address",
        r"\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b",
        lambda _text, number: f"02:00:00:00:00:{_hex(number, 2)}",
    ),
    ("a run", r"lastgood-live-[0-9a-f]{8}(?![0-9a-f])", lambda _text, _number: "lastgood-live-00000001"),
    ("a deployment of ECS", r"(?<=ecs-svc/)\d{8,}", lambda text, number: str(number).zfill(len(text))),
    ("a deployment of CodeDeploy", r"\bd-[A-Z0-9]{9}\b", lambda _text, number: f"d-{number:09d}"),
    (
        "a resource of EC2",
        r"\b(?:subnet|sg|vpc|eni|eni-attach|i|igw|rtb)-(?:[0-9a-f]{17}|[0-9a-f]{8})\b",
        _resource,
    ),
    ("an id", r"(?<![0-9a-zA-Z:])[0-9a-f]{32}(?![0-9a-zA-Z])", lambda _text, number: _hex(number, 32)),
    ("an account", r"(?<!\d)(?<!00000000-0000-0000-0000-)\d{12}(?!\d)", _account),
)
_PATTERNS = tuple((kind, re.compile(pattern), placeholder) for kind, pattern, placeholder in RULES)


def scrub(trace: Json, account: str) -> Json:
    """A trace without what belongs to ``account`` or to whoever ran it. Scrubbing it again changes nothing."""
    # By kind: what was found, and its placeholder.
    seen: dict[str, dict[str, str]] = {"an account": {account: ACCOUNT}}
    return _scrub(trace, seen)


def _scrub(value: Json, seen: dict[str, dict[str, str]]) -> Json:
    if isinstance(value, dict):
        return {_text(key, seen): _member(key, inner, seen) for key, inner in value.items() if key not in DROPPED}
    if isinstance(value, list):
        return [_scrub(inner, seen) for inner in value]
    return _text(value, seen) if isinstance(value, str) else value


def _member(key: str, value: Json, seen: dict[str, dict[str, str]]) -> Json:
    if key in SECRET:
        return "redacted"
    if key in _TOKENS and isinstance(value, str):
        return _placeholder("a token", value, lambda _text, number: f"token-{number}", seen)
    return _scrub(value, seen)


def _text(text: str, seen: dict[str, dict[str, str]]) -> str:
    for kind, pattern, placeholder in _PATTERNS:
        text = pattern.sub(lambda found, k=kind, p=placeholder: _placeholder(k, found[0], p, seen), text)
    return text


def _placeholder(kind: str, text: str, make: Callable[[str, int], str], seen: dict[str, dict[str, str]]) -> str:
    known = seen.setdefault(kind, {})
    if text in known.values():
        return text
    if text not in known:
        made = make(text, len(known) + 1)
        # A placeholder may already stand for something in a trace that was scrubbed before.
        known[text] = text if made == text else made
    return known[text]
