# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.agent.standing_in URL``: a story in a simulator that already runs, for people and for molecule.

Revision ``one`` of a deployment group was good. ``two`` is deployed, and people say that it is bad.

With ``--scratch DIR``, each instance is a directory in it, ``web1``, ``web2`` and so on. Somebody had put
``settings.conf`` there by hand, ``two`` overwrote it, and somebody put it back. The agents then work until they are
ended, or until the simulator is gone. Without it, nothing is done on disk, and the program ends.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError

from tests.agent.agent import Agent
from tests.agent.group import Group
from tests.agent.serving import Serving

FILES = ("index.html", "settings.conf")


def main() -> int:
    """Tell the story, say ``ready``, and work."""
    parser = argparse.ArgumentParser(prog="python -m tests.agent.standing_in", description=__doc__)
    parser.add_argument("url", help="of the simulator")
    parser.add_argument("--scratch", type=Path, help="where the instances are")
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument("--group", default="prod", help="the deployment group of the application web")
    options = parser.parse_args()
    site = (options.scratch or Path("/nonexistent")) / "any" / "site"
    group = Group(options.url, site, options.instances, options.group)
    settings = on_disk(options.url, group, options.scratch) if options.scratch else []
    # So that the end of the process is an ordinary one, with all of it written.
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
    for name, behavior in (("one", "RETAIN"), ("two", "OVERWRITE")):
        ended = group.deploy(name, files=FILES, fileExistsBehavior=behavior)
        if ended["status"] != "Succeeded":
            print(f"{name}: {ended['status']}", file=sys.stderr)
            return 1
    by_hand(settings)
    print("ready", flush=True)
    while options.scratch:
        try:
            group.work()
        except BotoCoreError:
            return 0
        time.sleep(0.2)
    return 0


def on_disk(url: str, group: Group, scratch: Path) -> list[Path]:
    """An agent for each instance. Returns the files that somebody put there by hand."""
    settings = []
    for number, instance in enumerate(group.instances, start=1):
        base = scratch / f"web{number}"
        (base / "site").mkdir(parents=True)
        Serving(url, Agent(base / "deployment-root", base), group, instance, base / "site")
        settings.append(base / "site" / "settings.conf")
    by_hand(settings)
    return settings


def by_hand(settings: list[Path]) -> None:
    """Somebody writes the files."""
    for path in settings:
        path.write_text("by hand\n")


if __name__ == "__main__":
    sys.exit(main())
