# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of lists about which AWS promises nothing. The control method ``listing_order`` changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

OPERATIONS = ("ListDeployments", "ListServiceDeployments")
ORDERS = ("newest_first", "oldest_first", "shuffled")


class Listing:
    """One of ORDERS for each of OPERATIONS."""

    def __init__(self) -> None:
        self._orders = dict.fromkeys(OPERATIONS, ORDERS[0])

    def set(self, order: str, operation: str) -> None:
        """Raises ValueError for an unknown order or operation."""
        if order not in ORDERS:
            raise ValueError(f"unknown order {order!r}; there are {', '.join(ORDERS)}")
        if operation not in OPERATIONS:
            raise ValueError(f"{operation!r} has no order; there are {', '.join(OPERATIONS)}")
        self._orders[operation] = order

    def sort(self, operation: str, items: Sequence[T], identity: Callable[[T], str]) -> list[T]:
        """The same items, given oldest first, in the order that is set. It is the same on every page."""
        order = self._orders[operation]
        if order == "shuffled":
            return sorted(items, key=lambda item: hashlib.sha256(identity(item).encode()).digest())
        return list(items) if order == "oldest_first" else list(items)[::-1]
