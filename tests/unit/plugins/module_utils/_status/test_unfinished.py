# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is half done on a service."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import (
    Garbled,
    Journal,
    Origin,
    Record,
    Unread,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import NONE, Flags, ScalableTarget
from ansible_collections.lastgood.aws.plugins.module_utils._status import unfinished
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    flown,
    planned,
    service,
)

RUN = "1a2b3c4d"
RECORD = marks.record_tag(RUN, at(100), "ecs-svc/named", arn(42), arn(41), "back")
BEFORE = [flown(41, minute=1), flown(42, minute=50)]
OURS = flown(41, minute=100.05)


def done(when: datetime, *still_open: str) -> dict[str, str]:
    return {**RECORD, **marks.done_tag(RUN, when, still_open)}


@pytest.mark.parametrize(
    ("tags", "since", "current", "what", "words"),
    [
        ({}, [], 42, None, ""),
        (done(at(110)), [OURS], 41, None, ""),
        (
            RECORD,
            [OURS],
            41,
            "rollback",
            "a rollback from web:42 to web:41 was begun at 2026-11-20T13:40:00Z, and no run has recorded its end. The "
            "same rollback again finishes it",
        ),
        # Another one is at it, or was killed while it watched.
        (RECORD, [flown(41, "IN_PROGRESS", 100.05, [42])], 41, "rollback", "and a deployment is running"),
        (RECORD, [flown(43, minute=110)], 43, "record", "came to nothing: something else was deployed"),
        (
            done(at(110), "mark"),
            [OURS],
            41,
            "mark",
            "web:42 is not marked bad yet after the rollback of 2026-11-20T13:50",
        ),
        (done(at(110), "deregister"), [OURS], 41, "deregistration", "web:42 is not deregistered yet"),
        # Of a rollback that is history, nothing is left to do.
        (done(at(110), "mark"), [OURS, flown(43, minute=120)], 43, None, ""),
    ],
)
def test_records(
    tags: dict[str, str], since: list[history.ServiceDeployment], current: int, what: str | None, words: str
) -> None:
    on = service(deployment(current, "ecs-svc/other"), tags=tags)
    found = unfinished.of_plan(planned(on, history.read([*BEFORE, *since])), "")
    assert [one.what for one in found] == ([what] if what else [])
    assert all(words in one.message for one in found)


def test_what_was_changed_for_one_deployment() -> None:
    [one] = unfinished.of_plan(planned(service(42), history.read(BEFORE)), "its deployment configuration")
    assert one.as_dict() == {
        "what": "configuration",
        "message": "an earlier run has not put back its deployment configuration. The next rollback of web does",
    }


IN, OUT = "dynamic_scaling_in", "dynamic_scaling_out"
TARGET = ScalableTarget("service/prod/web", "arn:aws:x", 1, 9, NONE)
OLD = Record(frozenset({IN}), NONE, frozenset({IN}), Origin("2026-11-20T13:52:00Z", RUN, "awx/4711", "500s"))


@pytest.mark.parametrize(
    ("suspended", "journal", "half", "severity", "words"),
    [
        (NONE, None, False, "", ""),
        (
            frozenset({OUT}),
            None,
            False,
            "info",
            "scale-out of service/prod/web is suspended, and not by this collection",
        ),
        (
            frozenset({IN, OUT}),
            OLD,
            True,
            "",
            f"run {RUN} of awx/4711 at 2026-11-20T13:52:00Z (500s) has recorded: scale-in. Auto scaling is still "
            "suspended: scale-in of service/prod/web. Put it back with: ansible-playbook lastgood.aws.restore_scaling ",
        ),
        (NONE, OLD, True, "", "nothing of it is suspended. lastgood.aws.restore_scaling removes the record"),
        (frozenset({IN}), Garbled("2 x"), True, "", "cannot be read: 2 x. Suspended is scale-in"),
        (frozenset({IN}), Unread("AWS denied it."), False, "unknown", "is not known. AWS denied it."),
    ],
)
def test_scaling(suspended: Flags, journal: Journal, half: bool, severity: str, words: str) -> None:
    target = dataclasses.replace(TARGET, suspended=suspended)
    found, findings = unfinished.of_scaling(target, journal, "eu-central-1")
    assert [one.what for one in found] == (["auto_scaling"] if half else [])
    assert [one.severity for one in findings] == ([severity] if severity else [])
    assert all(words in one.message for one in (*found, *findings))
