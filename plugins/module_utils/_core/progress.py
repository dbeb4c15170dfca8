# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How a step tells people what it is doing while it runs, and how it learns that nobody is left to tell.

A module that runs as a process of its own cannot print. The action plugin that runs a step inside the worker
process installs a sink here; the worker is a fork of its own for each task, so a module-level variable is private
to the task.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

Sink = t.Callable[[str], None]
Note = t.Mapping[str, t.Any]


def _nobody_listens(line: str) -> None:
    """A module that runs as a process of its own has nowhere to print to."""


def _nobody_writes(note: Note) -> None:
    """Nor does anybody speak for it when it is interrupted."""


_sink: Sink = _nobody_listens
_keeper: t.Callable[[Note], None] = _nobody_writes
_parent = os.getppid()


def install(sink: Sink, parent: int, keeper: t.Callable[[Note], None] = _nobody_writes) -> None:
    """Send progress lines to ``sink`` and notes to ``keeper`` from now on, and take the process with the id ``parent``
    as the one we work for.

    The caller says who that is because it knows who started it: to ask for the parent here and now would be too late
    where it died a moment ago.
    """
    global _sink, _keeper, _parent  # pylint: disable=global-statement
    _sink = sink
    _keeper = keeper
    _parent = parent


def say(line: str) -> None:
    """Tell one line of progress. Never raises for want of a listener."""
    _sink(line)


def note(key: str, **what: t.Any) -> None:
    """What is to be said of ``key`` if the play is interrupted from now on; nothing any more without ``what``.

    ``goes_on``: what AWS was asked for, in words. ``idle``: that nothing was written yet. ``target`` and ``region``: a
    result of autoscaling_suspend.
    """
    _keeper({"key": key, **what})


def asking(label: str, what: str) -> None:
    """The write itself comes now: until its answer is there nobody knows whether AWS has taken it."""
    note(label, goes_on=f"[{label}] {what}, if AWS has accepted it, which is not known")


def accepted(label: str, what: str) -> None:
    """AWS took the write, and it goes on there, also where this run ends."""
    note(label, goes_on=f"[{label}] {what}")
    say(f"[{label}] {what}")


@contextlib.contextmanager
def idle() -> t.Iterator[None]:
    """A step that has written nothing, as long as no note says otherwise."""
    note("idle", idle=True)
    yield
    note("idle")


def orphaned() -> bool:
    """Our parent process is gone: it was killed, and nobody reads our result any more.

    Worker and module processes run in a session of their own and outlive an ``ansible-playbook`` that got SIGKILL
    or SIGHUP, so whoever waits in a loop must look here and stop.
    """
    return os.getppid() != _parent
