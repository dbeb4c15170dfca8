# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How a step tells people what it is doing while it runs, and how it notices that nobody is listening any more.

A module that runs as a process of its own cannot print. The action plugin that runs a step inside the worker process
installs a sink here; the worker is a fork of its own for each task, so a module-level variable is private to the task.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

Sink = t.Callable[[str], None]
Note = t.Mapping[str, t.Any]


def _nobody_listens(line: str) -> None:
    """The sink of a module that runs as its own process: it has nowhere to print to."""


def _nobody_writes(note: Note) -> None:
    """The keeper of a module that runs as its own process: nobody speaks for it if it is interrupted."""


_sink: Sink = _nobody_listens
_keeper: t.Callable[[Note], None] = _nobody_writes
_parent = os.getppid()


def install(sink: Sink, parent: int, keeper: t.Callable[[Note], None] = _nobody_writes) -> None:
    """Send progress lines to ``sink`` and notes to ``keeper`` from now on.

    ``parent`` is the process id of whoever started us. The caller passes it because asking for our parent here would be
    too late if it has just died.
    """
    global _sink, _keeper, _parent  # pylint: disable=global-statement
    _sink = sink
    _keeper = keeper
    _parent = parent


def say(line: str) -> None:
    """Send one line of progress. Does not fail if nobody listens."""
    _sink(line)


def note(key: str, **what: t.Any) -> None:
    """Keep what to say about ``key`` if the play is interrupted; without ``what``, forget it.

    ``goes_on``: what AWS was asked for, in words. ``idle``: nothing has been written yet. ``target`` and ``region``: a
    result of autoscaling_suspend.
    """
    _keeper({"key": key, **what})


def asking(label: str, what: str) -> None:
    """A write is about to be sent. Until it is answered, nobody knows whether AWS has accepted it."""
    note(label, goes_on=f"[{label}] {what}, if AWS has accepted it, which is not known")


def accepted(label: str, what: str, silently: bool = False) -> None:
    """AWS accepted the write. It goes on there even if this run ends."""
    note(label, goes_on=f"[{label}] {what}")
    if not silently:
        say(f"[{label}] {what}")


@contextlib.contextmanager
def idle() -> t.Iterator[None]:
    """Mark a step that has written nothing yet, until a note says otherwise."""
    note("idle", idle=True)
    yield
    note("idle")


def orphaned() -> bool:
    """Whether our parent process is gone, so nobody reads our result.

    Worker and module processes run in their own session and outlive an ``ansible-playbook`` that got SIGKILL or SIGHUP.
    Every loop that waits must check this and stop.
    """
    return os.getppid() != _parent
