#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_deployment_wait
short_description: Wait for a deployment of ECS services, and say truthfully how it ended
version_added: 1.0.0
description:
  - Follows one deployment of each service to its end, no matter who started it, and changes nothing.
  - It is the deployment that counts, not the number of running tasks. The waiters of the AWS SDKs take a service for
    stable when ECS has rolled the deployment back, when somebody else has deployed over it, or when the service wants
    no tasks at all. Here each of these fails, with the reason.
  - It fails as soon as failure is certain, with the reasons for which tasks stopped.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._contact
  - lastgood.aws._full_names
  - lastgood.aws._ecs_services
attributes:
  check_mode:
    support: full
    details:
      - Looks once and does not wait. A deployment that is still going is V(in_progress), which does not fail.
  diff_mode:
    support: N/A
    details:
      - This action does not modify state.
  idempotent:
    support: full
    details:
      - This action does not modify state.
options:
  deployment:
    description:
      - The deployment to wait for, as its id (C(ecs-svc/1234567890123456789)) or as the ARN of its service deployment.
        If CodeDeploy deploys, the id of its deployment (C(d-1A2B3C4D5)), or of the task set that this made. With the
        controller C(EXTERNAL) the id of a task set. It goes with a single O(service).
      - One that has ended already is answered from the history that ECS keeps for 90 days, or from that of CodeDeploy.
      - Without it the deployment is waited for that is PRIMARY when the module begins. If the newest deployment was
        rolled back by ECS that is a failure, because what is PRIMARY then is not what was deployed last.
      - If CodeDeploy deploys, it is the deployment that is running then, or else the newest one.
      - With the controller C(EXTERNAL) it is the PRIMARY task set, which is V(stable) when it is in a steady state. One
        that is named and not PRIMARY is waited for until somebody makes it so.
    type: str
  wait_until:
    description:
      - V(stable) waits until the rollout is complete and nothing of the other versions is left, bake time included.
        V(serving) returns when the deployment takes all the traffic.
    type: str
    choices:
      - stable
      - serving
    default: stable
  wait_timeout:
    description:
      - How long to wait, in seconds. Nothing is undone when the time is up.
    type: int
    default: 1800
notes:
  - >-
    For services that CodeDeploy deploys it needs C(codedeploy:BatchGetDeployments), C(codedeploy:ListDeployments) and
    C(codedeploy:BatchGetDeploymentGroups). C(codedeploy:BatchGetApplicationRevisions) and
    C(codedeploy:BatchGetDeploymentTargets) are wanted, but done without.
  - >-
    It needs the permission C(ecs:DescribeServices). C(ecs:ListServiceDeployments), C(ecs:DescribeServiceDeployments),
    C(ecs:DescribeServiceRevisions), C(ecs:ListTasks) and C(ecs:DescribeTasks) are wanted, but done without, except
    if the deployment has ended already.
seealso:
  - module: lastgood.aws.ecs_rollback
  - module: lastgood.aws.ecs_rollback_info
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Wait for whatever is being deployed now
  lastgood.aws.ecs_deployment_wait:
    cluster: prod
    services:
      - web
      - api

- name: Deploy with something else
  community.aws.ecs_service:
    cluster: prod
    name: web
    task_definition: web:43
    desired_count: 4
    force_new_deployment: true
  register: deployed

- name: Wait for exactly that deployment, until it takes all the traffic
  lastgood.aws.ecs_deployment_wait:
    cluster: prod
    service: web
    deployment: >-
      {{ deployed.service.deployments | selectattr('status', 'equalto', 'PRIMARY') | map(attribute='id') | first }}
    wait_until: serving
    wait_timeout: 600
"""

RETURN = r"""
services:
  description: How the deployment of each service ended, in the order in which they were given.
  returned: always, but not if the options themselves are wrong
  type: list
  elements: dict
  contains:
    service:
      description: Name of the service.
      returned: always
      type: str
      sample: web
    cluster:
      description: Name of the cluster.
      returned: always
      type: str
      sample: prod
    region:
      description: The Region that it is in.
      returned: always
      type: str
      sample: eu-central-1
    account:
      description: The account that it is in.
      returned: always, null if it was not found
      type: str
      sample: "123456789012"
    outcome:
      description:
        - V(stable) or V(serving), it is where it should be. V(in_progress), check mode, it is still going.
        - These fail the module. V(failed), it does not come up, ECS rolled it back, it was stopped, or the service
          wants no tasks, so that nothing is proved. V(superseded), somebody deployed over it. V(lost_contact), AWS
          could not be asked any more, or refused to say more. V(timeout), it is still going when the time is up.
          V(refused), there is nothing that could be waited for.
      returned: always
      type: str
      sample: stable
    deployment_id:
      description: Id of the deployment.
      returned: always, null if it is not listed by the service any more
      type: str
      sample: ecs-svc/4980306466373577095
    service_deployment:
      description: ARN of its service deployment.
      returned: always, null if it is not known
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/NCWGC2ZR-taawPAYrIaU5
    task_definition:
      description: ARN of the task definition that it deploys.
      returned: always, null if no deployment was found
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
    now:
      description: What the service runs at the last look.
      returned: always, null if the service could not be read
      type: dict
      sample:
        task_definition: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        service_revision: null
        deployment_id: ecs-svc/4980306466373577095
        image_digests: {}
        desired_count: 4
        running_count: 4
    reason:
      description: Why it ended like this, in words.
      returned: always
      type: str
      sample: the deployment of web:43 is complete, and nothing of the other versions is left
    findings:
      description: What could not be found out.
      returned: always
      type: list
      elements: dict
      sample: []
    diagnosis:
      description: Why tasks did not come up, as in M(lastgood.aws.ecs_rollback).
      returned: always, null if there was nothing to diagnose
      type: dict
      sample:
        rollout_reason: "ECS deployment circuit breaker: tasks failed to start."
        stopped_tasks:
          - reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found"
            tasks: 3
        events: []
        lifecycle_events: []
        unknown: []
    timings:
      description: Seconds from the start of the call until it was serving, stable and ended, as far as it came.
      returned: always
      type: dict
      sample:
        serving: 41.2
        stable: 73.8
        ended: 73.9
    tasks_over_time:
      description:
        - How many tasks ran on each version, at each look at which that was different from the look before.
        - At most 40 looks. If there were more, some of those that were close together are left out.
      returned: always, empty if nothing was watched
      type: list
      elements: dict
      contains:
        seconds:
          description: Seconds from the start of the call.
          returned: always
          type: float
          sample: 8.2
        running:
          description: Running tasks by version.
          returned: always
          type: dict
          sample:
            "web:41": 1
            "web:43": 4
summary:
  description: The whole call in one line.
  returned: always, but not if the options themselves are wrong
  type: str
  sample: "[web] stable: the deployment of web:43 is complete, and nothing of the other versions is left"
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: always, but not if the options themselves are wrong
  type: dict
  sample:
    DescribeServices: 12
    ListServiceDeployments: 1
"""

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core import options as core_options
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import options, wait

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "cluster": {"type": "str", "default": "default"},
    "service": {"type": "list", "elements": "str", "required": True, "aliases": ["services"]},
    "deployment": {"type": "str"},
    "wait_until": {"type": "str", "default": "stable", "choices": ["stable", "serving"]},
    "wait_timeout": {"type": "int", "default": 1800},
    "contact_timeout": {"type": "int", "default": 300},
    **keys.SPEC,
}


def main() -> None:
    """Wait, and report."""
    module = LastgoodAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.require_botocore_at_least("1.35.52", reason="to read service deployments")
    try:
        order = _order(module)
    except options.BadOption as exc:
        module.fail_json(msg=f"{exc}.")
    aws = Aws(module.client, clock=Clock(), make_beside_client=module.beside_client)
    try:
        waiters = wait.wait(aws, order, aws.clock)
    except Orphaned:
        module.fail_json(msg="The play that this step belongs to is gone. What AWS has accepted goes on there.")
    for waiter in waiters:
        for finding in waiter.findings:
            module.warn(f"[{waiter.label}] {finding.message}")
    result = {
        "changed": False,
        "services": [waiter.as_dict() for waiter in waiters],
        "summary": outcomes.tally([outcomes.Line(w.label, str(w.outcome), w.ok, w.line) for w in waiters]),
        "api_calls": aws.api_calls,
    }
    if not all(waiter.ok for waiter in waiters):
        module.fail_json(msg=result["summary"], **result)
    module.exit_json(**result)


def _order(module: LastgoodAWSModule) -> wait.Order:
    params = module.params
    services = options.service_names(params)
    deployment = (params["deployment"] or "").strip()
    if deployment and len(services) > 1:
        raise options.BadOption(
            f"deployment: {deployment} belongs to one service, and {len(services)} are named. Name one, or leave it out"
        )
    wait_timeout = core_options.wait_timeout(params["wait_timeout"])
    return wait.Order(
        cluster=params["cluster"],
        services=services,
        deployment=deployment,
        wait_until=params["wait_until"],
        wait_timeout=wait_timeout,
        contact_timeout=core_options.contact_timeout(params["contact_timeout"]),
        look_once=module.check_mode,
        full_names=params["full_names"],
    )


if __name__ == "__main__":
    main()
