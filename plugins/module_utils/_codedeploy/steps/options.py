# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The options that choose a deployment group and a revision. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import options as codedeploy_options
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.asg_processes import NATIVE
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.target import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._core import force, options

BadOption = options.BadOption

SELECTION_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "application": {"type": "str", "required": True},
    "deployment_group": {"type": "str", "required": True},
    "deployment_id": {"type": "str"},
    "revision": {"type": "raw"},
    "as_of": {"type": "str"},
    "steps_back": {"type": "int"},
    **force.SPEC,
    "in_flight": {"type": "str", "default": "stop", "choices": ["stop", "wait", "refuse"]},
    "file_exists_behavior": {
        "type": "str",
        "default": "inherit",
        "choices": ["inherit", "disallow", "fail", "overwrite", "retain"],
    },
    "rollback_events": {"type": "list", "elements": "str"},
    "override_alarms": {"type": "str", "default": "auto", "choices": ["auto", "true", "false"]},
    "deployment_config": {"type": "str"},
    "ignore_application_stop_failures": {"type": "bool", "default": False},
    "update_outdated_instances_only": {"type": "bool", "default": False},
    "require_pinned": {"type": "bool", "default": False},
    "suspend_processes": {"type": "list", "elements": "str", "choices": list(NATIVE), "default": []},
    # Only says so in the plan.
    "guard_content": {"type": "bool", "default": False},
}
SELECTION_EXCLUSIVE: t.Final = [["deployment_id", "revision", "as_of", "steps_back"]]


def wish(params: t.Mapping[str, t.Any]) -> plan.Wish:
    """What the options ask for. Raises :class:`BadOption`."""
    as_of = options.as_of(params["as_of"])
    return plan.Wish(
        selection=Selection(
            deployment_id=_text(params["deployment_id"]) or None,
            revision=revisions.if_given(params["revision"]),
            as_of=as_of.at if as_of is not None else None,
            steps_back=options.steps_back(params["steps_back"]),
            force=force.parse(params["force"]),
        ),
        in_flight=params["in_flight"],
        # The console and the guide call it "fail".
        file_exists_behavior="disallow" if params["file_exists_behavior"] == "fail" else params["file_exists_behavior"],
        rollback_events=codedeploy_options.rollback_events(params["rollback_events"]),
        override_alarms=params["override_alarms"],
        deployment_config=_text(params["deployment_config"]),
        ignore_application_stop_failures=params["ignore_application_stop_failures"],
        update_outdated_instances_only=params["update_outdated_instances_only"],
        require_pinned=params["require_pinned"],
        suspend_processes=tuple(params["suspend_processes"]),
        as_of=as_of,
    )


def _text(value: str | None) -> str:
    return (value or "").strip()
