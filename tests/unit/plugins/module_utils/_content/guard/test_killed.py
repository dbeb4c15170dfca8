# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed before each single write in turn: the next run always finishes, and nobody's file is ever half there."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import store
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content import killed
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.scratch import Instance, leftovers

# More than there are.
MOST = 300


def run(base: Path, what: str, number: int) -> bool:
    """Whether a process that does ``what`` was killed before its write ``number``."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            killed.main(base, what, number)
            status = 0
        finally:
            os._exit(status)
    _child, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(ended) == 0
    return False


def good(instance: Instance) -> None:
    instance.write("web/settings.conf", "hand-made").chmod(0o640)
    instance.write("web/deep/other.conf", "other").parent.chmod(0o750)
    (instance.app / "web/link").symlink_to("settings.conf")


def bad(instance: Instance) -> None:
    """The bad revision has overwritten one, removed another with its directory, and made the link another one."""
    instance.write("web/settings.conf", "of rev2").chmod(0o644)
    shutil.rmtree(instance.app / "web/deep")
    (instance.app / "web/link").unlink()
    (instance.app / "web/link").symlink_to("elsewhere")
    instance.write("web/index.html", "of rev2")
    instance.lists("web/index.html", "web/settings.conf", "web/link")


def scenarios(tmp_path: Path, what: str) -> Iterator[tuple[Instance, int]]:
    """The same instance again and again, with ``what`` killed one write later each time."""
    for number in range(1, MOST):
        instance = Instance(tmp_path / str(number))
        good(instance)
        if what != "save":
            instance.save(*killed.FILES)
            bad(instance)
        was_killed = run(instance.base, what, number)
        yield instance, number
        if not was_killed:
            return
    pytest.fail(f"{what} needs more than {MOST} writes")


def check_restored(instance: Instance) -> None:
    web = instance.app / "web"
    assert (web / "settings.conf").read_text() == "hand-made"
    assert (web / "settings.conf").stat().st_mode & 0o777 == 0o640
    assert (web / "deep/other.conf").read_text() == "other"
    assert (web / "deep").stat().st_mode & 0o777 == 0o750
    assert os.readlink(web / "link") == "settings.conf"
    assert instance.listed() == ["web/index.html"]


def test_a_save_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    for instance, number in scenarios(tmp_path, "save"):
        finished = (instance.set / "manifest.json").exists()
        outcomes = set(instance.save(*killed.FILES).values())
        assert outcomes == ({"unchanged"} if finished else {"saved"}), number
        assert leftovers(instance.base) == []
        bad(instance)
        instance.restore()
        check_restored(instance)
    assert number > 20


def test_a_restoration_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    for instance, number in scenarios(tmp_path, "restore"):
        # As it was, or as it is to be: never in between.
        assert (instance.app / "web/settings.conf").read_text() in ("of rev2", "hand-made"), number
        assert instance.listed() in (["web/index.html"], ["web/index.html", "web/settings.conf", "web/link"])
        if instance.listed() == ["web/index.html"]:
            check_restored(instance)
        instance.restore()
        check_restored(instance)
        assert leftovers(instance.base) == [], number
        assert set(instance.restore().values()) == {"unchanged"}
    assert number > 40


def test_a_removal_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    for instance, number in scenarios(tmp_path, "remove"):
        if (instance.set / "manifest.json").exists():
            # Nothing that claims to be a finished set has lost a copy.
            assert instance.plan_restore().changed, number
        store.remove(instance.place)
        assert not instance.set.parent.exists(), number
    assert number > 4
