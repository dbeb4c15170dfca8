# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import AppSpec, Mapping
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import reading

BUNDLE = Bundle(
    {
        b"appspec.yml": Entry("file"),
        b"content": Entry("dir"),
        b"content/a": Entry("file"),
        b"content/sub": Entry("dir"),
        b"content/sub/b": Entry("file"),
        b"one": Entry("file"),
    },
    b"",
)


def names(walked: reading.Walked, root: Path) -> set[str]:
    return {os.path.relpath(os.fsdecode(item.path), root) for item in walked.found}


def test_a_walk_finds_everything_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "sub" / "a").write_text("a")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b").write_text("b")
    (tmp_path / "site" / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "site" / "pipe")
    found = reading.walk([os.fsencode(tmp_path / "site"), os.fsencode(tmp_path / "site" / "sub")], 100)
    assert names(found, tmp_path) == {"site", "site/sub", "site/sub/a", "site/link", "site/pipe"}
    assert not found.cut
    kinds = {item.path.rpartition(b"/")[2]: item.entry.kind for item in found.found}
    assert kinds == {b"site": "dir", b"sub": "dir", b"a": "file", b"link": "link", b"pipe": "other"}


def test_a_walk_leaves_out_what_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "site" / "agent" / "x").mkdir(parents=True)
    agents = os.fsencode(tmp_path / "site" / "agent")
    found = reading.walk([os.fsencode(tmp_path / "site")], 100, avoid=[agents])
    assert names(found, tmp_path) == {"site", "site/agent"}
    assert found.not_searched == (agents,)


@pytest.mark.parametrize("root", [b"/", b"/etc", b"/usr/bin"])
def test_a_walk_does_not_go_through_what_belongs_to_the_system(root: bytes) -> None:
    assert reading.walk([root], 100) == reading.Walked((), (root,), False)


def test_a_walk_ends_where_it_has_seen_enough(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).touch()
    found = reading.walk([os.fsencode(tmp_path)], 3)
    assert (len(found.found), found.cut) == (3, True)


def test_a_walk_of_what_is_not_there(tmp_path: Path) -> None:
    assert reading.walk([os.fsencode(tmp_path / "nothing")], 3) == reading.Walked((), (), False)


def test_a_pipe_in_the_place_of_a_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "archive").mkdir()
    os.mkfifo(tmp_path / "archive" / "a")
    revision = reading.Revision(
        "d-1", os.fsencode(tmp_path / "archive"), AppSpec("linux"), {b"/a": (b"a", "file")}, frozenset(), None, None
    )
    assert revision.deployed({b"/a"}).digests == {b"/a": ""}
    found = reading.entries([os.fsencode(tmp_path / "pipe"), os.fsencode(tmp_path / "nothing")])
    assert [entry and (entry.kind, entry.digest) for entry in found.values()] == [("other", None), None]


@pytest.mark.parametrize(
    ("source", "destination", "roots"),
    [
        (b"content", b"/app", {b"/app"}),
        (b"./content/", b"/app/", {b"/app"}),
        (b"/", b"/app", {b"/app"}),
        (b"/content/sub", b"/app/x", {b"/app/x"}),
        # A file goes into a directory that others use as well.
        (b"one", b"/etc/app", set()),
        (b"missing", b"/app", set()),
    ],
)
def test_the_directories_that_directories_are_installed_into(
    source: bytes, destination: bytes, roots: set[bytes]
) -> None:
    assert reading.roots(BUNDLE, AppSpec("linux", (Mapping(source, destination),))) == roots


def test_where_a_bundle_goes() -> None:
    spec = AppSpec("linux", (Mapping(b"content", b"/app"), Mapping(b"one", b"/conf")))
    assert reading.destinations(BUNDLE, spec) == {
        b"/app": (b"", "dir"),
        b"/app/a": (b"content/a", "file"),
        b"/app/sub": (b"", "dir"),
        b"/app/sub/b": (b"content/sub/b", "file"),
        b"/conf": (b"", "dir"),
        b"/conf/one": (b"one", "file"),
    }


def test_the_records_of_a_group(tmp_path: Path) -> None:
    layout = agent.Layout(os.fsencode(tmp_path))
    instructions = tmp_path / "deployment-instructions"
    instructions.mkdir()
    (instructions / "dg-cleanup").write_text("/app/a\n/app/b")
    (instructions / "dg_last_successful_install").write_text("/agent/dg/d-1")
    for number, name in enumerate(["d-1", "d-2"]):
        (tmp_path / "dg" / name).mkdir(parents=True)
        os.utime(tmp_path / "dg" / name, (number, number))
    (tmp_path / "dg" / "no-directory").touch()
    found = reading.group(layout, "dg", Generation.RUBY)
    assert found.records.last_successful_install == b"/agent/dg/d-1"
    assert found.records.most_recent_install is None
    assert found.parsed.partial == b"/app/b"
    assert found.deployments == ("d-2", "d-1")
    assert found.distrusted == ""


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    layout = agent.Layout(os.fsencode(tmp_path / "nothing"))
    assert reading.ongoing(layout) == []
    assert reading.names(layout.root) == []
    assert reading.content(layout.cleanup("dg")) is None
    assert reading.revision(layout.deployment("dg", "d-1")) is None
    assert reading.existing(layout.cleanup("dg")) == os.fsencode(tmp_path)


def test_the_scripts_that_run_first_are_looked_for_in_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "dg" / "d-1" / "deployment-archive"
    archive.mkdir(parents=True)
    scripts = "\n".join(f"    - location: {name}\n      runas: app" for name in ("/stop.sh", "plain.sh", "gone.sh"))
    (archive / "appspec.yml").write_text(f"version: 0.0\nos: linux\nhooks:\n  ApplicationStop:\n{scripts}\n")
    for name, mode in {"stop.sh": 0o755, "plain.sh": 0o644}.items():
        (archive / name).touch()
        (archive / name).chmod(mode)
    layout = agent.Layout(os.fsencode(tmp_path))
    records = state.Records(b"", os.fsencode(archive.parent), None)
    stop = reading.application_stop(layout, records)
    assert [(script.exists, script.executable, script.runas) for script in stop.scripts] == [
        (True, True, "app"),
        (True, False, "app"),
        (False, False, "app"),
    ]
    (archive / "appspec.yml").unlink()
    assert "appspec.yml" in reading.application_stop(layout, records).unreadable
