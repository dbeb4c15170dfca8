# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What to do next, in words that stand in many messages."""

from __future__ import annotations

import typing as t

# At the beginning of a sentence, and within one.
AGAIN: t.Final = "Run the same command again"
RUN_AGAIN: t.Final = "run the same command again"
# Somebody has deployed in the meantime.
LOOK_FIRST: t.Final = f"Look at it, then {RUN_AGAIN}"
LOOK: t.Final = f"{LOOK_FIRST} to roll that back"
ROLL_THAT_BACK: t.Final = f"Look at what was deployed, then {RUN_AGAIN} to roll that back"
CORRECT: t.Final = f"Correct what was refused, then {RUN_AGAIN}"
WATCH_ON: t.Final = f"Nothing was undone. {AGAIN} to go on watching it"
