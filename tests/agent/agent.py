# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment on one instance: its lifecycle events, and the files that the agent keeps about it.

What is done when, and which files say so, is that of the agent 1.8.1 (``command_executor.rb``, ``hook_executor.rb``,
``installer.rb`` of https://github.com/aws/aws-codedeploy-agent).
"""

from __future__ import annotations

import secrets
import shutil
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.agent import appspec, bundles, hooks
from tests.agent.install import InstallError, Order, as_listed, install
from tests.agent.layout import Fence, Layout, archive

# https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
EVENTS = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
# ``:max_revisions:``
KEPT = 5


@dataclass(frozen=True)
class Outcome:
    """How a deployment ended on the instance. ``event`` is the one that failed, if any."""

    deployment: str
    event: str = ""
    code: str = ""
    script: str = ""
    message: str = ""
    log: str = ""

    @property
    def succeeded(self) -> bool:
        return not self.event


@dataclass(frozen=True)
class Deployment:
    """What CodeDeploy tells the agent."""

    group: str
    bundle: Path
    behavior: str = "DISALLOW"
    id: str = ""
    application_name: str = "web"
    group_name: str = "prod"
    ignore_application_stop_failures: bool = False


class Agent:
    """The agent of one instance. It touches nothing outside of ``scratch``, in which its root directory is."""

    def __init__(self, root: Path, scratch: Path, order: Order = as_listed) -> None:
        self.layout = Layout(root)
        self._fence = Fence(scratch)
        self._order = order
        self._fence.check(str(root))
        self.layout.instructions.mkdir(parents=True, exist_ok=True)
        (root / "ongoing-deployment").mkdir(exist_ok=True)

    def deploy(self, deployment: Deployment, before: Callable[[str], None] | None = None) -> Outcome:
        """Run all lifecycle events, or those up to the first that fails. ``before`` is called with each event."""
        id_ = (
            deployment.id
            or f"d-{''.join(secrets.choice(string.ascii_uppercase + string.digits) for _index in range(9))}"
        )
        directory = self.layout.deployment(deployment.group, id_)
        for event in EVENTS:
            if before is not None:
                before(event)
            failed = self._run(event, deployment, id_, directory)
            ignored = deployment.ignore_application_stop_failures and event in hooks.OF_THE_PREVIOUS
            if failed is not None and not ignored:
                return failed
        return Outcome(id_)

    def _run(self, event: str, deployment: Deployment, id_: str, directory: Path) -> Outcome | None:
        try:
            with self._busy(id_):
                if event == "DownloadBundle":
                    self._download(deployment, directory)
                elif event == "Install":
                    self._install(deployment, directory)
                else:
                    self._hook(event, deployment, id_, directory)
        except hooks.ScriptError as problem:
            return Outcome(id_, event, problem.code, problem.script, problem.message, problem.log)
        except (InstallError, OSError, ValueError, KeyError) as problem:
            return Outcome(id_, event, "UnknownError", "", str(problem), "")
        return None

    @contextmanager
    def _busy(self, id_: str) -> Iterator[None]:
        """The mark of a lifecycle event that runs; the daemon writes the id of the command into it."""
        mark = self.layout.ongoing(id_)
        mark.write_text(f"{id_}-command")
        try:
            yield
        finally:
            mark.unlink()

    def _download(self, deployment: Deployment, directory: Path) -> None:
        self._forget_old(deployment.group, directory)
        directory.mkdir(parents=True)
        if deployment.bundle.is_file():
            shutil.copyfile(deployment.bundle, directory / "bundle.tar")
        bundles.unpack(deployment.bundle, archive(directory))
        self.layout.most_recent(deployment.group).write_text(str(directory))

    def _forget_old(self, group: str, current: Path) -> None:
        """Remove the oldest deployments, but never the one whose Install succeeded last."""
        place = self.layout.group(group)
        place.mkdir(parents=True, exist_ok=True)
        known = [path for path in place.iterdir() if path != current]
        surplus = max(0, len(known) - KEPT + 1)
        last = self.layout.last_successful_dir(group)
        removable = sorted((path for path in known if path != last), key=lambda path: path.stat().st_mtime_ns)
        for path in removable[:surplus]:
            shutil.rmtree(path)

    def _install(self, deployment: Deployment, directory: Path) -> None:
        spec = appspec.read(archive(directory))
        install(self.layout, self._fence, deployment.group, directory, spec, deployment.behavior, self._order)
        # Whatever becomes of the deployment after this.
        self.layout.last_successful(deployment.group).write_text(str(directory))

    def _hook(self, event: str, deployment: Deployment, id_: str, directory: Path) -> None:
        source: Path | None = directory
        if event in hooks.OF_THE_PREVIOUS and not archive(directory).exists():
            source = self.layout.last_successful_dir(deployment.group)
        if source is None:
            return
        variables = {
            "DEPLOYMENT_ID": id_,
            "APPLICATION_NAME": deployment.application_name,
            "DEPLOYMENT_GROUP_NAME": deployment.group_name,
            "DEPLOYMENT_GROUP_ID": deployment.group,
        }
        hooks.run(event, source, variables)
