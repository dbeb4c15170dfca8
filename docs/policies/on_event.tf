# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# dev/permissions.py writes this: what on_event of lastgood.aws needs, see docs/permissions.md.

data "aws_iam_policy_document" "lastgood_on_event" {
  statement {
    sid = "LeastInCluster"

    actions = [
      "ecs:DescribeServiceDeployments",
      "ecs:DescribeServiceRevisions",
      "ecs:DescribeServices",
      "ecs:ListServiceDeployments",
      "ecs:ListServices",
      "ecs:StopServiceDeployment",
      "ecs:UpdateService",
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
    sid = "LeastPassRole"

    actions = [
      "iam:PassRole",
    ]

    resources = ["arn:*:iam::*:role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]
    }
  }

  statement {
    sid = "LeastCodeDeploy"

    actions = [
      "codedeploy:BatchGetDeploymentGroups",
      "codedeploy:BatchGetDeployments",
      "codedeploy:CreateDeployment",
      "codedeploy:GetApplicationRevision",
      "codedeploy:GetDeploymentConfig",
      "codedeploy:ListDeployments",
      "codedeploy:RegisterApplicationRevision",
      "codedeploy:StopDeployment",
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
      "ecs:CreateTaskSet",
      "ecs:DescribeServices",
      "ecs:UpdateServicePrimaryTaskSet",
      "ecs:UpdateTaskSet",
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
    sid = "LeastExternalPassRole"

    actions = [
      "iam:PassRole",
    ]

    resources = ["arn:*:iam::*:role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]
    }
  }

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
    sid = "HooksInCluster"

    actions = [
      "ecs:ContinueServiceDeployment",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "RecordsTags"

    actions = [
      "ecs:TagResource",
      "ecs:UntagResource",
    ]

    resources = ["*"]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "aws:TagKeys"
      values   = ["lastgood:*"]
    }
  }

  statement {
    sid = "Images"

    actions = [
      "ecr:BatchGetImage",
      "ecr:DescribeImages",
      "ecs:RegisterTaskDefinition",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ImagesAtCreation"

    actions = [
      "ecs:TagResource",
    ]

    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RegisterTaskDefinition"]
    }
  }

  statement {
    sid = "Checks"

    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "autoscaling:DescribeAutoScalingGroups",
      "cloudformation:DescribeStacks",
      "cloudwatch:DescribeAlarms",
      "codedeploy:BatchGetApplicationRevisions",
      "codedeploy:BatchGetDeploymentTargets",
      "codedeploy:BatchGetOnPremisesInstances",
      "codedeploy:ListDeploymentTargets",
      "codedeploy:UpdateDeploymentGroup",
      "ec2:DescribeInstances",
      "elasticfilesystem:DescribeAccessPoints",
      "elasticfilesystem:DescribeFileSystems",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeRules",
      "iam:GetRole",
      "lambda:GetAlias",
      "lambda:GetFunctionConfiguration",
      "logs:DescribeLogGroups",
      "s3:GetObject",
      "s3:GetObjectVersion",
      "s3:ListBucket",
      "s3:ListBucketVersions",
      "secretsmanager:DescribeSecret",
      "ssm:GetParameters",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ChecksInCluster"

    actions = [
      "ecs:DescribeServices",
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
    sid = "Reasons"

    actions = [
      "codedeploy:BatchGetDeploymentTargets",
      "codedeploy:ListDeploymentTargets",
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
    sid = "Fallback"

    actions = [
      "ecs:ListTaskDefinitions",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ManyServices"

    actions = [
      "servicequotas:GetServiceQuota",
      "tag:GetResources",
      "tag:TagResources",
    ]

    resources = ["*"]
  }

  statement {
    sid = "CodeDeployMore"

    actions = [
      "codedeploy:BatchGetApplicationRevisions",
      "codedeploy:ListApplications",
      "codedeploy:ListDeploymentGroups",
      "codedeploy:UpdateDeploymentGroup",
      "s3:GetObject",
      "s3:GetObjectVersion",
    ]

    resources = ["*"]
  }

  statement {
    sid = "ExternalMoreInCluster"

    actions = [
      "ecs:DeleteTaskSet",
    ]

    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "ecs:cluster"
      values   = ["arn:*:ecs:*:*:cluster/*"]
    }
  }

  statement {
    sid = "Deregister"

    actions = [
      "ecs:DeregisterTaskDefinition",
      "ecs:ListClusters",
    ]

    resources = ["*"]
  }

  statement {
    sid = "DeregisterInCluster"

    actions = [
      "ecs:DescribeTasks",
      "ecs:ListServices",
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

  statement {
    sid = "Switch"

    actions = [
      "ssm:GetParameter",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Permissions"

    actions = [
      "iam:SimulatePrincipalPolicy",
    ]

    resources = ["*"]
  }

  statement {
    sid = "Clusters"

    actions = [
      "ecs:ListClusters",
    ]

    resources = ["*"]
  }
}
