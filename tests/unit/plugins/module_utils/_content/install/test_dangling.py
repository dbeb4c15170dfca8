# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links to deployed files, which nobody lists and which are lost all the same."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.install import dangling
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Dangling
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import losses
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.trees import (
    WEB,
    Files,
    Link,
    after,
    cleanup,
    lines,
    predict,
)

CUR, INDEX = f"{WEB}/cur", f"{WEB}/index.html"
BEFORE: Files = {WEB: None, CUR: Link("index.html"), INDEX: "old"}
LISTED = cleanup(WEB, INDEX)
WITH_CUR: Files = {"content": None, "content/cur": "new", "content/index.html": "new"}
WITHOUT: Files = {"content": None, "content/index.html": "new"}


@pytest.mark.parametrize("option", ["RETAIN", "OVERWRITE", "DISALLOW"])
def test_a_link_whose_target_is_removed_is_taken_for_nothing(option: str) -> None:
    """Whatever the option: seen with the real agent, 1.8.1."""
    found = predict(BEFORE, WITH_CUR, listed=LISTED, option=option)
    assert found.failure is None
    assert found.dangling == (Dangling(CUR.encode(), INDEX.encode()),)
    assert losses.losses(found, {INDEX.encode()}) == {CUR.encode(): losses.OVERWRITTEN}
    assert CUR in (lines(found) or [])
    gone = predict(after(found), {"content": None}, listed=found.cleanup)
    assert set(after(gone)) == {WEB}


@pytest.mark.parametrize(
    ("before", "files", "listed"),
    [
        # The bundle has no file for it.
        (BEFORE, WITHOUT, LISTED),
        # It leads to something that stays, or it led nowhere before.
        ({**BEFORE, CUR: Link("kept"), f"{WEB}/kept": "mine"}, WITH_CUR, LISTED),
        ({**BEFORE, CUR: Link("nowhere")}, WITH_CUR, LISTED),
        # It is removed itself.
        (BEFORE, WITH_CUR, cleanup(WEB, INDEX, CUR)),
        # Nothing is removed.
        (BEFORE, WITH_CUR, None),
    ],
)
def test_what_is_not_lost_by_that(before: Files, files: Files, listed: bytes | None) -> None:
    found = predict(before, files, listed=listed, option="RETAIN")
    assert found.dangling == ()
    assert CUR.encode() not in losses.losses(found, {INDEX.encode(), CUR.encode()})


def test_what_keeps_it_is_said() -> None:
    said = dangling.sentence(Dangling(CUR.encode(), INDEX.encode()))
    assert f"{CUR} is a link to {INDEX}" in said
    assert f"To keep it, leave {CUR} out of the bundle" in said
