#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollback_info
short_description: Show what ECS services would go back to, and why
version_added: 1.0.0
description:
  - Makes the plan that M(lastgood.aws.ecs_rollback) would act on, and changes nothing.
  - Shows every version that ECS has on record for a service with a verdict and the reason for it, the newest first.
  - A service that could not be rolled back is shown with RV(services[].outcome=refused) and the reason. That does not
    fail this module.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._full_names
  - lastgood.aws._ecs_services
  - lastgood.aws._ecs_rollback
seealso:
  - module: lastgood.aws.ecs_rollback
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Look up what web would go back to
  lastgood.aws.ecs_rollback_info:
    cluster: prod
    service: web
  register: plan

- name: Show the versions with their verdicts
  ansible.builtin.debug:
    msg: "{{ plan.services[0].candidates }}"
"""

RETURN = r"""
services:
  description: The plan of each service, in the order in which they were given.
  returned: always
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
      description: V(planned) if it would go back, V(unchanged) if there is nothing to do, V(refused) if it cannot.
      returned: always
      type: str
      sample: planned
    reason:
      description: Why, in words.
      returned: always
      type: str
      sample: SUCCESSFUL at 2026-11-14T09:12:40Z
    method:
      description: How it would go back. The methods of M(lastgood.aws.ecs_rollback).
      returned: always
      type: str
      sample: update_service
    current:
      description: What counts as running now. While a deployment is in flight, that is what it deploys.
      returned: always, null if the service could not be read
      type: dict
      contains:
        task_definition:
          description: ARN of the task definition.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        service_revision:
          description: ARN of the service revision.
          returned: always, null if it is not known
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/web/4980306466373577095
        image_digests:
          description: The digests that ECS recorded, by container name.
          returned: always
          type: dict
          sample:
            app: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        deployment_id:
          description: Id of the PRIMARY deployment.
          returned: always
          type: str
          sample: ecs-svc/4980306466373577095
        rollout_state:
          description: Its rollout state.
          returned: always
          type: str
          sample: COMPLETED
        rollout_state_reason:
          description: The reason that ECS gives for it.
          returned: always
          type: str
          sample: ECS deployment ecs-svc/4980306466373577095 completed.
        desired_count:
          description: Tasks wanted.
          returned: always
          type: int
          sample: 4
        running_count:
          description: Tasks running.
          returned: always
          type: int
          sample: 4
    target:
      description: What it would go back to.
      returned: always, null if there is none
      type: dict
      contains:
        task_definition:
          description: ARN of the task definition.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41
        status:
          description: Its status.
          returned: always
          type: str
          sample: ACTIVE
        service_revision:
          description: ARN of the service revision that was good.
          returned: always, null if it is not known
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/web/1980306466373577012
        image_digests:
          description: The digests that were good, by container name.
          returned: always
          type: dict
          sample:
            app: sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
    target_source:
      description: How the target was found. The sources of M(lastgood.aws.ecs_rollback).
      returned: always
      type: str
      sample: last_good
    target_why:
      description: Why this one, in words.
      returned: always
      type: str
      sample: SUCCESSFUL at 2026-11-14T09:12:40Z
    direction:
      description:
        - V(back), V(forward), V(same) or V(unknown), see M(lastgood.aws.ecs_rollback). Only a move V(back) marks what
          it leaves, and only one may deregister it.
      returned: always, null if there is no target
      type: str
      sample: back
    left:
      description: ARN of the task definition that would be left behind.
      returned: always, null if none would
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
    candidates:
      description: The versions that the service ran before or tried to run, the most recently used first.
      returned: always
      type: list
      elements: dict
      contains:
        task_definition:
          description: ARN of the task definition.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:42
        verdict:
          description: V(good), V(bad) or V(unknown).
          returned: always
          type: str
          sample: bad
        why:
          description: What it was judged by.
          returned: always
          type: str
          sample: "ECS rolled it back at 2026-11-18T10:02:00Z (circuit breaker)"
        last_used:
          description: When it was last deployed or came back into service.
          returned: always
          type: str
          sample: "2026-11-18T10:02:00Z"
        service_deployment:
          description: ARN of its latest service deployment.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/NCWGC2ZR-taawPAYrIaU5
        service_revision:
          description: ARN of its latest service revision.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/web/4980306466373577095
        image_digests:
          description: The digests that ECS recorded, by container name.
          returned: always
          type: dict
          sample: {}
        past:
          description: What happened to it, as far as the record goes, the oldest first.
          returned: always
          type: list
          elements: dict
          sample:
            - at: "2026-11-18T10:02:00Z"
              what: "ECS rolled it back at 2026-11-18T10:02:00Z (circuit breaker)"
              verdict: bad
              service_deployment: arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/NCWGC2ZR-taawPAYrIaU
        registered_by:
          description: ARN of who registered the task definition.
          returned: always, null if AWS does not say
          type: str
          sample: arn:aws:sts::123456789012:assumed-role/ci/build-4711
        marks:
          description: The tags of the task definition that begin with C(lastgood:).
          returned: always
          type: dict
          sample:
            "lastgood:bad": "2026-11-20T14:03:00Z 500s since 13:52"
        current:
          description: Whether it is what runs now.
          returned: always
          type: bool
          sample: false
    in_flight:
      description: The deployment that is still running.
      returned: always, null if there is none
      type: dict
      sample:
        service_deployment: arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/NCWGC2ZR-taawPAYrIaU5
        status: IN_PROGRESS
        status_reason: ""
        task_definition: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        created_at: "2026-11-20T13:52:00Z"
        goes_back_to:
          - arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41
    last_rollback:
      description: The last rollback that this collection made of the service, if there is a record of it.
      returned: always, null if there is none
      type: dict
      contains:
        began:
          description: When it began.
          returned: always, null if the record does not say
          type: str
          sample: "2026-11-20T14:02:00Z"
        ended:
          description: When it was verified.
          returned: always, null if that was not done yet
          type: str
          sample: "2026-11-20T14:03:14Z"
        left:
          description: The version that it left, as in the record.
          returned: always
          type: str
          sample: web:43
        target:
          description: The version that it went to, as in the record.
          returned: always
          type: str
          sample: web:41
    findings:
      description: What the checks found.
      returned: always
      type: list
      elements: dict
      sample:
        - check: left_out
          severity: info
          message: "web:42: ECS rolled it back at 2026-11-18T10:02:00Z (circuit breaker)"
as_of:
  description: The point in time of O(as_of), in UTC.
  returned: always, null if it is not given
  type: str
  sample: "2026-11-20T13:50:00Z"
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: always
  type: dict
  sample:
    DescribeServices: 1
    ListServiceDeployments: 1
"""

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core import force, keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import info, options, rollback_run


def main() -> None:
    """Plan, and show the plan."""
    module = LastgoodAWSModule(
        argument_spec={**options.SELECTION_SPEC, **keys.SPEC},
        mutually_exclusive=options.SELECTION_EXCLUSIVE,
        supports_check_mode=True,
    )
    module.require_botocore_at_least("1.35.52", reason="to read service deployments")
    params = module.params
    try:
        names = options.service_names(params)
        goal = options.goal(params)
    except options.BadOption as exc:
        module.fail_json(msg=f"{exc}.")
    aws = Aws(module.client, clock=Clock(), make_beside_client=module.beside_client)
    planner = Planner(aws, params["cluster"], goal, all_marks=True, clock=aws.clock)
    plans = planner.make_plans(names)
    place = keys.Place(aws.region("ecs"), params["full_names"])
    for name, planned in plans.items():
        progress.say(f"[{place.label(name, params['cluster'])}] {rollback_run.plan_line(planned)}")
    services = [info.of(planned, params["cluster"], place) for planned in plans.values()]
    for note in (*core_as_of.notes(goal.as_of), *force.notes(module.params["force"], force.ROLLBACK)):
        module.warn(note)
    as_of = core_as_of.shown(planner.dated)
    module.exit_json(changed=False, services=services, as_of=as_of, api_calls=aws.api_calls)


if __name__ == "__main__":
    main()
