# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a process ends whose memory is not worth taking apart: a large one, or one that shares it with its parent."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import typing as t


def end(code: int) -> t.NoReturn:
    """End as Python does after a script: threads, what was registered for the end, output. The memory stays as it is.

    To take it apart, Python writes to all of it, and so copies what it shares. multiprocessing ends its children like
    this, too (``Popen._launch`` in popen_fork.py).
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def run(main: t.Callable[[], object]) -> t.NoReturn:
    """Call it as a script, and :func:`end`."""
    code: t.Any = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    end(code)
