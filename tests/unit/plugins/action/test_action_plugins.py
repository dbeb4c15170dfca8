# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module that talks to AWS has an action plugin of its name, which runs that module and no other."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils import _in_process

COLLECTION = "ansible_collections.lastgood.aws.plugins"
PLUGINS = Path(_in_process.__file__).parents[1]
AWS_MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py") if "AWSModule" in path.read_text())
# Those are no steps of AWS: they work for the roles.
ACTIONS = sorted(path.stem for path in (PLUGINS / "action").glob("*.py") if not path.stem.startswith("role_"))


def test_modules_and_action_plugins_belong_together() -> None:
    assert AWS_MODULES
    assert ACTIONS == AWS_MODULES


@pytest.mark.parametrize("name", ACTIONS)
def test_the_action_plugin_prepares_its_own_module(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = importlib.import_module(f"{COLLECTION}.action.{name}")
    prepared: list[tuple[str, ...]] = []
    monkeypatch.setattr(_in_process, "preload", lambda *names: prepared.append(names))
    plugin = importlib.reload(plugin)
    assert issubclass(plugin.ActionModule, _in_process.InProcessAction)
    [(module, *services)] = prepared
    assert module == f"{COLLECTION}.modules.{name}"
    assert services
    tells = "lastgood.aws._full_names" in (PLUGINS / "modules" / f"{name}.py").read_text()
    assert plugin.ActionModule.tells_names is tells
