#!/usr/bin/python

# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: autoscaling_suspend

short_description: Suspend auto scaling for a while and put back exactly what was there

version_added: 1.0.0

description:
  - >-
    Suspends, resumes and restores the scaling of Application Auto Scaling targets, above all of ECS services, and the
    processes of EC2 Auto Scaling groups.
  - >-
    V(suspended) remembers what it changes. Before it suspends anything, it writes to a tag on the scalable target or
    the group which flags or processes were active and which run suspends them. V(restored) puts back exactly those, and
    a suspension that somebody else had set on purpose stays. A run that is killed at any point leaves enough behind to
    put everything back.
  - Several targets can be named. Nothing is suspended unless all of them can be.

author:
  - The lastgood.aws authors (@lastgood)

extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - lastgood.aws._attributes
  - lastgood.aws._attributes.actiongroup_aws
  - lastgood.aws._attributes.in_process
  - lastgood.aws._full_names

attributes:
  check_mode:
    support: full
    details:
      - Reads as always, writes nothing, and returns RV(targets[].outcome=planned) if something would be written.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Nothing is written if the flags or processes already are as they should be.

options:
  state:
    description:
      - Where this speaks of flags, the same is true of the processes of Auto Scaling groups.
      - >-
        V(suspended): the chosen flags are suspended. Those that we suspend are recorded in a tag first; those that were
        suspended before are left alone and not recorded. A record that is already there, for example of a run that was
        killed, is kept and only widened, so what that run found is still what V(restored) goes back to.
      - >-
        V(restored): of the chosen flags, those that V(suspended) has changed are active again, and the record is
        deleted. If somebody else has changed the flags since, the target is left as it is and
        RV(targets[].outcome=left_alone) says so. Without a record nothing is changed.
      - >-
        V(resumed): the chosen flags are active, no matter who suspended them. A record that has nothing left to restore
        is deleted.
      - There is no default, because a step that is meant to restore and forgets to say so must not suspend.
    type: str
    choices:
      - suspended
      - resumed
      - restored
    required: true
  cluster:
    description:
      - The name or the ARN of the cluster that the services of O(service) are in.
    type: str
    default: default
  service:
    description:
      - Names or ARNs of ECS services.
      - V(*) means all services of O(cluster) that have a record, and works with O(state=restored) only.
      - Exactly one of O(service), O(resource_id) and O(auto_scaling_group) is needed.
    type: list
    elements: str
    aliases:
      - services
  resource_id:
    description:
      - Resource ids of scalable targets, of whatever service O(service_namespace) says. For example
        V(service/prod/web) or V(table/orders).
      - Exactly one of O(service), O(resource_id) and O(auto_scaling_group) is needed.
    type: list
    elements: str
    aliases:
      - resource_ids
  service_namespace:
    description:
      - The service that the targets of O(resource_id) belong to, as Application Auto Scaling calls it.
    type: str
    default: ecs
  scalable_dimension:
    description:
      - The scalable dimension of the targets of O(resource_id), for example V(dynamodb:table:ReadCapacityUnits).
    type: str
    default: ecs:service:DesiredCount
  dynamic_scaling_in:
    description:
      - Whether O(state) applies to scale-in by scaling policies.
    type: bool
    default: true
  dynamic_scaling_out:
    description:
      - Whether O(state) applies to scale-out by scaling policies.
    type: bool
    default: true
  scheduled_scaling:
    description:
      - Whether O(state) applies to scheduled actions.
      - AWS does not make up for scheduled actions whose time passes while they are suspended.
    type: bool
    default: true
  auto_scaling_group:
    description:
      - Names of EC2 Auto Scaling groups.
      - >-
        V(*) means all groups of the account and Region that have a record, and works with O(state=restored) only.
      - Exactly one of O(service), O(resource_id) and O(auto_scaling_group) is needed.
    type: list
    elements: str
    aliases:
      - auto_scaling_groups
  processes:
    description:
      - The processes of O(auto_scaling_group) that O(state) applies to, as AWS names them.
      - >-
        The default with O(state=suspended) and O(state=resumed) is what AWS's own scripts for CodeDeploy suspend during
        a deployment: V(AZRebalance), V(AlarmNotification), V(ScheduledActions) and V(ReplaceUnhealthy). With
        O(state=restored) it is all that is recorded.
      - V(Launch) and V(Terminate) keep most of the other processes from working, too.
      - >-
        A process that AWS itself has suspended, because the group kept failing to launch instances, is left as it is,
        whatever O(state) is, and not recorded. The finding C(suspended_by_aws) names it.
      - AWS does not make up for scheduled actions whose time passes while V(ScheduledActions) is suspended.
    type: list
    elements: str
    choices:
      - Launch
      - Terminate
      - AddToLoadBalancer
      - AlarmNotification
      - AZRebalance
      - HealthCheck
      - InstanceRefresh
      - ReplaceUnhealthy
      - ScheduledActions
  missing:
    description:
      - >-
        What to do about an ECS service, or another resource, that exists and has no scalable target, and about an Auto
        Scaling group that does not exist.
      - A service or a cluster that does not exist is an error, unless this is V(ignore).
    type: str
    choices:
      - warn
      - ignore
      - fail
    default: warn
  suspended_targets:
    description:
      - >-
        What an earlier step of the same play has suspended: the RV(targets) of its result. For O(state=restored) and
        O(state=resumed).
      - >-
        AWS may answer for seconds as if that had not happened. So what is in this list is set even if it is read as
        active, and its record is waited for, up to 15 seconds. If it is not there then, and something is still
        suspended, the target is refused, and not treated as one without a record.
      - >-
        Without this list, what a record names that is at most 10 seconds old is set whatever is read.
    type: list
    elements: dict
  contact_timeout:
    description:
      - How long to keep asking, in seconds, while AWS does not answer and scaling has to be put back (O(state=restored)
        and O(state=resumed)). Connections that break or hang, answers that were cut, throttling and errors of AWS's
        servers are outlasted for that long.
      - Credentials that have expired or lack a permission are an answer, and end it at once.
      - With O(state=suspended) a few attempts have to do.
    type: int
    default: 300
  journal:
    description:
      - >-
        V(required): if the record cannot be written, because tagging is denied or there are 50 tags, nothing is
        suspended.
      - >-
        V(best_effort): suspend all the same, with a warning. O(state=restored) knows nothing of that suspension, so it
        must be ended with O(state=resumed).
      - Applies to O(state=suspended) only.
    type: str
    choices:
      - required
      - best_effort
    default: required
  reason:
    description:
      - Why scaling is suspended. It goes into the record, where others read it. Characters that AWS does not allow in
        tags become underscores, and what does not fit is cut off.
    type: str

notes:
  - >-
    Whenever a scalable target is changed in any way, AWS moves the capacity of its resource into its bounds. If the
    desired count of an ECS service is outside, the module warns, in check mode too.
  - >-
    The record is the tag C(lastgood:scaling-suspended) on the scalable target, or on the Auto Scaling group, which does
    not pass it on to instances. If you manage tags with other tools, tell them to ignore keys that begin with
    C(lastgood:).
  - >-
    A record has no owner: V(restored) puts back what any run has suspended with this module. To keep a suspension
    beyond the next V(restored), make it with other means.
  - >-
    For scalable targets it needs the permissions C(application-autoscaling:DescribeScalableTargets),
    C(RegisterScalableTarget), C(ListTagsForResource), C(TagResource) and C(UntagResource), and for good messages
    C(ecs:DescribeServices) and C(ecs:DescribeClusters).
  - >-
    For Auto Scaling groups it needs C(autoscaling:DescribeAutoScalingGroups), C(SuspendProcesses), C(ResumeProcesses),
    C(CreateOrUpdateTags), C(DescribeTags) and C(DeleteTags).

seealso:
  - module: lastgood.aws.ecs_rollback
  - name: Suspending and resuming scaling for Application Auto Scaling
    description: What each of the three flags suspends, and what happens when they are resumed.
    link: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
  - name: Suspend and resume Amazon EC2 Auto Scaling processes
    description: What each process does, and what happens while it is suspended.
    link: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
"""

EXAMPLES = r"""
---
- name: Suspend all scaling of a service
  lastgood.aws.autoscaling_suspend:
    cluster: prod
    service: web
    state: suspended
    reason: deployment of 4.2

- name: Put back what was there before
  lastgood.aws.autoscaling_suspend:
    cluster: prod
    service: web
    state: restored

- name: Keep several services from shrinking, but let them grow
  lastgood.aws.autoscaling_suspend:
    cluster: prod
    services:
      - web
      - api
    state: suspended
    dynamic_scaling_out: false
    scheduled_scaling: false

- name: Find and undo whatever killed runs have left suspended in a cluster
  lastgood.aws.autoscaling_suspend:
    cluster: prod
    service: "*"
    state: restored

- name: Suspend the scaling of a DynamoDB table
  lastgood.aws.autoscaling_suspend:
    resource_id: table/orders
    service_namespace: dynamodb
    scalable_dimension: dynamodb:table:WriteCapacityUnits
    state: suspended

- name: Keep an EC2 Auto Scaling group from moving instances during a deployment
  lastgood.aws.autoscaling_suspend:
    auto_scaling_group: web-blue
    state: suspended
    reason: redeploy of d-4KAMTWJPI

- name: Put back exactly the processes that were active before
  lastgood.aws.autoscaling_suspend:
    auto_scaling_group: web-blue
    state: restored

- name: Keep two groups from terminating instances
  lastgood.aws.autoscaling_suspend:
    auto_scaling_groups:
      - web-blue
      - web-green
    processes:
      - AZRebalance
      - Terminate
    state: suspended

- name: Find and undo whatever killed runs have left suspended in all Auto Scaling groups
  lastgood.aws.autoscaling_suspend:
    auto_scaling_group: "*"
    state: restored

- name: Work while scaling is suspended, and end as it began
  block:
    - name: Suspend scaling
      lastgood.aws.autoscaling_suspend:
        cluster: prod
        service: web
        state: suspended

    - name: Run the migration
      ansible.builtin.command: /usr/local/bin/migrate
      changed_when: true
  always:
    - name: Restore scaling
      lastgood.aws.autoscaling_suspend:
        cluster: prod
        service: web
        state: restored
"""

RETURN = r"""
targets:
  description:
    - One entry for each target, in the order in which they were asked for.
    - With O(service=*) or O(auto_scaling_group=*), those that have a record.
  returned: when they could be read
  type: list
  elements: dict
  contains:
    resource_id:
      description: The resource id of the scalable target, or the name of the Auto Scaling group.
      returned: always
      type: str
      sample: service/prod/web
    outcome:
      description:
        - How it ended.
        - V(unchanged) means that the flags already were as they should be, V(suspended), V(resumed) and V(restored)
          that they are now.
        - V(planned) means that it would be done, were this not check mode.
        - Where this speaks of flags, the same is true of processes.
        - V(left_alone) means that somebody else has changed the flags since they were suspended, so they were not
          restored.
        - V(missing) means that there is no such target or group.
        - V(refused) means that the record cannot be read, so nothing was written.
        - V(failed) means that AWS did not accept a change, RV(targets[].reason) says which.
        - V(not_attempted) means that nothing was written, because another target could not be suspended.
      returned: always
      type: str
      sample: suspended
    changed:
      description: Whether something was written to this target, or would be in check mode.
      returned: always
      type: bool
      sample: true
    reason:
      description: What was done and what was not, and what to do next, for people.
      returned: always
      type: str
      sample: scale-out, scheduled scaling suspended
    before:
      description:
        - What was read. Empty if there is no such target.
        - >-
          With O(state=restored) and O(state=resumed), what was suspended only seconds ago counts as suspended even if
          AWS does not show it yet.
      returned: always
      type: dict
      contains: &picture
        dynamic_scaling_in_suspended:
          description: Whether scale-in by scaling policies is suspended.
          returned: for scalable targets
          type: bool
          sample: true
        dynamic_scaling_out_suspended:
          description: Whether scale-out by scaling policies is suspended.
          returned: for scalable targets
          type: bool
          sample: false
        scheduled_scaling_suspended:
          description: Whether scheduled actions are suspended.
          returned: for scalable targets
          type: bool
          sample: false
        suspended_processes:
          description: All processes of the group that are suspended, no matter who suspended them.
          returned: for Auto Scaling groups
          type: list
          elements: str
          sample:
            - AZRebalance
        min_capacity:
          description: The lower bound of the capacity, in tasks for ECS services.
          returned: for scalable targets
          type: int
          sample: 2
        max_capacity:
          description: The upper bound of the capacity, in tasks for ECS services.
          returned: for scalable targets
          type: int
          sample: 10
    after:
      description: What is there now, or would be after check mode. Empty if AWS did not answer, so nobody knows.
      returned: always
      type: dict
      contains: *picture
    record:
      description: What is recorded on the target now as suspended by this module. Empty if there is no record.
      returned: always
      type: dict
      contains:
        flags:
          description: The flags that were active before, and that O(state=restored) makes active again.
          returned: when there is a record of a scalable target
          type: list
          elements: str
          sample:
            - dynamic_scaling_out
            - scheduled_scaling
        processes:
          description: The processes that were active before, and that O(state=restored) makes active again.
          returned: when there is a record of an Auto Scaling group
          type: list
          elements: str
          sample:
            - AZRebalance
            - ScheduledActions
        at:
          description: When they were suspended first, in UTC.
          returned: when there is a record
          type: str
          sample: "2026-11-22T14:02:11Z"
        run:
          description: The run of this module that suspended them first.
          returned: when there is a record
          type: str
          sample: 4f3a9c2e
        by:
          description: Who ran it, an AWX job or a user on a host.
          returned: when there is a record
          type: str
          sample: awx/4711
        reason:
          description: The O(reason) that was given then.
          returned: when there is a record
          type: str
          sample: 500s since 13:52
    findings:
      description: What was noticed on the way. Each finding of the severity V(warn) is shown as a warning, too.
      returned: always
      type: list
      elements: dict
      contains:
        check:
          description: What was checked.
          returned: always
          type: str
          sample: capacity
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
            the service wants 12 tasks, outside the bounds 2..10 of its scalable target: with any change of the target
            AWS sets the desired count to 10
api_calls:
  description: How many requests were sent to AWS, by operation.
  returned: when the options are valid
  type: dict
  sample:
    DescribeScalableTargets: 1
    DescribeServices: 1
    ListTagsForResource: 1
    RegisterScalableTarget: 1
    TagResource: 1
"""

import getpass
import os
import socket
import typing as t
import uuid
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.module import LastgoodAWSModule
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned, Outlast
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core import options as core_options
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import act, group_plan, options, plan
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.earlier import Settling, earlier
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.groups import Groups
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import PROCESSES
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.steady import steady
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.targets import ScalableTargets

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "state": {"type": "str", "required": True, "choices": ["suspended", "resumed", "restored"]},
    "cluster": {"type": "str", "default": "default"},
    "service": {"type": "list", "elements": "str", "aliases": ["services"]},
    "resource_id": {"type": "list", "elements": "str", "aliases": ["resource_ids"]},
    "service_namespace": {"type": "str", "default": "ecs"},
    "scalable_dimension": {"type": "str", "default": "ecs:service:DesiredCount"},
    "dynamic_scaling_in": {"type": "bool", "default": True},
    "dynamic_scaling_out": {"type": "bool", "default": True},
    "scheduled_scaling": {"type": "bool", "default": True},
    "auto_scaling_group": {"type": "list", "elements": "str", "aliases": ["auto_scaling_groups"]},
    "processes": {"type": "list", "elements": "str", "choices": list(PROCESSES)},
    "missing": {"type": "str", "choices": ["warn", "ignore", "fail"], "default": "warn"},
    "journal": {"type": "str", "choices": ["required", "best_effort"], "default": "required"},
    "reason": {"type": "str"},
    "suspended_targets": {"type": "list", "elements": "dict"},
    "contact_timeout": {"type": "int", "default": 300},
    **keys.SPEC,
}
WHICH: t.Final = ("service", "resource_id", "auto_scaling_group")


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())


def work(
    aws: Aws, request: options.Request | options.GroupRequest, check_mode: bool, params: t.Mapping[str, t.Any]
) -> list[act.Result]:
    # What is not suspended yet need not be.
    patient = request.wish.state != "suspended"
    outlast = Outlast(aws.clock, params["contact_timeout"])
    known = earlier(params["suspended_targets"])
    asked = aws.brisk if patient else aws
    targets: act.Targets
    service = "autoscaling" if isinstance(request, options.GroupRequest) else "application-autoscaling"
    place = keys.Place(aws.region(service), params["full_names"])
    if isinstance(request, options.GroupRequest):
        groups = Groups(asked)
        groups = steady(groups, outlast) if patient else groups
        targets = groups
        plans = group_plan.plan(groups, request, Settling(groups, aws.clock, known, progress.say, place))
    else:
        scalable = ScalableTargets(asked, request.namespace, request.dimension)
        scalable = steady(scalable, outlast) if patient else scalable
        targets = scalable
        plans = plan.plan(aws, scalable, request, Settling(scalable, aws.clock, known, progress.say, place))
    if check_mode:
        return [act.preview(item) for item in plans]

    def note(item: dict[str, t.Any]) -> None:
        # Of others nobody would know with which command to put them back.
        if service == "autoscaling" or params["service_namespace"] == "ecs":
            progress.note("scaling", target=item, region=params["region"] or "")

    return act.act(targets, request.wish.state, plans, progress.say, place, note)


def main() -> None:
    module = LastgoodAWSModule(
        argument_spec=ARGUMENT_SPEC,
        mutually_exclusive=[WHICH],
        required_one_of=[WHICH],
        supports_check_mode=True,
    )
    by = options.asked_by(os.environ, user(), socket.gethostname())
    try:
        core_options.contact_timeout(module.params["contact_timeout"])
        earlier(module.params["suspended_targets"])
        request = options.request(module.params, datetime.now(timezone.utc), uuid.uuid4().hex[:8], by)
    except ValueError as exc:
        module.fail_json(msg=f"{exc}. Nothing was changed.")
    # A rollback waits for what is to be suspended. What is to be put back has its time.
    make_client = module.brief_client if request.wish.state == "suspended" else module.client
    aws = Aws(make_client, clock=Clock())
    try:
        results = work(aws, request, module.check_mode, module.params)
    except Orphaned:
        module.fail_json(msg="The play that this step belongs to is gone. What AWS has accepted stays so.")
    except (AwsCallError, IncompleteAnswerError) as exc:
        then = act.AGAIN[request.wish.state]
        module.fail_json(msg=f"{exc.explain().rstrip('.')}. {then}", api_calls=aws.api_calls)
    module.report("targets", results, aws.api_calls, act.summary)


if __name__ == "__main__":
    main()
