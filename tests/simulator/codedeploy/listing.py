# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of ListDeployments, about which AWS promises nothing. The control method ``listing`` changes it."""

from __future__ import annotations

import hashlib

from tests.simulator.codedeploy.model import Deployment

ORDERS = ("newest_first", "oldest_first", "shuffled")


class Listing:
    """One of ORDERS."""

    def __init__(self) -> None:
        self._order = ORDERS[0]

    def set(self, order: str) -> None:
        """Raises ValueError for an unknown order."""
        if order not in ORDERS:
            raise ValueError(f"unknown order {order!r}; there are {', '.join(ORDERS)}")
        self._order = order

    def sort(self, deployments: list[Deployment]) -> list[Deployment]:
        """The same deployments, given oldest first, in the order that is set. It is the same on every page."""
        if self._order == "shuffled":
            return sorted(deployments, key=lambda item: hashlib.sha256(item.id.encode()).digest())
        return deployments if self._order == "oldest_first" else deployments[::-1]
