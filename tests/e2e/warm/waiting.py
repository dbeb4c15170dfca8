# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the steps of a play ask for time to pass, instead of sleeping."""

from __future__ import annotations

import select
import socket
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

from tests.e2e.warm.starting import Process


class Room:
    """Answers at ``path`` for as long as its `with` block lasts; ``sleep`` is what is done for each request."""

    def __init__(self, sleep: t.Callable[[float], object]) -> None:
        self._sleep = sleep
        self._folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self._folder.name) / "asked")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.path)
        self._server.listen()

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.close()
        self._folder.cleanup()

    def wait_for(self, process: Process, timeout: float) -> int:
        """Answer until the process has ended; returns its return code. Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while process.poll() is None:
            left = deadline - time.monotonic()
            ready = select.select([self._server, process], [], [], max(left, 0))[0]
            if self._server in ready:
                self._answer()
            elif not ready:
                raise subprocess.TimeoutExpired("ansible-playbook", timeout)
        return process.wait(0)

    def _answer(self) -> None:
        asking, _address = self._server.accept()
        with asking, asking.makefile() as lines:
            # Empty if the caller was killed meanwhile.
            asked = lines.readline()
            if asked:
                self._sleep(float(asked))
                asking.sendall(b"\n")
