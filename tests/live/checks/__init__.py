# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The twenty checks; importing this registers them."""

from __future__ import annotations

from tests.live.checks import (  # noqa: F401
    alarms,
    answers,
    codedeploy,
    history,
    images,
    limits,
    pauses,
    permissions,
    rollbacks,
    scaling,
    tags,
)
