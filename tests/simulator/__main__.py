# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.simulator``: what ``lastgood-simulator`` does, without installing it."""

from __future__ import annotations

import importlib

if __name__ == "__main__":
    # The package that this file is in has made it importable.
    importlib.import_module("lastgood_simulator.__main__").main("python -m tests.simulator")
