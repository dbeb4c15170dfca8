# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local AWS for the tests and the demonstration: moto, extended from outside. See docs/simulator.md."""

from tests.simulator.in_process import Simulator

__all__ = ["Simulator"]
