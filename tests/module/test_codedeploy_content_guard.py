# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module on an instance in a directory, where a stand-in of the agent really installs and removes files."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.modules import codedeploy_content_guard
from tests.agent.agent import Agent, Deployment
from tests.module.run import ModuleFailed, Result, run_module

GROUP = "3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d"
HAND_MADE = "password: by-hand\n"
FAILS = "hooks:\n  ValidateService:\n    - location: fail.sh\n"


class Instance:
    """An agent, the directory ``web`` that it installs to, and bundles."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch.resolve()
        self.web = self.scratch / "web"
        self.web.mkdir()
        self.settings = self.web / "settings.conf"
        self.agent = Agent(self.scratch / "root", self.scratch)
        self.store = self.scratch / "store"
        self.set = self.store / GROUP / "r1"

    def bundle(self, name: str, files: dict[str, str], more: str = "") -> Path:
        directory = self.scratch / "bundles" / name
        for path, text in {"content/index.html": name, **{f"content/{path}": files[path] for path in files}}.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)
        (directory / "fail.sh").write_text("#!/bin/sh\nexit 1\n")
        (directory / "fail.sh").chmod(0o755)
        (directory / "appspec.yml").write_text(
            f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {self.web}\n{more}"
        )
        return directory

    def deploy(self, bundle: Path, behavior: str, id_: str, *, succeeds: bool = True) -> None:
        assert self.agent.deploy(Deployment(GROUP, bundle, behavior, id_)).succeeded is succeeds

    def guard(self, state: str, *, check_mode: bool = False, diff: bool = False, **more: object) -> Result:
        options = {
            "deployment_group_id": GROUP,
            "run": "r1",
            "store": str(self.store),
            "agent_root": str(self.agent.layout.root),
        }
        return run_module(
            codedeploy_content_guard, check_mode=check_mode, diff=diff, **{**options, "state": state, **more}
        )

    def listed(self) -> list[str]:
        lines = self.agent.layout.cleanup(GROUP).read_text().splitlines()
        return sorted(str(Path(line).relative_to(self.web)) for line in lines)

    def everything(self) -> dict[str, tuple[object, ...]]:
        return {
            str(path): (path.lstat().st_mode, path.lstat().st_ino, path.lstat().st_mtime_ns)
            for path in [self.scratch, *self.scratch.rglob("*")]
        }


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def overwritten(instance: Instance, guarded: bool) -> tuple[Path, Path]:
    """The guide's example: a file put there by hand is kept by RETAIN, then overwritten by a deployment that fails."""
    one = instance.bundle("one", {"settings.conf": "one"})
    two = instance.bundle("two", {"settings.conf": "two"}, FAILS)
    instance.settings.write_text(HAND_MADE)
    instance.settings.chmod(0o640)
    instance.deploy(one, "RETAIN", "d-1")
    if guarded:
        assert instance.guard("saved", paths=[str(instance.settings)])["outcome"] == "saved"
    instance.deploy(two, "OVERWRITE", "d-2", succeeds=False)
    assert instance.settings.read_text() == "two"
    return one, two


@pytest.mark.parametrize("guarded", [True, False])
def test_a_file_that_was_overwritten_is_kept_by_the_rollback_and_ever_after(instance: Instance, guarded: bool) -> None:
    one, _two = overwritten(instance, guarded)
    if guarded:
        result = instance.guard("restored")
        assert (result["outcome"], result["changed"]) == ("restored", True)
        assert result["unlisted"] == [{"path": str(instance.settings)}]
    for number in (3, 4):
        instance.deploy(one, "RETAIN", f"d-{number}")
        assert instance.settings.read_text() == (HAND_MADE if guarded else "one")
    if guarded:
        assert instance.settings.stat().st_mode & 0o777 == 0o640


def test_it_is_kept_as_well_when_restored_after_the_rollback(instance: Instance) -> None:
    one, _two = overwritten(instance, guarded=True)
    instance.deploy(one, "OVERWRITE", "d-3")
    assert instance.guard("restored")["outcome"] == "restored"
    assert instance.listed() == ["index.html"]
    instance.deploy(one, "RETAIN", "d-4")
    assert instance.settings.read_text() == HAND_MADE


def test_what_is_saved_is_what_the_rollback_takes_away_and_no_archive_has(instance: Instance) -> None:
    one = instance.bundle("one", {"settings.conf": "one", "foreign.txt": "one"})
    two = instance.bundle("two", {"settings.conf": "two", "new.txt": "two"})
    instance.deploy(one, "DISALLOW", "d-1")
    instance.deploy(two, "DISALLOW", "d-2")
    instance.settings.write_text(HAND_MADE)
    (instance.web / "foreign.txt").write_text("somebody's")
    (instance.web / "logs.txt").write_text("not touched by anybody")
    expected = {"settings.conf": "removed", "foreign.txt": "overwritten"}
    result = instance.guard("saved", deployment_id="d-1", file_exists_behavior="overwrite")
    assert {Path(file["path"]).name: file["how"] for file in result["files"]} == expected
    # What it foretold is what the agent does.
    instance.deploy(one, "OVERWRITE", "d-3")
    assert (instance.settings.read_text(), (instance.web / "foreign.txt").read_text()) == ("one", "one")
    assert instance.guard("restored")["changed"]
    assert instance.settings.read_text() == HAND_MADE
    assert (instance.web / "foreign.txt").read_text() == "somebody's"
    assert not (instance.web / "new.txt").exists()
    # Off the list, they are safe from a deployment with RETAIN; this one's bundle lies in a directory.
    retained = instance.guard("saved", run="r2", bundle=str(two), file_exists_behavior="retain")
    assert [file["path"] for file in retained["files"]] == []


def test_where_nothing_is_lost_there_is_nothing_to_restore(instance: Instance) -> None:
    one, two = instance.bundle("one", {}), instance.bundle("two", {})
    instance.deploy(one, "DISALLOW", "d-1")
    instance.deploy(two, "DISALLOW", "d-2")
    result = instance.guard("saved", deployment_id="d-1")
    assert (result["files"], result["reason"]) == ([], "nothing would be lost")
    assert instance.guard("saved", deployment_id="d-1")["outcome"] == "unchanged"
    assert instance.guard("restored")["outcome"] == "unchanged"


def test_an_install_that_is_going_to_fail_is_reported(instance: Instance) -> None:
    instance.deploy(instance.bundle("one", {}), "DISALLOW", "d-1")
    instance.settings.write_text(HAND_MADE)
    result = instance.guard("saved", bundle=str(instance.bundle("two", {"settings.conf": "two"})))
    assert any("already exists at this location" in warning for warning in result["warnings"])


@pytest.mark.parametrize("state", ["saved", "restored", "absent"])
def test_check_mode_only_reads_and_the_second_run_does_nothing(instance: Instance, state: str) -> None:
    overwritten(instance, guarded=state != "saved")
    more = {"paths": [str(instance.settings)]} if state == "saved" else {}
    before = instance.everything()
    planned = instance.guard(state, check_mode=True, diff=True, **more)
    assert instance.everything() == before
    assert (planned["outcome"], planned["changed"]) == ("planned", True)
    assert str(instance.settings) in planned["diff"]["before"] + planned["diff"]["after"]
    done = instance.guard(state, diff=True, **more)
    assert (done["changed"], done["diff"], done["files"]) == (True, planned["diff"], planned["files"])
    before = instance.everything()
    again = instance.guard(state, **more)
    assert (again["outcome"], again["changed"]) == ("unchanged", False)
    assert instance.everything() == before


def test_what_a_script_rewrote_is_named_and_the_others_come_back(instance: Instance) -> None:
    """A hook writes a file that no bundle has. That is not somebody's edit, and it keeps no other file back."""
    made = instance.web / "made.conf"
    made.write_text("tuned by hand")
    one, _two = overwritten(instance, guarded=True)
    instance.guard("saved", paths=[str(made)])
    (one / "appspec.yml").write_text(
        (one / "appspec.yml").read_text() + "hooks:\n  AfterInstall:\n    - location: make.sh\n"
    )
    (one / "make.sh").write_text(f"#!/bin/sh\necho generated > {made}\n")
    # As an archive, as CodeDeploy has it: the agent keeps it, and its time says when the deployment began.
    instance.deploy(Path(shutil.make_archive(str(one), "tar", one)), "OVERWRITE", "d-3")
    with pytest.raises(ModuleFailed) as failed:
        instance.guard("restored")
    result = failed.value.result
    assert (result["outcome"], result["changed"]) == ("incomplete", True)
    assert {Path(file["path"]).name: file["outcome"] for file in result["files"]} == {
        "made.conf": "refused",
        "settings.conf": "restored",
    }
    told = result["msg"]
    assert "1 of 2 files cannot be put back" in told
    assert f"{made} is not as it was saved" in told
    assert "last changed while d-3 ran and is in no bundle: most likely by its scripts" in told
    assert "somebody" not in told
    assert str(instance.set) in told
    assert (instance.settings.read_text(), made.read_text()) == (HAND_MADE, "generated\n")
    # The copy is still there for somebody who wants it.
    assert instance.guard("restored", force=True)["outcome"] == "restored"
    assert made.read_text() == "tuned by hand"


def test_a_name_that_the_agent_misreads_comes_back_too(instance: Instance) -> None:
    """The agent installs it, and removes what is left of its name without the blank, which is not there."""
    odd = instance.web / "odd "
    one = instance.bundle("one", {"settings.conf": "one", "odd ": "one"})
    two = instance.bundle("two", {"settings.conf": "two", "odd ": "two"})
    for path in (odd, instance.settings):
        path.write_text(HAND_MADE)
    instance.deploy(one, "RETAIN", "d-1")
    assert instance.guard("saved", paths=[str(odd), str(instance.settings)])["outcome"] == "saved"
    instance.deploy(two, "OVERWRITE", "d-2")
    assert instance.guard("restored")["outcome"] == "restored"
    for number in (3, 4):
        instance.deploy(one, "RETAIN", f"d-{number}")
        assert (odd.read_text(), instance.settings.read_text()) == (HAND_MADE, HAND_MADE)


def test_a_newline_in_one_name_refuses_that_one_only(instance: Instance) -> None:
    one = instance.bundle("one", {"settings.conf": "one", "broken\nname": "one"})
    broken = instance.web / "broken\nname"
    instance.deploy(instance.bundle("two", {}), "DISALLOW", "d-1")
    for path in (broken, instance.settings):
        path.write_text(HAND_MADE)
    options = {"bundle": str(one), "file_exists_behavior": "overwrite"}
    for check_mode in (True, False):
        with pytest.raises(ModuleFailed, match=r"1 of 2 files cannot be saved\. .*newline in it") as failed:
            instance.guard("saved", check_mode=check_mode, **options)
        result = failed.value.result
        assert (result["outcome"], result["changed"]) == ("incomplete", True)
        assert sorted(file["outcome"] for file in result["files"]) == ["refused", "saved"]
    with pytest.raises(ModuleFailed, match=r"The others are saved\. The copies are kept in") as failed:
        instance.guard("saved", **options)
    assert (failed.value.result["outcome"], failed.value.result["changed"]) == ("refused", False)
    instance.settings.write_text("gone")
    assert instance.guard("restored", force=True)["outcome"] == "restored"
    assert instance.settings.read_text() == HAND_MADE


def test_no_contents_and_no_digests_are_returned(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    told = [instance.guard(state, diff=True) for state in ("restored", "absent")]
    text = json.dumps(told)
    assert "by-hand" not in text
    assert re.search("[0-9a-f]{64}", text) is None


def test_the_good_copy_is_kept_and_that_is_told(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    result = instance.guard("saved", paths=[str(instance.settings)])
    assert (result["changed"], result["files"][0]["outcome"]) == (False, "kept")
    assert "force=true" in result["warnings"][0]


def test_somebodys_change_is_replaced_only_with_force(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    instance.guard("restored")
    instance.settings.write_text("newer")
    with pytest.raises(ModuleFailed, match="changed since it was restored") as failed:
        instance.guard("restored")
    assert failed.value.result["outcome"] == "refused"
    assert instance.guard("restored", force=True)["outcome"] == "restored"
    assert instance.settings.read_text() == HAND_MADE


def test_the_lists_of_other_groups_are_reported(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    instance.agent.layout.cleanup("other").write_text(f"{instance.settings}\n")
    assert "is also in the cleanup files of other" in instance.guard("restored")["warnings"][0]


def test_nothing_is_restored_from_within_a_lifecycle_event(instance: Instance) -> None:
    one, _two = overwritten(instance, guarded=True)
    instance.agent.layout.ongoing("d-3").write_text("d-3-command")
    before = instance.everything()
    for check_mode in (True, False):
        with pytest.raises(ModuleFailed, match="at work on d-3") as failed:
            instance.guard("restored", check_mode=check_mode)
        assert failed.value.result["outcome"] == "refused"
    assert instance.everything() == before
    instance.agent.layout.ongoing("d-3").unlink()
    instance.deploy(one, "RETAIN", "d-3")
    assert instance.guard("restored")["outcome"] == "restored"


@pytest.mark.parametrize("at", ["settings.conf", f"{GROUP}-cleanup"])
def test_a_deployment_that_begins_in_the_midst_is_noticed_and_the_next_run_finishes(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """A whole deployment goes through just after the file, or the cleanup file, was replaced."""
    one, _two = overwritten(instance, guarded=True)
    real = os.rename

    def rename(source: bytes, target: bytes, **where: int) -> None:
        real(source, target, **where)
        if target == os.fsencode(at):
            monkeypatch.setattr(os, "rename", real)
            instance.deploy(one, "RETAIN", "d-3")
            instance.agent.layout.ongoing("d-4").write_text("d-4-command")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(ModuleFailed, match="at work on d-4") as failed:
        instance.guard("restored")
    assert failed.value.result["outcome"] == "interrupted"
    assert failed.value.result["changed"] is True
    instance.agent.layout.ongoing("d-4").unlink()
    # Restored before the list was replaced, it was still listed, so the deployment took it, and put its own there.
    if at == "settings.conf":
        assert instance.settings.read_text() == "one"
        with pytest.raises(ModuleFailed, match="force=true"):
            instance.guard("restored")
        assert instance.guard("restored", force=True)["outcome"] == "restored"
    assert instance.guard("restored")["outcome"] == "unchanged"
    assert instance.settings.read_text() == HAND_MADE
    instance.deploy(one, "RETAIN", "d-5")
    assert instance.settings.read_text() == HAND_MADE


def test_the_root_is_what_the_agents_configuration_says(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    config = instance.scratch / "codedeployagent.yml"
    config.write_text(f"---\n:root_dir: '{instance.agent.layout.root}'\n")
    result = instance.guard("restored", agent_root="", agent_config=str(config))
    assert result["unlisted"] == [{"path": str(instance.settings)}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"run": "../x"}, "run: '../x' is not a valid name"),
        ({"run": ""}, "missing required arguments: run"),
        ({"deployment_group_id": "a/b"}, "not the id of a deployment group"),
        ({"store": "store"}, "not an absolute path"),
        ({"store": "/proc/store"}, "nothing is saved or restored"),
        ({"store": "/store"}, "in the root directory itself"),
        ({"paths": ["web/x"]}, "not an absolute path"),
        ({"paths": ["/etc/shadow"]}, "the system itself needs"),
        ({"paths": ["/etc/cron.d/x"]}, "runs by itself, .* add the directory /etc/cron.d to allow_paths"),
        ({"store": "/etc/ssh/store"}, "store: /etc/ssh/store is in /etc/ssh, .*Give another directory"),
        ({"allow_paths": ["etc/cron.d"]}, "allow_paths: etc/cron.d is not an absolute path"),
        ({"allow_paths": ["/etc/passwd"]}, "allow_paths: /etc/passwd is a file that the system itself needs"),
        ({"allow_paths": ["/proc/self"]}, "allow_paths: /proc/self is in /proc, where nothing is saved"),
        ({"paths": ["/srv/a/../../etc/shadow"]}, "an empty part"),
        ({"paths": None}, "state is saved but any of the following are missing"),
        ({"bundle": "/srv/bundle"}, "mutually exclusive"),
        ({"paths": None, "deployment_id": "../.."}, "is not the id of a deployment"),
        ({"paths": None, "deployment_id": "d-GONE"}, "deployment: there is no bundle in .*d-GONE"),
        ({"paths": None, "bundle": "/srv/there/is/none"}, "bundle: there is no bundle in /srv/there/is/none"),
    ],
)
def test_what_is_refused_before_anything_is_written(
    instance: Instance, options: dict[str, object], message: str
) -> None:
    instance.deploy(instance.bundle("one", {}), "DISALLOW", "d-1")
    before = instance.everything()
    with pytest.raises(ModuleFailed, match=message):
        instance.guard("saved", **{"paths": [str(instance.settings)], **options})
    assert instance.everything() == before


def test_a_restored_link_to_a_deployed_file_is_warned_of(instance: Instance) -> None:
    """It is off the list, but what it leads to is not."""
    instance.deploy(instance.bundle("one", {}), "DISALLOW", "d-1")
    link, other = instance.web / "cur", instance.web / "other"
    link.symlink_to("index.html")
    other.symlink_to(instance.scratch / "elsewhere")
    instance.guard("saved", paths=[str(link), str(other)])
    link.unlink()
    for check_mode in (True, False):
        result = instance.guard("restored", check_mode=check_mode)
        [message] = [item["message"] for item in result["findings"] if item["check"] == "dangling_links"]
        assert f"{link} is a link to {instance.web}/index.html, which the next deployment removes first" in message
    assert message in result["warnings"]


def test_a_place_of_the_system_is_opened_by_its_name_only(instance: Instance) -> None:
    """Both to save and to restore."""
    instance.deploy(instance.bundle("one", {}), "DISALLOW", "d-1")
    keys = instance.web / ".ssh" / "authorized_keys"
    keys.parent.mkdir()
    keys.write_text(HAND_MADE)
    opened = {"paths": [str(keys)], "allow_paths": [f"{keys.parent}/"]}
    refused = f"{keys} is in .ssh, .* add the directory {keys.parent} to allow_paths. No file"
    for more in ({}, {"allow_paths": [str(instance.web)]}):
        with pytest.raises(ModuleFailed, match=refused):
            instance.guard("saved", paths=[str(keys)], **more)
    assert instance.guard("saved", **opened)["outcome"] == "saved"
    keys.unlink()
    with pytest.raises(ModuleFailed, match=refused):
        instance.guard("restored")
    assert not keys.exists()
    assert instance.guard("restored", **opened)["outcome"] == "restored"
    assert keys.read_text() == HAND_MADE


@pytest.mark.parametrize("wrong", ["deployment_group_id", "agent_root"])
def test_the_list_is_not_looked_for_where_it_is_not(instance: Instance, wrong: str) -> None:
    overwritten(instance, guarded=True)
    options = {"deployment_group_id": "web-prod"} if wrong == "deployment_group_id" else {"agent_root": "/srv/no-agent"}
    known = GROUP if wrong == "deployment_group_id" else "none"
    for state, more in (("restored", {}), ("saved", {"deployment_id": "d-1"})):
        with pytest.raises(ModuleFailed, match=f"the agent has no deployment group .* it has {known}"):
            instance.guard(state, **options, **more)


def test_a_link_among_the_directories_is_refused_and_named(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    elsewhere = instance.scratch / "elsewhere"
    instance.web.rename(elsewhere)
    instance.web.symlink_to(elsewhere)
    before = instance.everything()
    for state in ("saved", "restored"):
        with pytest.raises(ModuleFailed, match="web is a symbolic link"):
            instance.guard(state, paths=[str(instance.settings)])
    assert instance.everything() == before


def test_a_set_that_holds_more_than_copies_is_not_removed(instance: Instance) -> None:
    overwritten(instance, guarded=True)
    (instance.set / "notes").write_text("somebody's")
    for check_mode in (True, False):
        with pytest.raises(ModuleFailed, match="also holds notes"):
            instance.guard("absent", check_mode=check_mode)
    assert (instance.set / "manifest.json").exists()


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that an ordinary user can get to, which pytest's own are not for another one."""
    directory = Path(tempfile.mkdtemp(prefix="guard-")).resolve()
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def as_ordinary_user(home: Path, do: Callable[[], None]) -> None:
    """Run ``do`` in a process without privileges. Where the tests have none themselves, it is the same user."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in [home, *home.rglob("*")]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        text = ""
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
            do()
        except BaseException:  # noqa: BLE001  # all of it belongs to the parent
            text = traceback.format_exc()
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(child, 0)
    assert text == ""


def test_an_ordinary_user_works_on_what_is_all_of_that_user(home: Path) -> None:
    instance = Instance(home)

    def story() -> None:
        one, _two = overwritten(instance, guarded=True)
        assert instance.guard("restored")["outcome"] == "restored"
        instance.deploy(one, "RETAIN", "d-3")
        assert instance.settings.read_text() == HAND_MADE
        assert instance.guard("absent")["outcome"] == "removed"

    as_ordinary_user(home, story)


def test_an_ordinary_user_is_told_what_needs_root(home: Path) -> None:
    """Nothing of root's is made for it: the machine has such files."""
    instance = Instance(home)

    def story() -> None:
        with pytest.raises(ModuleFailed, match=r"Permission denied. Use become: it needs root") as failed:
            instance.guard("saved", paths=[str(instance.settings)], store="/var/lib/lastgood-of-nobody/guard")
        assert failed.value.result["outcome"] == "refused"
        overwritten(instance, guarded=True)
        manifest = instance.set / "manifest.json"
        manifest.write_text(manifest.read_text().replace(f'"uid": {os.geteuid()}', '"uid": 0'))
        before = instance.everything()
        with pytest.raises(ModuleFailed, match="only root can give it back"):
            instance.guard("restored")
        assert instance.everything() == before

    instance.settings.write_text("x")
    as_ordinary_user(home, story)
