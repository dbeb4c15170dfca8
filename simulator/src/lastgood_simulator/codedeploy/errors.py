# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of AWS CodeDeploy. Codes are those of the API; where no wording is published it is ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lastgood_simulator.errors import AwsError


def error(name: str, message: str) -> AwsError:
    """``nameException`` with this message."""
    return AwsError(f"{name}Exception", message)


def required(params: dict[str, Any], member: str, name: str) -> str:
    """The member's value. Raises ``nameRequiredException``."""
    value = params.get(member)
    if not value:
        raise error(f"{name}Required", f"{member} must be specified")
    return str(value)


def one_of(value: Any, allowed: Iterable[str], name: str, what: str) -> None:
    """Raise ``Invalid{name}Exception`` unless the value is allowed."""
    if value not in allowed:
        raise error(f"Invalid{name}", f"{value} is not a valid {what}. Valid values are {', '.join(sorted(allowed))}")


def batch(items: list[Any], most: int) -> list[Any]:
    """The items of a batch request. Raises BatchLimitExceededException."""
    if len(items) > most:
        raise error("BatchLimitExceeded", f"The maximum number of names or IDs allowed for this request is {most}.")
    return items
