# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what codedeploy_auto_rollback of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_codedeploy_auto_rollback" {
  statement {
    sid = "Least"

    actions = [
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:UpdateDeploymentGroup",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Checks"

    actions = [
      "cloudwatch:DescribeAlarms",
      "sns:GetTopicAttributes",
    ]

    resources = ["*"]
  }
}
