# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What playbooks need whose hosts are services: checks, the calls of a batch, and how it ended for each host."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.inventory.manager import InventoryManager
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.lastgood.aws.plugins.plugin_utils import _targets
from ansible_collections.lastgood.aws.plugins.plugin_utils._ansible_core import BEFORE_2_19
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._once import fail_once

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "pattern": {"type": "raw"},
    "ended": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """The action plugin of role_hosts."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        _validated, arguments = t.cast(t.Any, self).validate_argument_spec(ARGUMENT_SPEC)
        if arguments["ended"]:
            return _say(result, variables)
        try:
            self._check(arguments["pattern"], variables)
            found = {} if arguments["pattern"] else self._calls(variables)
        except _targets.BadTargets as exc:
            return fail_once(result, f"{exc}. Nothing was changed.")
        return {**result, "changed": False, "calls": wrap_var(found) if BEFORE_2_19 else found}

    def _check(self, pattern: t.Any, variables: dict[str, t.Any]) -> None:
        """Whether each name of the pattern and of --limit fits a host, and both together do."""
        inventory = InventoryManager(loader=self._loader, parse=False)
        for group, hosts in variables["groups"].items():
            inventory.add_group(group)
            for host in hosts:
                inventory.add_host(host, group=group)

        def matches(name: t.Any) -> set[str]:
            return {host.name for host in inventory.get_hosts(name, ignore_limits=True)}

        limit = variables.get("ansible_limit")
        for where, given in (("--limit", limit), ("rollback_hosts", pattern)):
            _targets.check_terms(where, _targets.terms(given, _read) if given else (), matches)
        if pattern and not matches(pattern) & set(variables.get("ansible_play_hosts_all", ())):
            but = f" with --limit {limit}" if limit else ""
            raise _targets.BadTargets(f"No service is meant: rollback_hosts is {pattern}, and{but} no host fits")

    def _calls(self, variables: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
        raw = variables["hostvars"].raw_get
        settings = {name for name in specs.variables() if name.startswith("rollback_")}
        return _targets.calls({host: raw(host) for host in variables["ansible_play_batch"]}, settings)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as exc:
        raise _targets.BadTargets(f"--limit names the file {path}, which cannot be read: {exc.strerror}") from exc


def _say(result: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """How it ended on this host. Raises the failure, if it failed."""
    host, made = str(variables["inventory_hostname"]), variables["__rollback_hosts"]["calls"]
    found = _targets.ending(host, variables, made, variables.get("__rollback_published") or {})
    if found.failed:
        return fail_once(result, found.msg)
    return {**result, "changed": found.changed, "msg": found.msg}
