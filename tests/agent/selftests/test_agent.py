# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the recordings do not show: the command, the fence, archives, scripts, and what the agent says of itself."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.agent import cleanup
from tests.agent.agent import EVENTS, Agent, Deployment
from tests.agent.layout import archive

ROOT = Path(__file__).resolve().parents[3]
GROUP = "0c7f1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"


class Instance:
    """A scratch directory with an agent, and bundles of files that go to ``site``."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.site = scratch / "site"
        self.agent = Agent(scratch / "deployment-root", scratch)

    def bundle(self, name: str, files: dict[str, str], more: str = "", destination: Path | None = None) -> Path:
        """A bundle whose directory ``content`` has these files."""
        directory = self.scratch / "bundles" / name
        (directory / "content").mkdir(parents=True)
        (directory / "appspec.yml").write_text(
            f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {destination or self.site}\n{more}"
        )
        for path, text in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return directory


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


def _command(instance: Instance, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.agent", "--scratch", instance.scratch, "--group", GROUP, *more]
    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_is_a_command(instance: Instance) -> None:
    bundle = str(instance.bundle("one", {"content/a": "a"}))
    done = _command(instance, bundle, "--deployment", "d-ONE")
    assert (done.returncode, done.stdout.split()) == (0, [*EVENTS, "d-ONE", "succeeded"]), done.stderr
    instance.agent.layout.cleanup(GROUP).unlink()
    again = _command(instance, bundle, "--deployment", "d-TWO")
    assert again.returncode == 1
    assert "d-TWO failed in Install: UnknownError: The deployment failed because a specified file already exists" in (
        again.stderr
    )
    assert _command(instance, bundle, "--file-exists-behavior", "OVERWRITE").returncode == 0


def test_nothing_outside_of_the_scratch_directory_is_touched(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    instance = Instance(scratch)
    with pytest.raises(Exception, match="is outside of"):
        instance.agent.deploy(Deployment(GROUP, instance.bundle("far", {"content/a": "a"}, destination=outside)))
    (scratch / "link").symlink_to(outside)
    for line in (outside / "precious", scratch / "link" / "precious", scratch / ".." / "outside" / "precious"):
        instance.agent.layout.cleanup(GROUP).write_text(f"{line}\n")
        with pytest.raises(Exception, match="is outside of"):
            instance.agent.deploy(Deployment(GROUP, instance.bundle(f"near{len(str(line))}", {"content/a": "a"})))
    assert [path.name for path in outside.iterdir()] == ["precious"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_archives_are_unpacked(instance: Instance, kind: str) -> None:
    source = instance.bundle("one", {"content/run.sh": "#!/bin/sh\n"})
    (source / "content" / "run.sh").chmod(0o755)
    packed = instance.scratch / f"bundle.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(packed, "w") as archived:
            for path in sorted(source.rglob("*")):
                archived.write(path, path.relative_to(source))
    else:
        with tarfile.open(packed, "w:gz" if kind == "tgz" else "w") as archived:
            archived.add(source, ".")
    assert instance.agent.deploy(Deployment(GROUP, packed, id="d-ONE")).succeeded
    assert (instance.site / "run.sh").stat().st_mode & 0o777 == 0o755
    directory = instance.agent.layout.deployment(GROUP, "d-ONE")
    assert (directory / "bundle.tar").read_bytes() == packed.read_bytes()
    assert (archive(directory) / "appspec.yml").exists()


SCRIPT = "hooks:\n  BeforeInstall:\n    - location: run.sh\n      timeout: {timeout}\n"


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        (None, "ScriptMissing", "Script does not exist at specified location: run.sh"),
        ("exit 3\n", "ScriptFailed", "Script at specified location: run.sh failed with exit code 3"),
        ("exec sleep 60\n", "ScriptTimedOut", "Script at specified location: run.sh failed to complete in 1 seconds"),
    ],
)
def test_a_script_that_fails(instance: Instance, script: str | None, code: str, message: str) -> None:
    files = {"content/a": "a"} | ({} if script is None else {"run.sh": f"#!/bin/sh\n{script}"})
    outcome = instance.agent.deploy(Deployment(GROUP, instance.bundle("one", files, SCRIPT.format(timeout=1))))
    assert (outcome.event, outcome.code, outcome.script, outcome.message) == ("BeforeInstall", code, "run.sh", message)
    assert not instance.site.exists()


def test_a_script_knows_its_deployment_and_that_the_agent_is_busy(instance: Instance) -> None:
    """Scripts can find the cleanup file of their group, and the agent marks that it works."""
    busy = instance.agent.layout.root / "ongoing-deployment"
    script = f"#!/bin/sh\necho $LIFECYCLE_EVENT $DEPLOYMENT_ID $DEPLOYMENT_GROUP_ID $(ls {busy})\n"
    bundle = instance.bundle("one", {"content/a": "a", "run.sh": script}, SCRIPT.format(timeout=60))
    assert instance.agent.deploy(Deployment(GROUP, bundle, id="d-ONE")).succeeded
    log = instance.agent.layout.deployment(GROUP, "d-ONE") / "logs" / "scripts.log"
    assert f"BeforeInstall d-ONE {GROUP} d-ONE\n" in log.read_text()
    assert not list(busy.iterdir())


def test_a_broken_application_stop_keeps_the_next_one_out(instance: Instance) -> None:
    stop = "hooks:\n  ApplicationStop:\n    - location: stop.sh\n"
    bad = instance.bundle("bad", {"content/a": "a", "stop.sh": "#!/bin/sh\nexit 1\n"}, stop)
    good = instance.bundle("good", {"content/a": "good"})
    assert instance.agent.deploy(Deployment(GROUP, bad)).succeeded
    assert instance.agent.deploy(Deployment(GROUP, good)).event == "ApplicationStop"
    assert instance.agent.deploy(Deployment(GROUP, good, ignore_application_stop_failures=True)).succeeded
    assert (instance.site / "a").read_text() == "good"


def test_permissions_are_about_what_is_copied_and_made(instance: Instance) -> None:
    """A kept file keeps its mode; contexts are the last lines of the cleanup file."""
    instance.site.mkdir()
    (instance.site / "kept").write_text("by hand")
    (instance.site / "kept").chmod(0o600)
    more = (
        f"permissions:\n  - object: {instance.site}\n    except: ['*.sh']\n    mode: '640'\n    type: [file]\n"
        f"  - object: {instance.site}/dir\n    mode: '750'\n    type: [directory]\n    context:\n      type: etc_t\n"
    )
    files = {"content/kept": "no", "content/new": "new", "content/run.sh": "sh", "content/dir/in": "in"}
    bundle = instance.bundle("one", files, more)
    outcome = instance.agent.deploy(Deployment(GROUP, bundle, "RETAIN"))
    assert outcome.succeeded, outcome
    modes = {path.name: path.stat().st_mode & 0o777 for path in instance.site.rglob("*")}
    assert modes == {"kept": 0o600, "new": 0o640, "run.sh": 0o644, "dir": 0o755, "in": 0o640}
    lines = instance.agent.layout.cleanup(GROUP).read_bytes().splitlines()
    assert sorted(lines) == sorted(os.fsencode(instance.site / name) for name in ("new", "run.sh", "dir", "dir/in"))


def test_a_context_is_listed_last(instance: Instance) -> None:
    more = f"permissions:\n  - object: {instance.site}\n    type: [file]\n    context:\n      type: etc_t\n"
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("one", {"content/a": "a"}, more))).succeeded
    lines = instance.agent.layout.cleanup(GROUP).read_bytes().splitlines()
    assert lines == [
        os.fsencode(instance.site),
        *[os.fsencode(instance.site / "a")],
        b"semanage\0%b" % (os.fsencode(instance.site / "a")),
    ]
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("two", {"content/b": "b"}))).succeeded
    assert [path.name for path in instance.site.iterdir()] == ["b"]


def test_overwriting_goes_through_links_and_into_directories(instance: Instance) -> None:
    instance.site.mkdir()
    (instance.scratch / "target").write_text("target")
    (instance.site / "link").symlink_to(instance.scratch / "target")
    (instance.site / "dir").mkdir()
    bundle = instance.bundle("one", {"content/link": "new", "content/dir": "file"})
    assert instance.agent.deploy(Deployment(GROUP, bundle, "OVERWRITE")).succeeded
    assert (instance.scratch / "target").read_text() == "new"
    assert (instance.site / "dir" / "dir").read_text() == "file"
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("two", {"content/b": "b"}))).succeeded
    # The link was listed, and the directory, which is not empty; the file in it is nobody's.
    assert sorted(path.name for path in instance.site.rglob("*")) == ["b", "dir", "dir"]


def test_a_link_onto_what_is_there_fails(instance: Instance) -> None:
    bundle = instance.bundle("one", {"content/b": "b"})
    (bundle / "content" / "a").symlink_to("b")
    instance.site.mkdir()
    (instance.site / "a").write_text("by hand")
    outcome = instance.agent.deploy(Deployment(GROUP, bundle, "OVERWRITE"))
    assert (outcome.event, "File exists" in outcome.message) == ("Install", True)


def test_a_name_that_is_no_utf_8_ends_it_when_the_old_is_gone(instance: Instance) -> None:
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("one", {"content/a": "a"}))).succeeded
    bundle = instance.bundle("two", {"content/a": "a"})
    Path(os.fsdecode(os.fsencode(bundle / "content") + b"/\xe9")).write_text("latin-1")
    assert instance.agent.deploy(Deployment(GROUP, bundle)).event == "Install"
    assert not instance.site.exists()
    assert not instance.agent.layout.cleanup(GROUP).exists()


def test_the_instructions_are_written_down(instance: Instance) -> None:
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("one", {"content/a": "a"}), id="d-ONE")).succeeded
    written = json.loads(instance.agent.layout.install_json(GROUP).read_text())["instructions"]
    source = archive(instance.agent.layout.deployment(GROUP, "d-ONE")) / "content" / "a"
    assert written == [
        {"type": "mkdir", "directory": str(instance.site)},
        {"type": "copy", "source": str(source), "destination": str(instance.site / "a")},
    ]


def test_removing_a_directory_is_always_tried(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a mount point fails with EBUSY, before rmdir(2) looks whether there is something in it."""
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("one", {"content/data/a": "a"}))).succeeded
    (instance.site / "data" / "more").touch()
    rmdir = os.rmdir

    def busy(path: str) -> None:
        if path == str(instance.site / "data"):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)
        rmdir(path)

    monkeypatch.setattr(cleanup.os, "rmdir", busy)
    listed = instance.agent.layout.cleanup(GROUP).read_bytes()
    outcome = instance.agent.deploy(Deployment(GROUP, instance.bundle("two", {"content/b": "b"})))
    assert (outcome.event, "busy" in outcome.message) == ("Install", True)
    assert instance.agent.layout.cleanup(GROUP).read_bytes() == listed


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("file_exists_behavior: overwrite\n", "file_exists_behavior is 'overwrite'"),
        ("hooks:\n  AfterInstal:\n    - location: run.sh\n", "unknown lifecycle events: AfterInstal"),
    ],
)
def test_an_appspec_file_that_is_refused_changes_nothing(instance: Instance, more: str, message: str) -> None:
    assert instance.agent.deploy(Deployment(GROUP, instance.bundle("one", {"content/a": "a"}))).succeeded
    outcome = instance.agent.deploy(Deployment(GROUP, instance.bundle("two", {"content/b": "b"}, more), "OVERWRITE"))
    assert message in outcome.message
    assert [path.name for path in instance.site.iterdir()] == ["a"]


def test_a_destination_is_followed_as_it_is_written(instance: Instance) -> None:
    """What is missing before a ``..`` is made, and listed."""
    far = instance.site / "x" / ".." / "y"
    instance.site.mkdir()
    failed = instance.agent.deploy(Deployment(GROUP, instance.bundle("one", {"content/a": "a"}, destination=far)))
    assert (failed.event, "File exists" in failed.message) == ("Install", True)
    assert [path.name for path in instance.site.iterdir()] == ["x"]
    assert instance.agent.layout.cleanup(GROUP).read_text() == f"{instance.site}/x\n"
    instance.agent.layout.cleanup(GROUP).write_text(f"{instance.site}\n{instance.site}/x\n")
    assert instance.agent.deploy(
        Deployment(GROUP, instance.bundle("two", {"content/a": "a"}, destination=far))
    ).succeeded
    listed = instance.agent.layout.cleanup(GROUP).read_text().splitlines()
    assert listed == [str(instance.site / name) for name in ("", "x", "y", "y/a")]
