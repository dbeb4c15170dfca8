# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what runs after a rollback is what was good."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Revision
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import image_identity
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_run,
    planned,
    revision,
    service,
    told,
)

ON = service(41, revision_arns=("arn:1", "arn:2"))


def ended(good: t.Mapping[str, str], after: t.Mapping[str, str] | None) -> RollbackRun:
    made = planned(service(42), told(41, 42))
    proof = dataclasses.replace(revision(41), digests=good)
    candidates = tuple(dataclasses.replace(c, revision=proof) for c in made.candidates)
    run = accepted_run(dataclasses.replace(made, candidates=candidates))
    run.service = ON
    run.revision_after = None if after is None else dataclasses.replace(revision(41), digests=after)
    return run


@pytest.mark.parametrize(
    ("good", "after", "known", "moved"),
    [
        ({"app": "a"}, {"app": "a"}, True, []),
        ({"app": "a"}, {"app": "b"}, True, ["app"]),
        ({"app": "a", "log": "x"}, {"app": "b"}, False, ["app"]),
        ({}, {"app": "b"}, False, []),
        ({"app": "a"}, {}, False, []),
        ({"app": "a"}, None, False, []),
    ],
)
def test_digests_are_compared_as_far_as_they_are_known(
    good: t.Mapping[str, str], after: t.Mapping[str, str] | None, known: bool, moved: list[str]
) -> None:
    run = ended(good, after)
    assert image_identity.are_known(run) is known
    found = image_identity.compare(run)
    assert [f.severity for f in found] == (["warn"] if moved else [])
    assert not moved or f"container {', '.join(moved)} of web:41 runs another image" in found[0].message


def test_of_the_revisions_of_a_service_the_newest_of_the_target_counts() -> None:
    run = ended({}, None)

    def at(number: int, created: str) -> Revision:
        return dataclasses.replace(revision(number), settings={"createdAt": created})

    old, new = at(41, "2026-01-01"), at(41, "2026-02-01")
    assert image_identity.revision_on_target(run, {"arn:1": new, "arn:2": old}) is new
    assert image_identity.revision_on_target(run, {"arn:1": at(42, "2026-03-01"), "arn:2": old}) is old
    assert image_identity.revision_on_target(run, {"arn:3": new}) is None
