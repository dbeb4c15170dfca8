# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what codedeploy_redeploy of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_codedeploy_redeploy" {
  statement {
    sid = "LeastRedeploy"

    actions = [
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:BatchGetDeployments",
      "codedeploy:CreateDeployment",
      "codedeploy:GetApplicationRevision",
      "codedeploy:GetDeploymentConfig",
      "codedeploy:ListDeployments",
      "codedeploy:RegisterApplicationRevision",
      "codedeploy:StopDeployment",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Checks"

    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "cloudwatch:DescribeAlarms",
      "codedeploy:BatchGetApplicationRevisions",
      "codedeploy:UpdateDeploymentGroup",
      "lambda:GetAlias",
      "lambda:GetFunctionConfiguration",
      "s3:GetObject",
      "s3:GetObjectVersion",
      "s3:ListBucketVersions",
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
    sid = "Reasons"

    actions = [
      "codedeploy:BatchGetDeploymentTargets",
      "codedeploy:ListDeploymentTargets",
    ]

    resources = ["*"]
  }
}
