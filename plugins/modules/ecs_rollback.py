#!/usr/bin/python
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollback
short_description: Take ECS services back to their last known good version
version_added: 1.0.0
description:
  - Takes ECS services back to the newest version that really ran and succeeded, and says why it is that one.
  - What counts is the record that ECS keeps of its deployments, never the number of a revision. A version that ECS
    rolled back, that somebody left for an older one, that never became healthy, or that is marked bad is passed by.
  - A deployment that is still running is stopped natively if that lands on the target. Otherwise the service is
    updated. Either way this module watches its own deployment to the end, and says RV(services[].outcome=rolled_back)
    only of what it has verified.
  - It is safe to run twice. A service that was already rolled back, by this module, by ECS or by somebody's hand, is
    V(unchanged), and a rollback that is still running is followed to its end.
  - Similar to C(kubectl rollout undo) and to C(nomad job revert).
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
  - lastgood.aws._ecs_rollback
attributes:
  check_mode:
    support: full
    details:
      - The plan is made from real reads and nothing is written. The outcome is then V(planned).
  diff_mode:
    support: full
    details:
      - Shows the difference between the task definitions, without the values that may hold secrets (environment
        variables, commands, labels, options of drivers), and the settings of the service that are not reverted.
  idempotent:
    support: full
options:
  tasks:
    description:
      - Set the task count to this. Without it the count is never sent, so what auto scaling has set stays.
      - It is not applied to a service that has nothing to roll back.
    type: int
  fast:
    description:
      - >-
        For this one deployment skip bake time, the steps of V(LINEAR) and V(CANARY) and PAUSE hooks, and put the
        service's own deployment configuration back afterwards, also after a failure or, by the next run, after this one
        was killed. Hooks that run a Lambda function are not skipped.
      - If the configuration cannot be recorded in tags of the service first, the whole strategy is walked, with a
        warning. PAUSE hooks are then answered with V(CONTINUE), and so are those at which a deployment of the target
        waits that runs already.
      - It needs botocore 1.43.11 or newer, the first that shows PAUSE hooks.
      - For a service that CodeDeploy deploys, the deployment uses C(CodeDeployDefault.ECSAllAtOnce) instead of the
        deployment group's configuration.
    type: bool
    default: false
  rollback_events:
    description:
      - On which events CodeDeploy rolls the deployment of this rollback back by itself, for services with the
        deployment controller V(CODE_DEPLOY).
      - Any of V(DEPLOYMENT_FAILURE), V(DEPLOYMENT_STOP_ON_ALARM) and V(DEPLOYMENT_STOP_ON_REQUEST). An empty list, or
        V(none) alone, switches it off for this deployment. Without this option the deployment group's own setting
        applies.
    type: list
    elements: str
  deregister:
    description:
      - Deregister the revision that was left, after the rollback was verified.
      - Only a move back does that. A service that would go anywhere else, see RV(services[].direction), is refused
        before anything is written.
      - A revision that any service or any running task of the account still uses in this Region is left alone.
    type: bool
    default: false
  mark:
    description:
      - Mark the revision that was left with the tag C(lastgood:bad), and record the rollback in the tags
        C(lastgood:rollback) and C(lastgood:rollback-done) of the service, so that later runs know of it, and finish it
        if this one is killed.
      - The record is written before the rollback and must not hold it up. It gets about two seconds. If it cannot be
        written, this is reported as a warning.
      - The mark speaks for the service that was rolled back (tag C(lastgood:bad-of)). For other services that share the
        task definition it is a warning. A mark that somebody set by hand counts for every service.
      - Only a move back marks what it left. A move forward marks nothing, and takes the mark of its target away if a
        rollback of the same service set it. A mark that somebody else set stays, with a warning.
      - If tagging is denied, this is reported as a warning.
    type: bool
    default: true
  reason:
    description:
      - Why, for the mark and for the people who read it later.
    type: str
  wait:
    description:
      - Wait for the end. Without it the outcome is V(started), and nothing is verified.
    type: bool
    default: true
  wait_until:
    description:
      - V(stable) waits until the old tasks are gone. V(serving) returns when the target takes all the traffic.
      - Of a rolling service behind load balancers this is when all its targets are healthy. If that cannot be read
        (C(elasticloadbalancing:DescribeTargetHealth)), it returns when the target has all its tasks and no other
        version has any, and says that more is not known.
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
  max_fail_percentage:
    description:
      - The share of the services, in percent, that may go wrong. Beyond it no further service is started and the module
        fails.
      - With the default nothing at all is written when one of the services cannot be rolled back.
    type: float
    default: 0
  waves:
    description:
      - Roll back in waves of these sizes. Each is a number of services (V(1)) or a share of all of them (V(10%)), and
        the last one repeats until none is left, as with C(serial) of a play. Without any, there is one wave.
      - If more than O(max_fail_percentage) of a wave or of all services go wrong, no further wave begins. What has
        begun is watched to its end.
      - Each wave is one line, and a service has a line only if something is wrong with it.
      - The same command resumes a run that was cut off. Services that are back are unchanged.
      - In check mode all services are looked at together.
    type: list
    elements: str
    default: []
    version_added: 1.0.0
  bake:
    description:
      - How many seconds to wait between two waves. The next one begins only if the services of the one before are still
        on their targets then, with all their tasks.
    type: int
    default: 0
    version_added: 1.0.0
  first:
    description:
      - Names of services that go first, in this order. The others follow as they are given.
    type: list
    elements: str
    default: []
    version_added: 1.0.0
  cluster:
    description:
      - Name or ARN of the cluster that the services run in. The default is V(default), or with O(plan) the cluster of
        the plans.
    type: str
  service:
    description:
      - Names or ARNs of the services, all of one cluster.
      - An empty list is refused, so that a typo in an inventory does not look like success.
      - Exactly one of O(service) and O(plan) must be given.
    type: list
    elements: str
    aliases:
      - services
  plan:
    description:
      - Plans to carry out, as RV(services[].plan) of a run of this module in check mode returned them. Each service
        goes where its plan says, or is left as it is. What the plan is based on is looked at once more, with as few
        calls as that takes.
      - If somebody has deployed since, the service is V(refused) with the finding V(plan_changed), which says what was
        deployed. It does not count as such a change if the deployment seen then has ended since, well or not, or is
        being rolled back to that same target. How to get there is decided anew.
      - A service for which no target was shown is not rolled back.
      - If the plan is older than 60 seconds, the images are compared again, and the checks before the write are made
        again.
      - A plan says what is done. So it cannot be given with O(service), nor with O(revision), O(as_of), O(steps_back),
        O(undo), O(from_revision), O(fallback), O(in_flight), O(pin_images), O(force), O(tasks), O(fast) or
        O(deregister). All plans of a call must have been made with the same O(in_flight), O(pin_images), O(force),
        O(tasks), O(fast) and O(deregister).
      - A plan for another account, Region or cluster is refused, and so is one whose C(plan_id) does not fit its
        content. The id is a fingerprint. It shows that a plan was changed or cut by mistake. It is not a signature, and
        proves nothing about who made the plan.
    type: list
    elements: dict
  plan_max_age:
    description:
      - How old O(plan) may be, in seconds, by AWS's clock. An older one is V(refused) with the finding V(plan_too_old).
    type: int
    default: 86400
notes:
  - Services with the deployment controllers V(ECS), with all its deployment strategies, V(CODE_DEPLOY) and V(EXTERNAL)
    are supported. Another controller or strategy is refused by its name, before anything is written.
  - For services with the controller V(EXTERNAL) there is no record of what ran before. If an older task set than the
    PRIMARY one still exists, it is scaled up if needed and then made PRIMARY. If there is none, O(revision) must name a
    version, and a task set like the PRIMARY one is created for it. Traffic is not shifted here, and the old task set is
    left as it is.
  - A service that CodeDeploy deploys has no image digests on record, so that a tag still names the image that was good
    is not proven there.
  - AppSpec files that lie in S3 are read if C(s3:GetObject) allows it, and deployed again from there. What a
    deployment deployed whose file cannot be read, or was replaced since, is never guessed.
  - Terraform, CloudFormation and others see the tags that begin with C(lastgood:) as drift. Tell them to ignore this
    prefix.
seealso:
  - module: lastgood.aws.ecs_rollback_info
  - module: lastgood.aws.autoscaling_suspend
  - module: community.aws.ecs_service
author:
  - The lastgood.aws authors (@lastgood)
"""

EXAMPLES = r"""
---
- name: Take web back to its last known good version
  lastgood.aws.ecs_rollback:
    cluster: prod
    service: web
    reason: 500s since 13:52

- name: Only services that run the bad release, and take that release out of use
  lastgood.aws.ecs_rollback:
    cluster: prod
    services:
      - web
      - worker
    from_revision: 43
    deregister: true

- name: Back to what was in service at lunch, with eight tasks
  lastgood.aws.ecs_rollback:
    cluster: prod
    service: web
    as_of: "2026-11-20T12:00:00Z"
    tasks: 8

- name: Go back although the target's image has expired in the registry's cache
  lastgood.aws.ecs_rollback:
    cluster: prod
    service: web
    checks: warn

- name: It was not the release after all, so undo that rollback
  lastgood.aws.ecs_rollback:
    cluster: prod
    service: web
    undo: true

- name: Show what would be done, change nothing
  lastgood.aws.ecs_rollback:
    cluster: prod
    service: web
  check_mode: true
  diff: true
  register: shown

- name: Do that, unless somebody deploys in between
  lastgood.aws.ecs_rollback:
    plan: "{{ shown.services | map(attribute='plan') }}"
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
        - V(unchanged), there was nothing to do. V(rolled_back), our deployment is in service on the target, verified.
          V(started), AWS accepted it and it was not waited for. V(planned), check mode.
        - These fail the module. V(superseded), somebody else's deployment replaced ours. V(failed), ours failed, and
          the service runs on something else. V(rollback_failed), ours failed and the service is healthy on nothing.
          V(lost_contact), AWS could not be asked any more, or refused to say more; what it accepted goes on.
          V(timeout), still going, nothing was undone. V(refused), nothing was written. V(not_attempted), nothing was
          written because another service went wrong first, see O(max_fail_percentage).
        - V(failed) with the finding V(stopped_then_refused), a deployment of CodeDeploy was stopped to make way, and
          then ours was refused. The finding names it and says what to do next.
      returned: always
      type: str
      sample: rolled_back
    changed:
      description: Whether anything was written for this service.
      returned: always
      type: bool
      sample: true
    method:
      description:
        - How it went back. V(update_service), V(stop_deployment) or V(continue_rollback) (natively, by ECS),
          V(codedeploy_stop) or V(codedeploy_deployment) (by CodeDeploy), V(primary_task_set) (controller V(EXTERNAL)),
          V(adopt) (a rollback that was already running was followed), or V(none).
      returned: always
      type: str
      sample: update_service
    target:
      description: What to go back to, as in M(lastgood.aws.ecs_rollback_info).
      returned: always, null if there is none
      type: dict
      contains:
        task_definition:
          description: ARN of the task definition, or of the copy of it that is deployed.
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
    copy_of:
      description:
        - ARN of the task definition that RV(services[].target.task_definition) is a copy of, with its images named by
          digest. See O(pin_images).
      returned: always, null if it is none
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41
    target_source:
      description:
        - How the target was found. V(last_good), V(steps_back), V(as_of), V(revision), V(undo), V(running_rollback),
          V(source_revision) (ECS itself goes back there), V(previous_registered), V(standing_task_set) (controller
          V(EXTERNAL)) or V(none).
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
        - The direction from the version that is left to the target. V(back), the service ran it earlier. V(forward), it
          is newer. V(same), nothing moves. V(unknown), neither is known to be the older one, as with a family that the
          service never ran.
        - Of one family the revision numbers tell, of different families which was used first. A pinned copy counts as
          the version that it was made of.
      returned: always, null if there is no target
      type: str
      sample: back
    before:
      description: What ran before.
      returned: always, null if the service could not be read
      type: dict
      contains: &state
        task_definition:
          description: ARN of the task definition of the PRIMARY deployment.
          returned: always
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
        service_revision:
          description: ARN of the service revision.
          returned: always, null if it is not known
          type: str
          sample: arn:aws:ecs:eu-central-1:123456789012:service-revision/prod/web/4980306466373577095
        deployment_id:
          description: Id of the PRIMARY deployment.
          returned: always
          type: str
          sample: ecs-svc/4980306466373577095
        image_digests:
          description: The digests that ECS recorded, by container name.
          returned: always, empty if none is known
          type: dict
          sample:
            app: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
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
    after:
      description: What was there at the last look.
      returned: always, null if the service could not be read
      type: dict
      contains: *state
    left:
      description: ARN of the task definition that was left behind.
      returned: always, null if none was
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
    reason:
      description: Why it ended like this, in words.
      returned: always
      type: str
      sample: "already rolled back from web:43 to web:41 by this tool; nothing was deployed since"
    findings:
      description: What the checks before the write and the run itself found.
      returned: always
      type: list
      elements: dict
      contains:
        check:
          description: What was checked.
          returned: always
          type: str
          sample: image_identity
        severity:
          description: V(block), V(warn), V(unknown) (it could not be read, which is not fine), or V(info).
          returned: always
          type: str
          sample: warn
        message:
          description: What was found.
          returned: always
          type: str
          sample: web:43 was not marked bad
    diagnosis:
      description: Why tasks did not come up, as far as it could be read.
      returned: always, null if there was nothing to diagnose
      type: dict
      contains:
        rollout_reason:
          description: What ECS says of the rollout.
          returned: always
          type: str
          sample: "ECS deployment circuit breaker: tasks failed to start."
        stopped_tasks:
          description: Why tasks stopped, the most frequent reason first.
          returned: always
          type: list
          elements: dict
          sample:
            - reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found"
              tasks: 3
        events:
          description: Service events since the rollback began, the newest first.
          returned: always
          type: list
          elements: dict
          sample:
            - at: "2026-11-20T14:03:11Z"
              message: (service web) has started 2 tasks
        lifecycle_events:
          description: Lifecycle events that a deployment of CodeDeploy failed at.
          returned: always, empty if there is none
          type: list
          elements: dict
          sample:
            - event: BeforeAllowTraffic
              status: Failed
              error_code: UnknownError
              message: The Lambda function check returned Failed
        unknown:
          description: What could not be read, and why.
          returned: always
          type: list
          elements: str
          sample: []
    unchanged_because:
      description:
        - Why the service is unchanged. V(already_rolled_back), our own last rollback put it where it is.
          V(returned_by_aws), ECS or CodeDeploy rolled it back. V(returned_by_somebody), somebody did by hand.
          V(stayed_by_itself), the last deployment ended without getting there. V(not_on_from_revision), it does not
          run O(from_revision). V(already_undone), there is no rollback to undo any more. V(already_there), it is on the
          revision that was named or chosen.
        - If something of an earlier rollback is still open, RV(services[].reason) says what.
      returned: always, null unless the outcome is V(unchanged)
      type: str
      sample: already_rolled_back
    deregistered:
      description: ARN of the task definition that was deregistered.
      returned: always, null if none was
      type: str
      sample: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43
    plan:
      description:
        - What was seen and shown, for O(plan) of the call that acts. At most 1 KB as JSON.
        - RV(services[].plan.left) and RV(services[].plan.target) are C(family:revision). If the names in a plan are so
          long that it would be larger, these two are shortened to how they begin and a fingerprint, and so are the
          digests.
      returned: in check mode
      type: dict
      contains:
        plan_id:
          description: A fingerprint of the rest, not a signature.
          returned: always
          type: str
          sample: 39c2075149cf
        account:
          description: The account.
          returned: always, null if the service could not be read
          type: str
          sample: "123456789012"
        region:
          description: The Region.
          returned: always
          type: str
          sample: eu-central-1
        cluster:
          description: Name of the cluster.
          returned: always
          type: str
          sample: prod
        service:
          description: Name of the service.
          returned: always
          type: str
          sample: web
        left:
          description: The version that is left.
          returned: always, empty if none is
          type: str
          sample: web:43
        primary:
          description: Id of the PRIMARY deployment or task set.
          returned: always, empty if there is none
          type: str
          sample: ecs-svc/4980306466373577095
        deployment:
          description: Id of the newest deployment on record.
          returned: always, empty if none is
          type: str
          sample: NCWGC2ZR-taawPAYrIaU5
        target:
          description: The target.
          returned: always, empty if there is none
          type: str
          sample: web:41
        pin_images:
          description: The option O(pin_images).
          returned: always
          type: str
          sample: auto
        digests:
          description: The digests that the target's images are pinned to, by container name.
          returned: always, empty if the target is deployed as it is
          type: dict
          sample: {}
        tasks:
          description: The option O(tasks).
          returned: always, null if it was not given
          type: int
          sample: 8
        fast:
          description: The option O(fast).
          returned: always
          type: bool
          sample: false
        in_flight:
          description: The option O(in_flight).
          returned: always
          type: str
          sample: stop
        deregister:
          description: The option O(deregister).
          returned: always
          type: bool
          sample: false
        force:
          description: The guards that are off.
          returned: always
          type: list
          elements: str
          sample: []
        source:
          description:
            - How the target was found, as in RV(services[].target_source). Without a target V(unchanged) or V(refused).
          returned: always
          type: str
          sample: last_good
        why:
          description: Why this target, or why there is none.
          returned: always, cut or empty if it does not fit
          type: str
          sample: SUCCESSFUL at 2026-11-14T09:12:40Z
        made:
          description: When it was made, by AWS's clock.
          returned: always
          type: str
          sample: "2026-11-29T18:34:46Z"
    plan_id:
      description: Id of the plan that is shown, or that was carried out. A fingerprint, not a signature.
      returned: always, null if there was no plan
      type: str
      sample: 39c2075149cf
    summary:
      description: How it ended, in one line, with what was left and what to do next. With C(-v) also the plan's id.
      returned: always
      type: str
      sample: "[web] rolled_back: web:43 → web:41 in 74 s. web:43 is marked bad"
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
  sample: "[web] rolled_back: web:43 → web:41 in 74 s. web:43 is marked bad"
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
    DescribeServices: 12
    UpdateService: 1
"""

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned, Outlast
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of, force, keys
from ansible_collections.lastgood.aws.plugins.module_utils._core import options as core_options
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import shown
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import changes, options, rollback_run, waves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Order, Rollback
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun

MODULE_SPEC = {
    "tasks": {"type": "int"},
    "fast": {"type": "bool", "default": False},
    "rollback_events": {"type": "list", "elements": "str"},
    "deregister": {"type": "bool", "default": False},
    **options.CHECKS_SPEC,
    "mark": {"type": "bool", "default": True},
    "reason": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "wait_until": {"type": "str", "default": "stable", "choices": ["stable", "serving"]},
    "wait_timeout": {"type": "int", "default": 1800},
    "contact_timeout": {"type": "int", "default": 300},
    "slices": {"type": "int", "default": 1},
    "max_fail_percentage": {"type": "float", "default": 0},
    "waves": {"type": "list", "elements": "str", "default": []},
    "bake": {"type": "int", "default": 0},
    "first": {"type": "list", "elements": "str", "default": []},
    "plan": {"type": "list", "elements": "dict"},
    "plan_max_age": {"type": "int", "default": 86400},
    # A plan names them, too.
    "cluster": {"type": "str"},
    "service": {"type": "list", "elements": "str", "aliases": ["services"]},
}


def plans_of(module: LastgoodAWSModule) -> dict[str, shown.Shown]:
    """The plans to carry out, by service; none if options say what to do. Raises :class:`.options.BadOption`."""
    if module.params["plan"] is None:
        if module.params["service"] is None:
            raise options.BadOption("service: no service is named. Give at least one, or plan")
        return {}
    options.beside_a_plan(module.given)
    return shown.read(module.params["plan"], module.region or "", module.params["cluster"])


def order_of(module: LastgoodAWSModule) -> Order:
    """What the options ask for. Raises :class:`.options.BadOption` if they contradict each other."""
    params = module.params
    plans = plans_of(module)
    first = next(iter(plans.values()), None)
    if first is not None:
        params = {**params, **{name: getattr(first, name) for name in ("tasks", "fast", "deregister", "in_flight")}}
    if params["deregister"] and not params["wait"]:
        raise options.BadOption(
            "deregister and wait: false contradict each other: a revision is deregistered only after the rollback was "
            "verified. Leave out one of them"
        )
    if params["fast"] and not params["wait"]:
        raise options.BadOption(
            "fast and wait: false contradict each other: the service's own deployment configuration is put back when "
            "the rollback has ended. Leave out one of them"
        )
    if params["waves"] and not params["wait"]:
        raise options.BadOption(
            "waves and wait: false contradict each other: whether the next wave begins depends on how this one ends. "
            "Leave out one of them"
        )
    wait_timeout = core_options.wait_timeout(params["wait_timeout"])
    if not 0 <= params["max_fail_percentage"] <= 100:
        raise options.BadOption(f"max_fail_percentage: {params['max_fail_percentage']:g} is not between 0 and 100")
    goal = options.goal(params)
    each = {name: shown.goal(goal) for name, shown in plans.items()}
    services = list(plans) or options.service_names(params)
    return Order(
        cluster=params["cluster"] or (first.cluster if first is not None else "default"),
        services=waves.first(services, params["first"]) if params["first"] else services,
        goal=replace(goal, each=each),
        mark=params["mark"],
        reason=params["reason"],
        wait=params["wait"],
        wait_until=params["wait_until"],
        wait_timeout=wait_timeout,
        contact_timeout=core_options.contact_timeout(params["contact_timeout"]),
        max_fail_percentage=params["max_fail_percentage"],
        plans=plans,
        plan_max_age=core_options.plan_max_age(params["plan_max_age"]),
        check_mode=module.check_mode,
        full_names=params["full_names"],
    )


def planned(module: LastgoodAWSModule, rollback: Rollback | waves.Waves, run: RollbackRun) -> dict[str, t.Any]:
    """The plan of a service, for whoever carries it out, and for whoever looks up afterwards what was carried out."""
    plan = rollback.plan_of(run)
    if plan is None:
        return {"plan_id": None}
    return {"plan_id": plan.plan_id, **({"plan": plan.as_dict()} if module.check_mode else {})}


def summary_of(module: LastgoodAWSModule, rollback: Rollback | waves.Waves, run: RollbackRun) -> str:
    """How it ended, in a line; with ``-v`` also by which plan."""
    plan = rollback.plan_of(run)
    told = f" (plan {plan.plan_id})" if plan is not None and module.verbosity else ""
    return f"{rollback_run.line_of(run)}{told}"


def worth_a_warning(module: LastgoodAWSModule, run: RollbackRun) -> list[Finding]:
    """All findings, except those that a look cannot settle and the act will report itself."""
    return [f for f in run.findings if not module.check_mode or (f.check, f.severity) != ("image_identity", "unknown")]


def main() -> None:
    """Roll back, and report."""
    module = LastgoodAWSModule(
        argument_spec={**options.SELECTION_SPEC, **MODULE_SPEC, **keys.SPEC},
        mutually_exclusive=options.SELECTION_EXCLUSIVE,
        supports_check_mode=True,
    )
    module.require_botocore_at_least("1.38.10", reason="to stop service deployments")
    if module.params["fast"]:
        # An older one shows every service as a rolling one, and fast would silently change nothing.
        module.require_botocore_at_least(
            "1.43.11", reason="to see the bake time, steps and PAUSE hooks that fast skips"
        )
    try:
        order = order_of(module)
        limiter = RateLimiter(core_options.slices(module.params["slices"]))
        sizes, bake = core_options.waves(module.params["waves"]), core_options.bake(module.params["bake"])
    except options.BadOption as exc:
        # If something was shown before, more may have been done in between.
        untouched = "No service was changed." if module.params["plan"] else "Nothing was changed."
        module.fail_json(msg=f"{exc}. {untouched}")
    clock = Clock()
    patience = Outlast(clock, min(order.contact_timeout, order.wait_timeout))
    aws = Aws(module.client, limiter, patience, clock, module.prompt_client, module.beside_client)
    in_waves = sizes and not module.check_mode
    rollback = waves.Waves(aws, order, clock, sizes, bake) if in_waves else Rollback(aws, order, clock)
    try:
        runs = rollback.run()
    except Orphaned:
        module.fail_json(msg="The play that this step belongs to is gone. What AWS has accepted goes on there.")
    result = {
        "changed": any(run.changed for run in runs),
        "services": [
            {**run.as_dict(), **planned(module, rollback, run), "summary": summary_of(module, rollback, run)}
            for run in runs
        ],
        "summary": rollback_run.summary(runs),
        "as_of": rollback.as_of,
    }
    if module._diff:
        result["diff"] = [changes.diff(aws, run) for run in runs if run.plan and run.plan.verb == "act"]
    for run in runs:
        module.warn_of(run.label, worth_a_warning(module, run))
    for note in (*as_of.notes(order.goal.as_of), *force.notes(module.params["force"], force.ROLLBACK)):
        module.warn(note)
    result["api_calls"] = aws.api_calls
    if rollback.too_many_failed:
        module.fail_json(msg=result["summary"], **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
