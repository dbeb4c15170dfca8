# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door to the simulator, which is a project of its own in ``simulator/`` and need not be installed here.

Programs of this repository take what they need from here. Under pytest, ``lastgood_simulator`` can be imported as well.
"""

from __future__ import annotations

import importlib
import sys
import typing as t
from pathlib import Path

SOURCE = str(Path(__file__).resolve().parents[2] / "simulator" / "src")
if SOURCE not in sys.path:
    sys.path.insert(0, SOURCE)

if t.TYPE_CHECKING:
    from lastgood_simulator.control import Control
    from lastgood_simulator.errors import AwsError, error_reply
    from lastgood_simulator.in_process import Simulator, as_request
    from lastgood_simulator.process import SimulatorProcess
    from lastgood_simulator.quotas import BUCKETS

__all__ = ["BUCKETS", "AwsError", "Control", "Simulator", "SimulatorProcess", "as_request", "error_reply"]

_MODULES = {
    "AwsError": "errors",
    "BUCKETS": "quotas",
    "Control": "control",
    "Simulator": "in_process",
    "SimulatorProcess": "process",
    "as_request": "in_process",
    "error_reply": "errors",
}


def __getattr__(name: str) -> t.Any:
    """Who only steers a simulator that is served need not wait for moto."""
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"lastgood_simulator.{_MODULES[name]}"), name)
