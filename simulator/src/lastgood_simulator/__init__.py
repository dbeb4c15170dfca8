# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local AWS for tests and demonstrations: moto, extended from outside. See the README of the project."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from lastgood_simulator.in_process import Simulator

__all__ = ["Simulator", "__version__"]

# The first two numbers are those of the moto that it extends; the third is its own.
__version__ = "5.2.0"

# moto reads this when it is imported. Its own list has 600 images, and it makes them anew, with a volume and a snapshot
# for each, whenever a simulator is emptied.
os.environ.setdefault("MOTO_AMIS_PATH", str(Path(__file__).with_name("machine_images.json")))


def __getattr__(name: str) -> t.Any:
    """Who only steers a simulator that is served need not wait for moto."""
    if name != "Simulator":
        raise AttributeError(name)
    from lastgood_simulator.in_process import Simulator

    return Simulator
