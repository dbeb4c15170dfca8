# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a service runs the version that is to be left, and whether it ever did. Pure.

A service that does not run it needs no rollback. But if it never ran it, the version is as likely a slip of the pen,
and the bad one still runs: that is no reason to report success.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import span
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

# The versions that a message names.
_NAMED: t.Final = 6
# ECS records the first deployment of a service when the service is created.
_FIRST_DEPLOYMENT: t.Final = timedelta(minutes=5)
# The status of a task definition that does not exist.
_MISSING: t.Final = "MISSING"


@dataclass(frozen=True)
class Elsewhere:
    """The service does not run the version.

    ``unchanged`` says so. ``never`` says why the version must be a mistake, ``doubt`` why that is not known; both are
    empty if the service ran it. ``unread`` is a task definition to read before we can know.
    """

    unchanged: str
    never: str = ""
    doubt: str = ""
    unread: tuple[str, ...] = ()


def judge(
    wanted: str,
    current: str,
    leaving: str | None,
    service: Service,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    gaps: str = "",
    now: datetime | None = None,
) -> Elsewhere | None:
    """None if the service runs ``wanted``, or is leaving it.

    ``gaps`` says why the history is not whole; ``now`` is the time by AWS's clock, if that is known.
    """
    name = names.from_option(wanted, current) or wanted
    if names.same(name, current) or (leaving is not None and names.same(name, leaving)):
        return None
    unchanged = f"it runs {names.short(current)}, not {names.short(name)}, so it does not need to move"
    if ran(service, history, name):
        return Elsewhere(unchanged)
    task_definition = known.get(name)
    if task_definition is None:
        return Elsewhere(unchanged, unread=(name,))
    told = _told(service, history, current)
    if task_definition.status == _MISSING:
        what = f"there is no task definition {names.short(name)}, which from_revision names: {service.name} {told}"
        return Elsewhere(unchanged, never=what)
    why = gaps.rstrip(".") or _may_be_older(service, history, task_definition, now)
    if why:
        return Elsewhere(unchanged, doubt=f"whether {service.name} ever ran {names.short(name)} is not known: {why}")
    return Elsewhere(
        unchanged, never=f"{service.name} never ran {names.short(name)}, which from_revision names: it {told}"
    )


def ran(service: Service, history: History | None, wanted: str) -> bool:
    """Whether anything shows that a service ran or tried a version; ``wanted`` as :func:`judge` takes it."""
    current = service.primary.task_definition if service.primary else service.task_definition
    name = names.from_option(wanted, current) or wanted
    if any(names.same(name, one) for one in on_record(service, history)):
        return True
    done, begun = marks.rolled_back(service.tags), marks.started(service.tags)
    tagged = [tag for record in (done, begun) if record for tag in (record.left, record.target)]
    return any(marks.is_name_of(tag, name) for tag in tagged)


def on_record(service: Service, history: History | None) -> list[str]:
    """All known versions, the most recently deployed first."""
    found = [d.task_definition for d in service.deployments]
    for deployment in reversed(history.deployments if history is not None else ()):
        back = (deployment.rolled_back_to,) if deployment.rolled_back_to is not None else ()
        found += [revision.task_definition for revision in (deployment.target, *back, *deployment.sources)]
    return list(dict.fromkeys(found))


def _told(service: Service, history: History | None, current: str) -> str:
    """What it runs and has run, in words."""
    before = [names.short(one) for one in on_record(service, history) if not names.same(one, current)]
    more = f" and {len(before) - _NAMED} more" if len(before) > _NAMED else ""
    ran_ = f", and ran {', '.join(before[:_NAMED])}{more} before" if before else ", and no other is on record"
    return f"runs {names.short(current)}{ran_}"


def _may_be_older(
    service: Service, history: History | None, task_definition: TaskDefinition, now: datetime | None
) -> str:
    """Why it can have run before the record begins; empty if it cannot."""
    if history is None:
        return "AWS does not tell the history of the service"
    if not history.deployments:
        return span.why_nothing(service, now)
    began = history.deployments[0].created_at
    if service.created_at is not None and began - service.created_at <= _FIRST_DEPLOYMENT:
        return ""
    registered = task_definition.content.get("registeredAt")
    if isinstance(registered, datetime) and registered >= began:
        return ""
    return span.why_it_begins(service, began, now)
