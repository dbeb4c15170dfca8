# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook that ansible-runner runs, which is the engine of AWX."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import ansible_runner

from tests.e2e import play
from tests.e2e.stage import Stage


class Job:
    """A run in real time, its events with the time when each arrived, and what AWX would keep as artifacts."""

    def __init__(
        self, stage: Stage, folder: Path, playbook: str, settings: dict[str, t.Any] | None = None, **variables: object
    ) -> None:
        self.events: list[tuple[float, dict[str, t.Any]]] = []
        with play.clock_of(stage.control, runs=True):
            self.run = self._run(stage, folder, playbook, settings or {}, variables)

    def _run(
        self, stage: Stage, folder: Path, playbook: str, settings: dict[str, t.Any], variables: dict[str, object]
    ) -> ansible_runner.Runner:
        return ansible_runner.run(
            private_data_dir=str(folder),
            playbook=playbook,
            envvars=play.environment(stage.url),
            extravars={f"rollback_{name}": value for name, value in variables.items()},
            settings=settings,
            event_handler=lambda event: self.events.append((time.monotonic(), event)),
            quiet=True,
        )

    def named(self, event: str) -> list[tuple[float, dict[str, t.Any]]]:
        return [(when, found) for when, found in self.events if found["event"] == event]

    @property
    def artifacts(self) -> dict[str, t.Any]:
        """ansible-runner and AWX take them from the last event of a play, whether it went well or not."""
        (_when, stats), *more = self.named("playbook_on_stats")
        assert not more
        return dict(stats["event_data"]["artifact_data"])
