# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda functions that are lifecycle hooks of deployments: what they answer."""

from __future__ import annotations

from lastgood_simulator.timings import Timings

BEHAVIOURS = ("succeed", "fail", "hang", "invalid")


class Functions:
    """Every function exists and succeeds, unless a test says otherwise by its ARN or name."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[str, float | None]] = {}

    def set(self, name: str, behaviour: str, after: float | None) -> None:
        """Say how ``name`` answers, ``after`` so many seconds. Raises ValueError for an unknown behaviour."""
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"unknown behaviour {behaviour!r}; there are {', '.join(BEHAVIOURS)}")
        self._by_name[name] = (behaviour, after)

    def behaviour(self, arn: str) -> str:
        """What the function answers when it is asked now: one of BEHAVIOURS."""
        return self._of(arn)[0]

    def duration(self, arn: str, timings: Timings) -> float:
        """How long it takes to answer the first time."""
        after = self._of(arn)[1]
        return timings.hook if after is None else timings.scaled(after)

    def _of(self, arn: str) -> tuple[str, float | None]:
        name = arn.partition(":function:")[2].partition(":")[0]
        return self._by_name.get(arn) or self._by_name.get(name) or ("succeed", None)
