# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The calls, repeated while AWS does not answer. What an outage leaves suspended stays suspended for good."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Outlast

_Calls = t.TypeVar("_Calls")


def steady(calls: _Calls, outlast: Outlast) -> _Calls:
    """The calls, repeated while AWS does not answer. All of them read, or set a final state, so repeating is safe."""
    return t.cast(_Calls, _Steady(calls, outlast))


class _Steady:
    def __init__(self, calls: t.Any, outlast: Outlast) -> None:
        self._calls = calls
        self._outlast = outlast

    def __getattr__(self, name: str) -> t.Any:
        found = getattr(self._calls, name)
        if not callable(found):
            return found
        return lambda *arguments: self._outlast(lambda: found(*arguments), name)
