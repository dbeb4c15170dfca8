# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import span
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import START, at, service


@pytest.mark.parametrize(
    ("created", "now", "older"),
    [
        (START - timedelta(days=91), START, True),
        (START - timedelta(days=90), START, False),
        (START - timedelta(minutes=1), START, False),
        (None, START, False),
        (START - timedelta(days=91), None, False),
    ],
)
def test_only_an_old_service_has_run_before_its_record(
    created: datetime | None, now: datetime | None, older: bool
) -> None:
    on = service(1, created_at=created)
    assert span.is_older_than_the_record(on, now) is older
    assert ("since AWS keeps" in span.why_nothing(on, now)) is older
    begins = span.why_it_begins(on, at(5), now)
    assert begins == "the record begins at 2026-11-20T12:05:00Z" + (", since AWS keeps 90 days of it" if older else "")
