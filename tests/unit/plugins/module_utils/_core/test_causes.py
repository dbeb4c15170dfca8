# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of AWS's reasons lie outside of the version that was deployed."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import causes
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth: "
FETCH = f"{SECRETS}unable to retrieve secret from asm: service call has been retried 1 time(s): "


def test_the_codes_are_those_of_codedeploy() -> None:
    assert set(causes.CODES) <= set(enum("ErrorCode"))


@pytest.mark.parametrize("code", enum("ErrorCode"))
def test_each_code_alone_and_with_a_message(code: str) -> None:
    expected = causes.CODES.get(code, "")
    assert causes.outside(code) == expected
    assert causes.outside("", f"{code}: something, in words") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        # They say that it does not work, and not why.
        ("Service deployment rolled back because the circuit breaker threshold was exceeded.", ""),
        ("ECS deployment circuit breaker: tasks failed to start.", ""),
        ("Service deployment rolled back because of the CloudWatch alarms errors.", ""),
        ("HEALTH_CONSTRAINTS: too many individual instances failed deployment", ""),
        ("TIMEOUT: The deployment timed out while waiting for the replacement task set to become healthy.", ""),
        # capacity and quotas
        ("(service web) was unable to place a task. Reason: Capacity is unavailable at this time.", "capacity"),
        ("was unable to place a task because no container instance met all of its requirements.", "capacity"),
        ("(service web) could not launch 2 tasks for deployment ecs-svc/1.", "capacity"),
        ("RESOURCE:MEMORY", "capacity"),
        ("Your Spot Task was interrupted.", "capacity"),
        ("You've reached the limit on the number of vCPUs you can run concurrently", "a quota"),
        ("Reason: The requested MEMORY configuration is above your limit.", "a quota"),
        ("(service web) operations are being throttled. Will try again later.", "a quota"),
        # roles
        ("TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. ECS was unable to assume role arn:aws:iam::1:role/x", "a role"),
        (
            "Service deployment rolled back because of invalid networking configuration. ECS was unable to manage the "
            "ELB resources due to missing permissions on ECS Infrastructure Role 'arn:aws:iam::1:role/x'.",
            "a role",
        ),
        (f"{FETCH}AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue", "a role"),
        # the network and the registry
        ("rolled back because of invalid networking configuration: Target group x is not associated", "the network"),
        (f"{FETCH}dial tcp 10.0.0.1:443: i/o timeout", "the network"),
        ("CannotPullContainerError: Get https://registry/v2/: net/http: no such host", "the network"),
        ("CannotPullContainerError: toomanyrequests: You have reached your pull rate limit.", "the registry"),
        ("CannotPullContainerError: pull access to the repository web was denied", "the registry"),
        ("CannotPullContainerError: unexpected status code: 503 Service Unavailable", "the registry"),
        # What is gone, or exits, proves something, whatever else is said.
        ("CannotPullContainerError: manifest for registry/web:2 not found: manifest unknown", ""),
        ("CannotPullContainerError: denied: repository web does not exist or may require login", ""),
        (f"{FETCH}ResourceNotFoundException: Secrets Manager can't find the specified secret.", ""),
        (f"{SECRETS}invalid ssm parameters: /web/password. api error AccessDenied", ""),
        ("Essential container in task exited; then Capacity is unavailable at this time", ""),
        ("Task failed ELB health checks in (target-group x): connection refused", ""),
        ("lifecycle hook(s) failed. Lifecycle hook target x returned FAILED status.", ""),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert causes.outside(text) == expected


def test_each_text_has_the_page_that_it_comes_from() -> None:
    assert all(page.startswith("https://docs.aws.amazon.com/AmazonECS/") for _text, _cause, page in causes.TEXTS)


@pytest.mark.parametrize(
    ("text", "hopeless"),
    [
        ("CannotPullContainerError: manifest unknown", True),
        ("CannotPullContainerError: pull access to the repository web was denied", True),
        ("CannotPullContainerError: i/o timeout", False),
    ],
)
def test_what_waiting_does_not_cure(text: str, hopeless: bool) -> None:
    assert bool(causes.PULL_CANNOT_SUCCEED.search(text)) is hopeless
