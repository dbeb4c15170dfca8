# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a redeploy does to files: the agent's rule, over what was deployed since the good deployment."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import content
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import LifecycleEvent, Target
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import made
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum


def targets(*statuses: str) -> list[Target]:
    """Instances, with the status of their event Install."""
    return [
        Target(f"i-{n}", "InstanceTarget", "Failed", events=(LifecycleEvent("Install", status),) if status else ())
        for n, status in enumerate(statuses)
    ]


def option(number: int, behavior: str, status: str = "Succeeded") -> Deployment:
    return made(number, number, status, file_exists_behavior=behavior)


def test_botocore_knows_nothing_that_we_do_not() -> None:
    assert set(enum("FileExistsBehavior")) == set(content.OPTIONS)
    assert content.option(None) == content.option(made(1, 1)) == "DISALLOW"


@pytest.mark.parametrize("status", [*enum("LifecycleEventStatus"), ""])
def test_who_got_to_install(status: str) -> None:
    begun = status in ("InProgress", "Succeeded", "Failed")
    assert content.reach(made(1, 1, "Failed"), targets(status)).installed == int(begun)


@pytest.mark.parametrize(
    ("deployment", "seen", "reach"),
    [
        (made(1, 1, "Failed"), None, content.Reach(0, 0)),
        (made(1, 1, "Failed"), [], content.Reach(0, 0)),
        (made(1, 1, "Failed"), targets("Failed", "Pending", "Skipped"), content.Reach(1, 3)),
        (made(1, 1, counts={"Succeeded": 3}), None, content.Reach(3, 3)),
        (made(1, 1), None, content.Reach(1, 1)),
        (made(1, 1, "InProgress"), None, content.Reach(0, 0)),
    ],
)
def test_how_far_a_deployment_got(deployment: Deployment, seen: list[Target] | None, reach: content.Reach) -> None:
    assert content.reach(deployment, seen) == reach


def warned(wanted: str, good: Deployment | None, between: list[Deployment], installed: bool | None = True) -> str:
    """All warnings. ``installed``: the last one got to Install, or not, or nobody looked."""
    seen = {None: None, True: targets("Succeeded", "Pending"), False: targets("Pending", "Skipped")}[installed]
    reached = {d.id: content.reach(d, seen if d is between[-1] else None) for d in between}
    return "\n".join(content.warnings(wanted, good, between, reached))


GUIDE = "recorded as part of this deployment's package"


@pytest.mark.parametrize(
    ("good", "bad", "installed", "words", "never"),
    [
        # The guide's example: the first keeps, the second overwrites, the third keeps again.
        ("RETAIN", "OVERWRITE", True, ["d-2 had OVERWRITE and got to Install on 1 of 2", "d-1 had kept", GUIDE], []),
        ("RETAIN", "OVERWRITE", None, ["d-2 had OVERWRITE and may have got to Install", "d-1 had kept"], []),
        # A deployment that failed before Install has changed nothing.
        ("RETAIN", "OVERWRITE", False, ["RETAIN keeps files"], ["OVERWRITE", GUIDE]),
        # Nothing is lost by the next deployment alone, as the guide has it.
        ("RETAIN", "RETAIN", True, ["RETAIN keeps files"], ["OVERWRITE", GUIDE]),
        ("RETAIN", "DISALLOW", True, ["RETAIN keeps files"], ["OVERWRITE", GUIDE]),
        ("DISALLOW", "OVERWRITE", True, ["d-2 had OVERWRITE", "CodeDeploy cannot bring back"], ["had kept", GUIDE]),
        (
            "DISALLOW",
            "RETAIN",
            True,
            ["d-2 had RETAIN, and this redeploy has DISALLOW", "already exists"],
            ["OVERWRITE"],
        ),
        ("DISALLOW", "RETAIN", False, [], ["already exists"]),
        ("DISALLOW", "DISALLOW", True, [], ["RETAIN", "OVERWRITE"]),
        ("OVERWRITE", "DISALLOW", True, ["OVERWRITE writes over files at paths"], ["had OVERWRITE"]),
        ("OVERWRITE", "OVERWRITE", True, ["d-2 had OVERWRITE", "OVERWRITE writes over"], ["had kept"]),
    ],
)
def test_the_rule(good: str, bad: str, installed: bool | None, words: list[str], never: list[str]) -> None:
    text = warned(good, option(1, good), [option(2, bad, "Failed")], installed)
    for word in words:
        assert word in text
    for word in never:
        assert word not in text


def test_an_appspec_file_wins() -> None:
    assert "file_exists_behavior in the AppSpec file" in warned("RETAIN", option(1, "RETAIN"), [made(2, 2)])


def test_what_is_removed_is_that_of_the_last_one_that_installed() -> None:
    text = warned("DISALLOW", option(1, "DISALLOW"), [made(2, 2), made(3, 3, "Failed")], installed=False)
    assert "the files that github acct/app@2222222 has installed are removed first" in text
    text = warned("DISALLOW", option(1, "DISALLOW"), [made(2, 2), made(3, 3, "Failed")], installed=True)
    assert "the files that github acct/app@3333333 has installed are removed first" in text
    assert "scripts made" in text


def test_what_came_before_an_overwrite_was_kept() -> None:
    between = [option(2, "OVERWRITE"), option(3, "RETAIN")]
    assert "d-3 had kept" not in warned("RETAIN", None, between)


@pytest.mark.parametrize("installed", [True, False, None])
def test_what_was_overwritten_is_removed_by_the_next_one_that_installs(installed: bool | None) -> None:
    between = [option(2, "OVERWRITE"), made(3, 3)]
    assert "were removed by d-3. CodeDeploy cannot bring back" in warned("RETAIN", None, between, None)
    between = [option(2, "OVERWRITE"), made(3, 3, "Failed")]
    assert "are removed by this redeploy" in warned("RETAIN", None, between, installed)


def test_only_what_matters_is_read() -> None:
    between = [
        option(2, "OVERWRITE"),
        option(3, "RETAIN", "Failed"),
        option(4, "", "Failed"),
        option(5, "OVERWRITE", "Stopped"),
    ]
    assert content.unread(between) == ["d-3", "d-5"]


def test_what_was_deployed_since() -> None:
    everything = [made(1, 1), made(2, 2), made(3, 2, creator="autoscaling"), made(4, 3)]
    assert [d.id for d in content.since(everything[0], everything)] == ["d-2", "d-4"]
