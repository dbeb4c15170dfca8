# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a service deployment ran any task. Pure.

A deployment of a service that is scaled to zero ends SUCCESSFUL at once and proves nothing. Two things tell:

* An image digest on record: ECS finds it out with the first task that it starts, even if the service is scaled up after
  the deployment has ended (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html,
  container image resolution).
* The number of tasks that were wanted, ``requestedTaskCount``. ListServiceDeployments does not tell it, only
  DescribeServiceDeployments does (ServiceDeploymentBrief and ServiceRevisionSummary in botocore's model).
"""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Revision, ServiceDeployment


def ran_none(deployment: ServiceDeployment) -> bool:
    """It ended SUCCESSFUL without a task."""
    return _told_by_its_end(deployment) and deployment.requested_tasks == 0


def is_not_told(deployment: ServiceDeployment) -> bool:
    """It ended SUCCESSFUL, and only describing it can show whether it ran a task."""
    return _told_by_its_end(deployment) and deployment.requested_tasks is None


def ran_some(deployment: ServiceDeployment) -> bool:
    """Whether it, or what it replaced, ran a task; also true if that is not known."""
    revisions = [deployment.target, *deployment.sources]
    return any(_resolved(r) for r in revisions) or bool(deployment.requested_tasks) or is_not_told(deployment)


def went_back_without(deployment: ServiceDeployment) -> bool:
    """ECS rolled it back while the service was scaled to zero, so that what it went back to is not proved by that."""
    back = deployment.rolled_back_to
    return back is not None and not _resolved(back) and deployment.tasks_back == 0


def _told_by_its_end(deployment: ServiceDeployment) -> bool:
    # CodeDeploy has no such record: there the task sets have to do.
    ecs = deployment.by == "ECS" and not deployment.proof
    return ecs and deployment.status == "SUCCESSFUL" and not _resolved(deployment.target)


def _resolved(revision: Revision) -> bool:
    return bool(revision.digests)
