# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule of a composite alarm: ``ALARM("errors") AND NOT OK(latency)``.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html. The function AT_LEAST is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r'\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s")]+))\s*\)'
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE|\(|\)))\s*"
)
# The name or the ARN of an alarm to its state, None if there is no such alarm.
StateOf = Callable[[str], "str | None"]


def holds(rule: str, state_of: StateOf) -> bool:
    """Whether the rule is true. Raises ValueError for one that cannot be read, or an alarm that does not exist."""
    tokens = []
    position = 0
    while position < len(rule):
        match = _TOKEN.match(rule, position)
        if match is None:
            raise ValueError(f"AlarmRule cannot be read from '{rule[position:]}' on")
        tokens.append(match)
        position = match.end()
    reader = _Reader(tokens, state_of)
    value = reader.alternatives()
    if reader.tokens:
        raise ValueError(f"AlarmRule has more than was expected: '{reader.tokens[0][0]}'")
    return value


class _Reader:
    def __init__(self, tokens: list[re.Match[str]], state_of: StateOf) -> None:
        self.tokens = tokens
        self._state_of = state_of

    def alternatives(self) -> bool:
        value = self._all()
        while self._take("OR"):
            value = self._all() or value
        return value

    def _all(self) -> bool:
        value = self._one()
        while self._take("AND"):
            value = self._one() and value
        return value

    def _one(self) -> bool:
        if self._take("NOT"):
            return not self._one()
        if self._take("("):
            value = self.alternatives()
            if not self._take(")"):
                raise ValueError("AlarmRule lacks a closing parenthesis")
            return value
        for word in ("TRUE", "FALSE"):
            if self._take(word):
                return word == "TRUE"
        if not self.tokens or not self.tokens[0]["state"]:
            raise ValueError("AlarmRule lacks an operand")
        token = self.tokens.pop(0)
        name = token["quoted"] or token["bare"]
        state = self._state_of(name)
        if state is None:
            raise ValueError(f"AlarmRule contains an alarm that does not exist: {name}")
        return state == token["state"]

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0]["word"] == word:
            self.tokens.pop(0)
            return True
        return False
