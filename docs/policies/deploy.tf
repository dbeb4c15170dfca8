# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what deploy of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_deploy" {
  statement {
    sid = "LeastInCluster"

    actions = [
      "ecs:DescribeServices",
      "ecs:UpdateService",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "Least"

    actions = [
      "ecs:DescribeTaskDefinition",
    ]

    resources = ["*"]
  }

  statement {
    sid = "LeastPassRole"

    actions = [
      "iam:PassRole",
    ]

    resources = ["arn:*:iam::*:role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]
    }
  }

  statement {
    sid = "LeastCodeDeploy"

    actions = [
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:BatchGetDeployments",
      "codedeploy:CreateDeployment",
      "codedeploy:GetApplicationRevision",
      "codedeploy:GetDeploymentConfig",
      "codedeploy:ListDeployments",
      "codedeploy:RegisterApplicationRevision",
      "codedeploy:StopDeployment",
      "ecs:DescribeTaskDefinition",
    ]

    resources = ["*"]
  }

  statement {
    sid = "LeastCodeDeployInCluster"

    actions = [
      "ecs:DescribeServices",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "LeastExternalInCluster"

    actions = [
      "ecs:CreateTaskSet",
      "ecs:DeleteTaskSet",
      "ecs:DescribeServices",
      "ecs:UpdateServicePrimaryTaskSet",
      "ecs:UpdateTaskSet",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "LeastExternal"

    actions = [
      "ecs:DescribeTaskDefinition",
    ]

    resources = ["*"]
  }

  statement {
    sid = "LeastExternalPassRole"

    actions = [
      "iam:PassRole",
    ]

    resources = ["arn:*:iam::*:role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]
    }
  }

  statement {
    sid = "GoBackInCluster"

    actions = [
      "ecs:DescribeServiceDeployments",
      "ecs:DescribeServiceRevisions",
      "ecs:ListServiceDeployments",
      "ecs:StopServiceDeployment",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "RecordsTags"

    actions = [
      "ecs:TagResource",
      "ecs:UntagResource",
    ]

    resources = ["*"]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "aws:TagKeys"
      values   = ["lastgood:*"]
    }
  }

  statement {
    sid = "Checks"

    actions = [
      "cloudwatch:DescribeAlarms",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ChecksInCluster"

    actions = [
      "ecs:GetTaskProtection",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "Reasons"

    actions = [
      "codedeploy:BatchGetDeploymentTargets",
      "elasticloadbalancing:DescribeTargetHealth",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ReasonsInCluster"

    actions = [
      "ecs:DescribeTasks",
      "ecs:ListTasks",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "CodeDeployMore"

    actions = [
      "codedeploy:BatchGetApplicationRevisions",
      "codedeploy:ListApplications",
      "codedeploy:ListDeploymentGroups",
      "codedeploy:UpdateDeploymentGroup",
      "s3:GetObject",
      "s3:GetObjectVersion",
    ]

    resources = ["*"]
  }
}
