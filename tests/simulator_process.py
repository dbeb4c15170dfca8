# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a process of its own, for the programs and tests of this repository."""

from __future__ import annotations

from pathlib import Path

from tests.simulator import SimulatorProcess

__all__ = ["ROOT", "SimulatorProcess"]

ROOT = Path(__file__).resolve().parent.parent
