# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppSpec files of the compute platforms ECS and Lambda.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from lastgood_simulator import s3
from lastgood_simulator.codedeploy import revisions
from lastgood_simulator.codedeploy.model import Deployment, DeploymentFailed

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState


@dataclass(frozen=True)
class AppSpec:
    """One resource's properties, and the Lambda function of each hook."""

    properties: dict[str, Any]
    hooks: dict[str, str]


def of(state: CodeDeployState, deployment: Deployment) -> AppSpec:
    """The AppSpec file that a deployment deploys. Raises DeploymentFailed with REVISION_MISSING or INVALID_REVISION."""
    content = revisions.content_of(deployment.revision)
    if content is None:
        place = deployment.revision["s3Location"]
        # "If the version is not specified, the system uses the most recent version", and "if the ETag is not specified
        # as an input parameter, ETag validation of the object is skipped":
        # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_S3Location.html
        found = s3.find(state.account, state.region, place["bucket"], place["key"], place.get("version"))
        if found is None:
            raise DeploymentFailed("REVISION_MISSING", "The AppSpec file cannot be located in the specified S3 bucket.")
        if place.get("eTag") and place["eTag"].strip('"') != found.etag.strip('"'):
            text = "The ETag of the AppSpec file in the specified S3 bucket is not that of the revision."
            raise DeploymentFailed("REVISION_MISSING", text)
        content = found.value.decode()
    return read(content)


def read(content: str) -> AppSpec:
    """Parse JSON or YAML. Raises DeploymentFailed with INVALID_REVISION."""
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError:
        document = None
    if not isinstance(document, dict):
        raise invalid("it is neither JSON nor YAML")
    sections = {str(name).lower(): value for name, value in document.items()}
    resources = sections.get("resources")
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise invalid("it must have exactly one resource")
    resource = next(iter(resources[0].values()), None)
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    if not isinstance(properties, dict):
        raise invalid("its resource has no Properties")
    hooks: dict[str, str] = {}
    for entry in sections.get("hooks") or []:
        if isinstance(entry, dict):
            hooks.update({str(name): str(function) for name, function in entry.items()})
    return AppSpec(properties, hooks)


def invalid(why: str) -> DeploymentFailed:
    """INVALID_REVISION because of the AppSpec file."""
    return DeploymentFailed("INVALID_REVISION", f"The AppSpec file of the revision is not valid: {why}.")
