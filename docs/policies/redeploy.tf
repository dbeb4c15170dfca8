# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what redeploy of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_redeploy" {
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
      "codedeploy:BatchGetDeploymentTargets",
      "codedeploy:BatchGetOnPremisesInstances",
      "codedeploy:ListDeploymentTargets",
      "codedeploy:UpdateDeploymentGroup",
      "ec2:DescribeInstances",
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

  statement {
    sid = "AutoScaling"

    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:ListTagsForResource",
      "application-autoscaling:RegisterScalableTarget",
      "autoscaling:CreateOrUpdateTags",
      "autoscaling:DeleteTags",
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeTags",
      "autoscaling:ResumeProcesses",
      "autoscaling:SuspendProcesses",
      "ecs:DescribeClusters",
    ]

    resources = ["*"]
  }

  statement {
    sid = "AutoScalingTags"

    actions = [
      "application-autoscaling:TagResource",
      "application-autoscaling:UntagResource",
    ]

    resources = ["*"]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "aws:TagKeys"
      values   = ["lastgood:*"]
    }
  }

  statement {
    sid = "AutoScalingInCluster"

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
    sid = "Notify"

    actions = [
      "sns:Publish",
    ]

    resources = ["*"]
  }
}
