# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one deployment group: what is there, the target, the method, the findings. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.history import Candidate
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.target import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._findings import Finding

InFlight = t.Literal["stop", "wait", "refuse"]
ContentOption = t.Literal["inherit", "disallow", "overwrite", "retain"]
OverrideAlarms = t.Literal["auto", "true", "false"]
Method = t.Literal["none", "adopt", "codedeploy_stop", "codedeploy_deployment"]
# ``wait``: the running deployment has to end by itself; then all is planned anew.
Verb = t.Literal["act", "nothing", "refuse", "wait"]


@dataclass(frozen=True)
class Wish:
    """What the user asked for, of one deployment group."""

    selection: Selection
    in_flight: InFlight = "stop"
    file_exists_behavior: ContentOption = "inherit"
    # None: as the deployment group says. Empty: none.
    rollback_events: tuple[str, ...] | None = None
    override_alarms: OverrideAlarms = "auto"
    deployment_config: str = ""
    ignore_application_stop_failures: bool = False
    update_outdated_instances_only: bool = False
    require_pinned: bool = False


@dataclass(frozen=True)
class Alarms:
    """Alarms of a deployment group that are in ALARM, and why that is not known where it is not."""

    firing: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class Request:
    """A deployment to ask for: what CreateDeployment takes besides the group and the description."""

    group: Group
    members: t.Mapping[str, t.Any]
    # The group's alarms are overridden, for which the identity needs codedeploy:UpdateDeploymentGroup too.
    overrides_alarms: bool = False

    def parameters(self, description: str) -> dict[str, t.Any]:
        """The members of CreateDeployment besides applicationName and deploymentGroupName."""
        return {**self.members, "description": description}


@dataclass(frozen=True)
class Plan:
    """What will be done with one deployment group.

    ``verb`` says whether there is anything to do: ``nothing`` ends as unchanged, ``refuse`` as refused, with
    ``reason``; with ``wait`` the running deployment is waited for, and all is planned anew.

    ``target`` is what CreateDeployment is given: pinned where that was possible. ``good`` is the deployment that proved
    it good. ``now`` is what the group is on, or was being brought to when the last deployment ended without success.
    """

    group: Group
    verb: Verb
    method: Method
    reason: str
    choice: Choice
    target: Location | None
    good: Deployment | None
    now: Location | None
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...]
    # The deployment that has not ended; with the method adopt it is the one to follow.
    running: Deployment | None = None
    # The newest deployment on record, whatever became of it.
    newest: Deployment | None = None
    # What CodeDeploy is asked for, with the method codedeploy_deployment.
    request: Request | None = None
    # Ids of the deployments that were on record when the plan was made.
    known_deployments: frozenset[str] = frozenset()
    # The deployment that is in the way is stopped with a rollback: its traffic goes back before ours begins.
    stop_rolls_back: bool = False
    # What the redeploy will do to files that are on the instances already, in words.
    content_warnings: tuple[str, ...] = field(default_factory=tuple)

    @property
    def in_the_way(self) -> Deployment | None:
        """The deployment that has to end before ours can begin: a group runs one at a time."""
        return self.running if self.method == "codedeploy_deployment" or self.verb == "wait" else None

    @property
    def left(self) -> Location | None:
        """The revision that is left behind, None where nothing moves."""
        return self.choice.left
