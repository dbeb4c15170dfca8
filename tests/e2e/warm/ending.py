# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a process ends that was forked from a warm one."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import typing as t


def run(main: t.Callable[[], object]) -> t.NoReturn:
    """Call it and exit as Python does after a script, but leave the memory as it is.

    To take it apart, Python writes to all of it, and so copies what it shares with its parent. multiprocessing ends its
    children like this, too (``Popen._launch`` in popen_fork.py).
    """
    code: t.Any = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
