#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_auto_rollback
short_description: Set when ECS itself stops and rolls back a deployment that fails
version_added: 1.0.0
description:
  - Sets the deployment circuit breaker and the deployment alarms of ECS services, which are what ECS itself detects
    and rolls back failed deployments by.
  - What is not given stays as it is. The change starts no deployment.
  - All services are validated before the first of them is changed. Nothing is changed if one of them is refused.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._ecs_services
attributes:
  check_mode:
    support: full
    details:
      - Reads as always, writes nothing, and returns RV(services[].outcome=planned) if something would be written.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Nothing is written if the settings already amount to what is asked for. The order of alarms means nothing.
options:
  circuit_breaker:
    description:
      - The deployment circuit breaker. It fails a deployment whose tasks do not start or do not become healthy.
      - At least one setting of O(circuit_breaker) or O(alarms) is needed.
    type: dict
    suboptions:
      enable:
        description:
          - Whether the circuit breaker is used.
        type: bool
      rollback:
        description:
          - Whether ECS goes back to the last deployment that completed, when the circuit breaker fails a deployment.
          - Without it, it becomes V(true) if O(circuit_breaker.enable=true) is given, and otherwise stays as it is.
        type: bool
      reset_on_healthy_task:
        description:
          - Whether a task that becomes healthy sets the count of failures back to 0. ECS's own default is V(true).
          - It needs a botocore that knows C(resetOnHealthyTask), which AWS announced on 2026-07-01. 1.44.5 does.
        type: bool
      threshold:
        description:
          - How many failed tasks fail a deployment. ECS's own default is V(50) of the type V(BOUNDED_PERCENT).
          - It needs a botocore that knows C(thresholdConfiguration), which AWS announced on 2026-07-01. 1.44.5 does.
        type: dict
        suboptions:
          type:
            description:
              - V(COUNT) means that O(circuit_breaker.threshold.value) is a number of tasks.
              - V(BOUNDED_PERCENT) and V(UNBOUNDED_PERCENT) mean that it is a percentage of the desired count. The
                former is at least 3 and at most 200 tasks.
            type: str
            choices:
              - COUNT
              - BOUNDED_PERCENT
              - UNBOUNDED_PERCENT
            required: true
          value:
            description:
              - The number of tasks, or the percentage. At least V(1).
            type: int
            required: true
  alarms:
    description:
      - CloudWatch alarms. ECS fails a deployment when one of them goes into ALARM.
      - If one of them is in ALARM already when a deployment starts, ECS ignores the alarms for all of that
        deployment. The module warns of alarms that are in ALARM now, and of alarms that do not exist.
    type: dict
    suboptions:
      enable:
        description:
          - Whether the alarms are used.
        type: bool
      rollback:
        description:
          - Whether ECS goes back to the last deployment that completed, when an alarm fails a deployment.
          - Without it, it becomes V(true) if O(alarms.enable=true) is given, and otherwise stays as it is.
        type: bool
      names:
        description:
          - Names of the alarms. They replace those that the service has.
          - Without it, they stay as they are. An empty list takes them all away, and goes with
            O(alarms.enable=false).
        type: list
        elements: str
notes:
  - >-
    Services with the deployment controller C(CODE_DEPLOY) are refused. M(lastgood.aws.codedeploy_auto_rollback)
    sets theirs, at the deployment group. Services with the controller C(EXTERNAL) are refused, because ECS has no such
    protection for them.
  - >-
    AWS documents the circuit breaker for rolling updates. It contradicts itself about C(BLUE_GREEN). The module warns
    and leaves the decision to AWS.
  - >-
    ECS can go back by itself only if an earlier deployment of the service has completed. After the first rollback
    there may be none. M(lastgood.aws.ecs_rollback) does not depend on that.
  - >-
    It needs the permissions C(ecs:DescribeServices) and C(ecs:UpdateService). C(cloudwatch:DescribeAlarms) is wanted
    for O(alarms), but done without.
seealso:
  - module: lastgood.aws.codedeploy_auto_rollback
  - module: lastgood.aws.ecs_rollback
  - name: Amazon ECS deployment failure detection
    description: How circuit breaker and alarms work, and how they work together.
    link: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-failure-detection.html
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Roll back deployments whose tasks do not come up
  lastgood.aws.ecs_auto_rollback:
    cluster: prod
    service: web
    circuit_breaker:
      enable: true

- name: Roll back deployments that raise the error rate, too
  lastgood.aws.ecs_auto_rollback:
    cluster: prod
    services:
      - web
      - api
    circuit_breaker:
      enable: true
    alarms:
      enable: true
      names:
        - web-5xx
        - web-latency

- name: Fail a deployment of a small service after two failed tasks, healthy ones in between or not
  lastgood.aws.ecs_auto_rollback:
    cluster: staging
    service: web
    circuit_breaker:
      enable: true
      reset_on_healthy_task: false
      threshold:
        type: COUNT
        value: 2

- name: Do without alarms for a while, and keep their names
  lastgood.aws.ecs_auto_rollback:
    cluster: prod
    service: web
    alarms:
      enable: false
"""

RETURN = r"""
services:
  description:
    - One entry for each service, in the order in which they were asked for.
    - One that was named twice, by its ARN and by its name, is there once.
  returned: when the services could be read
  type: list
  elements: dict
  contains:
    service:
      description: Name of the service.
      returned: always
      type: str
      sample: web
    cluster:
      description: The cluster as it was given.
      returned: always
      type: str
      sample: prod
    outcome:
      description:
        - How it ended.
        - V(unchanged) means that the settings were as asked already, V(updated) that they are now.
        - V(planned) means that they would be changed, were this not check mode.
        - V(refused) means that this cannot be done for this service, RV(services[].reason) says why.
        - V(not_attempted) means that nothing was written, because another service was refused.
        - V(failed) means that AWS did not accept the change.
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
      returned: always, null if there is no such service
      type: dict
      contains: &settings
        circuit_breaker:
          description: The deployment circuit breaker.
          returned: always
          type: dict
          contains:
            enable:
              description: Whether it is used.
              returned: always
              type: bool
              sample: true
            rollback:
              description: Whether it rolls back.
              returned: always
              type: bool
              sample: true
            reset_on_healthy_task:
              description: Whether a task that becomes healthy sets the count of failures back to 0.
              returned: always, null if AWS or an older botocore does not say
              type: bool
              sample: true
            threshold:
              description: The type and the value of the threshold.
              returned: always, null if AWS or an older botocore does not say
              type: dict
              sample:
                type: BOUNDED_PERCENT
                value: 50
        alarms:
          description: The deployment alarms.
          returned: always
          type: dict
          contains:
            enable:
              description: Whether they are used.
              returned: always
              type: bool
              sample: true
            rollback:
              description: Whether they roll back.
              returned: always
              type: bool
              sample: true
            names:
              description: Names of the alarms.
              returned: always
              type: list
              elements: str
              sample:
                - web-5xx
    after:
      description: The settings that AWS has confirmed, or that would be there after check mode.
      returned: always, null if there is no such service, or if AWS did not answer a write
      type: dict
      contains: *settings
    reason:
      description: What was changed, or what kept it from being changed, for people.
      returned: always
      type: str
      sample: "circuit breaker on, with rollback; alarms on, with rollback: web-5xx"
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
          sample: alarms
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
            web-5xx is in ALARM now. If a deployment starts while one of its alarms is in ALARM, ECS ignores the
            alarms for all of that deployment
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: when the options are valid
  type: dict
  sample:
    DescribeAlarms: 1
    DescribeServices: 2
    UpdateService: 1
"""

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.botocore import gather_sdk_versions

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import protection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import auto_rollback, options

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "cluster": {"type": "str", "default": "default"},
    "service": {"type": "list", "elements": "str", "required": True, "aliases": ["services"]},
    "circuit_breaker": {
        "type": "dict",
        "options": {
            "enable": {"type": "bool"},
            "rollback": {"type": "bool"},
            "reset_on_healthy_task": {"type": "bool"},
            "threshold": {
                "type": "dict",
                "options": {
                    "type": {
                        "type": "str",
                        "required": True,
                        "choices": ["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"],
                    },
                    "value": {"type": "int", "required": True},
                },
            },
        },
    },
    "alarms": {
        "type": "dict",
        "options": {
            "enable": {"type": "bool"},
            "rollback": {"type": "bool"},
            "names": {"type": "list", "elements": "str"},
        },
    },
}


def main() -> None:
    """Set what differs, and tell how each service ended."""
    module = LastgoodAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    params = module.params
    try:
        names = options.service_names(params)
        wanted = protection.wish(params)
    except (options.BadOption, protection.BadRequest) as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    aws = Aws(module.client, make_beside_client=module.beside_client)
    known = auto_rollback.circuit_breaker_members(aws)
    problem = protection.too_new(wanted, known, gather_sdk_versions().get("botocore_version", ""))
    if problem:
        module.fail_json(msg=f"{problem}. Nothing was changed.")
    try:
        plans = auto_rollback.plan(aws, params["cluster"], names, wanted)
    except (AwsCallError, IncompleteAnswerError) as exc:
        module.fail_json(msg=f"{exc.explain().rstrip('.')}. Nothing was changed.", api_calls=aws.api_calls)
    results = auto_rollback.act(aws, plans, module.check_mode, progress.say)
    module.report("services", results, aws.api_calls, auto_rollback.summary)


if __name__ == "__main__":
    main()
