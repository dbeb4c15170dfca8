# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment group of CodeDeploy without instances: every deployment to it fails within seconds."""

from __future__ import annotations

import typing as t

from tests.live.check import Answer, Fact, check
from tests.live.checks.history import order
from tests.live.lab import Lab, refusal

_BUNDLE = {"bucket": "lastgood-live-does-not-exist", "key": "app.zip", "bundleType": "zip"}
_OVER = ("Succeeded", "Failed", "Stopped")


class Group:
    """An application with one deployment group, whose tag no instance has."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.client = lab.client("codedeploy", patient=False)
        self.application = lab.name("application")
        lab.cleanup.add(
            f"application {self.application}",
            lambda: self.client.delete_application(applicationName=self.application),
        )
        role = lab.role("codedeploy")
        self.client.create_application(
            applicationName=self.application,
            computePlatform="Server",
            tags=[{"Key": key, "Value": value} for key, value in lab.tags.items()],
        )
        self.named = {"applicationName": self.application, "deploymentGroupName": "group"}
        settings = {
            "serviceRoleArn": role,
            "ec2TagFilters": [{"Key": "lastgood-live", "Value": "no instance has this", "Type": "KEY_AND_VALUE"}],
            "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        }
        # A role that was just made is not known everywhere yet.
        lab.wait("the deployment group", lambda: self._made(settings), 120, 5)

    def _made(self, settings: dict[str, t.Any]) -> bool:
        code, text = refusal(lambda: self.client.create_deployment_group(**self.named, **settings))
        if code and code != "InvalidRoleException":
            raise RuntimeError(f"CreateDeploymentGroup: {code}: {text}")
        return not code

    def deploy(self, **more: t.Any) -> tuple[str, str, str]:
        """The id of a new deployment, or the code and the text of the refusal."""
        found: list[str] = []
        revision = {"revisionType": "S3", "s3Location": _BUNDLE}

        def create() -> None:
            found.append(self.client.create_deployment(**self.named, revision=revision, **more)["deploymentId"])

        code, text = refusal(create)
        return (found[0] if found else ""), code, text

    def info(self, deployment: str) -> dict[str, t.Any]:
        """GetDeployment."""
        return dict(self.client.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def listed(self) -> list[str]:
        """ListDeployments, in AWS's order."""
        pages = self.client.get_paginator("list_deployments").paginate(**self.named)
        return [deployment for page in pages for deployment in page["deployments"]]

    def ended(self, deployment: str) -> dict[str, t.Any]:
        """Wait until it is over; returns what it is like."""
        self._lab.wait(f"the end of {deployment}", lambda: self.info(deployment)["status"] in _OVER, 300, 1)
        return self.info(deployment)


@check(
    17,
    "a-group-without-instances",
    "How do deployments to no instances end, in which order are they listed and how late, and is a rollback named?",
    "Failed with NO_INSTANCES, listed newest first within 2 s; nothing was ever good, so no rollback is made",
    ("a service role for CodeDeploy",),
)
def a_group_without_instances(lab: Lab) -> Answer:
    group = Group(lab)
    made: list[str] = []
    lags: list[float] = []
    last: dict[str, t.Any] = {}
    for number in range(3):
        deployment, code, text = group.deploy(description=f"number {number}")
        if code:
            raise RuntimeError(f"CreateDeployment: {code}: {text}")
        made.append(deployment)
        lags.append(lab.wait("the deployment in the list", lambda d=deployment: d in group.listed(), 60, 0.5))
        last = group.ended(deployment)
        lab.place.sleep(5)
    last = group.info(made[-1])
    listed = [deployment for deployment in group.listed() if deployment in made]
    rollback = last.get("rollbackInfo") or {}
    facts: dict[str, Fact] = {
        "status": last["status"],
        "error": str(last.get("errorInformation", {}).get("code", "none")),
        "order": order([float(made.index(deployment)) for deployment in listed]),
        "lag_at_most_seconds": max(lags),
        "rollback_named": bool(rollback.get("rollbackDeploymentId")),
        "rollback_message": bool(rollback.get("rollbackMessage")),
        "all_listed": sorted(listed) == sorted(made),
    }
    text = f"{facts['status']} ({facts['error']}), {facts['order']}, listed after at most {max(lags)} s; rollback "
    return Answer(text + ("named" if facts["rollback_named"] else "not made"), facts)


@check(
    18,
    "limits-of-deployments",
    "What refuses a second deployment to a group, and a description of 257 characters?",
    "DeploymentLimitExceededException with the id of the first in its text; DescriptionTooLongException",
    ("a service role for CodeDeploy",),
)
def limits_of_deployments(lab: Lab) -> Answer:
    group = Group(lab)
    first, code, text = group.deploy(description="x" * 256)
    fits = code or "accepted"
    second, second_code, second_text = group.deploy()
    for deployment in (first, second):
        if deployment:
            group.ended(deployment)
    _third, long_code, _text = group.deploy(description="x" * 257)
    facts: dict[str, Fact] = {
        "description_of_256": fits,
        "description_of_257": long_code or "accepted",
        "second": second_code or "accepted",
        "names_the_first": bool(first) and first in second_text,
    }
    del text
    return Answer(f"second: {facts['second']}, 256 characters: {fits}, 257: {facts['description_of_257']}", facts)
