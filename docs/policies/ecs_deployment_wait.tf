# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what ecs_deployment_wait of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_ecs_deployment_wait" {
  statement {
    sid = "LeastInCluster"

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
    sid = "LeastCodeDeploy"

    actions = [
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:BatchGetDeployments",
      "codedeploy:ListDeployments",
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
    sid = "ChecksInCluster"

    actions = [
      "ecs:DescribeServiceDeployments",
      "ecs:DescribeServiceRevisions",
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
      "codedeploy:GetApplicationRevision",
      "codedeploy:ListApplications",
      "codedeploy:ListDeploymentGroups",
    ]

    resources = ["*"]
  }
}
