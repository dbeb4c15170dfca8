# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/content.md says of AWS's guide, on disk.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agent.agent import Agent, Deployment

GROUP = "0c7f1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
HAND_MADE = "by hand"


@dataclass(frozen=True)
class Variant:
    """Which bundles have the file, where the second deployment fails, and what the file is after each of the three."""

    in_first: bool
    in_second: bool
    fails_at: str
    after: tuple[str | None, str | None, str | None]


VARIANTS = {
    "a": Variant(True, True, "ValidateService", (HAND_MADE, "rev2", "rev1")),
    "b": Variant(True, False, "ValidateService", (HAND_MADE, HAND_MADE, HAND_MADE)),
    "c": Variant(False, True, "ValidateService", (HAND_MADE, "rev2", None)),
    "d": Variant(False, False, "ValidateService", (HAND_MADE, HAND_MADE, HAND_MADE)),
    "e": Variant(True, True, "BeforeInstall", (HAND_MADE, HAND_MADE, HAND_MADE)),
}


class Instance:
    """An instance with one file that somebody made."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.site = scratch / "site"
        self.agent = Agent(scratch / "deployment-root", scratch)
        self.site.mkdir()
        self.settings = self.site / "settings.conf"
        self.settings.write_text(HAND_MADE)

    def bundle(self, name: str, has_file: bool, fails_at: str = "", more: str = "") -> Path:
        """A revision with or without a file of this name."""
        directory = self._scratch / name
        (directory / "content").mkdir(parents=True)
        (directory / "content" / "index.html").write_text(name)
        if has_file:
            (directory / "content" / "settings.conf").write_text(name)
        hooks = f"hooks:\n  {fails_at}:\n    - location: fail.sh\n" if fails_at else ""
        (directory / "fail.sh").write_text("#!/bin/sh\nexit 1\n")
        (directory / "appspec.yml").write_text(
            f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {self.site}\n{hooks}{more}"
        )
        return directory

    def deploy(self, bundle: Path, option: str) -> str:
        """Returns the lifecycle event that failed."""
        return self.agent.deploy(Deployment(GROUP, bundle, option)).event

    @property
    def content(self) -> str | None:
        return self.settings.read_text() if self.settings.exists() else None

    @property
    def listed(self) -> bool:
        """Whether the next deployment would remove it."""
        return str(self.settings) in self.agent.layout.cleanup(GROUP).read_text().splitlines()


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_three_deployments(variant: Variant, tmp_path: Path) -> None:
    """RETAIN, OVERWRITE that fails, RETAIN again as a rollback."""
    instance = Instance(tmp_path)
    first = instance.bundle("rev1", variant.in_first)
    second = instance.bundle("rev2", variant.in_second, variant.fails_at)
    failed = [instance.deploy(first, "RETAIN")]
    seen = [instance.content]
    # "recorded as part of this deployment's package", says the guide; a kept file is not.
    assert not instance.listed
    failed.append(instance.deploy(second, "OVERWRITE"))
    seen.append(instance.content)
    assert instance.listed == (instance.content == "rev2")
    failed.append(instance.deploy(first, "RETAIN"))
    seen.append(instance.content)
    assert (failed, tuple(seen)) == (["", variant.fails_at, ""], variant.after)


def test_retain_in_the_appspec_file_keeps_it(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    more = "file_exists_behavior: RETAIN\n"
    first = instance.bundle("rev1", True, more=more)
    second = instance.bundle("rev2", True, "ValidateService", more)
    assert [instance.deploy(*each) for each in ((first, "DISALLOW"), (second, "OVERWRITE"), (first, "DISALLOW"))] == [
        "",
        "ValidateService",
        "",
    ]
    assert (instance.content, instance.listed) == (HAND_MADE, False)


def test_retain_does_not_protect_an_edit_of_what_was_deployed(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    first, second = instance.bundle("rev1", True), instance.bundle("rev2", True)
    instance.deploy(first, "OVERWRITE")
    instance.settings.write_text("edited")
    instance.deploy(second, "RETAIN")
    assert instance.content == "rev2"


def test_a_backup_that_is_put_back_stays_only_if_its_line_goes(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    first, second = instance.bundle("rev1", True), instance.bundle("rev2", True, "ValidateService")
    cleanup = instance.agent.layout.cleanup(GROUP)

    def restore(unlist: bool) -> None:
        instance.settings.write_text(HAND_MADE)
        if unlist:
            lines = cleanup.read_text().splitlines(keepends=True)
            cleanup.write_text("".join(line for line in lines if line != f"{instance.settings}\n"))

    instance.deploy(first, "RETAIN")
    instance.deploy(second, "OVERWRITE")
    restore(unlist=False)
    instance.deploy(first, "RETAIN")
    assert instance.content == "rev1", "put back before the rollback"
    restore(unlist=False)
    instance.deploy(first, "RETAIN")
    assert instance.content == "rev1", "put back after the rollback"
    restore(unlist=True)
    for _deployment in range(2):
        instance.deploy(first, "RETAIN")
        assert (instance.content, instance.listed) == (HAND_MADE, False)
