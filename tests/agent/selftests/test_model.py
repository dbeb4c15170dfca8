# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection predicts is what the stand-in then does on disk, for trees that nobody thought of."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, archives
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.install import predict
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import Unpredictable
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import REMOVED, Prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import (
    DIRECTORY,
    FILE,
    Disk,
    Entry,
    Listing,
    Source,
    below,
    digest,
)
from tests.agent import appspec as agents_appspec
from tests.agent.install import InstallError, as_listed, install
from tests.agent.layout import Fence, Layout, OutsideError, archive

NAMES = [
    "a",
    "b",
    "c d",
    "d ",
    "tab\t",
    "new\nline",
    "end\n",
    " lead",
    ".hidden",
    "日本",
    "semanage",
    "nbsp\xa0",
    "e\udce9",
]
GROUP = "g-1"
# The same examples in every run, so that a failure is one for everybody.
QUICKLY = settings(
    max_examples=int(os.environ.get("MODEL_EXAMPLES", "25")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclass(frozen=True)
class Link:
    target: str


names = st.sampled_from(NAMES[:2]) | st.sampled_from(NAMES)
contents = st.sampled_from(["one", "two"])
links = st.sampled_from(["a", "b", ".", "../a", "nowhere", "{scratch}/outside", "{scratch}/outside/kept"]).map(Link)
trees = st.recursive(
    st.dictionaries(names, contents | links, max_size=3),
    lambda inner: st.dictionaries(names, contents | links | inner, max_size=4),
    max_leaves=8,
)
options = st.sampled_from(["DISALLOW", "OVERWRITE", "RETAIN"])


def make(directory: Path, tree: dict[str, Any], scratch: Path) -> None:
    directory.mkdir()
    for name, value in tree.items():
        path = directory / name
        if isinstance(value, dict):
            make(path, value, scratch)
        elif isinstance(value, Link):
            path.symlink_to(value.target.format(scratch=scratch))
        else:
            path.write_text(value)
            path.chmod(0o640 if value == "one" else 0o755)


def read(scratch: Path) -> dict[bytes, Entry]:
    """Everything there is, with digests."""
    found = dict(below(Disk(), os.fsencode(scratch)))
    return {path: replace(entry, digest=digest(path)) if entry.kind == FILE else entry for path, entry in found.items()}


def comparable(source: Source, scratch: Path, *, digests: bool) -> dict[bytes, tuple[Any, ...]]:
    """What a prediction and the disk have in common, outside the agent's own directory."""
    found = {}
    for place in ("app", "outside"):
        for path, entry in below(source, os.fsencode(scratch / place)):
            mode = None if entry.kind == DIRECTORY else entry.mode if entry.kind == FILE else 0
            found[path] = (entry.kind, mode, entry.target, entry.digest if digests else None)
    return found


@contextlib.contextmanager
def instance(before: dict[str, Any]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory).resolve()
        make(scratch / "outside", {"kept": "one", "a": "two"}, scratch)
        (scratch / "app").mkdir()
        make(scratch / "app" / "web", before, scratch)
        # Lines that are no absolute paths are taken from here.
        (scratch / "empty").mkdir()
        Layout(scratch / "agent").instructions.mkdir(parents=True)
        with contextlib.chdir(scratch / "empty"):
            yield scratch


def deployment(scratch: Path, number: int, content: dict[str, Any]) -> Path:
    directory = scratch / "agent" / GROUP / f"d-{number}"
    archive(directory).parent.mkdir(parents=True)
    make(archive(directory), {"content": content}, scratch)
    text = f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {scratch}/app/web\n"
    (archive(directory) / "appspec.yml").write_text(text)
    return directory


def predicted(scratch: Path, directory: Path, option: str, *, from_disk: bool) -> Prediction:
    unpacked = archives.read_unpacked(os.fsencode(archive(directory)), digests=True)
    listed = Layout(scratch / "agent").cleanup(GROUP)
    old = listed.read_bytes() if listed.exists() else None
    source: Source = Disk() if from_disk else Listing(read(scratch), [os.fsencode(scratch)])
    return predict(source, old, unpacked, appspec.parse(unpacked.appspec), option)


def carried_out(scratch: Path, directory: Path, option: str) -> bool:
    """Whether the stand-in's Install succeeds."""
    spec = agents_appspec.read(archive(directory))
    try:
        install(Layout(scratch / "agent"), Fence(scratch), GROUP, directory, spec, option, as_listed)
    except (InstallError, OSError, UnicodeDecodeError):
        return False
    except OutsideError:
        assume(False)
    return True


def times(scratch: Path) -> dict[bytes, int]:
    return {path: os.lstat(path).st_mtime_ns for path in read(scratch)}


def check_removals(found: Prediction, before: Source, old: bytes | None) -> None:
    """Nothing is removed that is not in the cleanup file, and never what is in a directory with it."""
    listed = {command.path for command in cleanup.parse(old or b"").commands}
    assert {removal.path for removal in found.removals} <= listed
    removed = {removal.real for removal in found.removals if removal.outcome == REMOVED}
    for path in removed:
        entry = before.entry(path)
        assert entry is not None
        if entry.kind == DIRECTORY:
            assert {path + b"/" + name for name in before.names(path)} <= removed


def install_once(scratch: Path, number: int, content: dict[str, Any], option: str) -> None:
    directory = deployment(scratch, number, content)
    listed = Layout(scratch / "agent").cleanup(GROUP)
    old = listed.read_bytes() if listed.exists() else None
    before, touched = Listing(read(scratch), [os.fsencode(scratch)]), times(scratch)
    try:
        found = predicted(scratch, directory, option, from_disk=False)
        lazily = predicted(scratch, directory, option, from_disk=True)
    except Unpredictable:
        assume(False)
        raise
    check_removals(found, before, old)
    assert times(scratch) == touched
    expected = comparable(found.after, scratch, digests=True)
    expected_lazily = comparable(lazily.after, scratch, digests=False)
    succeeded = carried_out(scratch, directory, option)
    now = Listing(read(scratch), [os.fsencode(scratch)])
    assert expected == comparable(now, scratch, digests=True)
    assert expected_lazily == comparable(now, scratch, digests=False)
    assert (found.failure is None) is (lazily.failure is None) is succeeded
    assert found.cleanup == lazily.cleanup == (listed.read_bytes() if listed.exists() else None)
    for orphan in found.orphans:
        assert os.path.lexists(orphan.path)


@QUICKLY
@given(before=trees, bundles=st.lists(st.tuples(trees, options), min_size=1, max_size=3))
@example(before={}, bundles=[({"x\n": {"a": "one"}}, "DISALLOW"), ({}, "DISALLOW")])
@example(before={"a": {}}, bundles=[({"a": Link("b")}, "OVERWRITE"), ({}, "DISALLOW")])
@example(before={"a": Link("{scratch}/outside")}, bundles=[({"a": {"kept": "two"}}, "OVERWRITE"), ({}, "DISALLOW")])
@example(before={"a": Link("nowhere")}, bundles=[({"a": "one"}, "DISALLOW"), ({}, "DISALLOW")])
def test_what_is_predicted_happens(before: dict[str, Any], bundles: list[tuple[dict[str, Any], str]]) -> None:
    with instance(before) as scratch:
        for number, (content, option) in enumerate(bundles):
            install_once(scratch, number, content, option)


@QUICKLY
@given(before=trees, content=trees, option=options, data=st.data())
def test_any_cleanup_file(before: dict[str, Any], content: dict[str, Any], option: str, data: st.DataObject) -> None:
    """Lines of what is there and of what is not, in any order, through links and twice."""
    with instance(before) as scratch:
        there = [os.fsdecode(path) for path in read(scratch / "app")]
        below_it = names.map(lambda name: f"{scratch}/app/web/a/{name}")
        some = data.draw(st.lists(st.sampled_from([f"{scratch}/app/web", *there]) | below_it, max_size=6))
        tail = data.draw(st.sampled_from(["", f"{scratch}/app/web/a"]))
        text = "".join(f"{path}\n" for path in some) + tail
        Layout(scratch / "agent").cleanup(GROUP).write_bytes(os.fsencode(text))
        install_once(scratch, 1, content, option)
