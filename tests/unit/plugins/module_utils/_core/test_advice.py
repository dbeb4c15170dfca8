# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do next: each sentence can stand alone, and others can go on from it."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice


@pytest.mark.parametrize("text", [advice.AGAIN, advice.LOOK, advice.WATCH_ON])
def test_a_sentence_begins_large_and_leaves_its_end_open(text: str) -> None:
    assert text[0].isupper()
    assert text[-1].isalpha()
    assert "the same command again" in text
