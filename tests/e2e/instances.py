# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several instances of a deployment group, all played by this host, each with its own site, agent and store."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.agent.agent import Agent
from tests.agent.group import Group
from tests.agent.serving import Serving
from tests.e2e import play
from tests.e2e.stage import Stage
from tests.e2e.warm import modules

FILES = ("index.html", "settings.conf")
ONE_AT_A_TIME = "CodeDeployDefault.OneAtATime"
ALL_AT_ONCE = "CodeDeployDefault.AllAtOnce"


@dataclass
class Machine:
    """One instance. Somebody has put ``settings.conf`` there by hand; ``edit`` is its content."""

    name: str
    base: Path
    agent: Agent
    serving: Serving

    @property
    def settings(self) -> Path:
        return self.base / "site" / "settings.conf"

    @property
    def store(self) -> Path:
        return self.base / "store"

    @property
    def edit(self) -> str:
        return f"by hand on {self.name}"

    @property
    def content(self) -> str:
        """What is in the file; a word if it is none."""
        return self.settings.read_text() if self.settings.is_file() else "no file"

    def breaks(self, how: str = "breaks") -> None:
        """From now on, scripts that look for this mark find it here."""
        (self.base / how).touch()

    def has_copies(self) -> bool:
        return bool(list(self.store.rglob("manifest.json")))


class Instances:
    """``web1`` to ``webN`` of a group. Scripts of a bundle name a mark of an instance with :meth:`mark`."""

    def __init__(self, stage: Stage, scratch: Path, count: int = 3, name: str = "prod", **settings: t.Any) -> None:
        self.stage = stage
        self.name = name
        self._scratch = scratch
        settings.setdefault("deploymentConfigName", ONE_AT_A_TIME)
        self.group = Group(stage.url, scratch / "any" / "site", count, name, **settings)
        self.machines: dict[str, Machine] = {}
        for number, instance in enumerate(self.group.instances, start=1):
            host = f"{'web' if name == 'prod' else name}{number}"
            base = scratch / host
            (base / "site").mkdir(parents=True)
            agent = Agent(base / "deployment-root", base)
            serving = Serving(stage.url, agent, self.group, instance, base / "site")
            self.machines[host] = Machine(host, base, agent, serving)
            self.machines[host].settings.write_text(self.machines[host].edit)

    def mark(self, how: str = "breaks") -> str:
        """The path, in a bundle's script, of a mark that :meth:`Machine.breaks` sets on single instances."""
        return f"{self.group.site}/../{how}"

    @property
    def settings(self) -> str:
        """The path, in a bundle's script, of the file."""
        return f"{self.group.site}/settings.conf"

    @property
    def hosts(self) -> dict[str, dict[str, t.Any]]:
        return {
            name: {
                "ansible_connection": "local",
                "ansible_python_interpreter": modules.python(),
                "ansible_pipelining": True,
                "content_guard_agent_root": str(machine.agent.layout.root),
                "content_guard_store": str(machine.store),
                "content_guard_become": False,
            }
            for name, machine in self.machines.items()
        }

    def inventory(self, **more: dict[str, t.Any]) -> list[str]:
        """The options that name the hosts. ``more`` are variables by host, in place of the ordinary ones."""
        path = self._scratch / f"hosts-{self.name}.json"
        hosts = {name: {**variables, **more.get(name, {})} for name, variables in self.hosts.items()}
        path.write_text(json.dumps({"all": {"children": {self.pattern: {"hosts": hosts}}}}))
        return ["-i", str(path)]

    @property
    def pattern(self) -> str:
        return f"group_{self.name}"

    def trap(self, fails_at: str = "", script: str = "") -> None:
        """RETAIN keeps the file. Then OVERWRITE takes it, and somebody puts it back, which is not enough.

        The good revision has a script in the event ``fails_at``.
        """
        good = self.group.deploy("one", fails_at, script or "true\n", FILES, fileExistsBehavior="RETAIN")
        assert good["status"] == "Succeeded"
        bad = self.group.deploy("two", files=FILES, fileExistsBehavior="OVERWRITE")
        assert bad["status"] == "Succeeded"
        for machine in self.machines.values():
            assert machine.content == "two"
            machine.settings.write_text(machine.edit)
        self.stage.control.reset_calls()

    @property
    def contents(self) -> dict[str, str]:
        """What is on each disk."""
        return {name: machine.content for name, machine in self.machines.items()}

    @property
    def edits(self) -> dict[str, str]:
        """What should be on each disk."""
        return {name: machine.edit for name, machine in self.machines.items()}

    def redeploy(
        self,
        *options: str,
        inventory: t.Sequence[str] = (),
        between: t.Callable[[], object] | None = None,
        **variables: object,
    ) -> play.Play:
        """`ansible-playbook lastgood.aws.redeploy` of the group, with the guard, during which the agents work."""
        given = {
            "guard_content": "true",
            "instances": self.pattern,
            "application": "web",
            "deployment_group": self.name,
            **variables,
        }
        arguments = play.arguments({f"rollback_{name}": value for name, value in given.items()})
        hosts = inventory or self.inventory()
        return play.run(self.stage.url, play.REDEPLOY, *hosts, *options, *arguments, between=between or self.group.work)
