# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what ecs_revision_mark of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_ecs_revision_mark" {
  statement {
    sid = "Least"

    actions = [
      "ecs:DescribeTaskDefinition",
    ]

    resources = ["*"]
  }

  statement {
    sid = "LeastTags"

    actions = [
      "ecs:TagResource",
    ]

    resources = ["*"]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "aws:TagKeys"
      values   = ["lastgood:*"]
    }
  }

  statement {
    sid = "RemoveTags"

    actions = [
      "ecs:UntagResource",
    ]

    resources = ["*"]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "aws:TagKeys"
      values   = ["lastgood:*"]
    }
  }
}
