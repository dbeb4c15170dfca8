# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versions of ECS services as a table for people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ecs_history
short_description: Make a table of the versions of ECS services
version_added: 1.0.0
description:
  - Makes the lines of a table, for people, of what M(lastgood.aws.ecs_rollback_info) returns.
  - The versions that a service has run, or tried to run, the most recently used first. With the verdict, what happened
    to each, and who registered its task definition.
options:
  _input:
    description:
      - RV(lastgood.aws.ecs_rollback_info#module:services) of the module M(lastgood.aws.ecs_rollback_info).
    type: list
    elements: dict
    required: true
seealso:
  - module: lastgood.aws.ecs_rollback_info
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Look up what web has run
  lastgood.aws.ecs_rollback_info:
    cluster: prod
    service: web
  register: plan

- name: Show it
  ansible.builtin.debug:
    msg: "{{ plan.services | lastgood.aws.ecs_history }}"
"""

RETURN = r"""
_value:
  description: The lines, without line ends.
  type: list
  elements: str
  sample:
    - "web (cluster prod) is on web:43. A rollback would go to web:41 (SUCCESSFUL at 2026-11-14T09:12:40Z)"
    - "   VERSION  VERDICT  LAST USED             REGISTERED BY            WHAT HAPPENED"
    - "*  web:43   good     2026-11-20T13:52:03Z  assumed-role/ci/b-4711  SUCCESSFUL at 2026-11-20T13:52:03Z"
    - ">  web:41   good     2026-11-14T09:12:03Z  assumed-role/ci/b-4650  SUCCESSFUL at 2026-11-14T09:12:40Z"
    - "*  on it now   >  a rollback goes there"
"""

import typing as t

from ansible.errors import AnsibleFilterError

Row = t.Tuple[str, ...]

_HEAD: t.Final[Row] = ("", "VERSION", "VERDICT", "LAST USED", "REGISTERED BY", "WHAT HAPPENED")
_LEGEND: t.Final = "*  on it now   >  a rollback goes there"


def ecs_history(services: t.Any) -> list[str]:
    """The table's lines for all services. Raises :class:`AnsibleFilterError` if given anything but ecs_rollback_info's
    result.
    """
    try:
        return [line for service in services for line in _of(service)]
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(
            f"ecs_history takes the services that ecs_rollback_info returns, and this is something else: {exc!r}"
        ) from exc


def _of(service: t.Mapping[str, t.Any]) -> list[str]:
    lines = [_heading(service)]
    flight = service["in_flight"]
    if flight:
        lines.append(f"   a deployment of {_short(flight['task_definition'])} is running ({flight['status']})")
    if not service["candidates"]:
        return [*lines, "   no version is on record"]
    target = (service["target"] or {}).get("task_definition")
    rows = [_HEAD]
    for candidate in service["candidates"]:
        rows += _rows(candidate, target)
    return [*lines, *_aligned(rows), _LEGEND]


def _heading(service: t.Mapping[str, t.Any]) -> str:
    text = f"{service['service']} (cluster {service['cluster']})"
    if service["current"] is None:
        return f"{text}: {service['reason']}"
    text += f" is on {_short(service['current']['task_definition'])}. "
    if service["outcome"] == "planned":
        return f"{text}A rollback would go to {_short(service['target']['task_definition'])} ({service['target_why']})"
    if service["outcome"] == "unchanged":
        return f"{text}A rollback would change nothing: {service['reason']}"
    return f"{text}A rollback is not possible: {service['reason']}"


def _rows(candidate: t.Mapping[str, t.Any], target: str | None) -> list[Row]:
    """A version's first row, and one more for each further thing that happened to it."""
    happened = [item["what"] for item in candidate["past"]]
    # The verdict's reason often repeats the last thing that happened; a mark does not.
    if candidate["why"] not in happened:
        happened.append(candidate["why"])
    place = "*" if candidate["current"] else ">" if candidate["task_definition"] == target else ""
    first = (
        place,
        _short(candidate["task_definition"]),
        candidate["verdict"],
        candidate["last_used"],
        (candidate["registered_by"] or "").rpartition(":")[2] or "-",
        happened[0],
    )
    return [first, *(("", "", "", "", "", what) for what in happened[1:])]


def _short(task_definition: str) -> str:
    return task_definition.rpartition("/")[2]


def _aligned(rows: t.Sequence[Row]) -> list[str]:
    # The last column ends the line, so it is not padded.
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip() for row in rows]


class FilterModule:
    """Ansible's entry point to this filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"ecs_history": ecs_history}
