# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A client-side rate limiter that leaves part of the account's request quotas to everybody else."""

from __future__ import annotations

import threading
import time
import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.quotas import Quota, quota_of

# Throttling halves a bucket's rate: how low it may go, and how long it takes to recover the full rate.
_LEAST_FRACTION: t.Final = 1 / 16
_RECOVERY_SECONDS: t.Final = 60.0
# If AWS throttles two different requests within this time, it is the bucket that is empty, and not one resource that is
# busy: that one waits on its own, and nobody else waits for it.
_TOGETHER_SECONDS: t.Final = 10.0


class TokenBucket:
    """A token bucket that is halved when AWS throttles and recovers linearly.

    Pure: the caller passes the time, in seconds on a monotonic clock.
    """

    def __init__(self, quota: Quota, share: float, now: float) -> None:
        self._fraction = 1.0
        self._updated = now
        # The request that AWS throttled last, and when.
        self._throttled = ""
        self._throttled_at = float("-inf")
        self._resize(quota, share)
        self._tokens = self._burst

    def _resize(self, quota: Quota, share: float) -> None:
        self._burst = max(1.0, quota.burst * share)
        self._full_rate = quota.rate * share

    def resize(self, quota: Quota, share: float, now: float) -> None:
        """The account's quota is another one. What has been taken so far counts."""
        self._advance(now)
        before = self._burst
        self._resize(quota, share)
        self._tokens += self._burst - before

    @property
    def rate(self) -> float:
        """The current refill, in requests per second."""
        return self._full_rate * self._fraction

    def _advance(self, now: float) -> None:
        elapsed = max(0.0, now - self._updated)
        self._updated = max(now, self._updated)
        self._tokens = min(self._burst, self._tokens + elapsed * self.rate)
        self._fraction = min(1.0, self._fraction + elapsed / _RECOVERY_SECONDS)

    def reserve(self, now: float) -> float:
        """Take one token. Returns how many seconds to wait before the request may be sent."""
        self._advance(now)
        self._tokens -= 1.0
        return 0.0 if self._tokens >= 0 else -self._tokens / self.rate

    def wait(self, now: float) -> float:
        """How many seconds :meth:`reserve` would have to wait."""
        self._advance(now)
        return max(0.0, (1.0 - self._tokens) / self.rate)

    @property
    def is_slowed(self) -> bool:
        """AWS throttled within the last minute."""
        return self._fraction < 1.0

    def throttled(self, now: float, request: str) -> None:
        """AWS throttled a request: drop saved tokens and halve the rate, unless it is always the same one."""
        self._advance(now)
        same = self._throttled == request
        alone = same or now - self._throttled_at > _TOGETHER_SECONDS
        self._throttled, self._throttled_at = request, now
        if alone:
            return
        self._tokens = min(self._tokens, 0.0)
        self._fraction = max(_LEAST_FRACTION, self._fraction / 2)


class RateLimiter:
    """One bucket per published quota, shared by all threads of this process.

    ``slices`` is how many processes like this one share the account's quotas; each gets an equal part.
    """

    def __init__(
        self,
        slices: int = 1,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.slices = max(1, slices)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[str, TokenBucket] = {}

    def bucket(self, service: str, operation: str) -> TokenBucket:
        """The bucket for this operation, created on first use."""
        quota = quota_of(service, operation)
        if quota.name not in self._buckets:
            self._buckets[quota.name] = TokenBucket(quota, quota.share / self.slices, self._clock())
        return self._buckets[quota.name]

    def acquire(self, service: str, operation: str) -> None:
        """Wait until one more request of this operation may be sent."""
        with self._lock:
            wait = self.bucket(service, operation).reserve(self._clock())
        if wait > 0:
            self._sleep(wait)

    def slowed_by(self, service: str, operation: str) -> float:
        """How many seconds a request of this operation would wait now because AWS has throttled; 0 if it has not."""
        with self._lock:
            bucket = self.bucket(service, operation)
            wait = bucket.wait(self._clock())
            return wait if bucket.is_slowed else 0.0

    def learn(self, service: str, operation: str, burst: float, rate: float) -> None:
        """The account's own figures of the quota that this operation draws from."""
        quota = quota_of(service, operation)
        with self._lock:
            self.bucket(service, operation).resize(
                replace(quota, burst=burst, rate=rate), quota.share / self.slices, self._clock()
            )

    def throttled(self, service: str, operation: str, request: str) -> None:
        """AWS throttled this operation. ``request`` tells it from others; two of them slow down all."""
        with self._lock:
            self.bucket(service, operation).throttled(self._clock(), request)
