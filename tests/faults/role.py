# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the steps of a role in this process: its task files are read, and its modules are called.

Only what the role needs is understood: blocks with ``always``, ``when``, ``loop``, ``register``, ``check_mode`` and
``diff``. A keyword that nobody has thought of is an error, so that a change of the role does not go unnoticed here.
"""

from __future__ import annotations

import functools
import importlib
import re
import typing as t
from pathlib import Path

import yaml
from jinja2 import ChainableUndefined, Environment, meta

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES, Around
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import cleaned
from ansible_collections.lastgood.aws.plugins.plugin_utils._results import host, play
from tests.module.run import ModuleFailed, run_module

ROLES = Path(__file__).resolve().parents[2] / "roles"
PREFIX = "lastgood.aws."
# Done by this file in another way: the variables are read before, and the results are put together after the steps.
INSTEAD = {"lastgood.aws.role_inputs", "ansible.builtin.debug"}
REPORT = "report.yml"
INCLUDES = {"ansible.builtin.import_tasks", "ansible.builtin.include_tasks"}
# The variable of a step whose failure the last step tells; what it returns says ``ended_badly`` instead of ``failed``.
QUIET = "__lastgood_quiet"
# What a task may say beside what it does. The second half changes nothing here.
KEYWORDS = {"name", "block", "always", "when", "loop", "register", "check_mode", "diff", "vars"} | {
    *("module_defaults", "changed_when", "loop_control", "run_once")
}
_EXPRESSION = re.compile(r"\s*\{\{(.*)\}\}\s*", re.DOTALL)
_OMIT = object()

Variables = dict[str, t.Any]


class StepFailed(Exception):
    """A step failed, so the rest of its block is left out."""


def _environment() -> Environment:
    environment = Environment(undefined=ChainableUndefined)
    environment.filters["difference"] = lambda these, those: [one for one in these if one not in those]
    environment.tests["match"] = lambda text, pattern: re.match(pattern, text) is not None
    return environment


_JINJA = _environment()


class Role:
    """One use of an entry point of the role ``rollback``. ``given`` are its variables without their prefix."""

    def __init__(self, entry_point: str, given: t.Mapping[str, t.Any]) -> None:
        self._tasks = _yaml(ROLES / "rollback" / "tasks" / f"{entry_point}.yml")
        self._templates: Variables = dict(_yaml(ROLES / "rollback" / "vars" / "main.yml"))
        entry = ENTRIES["rollback", entry_point]
        spec = specs.entry_points()["rollback"][entry_point]
        named = {f"rollback_{name}": value for name, value in given.items()}
        inputs = entry.finish(cleaned(spec, entry.prefix, named), Around(read=lambda path, skip: {}))
        self._variables: Variables = {"__rollback": inputs, "omit": _OMIT}
        self._region = inputs["region"]
        self.said: list[str] = []

    def run(self) -> Variables:
        """``data`` is what the role would publish, ``steps`` what its steps returned, ``failed`` whether it did."""
        failed = False
        try:
            self._block(self._tasks)
        except StepFailed:
            failed = True
        role = play.ROLES["rollback"]
        steps = {name: self._variables[f"__rollback_{name}"] for name in role.steps.registered if self._has(name)}
        report = host.report("localhost", role.steps, steps, self._variables["__rollback"], False)
        failed = failed or report.ended_badly
        found = play.result(role, [report], [], False)
        data = play.data(role, found, False, "a-run")
        return {"data": data, "steps": steps, "failed": failed, "said": self.said}

    def _has(self, step: str) -> bool:
        return f"__rollback_{step}" in self._variables

    def _block(self, tasks: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        for task in tasks:
            unknown = {key for key in task if key not in KEYWORDS and "." not in key}
            if unknown:
                raise AssertionError(f"the role says {sorted(unknown)}, which is not understood here")
            if not self._is_wanted(task):
                continue
            if "block" in task:
                try:
                    self._block(task["block"])
                finally:
                    self._block(task.get("always", ()))
            else:
                self._step(task)

    def _is_wanted(self, task: t.Mapping[str, t.Any]) -> bool:
        conditions = task.get("when", [])
        each = conditions if isinstance(conditions, list) else [conditions]
        return all(self._expression(str(condition)) for condition in each)

    def _step(self, task: t.Mapping[str, t.Any]) -> None:
        [action] = [key for key in task if "." in key]
        if action in INSTEAD:
            return
        if action in INCLUDES:
            if task[action] != REPORT:
                self._block(_yaml(ROLES / "rollback" / "tasks" / str(task[action])))
            return
        if not action.startswith(PREFIX):
            raise AssertionError(f"the role does {action}, which is not understood here")
        results = []
        for item in self._value(task["loop"]) if "loop" in task else [None]:
            self._variables["item"] = item
            results.append(self._module(action.removeprefix(PREFIX), task[action], task))
        failed = any(result.get("failed") for result in results)
        registered = {"results": results, "failed": failed} if "loop" in task else results[0]
        if "register" in task:
            self._variables[task["register"]] = registered
        if failed:
            raise StepFailed

    def _module(self, name: str, options: t.Mapping[str, t.Any], task: t.Mapping[str, t.Any]) -> Variables:
        module = importlib.import_module(f"ansible_collections.lastgood.aws.plugins.modules.{name}")
        given = {key: self._value(value) for key, value in options.items()}
        given = {key: value for key, value in given.items() if value is not _OMIT}
        switches = {key: bool(task[key]) for key in ("check_mode", "diff") if key in task}
        try:
            result = run_module(module, **switches, **{"region": self._region, **given})
        except ModuleFailed as failure:
            result = {**failure.result, "failed": True}
        self.said += [str(result.get(key)) for key in ("msg", "summary") if result.get(key)]
        self.said += result["warnings"]
        if QUIET in task.get("vars", {}):
            return {**result, "failed": False, "ended_badly": bool(result.get("failed"))}
        return result

    # -- templates

    def _value(self, value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return {key: self._value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner) for inner in value]
        if not isinstance(value, str):
            return value
        whole = _EXPRESSION.fullmatch(value)
        if whole and "{{" not in whole[1]:
            return self._expression(whole[1])
        return _JINJA.from_string(value).render(self._known(value))

    def _expression(self, text: str) -> t.Any:
        expression = _compiled(text)
        return expression(**self._known("{{" + text + "}}"))

    def _known(self, template: str) -> Variables:
        known = {}
        for name in _names(template):
            if name in self._variables:
                known[name] = self._variables[name]
            elif name in self._templates:
                known[name] = self._value(self._templates[name])
        return known


@functools.cache
def _yaml(path: Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@functools.cache
def _compiled(text: str) -> t.Callable[..., t.Any]:
    return _JINJA.compile_expression(" ".join(text.split("\n")), undefined_to_none=False)


@functools.cache
def _names(template: str) -> frozenset[str]:
    return frozenset(meta.find_undeclared_variables(_JINJA.parse(template)))
