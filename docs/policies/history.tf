# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what history of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_history" {
  statement {
    sid = "LeastInCluster"

    actions = [
      "ecs:DescribeServiceDeployments",
      "ecs:DescribeServiceRevisions",
      "ecs:DescribeServices",
      "ecs:ListServiceDeployments",
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
    sid = "LeastCodeDeploy"

    actions = [
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:BatchGetDeployments",
      "codedeploy:GetApplicationRevision",
      "codedeploy:ListDeployments",
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
    sid = "LeastExternal"

    actions = [
      "ecs:DescribeTaskDefinition",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Images"

    actions = [
      "ecr:BatchGetImage",
      "ecr:DescribeImages",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Checks"

    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "cloudformation:DescribeStacks",
      "cloudwatch:DescribeAlarms",
      "elasticfilesystem:DescribeAccessPoints",
      "elasticfilesystem:DescribeFileSystems",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeRules",
      "iam:GetRole",
      "logs:DescribeLogGroups",
      "s3:GetObject",
      "s3:ListBucket",
      "secretsmanager:DescribeSecret",
      "ssm:GetParameters",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ChecksInCluster"

    actions = [
      "ecs:GetTaskProtection",
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
    sid = "Fallback"

    actions = [
      "ecs:ListTaskDefinitions",
    ]

    resources = ["*"]
  }

  statement {
    sid = "CodeDeployMore"

    actions = [
      "codedeploy:BatchGetApplicationRevisions",
      "codedeploy:ListApplications",
      "codedeploy:ListDeploymentGroups",
      "s3:GetObject",
      "s3:GetObjectVersion",
    ]

    resources = ["*"]
  }
}
