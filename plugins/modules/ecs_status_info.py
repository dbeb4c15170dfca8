#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_status_info
short_description: Show whether ECS services could be rolled back, and what stands against it
version_added: 1.0.0
description:
  - Shows for each service what runs and since when, what a rollback would go back to and how, everything that would
    stop it, which permissions are missing and what each of them costs, and what earlier runs have left half done.
  - Makes the same plan as M(lastgood.aws.ecs_rollback) does, with all of its checks, and writes nothing.
  - Permissions that reading needs are known to be missing if AWS denies a request. IAM is asked about those that only a
    write needs, with C(iam:SimulatePrincipalPolicy). If it may not be asked, that is said.
  - A service that could not be rolled back does not fail this module.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.info_module
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._full_names
options:
  clusters:
    description:
      - Names or ARNs of the clusters. V(*) stands for all clusters of the account in the Region.
    type: list
    elements: str
    default:
      - default
    aliases:
      - cluster
  service:
    description:
      - The services. By default all services of the clusters.
      - Services can only be named in a single cluster.
    type: list
    elements: str
    default: []
    aliases:
      - services
  fallback:
    description:
      - What a rollback would do without a history, as in M(lastgood.aws.ecs_rollback).
    type: str
    choices:
      - fail
      - previous_registered
    default: fail
seealso:
  - module: lastgood.aws.ecs_rollback
  - module: lastgood.aws.ecs_rollback_info
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Look at all services of a cluster
  lastgood.aws.ecs_status_info:
    cluster: prod
  register: status

- name: Check that each of them could be rolled back
  ansible.builtin.assert:
    that: status.services | selectattr('readiness', 'equalto', 'not_ready') | length == 0
    fail_msg: "{{ status.summary }}"
"""

RETURN = r"""
services:
  description: The services, those that are not ready first.
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
      returned: always, null if the service could not be read
      type: str
      sample: "123456789012"
    readiness:
      description:
        - V(ready) if a rollback would begin now, and nothing is known that stands against it.
        - V(ready_with_warnings) if it would begin, but something is doubtful, not known or half done.
        - V(not_ready) if it would be refused.
      returned: always
      type: str
      sample: ready
    reason:
      description: What a rollback would do, or why it would be refused, in words.
      returned: always
      type: str
      sample: "web:43 → web:41  last good: SUCCESSFUL at 2026-11-14T09:12:40Z"
    running:
      description: What runs now.
      returned: always, null if the service could not be read
      type: dict
      contains:
        task_definition:
          description: ARN of the task definition of the PRIMARY deployment or task set.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        since:
          description: When that was deployed.
          returned: always, null if AWS does not say
          type: str
          sample: "2026-11-20T13:52:00Z"
        rollout_state:
          description: Its rollout state.
          returned: always
          type: str
          sample: COMPLETED
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
    outcome:
      description:
        - V(planned) if a rollback would go back, V(unchanged) if there is nothing to do, V(refused) if it could not.
      returned: always
      type: str
      sample: planned
    method:
      description: How it would go back. The methods of M(lastgood.aws.ecs_rollback).
      returned: always
      type: str
      sample: update_service
    direction:
      description: V(back), V(forward), V(same) or V(unknown), see M(lastgood.aws.ecs_rollback).
      returned: always, null if there is no target
      type: str
      sample: back
    target:
      description: The last good version. As RV(lastgood.aws.ecs_rollback_info#module:services[].target).
      returned: always, null if there is none
      type: dict
      sample:
        task_definition: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41
        status: ACTIVE
        service_revision: arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/web/1980306466373577012
        image_digests:
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
    in_flight:
      description:
        - The deployment that is still running. As RV(lastgood.aws.ecs_rollback_info#module:services[].in_flight).
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
    findings:
      description: What the checks found, with the severities V(block), V(warn), V(unknown) and V(info).
      returned: always
      type: list
      elements: dict
      sample:
        - check: alarms
          severity: warn
          message: web-5xx is in ALARM now
    permissions:
      description:
        - The permissions that are missing, or of which that is not known. Those that a rollback needs come first.
      returned: always
      type: list
      elements: dict
      contains:
        permission:
          description: The permission, as it stands in a policy.
          returned: always
          type: str
          sample: ecs:TagResource
        state:
          description: V(missing), or V(unknown) if it depends on what only a request would show.
          returned: always
          type: str
          sample: missing
        weight:
          description:
            - V(required) if AWS would refuse the rollback without it, V(lesser) if the rollback would know or do less,
              V(option) if only one option needs it.
          returned: always
          type: str
          sample: lesser
        cost:
          description: What happens without it.
          returned: always
          type: str
          sample: nothing is recorded or marked
        resources:
          description: ARNs of what it is missing on, empty if AWS does not say.
          returned: always
          type: list
          elements: str
          sample:
            - arn:aws:ecs:eu-central-1:123456789012:service/prod/web
    unfinished:
      description: What earlier runs have left half done, and how to finish it.
      returned: always
      type: list
      elements: dict
      contains:
        what:
          description: V(rollback), V(record), V(mark), V(deregistration), V(configuration) or V(auto_scaling).
          returned: always
          type: str
          sample: auto_scaling
        message:
          description: What it is, in words.
          returned: always
          type: str
          sample: a rollback from web:43 to web:41 was begun at 2026-11-20T14:03:00Z, and no run has recorded its end
    summary:
      description: The service in one line.
      returned: always
      type: str
      sample: "[web] ready: web:43 → web:41  last good: SUCCESSFUL at 2026-11-14T09:12:40Z"
problems:
  description: Clusters whose services could not be listed, or that have none, as sentences.
  returned: always
  type: list
  elements: str
  sample: []
identity:
  description: ARN of the identity whose permissions IAM was asked about.
  returned: always, null if that is not known
  type: str
  sample: arn:aws:sts::123456789012:assumed-role/on-call/session
summary:
  description: All of it in one line.
  returned: always
  type: str
  sample: "3 services: 1 not ready (web); 2 ready"
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
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.plugins.module_utils._status import look, options, result


def main() -> None:
    """Look, and show it."""
    module = LastgoodAWSModule(argument_spec={**options.SPEC, **keys.SPEC}, supports_check_mode=True)
    module.require_botocore_at_least("1.35.52", reason="to read service deployments")
    try:
        wanted = options.wanted(module.params)
    except BadOption as exc:
        module.fail_json(msg=f"{exc}.")
    aws = Aws(module.client, clock=Clock(), make_beside_client=module.beside_client)
    status = look.Status(aws, wanted.goal, aws.clock, module.params["full_names"])
    seen, problems = status.of_all(wanted.clusters, wanted.services)
    module.exit_json(
        changed=False,
        services=[one.as_dict() for one in result.worst_first(seen)],
        problems=problems,
        identity=status.simulation.identity or None,
        summary=result.summary(seen, problems),
        api_calls=aws.api_calls,
    )


if __name__ == "__main__":
    main()
