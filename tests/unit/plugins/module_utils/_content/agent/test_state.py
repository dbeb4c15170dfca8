# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent, state
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.cleanup import Cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.state import ApplicationStop, Records, Script

LAYOUT = agent.Layout(b"/agent")


@pytest.mark.parametrize(
    ("records", "partial", "expected"),
    [
        (Records(b"/a\n", b"/d-1", b"/d-1"), b"", "whole"),
        (Records(b"/a\n", None, b"/d-1"), b"", "whole"),
        (Records(b"/a\n/b", b"/d-1", b"/d-2"), b"/b", "partial"),
        (Records(b"", b"/d-1", b"/d-1"), b"", "empty"),
        (Records(None, None, None), b"", "never_installed"),
        # Downloaded, and then Install failed or did not begin.
        (Records(None, None, b"/d-1"), b"", "missing_after_failed_install"),
        (Records(None, b"/d-1", b"/d-2"), b"", "missing_after_failed_install"),
        (Records(None, b"/d-1", None), b"", "missing_after_failed_install"),
        (Records(None, None, None, instructions=True), b"", "missing_after_failed_install"),
        (Records(None, b"/d-1", b"/d-1", instructions=True), b"", "missing"),
    ],
)
def test_the_state_of_the_cleanup_file(records: Records, partial: bytes, expected: str) -> None:
    assert state.cleanup_state(records, Cleanup(partial=partial)) == expected


@pytest.mark.parametrize(
    ("is_state", "distrusted", "rust", "severities"),
    [
        ("whole", "", False, []),
        ("empty", "", True, []),
        ("never_installed", "", True, []),
        ("partial", "", False, ["warn"]),
        ("missing", "", False, ["warn"]),
        ("missing_after_failed_install", "", False, ["warn"]),
        ("whole", "its group may write to it", False, ["info"]),
        ("whole", "its group may write to it", True, ["warn"]),
        ("partial", "its group may write to it", True, ["warn", "warn"]),
    ],
)
def test_what_is_said_of_the_cleanup_file(is_state: str, distrusted: str, rust: bool, severities: list[str]) -> None:
    found = state.cleanup_findings(is_state, distrusted, rust)
    assert [finding.severity for finding in found] == severities
    assert all(distrusted in finding.message for finding in found[-1:])


@pytest.mark.parametrize(
    ("busy", "severities"),
    [
        (agent.Busy(False, (), ()), []),
        (agent.Busy(True, ("d-1",), ()), ["warn"]),
        (agent.Busy(False, (), ("d-1",)), ["info"]),
        (agent.Busy(True, ("d-2",), ("d-1",)), ["warn", "info"]),
    ],
)
def test_what_is_said_of_an_agent_at_work(busy: agent.Busy, severities: list[str]) -> None:
    assert [finding.severity for finding in state.busy_findings(busy)] == severities


@pytest.mark.parametrize(
    ("given", "present", "chosen"),
    [
        (None, ["dg-1"], "dg-1"),
        ("", ["dg-1"], "dg-1"),
        (None, ["dg-1", "dg-2"], None),
        ("dg-2", ["dg-1", "dg-2"], "dg-2"),
        # An instance that is new in the group.
        ("dg-3", ["dg-1"], "dg-3"),
    ],
)
def test_the_group_to_look_into(given: str | None, present: list[str], chosen: str | None) -> None:
    assert state.choose_group(given, present) == chosen


@pytest.mark.parametrize(
    ("given", "says"), [(None, "has not served any"), ("../etc", "deployment_group_id"), ("a/b", "deployment_group_id")]
)
def test_without_a_group_it_says_what_to_give(given: str | None, says: str) -> None:
    with pytest.raises(state.Unclear, match=says):
        state.choose_group(given, [])


@pytest.mark.parametrize(
    ("bundle", "deployment", "last", "path", "source"),
    [
        (b"/b.tgz", "d-1", b"/agent/dg/d-2", b"/b.tgz", "bundle"),
        (None, "d-1", b"/agent/dg/d-2", b"/agent/dg/d-1/deployment-archive", "deployment"),
        (None, None, b"/agent/dg/d-2", b"/agent/dg/d-2/deployment-archive", "last_successful_install"),
    ],
)
def test_the_bundle(bundle: bytes | None, deployment: str | None, last: bytes, path: bytes, source: str) -> None:
    chosen = state.choose_bundle(LAYOUT, "dg", bundle=bundle, deployment=deployment, last_successful_install=last)
    assert chosen == state.Choice(path, source)


def test_without_an_install_there_is_no_bundle() -> None:
    nothing = state.choose_bundle(LAYOUT, "dg", bundle=None, deployment=None, last_successful_install=None)
    assert nothing is None


def test_a_deployment_id_leads_nowhere_else() -> None:
    with pytest.raises(state.Unclear, match="deployment_id"):
        state.choose_bundle(LAYOUT, "dg", bundle=None, deployment="../../x", last_successful_install=None)


@pytest.mark.parametrize(
    ("known", "foreign"), [(None, []), ([], ["dg-1", "dg-2"]), (["dg-1"], ["dg-2"]), (["dg-2", "dg-1", "dg-9"], [])]
)
def test_groups_that_the_instance_has_left(known: list[str] | None, foreign: list[str]) -> None:
    assert state.foreign_groups(["dg-2", "dg-1"], known) == foreign


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        (b"/agent/dg/d-1", True),
        (b"/agent/", False),
        (b"/agent/../etc", False),
        (b"/rootless/d-1", False),
        (b"relative", False),
    ],
)
def test_whether_a_path_is_below_a_directory(path: bytes, is_inside: bool) -> None:
    assert state.inside(b"/agent", path) is is_inside


def script(*, exists: bool = True, executable: bool = True) -> Script:
    return Script(b"stop.sh", b"/d-1/deployment-archive/stop.sh", exists, executable, None, None)


@pytest.mark.parametrize(
    ("stop", "severities", "says"),
    [
        (ApplicationStop(None, False), [], ""),
        (ApplicationStop(b"/d-1", True), [], ""),
        (ApplicationStop(b"/d-1", True, (script(),)), [], ""),
        (ApplicationStop(b"/d-1", False), ["warn"], "/d-1, which is gone"),
        (ApplicationStop(b"/d-1", True, unreadable="no appspec.yml"), ["warn"], "no appspec.yml"),
        (
            ApplicationStop(b"/d-1", True, (script(exists=False),)),
            ["warn"],
            "no script /d-1/deployment-archive/stop.sh",
        ),
        (ApplicationStop(b"/d-1", True, (script(executable=False), script())), ["info"], "not executable"),
    ],
)
def test_what_is_said_of_application_stop(stop: ApplicationStop, severities: list[str], says: str) -> None:
    found = state.application_stop_findings(stop)
    assert [finding.severity for finding in found] == severities
    assert all(says in finding.message for finding in found)


@pytest.mark.parametrize(("free", "needed", "told"), [(10, 10, False), (9, 10, True), (0, 0, False)])
def test_whether_the_bundle_fits_in(free: int, needed: int, told: bool) -> None:
    assert bool(state.space_finding(b"/app", free, needed)) is told
