# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import agent

STOCK = b"""---
:log_aws_wire: false
:log_dir: '/var/log/aws/codedeploy-agent/'
:pid_dir: '/opt/codedeploy-agent/state/.pid/'
:program_name: codedeploy-agent
:root_dir: '/opt/codedeploy-agent/deployment-root'
:verbose: false
:wait_between_runs: 1
:proxy_uri:
:max_revisions: 5
"""


@pytest.mark.parametrize(
    ("config", "root"),
    [
        (STOCK, b"/opt/codedeploy-agent/deployment-root"),
        (STOCK.replace(b"\n", b"\r\n"), b"/opt/codedeploy-agent/deployment-root"),
        (b":root_dir: /data/codedeploy\n", b"/data/codedeploy"),
        (b":root_dir: /data/codedeploy/   # moved\n", b"/data/codedeploy"),
        (b"root_dir: /data/codedeploy", b"/data/codedeploy"),
        (b':root_dir: "/data/code deploy"\n', b"/data/code deploy"),
        (b":root_dir: '/data/it''s here' # moved\n", b"/data/it's here"),
        (b":root_dir: /data/a#b\n", b"/data/a#b"),
        (b":root_dir: /data/\xff\n", b"/data/\xff"),
        (b":root_dir: /one\n:root_dir: /two\n", b"/two"),
        (b":root_dir:\n:verbose: true\n", None),
        (b":root_dir: # none\n", None),
        (b":other_root_dir: /data\n", None),
        (b"#:root_dir: /data\n", None),
        (b"", None),
    ],
)
def test_the_root_of_a_configuration_file(config: bytes, root: bytes | None) -> None:
    assert agent.root_of(config) == root


@pytest.mark.parametrize("value", [b"deployment-root", b"&anchor /data", b'"/data\\x2f"', b"[/data]", b"| "])
def test_a_root_that_is_no_plain_path_is_refused_rather_than_guessed(value: bytes) -> None:
    with pytest.raises(agent.AgentUnknown, match="Give agent_root"):
        agent.root_of(b":root_dir: " + value + b"\n")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("agent_version: OFFICIAL_1.8.1-2_rpm\n", (1, 8, 1)),
        ("OFFICIAL_1.3.2-1902_deb", (1, 3, 2)),
        ("2.1.0", (2, 1, 0)),
        ("2.1", (2, 1, 0)),
        ("codedeploy-agent v2.0.0", (2, 0, 0)),
        ("", None),
        ("agent_version: LOCAL", None),
    ],
)
def test_the_version(text: str, version: agent.Version | None) -> None:
    assert agent.version_of(text) == version


def test_the_layout() -> None:
    layout = agent.Layout(b"/agent")
    assert layout.cleanup("dg") == b"/agent/deployment-instructions/dg-cleanup"
    assert layout.install_json("dg") == b"/agent/deployment-instructions/dg-install.json"
    assert layout.last_successful_install("dg") == b"/agent/deployment-instructions/dg_last_successful_install"
    assert layout.most_recent_install("dg") == b"/agent/deployment-instructions/dg_most_recent_install"
    assert layout.ongoing == b"/agent/ongoing-deployment"
    assert layout.archive(layout.deployment("dg", "d-1")) == b"/agent/dg/d-1/deployment-archive"
    assert layout.script_log(layout.deployment("dg", "d-1")) == b"/agent/dg/d-1/logs/scripts.log"


def test_groups_are_those_with_a_directory_or_with_instructions() -> None:
    in_root = [b"deployment-instructions", b"deployment-logs", b"ongoing-deployment", b"one", b"\xff", b".hidden"]
    in_instructions = [
        b"one-cleanup",
        b"two-cleanup",
        b"three-install.json",
        b"four_last_successful_install",
        b"five_most_recent_install",
        b"two-cleanup.bak",
    ]
    assert agent.groups_of(in_root, in_instructions) == ["five", "four", "one", "three", "two"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d", True),
        ("d-WUX8JW69T-local", True),
        ("..", False),
        ("../x", False),
        ("a/b", False),
        ("", False),
        ("a\n", False),
    ],
)
def test_an_id_is_a_name_and_leads_nowhere_else(text: str, right: bool) -> None:
    assert agent.is_id(text) is right


@pytest.mark.parametrize(
    ("ages", "is_busy", "fresh", "stale"),
    [
        ({}, False, (), ()),
        ({"d-1": 0}, True, ("d-1",), ()),
        ({"d-1": agent.STALE_AFTER - 1}, True, ("d-1",), ()),
        ({"d-1": agent.STALE_AFTER}, False, (), ("d-1",)),
        ({"d-2": 60, "d-1": agent.STALE_AFTER * 2}, True, ("d-2",), ("d-1",)),
        # A clock that was set back.
        ({"d-1": -60}, True, ("d-1",), ()),
    ],
)
def test_the_agent_is_busy_while_there_is_a_fresh_file(
    ages: dict[str, float], is_busy: bool, fresh: tuple[str, ...], stale: tuple[str, ...]
) -> None:
    now = 1_700_000_000.0
    found = agent.busy([agent.Ongoing(name, now - age) for name, age in ages.items()], now)
    assert found == agent.Busy(is_busy, fresh, stale)
