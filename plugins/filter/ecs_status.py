# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether ECS services could be rolled back, as a table for people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ecs_status
short_description: Make a table of whether ECS services could be rolled back
version_added: 1.0.0
description:
  - Makes the lines of a table, for people, of what M(lastgood.aws.ecs_status_info) returns.
  - One block for each service, in the order in which they come. What is in order takes no line.
  - Permissions that all of them lack come once, at the end.
options:
  _input:
    description:
      - RV(lastgood.aws.ecs_status_info#module:services) of the module M(lastgood.aws.ecs_status_info).
    type: list
    elements: dict
    required: true
seealso:
  - module: lastgood.aws.ecs_status_info
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Look at all services of a cluster
  lastgood.aws.ecs_status_info:
    cluster: prod
  register: status

- name: Show them
  ansible.builtin.debug:
    msg: "{{ status.services | lastgood.aws.ecs_status }}"
"""

RETURN = r"""
_value:
  description: The lines, without line ends.
  type: list
  elements: str
  sample:
    - "web (cluster prod, eu-central-1): READY, WITH WARNINGS"
    - "  runs        web:43 since 2026-11-20T13:52:00Z, 4 of 4 tasks"
    - "  last good   web:41: SUCCESSFUL at 2026-11-14T09:12:40Z"
    - "  rollback    update_service to web:41"
    - "  warning     web-5xx is in ALARM now"
    - "  permission  ecs:TagResource is missing: nothing is recorded or marked"
"""

import typing as t

from ansible.errors import AnsibleFilterError

Item = t.Mapping[str, t.Any]
Row = t.Tuple[str, str]

_WORDS: t.Final = {"not_ready": "NOT READY", "ready_with_warnings": "READY, WITH WARNINGS", "ready": "READY"}
_SEVERITIES: t.Final = {"block": "stops it", "warn": "warning", "unknown": "not known", "info": "note"}
_OF_THE_IDENTITY: t.Final = frozenset({"permission", "not known"})
_WIDTH: t.Final = len("permission")


def ecs_status(services: t.Any) -> list[str]:
    """The table's lines for all services. Raises :class:`AnsibleFilterError` if given anything but ecs_status_info's
    result.
    """
    try:
        blocks = [(_heading(service), _rows(service)) for service in services]
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(
            f"ecs_status takes the services that ecs_status_info returns, and this is something else: {exc!r}"
        ) from exc
    common = _common([rows for _heading, rows in blocks])
    found = [(heading, [row for row in rows if row not in common]) for heading, rows in blocks]
    found += [("all of these services", common)] if common else []
    return [line for heading, rows in found for line in _lines(heading, rows)]


def _lines(heading: str, rows: t.Iterable[Row]) -> list[str]:
    return [heading, *(f"  {label.ljust(_WIDTH)}  {text}" for label, text in rows)]


def _common(blocks: t.Sequence[t.Sequence[Row]]) -> list[Row]:
    """What is said of the identity that looks, if it is the same for several services."""
    if len(blocks) < 2:
        return []
    rows = [row for row in blocks[0] if row[0] in _OF_THE_IDENTITY]
    return [row for row in rows if all(row in block for block in blocks)]


def _heading(service: Item) -> str:
    where = ", ".join(filter(None, [f"cluster {service['cluster']}", service["region"]]))
    return f"{service['service']} ({where}): {_WORDS[service['readiness']]}"


def _rows(service: Item) -> list[Row]:
    rows = [*_runs(service), *_rollback(service), *_findings(service), *_permissions(service)]
    return rows + [("half done", one["message"]) for one in service["unfinished"]]


def _runs(service: Item) -> list[Row]:
    running = service["running"]
    if running is None:
        return []
    since = f" since {running['since']}" if running["since"] else ""
    counts = f"{running['running_count']} of {running['desired_count']} tasks"
    rows = [("runs", f"{_short(running['task_definition'])}{since}, {counts}")]
    flight = service["in_flight"]
    if flight:
        what = f"a deployment of {_short(flight['task_definition'])} is running ({flight['status']})"
        rows.append(("in flight", what))
    return rows


def _rollback(service: Item) -> list[Row]:
    if service["outcome"] != "planned":
        nothing = service["outcome"] == "unchanged"
        return [("rollback", service["reason"] if nothing else f"would be refused: {service['reason']}")]
    target = _short(service["target"]["task_definition"])
    # With a permission missing, the reason is that.
    stopped = f", but {service['reason']}" if service["readiness"] == "not_ready" else ""
    return [
        ("last good", f"{target}: {service['target_why']}"),
        ("rollback", f"{service['method']} to {target}{stopped}"),
    ]


def _findings(service: Item) -> list[Row]:
    """Those that block it have been told as the reason, if that is why it would be refused."""
    order = list(_SEVERITIES)
    shown = [one for one in service["findings"] if one["message"].rstrip(".") not in service["reason"]]
    shown.sort(key=lambda one: order.index(one["severity"]) if one["severity"] in order else 0)
    return [(_SEVERITIES.get(one["severity"], one["severity"]), one["message"]) for one in shown]


def _permissions(service: Item) -> list[Row]:
    states = {"missing": "is missing", "unknown": "may be missing"}
    return [
        ("permission", f"{one['permission']} {states[one['state']]}: {one['cost']}") for one in service["permissions"]
    ]


def _short(task_definition: str | None) -> str:
    return str(task_definition or "nothing").rpartition("/")[2]


class FilterModule:
    """Ansible's entry point to this filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"ecs_status": ecs_status}
