#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_deployment_group
short_description: Create, change or delete a CodeDeploy deployment group, with its automatic rollback
version_added: 1.0.0
description:
  - Creates a deployment group with its application, or changes one, so that automatic rollback, alarms and
    notifications are set from its first deployment on.
  - What is not given stays as it is. A list that is given replaces the one that is there, and an empty list takes
    everything away. The change starts no deployment.
  - Everything is checked before the first write, as far as it can be read.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - amazon.aws.tags
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._codedeploy_protection
attributes:
  check_mode:
    support: full
    details:
      - Reads as always, writes nothing, and returns RV(outcome=planned) if something would be written.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Nothing is written if the deployment group already is as asked. The order of lists means nothing.
options:
  application:
    description:
      - Name of the application. It is created if it does not exist.
    type: str
    required: true
  deployment_group:
    description:
      - Name of the deployment group.
    type: str
    required: true
  state:
    description:
      - V(absent) deletes the deployment group. What its deployments installed stays on the instances.
      - A deployment group whose deployment has not ended is not deleted.
    type: str
    choices:
      - present
      - absent
    default: present
  compute_platform:
    description:
      - The compute platform of the application if it has to be created, V(Server) by default. That of an existing one
        cannot be changed.
    type: str
    choices:
      - Server
      - Lambda
      - ECS
  delete_application:
    description:
      - With O(state=absent), delete the application too. Refused if it has other deployment groups.
    type: bool
    default: false
  service_role:
    description:
      - ARN of the IAM role that CodeDeploy works with. Needed to create a deployment group.
    type: str
    aliases:
      - service_role_arn
  deployment_config:
    description:
      - Name of the deployment configuration. The default of a new group is AWS's own.
    type: str
  deployment_type:
    description:
      - Whether it deploys in place or blue/green. Only V(BLUE_GREEN) on the platforms Lambda and ECS.
    type: str
    choices:
      - IN_PLACE
      - BLUE_GREEN
  traffic_control:
    description:
      - Whether a load balancer takes the traffic from instances that are deployed to.
    type: bool
  ec2_tags:
    description:
      - Deploy to EC2 instances that have any one of these tags. At most one of O(ec2_tags) and O(ec2_tag_sets).
    type: list
    elements: dict
    suboptions:
      key:
        description:
          - Name of the tag. Without O(ec2_tags[].value), any value counts.
        type: str
      value:
        description:
          - Value of the tag. Without O(ec2_tags[].key), a tag of any name counts.
        type: str
  ec2_tag_sets:
    description:
      - Deploy to EC2 instances that have one tag of each of these lists. Each is a list of tags as in O(ec2_tags).
    type: list
    elements: list
  on_premises_tags:
    description:
      - Deploy to on-premises instances that have any one of these tags. At most one of O(on_premises_tags) and
        O(on_premises_tag_sets).
    type: list
    elements: dict
    suboptions:
      key:
        description:
          - Name of the tag. Without O(on_premises_tags[].value), any value counts.
        type: str
      value:
        description:
          - Value of the tag. Without O(on_premises_tags[].key), a tag of any name counts.
        type: str
  on_premises_tag_sets:
    description:
      - Deploy to on-premises instances that have one tag of each of these lists.
    type: list
    elements: list
  auto_scaling_groups:
    description:
      - Names of Auto Scaling groups whose instances are deployed to.
    type: list
    elements: str
  ecs_service:
    description:
      - The ECS service that is deployed. Its deployment controller must be CODE_DEPLOY.
    type: dict
    suboptions:
      cluster:
        description:
          - Name of the cluster.
        type: str
        default: default
      service:
        description:
          - Name of the service.
        type: str
        required: true
  load_balancer:
    description:
      - What balances the traffic. It replaces what is there.
    type: dict
    suboptions:
      target_groups:
        description:
          - Names of target groups. On the platform ECS, a pair.
        type: list
        elements: str
      classic_load_balancers:
        description:
          - Names of Classic Load Balancers. Only on the platform Server.
        type: list
        elements: str
      listeners:
        description:
          - ARNs of the listeners of the production traffic. Only on the platform ECS, which needs one.
        type: list
        elements: str
      test_listeners:
        description:
          - ARNs of the listeners of the test traffic. Only on the platform ECS.
        type: list
        elements: str
  blue_green:
    description:
      - Settings of blue/green deployments. Suboptions that are not given stay as they are.
    type: dict
    suboptions:
      original:
        description:
          - What happens to the original instances or tasks after a successful deployment.
        type: str
        choices:
          - terminate
          - keep
      termination_wait:
        description:
          - How many minutes they are kept before they are terminated, at most V(2880). While they are there, a
            rollback takes seconds.
        type: int
      when_ready:
        description:
          - Whether the traffic is shifted as soon as the replacement is ready, or somebody has to continue the
            deployment. It is stopped if nobody does within O(blue_green.ready_wait).
        type: str
        choices:
          - continue
          - wait
      ready_wait:
        description:
          - How many minutes a deployment waits to be continued.
        type: int
      new_instances:
        description:
          - Where the replacement instances come from. V(copy) makes a new Auto Scaling group like the original one.
            Only on the platform Server.
        type: str
        choices:
          - discover
          - copy
  outdated_instances:
    description:
      - Whether instances that are launched while a deployment runs are brought up to date after it.
    type: str
    choices:
      - update
      - ignore
  termination_hook:
    description:
      - Whether CodeDeploy runs the scripts of ApplicationStop, and those around the traffic, when an Auto Scaling group
        terminates an instance.
    type: bool
  auto_rollback:
    description:
      - Whether CodeDeploy rolls a deployment back by itself, as
        O(lastgood.aws.codedeploy_auto_rollback#module:enabled).
    type: bool
  auto_rollback_events:
    description:
      - On which events it does, as O(lastgood.aws.codedeploy_auto_rollback#module:events).
    type: list
    elements: str
    choices:
      - DEPLOYMENT_FAILURE
      - DEPLOYMENT_STOP_ON_ALARM
      - DEPLOYMENT_STOP_ON_REQUEST
notes:
  - >-
    It needs C(codedeploy:GetApplication), C(codedeploy:GetDeploymentGroup), C(codedeploy:CreateApplication),
    C(codedeploy:CreateDeploymentGroup), C(codedeploy:UpdateDeploymentGroup) and C(iam:PassRole) for the service role,
    for O(tags) also C(codedeploy:ListTagsForResource), C(codedeploy:TagResource) and C(codedeploy:UntagResource), and
    for O(state=absent) C(codedeploy:DeleteDeploymentGroup), C(codedeploy:ListDeploymentGroups) and
    C(codedeploy:DeleteApplication). What is only read to check the options beforehand may be denied.
  - A service role that was created a moment ago may not be known to CodeDeploy yet. See the last example.
seealso:
  - module: lastgood.aws.codedeploy_auto_rollback
  - module: lastgood.aws.codedeploy_redeploy
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Instances that have a tag, rolled back on failure and on an alarm from the first deployment on
  lastgood.aws.codedeploy_deployment_group:
    application: shop
    deployment_group: prod
    service_role: arn:aws:iam::123456789012:role/codedeploy
    ec2_tags:
      - key: app
        value: shop
    deployment_config: CodeDeployDefault.HalfAtATime
    auto_rollback: true
    auto_rollback_events:
      - DEPLOYMENT_FAILURE
      - DEPLOYMENT_STOP_ON_ALARM
    alarms:
      - shop-5xx
    notifications:
      - name: on-call
        topic_arn: arn:aws:sns:eu-central-1:123456789012:on-call
    tags:
      team: shop

- name: An ECS service that CodeDeploy deploys blue/green
  lastgood.aws.codedeploy_deployment_group:
    application: shop-ecs
    deployment_group: web
    compute_platform: ECS
    service_role: arn:aws:iam::123456789012:role/codedeploy
    ecs_service:
      cluster: prod
      service: web
    load_balancer:
      target_groups:
        - web-blue
        - web-green
      listeners:
        - arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/web/1/2
    blue_green:
      original: terminate
      termination_wait: 60
      when_ready: continue
    auto_rollback: true

- name: Blue/green with a copy of the Auto Scaling group
  lastgood.aws.codedeploy_deployment_group:
    application: shop
    deployment_group: green
    service_role: arn:aws:iam::123456789012:role/codedeploy
    auto_scaling_groups:
      - shop
    deployment_type: BLUE_GREEN
    traffic_control: true
    load_balancer:
      target_groups:
        - shop
    blue_green:
      original: terminate
      termination_wait: 30
      when_ready: continue
      new_instances: copy

- name: Change nothing but the configuration
  lastgood.aws.codedeploy_deployment_group:
    application: shop
    deployment_group: prod
    deployment_config: CodeDeployDefault.OneAtATime

- name: Delete the deployment group, and the application
  lastgood.aws.codedeploy_deployment_group:
    application: shop
    deployment_group: prod
    state: absent
    delete_application: true

- name: Right after the service role was created, in the same play
  lastgood.aws.codedeploy_deployment_group:
    application: shop
    deployment_group: prod
    service_role: "{{ role.iam_role.arn }}"
    ec2_tags:
      - key: app
        value: shop
  register: made
  until: made is succeeded
  retries: 6
  delay: 10
"""

RETURN = r"""
application:
  description: Name of the application.
  returned: when the options are valid
  type: str
  sample: shop
deployment_group:
  description: Name of the deployment group.
  returned: when the options are valid
  type: str
  sample: prod
outcome:
  description:
    - How it ended.
    - V(unchanged) means that it was as asked already, V(created), V(updated) and V(deleted) that it is now.
    - V(planned) means that something would be done, were this not check mode.
    - V(refused) means that this cannot be, and nothing was written. RV(reason) says why.
    - V(failed) means that AWS did not accept a change, or does not show it. RV(reason) says what was changed before.
  returned: when the options are valid
  type: str
  sample: created
reason:
  description: What was changed, or what kept it from being changed, for people.
  returned: when the options are valid
  type: str
  sample: application shop is created on Server; deployment group prod is created
before:
  description: The settings that were read, as GetDeploymentGroup shows them, in snake case.
  returned: when the options are valid, null if there was no such deployment group
  type: dict
  sample:
    deployment_config_name: CodeDeployDefault.OneAtATime
    service_role_arn: arn:aws:iam::123456789012:role/codedeploy
after:
  description: The settings that AWS shows afterwards, or in check mode those that would be sent, with what stays.
  returned: >-
    when the options are valid, null if there is no such deployment group then, or if it is not known what there is
  type: dict
  sample:
    auto_rollback_configuration:
      enabled: true
      events:
        - DEPLOYMENT_FAILURE
    deployment_config_name: CodeDeployDefault.HalfAtATime
    service_role_arn: arn:aws:iam::123456789012:role/codedeploy
deployment_group_id:
  description: Id of the deployment group, by which the agent on the instances knows it.
  returned: when the options are valid, null if there is none
  type: str
  sample: 1a2b3c4d-5e6f-7890-abcd-ef1234567890
findings:
  description: What was noticed. Each finding of the severity V(warn) or V(unknown) is shown as a warning, too.
  returned: when the options are valid
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
      sample: there is no alarm shop-5xx in this account and Region, so it cannot go off
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: when the options are valid
  type: dict
  sample:
    CreateApplication: 1
    CreateDeploymentGroup: 1
    GetApplication: 2
    GetDeploymentGroup: 1
"""

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import group, group_act
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.auto_rollback import BadRequest
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption


def main() -> None:
    """Do what differs, and tell how it ended."""
    module = LastgoodAWSModule(argument_spec=group.SPEC, mutually_exclusive=group.EXCLUSIVE, supports_check_mode=True)
    params = module.params
    try:
        asked = group.wish(params)
    except (BadOption, BadRequest) as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    aws = Aws(module.client, make_beside_client=module.beside_client)
    try:
        if params["state"] == "absent":
            planned = group_act.plan_absence(aws, asked, params["delete_application"])
        else:
            planned = group_act.plan(aws, asked)
    except (AwsCallError, IncompleteAnswerError) as exc:
        module.fail_json(msg=f"{exc.explain().rstrip('.')}. Nothing was changed.", api_calls=aws.api_calls)
    result = group_act.act(aws, asked, planned, module.check_mode)
    module.warn_of(asked.name, result.findings)
    answer = {
        "application": asked.application,
        "deployment_group": asked.name,
        **result.as_dict(),
        "api_calls": dict(aws.api_calls),
    }
    if module._diff and result.changed:
        answer["diff"] = {
            "before_header": asked.name,
            "after_header": asked.name,
            "before": result.before or {},
            "after": result.after or {},
        }
    if result.failed:
        untouched = " Nothing was written." if result.outcome == "refused" else ""
        module.fail_json(msg=f"{asked.name}: {result.reason.rstrip('.')}.{untouched}", **answer)
    if result.changed and not module.check_mode:
        progress.say(f"[{asked.name}] {result.outcome}: {result.reason}")
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
