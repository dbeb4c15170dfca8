# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in does what the real agent did: every step of every recording, on disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.agent import cleanup
from tests.agent.layout import archive
from tests.agent.selftests.recordings import SCENARIOS, Replay, load


def _replay(recording: dict[str, Any], scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Play all steps, and compare after each of them."""
    replay = Replay(recording, scratch)
    unlink = os.unlink

    def guarded(path: Any, **more: Any) -> None:
        if os.fsdecode(path) in replay.immutable:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)
        unlink(path, **more)

    monkeypatch.setattr(cleanup.os, "unlink", guarded)
    for step in recording["steps"]:
        where = f"step {step['step']}: {step['note']}"
        if step["do"] == "sh":
            done = replay.shell(step)
            assert done.returncode == step["rc"], where
            if not step["cmd"].startswith("chattr"):
                assert replay.back(done.stdout).decode() == step["out"], where
            continue
        group = step["deployment_group_id"]
        layout = replay.agent.layout
        assert replay.listing() == replay.expected(step["before"]), where
        assert replay.cleanup(group) == step["cleanup_before"], where
        outcome = replay.deploy(step)
        assert outcome.succeeded == (step["rc"] == 0), (where, outcome)
        assert replay.listing() == replay.expected(step["after"]), (where, outcome)
        assert replay.cleanup(group) == step["cleanup_after"], where
        assert replay.mark(layout.last_successful(group)) == step["last_successful_install"], where
        assert replay.mark(layout.most_recent(group)) == step["most_recent_install"], where
    return replay


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_files_are_those_of_the_recording(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = load(name)
    assert [step for step in recording["steps"] if step["do"] == "deploy"]
    _replay(recording, tmp_path, monkeypatch)


def test_there_are_recordings() -> None:
    assert len(SCENARIOS) >= 19


def test_application_stop_is_that_of_the_last_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a deployment that failed later than Install, the script of the failed revision."""
    recording = load("13-last-successful-install")
    replay = _replay(recording, tmp_path, monkeypatch)
    [first, bad, *_later] = [Path(replay.there(step["deployment_dir"])) for step in recording["steps"]]
    assert "ApplicationStop script of rev1" in (first / "logs" / "scripts.log").read_text()
    assert "ApplicationStop script of rev2" in (bad / "logs" / "scripts.log").read_text()


def test_five_deployments_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = load("18-max-revisions")
    replay = _replay(recording, tmp_path, monkeypatch)
    made = [Path(replay.there(step["deployment_dir"])) for step in recording["steps"]]
    assert [archive(path).is_dir() for path in made] == [False] * 3 + [True] * 5


@pytest.mark.parametrize("name", sorted(load("parse-remove-commands")))
def test_cleanup_files_are_read_as_the_agent_does(name: str) -> None:
    case = load("parse-remove-commands")[name]
    if "contents" in case:
        contents = case["contents"].encode()
        expected = [(command, path.encode()) for command, path in case["commands"]]
    else:
        contents = bytes.fromhex(case["contents_hex"])
        expected = [(command, bytes.fromhex(path)) for command, path in case["commands"]]
    assert cleanup.parse(contents) == expected
