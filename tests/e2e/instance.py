# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance of the deployment group, played by this host, in a scratch directory."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from tests.agent.agent import Agent
from tests.agent.group import Group
from tests.agent.serving import Serving
from tests.e2e import play
from tests.e2e.stage import Stage
from tests.e2e.warm import modules

BY_HAND = "listen 8080"
WITH_SETTINGS = ("index.html", "settings.conf")


class Instance:
    """An instance of the group, which is this host with all of its files below a scratch directory."""

    def __init__(self, stage: Stage, scratch: Path) -> None:
        self._scratch = scratch
        self.stage = stage
        self.settings = scratch / "site" / "settings.conf"
        self.settings.parent.mkdir()
        self.settings.write_text(BY_HAND)
        self.group = Group(stage.url, self.settings.parent)
        self.agent = Agent(scratch / "deployment-root", scratch)
        self.serving = Serving(stage.url, self.agent, self.group)
        self.store = scratch / "store"
        self.hosts = {
            "web1": {
                "ansible_connection": "local",
                "ansible_python_interpreter": modules.python(),
                "ansible_pipelining": True,
                "content_guard_agent_root": str(self.agent.layout.root),
                "content_guard_store": str(self.store),
                "content_guard_become": False,
            }
        }

    @property
    def inventory(self) -> list[str]:
        """The options that name the hosts."""
        path = self._scratch / "hosts.json"
        path.write_text(json.dumps({"all": {"children": {"web": {"hosts": self.hosts}}}}))
        return ["-i", str(path)]

    @property
    def guarded(self) -> dict[str, t.Any]:
        """The variables of a redeploy that keeps files."""
        return {"guard_content": "true", "instances": "web"}

    def trap(self, first_fails_at: str = "", script: str = "", edited: bool = True) -> None:
        """RETAIN, then OVERWRITE that fails. Somebody puts the file back, which is not enough, if it is ``edited``."""
        first = self.group.deploy("one", first_fails_at, script, files=WITH_SETTINGS, fileExistsBehavior="RETAIN")
        assert (first["status"], self.content) == ("Succeeded", BY_HAND)
        bad = self.group.deploy("two", "ValidateService", files=WITH_SETTINGS, fileExistsBehavior="OVERWRITE")
        assert (bad["status"], self.content) == ("Failed", "two")
        if edited:
            self.settings.write_text(BY_HAND)
        self.stage.control.reset_calls()

    def deploy_again(self) -> None:
        """The next deployment after all."""
        again = self.group.deploy("three", files=WITH_SETTINGS, fileExistsBehavior="RETAIN")
        assert again["status"] == "Succeeded"

    @property
    def content(self) -> str:
        return self.settings.read_text()

    def guard(self, **variables: object) -> play.Play:
        """A play of somebody who uses the role."""
        path = self._scratch / "guard.yml"
        role = {"name": "lastgood.aws.content_guard"}
        tasks = [{"name": "Guard", "ansible.builtin.include_role": role}]
        path.write_text(json.dumps([{"hosts": "web", "gather_facts": False, "tasks": tasks}]))
        named = {f"content_guard_{name}": value for name, value in variables.items()}
        named.setdefault("content_guard_deployment_group_id", self.serving.group_id)
        return play.run(self.stage.url, path, *self.inventory, *play.arguments(named))
