# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dev/permissions.yml says that each module and playbook may need, and the policies that follow from it."""

from __future__ import annotations

import functools
import runpy
import typing as t
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "dev" / "permissions.py"
# Requests of our modules and plugins name the collection in their user agent; those of a test do not.
OURS = "lastgood.aws/"


@functools.cache
def program() -> dict[str, t.Any]:
    """The names of dev/permissions.py."""
    return runpy.run_path(str(PROGRAM))


@functools.cache
def data() -> dict[str, t.Any]:
    """The content of dev/permissions.yml."""
    read: dict[str, t.Any] = program()["read"]()
    return read


@functools.cache
def listed() -> dict[str, set[str]]:
    """By module and playbook, all actions that it may need."""
    found: dict[str, set[str]] = program()["listed"](data())
    return found


def least(name: str, *statements: str) -> dict[str, t.Any]:
    """The policy of a module or playbook with only what is least for this, and what these statements add."""
    policy: dict[str, t.Any] = program()["policy"](data(), name)
    wanted = statements or ("Least",)
    groups = [group for group in program()["groups_of"](data(), name) if group.sid in wanted]
    return {**policy, "Statement": list(program()["statements"](data(), name, groups))}


def unlisted(needed: t.Mapping[str, t.Iterable[str]]) -> list[str]:
    """What modules or playbooks were seen to need and the file does not list, as ``module: action``."""
    found: list[str] = program()["unlisted"](data(), needed)
    return found


def unseen(needed: t.Mapping[str, t.Iterable[str]]) -> list[str]:
    """What the file lists and no module was seen to need."""
    found: list[str] = program()["unseen"](data(), needed)
    return found
