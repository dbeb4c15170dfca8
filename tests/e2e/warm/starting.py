# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts ansible-playbook from a parent that has all of it in memory: a third of the time that a cold start takes.

The child has its own arguments, environment, directory, files and, if asked for, session; signals, kill -9 and exit
codes are those of any process. With E2E_COLD=1 in the environment the parent has nothing in memory, and each play
imports everything itself, as it does for users.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import typing as t
from pathlib import Path

from tests.e2e.warm import settings
from tests.e2e.warm.programs import ANSIBLE_PLAYBOOK, PYTHON

PARENT = Path(__file__).with_name("parent.py")
# What Python and ansible-core may read before a play has its own environment.
READ_BEFORE = ("ANSIBLE_", "HOME", "LANG", "LC_", "NO_COLOR", "PATH", "PYTHON", "TMPDIR", "TZ")
# Each keeps 100 MB.
MOST_PARENTS = 6
_parents: dict[str, _Parent] = {}


class _Parent:
    """The process that forks all plays of one environment."""

    def __init__(self, env: t.Mapping[str, str], cwd: Path) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [PYTHON, PARENT, str(theirs.fileno()), *(["cold"] if os.environ.get("E2E_COLD") else [])],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fork(self, request: dict[str, t.Any], files: t.Sequence[int]) -> Process:
        """One play. ``files`` are stdin, stdout and stderr."""
        ours, theirs = socket.socketpair()
        with theirs:
            content = json.dumps(request).encode()
            socket.send_fds(self._control, [len(content).to_bytes(8)], [*files, theirs.fileno()])
            self._control.sendall(content)
        return Process(ours)

    def end(self) -> None:
        """It ends when nobody can ask it any more."""
        self._control.close()
        self._process.wait()


class Process:
    """An ansible-playbook, as subprocess.Popen shows one."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        self._answers = told.makefile()
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def fileno(self) -> int:
        """Readable when it has ended."""
        return self._told.fileno()

    def poll(self) -> int | None:
        """The return code if it has ended."""
        return self._wait(0)

    def wait(self, timeout: float) -> int:
        """The return code. Raises subprocess.TimeoutExpired."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(ANSIBLE_PLAYBOOK), timeout)
        return code

    def _wait(self, timeout: float) -> int | None:
        if self.returncode is None and select.select([self], [], [], timeout)[0]:
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._told.close()
        return self.returncode


def start(
    arguments: t.Sequence[str],
    env: t.Mapping[str, str],
    cwd: Path,
    files: t.Sequence[int],
    clock: str = "",
    session: bool = False,
) -> Process:
    """Start an ansible-playbook. ``clock`` is the socket that its steps ask instead of sleeping."""
    argv = [str(ANSIBLE_PLAYBOOK), *arguments]
    request = {"argv": argv, "env": dict(env), "cwd": str(cwd), "session": session, "clock": clock}
    return _parent_for(env, cwd).fork(request, files)


def _parent_for(env: t.Mapping[str, str], cwd: Path) -> _Parent:
    """The parent that has read the configuration which this play would read."""
    shared = {name: env[name] for name in env if name.startswith(READ_BEFORE) and name not in settings.READ_ANEW}
    # Where there is none, all directories are alike; ansible-core looks for it in no other than the current one.
    file = cwd / "ansible.cfg"
    place, content = (cwd, file.read_text()) if file.exists() else (Path("/"), "")
    key = json.dumps([sorted(shared.items()), str(place), content])
    if key not in _parents:
        while len(_parents) >= MOST_PARENTS:
            _parents.pop(next(iter(_parents))).end()
        _parents[key] = _Parent(shared, place)
    # The one that was not used for the longest time is the first to go.
    _parents[key] = _parents.pop(key)
    return _parents[key]


@atexit.register
def _end_all() -> None:
    for parent in _parents.values():
        parent.end()
