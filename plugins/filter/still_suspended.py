# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has left suspended."""

from __future__ import annotations

DOCUMENTATION = r"""
name: still_suspended
short_description: Tell what several steps of autoscaling_suspend have left suspended
version_added: 1.0.0
description:
  - Follows the results of M(lastgood.aws.autoscaling_suspend) from step to step, and says what these steps, or earlier
    ones that left a record, have suspended and nobody has put back.
  - The result of M(lastgood.aws.codedeploy_redeploy) can be among them, which says what CodeDeploy has suspended for a
    deployment and not resumed.
  - What was suspended by other means is not told.
positional: region
options:
  _input:
    description:
      - Results of these modules, in the order of the steps. A step that was skipped may be among them, and one that was
        a loop.
    type: list
    elements: dict
    required: true
  region:
    description:
      - The Region, for the commands that put it back. Without it they are for the Region of the environment.
    type: str
    default: ""
seealso:
  - module: lastgood.aws.autoscaling_suspend
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Tell what is left to put back
  ansible.builtin.debug:
    msg: "{{ ([suspended, restored] | lastgood.aws.still_suspended).text }}"
"""

RETURN = r"""
_value:
  description: What is still suspended.
  type: dict
  contains:
    targets:
      description: The scalable targets and Auto Scaling groups, empty if nothing is suspended.
      type: list
      elements: dict
      sample:
        - resource_id: service/prod/web
          suspended:
            - dynamic_scaling_in
            - dynamic_scaling_out
            - scheduled_scaling
          recorded: true
    text:
      description: The same in words, with the commands that put it back. Empty if nothing is suspended.
      type: str
      sample: >-
        Auto scaling is still suspended: scale-in, scale-out, scheduled scaling of service/prod/web. Put it back with:
        ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster=prod -e rollback_services=web
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.lastgood.aws.plugins.module_utils._scaling import still


def still_suspended(results: t.Any, region: str = "") -> dict[str, t.Any]:
    """What these results have left suspended. Raises :class:`AnsibleFilterError` if they are not the module's
    results.
    """
    try:
        steps = [step for result in results for step in result.get("results", [result])]
        found = still.still_suspended(steps)
    except (AttributeError, KeyError, TypeError) as exc:
        raise AnsibleFilterError(
            f"still_suspended takes results of autoscaling_suspend, and this is something else: {exc!r}"
        ) from exc
    return {"targets": [one.as_dict() for one in found], "text": still.in_words(found, region)}


class FilterModule:
    """Ansible's entry point to this filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"still_suspended": still_suspended}
