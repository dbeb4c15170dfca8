# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines taken off cleanup files."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content import cleanup, unlisting


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
    assert unlisting.without(content, stays.__contains__) == (left, taken)


@pytest.mark.parametrize("stays", [b"/srv/app/web/settings.conf", b"/srv/app/web/index.html", b"/srv/none"])
def test_the_agent_would_do_all_the_rest(stays: bytes) -> None:
    content = b"/srv/app/web\n/srv/app/web/index.html\n/srv/app/web/settings.conf\nsemanage\0/srv/app/web\n"
    left, _taken = unlisting.without(content, lambda path: path == stays)
    before = [(command.kind, command.path) for command in cleanup.parse(content).commands]
    after = [(command.kind, command.path) for command in cleanup.parse(left).commands]
    assert after == [command for command in before if command[1] != stays]
