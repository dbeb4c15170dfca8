# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the instances run after a deployment that did not succeed, as far as its targets tell. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target

# The agent removes the files of the last revision at the beginning of this event, and writes those of the new one
# (installer.rb of aws/aws-codedeploy-agent). What failed before it has changed no file of the revision.
_INSTALL: t.Final = "Install"
# The events that shift the traffic.
_TRAFFIC: t.Final = frozenset({"AllowTraffic", "BlockTraffic"})
# Statuses of an event that has not begun (LifecycleEventStatus in botocore's model).
_NOT_BEGUN: t.Final = frozenset({"Pending", "Skipped"})


@dataclass(frozen=True)
class Standing:
    """Numbers of instances: on the revision of the deployment, on what they had before, and not known."""

    new: int = 0
    old: int = 0
    unknown: int = 0

    @property
    def nowhere(self) -> bool:
        """There are instances, and of none it is certain what it has."""
        return bool(self.unknown) and not self.new and not self.old

    def as_dict(self) -> dict[str, int]:
        """For results."""
        return {"new": self.new, "old": self.old, "unknown": self.unknown}

    def words(self, new: str, old: str) -> str:
        """``of 4 instances 2 on A, 1 on B, 1 on neither for certain``; empty where there are no instances."""
        total = self.new + self.old + self.unknown
        counted = ((self.new, new), (self.old, old), (self.unknown, "neither for certain"))
        texts = [f"{count} on {what}" for count, what in counted if count]
        return f"of {total} instance{'s' if total > 1 else ''} {', '.join(texts)}" if texts else ""


def of(deployed: t.Sequence[Target]) -> Standing | None:
    """Of the instances of a deployment in place; None where its targets do not tell: with a fleet of its own, the
    traffic decides, and an ECS service or a function is one target.
    """
    if any(target.kind != "InstanceTarget" or target.label for target in deployed):
        return None
    where = [_where(target) for target in deployed]
    return Standing(where.count("new"), where.count("old"), where.count("unknown"))


def originals_serve(deployed: t.Sequence[Target]) -> bool:
    """Of a deployment to instances of its own: it is certain that the traffic has not left the original ones.

    The traffic is allowed to the replacement first, and then blocked from the originals
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
    """
    originals = [target for target in deployed if target.label == "Blue"]
    begun = [event for target in deployed for event in target.events if event.status not in _NOT_BEGUN]
    return bool(originals) and not any(event.name in _TRAFFIC for event in begun)


def _where(target: Target) -> str:
    if target.status == "Succeeded":
        return "new"
    install = target.event(_INSTALL)
    if target.status in ("Failed", "Skipped", "Pending", "InProgress") and install is not None:
        return "old" if install.status in _NOT_BEGUN and not _after_install(target) else "unknown"
    return "old" if target.status in ("Skipped", "Pending") else "unknown"


def _after_install(target: Target) -> bool:
    """Something came after Install, so that it cannot have been left out."""
    names = [event.name for event in target.events]
    after = target.events[names.index(_INSTALL) + 1 :]
    return any(event.status not in _NOT_BEGUN for event in after)
