# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real agent was seen doing in runs whose recordings are not kept, and what follows from its source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import Permission
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction as words
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import Unpredictable
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.trees import (
    WEB,
    Link,
    after,
    cleanup,
    entry,
    immutable,
    lines,
    mounted,
    predict,
    spec,
)

# A bundle with one file.
SMALL = {"content": None, "content/settings.conf": "bundle"}
SETTINGS = "/srv/app/web/settings.conf"


@pytest.mark.parametrize(
    ("option", "appspec", "content", "listed", "outcome"),
    [
        ("", "", "mine", None, words.REFUSED),
        ("DISALLOW", "", "mine", None, words.REFUSED),
        ("RETAIN", "", "mine", [], words.KEPT),
        ("OVERWRITE", "", "bundle", [SETTINGS], words.OVERWRITTEN),
        ("DISALLOW", "RETAIN", "mine", [], words.KEPT),
        ("OVERWRITE", "RETAIN", "mine", [], words.KEPT),
        ("RETAIN", "OVERWRITE", "bundle", [SETTINGS], words.OVERWRITTEN),
        ("OVERWRITE", "DISALLOW", "mine", None, words.REFUSED),
    ],
)
def test_a_file_in_the_way(option: str, appspec: str, content: str, listed: list[str] | None, outcome: str) -> None:
    """The AppSpec file's option wins, and what is kept is not listed."""
    found = predict(
        {WEB: None, SETTINGS: "mine"}, SMALL, option=option, appspec=spec(("content", WEB), behavior=appspec)
    )
    assert after(found)[SETTINGS] == content
    assert lines(found) == listed
    assert found.placed(outcome) == (SETTINGS.encode(),)
    assert (found.failure is not None) is (outcome == words.REFUSED)
    assert found.option == (appspec or option or "DISALLOW")
    assert found.option_of_appspec is bool(appspec)


def test_a_conflict_is_found_when_the_old_files_are_gone() -> None:
    before = {WEB: None, f"{WEB}/old": "1", SETTINGS: "mine"}
    found = predict(before, SMALL, listed=cleanup(f"{WEB}/old"))
    assert after(found) == {WEB: None, SETTINGS: "mine"}
    assert found.cleanup is None
    assert found.failure is not None
    assert (found.failure.stage, found.failure.path) == ("instructions", SETTINGS.encode())
    assert "specified file already exists at this location" in found.failure.message


def test_every_conflict_is_told_not_only_the_first() -> None:
    files = {"content": None, "content/a": "1", "content/b": "1", "content/c": "1"}
    found = predict({WEB: None, f"{WEB}/a": "x", f"{WEB}/b": "x"}, files)
    assert found.placed(words.REFUSED) == (f"{WEB}/a".encode(), f"{WEB}/b".encode())


def test_an_invalid_option_matters_only_where_something_is_in_the_way() -> None:
    assert predict({WEB: None}, SMALL, option="KEEP").failure is None
    found = predict({WEB: None, SETTINGS: "mine"}, SMALL, option="KEEP")
    assert found.failure is not None
    assert "invalid option" in found.failure.message
    assert found.cleanup is None


def test_a_new_group_conflicts_with_what_the_old_one_left() -> None:
    """A group that was made anew has another id, and no cleanup file [run 11]."""
    found = predict({WEB: None, SETTINGS: "bundle"}, SMALL, listed=None)
    assert found.failure is not None
    assert found.cleanup is None


def test_two_groups_with_one_destination_remove_each_others_files() -> None:
    """The path is in both cleanup files [runs 11, 23]."""
    first = predict({WEB: None}, SMALL)
    second = predict({WEB: None, **after(first)}, SMALL, option="OVERWRITE")
    assert lines(first) == lines(second) == [SETTINGS]
    third = predict(after(second), {"content": None}, listed=first.cleanup)
    assert after(third) == {WEB: None}


@pytest.mark.parametrize("option", ["DISALLOW", "OVERWRITE", "RETAIN"])
def test_an_edit_of_a_deployed_file_is_lost_whatever_the_option(option: str) -> None:
    """Runs 17 and 27: it is in the cleanup file."""
    found = predict({WEB: None, SETTINGS: "edited"}, SMALL, listed=cleanup(SETTINGS), option=option)
    assert after(found)[SETTINGS] == "bundle"
    assert found.removed() == (SETTINGS.encode(),)


def test_a_line_taken_off_the_list_keeps_the_file_for_good() -> None:
    """Run 28: restored and taken off the list, it stays, now and at the next deployment."""
    files = {WEB: None, SETTINGS: "restored"}
    for _again in range(3):
        found = predict(files, SMALL, listed=cleanup(), option="RETAIN")
        assert after(found)[SETTINGS] == "restored"
        assert lines(found) == []


def test_a_directory_that_was_not_empty_is_orphaned_for_ever() -> None:
    """Run 02."""
    before = {WEB: None, f"{WEB}/img": None, f"{WEB}/img/cache.bin": "script"}
    first = predict(before, {"content": None, "content/img": None}, listed=cleanup(WEB, f"{WEB}/img"))
    assert first.removed(words.NOT_EMPTY) == (f"{WEB}/img".encode(), WEB.encode())
    assert [orphan.path for orphan in first.orphans] == [WEB.encode(), f"{WEB}/img".encode()][::-1]
    assert lines(first) == []
    files = after(first)
    del files[f"{WEB}/img/cache.bin"]
    second = predict(files, listed=first.cleanup, appspec=spec())
    assert after(second) == {WEB: None, f"{WEB}/img": None}


@pytest.mark.parametrize(
    ("before", "stays"),
    [
        ({WEB: None, f"{WEB}/a": "1", f"{WEB}/b": immutable("1"), f"{WEB}/c": "1"}, "b"),
        ({WEB: None, f"{WEB}/a": "1", f"{WEB}/b": mounted(), f"{WEB}/c": "1"}, "b"),
        # With something in it, too: rmdir(2) says so first.
        ({WEB: None, f"{WEB}/a": "1", f"{WEB}/b": mounted(), f"{WEB}/b/x": "1", f"{WEB}/c": "1"}, "b"),
        # A single file can be a mount point.
        ({WEB: None, f"{WEB}/a": "1", f"{WEB}/b": replace(entry("1"), mounted=True), f"{WEB}/c": "1"}, "b"),
    ],
)
def test_a_removal_that_fails_keeps_the_cleanup_file(before: dict[str, object], stays: str) -> None:
    """EPERM in run 08, EBUSY at a mount point in run 26. The next try goes on where it stopped."""
    listed = cleanup(WEB, f"{WEB}/a", f"{WEB}/b", f"{WEB}/c")
    found = predict(before, SMALL, listed=listed, option="OVERWRITE")
    assert found.cleanup == listed
    assert found.failure is not None
    assert (found.failure.stage, found.failure.path) == ("cleanup", f"{WEB}/{stays}".encode())
    assert [removal.outcome for removal in found.removals] == ["removed", "failed", "not_reached", "not_reached"]
    assert set(after(found)) == set(before) - {f"{WEB}/c"}
    again = predict({WEB: None, f"{WEB}/a": "1", f"{WEB}/b": "1"}, SMALL, listed=listed)
    assert again.removed(words.MISSING) == (f"{WEB}/c".encode(),)
    assert after(again) == {WEB: None, SETTINGS: "bundle"}


def test_a_line_with_a_nul_fails_and_keeps_the_cleanup_file() -> None:
    listed = b"/srv/app/web/a\0b\n/srv/app/web/c\n"
    found = predict({WEB: None, f"{WEB}/c": "1"}, SMALL, listed=listed)
    assert found.failure is not None
    assert (found.failure.stage, found.cleanup) == ("cleanup", listed)
    assert after(found) == {WEB: None}
    newer = predict({WEB: None, f"{WEB}/c": "1"}, SMALL, listed=listed, generation=Generation.RUST)
    assert newer.failure is None
    assert "left out" in newer.notes[0]


def test_what_is_missing_is_silently_fine() -> None:
    found = predict({}, SMALL, listed=cleanup(WEB, f"{WEB}/gone"))
    assert found.removed(words.MISSING) == (f"{WEB}/gone".encode(), WEB.encode())
    assert found.failure is None


def test_a_removal_follows_the_directories_of_its_path() -> None:
    """Run 25: what is deleted is elsewhere."""
    before = {
        WEB: None,
        f"{WEB}/lib": Link("/srv/app/elsewhere"),
        "/srv/app/elsewhere": None,
        "/srv/app/elsewhere/a": "x",
    }
    found = predict(before, SMALL, listed=cleanup(f"{WEB}/lib", f"{WEB}/lib/a"))
    inner, link = found.removals
    assert (inner.real, inner.through) == (b"/srv/app/elsewhere/a", (f"{WEB}/lib".encode(),))
    assert (link.outcome, link.kind, link.through) == ("removed", "link", ())
    assert set(after(found)) == {WEB, SETTINGS, "/srv/app/elsewhere"}


def test_a_link_is_removed_and_never_its_target() -> None:
    before = {WEB: None, f"{WEB}/l": Link("../keep"), "/srv/app/keep": "x", f"{WEB}/dangling": Link("nowhere")}
    found = predict(before, listed=cleanup(f"{WEB}/l", f"{WEB}/dangling"), appspec=spec())
    assert after(found) == {WEB: None, "/srv/app/keep": "x"}


def test_a_kept_file_gets_no_permissions() -> None:
    """Run 22: they are for what is copied or made."""
    permission = Permission(WEB.encode(), owner="www", mode=0o600)
    files = {"content": None, "content/settings.conf": "bundle", "content/new": "bundle", "content/dir": None}
    before = {WEB: None, SETTINGS: "mine"}
    appspec = spec(("content", WEB), permissions=[permission])
    found = predict(before, files, option="RETAIN", appspec=appspec, owners={"www": 33}, groups={})
    shown = {path: found.after.entry(f"{WEB}/{path}".encode()) for path in ("settings.conf", "new", "dir")}
    assert {path: (one.uid, one.mode) for path, one in shown.items() if one} == {
        "settings.conf": (0, 0o644),
        "new": (33, 0o600),
        "dir": (33, 0o600),
    }


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (Permission(WEB.encode()), []),
        (Permission(WEB.encode(), mode=0o600, owner="root", group="root", acls=("u:www:r",)), []),
        (
            Permission(WEB.encode(), context=True),
            [f"semanage\0{WEB}/a", f"semanage\0{WEB}/sub/b", f"semanage\0{WEB}/sub"],
        ),
        (Permission(WEB.encode(), context=True, types=("file",)), [f"semanage\0{WEB}/a", f"semanage\0{WEB}/sub/b"]),
        (Permission(WEB.encode(), context=True, types=("directory",)), [f"semanage\0{WEB}/sub"]),
        (Permission(WEB.encode(), context=True, pattern=b"a*"), [f"semanage\0{WEB}/a"]),
        (Permission(WEB.encode(), context=True, excepted=(b"a", b"s*")), [f"semanage\0{WEB}/sub/b"]),
        (Permission(f"{WEB}/a".encode(), context=True), [f"semanage\0{WEB}/a"]),
        (Permission(b"/srv/app/other", context=True), []),
    ],
)
def test_lines_of_contexts_come_last(permission: Permission, expected: list[str]) -> None:
    """Run 15: only a context gets a line."""
    files = {"content": None, "content/a": "1", "content/sub": None, "content/sub/b": "1"}
    appspec = spec(("content", WEB), permissions=[permission])
    found = predict({WEB: None}, files, appspec=appspec, owners={"root": 0}, groups={"root": 0})
    assert lines(found) == [f"{WEB}/a", f"{WEB}/sub", f"{WEB}/sub/b", *expected]


def test_contexts_are_taken_back_and_files_removed() -> None:
    found = predict({WEB: None, SETTINGS: "x"}, listed=cleanup(SETTINGS, f"semanage\0{SETTINGS}"), appspec=spec())
    assert found.contexts == (SETTINGS.encode(),)
    assert after(found) == {WEB: None}


def test_the_context_is_that_of_the_real_path() -> None:
    appspec = spec(("content", WEB), permissions=[Permission(SETTINGS.encode(), context=True)])
    found = predict({WEB: Link("real"), "/srv/app/real": None}, SMALL, appspec=appspec)
    assert lines(found) == [SETTINGS, "semanage\0/srv/app/real/settings.conf"]


@pytest.mark.parametrize(
    ("permissions", "problem"),
    [
        ([Permission(SETTINGS.encode(), pattern=b"*.conf")], "pattern"),
        ([Permission(SETTINGS.encode(), excepted=(b"x",))], "exceptions"),
        ([Permission(SETTINGS.encode(), acls=("d:u:www:r",))], "default acl"),
        ([Permission(WEB.encode(), acls=("default:u:www:r",))], "default acl"),
        ([Permission(WEB.encode(), mode=0o600), Permission(SETTINGS.encode(), mode=0o640)], "more than once"),
    ],
)
def test_permissions_that_are_refused(permissions: list[Permission], problem: str) -> None:
    """Before anything is copied, when the old files are gone."""
    found = predict({WEB: None}, SMALL, appspec=spec(("content", WEB), permissions=permissions))
    assert found.failure is not None
    assert found.failure.stage == "instructions"
    assert problem in found.failure.message
    assert found.cleanup is None


def test_an_unknown_user_fails_when_everything_is_copied() -> None:
    """Run 07: the cleanup file lists all of it."""
    appspec = spec(("content", WEB), permissions=[Permission(WEB.encode(), owner="nosuchuser")])
    found = predict({}, SMALL, appspec=appspec, owners={"root": 0}, groups={})
    assert found.failure is not None
    assert (found.failure.stage, found.failure.message) == ("copy", "can't find user for nosuchuser")
    assert lines(found) == [WEB, SETTINGS]
    assert after(found)[SETTINGS] == "bundle"


def test_writing_through_a_link() -> None:
    """Run 09: what it leads to is overwritten. Agent 2.x puts a file in its place."""
    before = {WEB: None, SETTINGS: Link("/srv/app/outside"), "/srv/app/outside": "precious"}
    found = predict(before, SMALL, option="OVERWRITE")
    assert after(found) == {**before, "/srv/app/outside": "bundle"}
    (place,) = found.placements
    assert (place.outcome, place.real, place.through) == ("overwritten", b"/srv/app/outside", (SETTINGS.encode(),))
    newer = predict(before, SMALL, option="OVERWRITE", generation=Generation.RUST)
    assert after(newer) == {**before, SETTINGS: "bundle"}
    assert lines(found) == lines(newer) == [SETTINGS]


def test_a_link_that_leads_nowhere_counts_as_nothing_and_is_written_through() -> None:
    before = {WEB: None, SETTINGS: Link("/srv/app/new")}
    found = predict(before, SMALL, option="DISALLOW")
    assert after(found) == {**before, "/srv/app/new": "bundle"}
    assert [orphan.path for orphan in found.orphans] == [b"/srv/app/new"]
    newer = predict(before, SMALL, generation=Generation.RUST)
    assert after(newer) == {WEB: None, SETTINGS: "bundle"}
    nowhere = predict({WEB: None, SETTINGS: Link("/srv/app/no/where")}, SMALL)
    assert nowhere.failure is not None
    assert lines(nowhere) == [SETTINGS]


@pytest.mark.parametrize("option", ["OVERWRITE", "RETAIN", "DISALLOW"])
@pytest.mark.parametrize("what", ["mine", None, Link("/srv/app/outside")])
def test_a_link_of_the_bundle_onto_something(option: str, what: object) -> None:
    """EEXIST, except that Ruby puts it into a directory."""
    files = {"content": None, "content/settings.conf": Link("over/there"), "content/z": "1"}
    found = predict({WEB: None, SETTINGS: what, "/srv/app/outside": "precious"}, files, option=option)
    assert after(found)["/srv/app/outside"] == "precious"
    if option == "OVERWRITE" and what is None:
        assert after(found)[f"{SETTINGS}/there"] == Link("over/there")
        assert found.placed(words.INSIDE) == (SETTINGS.encode(),)
    elif option == "OVERWRITE":
        assert found.failure is not None
        assert "File exists" in found.failure.message
        assert lines(found) == [SETTINGS]
        assert found.placed(words.FAILED, words.NOT_REACHED) == (SETTINGS.encode(), f"{WEB}/z".encode())
    else:
        assert after(found)[SETTINGS] == what


def test_links_of_the_bundle_are_copied_as_links() -> None:
    files = {"content": None, "content/l": Link("a"), "content/a": "1", "content/dangling": Link("/no/where")}
    found = predict({}, files)
    assert after(found) == {WEB: None, f"{WEB}/l": Link("a"), f"{WEB}/a": "1", f"{WEB}/dangling": Link("/no/where")}
    again = predict(after(found), files, listed=found.cleanup)
    assert after(again) == after(found)


def test_a_link_of_the_bundle_to_a_directory_is_copied_as_a_tree() -> None:
    files = {"content": None, "content/l": Link("../other"), "other": None, "other/f": "1"}
    found = predict({}, files)
    assert after(found) == {WEB: None, f"{WEB}/l": None, f"{WEB}/l/f": "1"}


def test_links_of_the_bundle_that_lead_in_a_circle() -> None:
    """Followed as often as Linux does."""
    found = predict({}, {"content": None, "content/round": Link(".")})
    assert found.failure is None
    assert after(found)[WEB + "/round" * 41] == Link(".")
    assert len(after(found)) == 42
    with pytest.raises(Unpredictable, match="circles"):
        predict({}, {"content": None, "content/one": Link("."), "content/two": Link(".")})


def test_overwriting_a_directory_puts_the_file_inside() -> None:
    """Runs 16 and 24: the cleanup file lists the directory, and the file inside is left for ever."""
    found = predict({WEB: None, SETTINGS: None}, SMALL, option="OVERWRITE")
    inner = f"{SETTINGS}/settings.conf"
    assert after(found) == {WEB: None, SETTINGS: None, inner: "bundle"}
    assert lines(found) == [SETTINGS]
    assert [orphan.path for orphan in found.orphans] == [inner.encode()]
    following = predict(after(found), listed=found.cleanup, appspec=spec())
    assert after(following) == after(found)
    newer = predict({WEB: None, SETTINGS: None}, SMALL, option="OVERWRITE", generation=Generation.RUST)
    assert newer.failure is not None
    assert "Is a directory" in newer.failure.message


def test_a_directory_of_the_bundle_onto_a_file() -> None:
    found = predict({WEB: None, f"{WEB}/d": "file"}, {"content": None, "content/d": None, "content/d/x": "1"})
    assert found.failure is not None
    assert (found.failure.stage, found.failure.path) == ("copy", f"{WEB}/d".encode())
    assert lines(found) == []
    assert after(found) == {WEB: None, f"{WEB}/d": "file"}


def test_a_file_that_became_a_directory_by_hand_is_kept_and_hides_the_bundles() -> None:
    """Run 17."""
    found = predict({WEB: None, SETTINGS: None, f"{SETTINGS}/k": "x"}, SMALL, listed=cleanup(SETTINGS), option="RETAIN")
    assert after(found) == {WEB: None, SETTINGS: None, f"{SETTINGS}/k": "x"}
    assert found.placed(words.KEPT) == (SETTINGS.encode(),)


def test_a_name_that_is_not_utf_8_fails_when_the_old_files_are_gone() -> None:
    """Run 10b. Agent 2.x installs it, and its cleanup file says something else."""
    files = {"content": None, "content/caf\udce9": "1"}
    found = predict({WEB: None, SETTINGS: "old"}, files, listed=cleanup(SETTINGS))
    assert found.failure is not None
    assert found.failure.stage == "instructions"
    assert found.cleanup is None
    assert after(found) == {WEB: None}
    newer = predict({WEB: None}, files, generation=Generation.RUST)
    assert newer.failure is None
    assert newer.cleanup == f"{WEB}/caf\ufffd\n".encode()
    assert [orphan.path for orphan in newer.orphans] == [f"{WEB}/caf".encode() + b"\xe9"]


def test_agent_2_cannot_read_a_cleanup_file_that_is_not_utf_8() -> None:
    found = predict({WEB: None}, SMALL, listed=b"/srv/app/\xe9\n", generation=Generation.RUST)
    assert found.failure is not None
    assert found.failure.stage == "cleanup"
    assert found.cleanup == b"/srv/app/\xe9\n"
    assert after(found) == {WEB: None}


def test_a_line_end_in_a_name_makes_the_next_cleanup_remove_something_else() -> None:
    """Run 26."""
    files = {"content": None, "content/x\n": None}
    path = "content/x\n"
    for part in ("srv", "app", "elsewhere"):
        path += f"/{part}"
        files[path] = None
    files[f"{path}/precious"] = "1"
    before = {"/srv/app/elsewhere": None, "/srv/app/elsewhere/precious": "precious", "/srv/app/elsewhere/other": "x"}
    first = predict(before, files)
    assert after(first)["/srv/app/elsewhere/precious"] == "precious"
    assert b"/srv/app/elsewhere/precious" in first.strays
    second = predict(after(first), listed=first.cleanup, appspec=spec())
    assert "/srv/app/elsewhere/precious" not in after(second)
    assert after(second)["/srv/app/elsewhere/other"] == "x"


@pytest.mark.parametrize("name", ["trailing ", "tab\t", "new\n", "cr\r", "vt\v"])
def test_blanks_at_the_end_of_a_name_make_an_orphan(name: str) -> None:
    """Run 10."""
    first = predict({WEB: None}, {"content": None, f"content/{name}": "1"})
    assert [orphan.path for orphan in first.orphans] == [f"{WEB}/{name}".encode()]
    second = predict(after(first), listed=first.cleanup, appspec=spec())
    assert after(second) == after(first)


@pytest.mark.parametrize(
    "name", [" leading", ".hidden", "with space", "quote'\"$x", "semanage", "日本語", "nbsp\u00a0"]
)
def test_other_odd_names_are_removed(name: str) -> None:
    first = predict({WEB: None}, {"content": None, f"content/{name}": "1"})
    assert first.orphans == ()
    assert after(predict(after(first), listed=first.cleanup, appspec=spec())) == {WEB: None}


def test_agent_2_cuts_off_the_blanks_of_unicode() -> None:
    first = predict({WEB: None}, {"content": None, "content/nbsp\u00a0": "1"}, generation=Generation.RUST)
    assert [orphan.path for orphan in first.orphans] == [f"{WEB}/nbsp\u00a0".encode()]
    second = predict(after(first), listed=first.cleanup, appspec=spec(), generation=Generation.RUST)
    assert after(second) == after(first)


def test_a_killed_agent_leaves_orphans() -> None:
    """Run 14: of the last line there is only a part, and of some files nothing."""
    before = {WEB: None, f"{WEB}/a": "1", f"{WEB}/b": "1", f"{WEB}/c": "1"}
    found = predict(before, listed=f"{WEB}/a\n{WEB}/b".encode(), appspec=spec())
    assert set(after(found)) == {WEB, f"{WEB}/b", f"{WEB}/c"}
    assert [orphan.path for orphan in found.orphans] == [f"{WEB}/b".encode()]
    assert "not finished" in found.notes[0]


def test_other_hard_links_are_told() -> None:
    """Run 19."""
    found = predict({WEB: None, SETTINGS: entry("mine").__class__("file", links=2)}, SMALL, option="OVERWRITE")
    assert "hard links" in found.notes[0]


def test_agent_2_leaves_a_dangling_link() -> None:
    before = {WEB: None, f"{WEB}/l": Link("nowhere")}
    found = predict(before, listed=cleanup(f"{WEB}/l"), appspec=spec(), generation=Generation.RUST)
    assert after(found) == before
    assert found.removed(words.DANGLING) == (f"{WEB}/l".encode(),)
    assert [orphan.path for orphan in found.orphans] == [f"{WEB}/l".encode()]


def test_agent_2_does_not_follow_a_cleanup_file_that_it_does_not_trust() -> None:
    before = {WEB: None, SETTINGS: "old", f"{WEB}/gone": "old"}
    listed = cleanup(SETTINGS, f"{WEB}/gone")
    found = predict(before, SMALL, listed=listed, option="OVERWRITE", generation=Generation.RUST, trusted=False)
    assert after(found) == {**before, SETTINGS: "bundle"}
    assert found.removals == ()
    assert f"{WEB}/gone".encode() in [orphan.path for orphan in found.orphans]
    assert SETTINGS.encode() not in [orphan.path for orphan in found.orphans]
    refused = predict(before, SMALL, listed=listed, generation=Generation.RUST, trusted=False)
    assert refused.failure is not None
    older = predict(before, SMALL, listed=listed, trusted=False)
    assert older.failure is None


@pytest.mark.parametrize(
    ("mappings", "expected"),
    [
        ([("/", WEB)], [WEB, f"{WEB}/appspec.yml", f"{WEB}/content", f"{WEB}/content/a", f"{WEB}/one"]),
        ([("content", WEB)], [WEB, f"{WEB}/a"]),
        ([("/content/", f"{WEB}/")], [WEB, f"{WEB}/a"]),
        ([("one", WEB)], [WEB, f"{WEB}/one"]),
        ([("content/a", WEB)], [WEB, f"{WEB}/a"]),
        # The agent looks along the way as it is written, and makes what is missing on it.
        ([("content", f"{WEB}/x/../y")], [WEB, f"{WEB}/x", f"{WEB}/y", f"{WEB}/y/a"]),
        ([("content/a", f"{WEB}//x/./../y//")], [WEB, f"{WEB}/x", f"{WEB}/y", f"{WEB}/y/a"]),
        ([("content", "/srv/app")], ["/srv/app/a"]),
        ([("one", f"{WEB}/1"), ("one", f"{WEB}/2")], [WEB, f"{WEB}/1", f"{WEB}/1/one", f"{WEB}/2", f"{WEB}/2/one"]),
        ([], []),
    ],
)
def test_what_goes_where(mappings: list[tuple[str, str]], expected: list[str]) -> None:
    files = {"appspec.yml": "spec", "content": None, "content/a": "1", "one": "1"}
    found = predict({}, files, appspec=spec(*mappings))
    assert lines(found) == expected
    assert sorted(after(found)) == sorted(expected)


def test_the_root_as_destination() -> None:
    found = predict({}, {"content": None, "content/srv": None, "content/srv/x": "1"}, appspec=spec(("content", "/")))
    assert lines(found) == ["/srv/x"]


def test_a_source_that_is_not_there() -> None:
    """The destination is listed before the copy fails."""
    found = predict({WEB: None}, {"content": None}, appspec=spec(("missing", WEB)))
    assert found.failure is not None
    assert (found.failure.stage, lines(found)) == ("copy", [f"{WEB}/missing"])
    assert "No such file or directory" in found.failure.message
    kept = predict(
        {WEB: None, f"{WEB}/missing": "mine"}, {"content": None}, appspec=spec(("missing", WEB)), option="RETAIN"
    )
    assert kept.failure is None


@pytest.mark.parametrize(
    "mappings",
    [
        [("one", WEB), ("content", WEB)],
        [("content", WEB), ("one", WEB)],
    ],
)
def test_two_sources_for_one_destination(mappings: list[tuple[str, str]]) -> None:
    found = predict({WEB: None}, {"content": None, "content/one": "1", "one": "2"}, appspec=spec(*mappings))
    assert found.failure is not None
    assert found.failure.stage == "instructions"
    assert "same destination" in found.failure.message


@pytest.mark.parametrize(
    ("mappings", "problem"),
    [
        ([("one", WEB), ("content", WEB)], "a directory is to be made"),
        ([("content", WEB), ("one", WEB)], "a file is to be installed"),
    ],
)
def test_a_file_and_a_directory_for_one_destination(mappings: list[tuple[str, str]], problem: str) -> None:
    files = {"content": None, "content/one": None, "one": "1"}
    found = predict({WEB: None}, files, appspec=spec(*mappings))
    assert found.failure is not None
    assert problem in found.failure.message


@pytest.mark.parametrize("destination", ["web", "./web", ""])
def test_a_destination_that_depends_on_the_working_directory_is_not_guessed(destination: str) -> None:
    with pytest.raises(Unpredictable, match="not absolute"):
        predict({}, SMALL, appspec=spec(("content", destination)))


def test_what_is_beside_the_destination_is_never_touched() -> None:
    before = {WEB: None, f"{WEB}/mine": "x", "/srv/app/other": None, "/srv/app/other/f": "x"}
    found = predict(before, SMALL)
    assert after(found) == {**before, SETTINGS: "bundle"}
    assert lines(found) == [SETTINGS]


def test_a_second_install_of_the_same_bundle_makes_everything_anew() -> None:
    first = predict({}, SMALL)
    second = predict(after(first), SMALL, listed=first.cleanup)
    assert after(second) == after(first)
    assert second.cleanup == first.cleanup
    assert second.removed() == (SETTINGS.encode(), WEB.encode())


def test_predicting_changes_nothing_in_what_it_reads() -> None:
    before = {WEB: None, SETTINGS: "mine"}
    found = predict(before, SMALL, listed=cleanup(SETTINGS))
    assert after(found)[SETTINGS] == "bundle"
    assert before == {WEB: None, SETTINGS: "mine"}


@pytest.mark.parametrize("there", [None, "1"])
@pytest.mark.parametrize("option", ["RETAIN", "OVERWRITE"])
def test_a_link_with_a_slash_at_its_end_leads_to_directories_only(there: str | None, option: str) -> None:
    """To a file, or to nothing, it counts as nothing, and what is opened through it fails (ENOTDIR, EISDIR)."""
    before = {WEB: None, SETTINGS: Link("a/"), **({} if there is None else {f"{WEB}/a": there})}
    found = predict(before, SMALL, option=option)
    assert found.failure is not None
    assert found.failure.stage == "copy"
    assert after(found) == before
    assert lines(found) == [SETTINGS]
    assert predict({**before, f"{WEB}/a": None}, SMALL, option="RETAIN").placed(words.KEPT) == (SETTINGS.encode(),)
