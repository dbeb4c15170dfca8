# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether what runs after a rollback is what was good. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun


def revision_on_target(run: RollbackRun, revisions: t.Mapping[str, Revision]) -> Revision | None:
    """Of the revisions that a service has now, the one of the target. AWS does not say in which order they come."""
    arns = run.service.revision_arns if run.service else ()
    found = [revisions[arn] for arn in arns if arn in revisions]
    ours = [revision for revision in found if names.same(revision.task_definition, run.target)]
    # If there are two, the older one is what a deployment of the same version replaces.
    return max(ours, key=lambda revision: str(revision.settings.get("createdAt", "")), default=None)


def are_known(run: RollbackRun) -> bool:
    good = run.plan.good if run.plan else None
    after = run.revision_after
    return good is not None and after is not None and bool(good.digests) and set(good.digests) <= set(after.digests)


def compare(run: RollbackRun) -> list[Finding]:
    good = run.plan.good if run.plan else None
    after = run.revision_after
    if good is None or after is None or not good.digests or not after.digests:
        return []
    moved = [name for name, digest in good.digests.items() if after.digests.get(name, digest) != digest]
    if not moved:
        return []
    return [
        Finding(
            "image_identity",
            "warn",
            f"container {', '.join(moved)} of {names.short(run.target)} runs another image than when it was good: its "
            "tag has moved since. Recorded then: " + ", ".join(f"{name}@{good.digests[name]}" for name in moved),
        )
    ]
