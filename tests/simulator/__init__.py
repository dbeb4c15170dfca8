# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local AWS for the tests and the demonstration: moto, extended from outside. See docs/simulator.md."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from tests.simulator.in_process import Simulator

__all__ = ["Simulator"]

# moto reads this when it is imported. Its own list has 600 images, and it makes them anew, with a volume and a snapshot
# for each, whenever a simulator is emptied.
os.environ.setdefault("MOTO_AMIS_PATH", str(Path(__file__).with_name("machine_images.json")))


def __getattr__(name: str) -> t.Any:
    """Who only steers a simulator that is served need not wait for moto."""
    if name != "Simulator":
        raise AttributeError(name)
    from tests.simulator.in_process import Simulator

    return Simulator
