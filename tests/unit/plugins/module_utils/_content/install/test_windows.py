# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths and cleanup files of Windows. Nothing of it was run on Windows: this is what the agent's source says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import install
from ansible_collections.lastgood.aws.plugins.module_utils._content.paths import LINUX, WINDOWS, name, shown
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.trees import (
    Files,
    Link,
    after,
    bundle,
    listing,
    spec,
)


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        (rb"C:\temp\a.txt", b"C:/temp/a.txt"),
        (b"C:/temp/a.txt", b"C:/temp/a.txt"),
        (b"c:\\temp/\\a.txt\\", b"c:/temp/a.txt"),
        (rb"C:\temp\..\x\.\y", b"C:/x/y"),
        (rb"C:\..\x", b"C:/x"),
        (b"C:/", b"C:/"),
    ],
)
def test_either_slash(path: bytes, expanded: bytes) -> None:
    assert WINDOWS.expand(path) == expanded


@pytest.mark.parametrize("path", [b"C:temp", rb"\temp", b"/temp", b"temp", b"", rb"\\host\share", b"1:/x"])
def test_what_is_not_absolute_on_windows(path: bytes) -> None:
    assert not WINDOWS.is_absolute(path)
    with pytest.raises(ValueError, match="not an absolute path"):
        WINDOWS.expand(path)


@pytest.mark.parametrize(
    ("path", "expanded"),
    [(b"/", b"/"), (b"//a//b/", b"/a/b"), (b"/a/./b/../c", b"/a/c"), (b"/../a", b"/a"), (rb"/a\b", rb"/a\b")],
)
def test_on_linux(path: bytes, expanded: bytes) -> None:
    assert LINUX.expand(path) == expanded


def test_parents_and_names() -> None:
    assert WINDOWS.parent(b"C:/temp/a") == b"C:/temp"
    assert WINDOWS.parent(b"C:/temp") == WINDOWS.parent(b"C:/") == b"C:/"
    assert LINUX.parent(b"/a") == LINUX.parent(b"/") == b"/"
    assert name(b"/a/b") == b"b"


def test_case_does_not_matter_on_windows() -> None:
    assert WINDOWS.key(rb"C:\Temp\A.TXT") == WINDOWS.key(b"c:/temp/a.txt")
    assert WINDOWS.key("C:/Ä".encode()) == WINDOWS.key("c:/ä".encode())
    assert WINDOWS.key(b"C:/\xc4") != WINDOWS.key(b"c:/\xe4")
    assert LINUX.key(b"/A") != LINUX.key(b"/a")


def test_what_a_result_shows_of_a_path() -> None:
    assert shown("/ä".encode()) == {"path": "/ä"}
    assert shown(b"/\xe4") == {"path": "/\ufffd", "path_base64": "L+Q="}


def predict(before: Files, files: Files, listed: bytes | None = None, option: str = "") -> install.Prediction:
    return install.predict(
        listing(before, roots=["C:/"], platform=WINDOWS),
        listed,
        install.Bundle({path.encode(): entry for path, entry in entries(files).items()}, b"", root=b"C:/archive"),
        spec(("\\content", "c:\\TEMP"), system="windows"),
        option,
        platform=WINDOWS,
    )


def entries(files: Files) -> dict[str, object]:
    return {path.decode(): entry for path, entry in bundle(files).entries.items()}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_either_line_end(end: str) -> None:
    listed = f"C:/temp{end}C:/temp/a.txt{end}".encode()
    assert [command.path for command in cleanup.parse(listed).commands] == [b"C:/temp/a.txt", b"C:/temp"]
    found = predict({"C:/Temp": None, "C:/Temp/A.txt": "old", "C:/Temp/mine": "x"}, {"content": None}, listed)
    assert found.removed() == (b"C:/temp/a.txt",)
    assert found.removed("left_not_empty") == (b"C:/temp",)
    assert not any(b"txt" in orphan.path for orphan in found.orphans)
    assert after(found, "C:/Temp") == {"C:/Temp/mine": "x"}


def test_a_file_in_the_way_in_other_letters() -> None:
    before = {"C:/Temp": None, "C:/Temp/A.txt": "mine"}
    files = {"content": None, "content/a.TXT": "bundle"}
    refused = predict(before, files)
    assert refused.failure is not None
    assert refused.failure.path == b"c:/TEMP/a.TXT"
    assert after(predict(before, files, option="RETAIN"), "C:/Temp") == {"C:/Temp/A.txt": "mine"}
    over = predict(before, files, option="OVERWRITE")
    assert list(after(over, "C:/Temp").values()) == ["bundle"]
    assert over.cleanup == b"c:/TEMP/a.TXT\n"
    following = predict(before, {"content": None}, over.cleanup)
    assert after(following, "C:/Temp") == {}


def test_a_link_goes_into_a_directory_under_the_name_of_what_it_leads_to() -> None:
    before = {"C:/Temp": None, "C:/Temp/a": None}
    found = predict(before, {"content": None, "content/a": Link("C:\\far\\away\\")}, option="OVERWRITE")
    assert after(found, "C:/Temp/a") == {"C:/Temp/a/away": Link("C:\\far\\away\\")}


def test_windows_takes_two_dots_out_before_it_looks() -> None:
    found = install.predict(
        listing({"C:/Temp": None}, ["C:/"], WINDOWS),
        None,
        replace(bundle({"content": None, "content/a": "1"}), root=b"C:/archive"),
        spec(("content", "C:\\Temp\\x\\..\\y"), system="windows"),
        platform=WINDOWS,
    )
    assert found.cleanup == b"C:/Temp/y\nC:/Temp/y/a\n"


def test_what_is_installed_is_listed_with_forward_slashes() -> None:
    found = predict({}, {"content": None, "content/a": "1"})
    assert found.cleanup == b"c:/TEMP\nc:/TEMP/a\n"
    assert after(found, "C:/Temp") == {"C:/Temp/a": "1"}
