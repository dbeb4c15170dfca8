# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The description by which a deployment of ours is known again."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import writes

RUN = "0123abcd"


@pytest.mark.parametrize("reason", [None, "", "500s since 13:52", "two\nlines", "x" * 300, "(odd) run 12345678)"])
@pytest.mark.parametrize("left", ["", "s3://b/bad.zip", "s3://b/" + "k" * 400])
@pytest.mark.parametrize("target", ["s3://b/good.zip (version v1)", "s3://b/" + "g" * 1000])
def test_it_is_known_again_whatever_the_lengths(reason: str | None, left: str, target: str) -> None:
    text = writes.description(reason, left, target, RUN)
    assert len(text) <= writes.LIMIT
    assert f"run {RUN}" in text
    assert "\n" not in text
    assert writes.is_ours(text)
    assert writes.goes_back(text) is bool(left)


def test_in_full() -> None:
    assert writes.description("500s", "a", "b", RUN) == "500s (lastgood.aws rollback a to b, run 0123abcd)"
    assert writes.description(None, "", "b", RUN) == "lastgood.aws redeploy b, run 0123abcd"


@pytest.mark.parametrize("text", ["", "release 41", "lastgood.aws rollback of old", "run 0123abcd"])
def test_what_is_not_ours(text: str) -> None:
    assert not writes.is_ours(text)
    assert not writes.goes_back(text)
