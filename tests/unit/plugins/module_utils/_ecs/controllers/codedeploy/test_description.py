# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The description of a deployment of ours: what people and later runs know it by."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import description
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import START, arn

RUN = "1a2b3c4d"


@pytest.mark.parametrize("reason", [None, "", "  500s   since 13:52 ", "x" * 400])
def test_it_fits_and_can_be_told_from_that_of_another_run(reason: str | None) -> None:
    made = description.made(reason, arn(42), arn(41), RUN)
    assert len(made) <= 256
    assert made.rstrip(")").endswith("lastgood.aws rollback web:42 to web:41, run 1a2b3c4d")
    assert made.startswith((" ".join((reason or "").split()) or "lastgood")[:100])


@pytest.mark.parametrize("what", ["rollback", "redeploy", "undo"])
@pytest.mark.parametrize("reason", [None, "why", "x" * 400])
@pytest.mark.parametrize("left", [None, 42])
@pytest.mark.parametrize(("family", "other"), [("web", "web"), ("f" * 255, "g" * 255), ("f" * 77, "f" * 77)])
def test_of_long_names_the_family_is_cut_and_the_whole_move_can_be_read(
    what: str, reason: str | None, left: int | None, family: str, other: str
) -> None:
    from_, to = arn(left, family) if left else None, arn(4100000000, other)
    made = description.made(reason, from_, to, RUN, what)
    assert len(made) <= 256
    read = description.read(made, START)
    assert read is not None
    assert (read.run, read.began, read.at) == (RUN, START, "")
    assert marks.is_name_of(read.target, to)
    assert marks.is_name_of(read.left, from_) if from_ else read.left == "-"
    assert read.direction == {"rollback": "back", "undo": "forward"}.get(what, "unknown")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "release 41",
        # by ecs_deploy, which is no move that a rollback knows
        "lastgood.aws deploy web:3, run 1a2b3c4d",
        "lastgood.aws rollback web:3 to web:1",
        "lastgood.aws rollback web:3 to web:1, run 1a2b",
        "lastgood.aws rollback web:3 to web:1, run 1a2b3c4d and more",
    ],
)
def test_what_announces_no_move(text: str) -> None:
    assert description.read(text, START) is None
