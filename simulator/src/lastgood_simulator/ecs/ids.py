# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identifiers in the shapes that AWS's own samples show."""

from __future__ import annotations

import secrets
import string
import uuid

_URL_SAFE = string.ascii_letters + string.digits + "_-"


def digits() -> str:
    """19 digits, as in ``ecs-svc/1234567890123456789`` and in the ARN of a service revision."""
    return str(secrets.randbelow(9 * 10**18) + 10**18)


def service_deployment_id() -> str:
    """21 characters, as ``ejGvqq2ilnbKT9qj0vLJe`` in the samples of the AWS CLI."""
    return "".join(secrets.choice(_URL_SAFE) for _turn in range(21))


def hook_id(kind: str) -> str:
    """``ecs-{hookType}-{id}``, as ``ecs-pause-e7tK9G_WRJqNF_EOMjztDXfKenlJuEUVjsNStf4WLKw`` in AWS's documentation."""
    return f"ecs-{kind}-" + "".join(secrets.choice(_URL_SAFE) for _turn in range(43))


def task_id() -> str:
    """32 hexadecimal digits."""
    return uuid.uuid4().hex


def event_id() -> str:
    """A UUID."""
    return str(uuid.uuid4())
