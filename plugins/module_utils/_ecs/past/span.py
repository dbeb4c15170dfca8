# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How far back the record of a service reaches, and why. Pure.

ECS keeps service deployments for 90 days
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html).
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service

KEPT: t.Final = timedelta(days=90)
_NOTHING: t.Final = "no deployment of the service is on record"


def is_older_than_the_record(service: Service, now: datetime | None) -> bool:
    """Whether the service was created before the time of which AWS keeps a record; False if that is not known."""
    return service.created_at is not None and now is not None and now - service.created_at > KEPT


def is_past_the_record(service: Service, now: datetime | None) -> bool:
    """Whether what runs now was deployed before the time of which AWS keeps a record; False if that is not known."""
    primary = service.primary
    began = primary.created_at if primary is not None else None
    return began is not None and now is not None and now - began > KEPT


def why_nothing(service: Service, now: datetime | None) -> str:
    """Why no deployment of a service is on record, as far as that is known at ``now``."""
    if is_older_than_the_record(service, now):
        return f"{_NOTHING}, since AWS keeps them for 90 days"
    if service.created_at is None or now is None:
        return f"{_NOTHING}. AWS keeps them for 90 days"
    return (
        f"{_NOTHING}, although it was created at {stamp(service.created_at)}, and AWS keeps them for 90 days: AWS may "
        "not list them yet"
    )


def why_it_begins(service: Service, began: datetime, now: datetime | None) -> str:
    """When the record of a service begins, and why then, as far as that is known at ``now``."""
    kept = ", since AWS keeps 90 days of it" if is_older_than_the_record(service, now) else ""
    return f"the record begins at {stamp(began)}{kept}"
