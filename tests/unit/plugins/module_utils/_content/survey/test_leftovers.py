# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.cleanup import REMOVE, Cleanup, Command
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey import leftovers
from ansible_collections.lastgood.aws.plugins.module_utils._content.survey.leftovers import (
    Deployed,
    Drift,
    Found,
    Known,
)

DIRECTORY = Entry("dir")


def file(digest: str | None = "0") -> Entry:
    return Entry("file", size=1, digest=digest)


def cleanup(*lines: bytes) -> Cleanup:
    commands = [Command(REMOVE, line.rstrip(), line, number) for number, line in enumerate(lines)]
    return Cleanup(commands=tuple(reversed(commands)))


def known(**changes: t.Any) -> Known:
    return Known(
        **{
            "cleanup": cleanup(b"/app/listed", b"/app/dir"),
            "newest": Deployed(
                "d-2",
                {b"/app": None, b"/app/listed": "1", b"/app/kept": "1", b"/app/x": "1", b"/app/a\nb": "1"},
                began=1000,
                ended=1050,
            ),
            "earlier": (
                Deployed("d-1", {b"/app": None, b"/app/old": "1", b"/app/olddir": None, b"/app/y": "1"}, 100, 150),
            ),
            "others": {b"/app/theirs": ("dg-2", "dg-3")},
            "places": frozenset({b"/app", b"/other"}),
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("path", "entry", "mtime", "origin", "evidence"),
    [
        (b"/app/theirs", file(), 0, "other_group", "cleanup file of dg-2, dg-3"),
        (b"/app/kept", file("1"), 0, "kept", "has the content of the file that d-2 has for it"),
        (b"/app/kept", file("2"), 1010, "kept", "differs from the file that d-2 has for it"),
        (b"/app/kept", file(None), 0, "kept", "differs from"),
        (b"/app/old", file("1"), 0, "orphaned", "d-1 had it in its bundle, with this content"),
        (b"/app/old", file("2"), 0, "orphaned", "d-1 had it in its bundle, and no"),
        (b"/app/olddir", DIRECTORY, 0, "orphaned", "d-1 had it in its bundle, and no"),
        (b"/app/x/x", file(), 0, "orphaned", "d-2 had a file for /app/x, which is a directory"),
        (b"/app/y/y", file(), 0, "orphaned", "d-1 had a file for /app/y, which is a directory"),
        # The second half of such a line is a path of its own.
        (b"/app/a\nb", file("1"), 0, "orphaned", "d-2 had it in its bundle, and its line end breaks its line"),
        # Somebody's own directory in the place of a file that was deployed once.
        (b"/app/y", DIRECTORY, 300, "hand", "no deployment on record was running"),
        (b"/app/y/other", file(), 300, "hand", "no deployment on record was running"),
        (b"/app/olddir", file(), 300, "hand", "no deployment on record was running"),
        (b"/app/made", file(), 1000, "script", "while d-2 ran"),
        (b"/app/made", file(), 1110, "script", "while d-2 ran"),
        (b"/app/made", file(), 120, "script", "while d-1 ran"),
        (b"/app/made", Entry("link"), 120, "script", "while d-1 ran"),
        (b"/app/made", DIRECTORY, 120, "script", "while d-1 ran"),
        (b"/app/made", file(), 211, "hand", "no deployment on record was running"),
        (b"/app/made", file(), 99, "hand", "no deployment on record was running"),
        (b"/app/made", file(), 1111, "hand", "no deployment on record was running"),
    ],
)
def test_where_a_leftover_comes_from(path: bytes, entry: Entry, mtime: float, origin: str, evidence: str) -> None:
    (found,) = leftovers.leftovers([Found(path, entry, mtime)], known())
    assert found.origin == origin
    assert evidence in found.evidence


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        (b"/app/listed", file("2")),
        (b"/app/dir", DIRECTORY),
        # Directories that were there before, and that files are installed into.
        (b"/app", DIRECTORY),
        (b"/other", DIRECTORY),
    ],
)
def test_what_belongs_to_the_group_is_no_leftover(path: bytes, entry: Entry) -> None:
    assert leftovers.leftovers([Found(path, entry, 1010)], known()) == []


def test_a_directory_that_the_newest_bundle_has_too_is_in_its_place() -> None:
    before = known(newest=Deployed("d-2", {b"/app/lib": None}, 1000, 1050))
    assert leftovers.leftovers([Found(b"/app/lib", DIRECTORY, 0)], before) == []


def test_a_file_in_the_place_of_a_directory_is_one() -> None:
    (found,) = leftovers.leftovers([Found(b"/other", file(), 1010)], known())
    assert found.origin == "script"


def test_a_name_that_ends_in_blanks_is_orphaned_though_it_is_listed() -> None:
    (found,) = leftovers.leftovers([Found(b"/app/trailing ", file())], known(cleanup=cleanup(b"/app/trailing ")))
    assert (found.origin, "blanks" in found.evidence) == ("orphaned", True)


@pytest.mark.parametrize("deployments", [{}, {"newest": Deployed("d-2", {}), "earlier": (Deployed("d-1", {}, 5),)}])
def test_without_times_to_compare_with_nothing_is_claimed(deployments: dict[str, t.Any]) -> None:
    (found,) = leftovers.leftovers(
        [Found(b"/app/made", file())], known(**{"newest": None, "earlier": (), **deployments})
    )
    assert found.origin == "unknown"


def test_leftovers_are_sorted_by_path() -> None:
    found = leftovers.leftovers([Found(b"/app/b", file()), Found(b"/app/a", file())], known())
    assert [item.found.path for item in found] == [b"/app/a", b"/app/b"]


LINK = leftovers.link_mark(b"to")


@pytest.mark.parametrize(
    ("deployed", "entry", "change"),
    [
        ("1", file("1"), None),
        ("1", file("2"), "edited"),
        # It went away while it was looked at.
        ("1", file(None), None),
        ("1", None, "missing"),
        ("1", Entry("link", target=b"to", digest=LINK), "replaced"),
        ("1", DIRECTORY, "replaced"),
        (LINK, Entry("link", target=b"to", digest=LINK), None),
        (LINK, Entry("link", target=b"other", digest=leftovers.link_mark(b"other")), "edited"),
        (LINK, file("1"), "replaced"),
        (LINK, None, "missing"),
        # The archive does not say any more.
        ("", file("1"), None),
        ("", None, None),
    ],
)
def test_drift(deployed: str, entry: Entry | None, change: str | None) -> None:
    found = leftovers.drift([b"/app/a"], Deployed("d", {b"/app/a": deployed}), {b"/app/a": entry} if entry else {})
    assert found == ([Drift(b"/app/a", change)] if change else [])


def test_only_files_that_the_deployment_installed_can_have_drifted() -> None:
    deployed = Deployed("d", {b"/app": None, b"/app/kept": "1"})
    assert leftovers.drift([b"/app", b"/app/of-another-deployment"], deployed, {}) == []


def test_paths_that_groups_share() -> None:
    others = leftovers.by_path({"dg-3": cleanup(b"/a"), "dg-2": cleanup(b"/a", b"/b", b"/c")})
    assert others == {b"/a": ("dg-2", "dg-3"), b"/b": ("dg-2",), b"/c": ("dg-2",)}
    assert leftovers.shared([b"/a", b"/own"], [b"/b", b"/new"], others) == {b"/a": ("dg-2", "dg-3"), b"/b": ("dg-2",)}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (b"/app/plain", ""),
        (b"/app/ leading", ""),
        ("/app/ümlaut".encode(), ""),
        (b"/app/trailing ", "agent 1.8 cuts blanks"),
        (b"/app/tab\t", "agent 1.8 cuts blanks"),
        (b"/app/x\n/srv/precious", "breaks its line"),
        (b"/app/x\n", "breaks its line"),
        (b"/app/\xff", "not UTF-8"),
        ("/app/nbsp\u00a0".encode(), "agent 2.x cuts"),
        ("/app/wide\u3000".encode(), "agent 2.x cuts"),
    ],
)
def test_odd_names(path: bytes, says: str) -> None:
    told = leftovers.oddity(path)
    assert says in told
    assert bool(says) == bool(told)
