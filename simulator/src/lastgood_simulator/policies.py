# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the statements of policies say about an action on a resource. Pure.

A statement without an explicit deny allows nothing by itself, and an explicit deny wins:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lastgood_simulator.errors import AwsError

Statement = Mapping[str, Any]
# The values of condition keys that a request brings along.
Values = Mapping[str, Sequence[str]]
# Few operators are enough for what a rollback needs. ArnEquals takes wildcards, too:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_EXACT = ("StringEquals",)
_WITH_WILDCARDS = ("StringLike", "ArnEquals", "ArnLike")
# It is true as well if the request has none of the values:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
_OF_ALL = "ForAllValues:"


def effects(statements: Iterable[Statement], values: Values, action: str, resource: str) -> set[str]:
    """``Allow``, ``Deny``, both or neither."""
    return {
        statement["Effect"]
        for statement in statements
        if concerns(statement, action, resource) and holds(statement, values)
    }


def concerns(statement: Statement, action: str, resource: str) -> bool:
    """Whether a statement is about this action on this resource, whatever its conditions."""
    return _names(statement, "Action", action, fold=True) and _names(statement, "Resource", resource)


def holds(statement: Statement, values: Values) -> bool:
    """Whether all conditions of a statement hold. One about a key that the request does not have does not."""
    asked = statement.get("Condition") or {}
    return all(
        _all_of_them(test, wanted, values[key]) if key in values else test.startswith(_OF_ALL)
        for test, keys in asked.items()
        for key, wanted in keys.items()
    )


def keys(statement: Statement) -> set[str]:
    """The condition keys that a statement asks for."""
    return {key for tests in (statement.get("Condition") or {}).values() for key in tests}


def several(value: Any) -> list[str]:
    """One or many, as a list."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _all_of_them(test: str, wanted: Any, given: Sequence[str]) -> bool:
    name = test.removeprefix(_OF_ALL)
    if name not in (*_EXACT, *_WITH_WILDCARDS):
        raise AwsError("PolicyEvaluation", f"The simulator does not evaluate the condition operator {test}.", 500)
    match = str.__eq__ if name in _EXACT else fnmatch.fnmatchcase
    fits = [any(match(value, pattern) for pattern in several(wanted)) for value in given]
    return all(fits) if test.startswith(_OF_ALL) else any(fits)


def _names(statement: Statement, element: str, value: str, fold: bool = False) -> bool:
    """Whether ``Action`` or ``Resource`` fits, or ``NotAction`` or ``NotResource`` does not."""
    if f"Not{element}" in statement:
        return not _fits(several(statement[f"Not{element}"]), value, fold)
    return _fits(several(statement.get(element, "*")), value, fold)


def _fits(patterns: list[str], value: str, fold: bool) -> bool:
    """Names of actions are compared without their case."""
    pairs = [(pattern.lower(), value.lower()) if fold else (pattern, value) for pattern in patterns]
    return any(fnmatch.fnmatchcase(text, pattern) for pattern, text in pairs)
