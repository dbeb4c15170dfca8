# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whatever is watched: a rollback, a deployment, a wait, or AWS's own way back."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, Reached
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Outcome, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis


class Subject(t.Protocol):
    """A service that is watched, and that remembers what was seen of it."""

    service: Service | None
    diagnosis: Diagnosis | None
    timings: dict[str, float]
    findings: list[Finding]

    @property
    def name(self) -> str:
        """The service's name."""

    @property
    def label(self) -> str:
        """What lines about it begin with."""

    @property
    def cluster(self) -> str:
        """The cluster that it runs in."""

    @property
    def going(self) -> Going:
        """The deployment to watch."""

    @property
    def outcome(self) -> str | None:
        """How it ended, None while it has not."""

    def end(self, outcome: Outcome, reason: str) -> None:
        """The deployment did not get where it should."""

    def reached(self, state: Reached) -> None:
        """The deployment is where it should be."""
