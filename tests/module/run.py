# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module's own ``main()`` in this process, as ansible-core would start it, and read what it prints."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import typing as t
from types import ModuleType
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings as core_warnings

Result = dict[str, t.Any]
# The module that runs, for whoever looks at its requests.
running = ""


class ModuleFailed(Exception):
    """The module ended with ``fail_json``; ``result`` is what it returned."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.get("msg", ""))
        self.result = result

    @property
    def msg(self) -> str:
        """The message that the user sees."""
        return str(self.result.get("msg", ""))


def run_module(module: ModuleType, *, check_mode: bool = False, diff: bool = False, **params: t.Any) -> Result:
    """The result that ``module`` returns for ``params``, after a round trip through JSON.

    Raises :class:`ModuleFailed` if the module fails. The real ``exit_json`` and ``fail_json`` run, so a result that
    cannot be serialised fails the test. ``warnings`` and ``deprecations`` are always there, as lists of messages.
    """
    arguments = {
        **{name: value for name, value in params.items() if value is not None},
        "_ansible_check_mode": check_mode,
        "_ansible_diff": diff,
        "_ansible_module_name": module.__name__.rpartition(".")[2],
        "_ansible_remote_tmp": "~/.ansible/tmp",
    }
    printed = io.StringIO()
    with _named(module), _arguments(arguments), _warnings_of_its_own(), contextlib.redirect_stdout(printed):
        ended: SystemExit | None = None
        try:
            module.main()
        except SystemExit as end:
            ended = end
    if ended is None:
        raise AssertionError(f"{module.__name__}.main() came back without exit_json or fail_json")
    result: Result = json.loads(printed.getvalue())
    for kind in ("warnings", "deprecations"):
        result[kind] = [_message(item) for item in result.get(kind, [])]
    if ended.code or result.get("failed"):
        raise ModuleFailed(result)
    return result


def _message(item: t.Any) -> str:
    # A string until core 2.18, later the serialised summary of an event.
    return str(item if isinstance(item, str) else item.get("msg") or item["event"]["msg"])


@contextlib.contextmanager
def _named(module: ModuleType) -> t.Iterator[None]:
    global running
    before, running = running, module.__name__.rpartition(".")[2]
    try:
        yield
    finally:
        running = before


@contextlib.contextmanager
def _arguments(arguments: Result) -> t.Iterator[None]:
    # What ansible.module_utils.testing.patch_module_args does, which older cores (2.18) do not have yet.
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", encoded),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
    ):
        yield


@contextlib.contextmanager
def _warnings_of_its_own() -> t.Iterator[None]:
    # Core collects warnings in globals, which is fine for a process that runs one module. If anything has imported
    # the controller's part of core, as unit tests of plugins do, it (from 2.19 on) displays them instead.
    with contextlib.ExitStack() as stack:
        for name in ("_global_warnings", "_global_deprecations"):
            store = getattr(core_warnings, name)
            stack.enter_context(mock.patch.object(core_warnings, name, type(store)()))
        internal = sys.modules.get("ansible.module_utils._internal")
        if internal is not None:
            stack.enter_context(mock.patch.object(internal, "is_controller", False))
        yield
