# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The task files that are run before and after a rollback: which they are, and whether they can be run at all."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from ansible_collections.lastgood.aws.plugins.module_utils._core.blank import is_blank
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, between_commas

_ROLE: t.Final = Path(__file__).parents[3] / "roles" / "rollback" / "tasks" / "tell"
# By the name of a file of ours, the variable that it cannot do without.
READY: t.Final[t.Mapping[str, str]] = {
    "pagerduty": "pagerduty_routing_key",
    "slack": "slack_url",
    "teams": "teams_url",
    "webhook": "webhook_url",
}
# What these files read by themselves. It may be secret, and what a step returns is shown with -v.
THEIRS: t.Final = (*READY.values(), "pagerduty_url")


def asked(values: Values, check_mode: bool) -> Values:
    """The variables, cleaned of secrets, and the names of files in ``before_tasks`` and ``after_tasks``.

    In check mode there are none: nothing is about to happen. Raises BadInput if a variable is missing.
    """
    found: Values = {name: between_commas(values.get(name)) for name in ("before_tasks", "after_tasks")}
    for name, files in found.items():
        for needed in (READY[file] for file in files if file in READY):
            if is_blank(values.get(needed)):
                [ready] = [file for file, variable in READY.items() if variable == needed]
                raise BadInput(f"rollback_{name} names {ready}, which needs rollback_{needed}")
    return {**dict.fromkeys(THEIRS), **({name: [] for name in found} if check_mode else found)}


def path_of(variable: str, name: str, folders: t.Sequence[str]) -> str:
    """The path of a file: one of ours, or the first that there is in these folders. Raises BadInput."""
    if name in READY:
        return str(_ROLE / f"{name}.yml")
    paths = [os.path.abspath(os.path.join(folder, os.path.expanduser(name))) for folder in folders]
    for path in paths:
        if os.path.isfile(path):
            return path
    looked = " or ".join(dict.fromkeys(paths))
    raise BadInput(f"{variable} names {name}, and there is no file {looked}")
