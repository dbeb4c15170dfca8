# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A client-side rate limiter that leaves room in the account's request quotas for everybody else."""

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.quotas import Quota, quota_of

# Consoles, pipelines and ECS itself draw from the same buckets, and an incident is when all of them are busy.
DEFAULT_SHARE: t.Final = 0.6
# A throttled bucket is halved; this is how far it can go down, and how long it takes to come back to its full rate.
_LEAST_FRACTION: t.Final = 1 / 16
_RECOVERY_SECONDS: t.Final = 60.0


class TokenBucket:
    """One token bucket that is halved when AWS throttles and recovers linearly.

    Pure: the time is handed in, in seconds on any clock that does not go back.
    """

    def __init__(self, quota: Quota, share: float, now: float) -> None:
        self._burst = max(1.0, quota.burst * share)
        self._full_rate = quota.rate * share
        self._fraction = 1.0
        self._tokens = self._burst
        self._updated = now

    @property
    def rate(self) -> float:
        """The present refill, in requests per second."""
        return self._full_rate * self._fraction

    def _advance(self, now: float) -> None:
        elapsed = max(0.0, now - self._updated)
        self._updated = max(now, self._updated)
        self._tokens = min(self._burst, self._tokens + elapsed * self.rate)
        self._fraction = min(1.0, self._fraction + elapsed / _RECOVERY_SECONDS)

    def reserve(self, now: float) -> float:
        """Take one token, and return how many seconds to wait before the request may go out."""
        self._advance(now)
        self._tokens -= 1.0
        return 0.0 if self._tokens >= 0 else -self._tokens / self.rate

    def throttled(self, now: float) -> None:
        """AWS said that it was too much: forget what was saved up and halve the rate."""
        self._advance(now)
        self._tokens = min(self._tokens, 0.0)
        self._fraction = max(_LEAST_FRACTION, self._fraction / 2)


class RateLimiter:
    """One bucket per published quota, shared by all threads of this process."""

    def __init__(
        self,
        share: float = DEFAULT_SHARE,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._share = share
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[str, TokenBucket] = {}

    def bucket(self, service: str, operation: str) -> TokenBucket:
        """The bucket that this operation draws from, made at its first use."""
        quota = quota_of(service, operation)
        if quota.name not in self._buckets:
            self._buckets[quota.name] = TokenBucket(quota, self._share, self._clock())
        return self._buckets[quota.name]

    def acquire(self, service: str, operation: str) -> None:
        """Return when one more request of this operation may go out."""
        with self._lock:
            wait = self.bucket(service, operation).reserve(self._clock())
        if wait > 0:
            self._sleep(wait)

    def throttled(self, service: str, operation: str) -> None:
        """Slow down: AWS throttled this operation."""
        with self._lock:
            self.bucket(service, operation).throttled(self._clock())
