#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_auto_rollback
short_description: Set when CodeDeploy itself rolls back a deployment, and whom it notifies
version_added: 1.0.0
description:
  - Sets the automatic rollback, the alarms and the notifications of deployment groups, on any compute platform.
  - What is not given stays as it is, and so does everything else in the deployment group. The change starts no
    deployment.
  - All deployment groups are validated before the first of them is changed. Nothing is changed if one of them is
    refused.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._codedeploy_protection
attributes:
  check_mode:
    support: full
    details:
      - Reads as always, writes nothing, and returns RV(deployment_groups[].outcome=planned) if something would be
        written.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Nothing is written if the settings already amount to what is asked for. The order of events, of alarms and of
        notifications means nothing.
options:
  application:
    description:
      - Name of the application that the deployment groups belong to.
    type: str
    required: true
  deployment_group:
    description:
      - Names of the deployment groups, all of one application.
      - An empty list is refused, so that a typo in an inventory does not look like success.
    type: list
    elements: str
    required: true
    aliases:
      - deployment_groups
  enabled:
    description:
      - Whether CodeDeploy rolls a deployment back by itself, when one of the O(events) happens. It deploys the revision
        of the group's last successful deployment again, as a new deployment with an id of its own.
      - A single deployment can override this when it is created, for example by
        O(lastgood.aws.codedeploy_redeploy#module:rollback_events).
    type: bool
  events:
    description:
      - On which events it rolls back. They replace those that the deployment group has.
      - Without it, they stay as they are. If O(enabled=true) is given and the deployment group has none, they become
        V(DEPLOYMENT_FAILURE), and V(DEPLOYMENT_STOP_ON_ALARM) if alarms are watched.
      - V(DEPLOYMENT_STOP_ON_ALARM) is refused if no alarms would be watched. An empty list goes with
        O(enabled=false).
    type: list
    elements: str
    choices:
      - DEPLOYMENT_FAILURE
      - DEPLOYMENT_STOP_ON_ALARM
      - DEPLOYMENT_STOP_ON_REQUEST
notes:
  - >-
    CodeDeploy publishes notifications with the service role of the deployment group, which needs C(sns:Publish), and
    reads alarms with it, which needs C(cloudwatch:DescribeAlarms). Topics and roles that were created a moment ago may
    not be known to CodeDeploy yet: see the last example.
  - >-
    CodeDeploy rolls back to the group's last successful deployment. Before there is one, a deployment that fails is not
    rolled back.
  - >-
    It needs the permissions C(codedeploy:BatchGetDeploymentGroups) and C(codedeploy:UpdateDeploymentGroup).
    C(cloudwatch:DescribeAlarms) is wanted for O(alarms) and C(sns:GetTopicAttributes) for O(notifications), but done
    without.
seealso:
  - module: lastgood.aws.codedeploy_redeploy
  - module: lastgood.aws.ecs_auto_rollback
  - name: Redeploy and roll back a deployment with CodeDeploy
    description: What an automatic rollback does.
    link: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
  - name: Configure advanced options for a deployment group
    description: Triggers, alarms and automatic rollbacks.
    link: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-groups-configure-advanced-options.html
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Roll back deployments that fail, and say so
  lastgood.aws.codedeploy_auto_rollback:
    application: shop
    deployment_group: prod
    enabled: true
    notifications:
      - name: on-call
        topic_arn: arn:aws:sns:eu-central-1:123456789012:on-call

- name: Roll back deployments that raise the error rate, too
  lastgood.aws.codedeploy_auto_rollback:
    application: shop
    deployment_groups:
      - prod-eu
      - prod-us
    enabled: true
    events:
      - DEPLOYMENT_FAILURE
      - DEPLOYMENT_STOP_ON_ALARM
    alarms:
      - shop-5xx
      - shop-latency

- name: Do without alarms for a while, and keep their names
  lastgood.aws.codedeploy_auto_rollback:
    application: shop
    deployment_group: prod
    alarms_enabled: false

- name: Tell this topic no longer, and leave the other triggers alone
  lastgood.aws.codedeploy_auto_rollback:
    application: shop
    deployment_group: prod
    notifications:
      - name: on-call
        state: absent

- name: Protect a deployment group right after it was created, in the same play
  lastgood.aws.codedeploy_auto_rollback:
    application: shop
    deployment_group: new
    enabled: true
    notifications:
      - name: on-call
        topic_arn: arn:aws:sns:eu-central-1:123456789012:on-call
  register: protected
  # The role's permission for the topic may take a moment to arrive if it was created a moment ago, too.
  until: protected is succeeded
  retries: 6
  delay: 10
"""

RETURN = r"""
deployment_groups:
  description: One entry for each deployment group, in the order in which they were asked for.
  returned: when the deployment groups could be read
  type: list
  elements: dict
  contains:
    deployment_group:
      description: Name of the deployment group.
      returned: always
      type: str
      sample: prod
    application:
      description: The application as it was given.
      returned: always
      type: str
      sample: shop
    outcome:
      description:
        - How it ended.
        - V(unchanged) means that the settings were as asked already, V(updated) that they are now.
        - V(planned) means that they would be changed, were this not check mode.
        - V(refused) means that this cannot be done for this deployment group, RV(deployment_groups[].reason) says why.
        - V(not_attempted) means that nothing was written, because another deployment group was refused.
        - V(failed) means that AWS did not accept the change, or does not show it.
      returned: always
      type: str
      sample: updated
    changed:
      description:
        - Whether settings were changed, or would be in check mode.
        - V(true), too, if AWS did not answer a write, so that nobody knows.
      returned: always
      type: bool
      sample: true
    before:
      description: The settings that were read.
      returned: always, null if there is no such deployment group
      type: dict
      contains: &settings
        enabled:
          description: Whether CodeDeploy rolls back by itself.
          returned: always
          type: bool
          sample: true
        events:
          description: On which events.
          returned: always
          type: list
          elements: str
          sample:
            - DEPLOYMENT_FAILURE
        alarms_enabled:
          description: Whether the alarms are watched.
          returned: always
          type: bool
          sample: true
        alarms:
          description: Names of the alarms.
          returned: always
          type: list
          elements: str
          sample:
            - shop-5xx
        ignore_poll_alarm_failure:
          description: Whether a deployment goes on while the alarms cannot be read.
          returned: always
          type: bool
          sample: false
        notifications:
          description: All triggers of the deployment group, also those that other people have made.
          returned: always
          type: list
          elements: dict
          contains:
            name:
              description: Name of the trigger.
              returned: always
              type: str
              sample: on-call
            topic_arn:
              description: ARN of the SNS topic.
              returned: always
              type: str
              sample: arn:aws:sns:eu-central-1:123456789012:on-call
            events:
              description: What is told.
              returned: always
              type: list
              elements: str
              sample:
                - DeploymentFailure
                - DeploymentRollback
    after:
      description: The settings that AWS shows afterwards, or that would be there after check mode.
      returned: >-
        always, null if there is no such deployment group, if AWS did not answer a write, and if the settings
        could not be read afterwards
      type: dict
      contains: *settings
    reason:
      description: What was changed, or what kept it from being changed, for people.
      returned: always
      type: str
      sample: "automatic rollback on DEPLOYMENT_FAILURE; alarms on: shop-5xx"
    findings:
      description: What was noticed. Each finding of the severity V(warn) is shown as a warning, too.
      returned: always
      type: list
      elements: dict
      contains:
        check:
          description: What was checked.
          returned: always
          type: str
          sample: notifications
        severity:
          description: V(block), V(warn), V(info), or V(unknown) for what could not be found out.
          returned: always
          type: str
          sample: warn
        message:
          description: What was found.
          returned: always
          type: str
          sample: >-
            topic arn:aws:sns:eu-central-1:123456789012:on-call has no confirmed subscription (1 not confirmed yet), so
            nobody is notified
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: when the options are valid
  type: dict
  sample:
    BatchGetDeploymentGroups: 2
    GetTopicAttributes: 1
    UpdateDeploymentGroup: 1
"""

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import (
    auto_rollback,
    auto_rollback_act,
    protection,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "application": {"type": "str", "required": True},
    "deployment_group": {"type": "list", "elements": "str", "required": True, "aliases": ["deployment_groups"]},
    **protection.SPEC,
}


def main() -> None:
    """Set what differs, and tell how each deployment group ended."""
    module = LastgoodAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    params = module.params
    try:
        names = auto_rollback.group_names(params)
        wanted = auto_rollback.wish(params)
    except auto_rollback.BadRequest as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    aws = Aws(module.client, make_beside_client=module.beside_client)
    try:
        plans = auto_rollback_act.plan(aws, params["application"], names, wanted)
    except (AwsCallError, IncompleteAnswerError) as exc:
        module.fail_json(msg=f"{exc.explain().rstrip('.')}. Nothing was changed.", api_calls=aws.api_calls)
    results = auto_rollback_act.act(aws, plans, module.check_mode, progress.say)
    module.report("deployment_groups", results, aws.api_calls, auto_rollback_act.summary)


if __name__ == "__main__":
    main()
