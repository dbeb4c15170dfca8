# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The permissions that a rollback of an ECS service uses, and what it costs to lack one. Pure.

The table in docs/permissions.md shows the same; a unit test compares them.
"""

from __future__ import annotations

import typing as t

# Without it: a rollback is refused; it works but knows or does less; or one option does not work.
Weight = t.Literal["required", "lesser", "option"]


class Permission(t.NamedTuple):
    """One permission. ``purpose`` is what it is for, ``cost`` what happens without it: clauses without a full stop."""

    action: str
    weight: Weight
    purpose: str
    cost: str


_NOT_LOOKED_AT: t.Final = "the check says that it does not know, and the rollback goes on"
_SCALING: t.Final = "auto scaling cannot be suspended for a rollback"

TABLE: t.Final[t.Sequence[Permission]] = (
    Permission(
        "ecs:DescribeServices",
        "required",
        "all of it",
        "nothing is known of the service, and its rollback is refused",
    ),
    Permission(
        "ecs:ListServiceDeployments",
        "required",
        "which versions ran, and which of them were good",
        "there is no history: a rollback is refused, unless it names a revision, or its fallback is "
        "previous_registered, which goes by revision numbers and proves nothing",
    ),
    Permission(
        "ecs:DescribeServiceRevisions",
        "required",
        "which version a deployment deployed, and with which images",
        "there is no history: a rollback is refused, unless it names a revision, or its fallback is "
        "previous_registered, which goes by revision numbers and proves nothing",
    ),
    Permission(
        "ecs:DescribeServiceDeployments",
        "lesser",
        "whether a deployment ran any task, where it went back to, and whether it waits at a PAUSE hook",
        "versions are judged by the list of deployments alone",
    ),
    Permission(
        "ecs:DescribeTaskDefinition",
        "required",
        "marks, images, and whether a version can be deployed",
        "a rollback is refused",
    ),
    Permission("ecs:UpdateService", "required", "the rollback itself", "AWS refuses the rollback"),
    Permission(
        "ecs:StopServiceDeployment",
        "lesser",
        "ECS's own way back, while the bad deployment is running",
        "a rollback is refused while a deployment is running, unless in_flight is supersede",
    ),
    Permission(
        "ecs:ContinueServiceDeployment",
        "lesser",
        "ECS's own way back from a PAUSE hook, and answering one with fast",
        "a rollback is refused while a deployment waits at a PAUSE hook, unless in_flight is supersede",
    ),
    Permission(
        "iam:PassRole",
        "required",
        "deploying a task definition that names roles",
        "AWS refuses the rollback to a version that names a role",
    ),
    Permission(
        "ecs:TagResource",
        "lesser",
        "the record before the write, and the marks",
        "nothing is recorded or marked: the next run has only AWS's own record to go by, and undo is not possible",
    ),
    Permission(
        "ecs:UntagResource",
        "lesser",
        "taking a mark or the record of a refused write away",
        "the mark of a version stays after an undo, and so does the record of a write that AWS refused",
    ),
    Permission(
        "ecs:RegisterTaskDefinition",
        "lesser",
        "pinning a version whose image tag has moved, or, with checks: warn, that the registry lacks",
        "a version whose tag has moved cannot be deployed with the image that was good",
    ),
    Permission(
        "ecr:DescribeImages",
        "lesser",
        "whether the image is still there, and still the one that was good",
        _NOT_LOOKED_AT,
    ),
    Permission(
        "ecr:BatchGetImage",
        "lesser",
        "whether a tag with another digest still names the same image, by the index of an image for many platforms",
        "an image for many platforms can look as if its tag had moved, and is pinned",
    ),
    Permission(
        "tag:GetResources",
        "lesser",
        "more than ten services: reading barriers and marks in bulk",
        "each version is read by itself, which takes longer",
    ),
    Permission(
        "tag:TagResources",
        "lesser",
        "more than ten services: recording in bulk that they are done",
        "each service is tagged by itself, which takes longer",
    ),
    Permission(
        "servicequotas:GetServiceQuota",
        "lesser",
        "more than fifty services: the account's own request quotas",
        "requests are paced by the quotas that AWS publishes",
    ),
    Permission("ecs:ListTasks", "lesser", "why tasks stop", "a failure is reported without the reasons of the tasks"),
    Permission(
        "ecs:DescribeTasks", "lesser", "why tasks stop", "a failure is reported without the reasons of the tasks"
    ),
    Permission("ecs:GetTaskProtection", "lesser", "tasks that are protected from scale-in", _NOT_LOOKED_AT),
    Permission("cloudwatch:DescribeAlarms", "lesser", "alarms that fire already", _NOT_LOOKED_AT),
    Permission("cloudformation:DescribeStacks", "lesser", "a stack that is at work", _NOT_LOOKED_AT),
    Permission(
        "elasticloadbalancing:DescribeRules", "lesser", "where production listener rules send traffic", _NOT_LOOKED_AT
    ),
    Permission(
        "elasticloadbalancing:DescribeListeners", "lesser", "where production listeners send traffic", _NOT_LOOKED_AT
    ),
    Permission(
        "elasticloadbalancing:DescribeTargetHealth",
        "lesser",
        "the health of targets, for wait_until: serving",
        "whether targets are healthy is not known",
    ),
    Permission("ssm:GetParameters", "lesser", "parameters that the version names", _NOT_LOOKED_AT),
    Permission("secretsmanager:DescribeSecret", "lesser", "secrets that the version names", _NOT_LOOKED_AT),
    Permission("iam:GetRole", "lesser", "roles that the version names", _NOT_LOOKED_AT),
    Permission("logs:DescribeLogGroups", "lesser", "log groups that the version names", _NOT_LOOKED_AT),
    Permission(
        "elasticfilesystem:DescribeFileSystems", "lesser", "file systems that the version names", _NOT_LOOKED_AT
    ),
    Permission(
        "elasticfilesystem:DescribeAccessPoints", "lesser", "access points that the version names", _NOT_LOOKED_AT
    ),
    Permission("s3:GetObject", "lesser", "environment files that the version names", _NOT_LOOKED_AT),
    Permission("s3:ListBucket", "lesser", "telling a missing environment file from a forbidden one", _NOT_LOOKED_AT),
    Permission(
        "application-autoscaling:DescribeScalableTargets",
        "lesser",
        "auto scaling, and the bounds of the task count",
        f"{_SCALING}, and whether something is still suspended is not known",
    ),
    Permission(
        "application-autoscaling:ListTagsForResource",
        "lesser",
        "the record of what is suspended",
        f"{_SCALING}, and whether something is still suspended is not known",
    ),
    Permission(
        "application-autoscaling:RegisterScalableTarget", "option", "suspend_auto_scaling, restore_scaling", _SCALING
    ),
    Permission(
        "application-autoscaling:TagResource",
        "option",
        "suspend_auto_scaling",
        "what a run suspends is not recorded, so that nobody can restore it if the run is killed",
    ),
    Permission(
        "application-autoscaling:UntagResource",
        "option",
        "suspend_auto_scaling, restore_scaling",
        "the record of what was suspended stays",
    ),
    Permission(
        "ecs:ListTaskDefinitions",
        "option",
        "fallback: previous_registered, which goes by the revisions of the family",
        "a rollback with that fallback is refused",
    ),
    Permission("ecs:DeregisterTaskDefinition", "option", "deregister", "the version that was left is not deregistered"),
    Permission("ecs:ListClusters", "option", "deregister, and status of all clusters", "neither is possible"),
    Permission("ecs:ListServices", "option", "deregister, and status of a whole cluster", "neither is possible"),
    Permission("sns:Publish", "option", "notify_topic_arn", "nobody is notified"),
    Permission(
        "iam:SimulatePrincipalPolicy",
        "option",
        "status: asking IAM what the identity may write",
        "status knows only of the permissions that reading needs",
    ),
    Permission(
        "codedeploy:BatchGetDeploymentGroups",
        "required",
        "services that CodeDeploy deploys: which deployment group they have",
        "a rollback is refused",
    ),
    Permission(
        "codedeploy:ListDeployments",
        "required",
        "services that CodeDeploy deploys: which versions ran, and which of them were good",
        "a rollback is refused",
    ),
    Permission(
        "codedeploy:BatchGetDeployments",
        "required",
        "services that CodeDeploy deploys: which versions ran, and which of them were good",
        "a rollback is refused",
    ),
    Permission(
        "codedeploy:GetApplicationRevision",
        "required",
        "services that CodeDeploy deploys: what a deployment deployed",
        "a deployment that does not say what it deployed is left out, and a rollback may be refused",
    ),
    Permission(
        "codedeploy:CreateDeployment",
        "required",
        "services that CodeDeploy deploys: the rollback itself",
        "AWS refuses the rollback",
    ),
    Permission(
        "codedeploy:GetDeploymentConfig",
        "required",
        "services that CodeDeploy deploys: CreateDeployment needs it, too",
        "AWS refuses the rollback",
    ),
    Permission(
        "codedeploy:RegisterApplicationRevision",
        "required",
        "services that CodeDeploy deploys: CreateDeployment needs it for an AppSpec file that is not on record yet",
        "AWS refuses the rollback",
    ),
    Permission(
        "codedeploy:BatchGetApplicationRevisions",
        "lesser",
        "services that CodeDeploy deploys: the AppSpec files of many deployments in one request",
        "each AppSpec file is read by itself",
    ),
    Permission(
        "codedeploy:ListApplications",
        "lesser",
        "services that CodeDeploy deploys: the deployment group, if none of its deployments made the present task set",
        "then no deployment group is found, and the rollback is refused",
    ),
    Permission(
        "codedeploy:ListDeploymentGroups",
        "lesser",
        "services that CodeDeploy deploys: the deployment group, if none of its deployments made the present task set",
        "then no deployment group is found, and the rollback is refused",
    ),
    Permission(
        "codedeploy:UpdateDeploymentGroup",
        "lesser",
        "services that CodeDeploy deploys: ignoring alarms that fire already, for one deployment",
        "AWS refuses the rollback while such an alarm is firing",
    ),
    Permission(
        "codedeploy:BatchGetDeploymentTargets",
        "lesser",
        "services that CodeDeploy deploys: how far a deployment got, and in which lifecycle event it failed",
        "a failure is reported without that",
    ),
    Permission(
        "s3:GetObjectVersion",
        "lesser",
        "services that CodeDeploy deploys: AppSpec files in a bucket with versions",
        "a deployment with such a file is left out, and a rollback may be refused",
    ),
    Permission(
        "codedeploy:StopDeployment",
        "lesser",
        "services that CodeDeploy deploys: going back while the bad deployment is running",
        "a rollback is refused while a deployment is running",
    ),
    Permission(
        "ecs:UpdateServicePrimaryTaskSet",
        "required",
        "services with the controller EXTERNAL: the rollback itself",
        "AWS refuses the rollback",
    ),
    Permission(
        "ecs:CreateTaskSet",
        "required",
        "services with the controller EXTERNAL: a task set of the version that was good",
        "a rollback is refused unless such a task set is still there",
    ),
    Permission(
        "ecs:UpdateTaskSet",
        "required",
        "services with the controller EXTERNAL: its share of the tasks",
        "a task set that is still there cannot be scaled up, and the rollback is refused",
    ),
    Permission(
        "ecs:DeleteTaskSet",
        "lesser",
        "services with the controller EXTERNAL: a task set that does not come up",
        "a task set that does not come up stays",
    ),
)
_BY_ACTION: t.Final = {permission.action: permission for permission in TABLE}


def of(action: str) -> Permission:
    """What is known of a permission, also of one that is not in the table."""
    return _BY_ACTION.get(action) or Permission(action, "lesser", "reading", "what it would tell is not known")
