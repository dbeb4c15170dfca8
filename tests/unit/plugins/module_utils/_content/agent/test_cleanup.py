# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cleanup file, read as the agent reads it."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation, of_version
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content import recordings

GOLDEN = recordings.load(recordings.PARSER)


def test_every_golden_case_is_here() -> None:
    assert len(GOLDEN) == 22


@pytest.mark.parametrize("name", GOLDEN)
def test_what_the_agents_own_parser_said(name: str) -> None:
    case = GOLDEN[name]
    if "contents_hex" in case:
        content = bytes.fromhex(case["contents_hex"])
        expected = [(kind, bytes.fromhex(path)) for kind, path in case["commands"]]
    else:
        content = case["contents"].encode()
        expected = [(kind, path.encode()) for kind, path in case["commands"]]
    assert [(command.kind, command.path) for command in cleanup.parse(content).commands] == expected


@pytest.mark.parametrize(
    ("content", "partial"),
    [(b"", b""), (b"/a\n", b""), (b"/a\n/a/b", b"/a/b"), (b"/a", b"/a"), (b"C:/a\r\nC:/b\r", b"C:/b\r")],
)
def test_what_the_agent_did_not_finish_writing_is_told(content: bytes, partial: bytes) -> None:
    for generation in Generation:
        assert cleanup.parse(content, generation).partial == partial


def test_lines_and_their_numbers() -> None:
    found = cleanup.parse(b"/a \n/b\n").commands
    assert [(command.path, command.line, command.number) for command in found] == [
        (b"/b", b"/b", 1),
        (b"/a", b"/a ", 0),
    ]


@pytest.mark.parametrize(
    ("content", "commands", "skipped"),
    [
        (b"/a\n/a/b\n", [("remove", b"/a/b"), ("remove", b"/a")], 0),
        (b"/a\r\n", [("remove", b"/a")], 0),
        ("/a\u00a0\n/b\u3000\n/c\u0085\n".encode(), [("remove", b"/c"), ("remove", b"/b"), ("remove", b"/a")], 0),
        ("/a\u200b\n".encode(), [("remove", "/a\u200b".encode())], 0),
        (b"/a\x1c\n", [("remove", b"/a\x1c")], 0),
        (b"semanage\0/a\n", [("semanage", b"/a")], 0),
        (b"semanage\0 /a b \n", [("semanage", b" /a b")], 0),
        (b"/a\n\n/b\n", [("remove", b"/b"), ("remove", b"/a")], 1),
        (b"/a\0/b\n", [], 1),
        (b"/a\0\n", [], 1),
        (b"semanage\0/a\0b\n", [], 1),
        (b"/a/../../b\n", [], 1),
        (b"/a/../b\n", [("remove", b"/a/../b")], 0),
        (b"../a\n", [], 1),
        (b"/a\n/b", [("remove", b"/a")], 0),
    ],
)
def test_agent_2_reads_it_differently(content: bytes, commands: list[tuple[str, bytes]], skipped: int) -> None:
    found = cleanup.parse(content, Generation.RUST)
    assert [(command.kind, command.path) for command in found.commands] == commands
    assert len(found.skipped) == skipped


def test_agent_2_cannot_read_names_that_are_not_utf_8() -> None:
    with pytest.raises(UnicodeDecodeError):
        cleanup.parse(b"/a\xe9\n", Generation.RUST)
    assert [command.path for command in cleanup.parse(b"/a\xe9\n").commands] == [b"/a\xe9"]


@pytest.mark.parametrize(
    ("path", "ruby", "rust"),
    [
        (b"/a", b"/a\n", b"/a\n"),
        (b"/a ", b"/a \n", b"/a \n"),
        (b"/a\n", b"/a\n", b"/a\n\n"),
        (b"/a\nb", b"/a\nb\n", b"/a\nb\n"),
        (b"/a\xe9", b"/a\xe9\n", b"/a\xef\xbf\xbd\n"),
    ],
)
def test_what_is_written(path: bytes, ruby: bytes, rust: bytes) -> None:
    assert cleanup.line_of(path, Generation.RUBY) == ruby
    assert cleanup.line_of(path, Generation.RUST) == rust
    assert cleanup.context_line_of(path) == b"semanage\0" + ruby


@pytest.mark.parametrize(
    ("regular", "uid", "mode", "trusted"),
    [
        (True, 0, 0o644, True),
        (True, 0, 0o600, True),
        (True, 0, 0o664, False),
        (True, 0, 0o646, False),
        (True, 1000, 0o644, False),
        (False, 0, 0o644, False),
    ],
)
def test_whom_agent_2_trusts(regular: bool, uid: int, mode: int, trusted: bool) -> None:
    assert (not cleanup.distrusted(regular=regular, uid=uid, mode=mode)) is trusted


def test_agent_2_may_run_as_somebody_else() -> None:
    assert not cleanup.distrusted(regular=True, uid=1000, mode=0o644, agent_uid=1000)
    assert "user 0" in cleanup.distrusted(regular=True, uid=0, mode=0o644, agent_uid=1000)


@pytest.mark.parametrize(
    ("version", "generation"),
    [
        ("OFFICIAL_1.8.1-26_rpm", Generation.RUBY),
        ("OFFICIAL_1.8.1-26_deb", Generation.RUBY),
        ("1.3.2", Generation.RUBY),
        ("", Generation.RUBY),
        ("2.1.0", Generation.RUST),
        ("OFFICIAL_2.0.0-1_rpm", Generation.RUST),
        ("OFFICIAL_2.0.0", Generation.RUST),
    ],
)
def test_generations(version: str, generation: Generation) -> None:
    assert of_version(version) is generation


@pytest.mark.parametrize(
    ("content", "stays", "left", "taken"),
    [
        (b"", {b"/a"}, b"", []),
        (b"/a\n", {b"/a"}, b"", [b"/a"]),
        (b"/a\n/b\n/c\n", {b"/b"}, b"/a\n/c\n", [b"/b"]),
        (b"/a\n/b\n", set(), b"/a\n/b\n", []),
        (b"/a\n/ab\n/a/b\n", {b"/a"}, b"/ab\n/a/b\n", [b"/a"]),
        # Each time it is there.
        (b"/a\n/b\n/a\n", {b"/a"}, b"/b\n", [b"/a", b"/a"]),
        # A last line without its end is dropped by the agent; it is none of ours.
        (b"/a\n/b", {b"/b"}, b"/a\n/b", []),
        (b"/b\n/b", {b"/b"}, b"/b", [b"/b"]),
        # Taking the label's rule away does not take the file away.
        (b"/a\nsemanage\0/a\n", {b"/a"}, b"semanage\0/a\n", [b"/a"]),
        # As the agent reads it: blanks around go, so the name with a blank at its end is never removed.
        (b"  /a \n", {b"/a"}, b"", [b"/a"]),
        (b"/a \n", {b"/a "}, b"/a \n", []),
        # Agent 2.x takes off Unicode's blanks too; the line is one of either name.
        ("/a\u3000\n".encode(), {b"/a"}, b"", [b"/a"]),
        ("/a\u3000\n".encode(), {"/a\u3000".encode()}, b"", ["/a\u3000".encode()]),
        # Not UTF-8: 2.x cannot read it, 1.8 can.
        (b"/\xff\n/a\n", {b"/\xff"}, b"/a\n", [b"/\xff"]),
        # Windows' line ends and blank lines stay as they are.
        (b"/a\r\n\r\n/b\r\n", {b"/b"}, b"/a\r\n\r\n", [b"/b"]),
    ],
)
def test_only_lines_of_what_stays_are_taken(content: bytes, stays: set[bytes], left: bytes, taken: list[bytes]) -> None:
    assert cleanup.without(content, stays.__contains__) == (left, taken)


@pytest.mark.parametrize("stays", [b"/srv/app/web/settings.conf", b"/srv/app/web/index.html", b"/srv/none"])
def test_the_agent_would_do_all_the_rest(stays: bytes) -> None:
    content = b"/srv/app/web\n/srv/app/web/index.html\n/srv/app/web/settings.conf\nsemanage\0/srv/app/web\n"
    left, _taken = cleanup.without(content, lambda path: path == stays)
    before = [(command.kind, command.path) for command in cleanup.parse(content).commands]
    after = [(command.kind, command.path) for command in cleanup.parse(left).commands]
    assert after == [command for command in before if command[1] != stays]
