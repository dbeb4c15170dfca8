# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs, task_files
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput

TELL = Path(specs.__file__).parents[3] / "roles" / "rollback" / "tasks" / "tell"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ("a b.yml, c.yml", ["a b.yml", "c.yml"]),
        (["a, b.yml", "", "slack"], ["a, b.yml", "slack"]),
    ],
)
def test_files_are_named_in_a_list_or_a_text(given: t.Any, expected: list[str]) -> None:
    found = task_files.asked({"before_tasks": given, "slack_url": "https://hooks"}, check_mode=False)
    assert (found["before_tasks"], found["after_tasks"]) == (expected, [])


def test_nothing_is_run_in_check_mode_but_what_is_missing_is_said() -> None:
    given = {"before_tasks": "ours.yml", "after_tasks": "webhook", "webhook_url": "http://here"}
    found = task_files.asked(given, check_mode=True)
    assert (found["before_tasks"], found["after_tasks"]) == ([], [])
    with pytest.raises(BadInput, match="rollback_after_tasks names webhook, which needs rollback_webhook_url"):
        task_files.asked({**given, "webhook_url": " "}, check_mode=True)


def test_no_secret_is_in_what_the_first_step_returns() -> None:
    secrets = dict.fromkeys(task_files.THEIRS, "secret")
    assert {name for name, value in task_files.asked(secrets, False).items() if value} == set()
    for entry in ("main", "redeploy"):
        spec = specs.entry_points()["rollback"][entry]
        assert all(spec[f"rollback_{name}"].get("no_log") for name in task_files.READY.values())


def test_each_ready_file_is_there_and_documented() -> None:
    assert sorted(path.stem for path in TELL.iterdir()) == sorted(task_files.READY)
    told = " ".join(specs.entry_points()["rollback"]["main"]["rollback_before_tasks"]["description"])
    for name, variable in task_files.READY.items():
        assert task_files.path_of("v", name, []) == str(TELL / f"{name}.yml")
        assert f"V({name})" in told
        text = (TELL / f"{name}.yml").read_text(encoding="utf-8")
        assert f"rollback_{variable}" in text
        assert "no_log: true" in text


def test_a_path_begins_where_the_command_was_started_or_at_the_playbook(tmp_path: Path) -> None:
    folders = [tmp_path / "here", tmp_path / "project"]
    for folder in folders:
        folder.mkdir()
        (folder / "both.yml").touch()
    (folders[1] / "one.yml").touch()
    names = [str(folder) for folder in folders]
    assert task_files.path_of("v", "both.yml", names) == str(folders[0] / "both.yml")
    assert task_files.path_of("v", "one.yml", names) == str(folders[1] / "one.yml")
    assert task_files.path_of("v", str(folders[1] / "one.yml"), names[:1]) == str(folders[1] / "one.yml")
    with pytest.raises(BadInput, match=f"v names no.yml, and there is no file {folders[0]}/no.yml or {folders[1]}"):
        task_files.path_of("v", "no.yml", names)
