# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module in this process, on what the stand-in for the agent has really installed below a scratch directory."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.modules import codedeploy_content_info
from tests.agent.agent import Agent, Deployment
from tests.module.run import ModuleFailed, Result, run_module

GROUP = "3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d"
OTHER = "0c7f1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
DAY = 24 * 3600


class Instance:
    """An instance with an agent, and revisions for it."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.root = scratch / "deployment-root"
        self.agent = Agent(self.root, scratch)
        self.site = scratch / "site"
        self.site.mkdir()

    def bundle(
        self,
        name: str,
        files: t.Mapping[str, str],
        hooks: t.Mapping[str, str] | None = None,
        *,
        more: str = "",
        destination: Path | None = None,
    ) -> Path:
        """A revision as a tar archive; ``hooks`` are the scripts of lifecycle events."""
        directory = self.scratch / "bundles" / name
        (directory / "content").mkdir(parents=True)
        for path, content in files.items():
            file = directory / "content" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        spec = [
            "version: 0.0",
            "os: linux",
            "files:",
            "  - source: content",
            f"    destination: {destination or self.site}",
        ]
        if hooks:
            spec.append("hooks:")
        for event, script in (hooks or {}).items():
            spec += [f"  {event}:", f"    - location: {event}.sh", "      timeout: 60"]
            (directory / f"{event}.sh").write_text(f"#!/bin/sh\n{script}\n")
            (directory / f"{event}.sh").chmod(0o755)
        (directory / "appspec.yml").write_text("\n".join([*spec, more, ""]))
        with tarfile.open(directory.with_suffix(".tar"), "w") as archive:
            archive.add(directory, arcname=".")
        return directory.with_suffix(".tar")

    def deploy(self, bundle: Path, option: str = "DISALLOW", group: str = GROUP) -> tuple[str, str]:
        """The id, and the lifecycle event that failed."""
        outcome = self.agent.deploy(Deployment(group, bundle, option))
        return outcome.deployment, outcome.event

    def info(self, **params: t.Any) -> Result:
        return run_module(codedeploy_content_info, agent_root=str(self.root), **params)

    def state(self) -> dict[str, tuple[t.Any, ...]]:
        """Everything below the scratch directory."""
        found = {}
        for path in sorted(self.scratch.rglob("*")):
            status = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, status.st_ino, content)
        return found


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def paths(found: Result) -> list[str]:
    return [Path(item["path"]).name for item in found["entries"]]


def checks(result: Result, severity: str) -> set[str]:
    return {finding["check"] for finding in result["findings"] if finding["severity"] == severity}


def test_it_predicts_what_the_agent_then_does(instance: Instance) -> None:
    first = instance.bundle("rev1", {"a": "1", "old": "1", "dir/x": "1"})
    second = instance.bundle("rev2", {"a": "2", "new": "2", "kept": "2"})
    instance.deploy(first)
    (instance.site / "kept").write_text("by hand")
    (instance.site / "dir" / "extra").write_text("by hand")
    before = instance.state()
    result = instance.info(bundle=str(second), file_exists_behavior="retain")
    assert instance.state() == before
    assert not result["changed"]
    assert result["prediction"]["failure"] is None
    assert result["prediction"]["file_exists_behavior"] == "RETAIN"
    removals = {outcome: paths(found) for outcome, found in result["prediction"]["removals"].items()}
    assert sorted(removals["removed"]) == ["a", "old", "x"]
    assert removals["left_not_empty"] == ["dir"]
    placements = {outcome: sorted(paths(found)) for outcome, found in result["prediction"]["placements"].items()}
    assert placements == {"installed": ["a", "new"], "kept": ["kept"]}
    assert instance.deploy(second, "RETAIN")[1] == ""
    assert sorted(path.name for path in instance.site.rglob("*")) == ["a", "dir", "extra", "kept", "new"]
    assert (instance.site / "kept").read_text() == "by hand"


def test_a_conflict_is_told_before_it_costs_the_old_files(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    (instance.site / "settings").write_text("by hand")
    second = instance.bundle("rev2", {"a": "2", "settings": "2"})
    result = instance.info(bundle=str(second), file_exists_behavior="fail")
    failure = result["prediction"]["failure"]
    assert (failure["stage"], failure["path"]) == ("instructions", str(instance.site / "settings"))
    assert "install" in checks(result, "block")
    assert instance.deploy(second)[1] == "Install"
    after = instance.info(bundle=str(second))
    assert after["groups"][0]["cleanup_file"]["state"] == "missing_after_failed_install"
    assert "cleanup_file" in checks(after, "warn")


def test_what_is_lost_is_what_no_archive_has(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1", "b": "1"}))
    (instance.site / "settings").write_text("by hand")
    (instance.site / "b").write_text("edited by hand")
    result = instance.info(
        bundle=str(instance.bundle("rev2", {"a": "2", "settings": "2"})), file_exists_behavior="overwrite"
    )
    assert {Path(item["path"]).name: item["how"] for item in result["lost"]["entries"]} == {
        "b": "removed",
        "settings": "overwritten",
    }
    assert [(Path(item["path"]).name, item["change"]) for item in result["edited"]["entries"]] == [("b", "edited")]
    assert "edited" in checks(result, "warn")
    assert "by hand" not in json.dumps(result)


def test_a_deployed_link_is_neither_lost_nor_edited_as_long_as_it_is_what_it_was(instance: Instance) -> None:
    instance.bundle("rev1", {"a": "1"})
    source = instance.scratch / "bundles" / "rev1"
    (source / "content" / "link").symlink_to("a")
    instance.deploy(source)
    result = instance.info()
    assert (result["lost"]["count"], result["edited"]["count"]) == (0, 0)
    (instance.site / "link").unlink()
    (instance.site / "link").symlink_to("elsewhere")
    result = instance.info()
    assert (paths(result["lost"]), paths(result["edited"])) == (["link"], ["link"])


def test_where_leftovers_come_from(instance: Instance) -> None:
    made = {"AfterInstall": f"echo made > {instance.site}/script.txt"}
    orphan = instance.bundle("rev1", {"a": "1", "orphan": "1"}, made)
    earlier, _failed = instance.deploy(orphan)
    # As after a crash of the agent, or after somebody has put it back.
    kept = (instance.site / "orphan").read_text()
    newest, _failed = instance.deploy(instance.bundle("rev2", {"a": "1", "kept": "2"}, made))
    (instance.site / "orphan").write_text(kept)
    cleanup = instance.agent.layout.cleanup(GROUP)
    cleanup.write_text(cleanup.read_text().replace(f"{instance.site}/kept\n", ""))
    (instance.site / "hand").mkdir()
    (instance.site / "hand" / "made.txt").write_text("x")
    for name in ("hand", "hand/made.txt"):
        os.utime(instance.site / name, (1, 1))
    result = instance.info()
    told = {os.path.relpath(item["path"], instance.site): item for item in result["leftovers"]["entries"]}
    assert {name: item["origin"] for name, item in told.items()} == {
        "hand": "hand",
        "hand/made.txt": "hand",
        "kept": "kept",
        "orphan": "orphaned",
        "script.txt": "script",
    }
    assert earlier in told["orphan"]["evidence"]
    assert newest in told["kept"]["evidence"]
    assert result["leftovers"]["origins"] == {"hand": 2, "kept": 1, "orphaned": 1, "script": 1}
    assert (result["leftovers"]["incomplete"], result["leftovers"]["not_searched"]) == (False, [])


def test_without_a_bundle_it_is_that_of_the_last_install(instance: Instance) -> None:
    first, _failed = instance.deploy(instance.bundle("rev1", {"a": "1"}))
    second, _failed = instance.deploy(instance.bundle("rev2", {"a": "2"}))
    result = instance.info()
    assert (result["bundle"]["source"], second in result["bundle"]["path"]) == ("last_successful_install", True)
    result = instance.info(deployment_id=first)
    assert (result["bundle"]["source"], first in result["bundle"]["path"]) == ("deployment", True)
    assert (result["bundle"]["files"], result["bundle"]["appspec"]) == (2, "appspec.yml")
    assert result["groups"][0]["deployments"] == [second, first]


def test_the_appspec_file_wins_over_the_option(instance: Instance) -> None:
    bundle = instance.bundle("rev1", {"a": "1"}, more="file_exists_behavior: RETAIN")
    result = instance.info(deployment_group_id=GROUP, bundle=str(bundle), file_exists_behavior="overwrite")
    assert result["prediction"]["file_exists_behavior"] == "RETAIN"
    assert result["prediction"]["file_exists_behavior_of_appspec"]


def test_application_stop_is_that_of_the_last_install_even_if_the_deployment_failed(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}, {"ApplicationStop": "true"}))
    failed, event = instance.deploy(
        instance.bundle("rev2", {"a": "2"}, {"ApplicationStop": "false", "ValidateService": "false"})
    )
    assert event == "ValidateService"
    stop = instance.info()["application_stop"]
    assert failed in stop["deployment_directory"]
    (script,) = stop["scripts"]
    assert (script["location"], script["exists"], script["executable"], script["timeout"]) == (
        "ApplicationStop.sh",
        True,
        True,
        60,
    )
    Path(script["path"]).unlink()
    assert "application_stop" in checks(instance.info(), "warn")


def test_two_groups_that_share_a_destination(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1", "b": "1"}))
    instance.deploy(instance.bundle("theirs", {"b": "2", "c": "2"}), "OVERWRITE", OTHER)
    result = instance.info()
    assert result["deployment_group_id"] is None
    assert "prediction" not in result
    assert {group["deployment_group_id"] for group in result["groups"]} == {GROUP, OTHER}
    result = instance.info(deployment_group_id=GROUP)
    assert paths(result["shared_paths"]) == ["b"]
    assert result["shared_paths"]["entries"][0]["deployment_group_ids"] == [OTHER]
    assert {Path(item["path"]).name: item["origin"] for item in result["leftovers"]["entries"]} == {"c": "other_group"}
    assert result["gone_groups"] == []
    (gone,) = instance.info(deployment_group_id=GROUP, known_deployment_groups=[GROUP])["gone_groups"]
    assert (gone["deployment_group_id"], gone["listed"], paths(gone["still_there"])) == (OTHER, 2, ["b", "c"])


def test_an_agent_at_work(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    mark = instance.root / "ongoing-deployment" / "d-BUSY"
    mark.write_text("x")
    result = instance.info()
    assert (result["agent"]["busy"], result["agent"]["ongoing"]) == (True, ["d-BUSY"])
    assert "agent_busy" in checks(result, "warn")
    os.utime(mark, (mark.stat().st_mtime - DAY - 60,) * 2)
    result = instance.info()
    assert (result["agent"]["busy"], result["agent"]["stale"]) == (False, ["d-BUSY"])


@pytest.mark.parametrize(("version", "severity"), [("1.8.1", "info"), ("2.1.0", "warn")])
def test_a_cleanup_file_that_agent_2_does_not_trust(instance: Instance, version: str, severity: str) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    instance.agent.layout.cleanup(GROUP).chmod(0o666)
    result = instance.info(agent_version=version)
    assert result["groups"][0]["cleanup_file"]["mode"] == "0666"
    assert result["groups"][0]["cleanup_file"]["distrusted"]
    assert "cleanup_file" in checks(result, severity)
    assert ("removed" in result["prediction"]["removals"]) is (version == "1.8.1")


@pytest.mark.parametrize(("change", "state"), [(b"/cut off", "partial"), (None, "missing")])
def test_a_cleanup_file_that_is_not_whole(instance: Instance, change: bytes | None, state: str) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    cleanup = instance.agent.layout.cleanup(GROUP)
    if change is None:
        cleanup.unlink()
    else:
        cleanup.write_bytes(cleanup.read_bytes() + change)
    result = instance.info()
    assert result["groups"][0]["cleanup_file"]["state"] == state
    assert "cleanup_file" in checks(result, "warn")


def test_removing_through_a_link(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"lib/a.so": "1"}))
    elsewhere = instance.scratch / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.so").write_text("precious")
    (instance.site / "lib").rename(instance.site / "lib.old")
    (instance.site / "lib").symlink_to(elsewhere)
    result = instance.info()
    told = [item for item in result["through_links"]["entries"] if item["outcome"] == "removed"]
    assert [(item["real"], item["through"]) for item in told] == [
        (str(elsewhere / "a.so"), [str(instance.site / "lib")])
    ]
    assert str(elsewhere / "a.so") in [item["path"] for item in result["lost"]["entries"]]


def test_a_link_to_a_deployed_file_is_lost_though_nothing_lists_it(instance: Instance) -> None:
    """The agent removes what it leads to, and then takes it for nothing."""
    instance.deploy(instance.bundle("one", {"index.html": "one"}))
    (instance.site / "cur").symlink_to("index.html")
    two = instance.bundle("two", {"index.html": "two", "cur": "two"})
    found = instance.info(bundle=str(two), file_exists_behavior="retain")
    [finding] = [item for item in found["findings"] if item["check"] == "dangling_links"]
    assert finding["severity"] == "warn"
    assert f"To keep it, leave {instance.site}/cur out of the bundle" in finding["message"]
    assert found["lost"]["entries"] == [{"path": f"{instance.site}/cur", "how": "overwritten"}]
    instance.deploy(two, "RETAIN")
    assert str(instance.site / "cur") in instance.agent.layout.cleanup(GROUP).read_text().splitlines()
    instance.deploy(instance.bundle("three", {"index.html": "three"}), "RETAIN")
    assert not os.path.lexists(instance.site / "cur")


def test_names_that_are_not_utf_8_and_names_that_end_in_blanks(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1", "trailing ": "1"}))
    odd = os.fsencode(instance.site) + b"/\xff"
    with open(odd, "wb"):
        pass
    result = instance.info()
    assert paths(result["odd_names"]) == ["trailing "]
    by_name = {item.get("path_base64", Path(item["path"]).name): item for item in result["leftovers"]["entries"]}
    assert set(by_name) == {"trailing ", base64.b64encode(odd).decode()}
    assert by_name["trailing "]["origin"] == "orphaned"


def test_long_lists_are_cut_and_counted(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {f"f{number}": "1" for number in range(9)}))
    result = instance.info(max_listed=4)
    removed = result["prediction"]["removals"]["removed"]
    assert (removed["count"], len(removed["entries"])) == (9, 4)
    result = instance.info(max_files=4)
    assert result["leftovers"]["incomplete"]
    assert "leftovers" in checks(result, "warn")


def test_the_root_of_the_configuration_file(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    config = instance.scratch / "codedeployagent.yml"
    config.write_text(f"---\n:verbose: false\n:root_dir: '{instance.root}'\n")
    result = run_module(codedeploy_content_info, agent_config=str(config))
    assert result["agent"]["root"] == str(instance.root)
    assert result["deployment_group_id"] == GROUP


def test_check_mode_and_empty_answers_make_no_difference(instance: Instance) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    empty = {"deployment_group_id": "", "bundle": "", "deployment_id": "", "agent_version": ""}
    results = [instance.info(check_mode=True, **empty), instance.info()]
    for result in results:
        # Other programs use the disk meanwhile.
        assert result["bundle"].pop("free_space")
    assert results[0] == results[1]


def test_a_group_that_nothing_was_installed_for(instance: Instance) -> None:
    result = instance.info(deployment_group_id=GROUP)
    assert (result["bundle"], result["prediction"]) == (None, None)
    assert checks(result, "block") == {"bundle"}
    assert result["application_stop"] == {"deployment_directory": None, "archive_exists": False, "scripts": []}


@pytest.mark.parametrize(
    ("appspec", "check"), [("version: 0.0\nos: windows\n", "appspec"), ("version: 0.0\nos: linux\nfiles: {", "appspec")]
)
def test_an_appspec_file_that_the_agent_refuses(instance: Instance, appspec: str, check: str) -> None:
    bundle = instance.scratch / "bundle"
    bundle.mkdir()
    (bundle / "appspec.yml").write_text(appspec)
    result = instance.info(deployment_group_id=GROUP, bundle=str(bundle))
    assert result["prediction"] is None
    assert check in checks(result, "block")


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"deployment_group_id": "../x"}, "deployment_group_id"),
        ({"deployment_id": "../../x"}, "deployment_id"),
        ({"deployment_id": "d-GONE"}, "no such bundle"),
        ({"bundle": "/nowhere/bundle.tgz"}, "no such bundle"),
        ({"bundle": __file__}, "cannot be read as an archive the agent accepts"),
        ({"agent_version": "newest"}, "agent_version"),
        ({"agent_root": "/nowhere"}, "Give agent_root"),
        ({"max_files": -1}, "max_files"),
    ],
)
def test_what_cannot_be_meant_is_refused(instance: Instance, params: dict[str, t.Any], says: str) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    with pytest.raises(ModuleFailed, match=says) as failed:
        run_module(codedeploy_content_info, **{"agent_root": str(instance.root), **params})
    assert "Nothing was changed." in failed.value.msg


# A module that is told to be somebody else first.
_AS_NOBODY = """
import json, os, sys
from unittest import mock
from ansible.module_utils import basic
from ansible_collections.lastgood.aws.plugins.modules import codedeploy_content_info
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {"agent_root": sys.argv[1], "_ansible_remote_tmp": "/nowhere"}}).encode()
with mock.patch.object(basic, "_ANSIBLE_ARGS", arguments), mock.patch.object(
    basic, "_ANSIBLE_PROFILE", "legacy", create=True
):
    codedeploy_content_info.main()
"""


@pytest.mark.parametrize("hidden", ["a file", "the way to it"])
def test_who_may_not_read_the_files_of_root_is_told_what_it_takes(instance: Instance, hidden: str) -> None:
    instance.deploy(instance.bundle("rev1", {"a": "1"}))
    temporary = Path(tempfile.gettempdir())
    for directory in [instance.scratch, *instance.scratch.parents]:
        if directory.stat().st_uid == os.geteuid() and temporary in directory.parents:
            directory.chmod(0o755)
    there = instance.agent.layout.cleanup(GROUP) if hidden == "a file" else instance.root.parent
    before = there.stat().st_mode
    there.chmod(0o000)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(instance.root)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    there.chmod(before)
    result = json.loads(done.stdout)
    assert result["failed"], done.stderr
    assert "may not be read by" in result["msg"]
    assert "use become" in result["msg"]
