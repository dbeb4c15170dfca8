# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that CodeDeploy deploys to, and short ways to do so."""

from __future__ import annotations

from typing import Any

from lastgood_simulator import Simulator
from selftests.cluster import client
from selftests.code_deploy import NAMED, ROLE, commit, run_instances

TAGS = [{"Key": "app", "Value": "web", "Type": "KEY_AND_VALUE"}]
AT_ONCE = "CodeDeployDefault.AllAtOnce"


class Fleet:
    """Instances with the tag app=web, and the deployment group of them."""

    def __init__(self, sim: Simulator, count: int = 3, **settings: Any) -> None:
        self.sim = sim
        self.codedeploy: Any = client("codedeploy")
        self.ids = run_instances(count) if count else []
        self.codedeploy.create_application(applicationName="app", computePlatform="Server")
        settings = {"ec2TagFilters": TAGS} | settings
        self.codedeploy.create_deployment_group(**NAMED, serviceRoleArn=ROLE, **settings)

    def start(self, character: str, **options: Any) -> str:
        """Create a deployment of the commit that consists of this character."""
        options = {"revision": commit(character)} | options
        started: str = self.codedeploy.create_deployment(**NAMED, **options)["deploymentId"]
        return started

    def done(self, character: str, seconds: float = 60, **options: Any) -> str:
        """Deploy until it has succeeded."""
        started = self.start(character, **options)
        self.sim.advance(seconds)
        assert self.info(started)["status"] == "Succeeded"
        return started

    def info(self, deployment: str) -> dict[str, Any]:
        """GetDeployment."""
        found: dict[str, Any] = self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return found

    def outcome(self, deployment: str) -> tuple[str, str | None]:
        """The status of a deployment, and the code of its error."""
        info = self.info(deployment)
        return info["status"], info.get("errorInformation", {}).get("code")

    def counts(self, deployment: str) -> dict[str, int]:
        """deploymentOverview without what is zero."""
        return {status: count for status, count in self.info(deployment)["deploymentOverview"].items() if count}

    def targets(self, deployment: str, **filters: Any) -> list[dict[str, Any]]:
        """The instanceTarget of every target, in the order of the list."""
        found = self.codedeploy.list_deployment_targets(deploymentId=deployment, **filters)["targetIds"]
        shown = self.codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=found)
        return [target["instanceTarget"] for target in shown["deploymentTargets"]]

    def target(self, deployment: str, number: int = 0) -> dict[str, Any]:
        """The instanceTarget of the instance with this number."""
        shown = self.codedeploy.get_deployment_target(deploymentId=deployment, targetId=self.ids[number])
        found: dict[str, Any] = shown["deploymentTarget"]["instanceTarget"]
        return found

    def event(self, deployment: str, name: str, number: int = 0) -> dict[str, Any]:
        """A lifecycle event of the instance with this number."""
        (found,) = [
            event for event in self.target(deployment, number)["lifecycleEvents"] if event["lifecycleEventName"] == name
        ]
        return dict(found)

    def statuses(self, deployment: str, number: int = 0) -> dict[str, str]:
        """Lifecycle event to status."""
        events = self.target(deployment, number)["lifecycleEvents"]
        return {event["lifecycleEventName"]: event["status"] for event in events}

    def rollback_of(self, deployment: str) -> str:
        """The id of its rollback deployment."""
        return str(self.info(deployment)["rollbackInfo"]["rollbackDeploymentId"])

    def group(self) -> dict[str, Any]:
        """GetDeploymentGroup."""
        found: dict[str, Any] = self.codedeploy.get_deployment_group(**NAMED)["deploymentGroupInfo"]
        return found

    def update(self, **settings: Any) -> None:
        """UpdateDeploymentGroup."""
        self.codedeploy.update_deployment_group(applicationName="app", currentDeploymentGroupName="group", **settings)

    def listed(self, **filters: Any) -> list[str]:
        """ListDeployments of the group."""
        found: list[str] = self.codedeploy.list_deployments(**NAMED, **filters)["deployments"]
        return found
