# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what restore_scaling of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_restore_scaling" {
  statement {
    sid = "LeastServices"

    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:ListTagsForResource",
      "application-autoscaling:RegisterScalableTarget",
    ]

    resources = ["*"]
  }

  statement {
    sid = "LeastServicesTags"

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
    sid = "LeastGroups"

    actions = [
      "autoscaling:CreateOrUpdateTags",
      "autoscaling:DeleteTags",
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeTags",
      "autoscaling:ResumeProcesses",
      "autoscaling:SuspendProcesses",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Checks"

    actions = [
      "ecs:DescribeClusters",
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
    sid = "Notify"

    actions = [
      "sns:Publish",
    ]

    resources = ["*"]
  }
}
