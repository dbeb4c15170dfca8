# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play whose steps do not sleep: they ask the test to let so much time pass, and it passes at once."""

from __future__ import annotations

import multiprocessing
import socket
import sys
import time

# It takes both functions as defaults of its arguments, when it is imported.
LIMITER = "ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter"
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

    def told() -> float:
        return monotonic() + _passed

    time.sleep, time.monotonic = ask, told
    if LIMITER in sys.modules:
        made = sys.modules[LIMITER].RateLimiter.__init__
        made.__defaults__ = tuple({sleep: ask, monotonic: told}.get(value, value) for value in made.__defaults__)
