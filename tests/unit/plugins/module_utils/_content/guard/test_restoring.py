# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files are put back so that they stay, only while the agent is idle, and nobody's change is overwritten unasked."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import (
    attributes,
    cleanup_file,
    restoring,
    store,
    walking,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.scratch import GROUP, Instance, leftovers


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """settings.conf was saved; then a bad deployment overwrote it, and put it on its list."""
    found = Instance(tmp_path)
    found.write("web/settings.conf", "hand-made").chmod(0o640)
    found.save("web/settings.conf")
    found.write("web/settings.conf", "of rev2").chmod(0o644)
    found.write("web/index.html", "of rev2")
    found.lists("web/index.html", "web/settings.conf")
    return found


SAVED, NOW, BEFORE = "file saved", "file now", "file before"


@pytest.mark.parametrize(
    ("now", "before", "listed", "force", "outcome"),
    [
        (SAVED, None, False, False, restoring.UNCHANGED),
        (SAVED, None, True, False, restoring.UNLISTED),
        (SAVED, BEFORE, True, False, restoring.UNLISTED),
        (SAVED, BEFORE, False, True, restoring.UNCHANGED),
        (attributes.ABSENT, None, False, False, restoring.RESTORED),
        (attributes.ABSENT, None, True, False, restoring.RESTORED),
        (attributes.ABSENT, BEFORE, False, False, restoring.RESTORED),
        # The agent put it there.
        (NOW, None, True, False, restoring.RESTORED),
        # An earlier run was killed, or the same bad revision was deployed again.
        (BEFORE, BEFORE, True, False, restoring.RESTORED),
        (BEFORE, BEFORE, False, False, restoring.RESTORED),
        # A script of the deployment, or somebody, put it there.
        (NOW, None, False, False, restoring.NOT_LISTED),
        (NOW, BEFORE, False, False, restoring.CHANGED_SINCE),
        (NOW, BEFORE, True, False, restoring.DEPLOYED_SINCE),
        (NOW, attributes.ABSENT, True, False, restoring.DEPLOYED_SINCE),
        (NOW, None, False, True, restoring.RESTORED),
        (NOW, BEFORE, True, True, restoring.RESTORED),
    ],
)
def test_what_becomes_of_a_file(now: str, before: str | None, listed: bool, force: bool, outcome: str) -> None:
    assert restoring.decide(SAVED, now, before, listed, force) == outcome


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (restoring.NOT_LISTED, "is not in the agent's cleanup file: a script did"),
        (restoring.DEPLOYED_SINCE, "a later deployment has installed another one"),
        (restoring.CHANGED_SINCE, "has been changed since it was restored"),
    ],
)
def test_why_a_file_is_left_alone(decision: str, words: str) -> None:
    told = restoring.why_not(b"/srv/a", decision, lambda _path: "a script did")
    assert words in told
    assert told.startswith("/srv/a ")
    assert "force=true" in told


def test_a_file_is_put_back_and_taken_off_the_list(instance: Instance) -> None:
    assert instance.restore() == {"web/settings.conf": "restored"}
    path = instance.app / "web/settings.conf"
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("hand-made", 0o640)
    assert (instance.app / "web/index.html").read_text() == "of rev2"
    assert instance.listed() == ["web/index.html"]
    assert leftovers(instance.base) == []


def test_the_second_run_writes_nothing(instance: Instance) -> None:
    instance.restore()
    before = instance.everything()
    assert instance.restore() == {"web/settings.conf": "unchanged"}
    assert instance.everything() == before


def test_a_plan_writes_nothing(instance: Instance) -> None:
    before = instance.everything()
    assert instance.plan_restore().changed
    assert instance.everything() == before


def test_a_file_that_is_right_but_listed_is_only_unlisted(instance: Instance) -> None:
    instance.write("web/settings.conf", "hand-made").chmod(0o640)
    inode = (instance.app / "web/settings.conf").stat().st_ino
    assert instance.restore() == {"web/settings.conf": "unlisted"}
    assert (instance.app / "web/settings.conf").stat().st_ino == inode
    assert instance.listed() == ["web/index.html"]


def test_the_list_keeps_its_owner_and_mode_and_the_old_one_is_replaced_at_once(instance: Instance) -> None:
    if os.geteuid() == 0:
        os.chown(instance.list, 12, 34)
    instance.list.chmod(0o604)
    before = instance.list.stat()
    with instance.list.open("rb") as reader:
        instance.restore()
        # Whoever was reading it reads it to its end.
        assert len(reader.read().splitlines()) == 2
    after = instance.list.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    assert after.st_mtime >= before.st_mtime


def test_directories_that_are_gone_are_made_as_they_were(instance: Instance) -> None:
    web = instance.app / "web"
    for path in web.iterdir():
        path.unlink()
    web.rmdir()
    instance.app.rmdir()
    instance.list.unlink()
    assert instance.restore() == {"web/settings.conf": "restored"}
    assert web.stat().st_mode & 0o777 == 0o755
    assert leftovers(instance.base) == []


def test_a_link_is_put_back_as_a_link(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    (instance.app / "current").symlink_to("releases/1")
    instance.save("current")
    (instance.app / "current").unlink()
    (instance.app / "current").symlink_to("releases/2")
    instance.lists("current")
    assert instance.restore() == {"current": "restored"}
    assert os.readlink(instance.app / "current") == "releases/1"
    assert instance.listed() == []


def test_other_names_of_the_same_file_are_left_alone(instance: Instance) -> None:
    other = instance.app / "other"
    os.link(instance.app / "web/settings.conf", other)
    instance.restore()
    assert other.read_text() == "of rev2"
    assert (instance.app / "web/settings.conf").read_text() == "hand-made"


def test_a_line_by_way_of_a_linked_directory_goes_too(instance: Instance) -> None:
    (instance.app / "current").symlink_to("web")
    instance.lists("current/index.html", "current/settings.conf")
    assert instance.restore() == {"web/settings.conf": "restored"}
    assert instance.listed() == ["current/index.html"]


def test_what_somebody_changed_since_is_not_overwritten_without_force(instance: Instance) -> None:
    instance.restore()
    instance.write("web/settings.conf", "newer, by hand")
    before = instance.everything()
    assert "changed since it was restored" in instance.why_not_restored()
    assert instance.everything() == before
    assert instance.restore(force=True) == {"web/settings.conf": "restored"}
    assert (instance.app / "web/settings.conf").read_text() == "hand-made"


def test_one_file_that_cannot_be_restored_does_not_keep_the_others_back(instance: Instance) -> None:
    for name in ("a", "b", "z"):
        instance.write(name, "1")
    instance.save("a", "b", "z")
    instance.write("a", "of a script")
    (instance.app / "z").unlink()
    (instance.app / "z").mkdir()
    assert instance.restore() == {
        "a": "refused",
        "b": "unchanged",
        "web/settings.conf": "restored",
        "z": "refused",
    }
    assert (instance.app / "a").read_text() == "of a script"
    assert (instance.app / "web/settings.conf").read_text() == "hand-made"
    assert instance.listed() == ["web/index.html"]
    why = instance.why_not_restored()
    assert f"{instance.app}/a is not as it was saved, and is not in the agent's cleanup file: who knows" in why
    assert "z is neither a regular file nor a symbolic link" in why
    # Nothing is lost of what is to be restored: with force it is.
    assert (instance.set / "manifest.json").exists()
    assert instance.restore("a", force=True) == {"a": "restored"}


def test_a_file_that_fails_in_the_midst_does_not_keep_the_others_back(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.write("a", "1")
    instance.save("a")
    instance.write("a", "2")
    instance.lists("a", "web/settings.conf")
    real = os.rename

    def rename(source: bytes, target: bytes, **where: int) -> None:
        if target == b"a":
            raise OSError(errno.EIO, "Input/output error")
        real(source, target, **where)

    monkeypatch.setattr(os, "rename", rename)
    assert instance.restore() == {"a": "refused", "web/settings.conf": "restored"}
    assert instance.listed() == ["a"]
    assert leftovers(instance.base) == []
    monkeypatch.setattr(os, "rename", real)
    assert instance.restore() == {"a": "restored", "web/settings.conf": "unchanged"}


@pytest.mark.parametrize(("name", "outcome"), [("trailing ", "restored"), ("tab\t", "restored"), ("other ", "refused")])
def test_a_name_that_the_agent_misreads_is_restored_if_the_agent_wrote_it_down(
    instance: Instance, name: str, outcome: str
) -> None:
    instance.write(name, "hand-made")
    instance.save(name)
    instance.write(name, "of rev2")
    instance.lists("trailing ", "tab\t", "web/settings.conf")
    before = instance.list.read_bytes().splitlines()
    assert instance.restore() == {name: outcome, "web/settings.conf": "restored"}
    assert (instance.app / name).read_text() == ("hand-made" if outcome == "restored" else "of rev2")
    # The agent does not remove what this line names, so it may stay.
    assert instance.list.read_bytes().splitlines() == before[:2]
    if outcome == "restored":
        assert instance.restore() == {name: "unchanged", "web/settings.conf": "unchanged"}


def test_a_parent_that_has_become_a_link_is_refused(instance: Instance) -> None:
    (instance.app / "web").rename(instance.base / "elsewhere")
    (instance.app / "web").symlink_to(instance.base / "elsewhere")
    before = instance.everything()
    assert "web is a symbolic link" in instance.why_not_restored()
    assert instance.everything() == before


def test_a_directory_in_its_place_is_refused(instance: Instance) -> None:
    path = instance.app / "web/settings.conf"
    path.unlink()
    path.mkdir()
    assert f"{path} is neither a regular file" in instance.why_not_restored()


def test_a_linked_list_is_refused(instance: Instance) -> None:
    instance.list.rename(instance.base / "elsewhere")
    instance.list.symlink_to(instance.base / "elsewhere")
    before = instance.everything()
    with pytest.raises(walking.Refused, match="cleanup is a symbolic link"):
        instance.restore()
    assert instance.everything() == before


def test_a_damaged_copy_is_refused(instance: Instance) -> None:
    [blob] = [path for path in instance.set.iterdir() if path.name != "manifest.json"]
    blob.write_text("hand-mads")
    assert "missing or damaged" in instance.why_not_restored()


@pytest.mark.parametrize("what", ["no set", "no manifest", "bad manifest", "bad journal", "unknown path"])
def test_what_is_no_finished_set_is_refused(instance: Instance, what: str) -> None:
    names = ["web/unknown"] if what == "unknown path" else []
    if what == "no set":
        instance.place = instance.place._replace(run=b"r2")
    elif what == "no manifest":
        (instance.set / "manifest.json").unlink()
    elif what == "bad manifest":
        (instance.set / "manifest.json").write_text("{}")
    elif what == "bad journal":
        (instance.set / "restored.json").write_text("{}")
        (instance.set / "restored.json").chmod(0o600)
    before = instance.everything()
    with pytest.raises(walking.Refused, match=r"no finished saved set|not usable|journal cannot|is not in the saved"):
        instance.restore(*names)
    assert instance.everything() == before


@pytest.mark.parametrize(("hours", "busy"), [(0, True), (23, True), (25, False)])
def test_nothing_is_restored_while_the_agent_is_at_work(instance: Instance, hours: int, busy: bool) -> None:
    mark = instance.ongoing / "d-ABCDEF123"
    mark.write_text("command")
    then = time.time() - hours * 3600
    os.utime(mark, (then, then))
    before = instance.everything()
    if busy:
        with pytest.raises(walking.Refused, match="the agent is at work on d-ABCDEF123"):
            instance.restore()
        assert instance.everything() == before
    else:
        assert instance.restore() == {"web/settings.conf": "restored"}


def _at_the_rename_of(monkeypatch: pytest.MonkeyPatch, name: bytes, *, after: bool, do: Callable[[], object]) -> None:
    """Something happens just before, or just after, ``name`` is put in its place."""
    real, left = os.rename, [1]

    def rename(source: bytes, target: bytes, **where: int) -> None:
        mine = target == name and left[0]
        if mine:
            left[0] = 0
        if mine and not after:
            do()
        real(source, target, **where)
        if mine and after:
            do()

    monkeypatch.setattr(os, "rename", rename)


def test_an_agent_that_begins_while_files_are_put_back_keeps_its_list(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = instance.list.read_bytes()
    mark = instance.ongoing / "d-1"
    _at_the_rename_of(monkeypatch, b"settings.conf", after=True, do=mark.touch)
    with pytest.raises(restoring.Interrupted, match=r"at work on d-1.* put back: .*settings.conf.*was not changed"):
        instance.restore()
    assert instance.list.read_bytes() == before
    assert leftovers(instance.base) == []
    # The deployment has ended, and has changed nothing of it.
    mark.unlink()
    assert instance.restore() == {"web/settings.conf": "unlisted"}
    assert instance.listed() == ["web/index.html"]


def test_an_agent_that_begins_just_after_the_list_was_replaced_is_told_of(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = instance.ongoing / "d-1"
    _at_the_rename_of(monkeypatch, os.path.basename(instance.layout.cleanup(GROUP)), after=True, do=mark.touch)
    with pytest.raises(restoring.Interrupted, match="at work on d-1"):
        instance.restore()
    mark.unlink()
    assert instance.restore() == {"web/settings.conf": "unchanged"}


def test_a_whole_deployment_in_between_is_noticed(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins and ends after the list was replaced: the file is on the list of the agent again, and is its own."""

    def deployment() -> None:
        instance.list.unlink()
        instance.write("web/settings.conf", "of rev1")
        instance.lists("web/settings.conf")

    _at_the_rename_of(monkeypatch, os.path.basename(instance.layout.cleanup(GROUP)), after=True, do=deployment)
    with pytest.raises(restoring.Interrupted, match="was changed or removed while"):
        instance.restore()


def test_a_list_that_was_written_meanwhile_is_read_again(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = cleanup_file.check_idle, [2]

    def check_idle(layout: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            instance.lists("web/index.html", "web/settings.conf", "web/new")
        real(instance.layout)

    monkeypatch.setattr(cleanup_file, "check_idle", check_idle)
    assert instance.restore() == {"web/settings.conf": "restored"}
    assert instance.listed() == ["web/index.html", "web/new"]


def test_a_list_that_is_written_all_the_time_is_given_up(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_idle(layout: object) -> None:
        instance.list.write_bytes(instance.list.read_bytes() + instance.path("more") + b"\n")

    monkeypatch.setattr(cleanup_file, "check_idle", check_idle)
    with pytest.raises(restoring.Interrupted, match="was written each time"):
        instance.restore()
    assert "web/settings.conf" in instance.listed()
    assert leftovers(instance.base) == []


def test_a_file_that_is_written_while_it_is_restored_is_not_overwritten(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = instance.plan_restore()
    instance.write("web/settings.conf", "just now, by hand")
    [step] = restoring.restore(instance.place, instance.layout, plan).steps
    assert (step.outcome, "changed by somebody else" in step.reason) == ("refused", True)
    assert (instance.app / "web/settings.conf").read_text() == "just now, by hand"
    assert leftovers(instance.base) == []


def test_a_full_disk_is_refused(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = instance.plan_restore()
    monkeypatch.setattr(store, "HEADROOM", 1 << 60)
    before = instance.everything()
    [step] = restoring.restore(instance.place, instance.layout, plan).steps
    assert (step.outcome, "MiB free" in step.reason) == ("refused", True)
    assert instance.everything() == before


def test_lists_of_other_groups_are_told_of(instance: Instance) -> None:
    other = Path(os.fsdecode(instance.layout.cleanup("other")))
    other.write_bytes(instance.path("web/settings.conf") + b"\n")
    path = instance.path("web/settings.conf")
    assert cleanup_file.other_groups(instance.layout, GROUP, [path]) == {path: ["other"]}
    assert cleanup_file.other_groups(instance.layout, "other", [path]) == {path: [GROUP]}


def test_extended_attributes_come_back(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the file system that tests run on are nobody's business; these are kept in memory, by inode."""
    kept: dict[tuple[int, str], bytes] = {}

    def listxattr(descriptor: int) -> list[str]:
        return [name for inode, name in kept if inode == os.fstat(descriptor).st_ino]

    def setxattr(descriptor: int, name: str, value: bytes) -> None:
        if name == "security.refused":
            raise PermissionError(errno.EPERM, "not for you")
        kept[os.fstat(descriptor).st_ino, name] = value

    monkeypatch.setattr(os, "listxattr", listxattr, raising=False)
    monkeypatch.setattr(os, "setxattr", setxattr, raising=False)
    monkeypatch.setattr(os, "getxattr", lambda held, name: kept[os.fstat(held).st_ino, name], raising=False)
    path = instance.write("a", "1")
    kept[path.stat().st_ino, "system.posix_acl_access"] = b"acl\xff"
    kept[path.stat().st_ino, "security.refused"] = b"label"
    instance.save("a")
    blocker = path.with_name("b")
    path.rename(blocker)
    notes = restoring.restore(instance.place, instance.layout, instance.plan_restore("a")).notes
    assert path.stat().st_ino != blocker.stat().st_ino
    assert kept[path.stat().st_ino, "system.posix_acl_access"] == b"acl\xff"
    assert notes == [f"{path} could not be given the extended attribute security.refused"]
    # An ACL decides who may read, so another one is another file.
    kept[path.stat().st_ino, "system.posix_acl_access"] = b"wider"
    assert "changed since it was restored" in instance.why_not_restored("a")
