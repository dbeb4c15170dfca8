# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an event calls for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: event_answer
short_description: Decide what an event about a deployment or an alarm calls for
version_added: 1.0.0
description:
  - The decision of the role P(lastgood.aws.on_event#role), after it has looked at the service or deployment group that
    an event is about. It only decides, and calls nothing.
positional: inputs, target, switches
options:
  _input:
    description:
      - The look. An item of RV(lastgood.aws.ecs_rollback_info#module:services), or the result of
        M(lastgood.aws.codedeploy_deployment_info).
    type: dict
    required: true
  inputs:
    description:
      - The variables of the role, as its first step has read them.
    type: dict
    required: true
  target:
    description:
      - The service or deployment group, one of those that the first step has found.
    type: dict
    required: true
  switches:
    description:
      - What the switches say. All of them have to say V(on).
    type: list
    elements: str
    default: []
seealso:
  - module: lastgood.aws.ecs_rollback_info
  - module: lastgood.aws.codedeploy_deployment_info
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Decide
  ansible.builtin.debug:
    msg: "{{ (looked.services[0] | lastgood.aws.event_answer(inputs, inputs.targets[0])).line }}"
"""

RETURN = r"""
_value:
  description: The answer.
  type: dict
  contains:
    do:
      description: V(nothing), V(tell), V(ask) or V(rollback).
      type: str
      sample: rollback
    line:
      description: What is done and why, for people. If they are asked, with the command that does it.
      type: str
      sample: "[web.prod.eu-central-1] rollback: ecs-svc/4711 failed (tasks failed to start)"
    reason:
      description: Why, for the record.
      type: str
      sample: ecs-svc/4711 failed (tasks failed to start)
    from_revision:
      description: The version that was looked at. Empty for a deployment group.
      type: str
      sample: web:43
"""

import typing as t
from datetime import datetime, timezone

from ansible.errors import AnsibleFilterError

from ansible_collections.lastgood.aws.plugins.plugin_utils._events import answers, seen

Looked = t.Mapping[str, t.Any]


def event_answer(look: Looked, inputs: Looked, target: Looked, switches: t.Sequence[str] = ()) -> dict[str, str]:
    """The answer. Raises :class:`AnsibleFilterError` if it is not given what the role's steps return."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    try:
        found = seen.of_service(look) if target["kind"] == "service" else seen.of_group(look)
        rules = answers.Rules(now=now, switches=switches, **inputs["rules"])
        answer = answers.answer(inputs["event"], found, rules)
        how = f". To do that: {answers.command(target, found)}" if answer.do == "ask" else ""
    except (AttributeError, KeyError, TypeError) as exc:
        raise AnsibleFilterError(
            f"event_answer takes what the steps of lastgood.aws.on_event return, and this is something else: {exc!r}"
        ) from exc
    return {
        "do": answer.do,
        "line": f"[{target['name']}] {answer.do}: {answer.why}{how}",
        "reason": answer.why,
        # An unfinished rollback has its target in flight, and finishes what it left.
        "from_revision": found.runs if target["kind"] == "service" and not found.unfinished else "",
    }


class FilterModule:
    """Ansible's entry point to this filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"event_answer": event_answer}
