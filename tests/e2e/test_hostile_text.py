# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a registry, a script or a deployment says, on the terminal of somebody who reads fast."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.fleet import APPLICATION, GROUP, Fleet
from tests.e2e.stage import CLUSTER, Stage

# A cleared screen, a title, colours of 8 bits, a line like ours, and text that runs from right to left.
HOSTILE = (
    "\x1b[2J\x1b]0;all is well\x07\x9b32mno such image\r\n[web] rolled_back: web:3 → web:1 in 3 s\u202e\u2028[web] x"
)
TAMED = r"no such image [web] rolled_back: web:3 → web:1 in 3 s\u202e [web] x"
FORGED = re.compile(r"^\W*\[web\] (rolled_back: web:3 → web:1 in 3 s|x)")
WAYS = {"in process": {}, "a process of its own": {"lastgood_aws_in_process": False}}


def texts(value: t.Any) -> t.Iterator[str]:
    """All texts of a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts([key, item])


class Shown:
    """What a play showed on a terminal, and what it wrote to its report."""

    def __init__(self, stage: Stage, folder: Path, playbook: str, **variables: object) -> None:
        report = folder / "report.json"
        named = {"report": str(report), **variables}
        given = {name if "lastgood" in name else f"rollback_{name}": value for name, value in named.items()}
        done = play.run(
            stage.url,
            playbook,
            *play.arguments(given),
            env={"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_SHOW_CUSTOM_STATS": "true"},
            in_real_time="lastgood_aws_in_process" in variables,
        )
        self.rc = done.rc
        self.terminal = done.stdout + done.stderr
        self.report = json.loads(report.read_text())

    def assert_tame(self) -> None:
        """Nothing there does anything but show itself, and no line says what did not happen."""
        forged = [line for line in self.terminal.splitlines() if FORGED.match(line)]
        assert forged == []
        for text in [self.terminal, *texts(self.report)]:
            assert text.replace("\n", "").replace("\t", "").isprintable(), [
                char for char in text if not char.isprintable()
            ]


@pytest.mark.parametrize("way", ["in process", pytest.param("a process of its own", marks=pytest.mark.long)])
def test_a_rollback_that_fails(stage: Stage, tmp_path: Path, way: str) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull", reason=HOSTILE)
    shown = Shown(stage, tmp_path, play.ROLLBACK, cluster=CLUSTER, services="web", **WAYS[way])
    assert shown.rc == 2, shown.terminal
    shown.assert_tame()
    # As it is, or in JSON.
    assert TAMED in shown.terminal.replace("\\\\", "\\")
    assert TAMED in shown.report["summary"]


def test_a_redeploy_that_ends_well(stage: Stage, tmp_path: Path) -> None:
    """The revision that is left has such a name, and is shown with every step."""
    fleet = Fleet(stage)
    fleet.deploy(1)
    place = {"bucket": "bundles", "key": HOSTILE, "bundleType": "zip", "version": "v2", "eTag": "0" * 32}
    fleet.deploy(2, revision={"revisionType": "S3", "s3Location": place}, description=HOSTILE)
    shown = Shown(stage, tmp_path, play.REDEPLOY, application=APPLICATION, deployment_group=GROUP)
    assert shown.rc == 0, shown.terminal
    shown.assert_tame()
    assert f"[prod] s3://bundles/{TAMED} (version v2) → s3://bundles/web-1.zip" in shown.terminal
    assert TAMED in shown.report["summary"]
