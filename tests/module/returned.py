# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether all that a module returns is documented, and nothing else."""

from __future__ import annotations

import typing as t
from types import ModuleType

import yaml

from tests.module.run import Result


def check(module: ModuleType, result: Result, never: str) -> None:
    """Fail if they differ. ``never`` is what ``returned`` says about the values that this result does not have."""
    core = ("changed", "warnings", "deprecations", "invocation")
    own = {name: value for name, value in result.items() if name not in core}
    _check(own, yaml.safe_load(module.RETURN), never)


def _check(node: dict[str, t.Any], documented: dict[str, t.Any], never: str) -> None:
    about = {name: entry for name, entry in documented.items() if never not in entry["returned"]}
    assert set(node) == set(about)
    for name, value in node.items():
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict) and "contains" in about[name]:
            _check(inner, about[name]["contains"], never)
        else:
            assert "sample" in about[name]
