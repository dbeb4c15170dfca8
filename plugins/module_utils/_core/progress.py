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

import os
import typing as t

Sink = t.Callable[[str], None]


def _nobody_listens(line: str) -> None:
    """A module that runs as a process of its own has nowhere to print to."""


_sink: Sink = _nobody_listens
_parent = os.getppid()


def install(sink: Sink, parent: int) -> None:
    """Send progress lines to ``sink`` from now on, and take the process with the id ``parent`` as the one we work for.

    The caller says who that is because it knows who started it: to ask for the parent here and now would be too late
    where it died a moment ago.
    """
    global _sink, _parent  # pylint: disable=global-statement
    _sink = sink
    _parent = parent


def say(line: str) -> None:
    """Tell one line of progress. Never raises for want of a listener."""
    _sink(line)


def orphaned() -> bool:
    """Our parent process is gone: it was killed, and nobody reads our result any more.

    Worker and module processes run in a session of their own and outlive an ``ansible-playbook`` that got SIGKILL
    or SIGHUP, so whoever waits in a loop must look here and stop.
    """
    return os.getppid() != _parent
