# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play whose steps do not sleep: they ask the test to let so much time pass, and it passes at once."""

from __future__ import annotations

import multiprocessing
import socket
import time

_passed = 0.0


def asked_of(path: str) -> None:
    """From now on, time.sleep() in workers of ansible-playbook is a request to the socket at ``path``."""
    sleep, monotonic = time.sleep, time.monotonic

    def ask(seconds: float) -> None:
        global _passed
        if multiprocessing.parent_process() is None:
            # ansible-playbook itself, looking at its queue.
            sleep(seconds)
            return
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(path)
            asking.sendall(f"{seconds!r}\n".encode())
            asking.recv(1)
        _passed += seconds

    time.sleep = ask
    time.monotonic = lambda: monotonic() + _passed
