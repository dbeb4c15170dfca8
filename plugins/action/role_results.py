# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishes the results of a role, for all hosts of the play together."""

from __future__ import annotations

import functools
import getpass
import os
import random
import socket
import typing as t
from datetime import datetime, timezone

from ansible.plugins.action import ActionBase

from ansible_collections.lastgood.aws.plugins.plugin_utils._in_process import cleaned
from ansible_collections.lastgood.aws.plugins.plugin_utils._once import fail_once
from ansible_collections.lastgood.aws.plugins.plugin_utils._results import content, host, page, play, who, written

Variables = t.Mapping[str, t.Any]
_FAILED: t.Final = "The task file {file} failed. The rollback goes on, and its outcome is what it would be without."


class ActionModule(ActionBase):
    """The action plugin of role_results."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(("role", "ended", "instances", "file_failed"))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        if "ended" in self._task.args:
            return _say(result, self._task.args["ended"])
        if "file_failed" in self._task.args:
            file = self._task.args["file_failed"]
            return {**result, "changed": False, "warnings": [_FAILED.format(file=file)]}
        role, check_mode = play.ROLES[self._task.args["role"]], bool(self._task.check_mode)
        # Results are not templates: rendering them would cost time and warn of deprecations in them.
        raw = task_vars["hostvars"].raw_get
        everybody = {name: raw(name) for name in task_vars.get("ansible_play_hosts_all", ())}
        # A host that was not reached, and so never began, has nothing registered.
        here = {name: variables for name, variables in everybody.items() if f"__{role.name}" in variables}
        reports = [_report(name, role, variables, check_mode) for name, variables in here.items()]
        kept = _content(role, here, {name: raw(name) for name in self._task.args.get("instances") or ()})
        reports = [content.told(report, kept) for report in reports]
        inputs = [variables[f"__{role.name}"] for variables in here.values()]
        suffix = play.suffix((given.get("slices") for given in inputs), _job(task_vars))
        earlier = [play.without_suffix(data, suffix) for data in _earlier(role, everybody)]
        found = play.result(role, reports, earlier, check_mode)
        data = play.data(role, found, check_mode, _run_id())
        reports_ = [] if check_mode else _each(inputs, "report")
        document = play.document(role, found, data) if reports_ else {}
        around = functools.cache(lambda: _around(role, here, task_vars))
        problems = [written.write(path, document, around) for path in reports_]
        return {
            **result,
            **cleaned(
                {
                    "changed": False,
                    # The same as set_stats returns.
                    "ansible_stats": {"data": play.with_suffix(data, suffix), "per_host": False, "aggregate": False},
                    "hosts": {report.host: _with_problems(play.ending(role, report), problems) for report in reports},
                    "told": list(found.told),
                    "items_name": f"{role.items_name(check_mode)}{suffix}",
                    "suffix": suffix,
                    "kind": found.kind,
                    "still_suspended": found.still_suspended,
                    "not_back": [one.host for one in kept if one.reason],
                    "reports": [name for path in reports_ for name in written.files(path)],
                    "topics": [] if check_mode else _each(inputs, "notify_topic_arn"),
                    "after_tasks": list(
                        dict.fromkeys(file for given in inputs for file in given.get("after_tasks", ()))
                    ),
                }
            ),
        }


def _say(result: dict[str, t.Any], ended: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """How it ended on this host. Raises the failure, if it failed."""
    if ended["failed"]:
        return fail_once(result, str(ended["msg"]))
    return {**result, "changed": False, "msg": ended["msg"], "_ansible_verbose_always": not ended["shown"]}


def _with_problems(ended: dict[str, t.Any], problems: t.Sequence[str]) -> dict[str, t.Any]:
    told = [problem for problem in problems if problem]
    if not told:
        return ended
    return {"msg": ". ".join([str(ended["msg"]).rstrip("."), *told]), "failed": True, "shown": False}


def _report(name: str, role: play.Role, variables: Variables, check_mode: bool) -> host.Report:
    given = _registered(role, variables)
    return host.report(name, role.steps, given, variables[f"__{role.name}"], check_mode)


def _around(role: play.Role, here: t.Mapping[str, Variables], task_vars: Variables) -> page.Around:
    """What a report for people shows besides the results."""
    steps = [result for variables in here.values() for result in _reached(role, variables)]
    reasons = _each([variables[f"__{role.name}"] for variables in here.values()], "reason")
    return page.Around(
        role.name, who.who(task_vars, os.environ, _login()), reasons, page.plans(steps), page.requests(steps)
    )


def _reached(role: play.Role, variables: Variables) -> list[host.Result]:
    """The results of the steps of this use of the role."""
    if host.failed(variables[f"__{role.name}"]):
        return []
    given = _registered(role, variables)
    main, always = host.reached(role.steps.main, given), host.reached(role.steps.always, given)
    return [*main.values(), *always.values()]


def _login() -> str:
    """Who runs it on which control node; empty if the system does not know."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError, ImportError):
        return ""


def _registered(role: play.Role, variables: Variables) -> dict[str, t.Any]:
    found = {step: variables.get(f"__{role.name}_{step}") for step in role.steps.registered}
    if (variables.get(f"__{role.name}") or {}).get("at_once"):
        # The step that looks has acted, too.
        found["plan"], found["done"] = None, found["plan"]
    return {step: result for step, result in found.items() if result is not None}


def _content(
    role: play.Role, here: t.Mapping[str, Variables], instances: t.Mapping[str, Variables]
) -> list[content.Instance]:
    """What is known of the files on the instances; nothing if nothing was deployed."""
    done = [host.reached(role.steps.main, _registered(role, variables)).get("done") for variables in here.values()]
    if not any(map(content.acted, done)):
        return []
    return [content.instance(name, variables) for name, variables in instances.items()]


def _earlier(role: play.Role, everybody: t.Mapping[str, Variables]) -> list[play.Data]:
    """What earlier uses of the role have published, without duplicates; the last has everything."""
    found = [variables.get(f"__{role.name}_published") for variables in everybody.values()]
    datas = [published["ansible_stats"]["data"] for published in found if published and "ansible_stats" in published]
    return [data for number, data in enumerate(datas) if data not in datas[:number]]


def _each(inputs: t.Sequence[t.Mapping[str, t.Any]], name: str) -> list[str]:
    """The values hosts give to a variable, without duplicates."""
    return list(dict.fromkeys(str(given[name]) for given in inputs if given.get(name)))


def _job(task_vars: Variables) -> str:
    """The id of the job in AWX, which Automation Platform has under its earlier name too."""
    return str(task_vars.get("awx_job_id") or task_vars.get("tower_job_id") or "")


def _run_id() -> str:
    """The time it ended, for people, plus what keeps two runs that end at the same time apart."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{random.getrandbits(32):08x}"
