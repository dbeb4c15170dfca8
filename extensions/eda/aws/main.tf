# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# From ECS, CodeDeploy and CloudWatch to a queue that ansible-rulebook reads. docs/events.md explains it.

variable "queue_name" {
  type    = string
  default = "lastgood-deployments"
}

variable "alarm_names" {
  description = "The alarms that on_event_alarms maps to services. No others are sent."
  type        = list(string)
  default     = ["none"]
}

locals {
  patterns = {
    ecs        = <<-EOT
      {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change", "ECS Service Action", "ECS Hook State Change"],
        "detail": {
          "eventName": ["SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_IN_PROGRESS", "HOOK_AWAITING_ACTION"]
        }
      }
    EOT
    codedeploy = <<-EOT
      {
        "source": ["aws.codedeploy"],
        "detail-type": ["CodeDeploy Deployment State-change Notification"],
        "detail": {"state": ["FAILURE"]}
      }
    EOT
    alarms     = <<-EOT
      {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": ${jsonencode(var.alarm_names)}, "state": {"value": ["ALARM"]}}
      }
    EOT
  }
}

resource "aws_sqs_queue" "events" {
  name                    = var.queue_name
  sqs_managed_sse_enabled = true
  # An event that is older than on_event_max_age is not acted upon.
  message_retention_seconds = 3600
}

# What EventBridge could not put into the queue.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.queue_name}-undelivered"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
}

resource "aws_cloudwatch_event_rule" "events" {
  for_each      = local.patterns
  name          = "${var.queue_name}-${each.key}"
  event_pattern = each.value
}

resource "aws_cloudwatch_event_target" "events" {
  for_each = aws_cloudwatch_event_rule.events
  rule     = each.value.name
  arn      = aws_sqs_queue.events.arn
  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

data "aws_iam_policy_document" "events" {
  for_each = { events = aws_sqs_queue.events, undelivered = aws_sqs_queue.undelivered }
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [each.value.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in aws_cloudwatch_event_rule.events : rule.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "events" {
  for_each  = { events = aws_sqs_queue.events, undelivered = aws_sqs_queue.undelivered }
  queue_url = each.value.url
  policy    = data.aws_iam_policy_document.events[each.key].json
}

# For the identity that ansible-rulebook runs with. What the rollback itself needs is in docs/permissions.md.
data "aws_iam_policy_document" "read_the_queue" {
  statement {
    actions   = ["sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [aws_sqs_queue.events.arn]
  }
}

resource "aws_iam_policy" "read_the_queue" {
  name   = "${var.queue_name}-read"
  policy = data.aws_iam_policy_document.read_the_queue.json
}

output "queue_url" {
  value = aws_sqs_queue.events.url
}
