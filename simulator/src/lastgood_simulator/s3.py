# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects in moto's S3: read by other services, and dated by the simulator's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition


def find(account: str, region: str, bucket: str, key: str, version: str | None = None) -> Any:
    """moto's object, None if the bucket, the key or the version does not exist."""
    try:
        return s3_backends[account][get_partition(region)].get_object(bucket, key, version_id=version)
    except MissingBucket:
        return None


def exists(account: str, region: str, bucket: str) -> bool:
    """Whether there is a bucket with this name."""
    return bucket in s3_backends[account][get_partition(region)].buckets


def date(account: str, region: str, params: dict[str, Any], now: float) -> None:
    """An object that was just written was written at this moment; moto takes the time of day."""
    written = find(account, region, params["Bucket"], params["Key"])
    if written is not None:
        written.last_modified = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
