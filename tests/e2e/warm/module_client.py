# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks like a Python to Ansible, and asks tests/e2e/warm/module_server.py for one.

Imports next to nothing: it is started for each module that is run.
"""

from __future__ import annotations

import _socket
import array
import marshal
import os
import sys


def main() -> int:
    """The exit code of the Python that was asked for."""
    path, *arguments = sys.argv[1:]
    umask = os.umask(0)
    os.umask(umask)
    content = marshal.dumps((arguments, dict(os.environ), os.getcwd(), umask))
    server = _socket.socket(_socket.AF_UNIX)
    server.connect(path)
    files = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))]
    server.sendmsg([len(content).to_bytes(8, "big")], files)
    server.sendall(content)
    # Nothing if the server was killed.
    return int(server.recv(16) or b"70")


os._exit(main())
