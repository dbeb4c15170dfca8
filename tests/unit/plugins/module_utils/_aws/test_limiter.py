# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Token bucket arithmetic, on a clock that the tests move."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter, TokenBucket
from ansible_collections.lastgood.aws.plugins.module_utils._aws.quotas import Quota

QUOTA = Quota("test", burst=10, rate=4)


def bucket(share: float = 1.0) -> TokenBucket:
    return TokenBucket(QUOTA, share, now=0.0)


def drain(made: TokenBucket, now: float, requests: int) -> list[float]:
    return [made.reserve(now) for _turn in range(requests)]


def test_a_burst_goes_out_at_once_and_the_rest_at_the_rate() -> None:
    assert drain(bucket(), 0.0, 14) == [0.0] * 10 + [0.25, 0.5, 0.75, 1.0]


def test_only_a_share_is_taken() -> None:
    waits = drain(bucket(0.5), 0.0, 7)
    assert waits == [0.0] * 5 + [0.5, 1.0]
    assert bucket(0.6).rate == pytest.approx(2.4)


def test_a_burst_is_never_smaller_than_one_request() -> None:
    assert drain(bucket(0.01), 0.0, 2) == [0.0, pytest.approx(25.0)]


def test_tokens_come_back_at_the_rate_and_no_further_than_the_burst() -> None:
    made = bucket()
    drain(made, 0.0, 10)
    assert drain(made, 0.5, 3) == [0.0, 0.0, 0.25]
    assert drain(made, 1000.0, 11) == [0.0] * 10 + [0.25]


def test_half_a_token_that_is_left_makes_nobody_wait() -> None:
    made = bucket()
    drain(made, 0.0, 10)
    assert drain(made, 0.375, 2) == [0.0, 0.125]


def test_what_came_back_before_the_quota_was_known_came_back_at_the_old_rate() -> None:
    made = bucket()
    drain(made, 0.0, 10)
    made.resize(Quota("test", burst=10, rate=100), 1.0, now=1.0)
    assert drain(made, 1.0, 5) == [0.0] * 4 + [0.01]


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    made = bucket()
    drain(made, 10.0, 10)
    assert made.reserve(5.0) == 0.25
    # What was lent a moment ago is not forgotten.
    assert made.reserve(10.0) == 0.5


def throttle(made: TokenBucket, now: float = 0.0) -> None:
    """As it is when a bucket is empty: not one request is throttled, but several."""
    made.throttled(now, "one")
    made.throttled(now, "another")


def test_throttling_halves_the_rate_and_forgets_what_was_saved_up() -> None:
    made = bucket()
    throttle(made)
    assert made.rate == 2.0
    assert drain(made, 0.0, 2) == [0.5, 1.0]


def test_throttling_forgets_what_was_saved_up_since_the_last_request_too() -> None:
    made = bucket()
    drain(made, 0.0, 10)
    throttle(made, now=100.0)
    assert drain(made, 100.0, 2) == [0.5, 1.0]


def test_throttling_does_not_forgive_a_debt() -> None:
    made = bucket()
    drain(made, 0.0, 14)
    throttle(made)
    assert made.reserve(0.0) == 2.5


def test_throttling_again_and_again_leaves_a_sixteenth() -> None:
    made = bucket()
    for _turn in range(10):
        throttle(made)
    assert made.rate == 0.25


@pytest.mark.parametrize(
    ("second", "now", "halved"), [("one", 1.0, False), ("another", 10.1, False), ("another", 10.0, True)]
)
def test_one_request_that_is_throttled_again_and_again_slows_down_nobody_else(
    second: str, now: float, halved: bool
) -> None:
    made = bucket()
    made.throttled(0.0, "one")
    made.throttled(now, second)
    assert (made.rate < 4.0) == halved


def test_the_rate_comes_back_within_a_minute() -> None:
    made = bucket()
    throttle(made)
    made.reserve(15.0)
    assert made.rate == pytest.approx(3.0)
    made.reserve(30.0)
    assert made.rate == pytest.approx(4.0)
    made.reserve(300.0)
    assert made.rate == pytest.approx(4.0)


# -- many buckets


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def limiter(slices: int = 1) -> tuple[RateLimiter, Time]:
    time = Time()
    return RateLimiter(slices, clock=lambda: time.now, sleep=time.sleep), time


def test_each_quota_has_its_bucket() -> None:
    limit, time = limiter()
    for _turn in range(45):
        limit.acquire("ecs", "UpdateService")
    limit.acquire("ecs", "DescribeServices")
    limit.acquire("codedeploy", "GetDeployment")
    assert time.slept == []
    # 90 % of a burst of 50 is gone: what shares the bucket waits, at 90 % of 5 a second.
    limit.acquire("ecs", "StopServiceDeployment")
    assert time.slept == [pytest.approx(1 / 4.5)]
    assert limit.bucket("ecs", "UpdateService") is limit.bucket("ecs", "StopServiceDeployment")
    assert limit.bucket("ecs", "UpdateService") is not limit.bucket("ecs", "DescribeServices")


def test_a_thousand_requests_take_as_long_as_the_share_of_the_quota_allows() -> None:
    limit, time = limiter()
    for _turn in range(1000):
        limit.acquire("ecs", "UpdateService")
    assert time.now - 100.0 == pytest.approx((1000 - 45) / 4.5)


def test_throttling_slows_only_the_bucket_that_was_throttled() -> None:
    limit, _time = limiter()
    for request in ("one", "another"):
        limit.throttled("ecs", "DescribeServices", request)
    assert limit.bucket("ecs", "ListServices").rate == pytest.approx(6.0)
    assert limit.bucket("ecs", "UpdateService").rate == pytest.approx(4.5)


def test_a_process_that_is_alone_has_the_whole_share() -> None:
    assert RateLimiter().bucket("ecs", "UpdateService").rate == pytest.approx(4.5)


def test_processes_that_share_an_account_share_its_quotas() -> None:
    limit, time = limiter(slices=10)
    for _turn in range(100):
        limit.acquire("ecs", "UpdateService")
    assert time.now - 100.0 == pytest.approx((100 - 4.5) / 0.45)


@pytest.mark.parametrize("slices", [1, 4])
def test_the_accounts_own_figures_count_from_when_they_are_known(slices: int) -> None:
    limit, time = limiter(slices)
    limit.acquire("ecs", "UpdateService")
    limit.learn("ecs", "StopServiceDeployment", burst=500, rate=50)
    for _turn in range(1000 - 1):
        limit.acquire("ecs", "UpdateService")
    assert time.now - 100.0 == pytest.approx((1000 - 450 / slices) / (45 / slices))


def test_only_throttling_slows_down() -> None:
    limit, time = limiter()
    for _turn in range(60):
        limit.acquire("ecs", "TagResource")
    assert limit.slowed_by("ecs", "TagResource") == 0.0
    for request in ("one", "another"):
        limit.throttled("ecs", "TagResource", request)
    assert limit.slowed_by("ecs", "TagResource") == pytest.approx(1 / 4.5)
    time.now += 60
    assert limit.slowed_by("ecs", "TagResource") == 0.0
