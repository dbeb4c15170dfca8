# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A worker that is told to end does so between two lines of progress, not within one.

All processes of an ansible-playbook write to one queue, under one lock. After Ctrl-C or SIGTERM ansible-playbook tells
its workers to end, which they do at once (``WorkerProcess._term``), and then puts something into that queue itself
(``StrategyBase.cleanup``). If a worker dies with the lock in its hands, ansible-playbook waits for it without an end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import typing as t
from types import FrameType

_NUMBERS: t.Final = (signal.SIGINT, signal.SIGTERM)
# One for each thread that is writing a line. Lists, because a handler must not wait for a lock.
_writing: list[None] = []
_asked: list[int] = []


@contextlib.contextmanager
def line() -> t.Iterator[None]:
    """Whoever tells this process to end in the `with` block is heard when it is over."""
    _writing.append(None)
    try:
        yield
    finally:
        _writing.pop()
        if not _writing:
            with contextlib.suppress(IndexError):
                os.kill(os.getpid(), _asked.pop())


@contextlib.contextmanager
def kept() -> t.Iterator[None]:
    """In the `with` block, lines are whole. Does nothing in a thread, which cannot handle signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in _NUMBERS if callable(handler := signal.getsignal(number))}
    for number, handler in before.items():
        signal.signal(number, _after_the_line(handler))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _after_the_line(handler: t.Callable[[int, FrameType | None], t.Any]) -> t.Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        if _writing:
            _asked.append(number)
        else:
            handler(number, frame)

    return handle
