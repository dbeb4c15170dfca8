# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files are copied once, whole, privately, and a good copy is not replaced unasked."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content import mounts
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import (
    attributes,
    manifest,
    saving,
    store,
    walking,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.scratch import Instance, leftovers

OWNER = manifest.Attributes(0o644, 0, 0, 1)
ENTRY = manifest.Entry(b"/srv/a", OWNER, 1, "a" * 64)
SAME = attributes.identity_of(ENTRY)
OTHER = attributes.identity_of(ENTRY._replace(sha256="b" * 64))


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


@pytest.mark.parametrize(
    ("entry", "now", "whole", "force", "outcome"),
    [
        (None, "", False, False, saving.SAVED),
        (ENTRY, SAME, True, False, saving.UNCHANGED),
        (ENTRY, SAME, True, True, saving.UNCHANGED),
        (ENTRY, attributes.ABSENT, True, False, saving.UNCHANGED),
        (ENTRY, OTHER, True, False, saving.KEPT),
        (ENTRY, OTHER, True, True, saving.SAVED),
        (ENTRY, SAME, False, False, saving.SAVED),
    ],
)
def test_what_becomes_of_a_path(entry: manifest.Entry | None, now: str, whole: bool, force: bool, outcome: str) -> None:
    assert saving.decide(entry, now, whole, force) == outcome


def test_a_file_is_saved_privately_with_all_that_belongs_to_it(instance: Instance) -> None:
    path = instance.write("web/settings.conf", "secret")
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_600_000_000_123_456_789))
    assert instance.save("web/settings.conf") == {"web/settings.conf": "saved"}
    [entry] = manifest.loads((instance.set / "manifest.json").read_bytes()).values()
    assert (entry.path, entry.size) == (os.fsencode(path), 6)
    assert entry.attributes[:4] == (0o640, os.geteuid(), path.stat().st_gid, 1_600_000_000_123_456_789)
    assert os.fsdecode(entry.parents[-1][0]) == str(path.parent)
    assert (instance.set / entry.sha256).read_text() == "secret"
    for directory in (instance.set, instance.set.parent, instance.set.parent.parent):
        assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in instance.set.iterdir()} == {0o600}
    assert leftovers(instance.base) == []


def test_the_second_run_writes_nothing(instance: Instance) -> None:
    instance.write("a", "1")
    instance.save("a")
    before = instance.everything()
    assert instance.save("a") == {"a": "unchanged"}
    assert instance.everything() == before


def test_a_plan_writes_nothing(instance: Instance) -> None:
    instance.write("a", "1")
    before = instance.everything()
    assert instance.plan_save("a").changed
    assert instance.everything() == before


def test_the_good_copy_is_kept_when_the_file_has_become_bad(instance: Instance) -> None:
    instance.write("a", "good")
    instance.save("a")
    instance.write("a", "bad")
    instance.write("b", "more")
    assert instance.save("a", "b") == {"a": "kept", "b": "saved"}
    assert "good" in [path.read_text() for path in instance.set.iterdir()]
    assert instance.save("a", force=True) == {"a": "saved"}
    assert len(manifest.loads((instance.set / "manifest.json").read_bytes())) == 2


def test_a_file_that_is_gone_is_still_saved(instance: Instance) -> None:
    instance.write("a", "1").unlink()
    assert "does not exist" in instance.why_not_saved("a")
    instance.write("a", "1")
    instance.save("a")
    (instance.app / "a").unlink()
    assert instance.save("a") == {"a": "unchanged"}


def test_a_damaged_copy_is_made_anew(instance: Instance) -> None:
    instance.write("a", "1")
    instance.save("a")
    [blob] = [path for path in instance.set.iterdir() if path.name != "manifest.json"]
    blob.write_text("2")
    assert instance.save("a") == {"a": "saved"}
    assert blob.read_text() == "1"


def test_a_link_is_saved_as_a_link(instance: Instance) -> None:
    instance.write("target", "precious")
    (instance.app / "link").symlink_to("target")
    instance.save("link")
    [entry] = manifest.loads((instance.set / "manifest.json").read_bytes()).values()
    assert entry.target == b"target"
    assert [path.name for path in instance.set.iterdir()] == ["manifest.json"]
    assert instance.save("link") == {"link": "unchanged"}


def test_names_are_bytes(instance: Instance) -> None:
    name = os.fsdecode(b"\xff \n"[:2])
    instance.write(name, "1")
    assert instance.save(name) == {name: "saved"}
    assert instance.save(name) == {name: "unchanged"}


@pytest.mark.parametrize("kind", ["directory", "pipe", "agent", "store"])
def test_what_is_no_file_or_not_for_the_guard_is_refused_before_anything_is_written(
    instance: Instance, kind: str
) -> None:
    instance.write("good", "1")
    (instance.app / "directory").mkdir()
    os.mkfifo(instance.app / "pipe")
    names = {"agent": "../agent/x", "store": "../store/x"}
    path = os.path.normpath(instance.app / names.get(kind, kind))
    before = instance.everything()
    good, bad = saving.plan(instance.place, [instance.path("good"), os.fsencode(path)], instance.places, False).steps
    assert (good.outcome, bad.outcome) == ("saved", "refused")
    assert re.search("only regular files|where nothing is saved", bad.reason)
    assert instance.everything() == before


def test_one_file_that_cannot_be_saved_does_not_keep_the_others_back(instance: Instance) -> None:
    instance.write("a", "1")
    instance.write("b\nc", "2")
    assert instance.save("b\nc", "missing", "a") == {"b\nc": "refused", "missing": "refused", "a": "saved"}
    assert list(manifest.loads((instance.set / "manifest.json").read_bytes())) == [instance.path("a")]
    why = instance.why_not_saved("b\nc", "missing")
    assert "newline in it, which the agent's cleanup file cannot hold" in why
    assert "missing does not exist" in why


def test_nothing_is_written_if_nothing_can_be_saved(instance: Instance) -> None:
    before = instance.everything()
    assert instance.save("missing") == {"missing": "refused"}
    assert instance.everything() == before


def test_a_mount_point_is_refused(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.write("a", "1")
    monkeypatch.setattr(mounts, "mounted_here", lambda: {instance.path("a")})
    assert "is a mount point" in instance.why_not_saved("a")


@pytest.mark.parametrize("level", ["store", "group", "run"])
def test_a_store_that_others_can_read_is_refused(instance: Instance, level: str) -> None:
    instance.write("a", "1")
    instance.save("a")
    directory = {"store": instance.set.parent.parent, "group": instance.set.parent, "run": instance.set}[level]
    directory.chmod(0o750)
    with pytest.raises(walking.Refused, match="is open to others"):
        instance.plan_save("a")


def test_a_store_that_was_opened_since_the_plan_was_made_is_refused(instance: Instance) -> None:
    instance.write("a", "1")
    plan = instance.plan_save("a")
    instance.set.parent.mkdir(parents=True, mode=0o755)
    with pytest.raises(walking.Refused, match="is open to others"):
        saving.save(instance.place, plan)
    assert not instance.set.exists()


def test_a_linked_store_is_refused(instance: Instance) -> None:
    instance.write("a", "1")
    (instance.base / "elsewhere").mkdir()
    (instance.base / "store").symlink_to("elsewhere")
    with pytest.raises(walking.Refused, match="store is a symbolic link"):
        instance.save("a")
    assert not list((instance.base / "elsewhere").iterdir())


def test_a_full_disk_is_refused_before_anything_is_copied(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.write("a", "1")
    plan = instance.plan_save("a")
    monkeypatch.setattr(store, "HEADROOM", 1 << 60)
    with pytest.raises(walking.Refused, match="MiB free"):
        saving.save(instance.place, plan)
    assert not list(instance.set.iterdir())


def test_two_runs_do_not_write_at_once(instance: Instance) -> None:
    instance.write("a", "1")
    plan = instance.plan_save("a")
    with store.writing(instance.place), pytest.raises(walking.Refused, match="another run is working in"):
        saving.save(instance.place, plan)
    saving.save(instance.place, plan)


@pytest.mark.parametrize(("times", "saved"), [(1, True), (2, True), (3, False)])
def test_a_file_that_is_being_written_is_copied_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, times: int, saved: bool
) -> None:
    path = instance.write("a", "9")
    real, left = store.write_all, [times]

    def meanwhile(descriptor: int, content: bytes) -> None:
        real(descriptor, content)
        if left[0] and content.isdigit():
            left[0] -= 1
            path.write_text(str(left[0]))

    monkeypatch.setattr(store, "write_all", meanwhile)
    if not saved:
        assert "changed each time" in instance.why_not_saved("a")
        assert not (instance.set / "manifest.json").exists()
        return
    instance.save("a")
    [entry] = manifest.loads((instance.set / "manifest.json").read_bytes()).values()
    assert (instance.set / entry.sha256).read_text() == path.read_text() == "0"


def test_a_set_is_removed_and_nothing_else(instance: Instance) -> None:
    instance.write("a", "1")
    instance.save("a")
    other = Instance(instance.base, "r2")
    other.save("a")
    store.remove(instance.place)
    assert not instance.set.exists()
    assert other.set.exists()
    store.remove(other.place)
    assert not instance.set.parent.exists()
    assert (instance.app / "a").read_text() == "1"


@pytest.mark.parametrize("strange", ["notes.txt", "f" * 64])
def test_a_set_with_something_strange_in_it_is_not_removed(instance: Instance, strange: str) -> None:
    instance.write("a", "1")
    instance.save("a")
    if strange == "notes.txt":
        (instance.set / strange).write_text("somebody's")
    else:
        (instance.set / strange).mkdir()
    before = instance.everything()
    with pytest.raises(walking.Refused, match="nothing was removed"):
        store.remove(instance.place)
    assert instance.everything() == before
