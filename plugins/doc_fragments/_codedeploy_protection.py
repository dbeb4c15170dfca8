# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    # What a deployment group watches, and whom it notifies: codedeploy_auto_rollback and codedeploy_deployment_group.
    DOCUMENTATION = r"""
options:
  alarms:
    description:
      - Names of CloudWatch alarms. CodeDeploy stops a deployment when one of them goes into ALARM. Whether it rolls it
        back, too, is up to the event V(DEPLOYMENT_STOP_ON_ALARM).
      - They replace those that the deployment group has, and are watched unless O(alarms_enabled=false). An empty list
        takes them all away. Without it, they stay as they are.
      - The module warns of alarms that do not exist, and of alarms that are in ALARM now, since they stop each
        deployment at once.
    type: list
    elements: str
  alarms_enabled:
    description:
      - Whether the alarms are watched. V(false) keeps their names for later.
      - Without it, it becomes V(true) if O(alarms) names some and V(false) if it is empty, and otherwise stays as
        it is.
    type: bool
  ignore_poll_alarm_failure:
    description:
      - Whether a deployment goes on while CodeDeploy cannot read the alarms. AWS's own default is V(false), which stops
        it then.
    type: bool
  notifications:
    description:
      - Whom CodeDeploy notifies about what. Each one is a trigger of the deployment group, found by its name.
      - Other triggers of the deployment group are left alone, unless O(purge_notifications=true).
      - The module refuses topics that do not exist. It warns of topics that nobody has subscribed to, and of topics
        whose own policy keeps the group's role from publishing.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - Name of the trigger.
        type: str
        required: true
      topic_arn:
        description:
          - ARN of the SNS topic. Needed unless O(notifications[].state=absent).
        type: str
      events:
        description:
          - The events to notify about.
        type: list
        elements: str
        choices:
          - DeploymentStart
          - DeploymentSuccess
          - DeploymentFailure
          - DeploymentStop
          - DeploymentRollback
          - DeploymentReady
          - InstanceStart
          - InstanceSuccess
          - InstanceFailure
          - InstanceReady
        default:
          - DeploymentFailure
          - DeploymentRollback
      state:
        description:
          - V(absent) removes the trigger of this name.
        type: str
        choices:
          - present
          - absent
        default: present
  purge_notifications:
    description:
      - Whether triggers that O(notifications) does not name are removed. With an empty list they all are. Without
        O(notifications) nothing is removed.
    type: bool
    default: false
"""
