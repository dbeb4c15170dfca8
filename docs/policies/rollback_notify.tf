# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what rollback_notify of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_rollback_notify" {
  statement {
    sid = "Least"

    actions = [
      "sns:Publish",
    ]

    resources = ["*"]
  }
}
