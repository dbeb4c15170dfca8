# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Planning once more for a deployment group, after something has ended or has come in between. Pure."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import PARTIAL
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.plan import Plan, Wish


def wish(given: Wish, first: Plan) -> Wish:
    """The same wish, for the target that was chosen already: making room for it must not change it."""
    selection = replace(given.selection, as_of=None, steps_back=1, force=True)
    if selection.deployment_id is None and selection.revision is None:
        if first.good is not None:
            selection = replace(selection, deployment_id=first.good.id)
        else:
            selection = replace(selection, revision=first.target)
    return replace(given, selection=selection, as_of=None)


def as_chosen(planned: Plan, first: Plan) -> Plan:
    """A plan for that wish, told as what it is: where its target came from, and what is left for it."""
    if planned.verb != "act":
        return planned
    chosen = replace(planned.choice, source=first.choice.source, why=first.choice.why, left=first.choice.left)
    return replace(planned, choice=chosen)


def came_between(before: Plan, now: Plan) -> Deployment | None:
    """What somebody has deployed since the first plan was made; None where nobody has.

    Rollbacks of CodeDeploy and deployments to single instances are nobody's decision.
    """
    newest = now.running or now.newest
    if newest is None or newest.id in before.known_deployments or now.method == "adopt":
        return None
    return None if newest.is_rollback or newest.creator in PARTIAL else newest


def told_of(between: Deployment, before: Plan) -> str:
    """Why the plan may not be carried out."""
    target = revisions.text(before.target) if before.target else "the target"
    return (
        f"somebody deployed {revisions.text(between.revision)} (deployment {between.id}, {between.status}) while the "
        f"redeploy of {target} was being prepared. Look at it, then run the same command again to roll that back"
    )
