# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance in a directory: a deployment root of the agent, a destination, a store."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import restoring, saving, store
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import Places

GROUP = "3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d"


class Instance:
    """What is in ``base``; paths are below its ``app``."""

    def __init__(self, base: Path, run: str = "r1") -> None:
        self.base = base.resolve()
        self.app = self.base / "app"
        self.root = self.base / "agent"
        self.layout = agent.Layout(os.fsencode(self.root))
        self.place = store.Place(os.fsencode(self.base / "store"), GROUP.encode(), run.encode())
        self.set = self.base / "store" / GROUP / run
        self.list = Path(os.fsdecode(self.layout.cleanup(GROUP)))
        self.ongoing = Path(os.fsdecode(self.layout.ongoing))
        self.places = Places((self.layout.root, self.place.store))
        for path in (self.app, self.list.parent, self.ongoing):
            path.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> bytes:
        return os.fsencode(self.app / name)

    def write(self, name: str, content: str) -> Path:
        path = self.app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def lists(self, *names: str) -> None:
        self.list.write_bytes(b"".join(self.path(name) + b"\n" for name in names))

    def listed(self) -> list[str]:
        lines = self.list.read_bytes().decode().splitlines()
        return [str(Path(line).relative_to(self.app)) for line in lines]

    def plan_save(self, *names: str, force: bool = False) -> saving.Saving:
        return saving.plan(self.place, [self.path(name) for name in names], self.places, force)

    def save(self, *names: str, force: bool = False) -> dict[str, str]:
        plan = self.plan_save(*names, force=force)
        steps = saving.save(self.place, plan) if plan.changed else plan.steps
        return {str(Path(os.fsdecode(step.path)).relative_to(self.app)): step.outcome for step in steps}

    def why_not_saved(self, *names: str) -> str:
        """The reasons for what is refused; the others are saved."""
        plan = self.plan_save(*names)
        steps = saving.save(self.place, plan) if plan.changed else plan.steps
        return ". ".join(step.reason for step in steps if step.outcome == saving.REFUSED)

    def plan_restore(self, *names: str, force: bool = False) -> restoring.Restoring:
        return restoring.plan(
            self.place, self.layout, [self.path(name) for name in names], self.places, force, lambda _path: "who knows"
        )

    def _restore(self, *names: str, force: bool = False) -> t.Sequence[restoring.Step]:
        plan = self.plan_restore(*names, force=force)
        return restoring.restore(self.place, self.layout, plan).steps if plan.changed else plan.steps

    def restore(self, *names: str, force: bool = False) -> dict[str, str]:
        steps = self._restore(*names, force=force)
        return {str(Path(os.fsdecode(step.entry.path)).relative_to(self.app)): step.outcome for step in steps}

    def why_not_restored(self, *names: str) -> str:
        """The reasons for what is refused; the others are restored."""
        return ". ".join(step.reason for step in self._restore(*names) if step.outcome == restoring.REFUSED)

    def everything(self) -> dict[str, object]:
        """All that is here, with inodes and times: equal only if nothing at all was written."""
        found: dict[str, object] = {}
        for path in [self.base, *sorted(self.base.rglob("*"))]:
            status = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[str(path)] = (status.st_mode, status.st_ino, status.st_mtime_ns, status.st_uid, content)
        return found


def leftovers(base: Path) -> Sequence[Path]:
    """Temporary files that should not be there any more."""
    return [path for path in base.rglob(".*") if path.name.startswith((".lastgood", ".partial"))]
