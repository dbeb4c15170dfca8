#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_deploy
short_description: Deploy a revision to ECS services, and go back when it fails
version_added: 1.0.0
description:
  - Deploys a task definition that is registered already, watches its own deployment to the end, and says truthfully how
    it ended.
  - On the events of O(rollback_events) the service goes back to its last known good version. What ECS or CodeDeploy can
    see and roll back by itself it is told to, what they do not see this module does. Either way the module fails, with
    the reason, and says what the service is on then.
  - With the deployment controller C(CODE_DEPLOY) it creates a deployment in the service's deployment group. The AppSpec
    file is that of the deployment in service, with the task definition replaced. If there is none, one is made from
    the service's load balancer.
  - With the deployment controller C(EXTERNAL) it brings up a task set like the PRIMARY one, and makes it PRIMARY when
    it is steady. The one before is left standing. The listeners of load balancers are not changed.
  - All services are validated before the first of them is changed. Nothing is changed if one of them is refused.
  - It is safe to run twice. A service that is on the revision already is V(unchanged), one that is being moved to it is
    followed, and a revision that has failed in this service is refused, unless O(force) has V(marked).
  - Similar to C(ecspresso deploy --rollback-events) and to C(helm upgrade --atomic).
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._checks
  - lastgood.aws._contact
  - lastgood.aws._pace
  - lastgood.aws._full_names
  - lastgood.aws._ecs_services
attributes:
  check_mode:
    support: full
    details:
      - The plan is made from real reads and nothing is written. The outcome is then V(planned).
  diff_mode:
    support: full
    details:
      - Shows the difference between the task definitions, without the values of environment variables, and between the
        settings of ECS's own protection.
  idempotent:
    support: full
options:
  revision:
    description:
      - The task definition to deploy, as a revision number of the service's own family, as C(family:number) or as an
        ARN.
    type: str
    required: true
  rollback_events:
    description:
      - On which events the service goes back. The names are CodeDeploy's.
      - V(DEPLOYMENT_FAILURE), the deployment does not come up. ECS's deployment circuit breaker is enabled with
        rollback. Crash loops that it does not count, and deployments that are not complete within O(wait_timeout), are
        rolled back by this module.
      - V(DEPLOYMENT_STOP_ON_ALARM), one of the deployment's alarms goes into ALARM. ECS's deployment alarms are enabled
        with rollback.
      - V(DEPLOYMENT_STOP_ON_REQUEST), somebody stops the deployment. ECS rolls back what is stopped, whether this is
        asked for or not.
      - The circuit breaker and the alarms stay enabled for later deployments. M(lastgood.aws.ecs_auto_rollback)
        disables them again.
      - If CodeDeploy deploys, the events are set for this one deployment. An empty list, or V(none) alone, switches
        them off for it.
      - With the controller C(EXTERNAL) this module watches and goes back. A task set of its own that did not take over
        is deleted. Deleting it is what stops such a deployment.
      - Without it, nothing is enabled, and only what the service, or its deployment group, has enabled already is
        rolled back.
    type: list
    elements: str
    choices:
      - DEPLOYMENT_FAILURE
      - DEPLOYMENT_STOP_ON_ALARM
      - DEPLOYMENT_STOP_ON_REQUEST
      - none
  alarms:
    description:
      - Names of the CloudWatch alarms for V(DEPLOYMENT_STOP_ON_ALARM). They replace those that the service has. If
        CodeDeploy deploys they replace those of the deployment group for this one deployment, which needs the
        permission C(codedeploy:UpdateDeploymentGroup).
      - Without it, those that the service or the deployment group has are used. There must be some. Services with the
        controller C(EXTERNAL) have none of their own.
      - With the controller C(EXTERNAL) this module watches them until the new task set is PRIMARY and steady, and not
        after that.
    type: list
    elements: str
    default: []
  in_flight:
    description:
      - What to do with a deployment of something else that is still running. V(supersede) does as ECS does, with a
        warning. V(refuse) refuses.
      - A deployment group of CodeDeploy runs one deployment at a time, so that V(supersede) stops the other one and
        waits for its end first. It is stopped with a rollback, but without one if nothing of it has begun, or if all
        the traffic is on its tasks. A rollback is not stopped but waited for.
    type: str
    choices:
      - supersede
      - refuse
    default: supersede
  force:
    description:
      - Guards to turn off, each by its own word, as a list or a text with commas.
      - V(marked), deploy a revision although it is known to be bad, because it is marked so, ECS rolled it back in this
        service, or somebody left it for an older one. If it comes up, and the last rollback of the same service marked
        it bad, that mark is taken away.
      - V(again), V(barrier), V(family) and V(stack) are known, and turn nothing off here.
      - V(true) turns off all of them, with a warning that says which. V(false) and an empty list turn off none.
    type: list
    elements: str
    default: []
  reason:
    description:
      - What is deployed, and why. A rollback by this module notes it in the mark of the revision that failed.
    type: str
  wait:
    description:
      - Wait for the end. Without it the outcome is V(started), and nothing is verified. It is needed for
        O(rollback_events).
    type: bool
    default: true
  wait_until:
    description:
      - V(stable) waits until the old tasks are gone and the bake time is over. V(serving) returns when the revision
        takes all the traffic.
    type: str
    choices:
      - stable
      - serving
    default: stable
  wait_timeout:
    description:
      - How long to wait for the deployment, in seconds, and as long again for going back.
    type: int
    default: 1800
notes:
  - >-
    If an alarm is in ALARM already when a deployment starts, ECS ignores the alarms for all of that deployment. The
    module warns of that. CodeDeploy would stop the deployment at once, so that it is refused, and so it is with the
    controller C(EXTERNAL).
  - >-
    It needs the permissions C(ecs:DescribeServices), C(ecs:DescribeTaskDefinition), C(ecs:UpdateService) and
    C(iam:PassRole) for the roles of the task definition. For going back, those of M(lastgood.aws.ecs_rollback).
    C(cloudwatch:DescribeAlarms) is wanted for V(DEPLOYMENT_STOP_ON_ALARM), but done without, except with the controller
    C(EXTERNAL).
  - >-
    With the controller C(EXTERNAL) it also needs C(ecs:CreateTaskSet), C(ecs:UpdateTaskSet), C(ecs:DeleteTaskSet) and
    C(ecs:UpdateServicePrimaryTaskSet).
seealso:
  - module: lastgood.aws.ecs_auto_rollback
  - module: lastgood.aws.ecs_deployment_wait
  - module: lastgood.aws.ecs_rollback
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Deploy web:43, and go back when it does not come up
  lastgood.aws.ecs_deploy:
    cluster: prod
    service: web
    revision: 43
    rollback_events:
      - DEPLOYMENT_FAILURE

- name: Go back when it raises the error rate, too
  lastgood.aws.ecs_deploy:
    cluster: prod
    service: web
    revision: web:43
    rollback_events:
      - DEPLOYMENT_FAILURE
      - DEPLOYMENT_STOP_ON_ALARM
    alarms:
      - web-5xx
    reason: release 2026.47
"""

RETURN = r"""
services:
  description: How each service ended, in the order in which they were given.
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
        - V(unchanged), it was there already. V(deployed), our deployment is in service, verified. V(started), AWS
          accepted it and it was not waited for. V(planned), check mode.
        - These fail the module. V(rolled_back), it failed, and the service is on RV(services[].rolled_back_to) again,
          verified. V(rollback_failed), it failed, and going back failed too. V(failed), it failed, and nothing was
          asked to go back. V(superseded), somebody deployed over it. V(lost_contact), AWS could not be asked any
          more, or refused to say more; what it accepted goes on. V(timeout), it is still going, and nothing was undone.
          V(refused), nothing was written. V(not_attempted), nothing was written, because another service was refused.
        - V(failed) with the finding V(stopped_then_refused), a deployment of CodeDeploy was stopped to make way, and
          then ours was refused. The finding names it and says what to do next.
      returned: always
      type: str
      sample: deployed
    changed:
      description: Whether anything was written for this service.
      returned: always
      type: bool
      sample: true
    task_definition:
      description: ARN of the task definition to deploy.
      returned: always, null if there is none
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
    deployment_id:
      description: Id of our deployment, or of our task set with the controller C(EXTERNAL).
      returned: always, null if none was begun
      type: str
      sample: ecs-svc/4980306466373577095
    service_deployment:
      description: ARN of its service deployment.
      returned: always, null if it ended well or is not known
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/NCWGC2ZR-taawPAYrIaU5
    event:
      description: What ended it. One of the names of O(rollback_events).
      returned: always, null if nothing did
      type: str
      sample: DEPLOYMENT_FAILURE
    rolled_back_to:
      description: ARN of the task definition that the service went back to, or has never left.
      returned: always, null if it did not
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:42
    rolled_back_by:
      description: Who took it back. V(ECS), V(CodeDeploy), V(lastgood), or V(ECS or somebody else).
      returned: always, null if nobody did, or nobody had to
      type: str
      sample: ECS
    before:
      description: What ran before, as in M(lastgood.aws.ecs_rollback).
      returned: always, null if the service could not be read
      type: dict
      sample:
        task_definition: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:42
        service_revision: null
        deployment_id: ecs-svc/1980306466373577012
        image_digests: {}
        desired_count: 4
        running_count: 4
    after:
      description: What was there at the last look, as in RV(services[].before).
      returned: always, null if the service could not be read
      type: dict
      sample:
        task_definition: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        service_revision: null
        deployment_id: ecs-svc/4980306466373577095
        image_digests: {}
        desired_count: 4
        running_count: 4
    protection:
      description: ECS's own protection of the service, as in M(lastgood.aws.ecs_auto_rollback), before and after.
      returned: always, null if the service could not be read, or ECS does not deploy it
      type: dict
      sample:
        before:
          circuit_breaker: {enable: false, rollback: false, reset_on_healthy_task: null, threshold: null}
          alarms: {enable: false, rollback: false, names: []}
        after:
          circuit_breaker: {enable: true, rollback: true, reset_on_healthy_task: null, threshold: null}
          alarms: {enable: false, rollback: false, names: []}
    reason:
      description: Why it ended like this, in words.
      returned: always
      type: str
      sample: our deployment of web:43 is complete, and nothing of the other versions is left
    findings:
      description: What the checks before the write and the run itself found, as in M(lastgood.aws.ecs_rollback).
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
        unknown: []
    summary:
      description: How it ended, in one line, with where the service is then.
      returned: always
      type: str
      sample: "[web] deployed: web:44 in 61 s"
    timings:
      description: Seconds from the start of the call until it was planned, accepted by AWS, serving, stable and ended.
      returned: always
      type: dict
      sample:
        planned: 0.4
        accepted: 0.6
        serving: 41.2
        stable: 73.8
        ended: 74.1
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
  sample: "[web] deployed: web:43 in 74 s"
api_calls:
  description: Requests that were sent, by operation, retries included.
  returned: always, but not if the options themselves are wrong
  type: dict
  sample:
    DescribeServices: 12
    UpdateService: 1
"""

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned, Outlast
from ansible_collections.lastgood.aws.plugins.module_utils._core import force, keys, outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core import options as core_options
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import options
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy import Deploy, Order

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "cluster": {"type": "str", "default": "default"},
    "service": {"type": "list", "elements": "str", "required": True, "aliases": ["services"]},
    "revision": {"type": "str", "required": True},
    "rollback_events": {"type": "list", "elements": "str", "choices": [*plans.EVENTS, "none"]},
    "alarms": {"type": "list", "elements": "str", "default": []},
    "in_flight": {"type": "str", "default": "supersede", "choices": ["supersede", "refuse"]},
    **force.SPEC,
    **options.CHECKS_SPEC,
    "reason": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "wait_until": {"type": "str", "default": "stable", "choices": ["stable", "serving"]},
    "wait_timeout": {"type": "int", "default": 1800},
    "contact_timeout": {"type": "int", "default": 300},
    "slices": {"type": "int", "default": 1},
    **keys.SPEC,
}


def main() -> None:
    """Deploy, and report."""
    module = LastgoodAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.require_botocore_at_least("1.38.10", reason="to stop service deployments")
    try:
        order = _order(module)
        limiter = RateLimiter(core_options.slices(module.params["slices"]))
    except options.BadOption as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    clock = Clock()
    patience = Outlast(clock, min(order.contact_timeout, order.wait_timeout))
    aws = Aws(module.client, limiter, patience, clock, module.prompt_client, module.beside_client)
    deploy = Deploy(aws, order, clock)
    try:
        runs = deploy.run()
    except Orphaned:
        module.fail_json(msg="The play that this step belongs to is gone. What AWS has accepted goes on there.")
    result = {
        "changed": any(run.changed for run in runs),
        "services": [{**run.as_dict(), "summary": f"[{run.label}] {run.line}"} for run in runs],
        "summary": outcomes.tally([outcomes.Line(run.label, str(run.outcome), run.ok, run.line) for run in runs]),
    }
    if module._diff:
        result["diff"] = [deploy.diff(run) for run in runs if run.plan and run.plan.verb == "act"]
    for run in runs:
        module.warn_of(run.label, run.findings)
    for note in force.notes(module.params["force"], force.DEPLOY):
        module.warn(note)
    result["api_calls"] = aws.api_calls
    if not all(run.ok for run in runs):
        module.fail_json(msg=result["summary"], **result)
    module.exit_json(**result)


def _order(module: LastgoodAWSModule) -> Order:
    params = module.params
    events = options.rollback_events(params["rollback_events"])
    if events and not params["wait"]:
        raise options.BadOption(
            "rollback_events and wait: false contradict each other: what AWS does not see by itself is rolled back "
            "only by a run that waits. Leave out one of them"
        )
    wait_timeout = core_options.wait_timeout(params["wait_timeout"])
    return Order(
        cluster=params["cluster"],
        services=options.service_names(params),
        goal=plans.GoTo(
            revision=options.named_revision("revision", params["revision"]),
            events=events,
            alarms=tuple(dict.fromkeys(name.strip() for name in params["alarms"] if name.strip())),
            in_flight=params["in_flight"],
            force=force.parse(params["force"]),
            checks=params["checks"],
        ),
        reason=params["reason"],
        wait=params["wait"],
        wait_until=params["wait_until"],
        wait_timeout=wait_timeout,
        contact_timeout=core_options.contact_timeout(params["contact_timeout"]),
        check_mode=module.check_mode,
        full_names=params["full_names"],
    )


if __name__ == "__main__":
    main()
