# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a process of its own, for as long as a `with` block lasts."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

from lastgood_simulator.control import Control

# Another environment need not have this package.
_SOURCE = str(Path(__file__).resolve().parents[1])
_READY = "simulator ready on "


class SimulatorProcess:
    """Starts `python -m lastgood_simulator` on this port, or a free one.

    ``url`` is where it answers, and ``control`` steers it.

    ``python`` is that of another environment, for services of moto that need more packages.
    """

    def __init__(
        self, speed: float = 60.0, profile: str = "", python: str | Path = sys.executable, port: int = 0
    ) -> None:
        self._python = python
        self._port = port
        self._speed = speed
        self._profile = profile
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> SimulatorProcess:
        command = [str(self._python), "-m", "lastgood_simulator", "--port", str(self._port)]
        command += ["--speed", str(self._speed), "--profile", self._profile]
        # Without compiled files it reads all of its source each time.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (_SOURCE, env.get("PYTHONPATH"))))
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith(_READY):
            self.__exit__()
            raise RuntimeError(f"the simulator did not start: {line!r}")
        self.url = line.removeprefix(_READY).strip()
        return self

    def __exit__(self, *_exc: t.Any) -> None:
        if self._process is None:
            return
        self._process.terminate()
        self._process.wait(timeout=60)
        if self._process.stdout:
            self._process.stdout.close()

    @property
    def control(self) -> Control:
        """The control interface of this simulator."""
        return Control(self.url)
