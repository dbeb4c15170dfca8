# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What changes in a service when it goes back, for ``--diff``: pure but for reading one task definition.

Values of environment variables are never shown: they may be secrets. That one differs is.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names, preflight
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.run import ServiceRun

# What differs between any two revisions, and says nothing about what runs.
_BOOKKEEPING: t.Final = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
        "requiresAttributes",
        "compatibilities",
    }
)


def diff(aws: Aws, run: ServiceRun) -> dict[str, str]:
    """Ansible's diff of one service: the task definitions, and the settings that are **not** reverted."""
    planned = run.plan
    if planned is None or planned.target is None:
        return {"before": "", "after": ""}
    try:
        before = api.describe_task_definition(aws, planned.left or planned.current)
    except (AwsCallError, IncompleteAnswerError):
        before = None
    kept = preflight.changed_settings(planned.now, planned.good)
    note = "" if not kept else f"\n# NOT reverted by a rollback of the task definition: {', '.join(kept)}\n"
    old = before.content if before else {}
    return {
        "before_header": f"{run.name}: {names.short(planned.left or planned.current)}",
        "after_header": f"{run.name}: {names.short(planned.target.arn)}",
        "before": readable(old, old) if before else "(it cannot be read)\n",
        "after": readable(planned.target.content, old) + note,
    }


def readable(content: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> str:
    """A task definition as sorted JSON, without bookkeeping and without values that may be secrets.

    A hidden value that is another one than in ``before`` says so.
    """
    earlier = {str(c.get("name")): c for c in before.get("containerDefinitions") or []}
    shown = {key: value for key, value in content.items() if key not in _BOOKKEEPING}
    shown["containerDefinitions"] = [
        _container(c, earlier.get(str(c.get("name")), {})) for c in content.get("containerDefinitions") or []
    ]
    return json.dumps(shown, indent=2, sort_keys=True, default=str) + "\n"


def _container(definition: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    shown = dict(definition)
    if shown.get("environment"):
        shown["environment"] = _hide(_environment(definition), _environment(before))
    logging = shown.get("logConfiguration") or {}
    if logging.get("options") and logging.get("logDriver") != "awslogs":
        # Options of other drivers carry tokens (splunk-token).
        earlier = (before.get("logConfiguration") or {}).get("options") or {}
        shown["logConfiguration"] = {**logging, "options": _hide(logging["options"], earlier)}
    return shown


def _environment(definition: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {str(e.get("name")): e.get("value") for e in definition.get("environment") or []}


def _hide(values: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {
        name: "(value not shown)" if before.get(name, value) == value else "(another value, not shown)"
        for name, value in values.items()
    }
