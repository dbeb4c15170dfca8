# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The story of `make demo` in an account: a bad version, and the playbook that takes the service back."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.live.lab import IMAGE, MISSING_IMAGE, OTHER_IMAGE, Lab
from tests.live.place import Place
from tests.live.run import undisturbed
from tests.live.trace import ROOT, Recorder

Say = Callable[[str], t.Any]


def tell(
    place: Place, given: Mapping[str, str], say: Say, play: Callable[[list[str]], int] | None = None
) -> tuple[int, list[str]]:
    """The exit code of the story, and what could not be deleted. ``play`` runs a command."""
    lab = Lab(place, Recorder(place.now), given)
    left: list[str] = []
    code = 1
    try:
        lab.open()
        code = _told(lab, say, play or _played(place.region))
    finally:
        with undisturbed(say):
            say("deleting everything")
            left = lab.close()
    return code, left


def _told(lab: Lab, say: Say, play: Callable[[list[str]], int]) -> int:
    family = lab.name("web")
    lab.place.missing(MISSING_IMAGE)
    good = lab.define_fargate(IMAGE, family)
    never, bad = lab.define_fargate(MISSING_IMAGE, family), lab.define_fargate(OTHER_IMAGE, family)
    service = lab.fargate(good)
    say(f"{_short(good)} is good and runs")
    lab.begun(service, never)
    lab.place.sleep(60)
    say(f"{_short(never)} never comes up: its image does not exist")
    lab.begun(service, bad)
    lab.wait("the bad version", lambda: lab.completed(service), 900, 5)
    say(f"{_short(bad)} runs, and let us say that it answers with errors")
    command = [
        *("lastgood.aws.rollback", "-e", f"rollback_cluster={lab.run}", "-e", f"rollback_services={service}"),
        *("-e", "rollback_reason='asked by make live'"),
    ]
    code = play(command)
    lab.settle()
    now = _short(lab.describe(service)["taskDefinition"])
    say(f"the service runs {now}; the good version was {_short(good)}")
    return code or (0 if now == _short(good) else 1)


def _played(region: str) -> Callable[[list[str]], int]:
    program = str(Path(sys.executable).parent / "ansible-playbook")

    def play(command: list[str]) -> int:
        return subprocess.run(
            [program, *command], cwd=ROOT, env={**os.environ, "AWS_REGION": region}, check=False
        ).returncode

    return play


def _short(arn: t.Any) -> str:
    return str(arn).rpartition("/")[2]
