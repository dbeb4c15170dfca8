# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For a process of its own: save, restore or remove, and be killed just before the n-th write."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import store
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.scratch import Instance

WRITES = ("mkdir", "rmdir", "rename", "unlink", "symlink", "write", "fchmod", "fchown", "chown", "utime", "fsync")
FILES = ("web/settings.conf", "web/deep/other.conf", "web/link")


def kill_before(number: int) -> None:
    """Every call that writes counts. A write is done by half first: a file may end anywhere."""
    left = [number]

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                if name == "write":
                    real(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    for name in WRITES:
        setattr(os, name, counted(name, getattr(os, name)))


def main(base: Path, what: str, number: int) -> None:
    """Return normally if there are fewer writes than that."""
    instance = Instance(base)
    kill_before(number)
    if what == "save":
        instance.save(*FILES)
    elif what == "restore":
        instance.restore()
    else:
        store.remove(instance.place)
