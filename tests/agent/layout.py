# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the agent keeps what below its ``:root_dir:``, and the fence that keeps the stand-in from anything else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class OutsideError(Exception):
    """A bundle or a cleanup file names a path outside the scratch directory. Nothing was done with it."""


@dataclass(frozen=True)
class Fence:
    """The scratch directory. The agent would follow any path it is given; the stand-in does not."""

    scratch: Path

    def check(self, path: str) -> str:
        """``path``, if what is done to it stays inside, through links as well."""
        inside = os.path.realpath(self.scratch)
        for real in (os.path.realpath(os.path.dirname(path)), os.path.realpath(path)):
            if real != inside and not real.startswith(inside + os.sep):
                raise OutsideError(f"{path} is outside of {self.scratch}")
        return path


@dataclass(frozen=True)
class Layout:
    """Paths below ``:root_dir:``, which is ``/opt/codedeploy-agent/deployment-root`` by default."""

    root: Path

    @property
    def instructions(self) -> Path:
        return self.root / "deployment-instructions"

    def cleanup(self, group: str) -> Path:
        return self.instructions / f"{group}-cleanup"

    def install_json(self, group: str) -> Path:
        return self.instructions / f"{group}-install.json"

    def last_successful(self, group: str) -> Path:
        return self.instructions / f"{group}_last_successful_install"

    def most_recent(self, group: str) -> Path:
        return self.instructions / f"{group}_most_recent_install"

    def ongoing(self, deployment: str) -> Path:
        return self.root / "ongoing-deployment" / deployment

    def group(self, group: str) -> Path:
        return self.root / group

    def deployment(self, group: str, deployment: str) -> Path:
        return self.group(group) / deployment

    def last_successful_dir(self, group: str) -> Path | None:
        """The directory of the deployment whose Install was the last that succeeded."""
        mark = self.last_successful(group)
        return Path(mark.read_text()) if mark.exists() else None


def archive(directory: Path) -> Path:
    """The unpacked revision of a deployment."""
    return directory / "deployment-archive"
