# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The last line of an ansible-playbook that is interrupted: what goes on at AWS, and how to finish it.

Ctrl-C, SIGTERM and SIGHUP end ansible-playbook without any further task, ``always`` included, and its workers with it.
So ansible-playbook itself prints the line. Its workers tell it what to say through a file that was opened, and
unlinked, before they were forked: a pipe could fill up, and Ansible's own queue is closed by then.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import typing as t
from types import FrameType

from ansible import context

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, text
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import still

Note = t.Mapping[str, t.Any]
_Handler = t.Union[t.Callable[[int, t.Optional[FrameType]], t.Any], int, None]

_MOST: t.Final = 5


def last_line(notes: t.Sequence[Note]) -> str:
    """What to print; empty if nothing of ours is under way. ``notes`` are in the order written.

    A note is about its ``key``, and replaces earlier ones. ``goes_on``: what AWS was asked for. ``unknown``: the step
    that keeps this to itself. ``idle``: a step has written nothing yet. Notes with a ``target`` (a result of
    autoscaling_suspend, with its ``region``) are all kept: together they show what is still suspended.
    """
    latest = {note["key"]: note for note in notes if "target" not in note}
    going = [str(note["goes_on"]) for note in latest.values() if note.get("goes_on")]
    unknown = [str(note["unknown"]) for note in latest.values() if note.get("unknown")]
    targets = [note for note in notes if "target" in note]
    region = next((note["region"] for note in reversed(targets) if note["region"]), "")
    suspended = still.in_words(still.still_suspended([{"targets": [note["target"]]} for note in targets]), region)
    if not (going or unknown or suspended):
        return "Interrupted. Nothing was written." if any(note.get("idle") for note in latest.values()) else ""
    parts = ["Interrupted, and nothing was undone"]
    if going:
        more = f"; and {len(going) - _MOST} more" if len(going) > _MOST else ""
        parts.append(f"At AWS this goes on: {'; '.join(going[:_MOST])}{more}")
    parts += unknown
    parts.append(f"{advice.AGAIN}: it goes on from there, to the end")
    if suspended:
        parts.append(suspended)
    return ". ".join(part.rstrip(".") for part in parts)


class _Book:
    """The notes of all workers of this ansible-playbook."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._file, path = tempfile.mkstemp(prefix="lastgood-aws-")
        os.unlink(path)
        # Append mode, so that notes of several workers do not overwrite each other.
        fcntl.fcntl(self._file, fcntl.F_SETFL, os.O_APPEND | os.O_RDWR)

    def write(self, note: Note) -> None:
        os.write(self._file, json.dumps(note).encode() + b"\n")

    def read(self) -> list[Note]:
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        return [json.loads(line) for line in content.splitlines()]


_book: _Book | None = None
_by_the_keyboard = False


def write(note: Note) -> None:
    """Keep a note in case ansible-playbook is interrupted. Does nothing if nobody stands by."""
    if _book is not None:
        # A full disk must not end a rollback.
        with contextlib.suppress(OSError):
            _book.write(note)


def stand_by() -> None:
    """Get ready to print the line. Call it in ansible-playbook's own process before it forks; elsewhere it does
    nothing.
    """
    global _book  # pylint: disable=global-statement
    in_main = threading.current_thread() is threading.main_thread()
    if _book is not None or not context.CLIARGS or multiprocessing.parent_process() is not None or not in_main:
        return
    try:
        _book = _Book()
    except OSError:
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        before = signal.getsignal(number)
        # nohup ignores SIGHUP. A handler not installed by Python cannot be called.
        if before not in (signal.SIG_IGN, None):
            signal.signal(number, _after(before))
    atexit.register(_at_exit)


def _after(before: _Handler) -> t.Callable[[int, FrameType | None], None]:
    """A handler that prints the last line, then does what would have happened anyway."""

    def handle(number: int, frame: FrameType | None) -> None:
        global _by_the_keyboard  # pylint: disable=global-statement
        if number == signal.SIGINT:
            # Ansible itself prints something first, and ends in an orderly way.
            _by_the_keyboard = True
        else:
            _speak()
        try:
            if callable(before):
                before(number, frame)
            else:
                _end(number)
        finally:
            if number == signal.SIGINT:
                # Ansible waits for its workers then. A second Ctrl-C would end it without the line.
                signal.signal(number, _at_once)

    return handle


def _at_once(number: int, _frame: FrameType | None) -> None:
    _speak()
    _end(number)


def _end(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _at_exit() -> None:
    if _by_the_keyboard:
        _speak()


def _speak() -> None:
    # Workers inherit the handlers until they install their own.
    if _book is None or os.getpid() != _book.owner:
        return
    with contextlib.suppress(Exception):
        line = last_line(_book.read())
        if line:
            # Flush earlier output first. Not through Display, whose lock another thread may hold.
            with contextlib.suppress(RuntimeError):
                sys.stdout.flush()
            os.write(sys.stderr.fileno(), f"{text.line(line)}\n".encode(errors="backslashreplace"))
