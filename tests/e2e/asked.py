# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook asks AWS for nothing that dev/permissions.yml does not list for it."""

from __future__ import annotations

import typing as t

from tests.granted import OURS, listed, unlisted
from tests.simulator import Control

PREFIX = "lastgood.aws."
# By simulator, how much of its log was looked at already.
_read: dict[str, int] = {}


def check(url: str, control: Control, playbook: str) -> None:
    """Look at the requests since the last look. Playbooks of tests may do what they like."""
    log = control.log()
    # It is shorter if a test has cleared it.
    start = known if (known := _read.get(url, 0)) <= len(log) else 0
    _read[url] = len(log)
    name = playbook.removeprefix(PREFIX)
    if name in listed():
        more = unlisted({name: needs(log[start:])})
        assert not more, f"dev/permissions.yml does not list what was needed: {more}"


def needs(log: t.Iterable[dict[str, t.Any]]) -> set[str]:
    """The actions of IAM that our requests needed."""
    return {action for entry in log if OURS in entry["agent"] for action in entry["needs"]}
