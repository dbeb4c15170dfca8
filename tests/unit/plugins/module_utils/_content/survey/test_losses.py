# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Install takes away for good."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import (
    Placement,
    Prediction,
    Removal,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import losses


def predicted(*found: Removal | Placement) -> Prediction:
    return Prediction(
        removals=tuple(item for item in found if isinstance(item, Removal)),
        placements=tuple(item for item in found if isinstance(item, Placement)),
        failure=None,
        after=listing.Listing({}),
        cleanup=b"",
    )


REMOVALS = {
    prediction.REMOVED: {b"/srv/a": losses.REMOVED},
    prediction.NOT_EMPTY: {},
    prediction.MISSING: {},
    prediction.DANGLING: {},
    prediction.FAILED: {},
    prediction.NOT_REACHED: {},
}
PLACEMENTS = {
    prediction.OVERWRITTEN: {b"/srv/a": losses.OVERWRITTEN},
    prediction.INSTALLED: {},
    prediction.CREATED: {},
    prediction.INSIDE: {},
    prediction.KEPT: {},
    prediction.REFUSED: {},
}


@pytest.mark.parametrize("outcome", REMOVALS)
def test_removals(outcome: str) -> None:
    found = predicted(Removal(b"/srv/a", outcome, listing.FILE))
    assert losses.losses(found, ()) == REMOVALS[outcome]
    # As its archive has it.
    assert losses.losses(found, {b"/srv/a"}) == {}


@pytest.mark.parametrize("outcome", PLACEMENTS)
def test_placements(outcome: str) -> None:
    assert losses.losses(predicted(Placement(b"/srv/a", outcome, listing.FILE)), ()) == PLACEMENTS[outcome]


@pytest.mark.parametrize(
    ("kind", "lost"), [(listing.FILE, True), (listing.LINK, True), (listing.DIRECTORY, False), (listing.OTHER, False)]
)
def test_only_files_and_links_can_be_saved(kind: str, lost: bool) -> None:
    assert bool(losses.losses(predicted(Removal(b"/srv/a", prediction.REMOVED, kind)), ())) is lost


def test_what_is_lost_is_where_links_lead() -> None:
    found = predicted(
        Removal(b"/srv/current/a", prediction.REMOVED, listing.FILE, b"/srv/one/a", (b"/srv/current",)),
        Placement(b"/srv/current/b", prediction.OVERWRITTEN, listing.FILE, b"content/b", b"/srv/one/b"),
    )
    assert losses.losses(found, ()) == {b"/srv/one/a": losses.REMOVED, b"/srv/one/b": losses.OVERWRITTEN}


def test_any_of_the_archives_will_do() -> None:
    now = {
        b"/as-one": Entry(listing.FILE, digest="1"),
        b"/as-two": Entry(listing.FILE, digest="2"),
        b"/edited": Entry(listing.FILE, digest="x"),
        b"/link": Entry(listing.LINK, target=b"y"),
        b"/gone": None,
        b"/of-nobody": Entry(listing.FILE, digest="1"),
    }
    one = {b"/as-one": "1", b"/as-two": "1", b"/edited": "1", b"/link": "", b"/gone": "1"}
    assert losses.as_deployed([one, {b"/as-two": "2"}], now) == {b"/as-one", b"/as-two"}
