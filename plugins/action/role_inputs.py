# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads, cleans and checks the variables of a role, for all of its steps."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from ansible import context
from ansible.errors import AnsibleError
from ansible.parsing.splitter import split_args
from ansible.playbook.helpers import load_list_of_blocks
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var
from ansible.utils.vars import load_extra_vars

from ansible_collections.lastgood.aws.plugins.module_utils._core.text import line
from ansible_collections.lastgood.aws.plugins.plugin_utils import _compiled  # noqa: F401 # pylint: disable=unused-import
from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import names, specs, task_files
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES, PUBLISH, Around, is_topic
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, cleaned
from ansible_collections.lastgood.aws.plugins.plugin_utils._once import fail_once

display = Display()

# What ecspresso reads if nobody names a file (https://github.com/kayac/ecspresso: its flag --config).
HERE = "ecspresso.yml"
# Misspelt extra variables with this prefix are refused; with any other prefix there is a warning.
ROLLBACK = "rollback_"
ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "role": {"type": "str", "required": True, "choices": sorted({role for role, _entry_point in ENTRIES})},
    "entry_point": {"type": "str", "default": "main", "choices": sorted({entry for _role, entry in ENTRIES})},
}

# At import time, since ansible-playbook imports this before it forks the workers.
with contextlib.suppress(Exception):
    specs.entry_points()


class ActionModule(ActionBase):
    """The action plugin of role_inputs."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validated, arguments = t.cast(t.Any, self).validate_argument_spec(ARGUMENT_SPEC)
        try:
            found = self._inputs(arguments["role"], arguments["entry_point"], task_vars or {})
        except BadInput as exc:
            told = self._for_the_report(arguments["role"], arguments["entry_point"], task_vars or {})
            return fail_once(result, f"{exc}. Nothing was changed.", **told)
        result.update(wrap_var(found) if BEFORE_2_19 else found)
        return {**result, "changed": False}

    def _inputs(self, role: str, entry_point: str, task_vars: dict[str, t.Any]) -> Values:
        entry = ENTRIES[role, entry_point]
        spec = specs.entry_points()[role][entry_point]
        self._check_names(task_vars)
        given = {name: self._value(name, task_vars) for name in spec if name in task_vars}
        around = Around(
            read=lambda path, skip: self._configuration(path, skip, task_vars, entry.prefix),
            hosts=len(task_vars.get("ansible_play_hosts_all", ())),
            here=os.path.abspath(HERE) if os.path.isfile(HERE) else "",
            now=time.time(),
            check_mode=bool(self._task.check_mode),
        )
        found = entry.finish(cleaned(spec, entry.prefix, given), around)
        for what in found.keys() & {"before_tasks", "after_tasks"}:
            found[what] = self._task_files(f"{role}_{what}", found[what])
        if found.get("read_from"):
            what = (
                f"{found['deployment_group']} of {found['application']}"
                if "deployment_group" in found
                else f"{', '.join(found['services'])} of cluster {found['cluster']}"
            )
            display.display(f"{what}: nothing is named, so {found['read_from']} says which", stderr=True)
        return found

    def _for_the_report(self, role: str, entry_point: str, task_vars: dict[str, t.Any]) -> Values:
        """Where and how to say that the variables were refused, as far as the variables for that can be read."""
        told: Values = {}
        for name in ("report", "notify_topic_arn", "slices") if (role, entry_point) in PUBLISH else ():
            variable = f"{role}_{name}"
            with contextlib.suppress(BadInput):
                value = str(self._value(variable, task_vars) or "").strip() if variable in task_vars else ""
                if value and (name != "notify_topic_arn" or is_topic(value)):
                    told[name] = value
        if (role, entry_point) in PUBLISH:
            with contextlib.suppress(BadInput):
                told["after_tasks"] = self._after_tasks(role, entry_point, task_vars)
        return told

    def _after_tasks(self, role: str, entry_point: str, task_vars: dict[str, t.Any]) -> list[str]:
        """The task files that see the result. Raises BadInput if they, or their own variables, are what is refused."""
        names_ = [f"{role}_{name}" for name in ("after_tasks", *task_files.THEIRS)]
        spec = specs.entry_points()[role][entry_point]
        given = {name: self._value(name, task_vars) for name in names_ if name in spec and name in task_vars}
        values = {name.removeprefix(f"{role}_"): value for name, value in given.items()}
        asked = task_files.asked(values, bool(self._task.check_mode))
        return self._task_files(f"{role}_after_tasks", asked["after_tasks"])

    def _task_files(self, variable: str, names_: t.Iterable[object]) -> list[str]:
        """The paths of files that can be loaded. Raises BadInput: core ends the whole run at one that cannot."""
        folders = [os.getcwd(), self._loader.get_basedir()]
        paths = [task_files.path_of(variable, str(name), folders) for name in names_]
        for path in paths:
            try:
                tasks = self._loader.load_from_file(path)
                load_list_of_blocks(tasks, play=None, loader=self._loader)
            except (AnsibleError, AssertionError) as exc:
                raise BadInput(
                    f"{variable} names {path}, which cannot be loaded: {line(str(exc)).rstrip('.')}"
                ) from exc
            except AttributeError:
                # What is imported needs a play, which this step has not.
                continue
        return paths

    def _check_names(self, task_vars: dict[str, t.Any]) -> None:
        """Refuse misspelt extra variables; warn of others that look misspelt, and of words lost in a shell."""
        extra = load_extra_vars(self._loader)
        prefixes = tuple(f"{role}_" for role in specs.entry_points())
        found = names.misspelt(task_vars, prefixes, specs.variables(), specs.published())
        refused = {name: meant for name, meant in found.items() if name in extra and name.startswith(ROLLBACK)}
        if refused:
            raise BadInput(names.told(refused))
        if found:
            display.warning(f"{names.told(found)}.")
        for option in context.CLIARGS.get("extra_vars", ()) if "_raw_params" in extra else ():
            if not str(option).startswith(("@", "{", "[")):
                for warning in names.lost_words(split_args(str(option)), prefixes):
                    display.warning(warning)

    def _value(self, name: str, task_vars: dict[str, t.Any]) -> t.Any:
        try:
            # Since 2.19 an omitted value is missing from the dictionary; before, it is a well-known text.
            value = self._templar.template({name: task_vars[name]}).get(name)
        except AnsibleError as exc:
            raise BadInput(f"{name} cannot be read: {str(exc).rstrip('.')}") from exc
        return None if value == task_vars.get("omit") else value

    def _configuration(
        self, path: str, skip: list[str], task_vars: dict[str, t.Any], prefix: str
    ) -> t.Mapping[str, t.Any]:
        lookup = lookup_loader.get("lastgood.aws.ecspresso_config", loader=self._loader, templar=self._templar)
        try:
            [found] = lookup.run([path], task_vars, skip=skip)
        except AnsibleError as exc:
            raise BadInput(names.of_role(str(exc).rstrip("."), prefix)) from exc
        return t.cast("t.Mapping[str, t.Any]", found)
