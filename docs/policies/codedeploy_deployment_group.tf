# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what codedeploy_deployment_group of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_codedeploy_deployment_group" {
  statement {
    sid = "Least"

    actions = [
      "codedeploy:GetApplication",
      "codedeploy:GetDeploymentGroup",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Checks"

    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "cloudwatch:DescribeAlarms",
      "codedeploy:GetDeploymentConfig",
      "sns:GetTopicAttributes",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ChecksInCluster"

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
    sid = "Change"

    actions = [
      "codedeploy:CreateApplication",
      "codedeploy:CreateDeploymentGroup",
      "codedeploy:UpdateDeploymentGroup",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ChangePassRole"

    actions = [
      "iam:PassRole",
    ]

    resources = ["arn:*:iam::*:role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["codedeploy.amazonaws.com"]
    }
  }

  statement {
    sid = "Tags"

    actions = [
      "codedeploy:ListTagsForResource",
      "codedeploy:TagResource",
      "codedeploy:UntagResource",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Delete"

    actions = [
      "codedeploy:DeleteApplication",
      "codedeploy:DeleteDeploymentGroup",
      "codedeploy:ListDeploymentGroups",
    ]

    resources = ["*"]
  }
}
