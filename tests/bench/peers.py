# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How others take many services back, as their users would: one command for each service, many at once."""

from __future__ import annotations

import os
import shlex
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import play

BIN = play.ROOT / ".venv-peers" / "bin"
# Names the program ecspresso; without it, ecspresso is not measured.
ECSPRESSO = "LASTGOOD_ECSPRESSO"


@dataclass(frozen=True)
class Peer:
    """A tool, and the shell command with which it takes one service back to its first version, and waits."""

    name: str
    command: str
    at_once: int = 100

    def line(self, services: t.Sequence[str]) -> list[str]:
        """A command that does this for all of these services."""
        names = " ".join(services)
        each = f"printf '%s\\n' {names} | xargs -P{self.at_once} -I{{}} sh -c {shlex.quote(self.command)}"
        return ["sh", "-c", each]


def peers(cluster: str, folder: Path) -> list[Peer]:
    """Those that are there. None of them looks for the version that was good: it is named."""
    found = [
        Peer(
            "ecs-deploy",
            f"{BIN}/ecs deploy {cluster} {{}} --task {{}}:1 --no-deregister --timeout 600 >/dev/null",
        ),
        Peer(
            "AWS CLI",
            f"{BIN}/aws ecs update-service --cluster {cluster} --service {{}} --task-definition {{}}:1 >/dev/null && "
            f"{BIN}/aws ecs wait services-stable --cluster {cluster} --services {{}}",
        ),
    ]
    program = os.environ.get(ECSPRESSO, "")
    if program:
        config = folder / "ecspresso.yml"
        config.write_text(
            f"region: eu-central-1\ncluster: {cluster}\nservice: '{{{{ must_env `SERVICE` }}}}'\n"
            "service_definition: none.json\ntask_definition: none.json\ntimeout: 10m\n"
        )
        found.append(Peer("ecspresso", f"SERVICE={{}} {program} rollback --config {config} >/dev/null"))
    return found
