# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leaves a machine with a trace, and what does not."""

from __future__ import annotations

import typing as t

import pytest

from tests.live.scrub import RULES, scrub

ACCOUNT = "999988887777"
ID = "0123456789abcdef0123456789abcdef"
UUID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
DIGEST = "sha256:" + "ab" * 32
RUN = "lastgood-live-0a1b2c3d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/web", "arn:aws:ecs:eu-west-1:123456789012:cluster/web"),
        ("arn:aws:ecs:eu-west-1:111122223333:cluster/web", "arn:aws:ecs:eu-west-1:210000000002:cluster/web"),
        (f"arn:aws:iam::{ACCOUNT}:role/Admin", "arn:aws:iam::123456789012:role/role-1"),
        (
            f"arn:aws:iam::{ACCOUNT}:role/lastgood-live/{RUN}-task",
            "arn:aws:iam::123456789012:role/lastgood-live/lastgood-live-00000001-task",
        ),
        (f"arn:aws:iam::{ACCOUNT}:user/jane", "arn:aws:iam::123456789012:assumed-role/caller-1/session"),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/jane@acme.com",
            "arn:aws:sts::123456789012:assumed-role/caller-1/session",
        ),
        ("AKIAIOSFODNN7EXAMPLE", "EXAMPLEKEY1"),
        (UUID, "00000000-0000-0000-0000-000000000001"),
        ("jane.doe@acme.com", "person-1@example.com"),
        ("ip-10-0-0-17.eu-west-1.compute.internal", "host-1.example.com"),
        ("web-1.eu-west-1.elb.amazonaws.com", "host-1.example.com"),
        ("ecs-tasks.amazonaws.com", "ecs-tasks.amazonaws.com"),
        ("10.0.0.17", "192.0.2.1"),
        ("0e:9e:32:c7:48:85", "02:00:00:00:00:01"),
        (f"{RUN}-service-1", "lastgood-live-00000001-service-1"),
        ("ecs-svc/1234567890123456789", "ecs-svc/0000000000000000001"),
        ("d-ABCDE1234", "d-000000001"),
        ("subnet-0123456789abcdef0", "subnet-00000000000000001"),
        ("i-0a1b2c3d", "i-00000001"),
        (f"task/web/{ID}", "task/web/00000000000000000000000000000001"),
        # What is the same for everybody stays.
        (DIGEST, DIGEST),
        ("1.4.0", "1.4.0"),
        ("public.ecr.aws/docker/library/busybox:1.36", "public.ecr.aws/docker/library/busybox:1.36"),
        ("AWS::ECS::Service", "AWS::ECS::Service"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert scrub(text, ACCOUNT) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"ResponseMetadata": {"RequestId": UUID}, "a": 1}, {"a": 1}),
        ({"SessionToken": "abc", "SecretAccessKey": "d"}, {"SessionToken": "redacted", "SecretAccessKey": "redacted"}),
        ({"nextToken": "eyJh"}, {"nextToken": "token-1"}),
        ({"nextToken": None}, {"nextToken": None}),
        (
            {"createdAt": 1790000000.5, "n": 123456789012, "b": True},
            {"createdAt": 1790000000.5, "n": 123456789012, "b": True},
        ),
        ({f"service/{RUN}": 1}, {"service/lastgood-live-00000001": 1}),
        ([{"id": ID}, {"id": ID[::-1]}, {"id": ID}], [{"id": f"{1:032x}"}, {"id": f"{2:032x}"}, {"id": f"{1:032x}"}]),
    ],
)
def test_values(value: t.Any, expected: t.Any) -> None:
    assert scrub(value, ACCOUNT) == expected


def test_everything_together_and_again() -> None:
    secrets = {
        "account": ACCOUNT,
        "other": "111122223333",
        "id": ID,
        "uuid": UUID,
        "host": "ip-10-0-0-17.eu-west-1.compute.internal",
        "address": "10.1.2.3",
        "subnet": "subnet-0123456789abcdef0",
        "deployment": "d-ABCDE1234",
        "person": "jane.doe@acme.com",
        "run": RUN,
        "mac": "0e:9e:32:c7:48:85",
        "user": f"arn:aws:iam::{ACCOUNT}:user/jane",
    }
    trace = {"calls": [{"parameters": secrets, "answer": {"text": " ".join(secrets.values())}}]}
    once = scrub(trace, ACCOUNT)
    left = [secret for secret in secrets.values() if secret in str(once)]
    assert left == []
    assert scrub(once, "123456789012") == once


def test_every_rule_is_tried() -> None:
    assert len(RULES) == 14
