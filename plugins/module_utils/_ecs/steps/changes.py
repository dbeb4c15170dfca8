# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What changes in a service when it goes back, for ``--diff``: pure but for reading one task definition.

Values that may hold secrets are never shown: those of environment variables, commands, labels and options of drivers.
That they differ is shown.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun

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
# Of a container, what people pass passwords and tokens in besides the environment.
_MAY_HOLD_SECRETS: t.Final = ("command", "entryPoint", "dockerLabels", "healthCheck", "firelensConfiguration")


def diff(aws: Aws, run: RollbackRun) -> dict[str, str]:
    """Ansible's diff of one service: the task definitions, and the settings that are **not** reverted."""
    planned = run.plan
    if planned is None or planned.target is None:
        return {"before": "", "after": ""}
    try:
        before = api.describe_task_definition(aws, planned.left or planned.current)
    except (AwsCallError, IncompleteAnswerError):
        before = None
    kept = settings.changed_settings(planned.now, planned.good)
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
    earlier, volumes = _by_name(before, "containerDefinitions"), _by_name(before, "volumes")
    shown = {key: value for key, value in content.items() if key not in _BOOKKEEPING}
    shown["containerDefinitions"] = [
        _container(c, earlier.get(str(c.get("name")), {})) for c in content.get("containerDefinitions") or []
    ]
    if content.get("volumes"):
        shown["volumes"] = [_volume(v, volumes.get(str(v.get("name")), {})) for v in content["volumes"]]
    return json.dumps(shown, indent=2, sort_keys=True, default=str) + "\n"


def _by_name(content: t.Mapping[str, t.Any], key: str) -> dict[str, t.Mapping[str, t.Any]]:
    return {str(item.get("name")): item for item in content.get(key) or []}


def _container(definition: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    shown = dict(definition)
    if shown.get("environment"):
        shown["environment"] = _hide(_environment(definition), _environment(before))
    for key in _MAY_HOLD_SECRETS:
        if shown.get(key):
            shown[key] = _hidden(shown[key], before.get(key))
    logging = shown.get("logConfiguration") or {}
    if logging.get("options") and logging.get("logDriver") != "awslogs":
        # Options of other drivers carry tokens (splunk-token).
        earlier = (before.get("logConfiguration") or {}).get("options") or {}
        shown["logConfiguration"] = {**logging, "options": _hide(logging["options"], earlier)}
    return shown


def _volume(volume: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    key = "dockerVolumeConfiguration"
    # Options of volume drivers carry passwords (those of cifs).
    return {**volume, key: _hidden(volume[key], before.get(key))} if volume.get(key) else dict(volume)


def _environment(definition: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {str(e.get("name")): e.get("value") for e in definition.get("environment") or []}


def _hide(values: t.Mapping[str, t.Any], before: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: _hidden(value, before.get(name)) for name, value in values.items()}


def _hidden(value: t.Any, before: t.Any) -> t.Any:
    """What is shown instead of a value: by name if there are names, so that one can see which of them differs."""
    if isinstance(value, dict):
        return _hide(value, before if isinstance(before, dict) else {})
    return "(value not shown)" if before in (None, value) else "(another value, not shown)"
