# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Python for modules that run in a process of their own: it starts with all of what they import compiled.

Each module has its own arguments, environment, directory, umask and files, and imports from the zip file that Ansible
has sent, which has no compiled files: compiling takes most of the time of a module. With E2E_COLD=1 in the environment
it is an ordinary Python.
"""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.e2e.warm.programs import PYTHON

SERVER = Path(__file__).with_name("module_server.py")
CLIENT = Path(__file__).with_name("module_client.py")


@functools.cache
def python() -> str:
    """The path of it, for ``ansible_python_interpreter``. Only for the user who runs the tests."""
    if os.environ.get("E2E_COLD"):
        return PYTHON
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "asked"
    program = Path(folder.name) / "python"
    program.write_text(f'#!/bin/sh\nexec {PYTHON} -IS {CLIENT} {path} "$@"\n')
    program.chmod(0o755)
    # It lives as long as the tests.
    control, theirs = socket.socketpair()
    with theirs, socket.socket(socket.AF_UNIX) as asked:
        asked.bind(str(path))
        asked.listen(64)
        server = subprocess.Popen(
            [PYTHON, SERVER, str(theirs.fileno()), str(asked.fileno())],
            cwd="/",
            # So that a set has the same order in each of its processes.
            env={**os.environ, "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno(), asked.fileno()],
            start_new_session=True,
        )

    @atexit.register
    def end() -> None:
        control.close()
        server.wait()
        folder.cleanup()

    return str(program)
