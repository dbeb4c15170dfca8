# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who installs: the stand-in in this process, or the real agent, which somebody has put on this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Protocol

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import Unreadable
from tests.agent import appspec
from tests.agent.fuzz.instance import GROUP
from tests.agent.install import InstallError, as_listed, install
from tests.agent.layout import Fence, Layout, archive

# What codedeploy-local does with its options, without docopt, which Debian does not have.
_RUBY = """
require 'instance_agent'
require 'instance_agent/config'
require 'aws/codedeploy/local/deployer'
options = {'--bundle-location' => ARGV[1], '--type' => 'directory', '--deployment-group' => ARGV[2],
           '--file-exists-behavior' => ARGV[3], '--agent-configuration-file' => ARGV[0]}
AWS::CodeDeploy::Local::Deployer.new(ARGV[0]).execute_events(options)
"""


class Installer(Protocol):
    """Deploys a bundle below a scratch directory."""

    def deploy(self, scratch: Path, bundle: Path, number: int, option: str) -> tuple[Path, str]:
        """The directory of the deployment, and why it failed; empty if it did not."""


class StandIn:
    """tests/agent."""

    def deploy(self, scratch: Path, bundle: Path, number: int, option: str) -> tuple[Path, str]:
        directory = scratch / "agent" / GROUP / f"d-{number}"
        directory.mkdir(parents=True)
        bundle.rename(archive(directory))
        try:
            spec = appspec.read(archive(directory))
            install(Layout(scratch / "agent"), Fence(scratch), GROUP, directory, spec, option, as_listed)
        except (InstallError, OSError, UnicodeDecodeError, Unreadable, KeyError, ValueError) as problem:
            return directory, str(problem) or type(problem).__name__
        return directory, ""


class RealAgent:
    """The agent 1.8 in ``source``, run with ruby. It works outside of the scratch directory if it is told to."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def deploy(self, scratch: Path, bundle: Path, number: int, option: str) -> tuple[Path, str]:
        conf = scratch / "codedeployagent.yml"
        conf.write_text(
            f"---\n:log_dir: '{scratch}/log'\n:pid_dir: '{scratch}/pid'\n:program_name: codedeploy-agent\n"
            f":root_dir: '{scratch}/agent'\n:max_revisions: 5\n:verbose: false\n"
        )
        there = scratch / "agent" / GROUP
        known = set(there.iterdir()) if there.exists() else set()
        places = [self._source / "lib", *sorted(self._source.glob("vendor/gems/*/lib"))]
        command = ["ruby", *[f"-I{place}" for place in places], "-e", _RUBY, str(conf), str(bundle), GROUP, option]
        environment = {**os.environ, "LANG": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        said = done.stderr.decode(errors="replace")
        made = sorted(set(there.iterdir()) - known) if there.exists() else []
        if len(made) != 1:
            raise RuntimeError(f"the agent did not begin: {said}")
        errors = [line for line in said.split("\n") if line.endswith(("Error)", "Exception)")) or "Errno::" in line]
        return made[0], (errors or [said])[0] if done.returncode else ""
