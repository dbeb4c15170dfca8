# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts of lifecycle events: from which archive they are, and how they are run."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.agent import appspec
from tests.agent.layout import archive

# "from the previous successful deployment", which on an instance is the last Install that succeeded:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
OF_THE_PREVIOUS = ("BeforeBlockTraffic", "AfterBlockTraffic", "ApplicationStop")


@dataclass
class ScriptError(Exception):
    """A script is not there, takes too long, or fails."""

    code: str
    script: str
    message: str
    log: str


def run(event: str, directory: Path, variables: dict[str, str]) -> None:
    """Run the scripts that a deployment's bundle has for an event, one after the other."""
    scripts = appspec.read(archive(directory)).hooks.get(event, ())
    log = directory / "logs" / "scripts.log"
    for script in scripts:
        _run(event, archive(directory) / script.location, script, log, variables)


def _run(event: str, path: Path, script: appspec.Script, log: Path, variables: dict[str, str]) -> None:
    where = script.location
    if script.runas is not None:
        raise ValueError("the stand-in runs scripts as the user that it runs as")
    if not path.exists():
        text = f"Script does not exist at specified location: {where}"
        raise ScriptError("ScriptMissing", where, text, "")
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | 0o111)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as output:
        output.write(f"LifecycleEvent - {event}\nScript - {where}\n")
    with subprocess.Popen(
        [path],
        cwd="/",
        env={**os.environ, **variables, "LIFECYCLE_EVENT": event},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said = process.communicate(timeout=script.timeout)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text = f"Script at specified location: {where} failed to complete in {script.timeout:g} seconds"
            raise ScriptError("ScriptTimedOut", where, text, "") from None
    tail = said.decode(errors="replace")
    with log.open("a") as output:
        output.write(tail)
    if process.returncode != 0:
        text = f"Script at specified location: {where} failed with exit code {process.returncode}"
        raise ScriptError("ScriptFailed", where, text, tail)
