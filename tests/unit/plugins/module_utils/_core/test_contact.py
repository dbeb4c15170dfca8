# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When contact with AWS counts as lost."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact

# Looks as (second, what came): "ok", "-" for no answer, "no" for an answer that asking again does not change; then
# the second in which it is judged with a contact_timeout of 300, and whether contact is lost.
TABLE: list[tuple[list[tuple[float, str]], float, bool]] = [
    ([], 9999, False),
    ([(0, "ok")], 9999, False),
    ([(0, "-")], 0, False),
    ([(0, "-"), (2, "-"), (4, "-"), (6, "-"), (8, "-"), (10, "-")], 10, False),
    ([(0, "-"), (299, "-")], 299.9, False),
    ([(0, "-"), (300, "-")], 300, True),
    # What was seen in between begins it anew.
    ([(0, "-"), (299, "ok"), (301, "-")], 301, False),
    ([(0, "-"), (299, "ok"), (301, "-"), (600, "-")], 600, False),
    ([(0, "-"), (299, "ok"), (301, "-"), (601, "-")], 601, True),
    # An answer ends it at once, also in the middle of an outage.
    ([(0, "no")], 0, True),
    ([(0, "ok"), (2, "no")], 2, True),
    ([(0, "-"), (2, "no")], 2, True),
    ([(0, "no"), (2, "ok")], 2, False),
]


def after(looks: list[tuple[float, str]]) -> Contact:
    contact = KEPT
    for now, came in looks:
        contact = KEPT if came == "ok" else contact.missed(now, "because", "Why", came == "-")
    return contact


@pytest.mark.parametrize(("looks", "now", "lost"), TABLE)
def test_when_it_is_lost(looks: list[tuple[float, str]], now: float, lost: bool) -> None:
    assert after(looks).is_lost(now, 300) is lost


def test_without_patience_the_first_look_that_fails_is_the_last() -> None:
    assert KEPT.missed(7, "because", "Why").is_lost(7, 0)
    assert not KEPT.is_lost(7, 0)


def test_one_look_that_fails_is_not_worth_telling() -> None:
    contact = KEPT.missed(100, "No answer came.", "ConnectTimeoutError")
    assert [contact.is_told(now) for now in (100, 104, 105)] == [False, False, True]
    assert contact.told(160, 300) == "no contact with AWS for 60 s (ConnectTimeoutError), asking again for 240 s"


def test_what_is_said_at_the_end() -> None:
    outage = KEPT.missed(100, "No answer came.", "ConnectTimeoutError")
    assert outage.lost(400, "AWS has accepted it", "1/2 on web:1") == (
        "AWS has accepted it, and then contact was lost for 300 s: No answer came. It was last seen at 1/2 on web:1. "
        "Nothing was undone. The same command goes on watching it"
    )
    expired = KEPT.missed(100, "The token has expired.", "ExpiredToken", may_pass=False)
    assert expired.lost(100, "AWS has accepted it") == (
        "AWS has accepted it, and then AWS refused to say more: The token has expired. "
        "Nothing was undone. The same command goes on watching it"
    )
