# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One deployment group's way through a call: what was planned, what was done, how it ended."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import asg_processes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.act import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.diagnosis import Diagnosis, Standing
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.watch import Seen
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import shown
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import GOOD_ENDS, Finding, Outcome


@dataclass
class GroupRun:
    """Collects what happens during the call, and becomes the result."""

    application: str
    name: str
    plan: Plan | None = None
    outcome: Outcome | None = None
    reason: str = ""
    changed: bool = False
    accepted: Accepted | None = None
    # The deployment followed last, and its rollback.
    seen: Seen | None = None
    diagnosis: Diagnosis | None = None
    standing: Standing | None = None
    # After a failure: the traffic has not left the original instances.
    originals_serve: bool = False
    # The plan for which another deployment had to end first.
    first_plan: Plan | None = None
    # The deployment that this call has stopped, as it was planned, and what was last deployed successfully before it.
    stopped: Deployment | None = None
    stopped_with_rollback: bool = False
    served: Location | None = None
    # The stop was accepted, and what was to follow it was refused.
    stopped_then_refused: bool = False
    # By Auto Scaling group: processes that CodeDeploy suspended for this deployment and did not resume.
    left_suspended: dict[str, list[str]] = field(default_factory=dict)
    # An earlier step of the play has shown this, and may have written something since.
    is_a_later_step: bool = False
    # The time that as_of stands for, once known.
    as_of: datetime | None = None
    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    place: keys.Place = keys.PLAIN

    @property
    def label(self) -> str:
        """What its lines begin with."""
        return self.place.label(self.name, self.application)

    def take_plan(self, planned: Plan | Refusal) -> None:
        """Use this plan. A later one replaces it; earlier findings stay in the result."""
        self.findings += [finding for finding in planned.findings if finding not in self.findings]
        self.accepted = None
        if isinstance(planned, Refusal):
            self.end("refused", planned.reason)
            return
        self.plan = planned
        if planned.verb == "nothing":
            self.end("unchanged", planned.reason)
        elif planned.verb == "refuse":
            self.end("refused", planned.reason)

    def end(self, outcome: Outcome, reason: str) -> None:
        """Record how it ended."""
        self.outcome, self.reason = outcome, reason

    @property
    def ok(self) -> bool:
        """True unless the outcome is a failure."""
        return self.outcome is None or self.outcome in GOOD_ENDS

    @property
    def target(self) -> Location | None:
        """The revision to go back to."""
        return self.plan.target if self.plan else None

    @property
    def ours(self) -> Deployment | None:
        """The deployment that brings the target, as last seen; not one that only had to end."""
        if self.seen is None or self.accepted is None or self.accepted.watched.makes_room:
            return None
        return self.seen.rollback if self.accepted.watched.goes_back else self.seen.deployment

    @property
    def deployment_id(self) -> str:
        """The id of the deployment that brings or brought the target; empty if there is none."""
        if self.ours is not None:
            return self.ours.id
        watched = self.accepted.watched if self.accepted else None
        if watched is not None and not watched.goes_back and not watched.makes_room:
            return watched.deployment
        if self.plan is not None and self.plan.verb == "nothing":
            return self.plan.choice.settled_by
        return ""

    @property
    def last_seen(self) -> Deployment | None:
        """The newest deployment we know of."""
        if self.seen is not None:
            return self.seen.moving
        return self.plan.newest if self.plan else None

    def as_dict(self) -> dict[str, t.Any]:
        """The module's result."""
        left = [{"resource_id": name, "suspended": processes} for name, processes in self.left_suspended.items()]
        return {
            **identity(self.application, self.name, self.place, self.plan.group if self.plan else None),
            "outcome": self.outcome,
            "changed": self.changed,
            "deployment_id": self.deployment_id or None,
            **_as_planned(self.plan),
            "after": state_of(self.last_seen, None) if self.last_seen else None,
            "as_of": shown(self.as_of),
            "reason": self.reason,
            "findings": [finding.as_dict() for finding in self.findings],
            "left_suspended": left,
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "instances": self.standing.as_dict() if self.standing else None,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
        }

    def diff(self) -> dict[str, str]:
        """For diff mode."""
        before = revisions.text(self.plan.now) if self.plan and self.plan.now else ""
        after = revisions.text(self.target) if self.target and self.changed else before
        return {"before_header": self.name, "after_header": self.name, "before": f"{before}\n", "after": f"{after}\n"}


def _as_planned(planned: Plan | None) -> dict[str, t.Any]:
    """What was planned, for results."""
    if planned is None:
        return {
            "method": "none",
            **NO_TARGET,
            "before": None,
            "content_warnings": [],
            **asg_processes.of(None),
        }
    return {
        "method": planned.method,
        **shown_target(planned),
        "before": state_of(planned.newest, planned.now),
        "content_warnings": list(planned.content_warnings),
        **asg_processes.of(planned.group, planned.suspension),
    }


# Where a plan leads, for results, if there is no plan.
NO_TARGET: t.Final[t.Mapping[str, t.Any]] = {
    "target": None,
    "target_name": None,
    "target_source": "none",
    "target_why": "",
    "direction": None,
}


def shown_target(planned: Plan) -> dict[str, t.Any]:
    """Where a plan leads and why, for results."""
    return {
        "target": dict(planned.target) if planned.target else None,
        "target_name": revisions.text(planned.target) if planned.target else None,
        "target_source": planned.choice.source,
        "target_why": planned.choice.why,
        "direction": planned.choice.direction,
    }


def identity(application: str, name: str, place: keys.Place, group: Group | None) -> dict[str, str | None]:
    """The fields that tell a group from all others, for results. The account of a group that was not found is unknown.

    CodeDeploy gives no ARN for a group, only for its service role. A role can be passed only to a service in its own
    account (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    """
    return {
        "application": application,
        "deployment_group": name,
        "region": place.region or None,
        "account": keys.account(group.service_role) if group else None,
    }


def state_of(newest: Deployment | None, revision: Location | None) -> dict[str, t.Any]:
    """The last deployment to the group, for results. ``revision`` is what it is on if that differs."""
    shown = revision or (newest.revision if newest else None)
    return {
        "revision": dict(shown) if shown else None,
        "revision_name": revisions.text(shown) if shown else None,
        "deployment_id": newest.id if newest else None,
        "status": newest.status if newest else None,
    }
